#include "core/features/liquidation_engine.h"

#include <algorithm>
#include <utility>

#include "core/features/liquidation_rows.h"

namespace mlbot::core {
namespace {

constexpr double half_life_minutes = 360;
constexpr std::int64_t settled_minutes = 120;
constexpr double stressed_score = 2, calm_score = 1, cascade_score = 4, cascade_asymmetry = 0.8;
constexpr std::int64_t cascade_count_10s = 3;

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }

}  // namespace

LiquidationEngine::LiquidationEngine(const SymbolMarket& market)
    : market_{market},
      notional_unit_{market.lot() * 1e-8},
      minutes_{exact::exp(-ln(2.0) / half_life_minutes)} {}

void LiquidationEngine::roll(Instant now) {
  notionals_.roll(now);
  counts_.roll(now);
}

void LiquidationEngine::on_liquidations(Instant at, const Liquidations& liquidations) {
  const auto& mark = market_.ticker().mark_price;
  const double order_size = market_.order_size_estimate();
  for (const Liquidation& liquidation : liquidations.list) {
    if (liquidation.size.count <= 0) continue;
    const std::int64_t price = mark                 ? mark->count
                               : market_.mid2() > 0 ? static_cast<std::int64_t>(market_.mid() * 1e8)
                                                    : liquidation.bankruptcy_price.count;
    const Int128 amount = static_cast<Int128>(std::min(liquidation.size.count, plausible_max)) *
                          std::max<std::int64_t>(price, 0);
    const bool of_long = liquidation.liquidated == PositionSide::long_side;
    notionals_.add(of_long ? longs : shorts, amount);
    counts_.add(0, 1);
    const double quote = static_cast<double>(amount) * notional_unit_;
    largest_this_second_ = std::max(largest_this_second_, quote);
    if (std::isfinite(order_size)) {
      const double mark_of_event = std::sqrt(quote / order_size);
      (of_long ? long_fast_ : short_fast_).add(at, mark_of_event);
      slow_.add(at, mark_of_event);
    }
    last_at_ = at;
    seen_ = true;
  }
  step_cascade(at);
}

void LiquidationEngine::seal_second() {
  const std::int64_t sealed = market_.open_second() - 1;
  const Instant end = market_.now();
  roll(end);
  if (largest_this_second_ > 0)
    largest_.push(sealed, largest_this_second_);
  else
    largest_.expire(sealed);
  largest_this_second_ = 0;
  step_cascade(end);
  if (market_.open_second() % 60 == 0 && market_.covered(60))
    if (const double now = ln(share_of_typical()); std::isfinite(now)) minutes_.add(now);
  const Duration pause = in_cascade() ? Duration{5s} : Duration{30s};
  if (state_ != CascadeState::quiet && end >= triggered_at_ + pause) {
    trigger_ = true;
    triggered_at_ = end;
  }
}

bool LiquidationEngine::take_trigger() { return std::exchange(trigger_, false); }

double LiquidationEngine::notional(std::size_t side, int seconds) const {
  return to_number(notionals_.coarse(side, seconds)) * notional_unit_;
}
double LiquidationEngine::notional_5s(std::size_t side) const {
  return to_number(notionals_.fine(side, 5)) * notional_unit_;
}

double LiquidationEngine::share_of_typical() const {
  return 1 + 100 * both(60) / (market_.volume_rate() * 60);
}

bool LiquidationEngine::known() const {
  return minutes_.count() >= settled_minutes && market_.covered(60) && std::isfinite(market_.volume_rate());
}

Log LiquidationEngine::score() const {
  if (!known()) return {missing};
  const double deviation = std::max(minutes_.sd(), 0.05);
  return {share_of_typical(), 1 / deviation, -minutes_.mean() / deviation};
}

double LiquidationEngine::velocity() const {
  const double steady = 1e-3 * market_.volume_rate();
  const double fast = (notional_5s(longs) + notional_5s(shorts)) / 5, slow = both(60) / 60;
  return fast == 0 && slow == 0 ? 1.0 : (fast + steady) / (slow + steady);
}

double LiquidationEngine::direction_30s() const { return sign(notional(shorts, 30) - notional(longs, 30)); }

void LiquidationEngine::enter(CascadeState state, Instant at) {
  state_ = state;
  entered_at_ = at;
  calm_since_ = fading_since_ = distant_future;
  trigger_ = true;
  triggered_at_ = at;
}

void LiquidationEngine::step_cascade(Instant at) {
  if (!known()) return;
  const Log score_now = score();
  const double z = score_now.scale * ln(score_now.argument) + score_now.offset;
  const double v = velocity() - 1;  // the sign of the logarithm
  calm_since_ = z < calm_score ? std::min(calm_since_, at) : distant_future;
  fading_since_ = v < 0 ? std::min(fading_since_, at) : distant_future;
  const auto lasted = [at](Instant since, Duration wanted) {
    return since != distant_future && at >= since + wanted;
  };
  switch (state_) {
    case CascadeState::quiet:
    case CascadeState::stressed: {
      const double side_long = notional(longs, 30), side_short = notional(shorts, 30);
      const double whole = side_long + side_short;
      if (z >= cascade_score && counts_.fine(0, 10) >= cascade_count_10s && whole > 0 &&
          std::abs(side_short - side_long) / whole >= cascade_asymmetry) {
        enter(CascadeState::cascade, at);
        cascade_at_ = at;
        direction_ = sign(side_short - side_long);
        entry_mid2_ = market_.mid2();
        entry_sigma_ = market_.sigma();
      } else if (state_ == CascadeState::quiet && z >= stressed_score) {
        enter(CascadeState::stressed, at);
      } else if (state_ == CascadeState::stressed && lasted(calm_since_, 60s)) {
        enter(CascadeState::quiet, at);
      }
      break;
    }
    case CascadeState::cascade:
      if (lasted(fading_since_, 10s)) enter(CascadeState::exhaustion, at);
      break;
    case CascadeState::exhaustion:
      if (v > 0 && z >= cascade_score)
        enter(CascadeState::cascade, at);
      else if (z < calm_score || at >= entered_at_ + 300s)
        enter(CascadeState::quiet, at);
      break;
  }
}

double LiquidationEngine::relative(std::size_t side, int seconds) const {
  if (!market_.covered(seconds)) return missing;
  const double amount = seconds == 5 ? notional_5s(side) : notional(side, seconds);
  return 1 + amount / (market_.volume_rate() * seconds);
}

double LiquidationEngine::relative_total_1h() const {
  return market_.covered(3600) ? 1 + 100 * both(3600) / (market_.volume_rate() * 3600) : missing;
}

double LiquidationEngine::imbalance(int seconds) const {
  if (!market_.covered(seconds)) return missing;
  const double of_long = notional(longs, seconds), of_short = notional(shorts, seconds);
  return (of_short - of_long) / (of_short + of_long + 0.01 * seconds * market_.volume_rate());
}

double LiquidationEngine::share_1m() const {
  const double floor = 0.01 * 60 * market_.volume_rate();
  if (!market_.covered(60) || !std::isfinite(floor)) return missing;  // std::max would hide a missing floor
  return both(60) / std::max(market_.traded_notional(60), floor);
}

double LiquidationEngine::count_1m() const {
  return market_.covered(60) ? 1 + to_number(counts_.coarse(0, 60)) : missing;
}

double LiquidationEngine::turning_30s() const {
  if (!market_.covered(30)) return missing;
  const double last_half = both(15), whole = both(30);
  return (2 * last_half - whole) / (whole + 0.01 * 30 * market_.volume_rate());
}

double LiquidationEngine::largest_over_order() const {
  const double largest = std::max(largest_.empty() ? 0.0 : largest_.value(), largest_this_second_);
  return market_.covered(300) ? 1 + largest / market_.order_size() : missing;
}

double LiquidationEngine::pause_s() const {
  if (seen_) return std::min(static_cast<double>(market_.now().ns - last_at_.ns) * 1e-9, 3600.0);
  return market_.life_s() >= 3600 ? 3600.0 : missing;
}

bool LiquidationEngine::marked(std::int64_t life_s) const {
  return market_.life_s() >= life_s && std::isfinite(market_.order_size());
}

double LiquidationEngine::excitation() const {
  if (!marked(300)) return missing;
  return (marks_[0] + marks_[1] + 0.05) / (marks_[2] * (10.0 / 120) + 0.05);
}

double LiquidationEngine::direction_row() const {
  if (!known()) return missing;
  return in_cascade() ? direction_ : state_ == CascadeState::stressed ? direction_30s() : 0.0;
}

double LiquidationEngine::cascade_age() const {
  if (!known()) return missing;
  return in_cascade() ? static_cast<double>(market_.now().ns - cascade_at_.ns) * 1e-9 : 0.0;
}

double LiquidationEngine::cascade_move() const {
  if (!known() || !in_cascade()) return known() ? 0.0 : missing;
  const double move = log_bps(static_cast<double>(market_.mid2()), static_cast<double>(entry_mid2_));
  return move / (entry_sigma_ * std::sqrt(std::max(cascade_age(), 1.0) / 60));
}

void LiquidationEngine::refresh(Triggers due, const LiquidationEngine* leader, RowValues& out) {
  if (due & on::leader) {
    leader_net_ = missing;
    if (leader && leader->market_.covered(60))
      leader_net_ = (leader->notional(shorts, 60) - leader->notional(longs, 60)) /
                    (0.01 * 60 * leader->market_.volume_rate());
  }
  if (due & (on::liquidation | on::clock)) marks_ = values_of(market_.now(), long_fast_, short_fast_, slow_);
  refresh_rows<liquidation_rows>(*this, due, out);
}

}  // namespace mlbot::core
