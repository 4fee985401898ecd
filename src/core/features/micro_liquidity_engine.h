// Who stands in the book and who is leaving it: spread, queues, depth, cost of crossing, order flow.
//
// Consumes: the book after each update, trades (to tell consumption from cancelling).  Feeds: rows 27-56.
// Invariant: while the book is not in sync every row is missing; a snapshot adds nothing to any flow.
// When full: 2048 trades wait for the book message that shows them; beyond, the oldest is forgotten and what
// it took from the book is booked as cancelled. Cost: the best 50 levels a side are copied once a message.
// Allocation: none after construction.
#pragma once

#include "core/book/order_book.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 30> micro_liquidity_rows{{
    {27, "log_spread_bps", Engine::micro_liquidity, "ln bps",
     "book in sync",
     "ln( 1e4·s / m )",
     "missing", -6, 6, 'A', "E",
     "quoted spread"},
    {28, "log2_spread_ticks", Engine::micro_liquidity, "log2 ticks",
     "book in sync",
     "log2( s / tick )",
     "missing", 0, 12, 'A', "E",
     "tick-size class, Briola et al. 2403.09267 (large tick: mean spread below about 1.5 ticks)"},
    {29, "spread_rel_5m", Engine::micro_liquidity, "log ratio",
     "5 m; valid after 60 s",
     "ln( s / TWA_300(s) ), time-weighted mean",
     "missing", -6, 6, 'A', "E",
     "log ratio rather than z-score: on one-tick books the sd of the spread is 0"},
    {30, "queue_imb_l1", Engine::micro_liquidity, "imbalance",
     "book in sync",
     "(B1 − A1)/(B1 + A1)",
     "B1 + A1 = 0 → missing", -1, 1, 'A', "O",
     "Gould & Bonart 2016. Identity: (weighted-mid − m)/(s/2) equals this number, so L1 microprice "
     "deviation is not a second feature"},
    {31, "queue_imb_l5", Engine::micro_liquidity, "imbalance",
     "book in sync with ≥ 5 levels a side",
     "(ΣB − ΣA)/(ΣB + ΣA), k = 1..5",
     "missing", -1, 1, 'A', "O",
     "Cao, Hansch & Wang 2009"},
    {32, "queue_imb_l20", Engine::micro_liquidity, "imbalance",
     "≥ 20 levels a side",
     "(ΣB − ΣA)/(ΣB + ΣA), k = 1..20",
     "missing", -1, 1, 'A', "O",
     "Cao, Hansch & Wang 2009"},
    {33, "queue_imb_decay50", Engine::micro_liquidity, "imbalance",
     "≥ 20 levels a side",
     "Σ w_k(B_k − A_k) / Σ w_k(B_k + A_k), w_k = exp(−(k−1)/10), k = 1..50 or all levels present",
     "missing", -1, 1, 'A', "O",
     "depth-weighted imbalance; original advanced_features.py used price-distance weights that are ≈ 1 "
     "everywhere (see 8.3)"},
    {34, "bid_l1_rel", Engine::micro_liquidity, "log ratio",
     "5 m; valid after 60 s",
     "ln( (B1 + q_lot) / (TWA_300(B1) + q_lot) )",
     "missing", -8, 8, 'A', "P(35)",
     "queue size relative to own norm (Huang, Lehalle & Rosenbaum 2015)"},
    {35, "ask_l1_rel", Engine::micro_liquidity, "log ratio",
     "5 m; valid after 60 s",
     "ln( (A1 + q_lot) / (TWA_300(A1) + q_lot) )",
     "missing", -8, 8, 'A', "P(34)",
     "queue size relative to own norm (Huang, Lehalle & Rosenbaum 2015)"},
    {36, "depth_rel_l20", Engine::micro_liquidity, "log ratio",
     "1 h; valid after 900 s; ≥ 20 levels a side",
     "ln( D20 / TWA_3600(D20) ), D20 = Σ_{k≤20}( a_k A_k + b_k B_k )",
     "missing", -4, 4, 'A', "E",
     "liquidity withdrawal before and during cascades"},
    {37, "bid_depth_slope", Engine::micro_liquidity, "elasticity",
     "≥ 20 bid levels",
     "ln( N_b(20)/N_b(5) ) / ln( x_b(20)/x_b(5) ); N_b cumulative bid notional, x_b(k) = (m − b_k)/tick",
     "x_b(20) = x_b(5) or empty → missing", 0, 10, 'A', "P(38)",
     "depth slope (Næs & Skjeltorp 2006), two-point form"},
    {38, "ask_depth_slope", Engine::micro_liquidity, "elasticity",
     "≥ 20 ask levels",
     "ln( N_a(20)/N_a(5) ) / ln( x_a(20)/x_a(5) ); N_a cumulative ask notional, x_a(k) = (a_k − m)/tick",
     "missing", 0, 10, 'A', "P(37)",
     "depth slope (Næs & Skjeltorp 2006), two-point form"},
    {39, "impact_buy_bps", Engine::micro_liquidity, "bps",
     "V̄ valid; book in sync; filled by the levels seen or ≥ 50 levels",
     "1e4·ln( P_buy(Q*) / m ), mean price of buying Q* notional through the asks; Q* = max(10 s · V̄, 100 "
     "USDT); what 50 levels cannot fill is priced at a_50",
     "missing", 0, 500, 'A', "P(40)",
     "cost-to-trade / x-levels-of-market impact"},
    {40, "impact_sell_bps", Engine::micro_liquidity, "bps",
     "V̄ valid; book in sync; filled by the levels seen or ≥ 50 levels",
     "1e4·ln( m / P_sell(Q*) ), same walk through the bids",
     "missing", 0, 500, 'A', "P(39)",
     "cost-to-trade / x-levels-of-market impact"},
    {41, "impact_asym", Engine::micro_liquidity, "imbalance",
     "V̄ valid; book in sync",
     "(impact_buy − impact_sell)/(impact_buy + impact_sell)",
     "denominator 0 → 0", -1, 1, 'A', "O",
     "difference a tree cannot form from 39 and 40 in one split"},
    {42, "ofi_l1_1s", Engine::micro_liquidity, "signed log of mean queues",
     "1 s; cov ≥ 0.98; D̄_1 after 60 s",
     "slog( Σ_{1 s} e_1 / D̄_1 )",
     "missing; a snapshot resync contributes e = 0", -6, 6, 'A', "O",
     "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised"},
    {43, "ofi_l1_5s", Engine::micro_liquidity, "signed log of mean queues",
     "5 s; cov ≥ 0.98; D̄_1 after 60 s",
     "slog( Σ_{5 s} e_1 / D̄_1 )",
     "missing; a snapshot resync contributes e = 0", -6, 6, 'A', "O",
     "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised"},
    {44, "ofi_l1_30s", Engine::micro_liquidity, "signed log of mean queues",
     "30 s; cov ≥ 0.98; D̄_1 after 60 s",
     "slog( Σ_{30 s} e_1 / D̄_1 )",
     "missing; a snapshot resync contributes e = 0", -6, 6, 'A', "O",
     "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised"},
    {45, "ofi_ml5_5s", Engine::micro_liquidity, "signed log of mean queues",
     "5 s; D̄_k after 60 s; ≥ 5 levels a side",
     "slog( (1/5) Σ_{k=1..5} Σ_{5 s} e_k / D̄_k )",
     "missing", -6, 6, 'A', "O",
     "Xu, Gould & Howison 2019 [XGH19]"},
    {46, "ofi_ml10_30s", Engine::micro_liquidity, "signed log of mean queues",
     "30 s; D̄_k after 60 s; ≥ 10 levels a side",
     "slog( (1/10) Σ_{k=1..10} Σ_{30 s} e_k / D̄_k ); equal weights stand in for the first principal "
     "component",
     "missing", -6, 6, 'A', "O",
     "integrated OFI, Cont, Cucuringu & Zhang [CCZ21]"},
    {47, "ofi_accel_5s", Engine::micro_liquidity, "signed log of mean queues",
     "10 s",
     "slog( x(t) − x(t − 5 s) ), x = Σ_{5 s} e_1 / D̄_1",
     "missing", -6, 6, 'A', "O",
     "OFI acceleration"},
    {48, "book_rate_rel_1s", Engine::micro_liquidity, "log ratio",
     "1 s over τ 3600 s; valid after 900 s",
     "ln( (u + 1)/(ū + 1) ), u = book messages in the last 1 s, ū its EWMA",
     "missing", -5, 5, 'A', "E",
     "message intensity"},
    {49, "bid_cancel_share_5s", Engine::micro_liquidity, "share",
     "5 s; cov ≥ 0.98",
     "X_b / (X_b + G_b): cancelled over cancelled + added bid quantity, top 10 prices",
     "both 0 → 0.5", 0, 1, 'A', "P(50)",
     "cancellation and arrival rates (Cont, Stoikov & Talreja 2010)"},
    {50, "ask_cancel_share_5s", Engine::micro_liquidity, "share",
     "5 s",
     "X_a / (X_a + G_a)",
     "both 0 → 0.5", 0, 1, 'A', "P(49)",
     "cancellation and arrival rates (Cont, Stoikov & Talreja 2010)"},
    {51, "add_imb_5s", Engine::micro_liquidity, "imbalance",
     "5 s",
     "(G_b − G_a)/(G_b + G_a)",
     "both 0 → 0", -1, 1, 'A', "O",
     "limit-order arrival imbalance"},
    {52, "cancel_imb_5s", Engine::micro_liquidity, "imbalance",
     "5 s",
     "(X_a − X_b)/(X_a + X_b); + = asks are being pulled",
     "both 0 → 0", -1, 1, 'A', "O",
     "cancellation imbalance"},
    {53, "depletion_imb_30s", Engine::micro_liquidity, "imbalance",
     "30 s",
     "(Dep_a − Dep_b)/(Dep_a + Dep_b): times the best ask rose less times the best bid fell",
     "none → 0", -1, 1, 'A', "O",
     "queue-depletion asymmetry (Cont & de Larrard 2013)"},
    {54, "replenish_log_ratio_30s", Engine::micro_liquidity, "log ratio",
     "30 s",
     "ln( (G_a + G_b + q_lot) / (Q_30 + q_lot) ), Q_30 traded quantity",
     "missing only if cov fails", -8, 8, 'A', "E",
     "resilience (Large 2007)"},
    {55, "quote_life_log_ms", Engine::micro_liquidity, "ln ms",
     "valid after 20 changes",
     "ln of the EW mean (τ 30 s) of the time between changes of (b1, a1), in ms, the running age included "
     "when it is longer",
     "missing", 2, 12, 'A', "E",
     "quote lifetime"},
    {56, "level_gap_log", Engine::micro_liquidity, "log of mean gap in ticks",
     "≥ 5 levels a side",
     "ln( max(1, ((a_5 − a_1) + (b_1 − b_5)) / (8·tick)) )",
     "missing", 0, 8, 'A', "E",
     "book sparsity (small-tick regime)"},
}};
// clang-format on

class MicroLiquidityEngine {
 public:
  explicit MicroLiquidityEngine(const SymbolMarket& market);

  /// After the market took the update; `book` is two-sided and in sync.
  void on_book(const BookUpdate& update, const OrderBook& book);
  void on_break();
  void on_trades(const Trades& trades);
  void roll(Instant now) { flows_.roll(now); }
  void seal_second();
  void read(RowWriter& rows) const;
  /// Row 43, also read by followers.
  double order_flow_5s() const;
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.bids_, self.asks_, self.has_book_, self.flows_, self.norms_, self.depth_norm_,
          self.queue_norms_, self.messages_this_second_, self.message_rate_, self.pending_,
          self.quote_life_sum_, self.quote_life_weight_, self.quote_changed_at_, self.quote_changes_);
  }

  static constexpr std::size_t depth = 50;  ///< levels that any row looks at
  static constexpr std::size_t flow_levels = 10;

 private:
  struct Levels {
    std::array<BookLevel, depth> level{};
    std::size_t count = 0;
    std::span<const BookLevel> view() const { return {level.data(), count}; }
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.count, self.level);
      visit.require(self.count <= depth);
    }
  };
  struct PendingTrade {
    Instant matched_at;
    PriceTicks price;
    Lots size;
    Side taker = Side::buy;
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.matched_at, self.price, self.size, self.taker);
    }
  };
  enum Flow : std::size_t {
    bid_added = flow_levels,
    bid_cancelled,
    ask_added,
    ask_cancelled,
    asks_depleted,
    bids_depleted,
    messages,
    flow_count
  };
  enum Held : std::size_t { spread = flow_levels, best_bid, best_ask, held_count };

  static void copy(std::span<const BookLevel> from, Levels& to);
  void count_flow(const Levels& bids, const Levels& asks, Instant matched_at);
  template <class Better>
  void count_side(const Levels& before, const Levels& after, Side taker, Instant matched_at,
                  std::size_t added, std::size_t cancelled, Better better);
  void drop_matched(Instant matched_at);
  void note_quote_change(const Levels& bids, const Levels& asks);
  void hold_norms();

  double imbalance(std::size_t levels) const;
  double decayed_imbalance() const;
  double depth_notional(const Levels& side, std::size_t levels) const;
  double depth_slope(const Levels& side) const;
  double impact_bps(const Levels& side, Side taker) const;
  double normalised_flow(std::size_t levels, int seconds, bool fine) const;

  const SymbolMarket& market_;
  Levels bids_, asks_;
  bool has_book_ = false;
  WindowSums<std::int64_t, flow_count> flows_{15, 30};
  HeldMeans<held_count> norms_{300};
  HeldMeans<1> depth_norm_{3600};
  LagRing<double> queue_norms_{16};  ///< the first level's norm at whole seconds
  std::int64_t messages_this_second_ = 0;
  StepMean message_rate_{exact::exp(-1.0 / 3600)};
  Ring<PendingTrade> pending_{2048};
  std::array<double, depth> level_weights_{};
  double quote_life_sum_ = 0, quote_life_weight_ = 0;
  Instant quote_changed_at_;
  std::int64_t quote_changes_ = 0;
};

}  // namespace mlbot::core
