// REST bodies as JSON, for decode_message: which request a body answers is told or guessed from its keys.
#pragma once

#include <span>

#include "shell/decode_message.h"
#include "venue/bybit/trade_decode.h"

namespace mlbot::shell {

/// @param message  the same line, parsed: only its keys are looked at.
Json rest_json(std::string_view line, const Json& message, std::string_view path,
               const MessageContracts& contracts, venue::bybit::DecodeScratch& scratch);

Json acks_json(std::span<const venue::bybit::OrderAck> acks);

}  // namespace mlbot::shell
