// REST results of order entry that only the venue's side writes: batches, margin preview,
// disconnect-cancel-all.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/time.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

/// One order of a batch and what came of it.
struct BatchRow {
  std::string symbol, venue_id, client_id;
  bool shows_creation = false;        ///< create-batch has createAt, the others do not
  std::optional<Instant> created_at;  ///< absent where nothing was created
  VenueError error;                   ///< code 0 is accepted
};
/// {"list":[{"category","symbol","orderId","orderLinkId"[,"createAt"]}]}
std::string batch_result(std::span<const BatchRow> rows);
/// retExtInfo of a batch, parallel to its list: {"list":[{"code":0,"msg":"OK"}]}
std::string batch_extra(std::span<const BatchRow> rows);

struct MarginFigures {
  E8 equity, initial, maintenance;
};
/// Rates in hundredths of a percent, whole numbers, the rest cut off.
std::string pre_check_result(std::string_view client_id, const MarginFigures& before,
                             const MarginFigures& after);

/// {"dcpInfos":[…]}; empty without a window.
std::string cancel_on_disconnect_result(std::optional<Duration> window);

}  // namespace mlbot::venue::bybit
