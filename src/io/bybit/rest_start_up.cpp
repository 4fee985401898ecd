// What a run asks before it trades: contracts, margin tiers, fees, market history, leverage.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "io/bybit/rest_session.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/words.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;
using dialect::CodeClass;
using dialect::QueryText;

struct RestSession::StartUp {
  std::vector<std::string> symbols;
  std::vector<Instrument> chosen;  ///< in the order asked
  std::size_t tiers = 0;           ///< contracts whose tier is known
  RestCallback<std::vector<Instrument>> done;
};

namespace {

/// Sorts out the asked symbols; an error tells what stands in the way and the nearest name.
Result<std::vector<Instrument>, RestError> choose(const std::vector<std::string>& symbols,
                                                  const std::vector<Instrument>& traded,
                                                  const std::vector<dialect::DecodeError>& refused) {
  std::vector<Instrument> chosen;
  for (const std::string& symbol : symbols) {
    const auto found = std::ranges::find(traded, symbol, [](const Instrument& i) { return i.name.view(); });
    if (found != traded.end()) {
      chosen.push_back(*found);
      chosen.back().id = {static_cast<std::uint16_t>(chosen.size() - 1)};
      continue;
    }
    const auto odd = std::ranges::find(refused, symbol, &dialect::DecodeError::where);
    if (odd != refused.end()) {
      return std::unexpected{
          RestError{CodeClass::refused, 0, fmt::format("{} cannot be traded here: {}", symbol, odd->what)}};
    }
    std::vector<std::string> names;
    for (const Instrument& instrument : traded) names.push_back(instrument.name.str());
    const std::string nearest = nearest_name(symbol, names);
    return std::unexpected{RestError{CodeClass::refused, 0,
                                     fmt::format("the venue trades no USDT perpetual {}{}", symbol,
                                                 nearest.empty() ? "" : "; did you mean " + nearest + "?")}};
  }
  return chosen;
}

}  // namespace

void RestSession::start_up(std::vector<std::string> symbols, Instant now,
                           RestCallback<std::vector<Instrument>> done) {
  auto start = std::make_shared<StartUp>();
  start->symbols = std::move(symbols);
  start->done = std::move(done);
  ask_all_then<dialect::InstrumentPage>(
      dialect::ask_instruments(), now,
      [start, this](Result<dialect::InstrumentPage, RestError> all, Instant then) {
        if (!all) return start->done(std::unexpected{all.error()});
        auto chosen = choose(start->symbols, all->list, all->refused);
        if (!chosen) return start->done(std::unexpected{chosen.error()});
        start->chosen = std::move(*chosen);
        next_tier(start, then);
      });
}

void RestSession::next_tier(std::shared_ptr<StartUp> start, Instant now) {
  if (start->tiers == start->chosen.size()) return ask_fees(start, now);
  QueryText query;
  query.add("category", dialect::category_linear).add("symbol", start->chosen[start->tiers].name.view());
  get(
      path::risk_limit, query.text(), false,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return start->done(std::unexpected{body.error()});
        const auto page = dialect::decode_risk_limit(*body, scratch_);
        if (!page) return start->done(std::unexpected{unreadable(path::risk_limit, *body, page.error())});
        Instrument& instrument = start->chosen[start->tiers];
        const auto tier = std::ranges::find(page->list, instrument.name, &dialect::RiskTier::symbol);
        if (tier == page->list.end()) {
          return start->done(std::unexpected{
              RestError{CodeClass::refused, 0,
                        fmt::format("{}: no margin tier of {}", path::risk_limit, instrument.name.view())}});
        }
        instrument.maintenance_margin = tier->maintenance_margin;
        ++start->tiers;
        next_tier(start, then);
      },
      now);
}

void RestSession::ask_fees(std::shared_ptr<StartUp> start, Instant now) {
  if (settings_.key.empty()) {  // an account's own fees are nobody else's to ask: those of a new one stand
    return ready(start, now);
  }
  get(
      path::fee_rate, QueryText{}.add("category", dialect::category_linear).text(), true,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return start->done(std::unexpected{body.error()});
        const auto fees = dialect::decode_fee_rates(*body, scratch_);
        if (!fees) return start->done(std::unexpected{unreadable(path::fee_rate, *body, fees.error())});
        for (Instrument& instrument : start->chosen) {
          const auto fee = std::ranges::find(*fees, instrument.name, &dialect::FeeRow::symbol);
          if (fee == fees->end()) {
            return start->done(std::unexpected{
                RestError{CodeClass::refused, 0,
                          fmt::format("{}: no fees of {}", path::fee_rate, instrument.name.view())}});
          }
          instrument.fees = fee->rates;
        }
        ready(start, then);
      },
      now);
}

void RestSession::ready(const std::shared_ptr<StartUp>& start, Instant now) {
  use(start->chosen);
  standing_at_ = now + settings_.standing_every;
  start->done(start->chosen);
}

struct RestSession::KlineLoad {
  SymbolId symbol;
  Instant from, until;
  std::size_t loaded = 0;
  RestCallback<std::size_t> done;
};

void RestSession::load_klines(SymbolId symbol, Instant from, Instant until, Instant now,
                              RestCallback<std::size_t> done) {
  MLBOT_ASSERT(table_.contains(symbol));
  next_klines(std::make_shared<KlineLoad>(KlineLoad{symbol, from, until, 0, std::move(done)}), now);
}

void RestSession::next_klines(std::shared_ptr<KlineLoad> load, Instant now) {
  constexpr std::int64_t bars_a_page = 1000;
  if (load->from > load->until) return load->done(load->loaded);
  const Instant end = std::min(load->until, load->from + std::chrono::minutes{bars_a_page} - 1ms);
  QueryText query;
  query.add("category", dialect::category_linear).add("symbol", table_[load->symbol].name.view());
  query.add("interval", 1).add("start", load->from.ms()).add("end", end.ms()).add("limit", bars_a_page);
  get(
      path::kline, query.text(), false,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return load->done(std::unexpected{body.error()});
        const auto bars = dialect::decode_klines(*body, table_[load->symbol], 1, scratch_);
        if (!bars) return load->done(std::unexpected{unreadable(path::kline, *body, bars.error())});
        for (const Kline& bar : *bars) handlers_.on_event(bar, {});
        load->loaded += bars->size();
        load->from = end + 1ms;
        next_klines(load, then);
      },
      now);
}

void RestSession::set_leverage(SymbolId symbol, E8 leverage, Instant now, RestCallback<void> done) {
  MLBOT_ASSERT(table_.contains(symbol));
  change({.path = path::set_leverage,
          .payload = dialect::encode_leverage(table_[symbol], leverage),
          .post = true},
         now, std::move(done));
}

}  // namespace mlbot::io::bybit
