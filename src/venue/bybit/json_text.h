// Writing JSON where the bytes come from outside: never throws, whatever they are.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace mlbot::venue::bybit {

/// Compact text; bytes that are no UTF-8 become U+FFFD.
inline std::string to_json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
/// The text as a JSON string, quotes included.
inline std::string json_quoted(std::string_view text) { return to_json_text(Json(text)); }

/// One object, written field by field in the order told: rows of orders, fills and the account's log are long
/// and many. The same bytes as to_json_text() of the same fields.
class JsonFields {
 public:
  void operator()(std::string_view key, std::string_view text) {
    begin(key);
    if (std::ranges::all_of(text, is_plain))
      out_.append(1, '"').append(text) += '"';
    else
      out_ += json_quoted(text);
  }
  template <std::integral Number>
  void operator()(std::string_view key, Number number) {
    begin(key);
    if constexpr (std::same_as<Number, bool>) {
      out_ += number ? "true" : "false";
    } else {
      char digits[24];
      out_.append(digits, std::to_chars(digits, digits + sizeof digits, +number).ptr);
    }
  }
  /// A value that is JSON already.
  void nested(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
  }
  std::string take() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  static bool is_plain(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' &&
           c != '\\';
  }
  /// @pre  the key needs no escape.
  void begin(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    out_.append(1, '"').append(key) += "\":";
  }
  std::string out_ = "{";
};

/// Parsed, or a discarded value; never an exception.
inline Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

}  // namespace mlbot::venue::bybit
