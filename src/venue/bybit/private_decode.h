// Frames of the private stream to account events: order, execution, execution.fast, position, wallet, dcp,
// and the answers to auth, subscribe and ping. A topic may name a category ("order.linear").
//
// A row of another category, or of a symbol that this run does not know, is no error: it is counted, because
// an account may hold what is not ours. A row of ours that cannot be read makes the whole message an error.
#pragma once

#include <span>
#include <variant>

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

struct AccountNews {
  std::span<const Event>
      events;          ///< OrderNews, Execution, FastExecution, PositionNews, WalletNews; in the scratch
  Instant venue_time;  ///< `creationTime`
  std::uint32_t foreign_rows = 0;  ///< rows that are not ours to read
};
using PrivateMessage = std::variant<AccountNews, Control>;

/// @error DecodeError torn JSON, missing field, unknown topic, a number that does not fit.
Result<PrivateMessage, DecodeError> decode_private(PaddedText bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch);
Result<PrivateMessage, DecodeError> decode_private(std::string_view bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch);

}  // namespace mlbot::venue::bybit
