#include "venue/bybit/serve_market.h"

#include <fmt/format.h>

#include <iterator>
#include <ranges>

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

std::string ms_text(Instant at) { return std::to_string(at.ms()); }
std::string double_text(double value) { return fmt::format("{}", value); }

}  // namespace

std::string recent_trades_result(const Instrument& instrument, std::span<const Trade> trades) {
  Json list = Json::array();
  for (const Trade& trade : trades | std::views::reverse) {
    list.push_back({{"execId", trade.id.view()},
                    {"symbol", instrument.name.view()},
                    {"price", instrument.price_text(trade.price)},
                    {"size", instrument.size_text(trade.size)},
                    {"side", word_of(side_words, trade.taker)},
                    {"time", ms_text(trade.matched_at)},
                    {"isBlockTrade", trade.block},
                    {"isRPITrade", trade.price_improvement},
                    {"seq", std::to_string(trade.cross_sequence)}});
  }
  return to_json_text(Json{{"category", category_linear}, {"list", list}});
}

std::string price_kline_result(const Instrument& instrument, std::span<const ServedBar> bars) {
  std::string out = fmt::format(R"({{"symbol":"{}","category":"linear","list":[)", instrument.name.view());
  for (const ServedBar& bar : bars | std::views::reverse) {
    if (out.back() != '[') out += ',';
    fmt::format_to(std::back_inserter(out), R"(["{}","{}","{}","{}","{}"])", bar.start.ms(),
                   to_text(bar.open), to_text(bar.high), to_text(bar.low), to_text(bar.close));
  }
  return out + "]}";
}

std::string funding_history_result(const Instrument& instrument, std::span<const FundingRate> rates) {
  Json list = Json::array();
  for (const FundingRate& rate : rates) {
    list.push_back({{"symbol", instrument.name.view()},
                    {"fundingRate", to_text(rate.rate)},
                    {"fundingRateTimestamp", ms_text(rate.at)}});
  }
  return to_json_text(Json{{"category", category_linear}, {"list", list}});
}

std::string open_interest_result(const Instrument& instrument, std::span<const OpenInterest> rows,
                                 std::string_view cursor) {
  Json list = Json::array();
  for (const OpenInterest& row : rows) {
    list.push_back({{"openInterest", to_text_fixed(row.base_coins, 8)},
                    {"singleOpenInterest", to_text(E8{row.base_coins.count / 2})},
                    {"timestamp", ms_text(row.at)}});
  }
  return to_json_text(Json{{"symbol", instrument.name.view()},
                           {"category", category_linear},
                           {"list", list},
                           {"nextPageCursor", cursor}});
}

std::string price_limit_result(const Instrument& instrument, const PriceLimit& limit, Instant at) {
  return to_json_text(Json{{"symbol", instrument.name.view()},
                           {"buyLmt", to_text(limit.highest_buy)},
                           {"sellLmt", to_text(limit.lowest_sell)},
                           {"ts", ms_text(at)}});
}

std::string insurance_result(const InstrumentTable& table, std::span<const InsurancePool> pools) {
  Json list = Json::array();
  Instant updated;
  for (const InsurancePool& pool : pools) {
    updated = std::max(updated, pool.updated_at);
    list.push_back({{"coin", settle_coin},
                    {"symbols", table[pool.symbol].name.view()},
                    {"balance", to_text(pool.balance)},
                    {"value", to_text(pool.balance)}});
  }
  return to_json_text(Json{{"updatedTime", ms_text(updated)}, {"list", list}});
}

std::string adl_alert_result(const InstrumentTable& table, std::span<const AdlAlert> alerts, double threshold,
                             Instant at) {
  Json list = Json::array();
  for (const AdlAlert& alert : alerts) {
    list.push_back({{"coin", settle_coin},
                    {"symbol", table[alert.symbol].name.view()},
                    {"balance", double_text(alert.balance)},
                    {"maxBalance", double_text(alert.balance)},
                    {"insurancePnlRatio", double_text(alert.trigger)},
                    {"pnlRatio", double_text(alert.drawdown)},
                    {"adlTriggerThreshold", double_text(threshold)},
                    {"adlStopRatio", double_text(alert.stop)}});
  }
  return to_json_text(Json{{"updatedTime", ms_text(at)}, {"list", list}});
}

std::string account_ratio_result(const Instrument& instrument, std::span<const Instant> times,
                                 std::string_view cursor) {
  Json list = Json::array();
  for (const Instant at : times) {
    list.push_back({{"symbol", instrument.name.view()},
                    {"buyRatio", "0.5"},
                    {"sellRatio", "0.5"},
                    {"timestamp", ms_text(at)}});
  }
  return to_json_text(Json{{"list", list}, {"nextPageCursor", cursor}});
}

}  // namespace mlbot::venue::bybit
