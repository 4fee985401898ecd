#include "sim/funding.h"

#include <algorithm>

#include "sim/margin.h"

namespace mlbot::sim {

void BasisMean::push(std::int64_t basis) {
  if (count_ == window_s) {
    sum_ -= samples_[next_];
  } else {
    ++count_;
  }
  samples_[next_] = basis;
  sum_ += basis;
  next_ = (next_ + 1) % window_s;
}

void BasisMean::sample(Instant now, E8 basis) {
  const std::int64_t second = now.seconds(), last = sampled_at_.seconds();
  if (count_ > 0 && second <= last) return;
  if (count_ > 0) {
    const std::int64_t before = samples_[(next_ + window_s - 1) % window_s];
    const auto silent = std::min<std::int64_t>(second - last - 1, window_s);
    for (std::int64_t i = 0; i < silent; ++i) push(before);
  }
  push(basis.count);
  sampled_at_ = now;
}

bool BasisMean::sound() const { return count_ <= window_s && next_ < window_s; }

void FundingPremium::add(E8 premium) {
  ++samples_;
  weighted_sum_ += static_cast<std::int64_t>(samples_) * premium.count;
}

E8 FundingPremium::mean() const {
  if (samples_ == 0) return {};
  const auto n = static_cast<std::int64_t>(samples_);
  return {weighted_sum_ / (n * (n + 1) / 2)};
}

E8 median(E8 a, E8 b, E8 c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

std::optional<E8> impact_price(const std::vector<BookLevel>& levels, E8 value, const Instrument& instrument) {
  E8 left = value, coins;
  for (const BookLevel& level : levels) {
    const E8 price = instrument.price(level.price);
    const E8 offered = instrument.notional(level.price, level.size);
    const E8 taken = std::min(left, offered);
    coins = coins +
            (taken == offered ? instrument.size(level.size) : multiply_divide(taken, E8{e8_per_unit}, price));
    left = left - taken;
    if (left.count == 0) break;
  }
  if (left.count > 0 || coins.count == 0) return std::nullopt;
  return multiply_divide(value, E8{e8_per_unit}, coins);
}

E8 premium_index(std::optional<E8> impact_bid, std::optional<E8> impact_ask, E8 index) {
  if (index.count <= 0) return {};
  const E8 above = impact_bid ? std::max(*impact_bid - index, E8{}) : E8{};
  const E8 below = impact_ask ? std::max(index - *impact_ask, E8{}) : E8{};
  return multiply_divide(above - below, E8{e8_per_unit}, index);
}

E8 impact_notional(const Instrument& instrument) {
  return multiply(E8{200 * e8_per_unit}, instrument.max_leverage);
}

E8 funding_cap(const Instrument& instrument) {
  const E8 initial{e8_per_unit * e8_per_unit / instrument.max_leverage.count};
  const E8 room{(initial.count - instrument.maintenance_margin.count) * 3 / 4};
  return std::max(std::min(room, instrument.maintenance_margin), E8{});
}

E8 funding_rate(E8 premium_mean, const Instrument& instrument) {
  constexpr std::int64_t interest_of_eight_hours = 10'000, pull = 50'000;
  const std::int64_t interest = interest_of_eight_hours * instrument.funding_interval_minutes / 480;
  const std::int64_t pulled = std::clamp(interest - premium_mean.count, -pull, pull);
  const std::int64_t cap = funding_cap(instrument).count;
  return {std::clamp(premium_mean.count + pulled, -cap, cap)};
}

}  // namespace mlbot::sim
