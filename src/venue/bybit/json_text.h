// Writing JSON where the bytes come from outside: never throws, whatever they are.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace mlbot::venue::bybit {

/// Compact text; bytes that are no UTF-8 become U+FFFD.
inline std::string to_json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
/// The text as a JSON string, quotes included.
inline std::string json_quoted(std::string_view text) { return to_json_text(Json(text)); }
/// Parsed, or a discarded value; never an exception.
inline Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

}  // namespace mlbot::venue::bybit
