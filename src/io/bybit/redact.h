// A key never shows: the venue itself quotes it in some errors (10004 repeats the text that was signed).
#pragma once

#include <string>
#include <string_view>

#include "venue/bybit/message.h"

namespace mlbot::io::bybit {

/// The text with "[key]" for every occurrence of the key.
inline std::string redacted(std::string_view text, std::string_view key) {
  std::string out{text};
  if (key.empty()) return out;
  constexpr std::string_view mask = "[key]";
  for (auto at = out.find(key); at != out.npos; at = out.find(key, at + mask.size()))
    out.replace(at, key.size(), mask);
  return out;
}

inline venue::bybit::DecodeError redacted(const venue::bybit::DecodeError& error, std::string_view key) {
  return {redacted(error.where, key), redacted(error.what, key)};
}

}  // namespace mlbot::io::bybit
