// A key never shows: the venue itself quotes it in some errors (10004 repeats the text that was signed), so
// it is struck out of what comes in before anything reads that.
#pragma once

#include <string>
#include <string_view>

namespace mlbot::io::bybit {

/// The text with "[key]" for every occurrence of the key.
inline std::string redacted(std::string text, std::string_view key) {
  constexpr std::string_view mask = "[key]";
  if (key.empty()) return text;
  for (auto at = text.find(key); at != text.npos; at = text.find(key, at + mask.size()))
    text.replace(at, key.size(), mask);
  return text;
}

}  // namespace mlbot::io::bybit
