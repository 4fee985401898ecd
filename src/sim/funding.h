// Mark price and funding rate as the venue works them out (reference 15.5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/event.h"

namespace mlbot::sim {

/// Mean of mid - index over the last five minutes, one sample a second. 2.4 kB.
class BasisMean {
 public:
  /// Seconds that passed since the last sample take its value.
  void sample(Instant now, E8 basis);
  E8 mean() const { return count_ == 0 ? E8{} : E8{sum_ / static_cast<std::int64_t>(count_)}; }

  template <class Io>
  void each_field(Io& io) {
    for (std::int64_t& value : samples_) io(value);
    io(sum_);
    io(count_);
    io(next_);
    io(sampled_at_);
  }
  /// Whether what was read may be used.
  bool sound() const;

 private:
  static constexpr std::size_t window_s = 300;
  void push(std::int64_t basis);

  std::array<std::int64_t, window_s> samples_{};
  std::int64_t sum_ = 0;
  std::uint64_t count_ = 0, next_ = 0;
  Instant sampled_at_;
};

/// The premium index of each minute of a funding interval, the later the heavier: weights 1..n.
class FundingPremium {
 public:
  void add(E8 premium);
  E8 mean() const;
  void begin_anew() { *this = {}; }

  template <class Io>
  void each_field(Io& io) {
    io(weighted_sum_);
    io(samples_);
  }

 private:
  std::int64_t weighted_sum_ = 0;
  std::uint64_t samples_ = 0;
};

E8 median(E8 a, E8 b, E8 c);
/// Average price of `value` quote units of a book, best level first; nothing when the book is thinner.
std::optional<E8> impact_price(const std::vector<BookLevel>& levels, E8 value, const Instrument& instrument);
/// [max(0, impact bid - index) - max(0, index - impact ask)] / index.
E8 premium_index(std::optional<E8> impact_bid, std::optional<E8> impact_ask, E8 index);
/// What is traded to find the impact price: 200 quote units at the largest leverage.
E8 impact_notional(const Instrument& instrument);
/// The largest rate, up and down: three quarters of initial less maintenance rate of the lowest tier, at most
/// its maintenance rate. BTCUSDT: 0.375 %, as recorded.
E8 funding_cap(const Instrument& instrument);
/// clamp(premium + clamp(interest - premium, +-0.05 %), +-cap); interest is 0.01 % for eight hours.
E8 funding_rate(E8 premium_mean, const Instrument& instrument);

}  // namespace mlbot::sim
