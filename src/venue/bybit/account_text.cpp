#include "venue/bybit/account_text.h"

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

std::string ms_text(Instant at) { return std::to_string(at.ms()); }
/// "" where nothing is known yet, as the venue leaves averages and optional prices.
std::string or_empty(E8 value) { return value.count == 0 ? "" : to_text(value); }

bool is_open(OrderStatus status) {
  return status == OrderStatus::open || status == OrderStatus::part_filled ||
         status == OrderStatus::untriggered || status == OrderStatus::triggered;
}

/// A part of a whole as a fraction of four decimals, the rest cut off.
std::string rate_text(E8 part, E8 whole) {
  if (whole.count <= 0) return "0";
  const __int128 ten_thousandths = static_cast<__int128>(part.count) * 10'000 / whole.count;
  return to_text(E8{static_cast<std::int64_t>(ten_thousandths) * (e8_per_unit / 10'000)});
}

}  // namespace

std::string order_text(const OrderRow& row, const Instrument& instrument, RowHome home) {
  const OrderNews& news = row.news;
  const bool stream = home == RowHome::stream;
  const Lots leaves = is_open(news.status) ? news.size - news.filled : Lots{};
  const std::string_view reason = news.reason.view();
  const auto leg_price = [&](const std::optional<StopLegRow>& leg) {
    return leg ? to_text(instrument.price(leg->trigger)) : std::string{};
  };
  const auto leg_limit = [&](const std::optional<StopLegRow>& leg) {
    return leg && leg->limit ? to_text(instrument.price(*leg->limit)) : std::string{"0"};
  };
  const auto leg_source = [](const std::optional<StopLegRow>& leg) {
    return leg ? leg->by : std::string_view{};
  };
  JsonFields json;
  if (stream) json("category", category_linear);
  json("symbol", instrument.name.view());
  json("orderId", news.venue_id.view());
  json("orderLinkId", news.client_id.view());
  json("blockTradeId", "");
  json("side", word_of(side_words, news.side));
  json("positionIdx", row.news.position_index);
  json("orderStatus", word_of(order_status_words, news.status));
  json("cancelType", !reason.starts_with("EC_") && !reason.empty() ? reason : row.cancel_type);
  json("rejectReason", reason.starts_with("EC_") ? reason : row.reject_reason);
  json("timeInForce", word_of(time_in_force_words, news.time_in_force));
  json("isLeverage", "");
  json("price", to_text(instrument.price(news.price)));
  json("qty", instrument.size_text(news.size));
  json("avgPrice", or_empty(news.average_price));
  json("leavesQty", instrument.size_text(leaves));
  json("leavesValue", to_text(instrument.notional(news.price, leaves)));
  json("cumExecQty", instrument.size_text(news.filled));
  json("cumExecValue", to_text(row.executed_value));
  json("cumExecFee", to_text(row.executed_fee));
  json("orderType", word_of(order_type_words, news.type));
  json("stopOrderType", news.conditional && row.stop_order_type.empty() ? "Stop" : row.stop_order_type);
  json("orderIv", "");
  json("triggerPrice", news.trigger_price.count == 0 ? "" : to_text(instrument.price(news.trigger_price)));
  json("takeProfit", leg_price(row.take_profit));
  json("stopLoss", leg_price(row.stop_loss));
  json("triggerBy", row.trigger_by);
  json("tpTriggerBy", leg_source(row.take_profit));
  json("slTriggerBy", leg_source(row.stop_loss));
  json("triggerDirection", row.trigger_direction);
  json("placeType", "");
  json("lastPriceOnCreated", or_empty(row.last_price_on_created));
  json("closeOnTrigger", row.close_on_trigger);
  json("reduceOnly", news.reduce_only);
  json("smpGroup", 0);
  json("smpType", row.self_match);
  json("smpOrderId", row.self_match_order.view());
  json("slLimitPrice", leg_limit(row.stop_loss));
  json("tpLimitPrice", leg_limit(row.take_profit));
  json("tpslMode", row.stop_mode.empty() ? no_word : row.stop_mode);
  json("createType", row.create_type);
  json("marketUnit", "");
  json("createdTime", ms_text(row.created_at));
  json("updatedTime", ms_text(news.updated_at));
  if (stream) {
    json("feeCurrency", "");
    json("closedPnl", to_text(row.closed_pnl));
  }
  json("slippageTolerance", to_text(row.slippage));
  json("slippageToleranceType", row.slippage_type);
  JsonFields fees;
  if (row.executed_fee.count != 0) fees(settle_coin, to_text(row.executed_fee));
  json.nested("cumFeeDetail", fees.take());
  return json.take();
}

std::string execution_text(const ExecutionRow& row, const Instrument& instrument, RowHome home) {
  const Execution& news = row.news;
  const bool stream = home == RowHome::stream;
  JsonFields json;
  if (stream) json("category", category_linear);
  json("symbol", instrument.name.view());
  json("closedSize", instrument.size_text(row.closed));
  json("execFee", to_text(news.fee));
  json("execId", news.execution_id.view());
  json("execPrice", to_text(news.price));
  json("execQty", instrument.size_text(news.size));
  json("execType", word_of(execution_kind_words, news.kind));
  json("execValue", to_text(multiply(news.price, instrument.size(news.size))));
  json("feeRate", to_text(row.fee_rate));
  json("tradeIv", "");
  json("markIv", "");
  json("blockTradeId", "");
  json("markPrice", or_empty(row.mark_price));
  json("indexPrice", or_empty(row.index_price));
  json("underlyingPrice", "");
  json("leavesQty", instrument.size_text(row.leaves));
  json("orderId", news.venue_id.view());
  json("orderLinkId", news.client_id.view());
  json("orderPrice", to_text(instrument.price(row.order_price)));
  json("orderQty", instrument.size_text(row.order_size));
  json("orderType", word_of(order_type_words, row.order_type));
  json("stopOrderType", row.stop_order_type.empty() ? no_word : row.stop_order_type);
  json("side", word_of(side_words, news.side));
  json("execTime", ms_text(news.at));
  if (stream) json("isLeverage", "0");
  json("isMaker", news.liquidity == Liquidity::maker);
  json("seq", row.cross_sequence);
  if (stream) {
    json("marketUnit", "");
    json("execPnl", to_text(news.realised_pnl));
  }
  json("createType", row.create_type);
  if (row.surcharge.count != 0) {
    json.nested("extraFees", to_json_text(Json::array({{{"feeCoin", settle_coin},
                                                        {"feeType", "GST"},
                                                        {"subFeeType", "IND_GST"},
                                                        {"feeRate", to_text(row.surcharge_rate)},
                                                        {"fee", to_text(row.surcharge)}}})));
  } else {
    json("extraFees", "");
  }
  json("feeCurrency", settle_coin);
  return json.take();
}

std::string position_text(const PositionRow& row, const Instrument& instrument, RowHome home) {
  const PositionNews& news = row.news;
  const bool flat = news.size.count == 0;
  const Side side = news.size.count < 0 ? Side::sell : Side::buy;
  JsonFields json;
  json("positionIdx", news.position_index);
  json("tradeMode", 0);
  json("riskId", row.risk_id);
  json("riskLimitValue", to_text(row.risk_limit));
  json("symbol", instrument.name.view());
  json("side", flat ? "" : word_of(side_words, side));
  json("size", instrument.size_text(absolute(news.size)));
  json(home == RowHome::stream ? "entryPrice" : "avgPrice", to_text(news.entry_price));
  json("sessionAvgPrice", "");
  json("leverage", to_text(news.leverage));
  json("positionValue", flat && home == RowHome::rest ? "" : to_text(row.value));
  json("positionBalance", to_text(row.balance));
  json("markPrice", to_text(news.mark_price));
  json("positionIM", to_text(row.initial_margin));
  json("positionMM", to_text(row.maintenance_margin));
  json("positionIMByMp", to_text(row.initial_margin_by_mark));
  json("positionMMByMp", to_text(row.maintenance_margin_by_mark));
  json("takeProfit", to_text(news.take_profit));
  json("stopLoss", to_text(news.stop_loss));
  json("trailingStop", to_text(row.trailing_stop));
  json("unrealisedPnl", flat && home == RowHome::rest ? "" : to_text(row.unrealised_pnl));
  json("cumRealisedPnl", to_text(row.cumulative_pnl));
  json("curRealisedPnl", to_text(news.realised_pnl));
  json("createdTime", ms_text(row.created_at));
  json("updatedTime", ms_text(news.updated_at));
  json("tpslMode", "Full");
  json("liqPrice", or_empty(news.liquidation_price));
  json("bustPrice", row.bankruptcy_price ? to_text(*row.bankruptcy_price) : std::string{});
  if (home == RowHome::stream) json("category", category_linear);
  json("positionStatus", row.status);
  json("adlRankIndicator", row.news.adl_rank);
  json("autoAddMargin", row.auto_add_margin ? 1 : 0);
  json("leverageSysUpdatedTime", "");
  json("mmrSysUpdatedTime", "");
  json("seq", news.cross_sequence);
  json("breakEvenPrice", or_empty(row.break_even_price));
  json("isReduceOnly", row.reduce_only);
  if (home == RowHome::rest) {
    for (const char* greek : {"delta", "gamma", "vega", "theta"}) json(greek, "");
  }
  return json.take();
}

std::string wallet_text(const WalletRow& row) {
  const WalletNews& news = row.news;
  const std::string initial = to_text(news.initial_margin), maintenance = to_text(news.maintenance_margin);
  const std::string initial_rate = rate_text(news.initial_margin, news.equity);
  const std::string maintenance_rate = rate_text(news.maintenance_margin, news.equity);
  Json coin{{"coin", settle_coin},
            {"equity", to_text(news.equity)},
            {"usdValue", to_text(news.equity)},
            {"walletBalance", to_text(news.wallet_balance)},
            {"availableToWithdraw", ""},
            {"availableToBorrow", ""},
            {"borrowAmount", "0"},
            {"accruedInterest", "0"},
            {"totalOrderIM", to_text(row.order_margin)},
            {"totalPositionIM", to_text(row.position_margin)},
            {"totalPositionMM", maintenance},
            {"unrealisedPnl", to_text(news.unrealised_pnl)},
            {"cumRealisedPnl", to_text(row.cumulative_pnl)},
            {"bonus", "0"},
            {"collateralSwitch", true},
            {"marginCollateral", true},
            {"locked", "0"},
            {"spotHedgingQty", "0"},
            {"spotBorrow", "0"}};
  return to_json_text(Json{{"accountIMRate", initial_rate},
                           {"accountMMRate", maintenance_rate},
                           {"accountIMRateByMp", initial_rate},
                           {"accountMMRateByMp", maintenance_rate},
                           {"totalEquity", to_text(news.equity)},
                           {"totalWalletBalance", to_text(news.wallet_balance)},
                           {"totalMarginBalance", to_text(news.equity)},
                           {"totalAvailableBalance", to_text(news.available)},
                           {"totalPerpUPL", to_text(news.unrealised_pnl)},
                           {"totalInitialMargin", initial},
                           {"totalMaintenanceMargin", maintenance},
                           {"totalInitialMarginByMp", initial},
                           {"totalMaintenanceMarginByMp", maintenance},
                           {"coin", row.shows_coin ? Json::array({coin}) : Json::array()},
                           {"accountLTV", "0"},
                           {"accountType", "UNIFIED"}});
}

}  // namespace mlbot::venue::bybit
