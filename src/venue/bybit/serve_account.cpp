#include "venue/bybit/serve_account.h"

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

std::string ms_text(Instant at) { return std::to_string(at.ms()); }

}  // namespace

std::string account_info_reply(const ServedAccountInfo& info) {
  return to_json_text(Json{{"retCode", 0},
                           {"retMsg", "OK"},
                           {"result",
                            {{"marginMode", word_of(margin_mode_words, info.margin_mode)},
                             {"updatedTime", ms_text(info.updated_at)},
                             {"unifiedMarginStatus", 5},
                             {"dcpStatus", info.cancel_on_disconnect ? "ON" : "OFF"},
                             {"timeWindow", info.cancel_on_disconnect.value_or(Duration{10s}) / 1s},
                             {"smpGroup", 0},
                             {"isMasterTrader", false},
                             {"spotHedgingStatus", "OFF"}}}});
}

std::string margin_mode_refused_reply(std::string_view reason_code, std::string_view reason) {
  return to_json_text(
      Json{{"retCode", 3400045},
           {"retMsg", "Set margin mode failed"},
           {"result", {{"reasons", Json::array({{{"reasonCode", reason_code}, {"reasonMsg", reason}}})}}}});
}

std::string api_key_result(const ApiKeyInfo& info, Instant now) {
  constexpr int days_left = 90;
  return to_json_text(Json{{"id", std::to_string(info.user)},
                           {"note", info.note},
                           {"apiKey", info.key},
                           {"readOnly", info.read_only ? 1 : 0},
                           {"secret", ""},
                           {"permissions",
                            {{"ContractTrade", Json::array({"Order", "Position"})},
                             {"Derivatives", Json::array({"DerivativesTrade"})},
                             {"Wallet", Json::array()},
                             {"Spot", Json::array()},
                             {"Options", Json::array()},
                             {"CopyTrading", Json::array()},
                             {"BlockTrade", Json::array()},
                             {"NFT", Json::array()},
                             {"Exchange", Json::array()}}},
                           {"ips", Json::array({info.address})},
                           {"type", 1},
                           {"deadlineDay", days_left},
                           {"expiredAt", to_rfc3339(now + days_left * 24h)},
                           {"createdAt", to_rfc3339(now)},
                           {"unified", 0},
                           {"uta", 1},
                           {"userID", info.user},
                           {"inviterID", 0},
                           {"vipLevel", "No VIP"},
                           {"mktMakerLevel", "0"},
                           {"affiliateID", 0},
                           {"isMaster", true},
                           {"parentUid", "0"},
                           {"kycLevel", "LEVEL_DEFAULT"},
                           {"kycRegion", ""},
                           {"rsaPublicKey", ""}});
}

std::string closed_pnl_result(std::span<const ServedClosedPnl> rows, const InstrumentTable& table,
                              std::string_view cursor) {
  Json list = Json::array();
  for (const ServedClosedPnl& row : rows) {
    const Instrument& instrument = table[row.symbol];
    list.push_back({{"symbol", instrument.name.view()},
                    {"orderId", row.venue_id.view()},
                    {"side", word_of(side_words, row.side)},
                    {"qty", instrument.size_text(row.size)},
                    {"orderPrice", to_text(instrument.price(row.order_price))},
                    {"orderType", word_of(order_type_words, row.order_type)},
                    {"execType", row.execution_type},
                    {"closedSize", instrument.size_text(row.closed)},
                    {"cumEntryValue", to_text(row.entry_value)},
                    {"avgEntryPrice", to_text(row.entry_price)},
                    {"cumExitValue", to_text(row.exit_value)},
                    {"avgExitPrice", to_text(row.exit_price)},
                    {"closedPnl", to_text(row.pnl)},
                    {"fillCount", std::to_string(row.fills)},
                    {"leverage", to_text(row.leverage)},
                    {"openFee", to_text(row.open_fee)},
                    {"closeFee", to_text(row.close_fee)},
                    {"createdTime", ms_text(row.created_at)},
                    {"updatedTime", ms_text(row.updated_at)}});
  }
  return to_json_text(Json{{"category", category_linear}, {"list", list}, {"nextPageCursor", cursor}});
}

std::string transaction_log_result(std::span<const ServedTransaction> rows, const InstrumentTable& table,
                                   std::string_view cursor) {
  std::string out = R"({"list":[)";
  for (const ServedTransaction& row : rows) {
    const Instrument* const instrument = row.symbol ? &table[*row.symbol] : nullptr;
    const auto lots = [&](Lots size) { return instrument == nullptr ? "" : instrument->size_text(size); };
    JsonFields json;
    json("id", row.id);
    json("symbol", instrument == nullptr ? "" : instrument->name.view());
    json("category", instrument == nullptr ? "" : category_linear);
    json("side", row.side);
    json("transactionTime", ms_text(row.at));
    json("type", row.type);
    json("transSubType", row.sub_type);
    json("qty", lots(row.quantity));
    json("size", lots(row.size));
    json("currency", settle_coin);
    json("tradePrice", row.price.count == 0 ? "" : to_text(row.price));
    json("funding", row.funding ? to_text(*row.funding) : "");
    json("fee", to_text(row.fee));
    json("cashFlow", to_text(row.cash_flow));
    json("change", to_text(row.change));
    json("cashBalance", to_text(row.balance));
    json("feeRate", row.fee_rate.count == 0 ? "" : to_text(row.fee_rate));
    json("bonusChange", "");
    json("tradeId", row.trade_id.view());
    json("orderId", row.venue_id.view());
    json("orderLinkId", row.client_id.view());
    json("extraFees", "");
    if (out.back() != '[') out += ',';
    out += json.take();
  }
  return out + R"(],"nextPageCursor":)" + json_quoted(cursor) + "}";
}

std::string coin_info_result() {
  const Json chain{{"chain", "ETH"},
                   {"chainType", "Ethereum"},
                   {"confirmation", "6"},
                   {"withdrawFee", "0"},
                   {"depositMin", "0"},
                   {"withdrawMin", "0"},
                   {"minAccuracy", "6"},
                   {"chainDeposit", "0"},
                   {"chainWithdraw", "0"},
                   {"contractAddress", ""},
                   {"withdrawPercentageFee", "0"},
                   {"safeConfirmNumber", "65"}};
  const Json coin{
      {"name", settle_coin}, {"coin", settle_coin}, {"remainAmount", "0"}, {"chains", Json::array({chain})}};
  return to_json_text(Json{{"rows", Json::array({coin})}});
}

}  // namespace mlbot::venue::bybit
