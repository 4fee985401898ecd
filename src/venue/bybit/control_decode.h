// Frames without news, and the fields that several decoders read alike. For this folder's decoders only.
#pragma once

#include "venue/bybit/json_reader.h"

namespace mlbot::venue::bybit {

/// The answer to a subscribe, an auth or a ping, in any of the venue's shapes.
Control read_control(Row& message);

/// Sets what this key of a ticker means to us; "" means absent, other keys are ignored.
void read_ticker_field(Ticker& ticker, std::string_view key, std::string_view text, Reading& reading);

}  // namespace mlbot::venue::bybit
