// How an engine declares its rows, and how their values are kept between reads.
//
// A row is one block: what it means (FeatureSpec), how it is read from the engine's state (forward), and its
// definition over raw events (slow). An engine's rows are one constexpr tuple in its *_rows.h.
// Cost: a row that nothing touched costs one test of a bit; the logarithms of a refresh are taken together.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/exact_math.h"
#include "core/features/feature_hub.h"

namespace mlbot::core {

class History;

/// The value scale * ln(argument) + offset. A row that ends with a logarithm gives this instead of a number,
/// so that many are taken at once; the bits are the same.
struct Log {
  double argument;
  double scale = 1;
  double offset = 0;
};

/// sgn(x) * ln(1 + |x|)
inline Log signed_log_of(double x) { return {1 + std::abs(x), x < 0 ? -1.0 : 1.0}; }

/// The values of one symbol's last refresh: clamped, NaN where missing.
class RowValues {
 public:
  RowValues() { values_.fill(std::numeric_limits<double>::quiet_NaN()); }

  /// The clamp comes last, and what is not finite is missing.
  void put(std::size_t position, double value, double low, double high) {
    const double kept = value < low ? low : value > high ? high : value;
    const bool finite = value - value == 0;
    valid_[position] = finite;
    clamped_[position] = finite && kept != value;
    values_[position] = finite ? kept : std::numeric_limits<double>::quiet_NaN();
  }
  void put(std::size_t position, Log log, double low, double high) {
    arguments_[waiting_] = log.argument;
    waiting_rows_[waiting_++] = {position, log.scale, log.offset, low, high};
  }
  /// Takes the logarithms that wait and notes which rows are valid.
  void finish();

  /// Writes values and validity; counts the rows that stand at their clamp.
  void copy_to(FeatureFrame& frame, std::span<std::uint64_t> clamp_hits) const;

 private:
  static constexpr std::size_t padded = 3 * 64;
  struct Waiting {
    std::size_t position;
    double scale, offset, low, high;
  };
  alignas(64) std::array<double, feature_count> values_;
  std::array<std::uint64_t, 3> validity_{};
  std::array<std::uint8_t, padded> valid_{}, clamped_{};  ///< 0 or 1
  std::array<double, feature_count> arguments_{};
  std::array<Waiting, feature_count> waiting_rows_{};
  std::size_t waiting_ = 0;
};

template <class Forward, class Slow>
struct Row {
  FeatureSpec spec;
  Forward forward;  ///< (const Engine&) -> double or Log: what the engine's state says now
  Slow slow;        ///< (const History&, Instant) -> double: the definition over raw events
};
template <class Forward, class Slow>
consteval auto row(const FeatureSpec& spec, Forward forward, Slow slow) {
  return Row<Forward, Slow>{spec, forward, slow};
}

/// Computes the rows that one of the triggers can have changed.
template <const auto& Rows, class Engine>
void refresh_rows(const Engine& engine, Triggers due, RowValues& out) {
  const auto refresh = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
    constexpr const auto& row = std::get<Index>(Rows);
    if (due & row.spec.triggers)
      out.put(row.spec.id - 1u, row.forward(engine), row.spec.clamp_low, row.spec.clamp_high);
  };
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (refresh(std::integral_constant<std::size_t, Index>{}), ...);
  }(std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<decltype(Rows)>>>{});
}

using SlowRow = double (*)(const History&, Instant);

}  // namespace mlbot::core
