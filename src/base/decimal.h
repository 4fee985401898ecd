// Decimal text to integers and back, exactly. Money and size never pass through a double.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlbot {

/// Integers that stand for 1e-8 of a unit: money, prices and sizes before an instrument turns them into ticks
/// and lots.
struct E8 {
  std::int64_t count = 0;
  constexpr auto operator<=>(const E8&) const = default;
};
constexpr E8 operator+(E8 a, E8 b) { return {a.count + b.count}; }
constexpr E8 operator-(E8 a, E8 b) { return {a.count - b.count}; }
constexpr E8 operator-(E8 a) { return {-a.count}; }
inline constexpr std::int64_t e8_per_unit = 100'000'000;

/// Exact value of decimal text ("71423.80", "1e+06", "-0.5"). Nothing for malformed text, more than eight
/// decimals that are not zero, or a value beyond 64 bits.
std::optional<E8> parse_e8(std::string_view text);

/// As parse_e8, but digits past the eighth decimal are cut off: for averages that a venue prints with 14
/// digits.
std::optional<E8> parse_e8_truncated(std::string_view text);

/// Shortest plain decimal text: "0.001", "-12", "0".
std::string to_text(E8 value);

/// Plain decimal text padded to `decimals` places, at most eight: (71423.8, 2) is "71423.80".
std::string to_text_fixed(E8 value, int decimals);

constexpr double to_double(E8 value) { return static_cast<double>(value.count) / 1e8; }
/// Nearest E8; for the edge of a model or a generated market only.
E8 e8_from_double(double value);

/// a * b with the product in E8, rounded half away from zero.
E8 multiply(E8 a, E8 b);

}  // namespace mlbot
