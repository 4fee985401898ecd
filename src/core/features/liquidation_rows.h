// Rows 85-108: what each means, how the engine's state says it, and its definition over raw events.
#pragma once

#include <algorithm>

#include "core/features/history.h"
#include "core/features/liquidation_engine.h"
#include "core/features/rows.h"

namespace mlbot::core {
namespace liquidation_definitions {

using E = LiquidationEngine;

inline bool of_longs(const History::Forced& f) { return f.of_long; }
inline bool of_shorts(const History::Forced& f) { return !f.of_long; }
inline bool of_both(const History::Forced&) { return true; }
/// The end of a time that holds the instant itself.
inline Instant after(Instant t) { return Instant{t.ns + 1}; }

/// Liquidations of [begin, end), oldest first.
template <class Act>
void for_each_forced(const History& h, Instant begin, Instant end, Act act) {
  const auto& forced = h.forced();
  auto one = std::lower_bound(forced.begin(), forced.end(), begin,
                              [](const History::Forced& f, Instant at) { return f.at < at; });
  for (; one != forced.end() && one->at < end; ++one) act(*one);
}
/// Quote units liquidated in a window on the grid. @param covered  the window whose coverage is asked; 0:
/// this
template <class Counts>
double slow_liquidated(const History& h, Instant t, int seconds, std::int64_t grid_ns, Counts counts,
                       int covered = 0) {
  if (!h.covered(t, covered > 0 ? covered : seconds)) return missing;
  double sum = 0;
  for_each_forced(h, History::window_begin(t, seconds, grid_ns), after(t),
                  [&](const History::Forced& f) { sum += counts(f) ? f.quote : 0.0; });
  return sum;
}
inline double slow_count(const History& h, Instant t, int seconds, std::int64_t grid_ns) {
  double count = 0;
  for_each_forced(h, History::window_begin(t, seconds, grid_ns), after(t),
                  [&](const History::Forced&) { ++count; });
  return count;
}
inline double slow_imbalance(const History& h, Instant t, int seconds) {
  const double longs = slow_liquidated(h, t, seconds, second_ns, of_longs),
               shorts = slow_liquidated(h, t, seconds, second_ns, of_shorts);
  return (shorts - longs) / (shorts + longs + 0.01 * seconds * h.volume_rate(t));
}

/// Decayed sum of the marks sqrt(n / typical order) of those that count.
template <class Counts>
double slow_marks(const History& h, Instant t, int life_s, double time_constant_s, Counts counts) {
  if (h.life_s(t) < life_s || !std::isfinite(h.order_size(t))) return missing;
  const Instant begin{t.ns -
                      static_cast<std::int64_t>(45 * time_constant_s) * second_ns};  // e^-45 is nothing
  double sum = 0;
  for_each_forced(h, begin, after(t), [&](const History::Forced& f) {
    const double typical = counts(f) ? h.order_size_estimate(f.at) : missing;
    if (std::isfinite(typical))
      sum += std::sqrt(f.quote / typical) *
             exact::exp(-static_cast<double>((t - f.at).count()) * 1e-9 / time_constant_s);
  });
  return sum;
}

/// y of row 96. Windows that end at a sealed minute hold nothing of the instant itself.
/// A candle that comes at the very end of a second may seed the volume norm after the second was sealed.
inline double slow_intensity(const History& h, Instant t, Instant end) {
  const double typical = end == t ? h.closed(t, 1)->volume_rate : h.volume_rate(t);
  double sum = 0;
  for_each_forced(h, History::window_begin(t, 60, second_ns), end,
                  [&](const History::Forced& f) { sum += f.quote; });
  return exact::log(1 + 100 * sum / (60 * typical));
}
/// The sealed minutes that could be scored by t, oldest first.
inline std::vector<std::pair<Instant, double>> scored_minutes(const History& h, Instant t) {
  std::vector<std::pair<Instant, double>> out;
  for (const History::Second& second : h.seconds()) {
    const Instant end = second.end();
    if (end > t) break;
    if (end.seconds() % 60 != 0 || !h.covered(end, 60)) continue;
    if (const double y = slow_intensity(h, end, end); std::isfinite(y)) out.emplace_back(end, y);
  }
  return out;
}
struct Usual {
  double mean = missing, sd = missing;
  std::size_t minutes = 0;
};
/// Of the minutes scored before an instant, half-life six hours.
inline Usual usual_before(const std::vector<std::pair<Instant, double>>& minutes, Instant t) {
  Usual out;
  double whole = 0, sum = 0, squares = 0;
  for (const auto& [end, y] : minutes)
    if (end < t) ++out.minutes;
  const auto weight = [&](std::size_t i) {
    return exact::exp(-0.69314718055994530942 / 360 * static_cast<double>(out.minutes - 1 - i));
  };
  for (std::size_t i = 0; i < out.minutes; ++i) whole += weight(i), sum += weight(i) * minutes[i].second;
  out.mean = sum / whole;
  for (std::size_t i = 0; i < out.minutes; ++i)
    squares += weight(i) * (minutes[i].second - out.mean) * (minutes[i].second - out.mean);
  out.sd = std::sqrt(squares / whole);
  return out;
}
inline double slow_score(const History& h, Instant t, Instant end, const Usual& usual) {
  if (usual.minutes < 120 || !h.covered(t, 60)) return missing;
  return (slow_intensity(h, t, end) - usual.mean) / std::max(usual.sd, 0.05);
}
inline double slow_score(const History& h, Instant t) {
  return slow_score(h, t, after(t), usual_before(scored_minutes(h, t), after(t)));
}

inline double slow_velocity(const History& h, Instant t) {
  const double steady = 1e-3 * h.volume_rate(t);
  double fast = 0, slow = 0;
  for_each_forced(h, History::window_begin(t, 5, fine_cell_ns), after(t),
                  [&](const History::Forced& f) { fast += f.quote; });
  for_each_forced(h, History::window_begin(t, 60, second_ns), after(t),
                  [&](const History::Forced& f) { slow += f.quote; });
  return fast == 0 && slow == 0 ? 0.0 : exact::log((fast / 5 + steady) / (slow / 60 + steady));
}
/// -1 where more longs than shorts are liquidated over 30 s.
inline double slow_direction(const History& h, Instant t) {
  double net = 0;
  for_each_forced(h, History::window_begin(t, 30, second_ns), after(t),
                  [&](const History::Forced& f) { net += f.of_long ? -f.quote : f.quote; });
  return net > 0 ? 1.0 : net < 0 ? -1.0 : 0.0;
}

/// The machine of catalogue 2.6, walked from its beginning: over every sealed second and every message of
/// liquidations. Until the first liquidation nothing can move it.
struct Cascade {
  int state = 0;  ///< negative: row 96 is missing
  Instant entered, began;
  double direction = 0, entry_mid2 = missing, entry_sigma = missing;
};
inline Cascade slow_cascade(const History& h, Instant t) {
  Cascade c;
  const auto minutes = scored_minutes(h, t);
  if (!std::isfinite(slow_score(h, t, after(t), usual_before(minutes, after(t))))) return {.state = -1};
  Instant calm = distant_future, fading = distant_future;
  // `sealing`: the window ends with the second and holds nothing of the instant itself.
  const auto step = [&](Instant at, bool sealing) {
    const Usual usual = usual_before(minutes, at);
    const double z = slow_score(h, at, sealing ? at : after(at), usual);
    if (!std::isfinite(z)) return;
    double longs = 0, shorts = 0, count = 0, fast = 0, minute = 0;
    const Instant end = sealing ? at : after(at);
    for_each_forced(h, History::window_begin(at, 30, second_ns), end,
                    [&](const History::Forced& f) { (f.of_long ? longs : shorts) += f.quote; });
    for_each_forced(h, History::window_begin(at, 10, fine_cell_ns), end,
                    [&](const History::Forced&) { ++count; });
    for_each_forced(h, History::window_begin(at, 5, fine_cell_ns), end,
                    [&](const History::Forced& f) { fast += f.quote; });
    for_each_forced(h, History::window_begin(at, 60, second_ns), end,
                    [&](const History::Forced& f) { minute += f.quote; });
    const double steady = 1e-3 * (sealing ? h.closed(at, 1)->volume_rate : h.volume_rate(at));
    const double v =
        fast == 0 && minute == 0 ? 0.0 : exact::log((fast / 5 + steady) / (minute / 60 + steady));
    calm = z < 1 ? std::min(calm, at) : distant_future;
    fading = v < 0 ? std::min(fading, at) : distant_future;
    const auto lasted = [&](Instant since, Duration wanted) {
      return since != distant_future && at >= since + wanted;
    };
    const auto enter = [&](int state) {
      c.state = state;
      c.entered = at;
      calm = fading = distant_future;
    };
    const bool one_sided = longs + shorts > 0 && std::abs(shorts - longs) / (longs + shorts) >= 0.8;
    if (c.state <= 1 && z >= 4 && count >= 3 && one_sided) {
      enter(2);
      c.began = at;
      c.direction = shorts > longs ? 1 : -1;
      c.entry_mid2 = h.mid2(at);
      c.entry_sigma = h.sigma(at);
    } else if (c.state == 0 && z >= 2) {
      enter(1);
    } else if (c.state == 1 && lasted(calm, 60s)) {
      enter(0);
    } else if (c.state == 2 && lasted(fading, 10s)) {
      enter(3);
    } else if (c.state == 3 && v > 0 && z >= 4) {
      enter(2);
    } else if (c.state == 3 && (z < 1 || at >= c.entered + 300s)) {
      enter(0);
    }
  };
  std::size_t next = 0;
  const auto& forced = h.forced();
  const auto step_messages_before = [&](Instant end) {
    for (; next < forced.size() && forced[next].at < end; ++next)
      if (next + 1 == forced.size() || forced[next + 1].at != forced[next].at) step(forced[next].at, false);
  };
  for (const History::Second& second : h.seconds()) {
    if (second.end() > t) break;
    step_messages_before(second.end());
    if (minutes.size() >= 120 && second.end() >= minutes[119].first) step(second.end(), true);
  }
  step_messages_before(after(t));
  return c;
}

}  // namespace liquidation_definitions

inline constexpr auto liquidation_rows = [] {
  using namespace liquidation_definitions;
  return std::tuple{
      row(
          {.id = 85,
           .name = "liq_long_rel_5s",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "5 s; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Lq(5) / (V̄ · 5 s) ), Lq = notional of liquidated long positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(88)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::cell | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 5}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::longs, 5)}; },
          [](const History& h, Instant t) {
            return exact::log(1 + slow_liquidated(h, t, 5, fine_cell_ns, of_longs) / (5 * h.volume_rate(t)));
          }),
      row(
          {.id = 86,
           .name = "liq_long_rel_1m",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "1 m; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Lq(60) / (V̄ · 60 s) ), Lq = notional of liquidated long positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(89)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::longs, 60)}; },
          [](const History& h, Instant t) {
            return exact::log(1 + slow_liquidated(h, t, 60, second_ns, of_longs) / (60 * h.volume_rate(t)));
          }),
      row(
          {.id = 87,
           .name = "liq_long_rel_5m",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "5 m; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Lq(300) / (V̄ · 300 s) ), Lq = notional of liquidated long positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(90)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 300}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::longs, 300)}; },
          [](const History& h, Instant t) {
            return exact::log(1 + slow_liquidated(h, t, 300, second_ns, of_longs) / (300 * h.volume_rate(t)));
          }),
      row(
          {.id = 88,
           .name = "liq_short_rel_5s",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "5 s; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Sq(5) / (V̄ · 5 s) ), Sq = notional of liquidated short positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(85)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::cell | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 5}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::shorts, 5)}; },
          [](const History& h, Instant t) {
            return exact::log(1 + slow_liquidated(h, t, 5, fine_cell_ns, of_shorts) / (5 * h.volume_rate(t)));
          }),
      row(
          {.id = 89,
           .name = "liq_short_rel_1m",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "1 m; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Sq(60) / (V̄ · 60 s) ), Sq = notional of liquidated short positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(86)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::shorts, 60)}; },
          [](const History& h, Instant t) {
            return exact::log(1 + slow_liquidated(h, t, 60, second_ns, of_shorts) / (60 * h.volume_rate(t)));
          }),
      row(
          {.id = 90,
           .name = "liq_short_rel_5m",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "5 m; cov ≥ 0.98; V̄ valid",
           .definition = "ln( 1 + Sq(300) / (V̄ · 300 s) ), Sq = notional of liquidated short positions",
           .undefined = "none in a covered window → 0 (information, not missing)",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(87)",
           .source =
               "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 300}},
          [](const LiquidationEngine& e) { return Log{e.relative(E::shorts, 300)}; },
          [](const History& h, Instant t) {
            return exact::log(1 +
                              slow_liquidated(h, t, 300, second_ns, of_shorts) / (300 * h.volume_rate(t)));
          }),
      row(
          {.id = 91,
           .name = "liq_total_rel_1h",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "1 h; cov ≥ 0.98",
           .definition = "ln( 1 + 100·(Lq + Sq)(3600) / (V̄ · 3600 s) )",
           .undefined = "0",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "background stress",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 3600}},
          [](const LiquidationEngine& e) { return Log{e.relative_total_1h()}; },
          [](const History& h, Instant t) {
            return exact::log(1 + 100 * slow_liquidated(h, t, 3600, second_ns, of_both) /
                                      (3600 * h.volume_rate(t)));
          }),
      row(
          {.id = 92,
           .name = "liq_imb_1m",
           .engine = Engine::liquidation,
           .unit = "imbalance",
           .window = "1 m",
           .definition = "(Sq − Lq)/(Sq + Lq + 0.01·60 s·V̄); + = forced buying",
           .undefined = "0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "liquidation asymmetry; the floor keeps one tiny event from printing ±1",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60}},
          [](const LiquidationEngine& e) { return e.imbalance(60); },
          [](const History& h, Instant t) { return slow_imbalance(h, t, 60); }),
      row(
          {.id = 93,
           .name = "liq_imb_15m",
           .engine = Engine::liquidation,
           .unit = "imbalance",
           .window = "15 m",
           .definition = "(Sq − Lq)/(Sq + Lq + 0.01·900 s·V̄)",
           .undefined = "0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "liquidation asymmetry; the floor keeps one tiny event from printing ±1",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 900}},
          [](const LiquidationEngine& e) { return e.imbalance(900); },
          [](const History& h, Instant t) { return slow_imbalance(h, t, 900); }),
      row(
          {.id = 94,
           .name = "liq_share_1m",
           .engine = Engine::liquidation,
           .unit = "share",
           .window = "1 m",
           .definition = "(Lq + Sq)(60) / max( V_60, 0.01·60 s·V̄ )",
           .undefined = "0",
           .clamp_low = 0,
           .clamp_high = 1.5,
           .lookahead = 'A',
           .mirror = "E",
           .source = "share of volume that is forced",
           .triggers = on::liquidation | on::second | on::candle | on::trade,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60}},
          [](const LiquidationEngine& e) { return e.share_1m(); },
          [](const History& h, Instant t) {
            const double floor = 0.01 * 60 * h.volume_rate(t);
            if (!std::isfinite(floor)) return missing;
            const double traded =
                h.over_prints(t, 60, second_ns, [](const History::Print& p) { return p.notional; });
            return slow_liquidated(h, t, 60, second_ns, of_both) / std::max(traded, floor);
          }),
      row(
          {.id = 95,
           .name = "liq_count_1m",
           .engine = Engine::liquidation,
           .unit = "log of count",
           .window = "1 m",
           .definition = "ln( 1 + N_liq(60) )",
           .undefined = "0",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "count intensity",
           .triggers = on::liquidation | on::second,
           .needs = {.covered_s = 60}},
          [](const LiquidationEngine& e) { return Log{e.count_1m()}; },
          [](const History& h, Instant t) {
            return exact::log(1 + (h.covered(t, 60) ? slow_count(h, t, 60, second_ns) : missing));
          }),
      row(
          {.id = 96,
           .name = "liq_z_1m",
           .engine = Engine::liquidation,
           .unit = "standard deviations",
           .window = "valid after 120 minutes of life; state checkpointed across restarts",
           .definition = "( y − EWmean ) / max(EWsd, 0.05), y = ln(1 + 100·(Lq+Sq)(60)/(V̄·60 s)); mean and "
                         "sd over sealed minutes, half-life 6 h, updated after scoring",
           .undefined = "missing",
           .clamp_low = -3,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "E",
           .source = "liquidation z-score of the original design, made causal (original mixed whole-sample "
                     "quantiles into spike detection, see 8.3)",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60, .minutes = 120}},
          [](const LiquidationEngine& e) { return e.score(); },
          [](const History& h, Instant t) { return slow_score(h, t); }),
      row(
          {.id = 97,
           .name = "liq_velocity",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "1 m",
           .definition = "ln( (L_5/5 + c) / (L_60/60 + c) ), L = Lq + Sq, c = 1e-3·V̄ per second",
           .undefined = "0 when both are 0",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "acceleration of forced flow",
           .triggers = on::liquidation | on::cell | on::candle,
           .needs = {.covered_s = 60}},
          [](const LiquidationEngine& e) { return Log{e.velocity_row()}; },
          [](const History& h, Instant t) { return h.covered(t, 60) ? slow_velocity(h, t) : missing; }),
      row(
          {.id = 98,
           .name = "liq_accel_30s",
           .engine = Engine::liquidation,
           .unit = "imbalance",
           .window = "30 s",
           .definition = "( L_[0,15) − L_[15,30) ) / ( L_30 + 0.01·30 s·V̄ )",
           .undefined = "0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "E",
           .source = "rising or fading",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 30}},
          [](const LiquidationEngine& e) { return e.turning_30s(); },
          [](const History& h, Instant t) {
            const double last = slow_liquidated(h, t, 15, second_ns, of_both, 30),
                         whole = slow_liquidated(h, t, 30, second_ns, of_both);
            return (2 * last - whole) / (whole + 0.01 * 30 * h.volume_rate(t));
          }),
      row(
          {.id = 99,
           .name = "liq_max_rel_5m",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "5 m; q̄ valid",
           .definition = "ln( 1 + largest single liquidation notional in 5 m / q̄ )",
           .undefined = "none → 0",
           .clamp_low = 0,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "E",
           .source = "large-liquidation marker (original large_liq_ratio)",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.covered_s = 300, .life_s = 900}},
          [](const LiquidationEngine& e) { return Log{e.largest_over_order()}; },
          [](const History& h, Instant t) {
            if (!h.covered(t, 300)) return missing;
            double largest = 0;
            for_each_forced(h, History::window_begin(t, 300, second_ns), after(t),
                            [&](const History::Forced& f) { largest = std::max(largest, f.quote); });
            return exact::log(1 + largest / h.order_size(t));
          }),
      row(
          {.id = 100,
           .name = "liq_leader_signed_1m",
           .engine = Engine::liquidation,
           .unit = "signed log ratio",
           .window = "1 m on Λ; Λ feed age ≤ 5 s",
           .definition = "slog( (Sq − Lq)(60) of leader Λ / (0.01·60 s·V̄_Λ) )",
           .undefined = "Λ stale → missing",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "O",
           .source = "cross-symbol spillover (original spillover_volume); leader rule 2.5",
           .triggers = on::leader,
           .needs = {.inputs = needs::leader, .leader_covered_s = 60}},
          [](const LiquidationEngine& e) { return signed_log_of(e.leader_net()); },
          [](const History& h, Instant t) {
            const History* lead = h.leader(t);
            if (!lead) return missing;
            const double net = slow_liquidated(*lead, t, 60, second_ns, of_shorts) -
                               slow_liquidated(*lead, t, 60, second_ns, of_longs);
            const double share = net / (0.01 * 60 * lead->volume_rate(t));
            return std::copysign(exact::log(1 + std::abs(share)), share);
          }),
      row(
          {.id = 101,
           .name = "liq_gap_log_s",
           .engine = Engine::liquidation,
           .unit = "ln s",
           .window = "at least one seen, or 3600 s of life",
           .definition = "ln( 0.5 + seconds since the last liquidation of this symbol ), capped at 3600 s",
           .undefined = "missing before that",
           .clamp_low = -0.7,
           .clamp_high = 8.2,
           .lookahead = 'A',
           .mirror = "E",
           .source = "inter-arrival time",
           .triggers = on::liquidation | on::clock},
          [](const LiquidationEngine& e) { return Log{e.pause_s() + 0.5}; },
          [](const History& h, Instant t) {
            double pause = h.life_s(t) >= 3600 ? 3600.0 : missing;
            for (const History::Forced& f : h.forced())
              if (f.at <= t) pause = std::min(static_cast<double>((t - f.at).count()) * 1e-9, 3600.0);
            return exact::log(0.5 + pause);
          }),
      row(
          {.id = 102,
           .name = "liq_hawkes_long_10s",
           .engine = Engine::liquidation,
           .unit = "log of marks",
           .window = "valid after 60 s of life",
           .definition = "ln( 1 + h ), h = Σ sqrt(n_i/q̄)·exp(−(t − t_i)/10 s) over liquidated longs",
           .undefined = "0",
           .clamp_low = 0,
           .clamp_high = 10,
           .lookahead = 'A',
           .mirror = "P(103)",
           .source = "Hawkes exponential kernel with marks (Hawkes 1971; Bacry, Mastromatteo & Muzy 2015)",
           .triggers = on::liquidation | on::clock | on::candle,
           .needs = {.life_s = 900}},
          [](const LiquidationEngine& e) { return Log{1 + e.marks_long()}; },
          [](const History& h, Instant t) { return exact::log(1 + slow_marks(h, t, 60, 10, of_longs)); }),
      row(
          {.id = 103,
           .name = "liq_hawkes_short_10s",
           .engine = Engine::liquidation,
           .unit = "log of marks",
           .window = "valid after 60 s",
           .definition = "ln( 1 + h ), h = Σ sqrt(n_i/q̄)·exp(−(t − t_i)/10 s) over liquidated shorts",
           .undefined = "0",
           .clamp_low = 0,
           .clamp_high = 10,
           .lookahead = 'A',
           .mirror = "P(102)",
           .source = "Hawkes exponential kernel with marks (Hawkes 1971; Bacry, Mastromatteo & Muzy 2015)",
           .triggers = on::liquidation | on::clock | on::candle,
           .needs = {.life_s = 900}},
          [](const LiquidationEngine& e) { return Log{1 + e.marks_short()}; },
          [](const History& h, Instant t) { return exact::log(1 + slow_marks(h, t, 60, 10, of_shorts)); }),
      row(
          {.id = 104,
           .name = "liq_hawkes_ratio",
           .engine = Engine::liquidation,
           .unit = "log ratio",
           .window = "valid after 300 s",
           .definition =
               "ln( (h_10 + 0.05) / (h_120·(10/120) + 0.05) ), both sides pooled; 0 in steady state",
           .undefined = "0",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "E",
           .source = "self-excitation: fast over slow intensity",
           .triggers = on::liquidation | on::clock | on::candle,
           .needs = {.life_s = 900}},
          [](const LiquidationEngine& e) { return Log{e.excitation()}; },
          [](const History& h, Instant t) {
            return exact::log((slow_marks(h, t, 300, 10, of_both) + 0.05) /
                              (slow_marks(h, t, 300, 120, of_both) * (10.0 / 120) + 0.05));
          }),
      row(
          {.id = 105,
           .name = "cascade_state",
           .engine = Engine::liquidation,
           .unit = "state",
           .window = "needs 96",
           .definition = "0 quiet, 1 stressed, 2 cascade, 3 exhaustion: state machine of 2.6",
           .undefined = "missing until 96 is valid",
           .clamp_low = 0,
           .clamp_high = 3,
           .lookahead = 'A',
           .mirror = "E",
           .source = "this proposal; replaces whole-sample spike labels",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60, .minutes = 120}},
          [](const LiquidationEngine& e) { return e.state_row(); },
          [](const History& h, Instant t) {
            const int state = slow_cascade(h, t).state;
            return state >= 0 ? static_cast<double>(state) : missing;
          }),
      row(
          {.id = 106,
           .name = "cascade_dir",
           .engine = Engine::liquidation,
           .unit = "sign",
           .window = "needs 96",
           .definition = "sign of (Sq − Lq) over 30 s, latched on entering state 2; current sign in state 1; "
                         "0 in state 0",
           .undefined = "missing until 96 is valid",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "this proposal",
           .triggers = on::liquidation | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60, .minutes = 120}},
          [](const LiquidationEngine& e) { return e.direction_row(); },
          [](const History& h, Instant t) {
            const Cascade c = slow_cascade(h, t);
            if (!(c.state >= 0)) return missing;
            return c.state >= 2 ? c.direction : c.state == 1 ? slow_direction(h, t) : 0.0;
          }),
      row(
          {.id = 107,
           .name = "cascade_age_log",
           .engine = Engine::liquidation,
           .unit = "ln s",
           .window = "needs 96",
           .definition = "ln( 1 + seconds since entering state 2 ), 0 in states 0 and 1",
           .undefined = "missing until 96 is valid",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "this proposal",
           .triggers = on::liquidation | on::second | on::candle | on::clock,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60, .minutes = 120}},
          [](const LiquidationEngine& e) { return Log{e.cascade_age() + 1}; },
          [](const History& h, Instant t) {
            const Cascade c = slow_cascade(h, t);
            return c.state >= 2   ? exact::log(1 + static_cast<double>((t - c.began).count()) * 1e-9)
                   : c.state >= 0 ? 0.0
                                  : missing;
          }),
      row(
          {.id = 108,
           .name = "cascade_move_z",
           .engine = Engine::liquidation,
           .unit = "standard deviations",
           .window = "needs 96",
           .definition = "1e4·ln( m / m_entry ) / ( σ̄_entry·sqrt(max(age, 1 s)/60 s) ), 0 in states 0 and 1",
           .undefined = "missing until 96 is valid",
           .clamp_low = -15,
           .clamp_high = 15,
           .lookahead = 'A',
           .mirror = "O",
           .source = "move since the cascade began, in pre-cascade σ",
           .triggers = on::liquidation | on::second | on::candle | on::clock | on::book,
           .needs = {.inputs = needs::volume_norm, .covered_s = 60, .minutes = 120}},
          [](const LiquidationEngine& e) { return e.cascade_move(); },
          [](const History& h, Instant t) {
            const Cascade c = slow_cascade(h, t);
            if (!(c.state >= 2)) return c.state >= 0 ? 0.0 : missing;
            const double age = std::max(1.0, static_cast<double>((t - c.began).count()) * 1e-9);
            return 1e4 * exact::log(h.mid2(t) / c.entry_mid2) / (c.entry_sigma * std::sqrt(age / 60));
          })};
}();

}  // namespace mlbot::core
