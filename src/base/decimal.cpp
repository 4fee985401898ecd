#include "base/decimal.h"

#include <algorithm>
#include <cmath>

namespace mlbot {
namespace {

std::optional<E8> parse(std::string_view text, bool truncate) {
  std::size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  __int128 digits = 0;
  int decimals = 0, dropped = 0;
  bool any = false, point = false;
  constexpr __int128 limit = static_cast<__int128>(1) << 100;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      any = true;
      if (digits > limit) {
        if (!point) return std::nullopt;
        if (c != '0' && !truncate) return std::nullopt;
        continue;
      }
      digits = digits * 10 + (c - '0');
      if (point) ++decimals;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  int exponent = 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool down = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) down = text[i++] == '-';
    if (i == text.size()) return std::nullopt;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
      exponent = std::min(exponent * 10 + (text[i] - '0'), 1000);
    if (down) exponent = -exponent;
  }
  if (i != text.size()) return std::nullopt;
  int scale = 8 + exponent - decimals;
  if (digits == 0) scale = 0;
  for (; scale > 0; --scale) {
    digits *= 10;
    if (digits > limit) return std::nullopt;
  }
  for (; scale < 0 && digits != 0; ++scale) {
    dropped |= static_cast<int>(digits % 10);
    digits /= 10;
  }
  if (dropped != 0 && !truncate) return std::nullopt;
  if (digits > INT64_MAX) return std::nullopt;
  const auto value = static_cast<std::int64_t>(digits);
  return E8{negative ? -value : value};
}

}  // namespace

std::optional<E8> parse_e8(std::string_view text) { return parse(text, false); }
std::optional<E8> parse_e8_truncated(std::string_view text) { return parse(text, true); }

std::string to_text_fixed(E8 value, int decimals) {
  const bool negative = value.count < 0;
  auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(value.count) : static_cast<std::uint64_t>(value.count);
  std::string fraction = std::to_string(magnitude % e8_per_unit);
  fraction.insert(0, 8 - fraction.size(), '0');
  std::string out = (negative ? "-" : "") + std::to_string(magnitude / e8_per_unit);
  if (decimals > 0) out += "." + fraction.substr(0, static_cast<std::size_t>(decimals));
  return out;
}

std::string to_text(E8 value) {
  std::string out = to_text_fixed(value, 8);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

E8 e8_from_double(double value) { return {static_cast<std::int64_t>(std::nearbyint(value * 1e8))}; }

E8 multiply(E8 a, E8 b) {
  const __int128 product = static_cast<__int128>(a.count) * b.count;
  const __int128 half = product < 0 ? -e8_per_unit / 2 : e8_per_unit / 2;
  return {static_cast<std::int64_t>((product + half) / e8_per_unit)};
}

}  // namespace mlbot
