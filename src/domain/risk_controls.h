// The forty-two controls between a wish and the venue, and the limits they hold: each declared once. The gate
// (core/orders/risk_manager.h) judges by this table, the configuration reads and checks its ranges by it,
// `mlbot risk list` and docs/reference/risk-controls.md are printed from it.
//
// A limit moves between two ends. The loose end is the ceiling: no configuration goes beyond it, because
// within_ceilings() cuts to it before the gate ever sees the value. Tightening acts at once; loosening waits
// for an operator (tightened(), loosenings()).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/decision.h"
#include "domain/settings.h"

namespace mlbot {

/// The value is the number by which a control is known: price_collar is K06.
enum class Control : std::uint8_t {
  none = 0,
  trading_state,
  allowed_instruments,
  environment,
  order_quantity,
  order_value,
  price_collar,
  fill_collar,
  market_slippage,
  symbol_exposure,
  total_exposure,
  open_orders,
  message_rate,
  cancel_reserve,
  round_trips,
  duplicates,
  intent_ratio,
  daily_loss,
  drawdown,
  loss_streak,
  leverage,
  liquidation_distance,
  stop_attached,
  freshness,
  book_sanity,
  feature_validity,
  model_validity,
  decision_ttl,
  clock_offset,
  unknown_orders,
  reconciliation,
  rejections,
  self_match,
  venue_status,
  funding_window,
  adl_rank,
  resources,
  versions,
  model_ramp,
  external_activity,
  guard_heartbeat,
  calendar,
  cancel_ratio,
};
inline constexpr std::size_t control_count = 42;

/// hard: the order is refused. soft: it is refused for a while, shrunk or warned about. latch: trading is
/// reduced or halted until a person resumes it.
enum class ControlKind : std::uint8_t { hard, soft, latch };
std::string_view to_string(ControlKind kind);

enum class Unit : std::uint8_t {
  flag,  ///< 1 is yes
  bps,
  percent,
  usdt,
  lots,
  ticks,
  count,
  milliseconds,
  seconds,
  minutes,
  hours,
  days,
  mebibytes,
  times,
};
std::string_view to_string(Unit unit);

struct RiskControl {
  Control control;
  std::string_view name;
  ControlKind kind;
  ReasonCode reason;      ///< the one it gives first; some give finer ones
  std::string_view rule;  ///< what must hold
  std::string_view when_broken;
  std::string_view looks_at;
  std::string_view source;
  constexpr int number() const { return static_cast<int>(control); }
};
/// In the order of their numbers.
extern const std::array<RiskControl, control_count> risk_controls;
const RiskControl& declaration(Control control);
/// "K06".
std::string control_label(Control control);

enum class Tighter : std::uint8_t { lower, higher, neither };

struct RiskLimit {
  Control control;
  std::string_view key;  ///< in section [risk] of the configuration
  E8 RiskLimits::* amount = nullptr;
  std::uint32_t RiskLimits::* number = nullptr;
  Unit unit;
  double lowest, highest;  ///< what may be configured; the loose end is the absolute ceiling
  Tighter tighter;         ///< neither: every change is deliberate
  std::string_view meaning;

  double of(const RiskLimits& limits) const;
  void set(RiskLimits& limits, double value) const;
  /// True when `wanted` lets more through than `held`.
  bool loosens(const RiskLimits& held, const RiskLimits& wanted) const;
};
std::span<const RiskLimit> risk_limits();

/// Every limit cut to its two ends.
RiskLimits within_ceilings(RiskLimits limits);
/// Of each limit the tighter one; where neither is, the held one.
RiskLimits tightened(const RiskLimits& held, const RiskLimits& wanted);
/// The limits that `wanted` would loosen.
std::vector<const RiskLimit*> loosenings(const RiskLimits& held, const RiskLimits& wanted);

/// The limits in force, and what the last configuration asked for. Gate and page keep the same.
class HeldLimits {
 public:
  /// The first limits of a run are taken, cut to the ceilings. Later ones tighten at once; what they would
  /// loosen waits for loosen().
  void configure(const RiskLimits& wanted);
  /// An operator's deliberate word: what was asked for holds from now on.
  void loosen() { held_ = wanted_; }
  const RiskLimits& held() const { return held_; }
  const RiskLimits& wanted() const { return wanted_; }
  std::vector<const RiskLimit*> waiting() const { return loosenings(held_, wanted_); }
  /// What an operator types to loosen them: "daily_loss_usdt=300 max_open_orders=9"; empty when none waits.
  std::string words() const;

 private:
  RiskLimits held_, wanted_;
  bool configured_ = false;
};

}  // namespace mlbot
