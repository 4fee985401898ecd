#include "venue/bybit/rest_encode.h"

#include <fmt/format.h>

#include <ranges>

#include "venue/bybit/account_text.h"
#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

/// {"category":"linear","list":[…],"nextPageCursor":…}
template <class Rows, class Write>
std::string list_result(const Rows& rows, std::string_view cursor, Write&& write) {
  std::string out = R"({"category":"linear","list":[)";
  for (const auto& row : rows) {
    if (out.back() != '[') out += ',';
    out += write(row);
  }
  return out + R"(],"nextPageCursor":)" + json_quoted(cursor) + "}";
}

}  // namespace

std::string base_coin(const Instrument& instrument) {
  std::string_view name = instrument.name.view();
  if (name.ends_with(settle_coin)) name.remove_suffix(settle_coin.size());
  return std::string{name};
}

std::string encode_reply(std::string_view result, Instant time, std::string_view extra,
                         std::string_view text) {
  return fmt::format(R"({{"retCode":0,"retMsg":{},"result":{},"retExtInfo":{},"time":{}}})",
                     json_quoted(text), result, extra, time.ms());
}
std::string encode_error(const VenueError& error, Instant time) {
  return fmt::format(R"({{"retCode":{},"retMsg":{},"result":{{}},"retExtInfo":{{}},"time":{}}})", error.code,
                     json_quoted(error.text), time.ms());
}

std::string time_result(Instant time) {
  return fmt::format(R"({{"timeSecond":"{}","timeNano":"{}"}})", time.seconds(), time.ns);
}

std::string instruments_result(std::span<const Instrument> instruments, std::string_view cursor) {
  return list_result(instruments, cursor, [](const Instrument& instrument) {
    const std::string tick = instrument.price_text({1});
    return to_json_text(
        Json{{"symbol", instrument.name.view()},
             {"symbolId", instrument.id.index + 1},
             {"contractType", "LinearPerpetual"},
             {"status", "Trading"},
             {"baseCoin", base_coin(instrument)},
             {"quoteCoin", settle_coin},
             {"launchTime", "1585526400000"},
             {"deliveryTime", "0"},
             {"deliveryFeeRate", ""},
             {"priceScale", std::to_string(instrument.price_decimals())},
             {"leverageFilter",
              {{"minLeverage", "1"},
               {"maxLeverage", to_text_fixed(instrument.max_leverage, 2)},
               {"leverageStep", "0.01"}}},
             {"priceFilter",
              {{"minPrice", tick}, {"maxPrice", instrument.price_text({19'999'998})}, {"tickSize", tick}}},
             {"lotSizeFilter",
              {{"maxOrderQty", instrument.size_text(instrument.max_limit_order)},
               {"minOrderQty", instrument.size_text(instrument.min_order)},
               {"qtyStep", instrument.size_text({1})},
               {"postOnlyMaxOrderQty", instrument.size_text(instrument.max_limit_order)},
               {"maxMktOrderQty", instrument.size_text(instrument.max_market_order)},
               {"minNotionalValue", to_text(instrument.min_notional)}}},
             {"unifiedMarginTrade", true},
             {"fundingInterval", instrument.funding_interval_minutes},
             {"settleCoin", settle_coin},
             {"copyTrading", "none"},
             {"displayName", ""},
             {"forbidUplWithdrawal", false},
             {"upperFundingRate", "0.00375"},
             {"lowerFundingRate", "-0.00375"},
             {"isPreListing", false},
             {"preListingInfo", nullptr},
             {"riskParameters", {{"priceLimitRatioX", "0.01"}, {"priceLimitRatioY", "0.02"}}},
             {"symbolType", ""}});
  });
}

namespace {

std::string tier_text(const Instrument& instrument, const RiskTierRow& tier) {
  return to_json_text(Json{{"id", tier.id},
                           {"symbol", instrument.name.view()},
                           {"riskLimitValue", to_text(tier.limit)},
                           {"maintenanceMargin", to_text(tier.maintenance_rate)},
                           {"initialMargin", to_text(tier.initial_rate)},
                           {"isLowestRisk", tier.lowest ? 1 : 0},
                           {"maxLeverage", to_text_fixed(tier.max_leverage, 2)},
                           {"mmDeduction", tier.deduction.count == 0 ? "" : to_text(tier.deduction)}});
}

}  // namespace

std::string risk_limit_result(std::span<const Instrument> instruments, std::string_view cursor) {
  return list_result(instruments, cursor, [](const Instrument& instrument) {
    return tier_text(instrument,
                     {.symbol = instrument.id,
                      .limit = {2'000'000 * e8_per_unit},
                      .maintenance_rate = instrument.maintenance_margin,
                      .initial_rate = multiply(instrument.maintenance_margin, E8{2 * e8_per_unit}),
                      .max_leverage = instrument.max_leverage,
                      .deduction = {}});
  });
}
std::string risk_limit_result(std::span<const RiskTierRow> tiers, const InstrumentTable& table,
                              std::string_view cursor) {
  return list_result(tiers, cursor,
                     [&](const RiskTierRow& tier) { return tier_text(table[tier.symbol], tier); });
}

std::string kline_result(const Instrument& instrument, std::span<const Kline> bars) {
  std::string out = fmt::format(R"({{"symbol":"{}","category":"linear","list":[)", instrument.name.view());
  for (const Kline& bar : bars | std::views::reverse) {
    if (out.back() != '[') out += ',';
    const auto price = [&](PriceTicks ticks) { return to_text(instrument.price(ticks)); };
    fmt::format_to(std::back_inserter(out), R"(["{}","{}","{}","{}","{}","{}","{}"])", bar.start.ms(),
                   price(bar.open), price(bar.high), price(bar.low), price(bar.close),
                   instrument.size_text(bar.volume), bar.turnover);
  }
  return out + "]}";
}

std::string book_result(const Instrument& instrument, const BookUpdate& book, Instant at) {
  const auto side = [&](std::span<const BookLevel> levels) {
    std::string out = "[";
    for (const BookLevel& level : levels) {
      if (out.size() > 1) out += ',';
      fmt::format_to(std::back_inserter(out), R"(["{}","{}"])", instrument.price_text(level.price),
                     instrument.size_text(level.size));
    }
    return out + "]";
  };
  return fmt::format(R"({{"s":"{}","b":{},"a":{},"ts":{},"u":{},"seq":{},"cts":{}}})", instrument.name.view(),
                     side(book.bids), side(book.asks), at.ms(), book.update_id, book.cross_sequence,
                     book.matched_at.ms());
}

std::string tickers_result(std::span<const TickerRow> rows, const InstrumentTable& table) {
  std::string out = R"({"category":"linear","list":[)";
  for (const TickerRow& row : rows) {
    if (out.back() != '[') out += ',';
    std::string frame;
    Ticker ticker = row.ticker;
    ticker.kind = UpdateKind::snapshot;
    encode_ticker(table[ticker.symbol], ticker, row.extras, Instant{}, frame);
    Json data = parse_json(frame)["data"];
    data.erase("tickDirection");
    for (const char* key :
         {"predictedDeliveryPrice", "basisRate", "basis", "deliveryFeeRate", "basisRateYear"}) {
      data[key] = "";
    }
    data["deliveryTime"] = "0";
    out += to_json_text(data);
  }
  return out + "]}";
}

std::string fee_rate_result(std::span<const Instrument> instruments) {
  Json list = Json::array();
  for (const Instrument& instrument : instruments) {
    list.push_back({{"symbol", instrument.name.view()},
                    {"takerFeeRate", to_text(instrument.fees.taker)},
                    {"makerFeeRate", to_text(instrument.fees.maker)}});
  }
  return to_json_text(Json{{"list", list}});
}

std::string order_ack_result(std::string_view venue_id, std::string_view client_id) {
  return to_json_text(Json{{"orderId", venue_id}, {"orderLinkId", client_id}});
}

std::string cancel_all_result(std::span<const OrderIds> orders) {
  Json list = Json::array();
  for (const OrderIds& ids : orders) {
    list.push_back({{"orderId", ids.venue_id.view()}, {"orderLinkId", ids.client_id.view()}});
  }
  return to_json_text(Json{{"list", list}, {"success", "1"}});
}

std::string order_list_result(std::span<const OrderRow> rows, const InstrumentTable& table,
                              std::string_view cursor) {
  return list_result(rows, cursor, [&](const OrderRow& row) {
    return order_text(row, table[row.news.symbol], RowHome::rest);
  });
}
std::string execution_list_result(std::span<const ExecutionRow> rows, const InstrumentTable& table,
                                  std::string_view cursor) {
  return list_result(rows, cursor, [&](const ExecutionRow& row) {
    return execution_text(row, table[row.news.symbol], RowHome::rest);
  });
}
std::string position_list_result(std::span<const PositionRow> rows, const InstrumentTable& table,
                                 std::string_view cursor) {
  return list_result(rows, cursor, [&](const PositionRow& row) {
    return position_text(row, table[row.news.symbol], RowHome::rest);
  });
}
std::string position_result(const PositionRow& row, const InstrumentTable& table) {
  std::string out = position_text(row, table[row.news.symbol], RowHome::rest);
  return out.insert(1, R"("category":"linear",)");
}
std::string wallet_result(const WalletRow& row) { return R"({"list":[)" + wallet_text(row) + "]}"; }

}  // namespace mlbot::venue::bybit
