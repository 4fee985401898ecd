// How the exchange says no: a code and a text in the venue's words.
#pragma once

#include <string_view>

#include "base/result.h"
#include "sim/rows.h"

namespace mlbot::sim {

/// Cuts the text to what a refusal keeps.
inline Refusal refusal(std::int32_t code, std::string_view text) {
  return {code, RefusalText{text.substr(0, RefusalText::capacity)}};
}
inline std::unexpected<Refusal> refuse(std::int32_t code, std::string_view text) {
  return std::unexpected{refusal(code, text)};
}

}  // namespace mlbot::sim
