#include "venue/bybit/serve_account.h"

#include <ranges>

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {

std::string account_info_reply(Instant updated_at) {
  return to_json_text(Json{{"retCode", 0},
                           {"retMsg", "OK"},
                           {"result",
                            {{"marginMode", "REGULAR_MARGIN"},
                             {"updatedTime", std::to_string(updated_at.ms())},
                             {"unifiedMarginStatus", 5},
                             {"dcpStatus", "OFF"},
                             {"timeWindow", 10},
                             {"smpGroup", 0},
                             {"isMasterTrader", false},
                             {"spotHedgingStatus", "OFF"}}}});
}

std::string api_key_result(std::string_view key, std::string_view note, std::uint64_t user,
                           std::string_view address) {
  return to_json_text(Json{{"id", std::to_string(user)},
                           {"note", note},
                           {"apiKey", key},
                           {"readOnly", 0},
                           {"secret", ""},
                           {"permissions",
                            {{"ContractTrade", Json::array({"Order", "Position"})},
                             {"Derivatives", Json::array({"DerivativesTrade"})},
                             {"Wallet", Json::array()},
                             {"Spot", Json::array()},
                             {"Options", Json::array()},
                             {"Exchange", Json::array()}}},
                           {"ips", Json::array({address})},
                           {"type", 1},
                           {"unified", 0},
                           {"uta", 1},
                           {"userID", user},
                           {"vipLevel", "No VIP"},
                           {"isMaster", true},
                           {"parentUid", "0"},
                           {"rsaPublicKey", ""}});
}

std::string recent_trades_result(const Instrument& instrument, std::span<const Trade> trades) {
  Json list = Json::array();
  for (const Trade& trade : trades | std::views::reverse) {
    list.push_back({{"execId", trade.id.view()},
                    {"symbol", instrument.name.view()},
                    {"price", instrument.price_text(trade.price)},
                    {"size", instrument.size_text(trade.size)},
                    {"side", word_of(side_words, trade.taker)},
                    {"time", std::to_string(trade.matched_at.ms())},
                    {"isBlockTrade", trade.block},
                    {"isRPITrade", trade.price_improvement},
                    {"seq", std::to_string(trade.cross_sequence)}});
  }
  return to_json_text(Json{{"category", category_linear}, {"list", list}});
}

}  // namespace mlbot::venue::bybit
