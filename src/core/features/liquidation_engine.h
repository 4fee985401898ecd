// Who is forced out, how fast, and whether it feeds itself: sizes, asymmetry, intensity, cascade state.
//
// Consumes: liquidations, sealed seconds.  Feeds: rows 85-108 and the cascade trigger.
// A liquidated long is forced selling. Notional is size times the mark price at receipt (the message's own
// price is the bankruptcy price); before any mark was heard the mid stands in, and before any mid the
// bankruptcy price. Cost: O(1) a message.  Allocation: none after construction.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 24> liquidation_rows{{
    {85, "liq_long_rel_5s", Engine::liquidation, "log ratio",
     "5 s; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Lq(5) / (V̄ · 5 s) ), Lq = notional of liquidated long positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(88)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {86, "liq_long_rel_1m", Engine::liquidation, "log ratio",
     "1 m; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Lq(60) / (V̄ · 60 s) ), Lq = notional of liquidated long positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(89)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {87, "liq_long_rel_5m", Engine::liquidation, "log ratio",
     "5 m; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Lq(300) / (V̄ · 300 s) ), Lq = notional of liquidated long positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(90)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {88, "liq_short_rel_5s", Engine::liquidation, "log ratio",
     "5 s; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Sq(5) / (V̄ · 5 s) ), Sq = notional of liquidated short positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(85)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {89, "liq_short_rel_1m", Engine::liquidation, "log ratio",
     "1 m; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Sq(60) / (V̄ · 60 s) ), Sq = notional of liquidated short positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(86)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {90, "liq_short_rel_5m", Engine::liquidation, "log ratio",
     "5 m; cov ≥ 0.98; V̄ valid",
     "ln( 1 + Sq(300) / (V̄ · 300 s) ), Sq = notional of liquidated short positions",
     "none in a covered window → 0 (information, not missing)", 0, 8, 'A', "P(87)",
     "size relative to typical volume; [BYB] allLiquidation, S = Buy means a long was liquidated"},
    {91, "liq_total_rel_1h", Engine::liquidation, "log ratio",
     "1 h; cov ≥ 0.98",
     "ln( 1 + 100·(Lq + Sq)(3600) / (V̄ · 3600 s) )",
     "0", 0, 8, 'A', "E",
     "background stress"},
    {92, "liq_imb_1m", Engine::liquidation, "imbalance",
     "1 m",
     "(Sq − Lq)/(Sq + Lq + 0.01·60 s·V̄); + = forced buying",
     "0", -1, 1, 'A', "O",
     "liquidation asymmetry; the floor keeps one tiny event from printing ±1"},
    {93, "liq_imb_15m", Engine::liquidation, "imbalance",
     "15 m",
     "(Sq − Lq)/(Sq + Lq + 0.01·900 s·V̄)",
     "0", -1, 1, 'A', "O",
     "liquidation asymmetry; the floor keeps one tiny event from printing ±1"},
    {94, "liq_share_1m", Engine::liquidation, "share",
     "1 m",
     "(Lq + Sq)(60) / max( V_60, 0.01·60 s·V̄ )",
     "0", 0, 1.5, 'A', "E",
     "share of volume that is forced"},
    {95, "liq_count_1m", Engine::liquidation, "log of count",
     "1 m",
     "ln( 1 + N_liq(60) )",
     "0", 0, 8, 'A', "E",
     "count intensity"},
    {96, "liq_z_1m", Engine::liquidation, "standard deviations",
     "valid after 120 minutes of life; state checkpointed across restarts",
     "( y − EWmean ) / max(EWsd, 0.05), y = ln(1 + 100·(Lq+Sq)(60)/(V̄·60 s)); mean and sd over sealed "
     "minutes, half-life 6 h, updated after scoring",
     "missing", -3, 12, 'A', "E",
     "liquidation z-score of the original design, made causal (original mixed whole-sample quantiles into "
     "spike detection, see 8.3)"},
    {97, "liq_velocity", Engine::liquidation, "log ratio",
     "1 m",
     "ln( (L_5/5 + c) / (L_60/60 + c) ), L = Lq + Sq, c = 1e-3·V̄ per second",
     "0 when both are 0", -8, 8, 'A', "E",
     "acceleration of forced flow"},
    {98, "liq_accel_30s", Engine::liquidation, "imbalance",
     "30 s",
     "( L_[0,15) − L_[15,30) ) / ( L_30 + 0.01·30 s·V̄ )",
     "0", -1, 1, 'A', "E",
     "rising or fading"},
    {99, "liq_max_rel_5m", Engine::liquidation, "log ratio",
     "5 m; q̄ valid",
     "ln( 1 + largest single liquidation notional in 5 m / q̄ )",
     "none → 0", 0, 12, 'A', "E",
     "large-liquidation marker (original large_liq_ratio)"},
    {100, "liq_leader_signed_1m", Engine::liquidation, "signed log ratio",
     "1 m on Λ; Λ feed age ≤ 5 s",
     "slog( (Sq − Lq)(60) of leader Λ / (0.01·60 s·V̄_Λ) )",
     "Λ stale → missing", -8, 8, 'A', "O",
     "cross-symbol spillover (original spillover_volume); leader rule 2.5"},
    {101, "liq_gap_log_s", Engine::liquidation, "ln s",
     "at least one seen, or 3600 s of life",
     "ln( 0.5 + seconds since the last liquidation of this symbol ), capped at 3600 s",
     "missing before that", -0.7, 8.2, 'A', "E",
     "inter-arrival time"},
    {102, "liq_hawkes_long_10s", Engine::liquidation, "log of marks",
     "valid after 60 s of life",
     "ln( 1 + h ), h = Σ sqrt(n_i/q̄)·exp(−(t − t_i)/10 s) over liquidated longs",
     "0", 0, 10, 'A', "P(103)",
     "Hawkes exponential kernel with marks (Hawkes 1971; Bacry, Mastromatteo & Muzy 2015)"},
    {103, "liq_hawkes_short_10s", Engine::liquidation, "log of marks",
     "valid after 60 s",
     "ln( 1 + h ), h = Σ sqrt(n_i/q̄)·exp(−(t − t_i)/10 s) over liquidated shorts",
     "0", 0, 10, 'A', "P(102)",
     "Hawkes exponential kernel with marks (Hawkes 1971; Bacry, Mastromatteo & Muzy 2015)"},
    {104, "liq_hawkes_ratio", Engine::liquidation, "log ratio",
     "valid after 300 s",
     "ln( (h_10 + 0.05) / (h_120·(10/120) + 0.05) ), both sides pooled; 0 in steady state",
     "0", -6, 6, 'A', "E",
     "self-excitation: fast over slow intensity"},
    {105, "cascade_state", Engine::liquidation, "state",
     "needs 96",
     "0 quiet, 1 stressed, 2 cascade, 3 exhaustion: state machine of 2.6",
     "missing until 96 is valid", 0, 3, 'A', "E",
     "this proposal; replaces whole-sample spike labels"},
    {106, "cascade_dir", Engine::liquidation, "sign",
     "needs 96",
     "sign of (Sq − Lq) over 30 s, latched on entering state 2; current sign in state 1; 0 in state 0",
     "missing until 96 is valid", -1, 1, 'A', "O",
     "this proposal"},
    {107, "cascade_age_log", Engine::liquidation, "ln s",
     "needs 96",
     "ln( 1 + seconds since entering state 2 ), 0 in states 0 and 1",
     "missing until 96 is valid", 0, 8, 'A', "E",
     "this proposal"},
    {108, "cascade_move_z", Engine::liquidation, "standard deviations",
     "needs 96",
     "1e4·ln( m / m_entry ) / ( σ̄_entry·sqrt(max(age, 1 s)/60 s) ), 0 in states 0 and 1",
     "missing until 96 is valid", -15, 15, 'A', "O",
     "move since the cascade began, in pre-cascade σ"},
}};
// clang-format on

enum class CascadeState : std::uint8_t { quiet, stressed, cascade, exhaustion };

class LiquidationEngine {
 public:
  explicit LiquidationEngine(const SymbolMarket& market);

  void on_liquidations(Instant at, const Liquidations& liquidations);
  void roll(Instant now);
  void seal_second();
  /// True once for every transition, and again every 5 s in cascade and exhaustion, every 30 s when stressed.
  bool take_trigger();
  /// @param leader  of the leading symbol, nullptr where there is none or it is stale.
  void read(RowWriter& rows, const LiquidationEngine* leader) const;
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.notionals_, self.counts_, self.largest_this_second_, self.largest_, self.minutes_,
          self.last_at_, self.seen_, self.long_fast_, self.short_fast_, self.slow_, self.state_,
          self.entered_at_, self.cascade_at_, self.direction_, self.entry_mid2_, self.entry_sigma_,
          self.calm_since_, self.fading_since_, self.triggered_at_, self.trigger_);
  }

 private:
  enum Liquidated : std::size_t { longs, shorts };
  double notional(std::size_t side, int seconds) const;
  double notional_5s(std::size_t side) const;
  double both(int seconds) const { return notional(longs, seconds) + notional(shorts, seconds); }
  double intensity() const;  ///< ln(1 + 100 * share of a typical minute): what row 96 scores
  double score() const;      ///< row 96
  double velocity() const;   ///< row 97
  double direction_30s() const;
  void step_cascade(Instant at);
  void enter(CascadeState state, Instant at);
  void read_sizes(RowWriter& rows, const LiquidationEngine* leader) const;
  void read_intensity(RowWriter& rows) const;
  void read_cascade(RowWriter& rows) const;
  bool in_cascade() const { return state_ == CascadeState::cascade || state_ == CascadeState::exhaustion; }

  const SymbolMarket& market_;
  double notional_unit_;  ///< quote units of one lot times 1e-8 of price
  WindowSums<Int128, 2> notionals_{15, longest_window_s};
  WindowSums<std::int64_t, 1> counts_{15, 60};
  double largest_this_second_ = 0;
  SlidingExtreme<double, Extreme::highest> largest_{300};
  StepMeanVariance minutes_;
  Instant last_at_;
  bool seen_ = false;
  DecayedCounter long_fast_{10}, short_fast_{10}, slow_{120};

  CascadeState state_ = CascadeState::quiet;
  Instant entered_at_;  ///< the present state
  Instant cascade_at_;  ///< of the latch
  double direction_ = 0;
  std::int64_t entry_mid2_ = 0;
  double entry_sigma_ = 0;
  Instant calm_since_ = distant_future, fading_since_ = distant_future;
  Instant triggered_at_;
  bool trigger_ = false;
};

}  // namespace mlbot::core
