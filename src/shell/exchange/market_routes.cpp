#include "shell/exchange/market_routes.h"

#include <algorithm>

#include "shell/exchange/categories.h"
#include "shell/exchange/paging.h"
#include "shell/exchange/risk_figures.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;

namespace {

constexpr std::size_t rows_kept = 5000, symbols_a_tier_page = 15, rest_depth = 1000;
constexpr Duration ratio_step = 1h;

/// The contract that `symbol` names; the category may be left out and is linear then.
Result<const Instrument*, bybit::VenueError> named(const bybit::Query& query,
                                                   const bybit::InstrumentTable& table) {
  const auto category = query.get("category");
  if (!category.empty() && category != bybit::category_linear) return refuse_params("Category is invalid");
  const auto* const entry = table.find(query.get("symbol"));
  if (entry == nullptr) return refuse_params("symbol invalid");
  return &entry->instrument;
}

/// Bars from `start` on when only that is given, else the last ones until `end`; oldest first.
template <class Bar>
std::vector<Bar> chosen(const bybit::Query& query, std::vector<Bar> bars) {
  const std::int64_t from = query.number("start", INT64_MIN), until = query.number("end", INT64_MAX);
  std::erase_if(bars, [&](const Bar& bar) { return bar.start.ms() < from || bar.start.ms() > until; });
  const std::size_t count = std::min(page_limit(query, 200, 1000), bars.size());
  const bool from_the_front = !query.get("start").empty() && query.get("end").empty();
  if (from_the_front) {
    bars.resize(count);
  } else {
    bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(count));
  }
  return bars;
}

Result<std::int32_t, bybit::VenueError> interval_of(const bybit::Query& query) {
  const auto minutes = bybit::value_of(bybit::interval_words, query.get("interval"));
  if (!minutes) return refuse_params("interval invalid");
  return *minutes;
}

}  // namespace

void MarketRoutes::add_to(Routes& routes) {
  const auto add = [&](std::string_view at, Outcome (MarketRoutes::*answer)(const Asked&)) {
    routes.push_back({"GET", at, 0, [this, answer](const Asked& a) { return (this->*answer)(a); }});
  };
  const auto add_prices = [&](std::string_view at, PriceCandles::Kind kind) {
    routes.push_back({"GET", at, 0, [this, kind](const Asked& a) { return price_klines(a, kind); }});
  };
  routes.push_back({"GET", path::time, 0, [this](const Asked&) -> Outcome {
                      return Reply{bybit::time_result(exchange_.now() + faults_.clock_offset())};
                    }});
  routes.push_back(
      {"GET", path::system_status, 0, [](const Asked&) -> Outcome { return Reply{R"({"list":[]})"}; }});
  add(path::instruments, &MarketRoutes::instruments);
  add(path::kline, &MarketRoutes::klines);
  add_prices(path::mark_price_kline, PriceCandles::Kind::mark);
  add_prices(path::index_price_kline, PriceCandles::Kind::index);
  add_prices(path::premium_index_price_kline, PriceCandles::Kind::premium);
  add(path::orderbook, &MarketRoutes::book);
  add(path::tickers, &MarketRoutes::tickers);
  add(path::recent_trade, &MarketRoutes::recent_trades);
  add(path::risk_limit, &MarketRoutes::risk_limits);
  add(path::funding_history, &MarketRoutes::funding_history);
  add(path::open_interest, &MarketRoutes::open_interest);
  add(path::price_limit, &MarketRoutes::price_limit);
  add(path::insurance, &MarketRoutes::insurance);
  add(path::adl_alert, &MarketRoutes::adl_alert);
  add(path::account_ratio, &MarketRoutes::account_ratio);
}

void MarketRoutes::on_ticker(Instant at, SymbolId symbol) {
  prices_[symbol.index].observe(at, exchange_.ticker(symbol));
}

Outcome MarketRoutes::instruments(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto status = query.get("status"), type = query.get("symbolType");
  const InstrumentFilter wanted{query};
  std::vector<Instrument> list;
  for (const auto& instrument : exchange_.instruments())
    if (wanted.holds(instrument)) list.push_back(instrument);
  if (list.empty() && !wanted.symbol.empty()) return refuse_params("symbol invalid");
  if ((!status.empty() && status != "Trading") || !type.empty()) list.clear();
  const auto cursor = cursor_of(query);
  if (!cursor) return std::unexpected{cursor.error()};
  const std::size_t from = std::min<std::size_t>(cursor->value_or(0), list.size());
  const std::size_t count = std::min(page_limit(query, 500, 1000), list.size() - from);
  const std::string next = from + count < list.size() ? cursor_text(from + count) : "";
  return Reply{bybit::instruments_result(std::span{list}.subspan(from, count), next)};
}

Outcome MarketRoutes::klines(const Asked& asked) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  const auto minutes = interval_of(asked.query);
  if (!minutes) return std::unexpected{minutes.error()};
  const auto bars = longer_candles(exchange_.klines((*instrument)->id, rows_kept), *minutes);
  return Reply{bybit::kline_result(**instrument, chosen(asked.query, bars))};
}

Outcome MarketRoutes::price_klines(const Asked& asked, PriceCandles::Kind kind) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  const auto minutes = interval_of(asked.query);
  if (!minutes) return std::unexpected{minutes.error()};
  const auto bars = longer_candles(prices_[(*instrument)->id.index].of(kind), *minutes);
  return Reply{bybit::price_kline_result(**instrument, chosen(asked.query, bars))};
}

/// The deepest book that is published, so that its `u` and `seq` are those of the stream.
Outcome MarketRoutes::book(const Asked& asked) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  const SymbolId symbol = (*instrument)->id;
  const auto limit = page_limit(asked.query, 25, rest_depth);
  auto row = exchange_.book(symbol, rest_depth);
  if (row.bids.size() > limit) row.bids.resize(limit);
  if (row.asks.size() > limit) row.asks.resize(limit);
  const BookUpdate update{
      symbol, UpdateKind::snapshot, row.update_id, row.cross_sequence, row.matched_at, row.bids, row.asks};
  return Reply{bybit::book_result(**instrument, update, exchange_.now())};
}

Outcome MarketRoutes::tickers(const Asked& asked) {
  if (auto reply = list_of_category(asked.query)) return std::move(*reply);
  const InstrumentFilter wanted{asked.query};
  std::vector<bybit::TickerRow> rows;
  for (const auto& instrument : exchange_.instruments()) {
    if (wanted.holds(instrument)) rows.push_back(ticker_row(exchange_, instrument));
  }
  if (rows.empty() && !wanted.symbol.empty()) return refuse_params("symbol invalid");
  return Reply{bybit::tickers_result(rows, table_)};
}

Outcome MarketRoutes::recent_trades(const Asked& asked) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  const auto trades = exchange_.recent_trades((*instrument)->id, page_limit(asked.query, 500, 1000));
  return Reply{bybit::recent_trades_result(**instrument, trades)};
}

/// Without a symbol fifteen contracts a page.
Outcome MarketRoutes::risk_limits(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto cursor = cursor_of(query);
  if (!cursor) return std::unexpected{cursor.error()};
  const InstrumentFilter wanted{query};
  std::vector<SymbolId> symbols;
  for (const auto& instrument : exchange_.instruments())
    if (wanted.holds(instrument)) symbols.push_back(instrument.id);
  if (symbols.empty() && !wanted.symbol.empty()) return refuse_params("symbol invalid");
  const std::size_t from = std::min<std::size_t>(cursor->value_or(0), symbols.size());
  const std::size_t until = std::min(from + symbols_a_tier_page, symbols.size());
  std::vector<bybit::RiskTierRow> tiers;
  for (std::size_t i = from; i < until; ++i) {
    for (const auto& tier : exchange_.risk_tiers(symbols[i])) tiers.push_back(venue_row(tier, symbols[i]));
  }
  return Reply{
      bybit::risk_limit_result(tiers, table_, until < symbols.size() ? cursor_text(until) : std::string{})};
}

Outcome MarketRoutes::funding_history(const Asked& asked) {
  const auto& query = asked.query;
  const auto instrument = named(query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  if (!query.get("startTime").empty() && query.get("endTime").empty())
    return refuse_params("endTime is required with startTime");
  const TimeWindow window{query.number("startTime", INT64_MIN), query.number("endTime", INT64_MAX)};
  std::vector<bybit::FundingRate> rates;
  for (const auto& row : exchange_.funding_history((*instrument)->id, rows_kept))
    if (window.holds(row.at)) rates.push_back({row.at, row.rate});
  rates.resize(std::min(rates.size(), page_limit(query, 200, 200)));
  return Reply{bybit::funding_history_result(**instrument, rates)};
}

Outcome MarketRoutes::open_interest(const Asked& asked) {
  const auto& query = asked.query;
  const auto instrument = named(query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  constexpr std::pair<std::string_view, Duration> steps[] = {
      {"5min", 5min}, {"15min", 15min}, {"30min", 30min}, {"1h", 1h}, {"4h", 4h}, {"1d", 24h}};
  const auto* const step =
      std::ranges::find(steps, query.get("intervalTime"), &std::pair<std::string_view, Duration>::first);
  if (step == std::end(steps)) return refuse_params("intervalTime invalid");
  const TimeWindow window{query.number("startTime", INT64_MIN), query.number("endTime", INT64_MAX)};
  std::vector<bybit::OpenInterest> rows;
  for (const auto& row : exchange_.open_interest_history((*instrument)->id, rows_kept)) {
    if (window.holds(row.at) && row.at.ns % step->second.count() == 0)
      rows.push_back({row.at, row.base_coins});
  }
  if (rows.empty() && query.get("cursor").empty()) {  // a young market: what is open now
    const Instant now = exchange_.now();
    const Instant grid{now.ns - now.ns % step->second.count()};
    if (window.holds(grid)) rows.push_back({grid, exchange_.ticker((*instrument)->id).open_interest});
  }
  const auto cursor = cut_page(query, rows, page_limit(query, 50, 200),
                               [](const auto& row) { return static_cast<std::uint64_t>(row.at.ms()); });
  if (!cursor) return std::unexpected{cursor.error()};
  return Reply{bybit::open_interest_result(**instrument, rows, *cursor)};
}

Outcome MarketRoutes::price_limit(const Asked& asked) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  return Reply{
      bybit::price_limit_result(**instrument, price_limit_of(exchange_, **instrument), exchange_.now())};
}

Outcome MarketRoutes::insurance(const Asked& asked) {
  const auto coin = asked.query.get("coin");
  if (!coin.empty() && coin != bybit::settle_coin) return Reply{R"({"updatedTime":"0","list":[]})"};
  return Reply{bybit::insurance_result(table_, insurance_pools(exchange_))};
}

Outcome MarketRoutes::adl_alert(const Asked& asked) {
  const InstrumentFilter wanted{asked.query};
  auto alerts = adl_alerts(exchange_);
  std::erase_if(alerts, [&](const AdlAlert& alert) { return !wanted.holds(table_[alert.symbol]); });
  return Reply{bybit::adl_alert_result(table_, alerts, adl_threshold, exchange_.now())};
}

Outcome MarketRoutes::account_ratio(const Asked& asked) {
  const auto instrument = named(asked.query, table_);
  if (!instrument) return std::unexpected{instrument.error()};
  std::vector<Instant> times;
  const auto limit = page_limit(asked.query, 50, 500);
  for (Instant at = interval_start(exchange_.now(), 60); times.size() < limit; at = at - ratio_step)
    times.push_back(at);
  return Reply{bybit::account_ratio_result(**instrument, times, "")};
}

}  // namespace mlbot::shell
