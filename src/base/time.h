// Points in time and distances between them; never the time itself, which only io/clock knows.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace mlbot {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// Nanoseconds since 1970-01-01T00:00:00Z.
struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;

  static constexpr Instant from_ms(std::int64_t ms) { return {ms * 1'000'000}; }
  static constexpr Instant from_seconds(std::int64_t seconds) { return {seconds * 1'000'000'000}; }
  /// Whole milliseconds since the epoch, rounded down.
  constexpr std::int64_t ms() const { return floor_to(1'000'000); }
  /// Whole seconds since the epoch, rounded down.
  constexpr std::int64_t seconds() const { return floor_to(1'000'000'000); }

 private:
  constexpr std::int64_t floor_to(std::int64_t unit) const { return ns / unit - (ns % unit < 0 ? 1 : 0); }
};

constexpr Instant operator+(Instant at, Duration d) { return {at.ns + d.count()}; }
constexpr Instant operator-(Instant at, Duration d) { return {at.ns - d.count()}; }
constexpr Duration operator-(Instant a, Instant b) { return Duration{a.ns - b.ns}; }

inline constexpr Instant distant_future{INT64_MAX};

/// "2026-06-11T20:34:05.123Z": RFC 3339, milliseconds, UTC.
std::string to_rfc3339(Instant at);

}  // namespace mlbot
