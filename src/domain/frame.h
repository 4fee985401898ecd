// The seam between the market stage and the trade stage: one symbol's features at one decision instant.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "domain/event.h"

namespace mlbot {

inline constexpr std::size_t feature_count = 142;

struct TopOfBook {
  PriceTicks bid, ask;
  Lots bid_size, ask_size;
  bool synced = false;  ///< false: the book is stale or empty and the prices mean nothing
  bool operator==(const TopOfBook&) const = default;
};

/// What limits and order sizes need of the market beside the features. Zero where it is not known.
struct MarketActivity {
  Lots bid_depth, ask_depth;           ///< displayed on the ten best levels of each side
  PriceTicks lowest_bid, highest_ask;  ///< the furthest price counted in them
  Lots minute_volume;                  ///< of the last confirmed minute
  double traded_5m = 0;                ///< quote units of the last five minutes, both sides
  std::int64_t book_period_ns = 0;     ///< between messages that move the book, running mean
  bool operator==(const MarketActivity&) const = default;
};

/// Why a frame was made; several may fall on one instant.
enum class FrameTrigger : std::uint8_t { second = 1, cusum = 2, cascade = 4 };

struct FeatureFrame {
  SymbolId symbol;
  std::uint64_t number = 0;  ///< +1 a frame of this symbol in this run
  Sequence cause;            ///< the event that made it due
  Instant at;
  std::uint8_t triggers = 0;  ///< bits of FrameTrigger
  TopOfBook top;
  Instant book_at;          ///< when the last message that moved the book was read: its age is at - book_at
  MarketActivity activity;  ///< not part of the digest
  std::array<double, feature_count> values{};  ///< catalogue order; quiet NaN where not valid
  std::array<std::uint64_t, 3> validity{};     ///< bit i: values[i] is defined
  std::uint64_t digest = 0;                    ///< frame_digest of all of the above

  bool valid(std::size_t i) const { return (validity[i / 64] >> (i % 64)) & 1; }
  void set(std::size_t i, double value) {
    values[i] = value;
    validity[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  void set_missing(std::size_t i) {
    values[i] = std::numeric_limits<double>::quiet_NaN();
    validity[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  }
  std::size_t missing_count() const;
};

/// 64 bits over schema hash, symbol, number, time and canonical values (every NaN alike, -0 as 0).
std::uint64_t frame_digest(std::uint64_t schema_hash, const FeatureFrame& frame);

}  // namespace mlbot
