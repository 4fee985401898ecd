#include "venue/bybit/serve_order.h"

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

std::int64_t hundredths_of_percent(E8 part, E8 whole) {
  if (whole.count <= 0) return 0;
  return static_cast<std::int64_t>(static_cast<__int128>(part.count) * 10'000 / whole.count);
}

}  // namespace

std::string batch_result(std::span<const BatchRow> rows) {
  Json list = Json::array();
  for (const BatchRow& row : rows) {
    Json item{{"category", category_linear},
              {"symbol", row.symbol},
              {"orderId", row.venue_id},
              {"orderLinkId", row.client_id}};
    if (row.shows_creation) item["createAt"] = row.created_at ? std::to_string(row.created_at->ms()) : "";
    list.push_back(std::move(item));
  }
  return to_json_text(Json{{"list", list}});
}

std::string batch_extra(std::span<const BatchRow> rows) {
  Json list = Json::array();
  for (const BatchRow& row : rows) {
    list.push_back({{"code", row.error.code}, {"msg", row.error.code == 0 ? "OK" : row.error.text}});
  }
  return to_json_text(Json{{"list", list}});
}

std::string pre_check_result(std::string_view client_id, const MarginFigures& before,
                             const MarginFigures& after) {
  return to_json_text(Json{{"orderId", ""},
                           {"orderLinkId", client_id},
                           {"preImrE4", hundredths_of_percent(before.initial, before.equity)},
                           {"preMmrE4", hundredths_of_percent(before.maintenance, before.equity)},
                           {"postImrE4", hundredths_of_percent(after.initial, after.equity)},
                           {"postMmrE4", hundredths_of_percent(after.maintenance, after.equity)}});
}

std::string cancel_on_disconnect_result(std::optional<Duration> window) {
  Json list = Json::array();
  if (window) {
    list.push_back(
        {{"product", "DERIVATIVES"}, {"dcpStatus", "ON"}, {"timeWindow", std::to_string(*window / 1s)}});
  }
  return to_json_text(Json{{"dcpInfos", list}});
}

}  // namespace mlbot::venue::bybit
