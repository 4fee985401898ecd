// Short text without allocation: ids of orders, executions and symbols.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace mlbot {

template <std::size_t Capacity>
class InlineText {
 public:
  static_assert(Capacity < 256);
  static constexpr std::size_t capacity = Capacity;
  constexpr InlineText() = default;
  /// Longer text is our mistake here; what comes from outside is measured by fits() first.
  constexpr InlineText(std::string_view text) {
    MLBOT_ASSERT(fits(text));
    size_ = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), bytes_.begin());
  }
  constexpr InlineText(const char* text) : InlineText(std::string_view{text}) {}

  static constexpr bool fits(std::string_view text) { return text.size() <= Capacity; }
  constexpr std::string_view view() const { return {bytes_.data(), size_}; }
  constexpr operator std::string_view() const { return view(); }
  std::string str() const { return std::string{view()}; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr auto operator<=>(const InlineText& other) const { return view() <=> other.view(); }
  constexpr bool operator==(const InlineText& other) const { return view() == other.view(); }

 private:
  std::array<char, Capacity> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace mlbot
