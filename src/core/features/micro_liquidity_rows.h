// Rows 27-56: what each means, how the engine's state says it, and its definition over raw events.
#pragma once

#include "core/features/history.h"
#include "core/features/micro_liquidity_definitions.h"
#include "core/features/micro_liquidity_engine.h"
#include "core/features/rows.h"

namespace mlbot::core {
inline constexpr auto micro_liquidity_rows = [] {
  using namespace micro_liquidity_definitions;
  return std::tuple{
      row(
          {.id = 27,
           .name = "log_spread_bps",
           .engine = Engine::micro_liquidity,
           .unit = "ln bps",
           .window = "book in sync",
           .definition = "ln( 1e4·s / m )",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "E",
           .source = "quoted spread",
           .triggers = on::book,
           .needs = {.inputs = needs::book}},
          [](const MicroLiquidityEngine& e) { return Log{2e4 * e.spread_ticks() / e.mid2()}; },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            return b ? exact::log(2e4 * b->spread_ticks() / b->mid2()) : missing;
          }),
      row(
          {.id = 28,
           .name = "log2_spread_ticks",
           .engine = Engine::micro_liquidity,
           .unit = "log2 ticks",
           .window = "book in sync",
           .definition = "log2( s / tick )",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "E",
           .source =
               "tick-size class, Briola et al. 2403.09267 (large tick: mean spread below about 1.5 ticks)",
           .triggers = on::book,
           .needs = {.inputs = needs::book}},
          [](const MicroLiquidityEngine& e) { return Log{e.spread_ticks(), 1 / ln2}; },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            return b ? exact::log(b->spread_ticks()) / ln2 : missing;
          }),
      row(
          {.id = 29,
           .name = "spread_rel_5m",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "5 m; valid after 60 s",
           .definition = "ln( s / TWA_300(s) ), time-weighted mean",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "E",
           .source = "log ratio rather than z-score: on one-tick books the sd of the spread is 0",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .book_s = 60}},
          [](const MicroLiquidityEngine& e) { return Log{e.spread_ticks() / e.norm(E::spread_norm)}; },
          [](const History& h, Instant t) { return exact::log(over_norm(h, t, slow_spread, 0)); }),
      row(
          {.id = 30,
           .name = "queue_imb_l1",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "book in sync",
           .definition = "(B1 − A1)/(B1 + A1)",
           .undefined = "B1 + A1 = 0 → missing",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Gould & Bonart 2016. Identity: (weighted-mid − m)/(s/2) equals this number, so L1 "
                     "microprice deviation is not a second feature",
           .triggers = on::book,
           .needs = {.inputs = needs::book}},
          [](const MicroLiquidityEngine& e) { return e.imbalance(1); },
          [](const History& h, Instant t) { return slow_imbalance(h, t, 1); }),
      row(
          {.id = 31,
           .name = "queue_imb_l5",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "book in sync with ≥ 5 levels a side",
           .definition = "(ΣB − ΣA)/(ΣB + ΣA), k = 1..5",
           .undefined = "missing",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Cao, Hansch & Wang 2009",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 5}},
          [](const MicroLiquidityEngine& e) { return e.imbalance(5); },
          [](const History& h, Instant t) { return slow_imbalance(h, t, 5); }),
      row(
          {.id = 32,
           .name = "queue_imb_l20",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "≥ 20 levels a side",
           .definition = "(ΣB − ΣA)/(ΣB + ΣA), k = 1..20",
           .undefined = "missing",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Cao, Hansch & Wang 2009",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 20}},
          [](const MicroLiquidityEngine& e) { return e.imbalance(20); },
          [](const History& h, Instant t) { return slow_imbalance(h, t, 20); }),
      row(
          {.id = 33,
           .name = "queue_imb_decay50",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "≥ 20 levels a side",
           .definition =
               "Σ w_k(B_k − A_k) / Σ w_k(B_k + A_k), w_k = exp(−(k−1)/10), k = 1..50 or all levels present",
           .undefined = "missing",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "depth-weighted imbalance; original advanced_features.py used price-distance weights "
                     "that are ≈ 1 everywhere (see 8.3)",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 20}},
          [](const MicroLiquidityEngine& e) { return e.decayed_imbalance(); },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            if (!b || !b->deep(20)) return missing;
            double bid = 0, ask = 0;
            for (std::size_t k = 0; k < b->bids.size(); ++k)
              bid += exact::exp(-0.1 * static_cast<double>(k)) * lots(b->bids, k);
            for (std::size_t k = 0; k < b->asks.size(); ++k)
              ask += exact::exp(-0.1 * static_cast<double>(k)) * lots(b->asks, k);
            return (bid - ask) / (bid + ask);
          }),
      row(
          {.id = 34,
           .name = "bid_l1_rel",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "5 m; valid after 60 s",
           .definition = "ln( (B1 + q_lot) / (TWA_300(B1) + q_lot) )",
           .undefined = "missing",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(35)",
           .source = "queue size relative to own norm (Huang, Lehalle & Rosenbaum 2015)",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .book_s = 60}},
          [](const MicroLiquidityEngine& e) {
            return Log{(e.best_bid() + 1) / (e.norm(E::best_bid_norm) + 1)};
          },
          [](const History& h, Instant t) {
            return exact::log(over_norm(h, t, [](const History::Book& b) { return lots(b.bids, 0); }, 1));
          }),
      row(
          {.id = 35,
           .name = "ask_l1_rel",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "5 m; valid after 60 s",
           .definition = "ln( (A1 + q_lot) / (TWA_300(A1) + q_lot) )",
           .undefined = "missing",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "P(34)",
           .source = "queue size relative to own norm (Huang, Lehalle & Rosenbaum 2015)",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .book_s = 60}},
          [](const MicroLiquidityEngine& e) {
            return Log{(e.best_ask() + 1) / (e.norm(E::best_ask_norm) + 1)};
          },
          [](const History& h, Instant t) {
            return exact::log(over_norm(h, t, [](const History::Book& b) { return lots(b.asks, 0); }, 1));
          }),
      row(
          {.id = 36,
           .name = "depth_rel_l20",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "1 h; valid after 900 s; ≥ 20 levels a side",
           .definition = "ln( D20 / TWA_3600(D20) ), D20 = Σ_{k≤20}( a_k A_k + b_k B_k )",
           .undefined = "missing",
           .clamp_low = -4,
           .clamp_high = 4,
           .lookahead = 'A',
           .mirror = "E",
           .source = "liquidity withdrawal before and during cascades",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .book_s = 900, .levels = 20}},
          [](const MicroLiquidityEngine& e) { return Log{e.depth_over_norm()}; },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            if (!b || h.held_s(t, slow_depth) < 900) return missing;
            return exact::log(slow_depth(*b) / h.held_mean(t, 3600, slow_depth));
          }),
      row(
          {.id = 37,
           .name = "bid_depth_slope",
           .engine = Engine::micro_liquidity,
           .unit = "elasticity",
           .window = "≥ 20 bid levels",
           .definition = "ln( N_b(20)/N_b(5) ) / ln( x_b(20)/x_b(5) ); N_b cumulative bid notional, x_b(k) = "
                         "(m − b_k)/tick",
           .undefined = "x_b(20) = x_b(5) or empty → missing",
           .clamp_low = 0,
           .clamp_high = 10,
           .lookahead = 'A',
           .mirror = "P(38)",
           .source = "depth slope (Næs & Skjeltorp 2006), two-point form",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 20}},
          [](const MicroLiquidityEngine& e) { return e.bid_slope(); },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            return b ? slow_slope(b->bids, b->mid2()) : missing;
          }),
      row(
          {.id = 38,
           .name = "ask_depth_slope",
           .engine = Engine::micro_liquidity,
           .unit = "elasticity",
           .window = "≥ 20 ask levels",
           .definition = "ln( N_a(20)/N_a(5) ) / ln( x_a(20)/x_a(5) ); N_a cumulative ask notional, x_a(k) = "
                         "(a_k − m)/tick",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 10,
           .lookahead = 'A',
           .mirror = "P(37)",
           .source = "depth slope (Næs & Skjeltorp 2006), two-point form",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 20}},
          [](const MicroLiquidityEngine& e) { return e.ask_slope(); },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            return b ? slow_slope(b->asks, b->mid2()) : missing;
          }),
      row(
          {.id = 39,
           .name = "impact_buy_bps",
           .engine = Engine::micro_liquidity,
           .unit = "bps",
           .window = "V̄ valid; book in sync; filled by the levels seen or ≥ 50 levels",
           .definition = "1e4·ln( P_buy(Q*) / m ), mean price of buying Q* notional through the asks; Q* = "
                         "max(10 s · V̄, 100 USDT); what 50 levels cannot fill is priced at a_50",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 500,
           .lookahead = 'A',
           .mirror = "P(40)",
           .source = "cost-to-trade / x-levels-of-market impact",
           .triggers = on::book | on::second | on::candle,
           .needs = {.inputs = needs::book | needs::volume_norm}},
          [](const MicroLiquidityEngine& e) { return e.impact_buy(); },
          [](const History& h, Instant t) { return slow_impact(h, t, Side::buy); }),
      row(
          {.id = 40,
           .name = "impact_sell_bps",
           .engine = Engine::micro_liquidity,
           .unit = "bps",
           .window = "V̄ valid; book in sync; filled by the levels seen or ≥ 50 levels",
           .definition = "1e4·ln( m / P_sell(Q*) ), same walk through the bids",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 500,
           .lookahead = 'A',
           .mirror = "P(39)",
           .source = "cost-to-trade / x-levels-of-market impact",
           .triggers = on::book | on::second | on::candle,
           .needs = {.inputs = needs::book | needs::volume_norm}},
          [](const MicroLiquidityEngine& e) { return e.impact_sell(); },
          [](const History& h, Instant t) { return slow_impact(h, t, Side::sell); }),
      row(
          {.id = 41,
           .name = "impact_asym",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "V̄ valid; book in sync",
           .definition = "(impact_buy − impact_sell)/(impact_buy + impact_sell)",
           .undefined = "denominator 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "difference a tree cannot form from 39 and 40 in one split",
           .triggers = on::book | on::second | on::candle,
           .needs = {.inputs = needs::book | needs::volume_norm}},
          [](const MicroLiquidityEngine& e) { return e.impact_asymmetry(); },
          [](const History& h, Instant t) {
            const double buying = slow_impact(h, t, Side::buy), selling = slow_impact(h, t, Side::sell);
            return buying + selling == 0 ? 0.0 : (buying - selling) / (buying + selling);
          }),
      row(
          {.id = 42,
           .name = "ofi_l1_1s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "1 s; cov ≥ 0.98; D̄_1 after 60 s",
           .definition = "slog( Σ_{1 s} e_1 / D̄_1 )",
           .undefined = "missing; a snapshot resync contributes e = 0",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 1, .book_s = 60}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_fine(1, 1)); },
          [](const History& h, Instant t) { return slog(slow_flow(h, t, 1, 1, fine_cell_ns)); }),
      row(
          {.id = 43,
           .name = "ofi_l1_5s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "5 s; cov ≥ 0.98; D̄_1 after 60 s",
           .definition = "slog( Σ_{5 s} e_1 / D̄_1 )",
           .undefined = "missing; a snapshot resync contributes e = 0",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 5, .book_s = 60}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_fine(1, 5)); },
          [](const History& h, Instant t) { return slog(slow_flow(h, t, 1, 5, fine_cell_ns)); }),
      row(
          {.id = 44,
           .name = "ofi_l1_30s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "30 s; cov ≥ 0.98; D̄_1 after 60 s",
           .definition = "slog( Σ_{30 s} e_1 / D̄_1 )",
           .undefined = "missing; a snapshot resync contributes e = 0",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Cont, Kukanov & Stoikov 2014 [CKS14], depth-normalised",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 30, .book_s = 60}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_coarse(1, 30)); },
          [](const History& h, Instant t) { return slog(slow_flow(h, t, 1, 30, second_ns)); }),
      row(
          {.id = 45,
           .name = "ofi_ml5_5s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "5 s; D̄_k after 60 s; ≥ 5 levels a side",
           .definition = "slog( (1/5) Σ_{k=1..5} Σ_{5 s} e_k / D̄_k )",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Xu, Gould & Howison 2019 [XGH19]",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 5, .book_s = 60, .levels = 5}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_fine(5, 5)); },
          [](const History& h, Instant t) { return slog(slow_flow(h, t, 5, 5, fine_cell_ns)); }),
      row(
          {.id = 46,
           .name = "ofi_ml10_30s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "30 s; D̄_k after 60 s; ≥ 10 levels a side",
           .definition = "slog( (1/10) Σ_{k=1..10} Σ_{30 s} e_k / D̄_k ); equal weights stand in for the "
                         "first principal component",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "integrated OFI, Cont, Cucuringu & Zhang [CCZ21]",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 30, .book_s = 60, .levels = 10}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_coarse(10, 30)); },
          [](const History& h, Instant t) { return slog(slow_flow(h, t, 10, 30, second_ns)); }),
      row(
          {.id = 47,
           .name = "ofi_accel_5s",
           .engine = Engine::micro_liquidity,
           .unit = "signed log of mean queues",
           .window = "10 s",
           .definition = "slog( x(t) − x(t − 5 s) ), x = Σ_{5 s} e_1 / D̄_1",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "OFI acceleration",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book, .covered_s = 10, .book_s = 60}},
          [](const MicroLiquidityEngine& e) { return signed_log_of(e.flow_acceleration()); },
          [](const History& h, Instant t) {
            const Instant earlier{cell_of(t, second_ns) * second_ns - 5 * second_ns};
            const Instant begin = History::window_begin(t, 10, fine_cell_ns);
            if (!h.covered(t, 10)) return missing;
            return slog(slow_flow(h, t, 1, 5, fine_cell_ns) -
                        flow_sum(h, 0, begin, begin + 5s) / (1 + level_norm(h, earlier, 0)));
          }),
      row(
          {.id = 48,
           .name = "book_rate_rel_1s",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "1 s over τ 3600 s; valid after 900 s",
           .definition = "ln( (u + 1)/(ū + 1) ), u = book messages in the last 1 s, ū its EWMA",
           .undefined = "missing",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'A',
           .mirror = "E",
           .source = "message intensity",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 1, .life_s = 900}},
          [](const MicroLiquidityEngine& e) { return Log{e.message_rate()}; },
          [](const History& h, Instant t) {
            if (!h.book(t) || !h.covered(t, 1) || h.life_s(t) < 900) return missing;
            const double usual = h.live_mean(
                t, 3600, [&](const History::Second& s) { return messages(h, s.end() - 1s, s.end()); });
            return exact::log((messages(h, History::window_begin(t, 1, fine_cell_ns), after(t)) + 1) /
                              (usual + 1));
          }),
      row(
          {.id = 49,
           .name = "bid_cancel_share_5s",
           .engine = Engine::micro_liquidity,
           .unit = "share",
           .window = "5 s; cov ≥ 0.98",
           .definition = "X_b / (X_b + G_b): cancelled over cancelled + added bid quantity, top 10 prices",
           .undefined = "both 0 → 0.5",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "P(50)",
           .source = "cancellation and arrival rates (Cont, Stoikov & Talreja 2010)",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 5}},
          [](const MicroLiquidityEngine& e) { return e.bid_cancel_share(); },
          [](const History& h, Instant t) {
            const auto f = queue_flow(h, t, 5, fine_cell_ns);
            return slow_share(f.bid_cancelled, f.bid_added, 0.5);
          }),
      row(
          {.id = 50,
           .name = "ask_cancel_share_5s",
           .engine = Engine::micro_liquidity,
           .unit = "share",
           .window = "5 s",
           .definition = "X_a / (X_a + G_a)",
           .undefined = "both 0 → 0.5",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "P(49)",
           .source = "cancellation and arrival rates (Cont, Stoikov & Talreja 2010)",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 5}},
          [](const MicroLiquidityEngine& e) { return e.ask_cancel_share(); },
          [](const History& h, Instant t) {
            const auto f = queue_flow(h, t, 5, fine_cell_ns);
            return slow_share(f.ask_cancelled, f.ask_added, 0.5);
          }),
      row(
          {.id = 51,
           .name = "add_imb_5s",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "5 s",
           .definition = "(G_b − G_a)/(G_b + G_a)",
           .undefined = "both 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "limit-order arrival imbalance",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 5}},
          [](const MicroLiquidityEngine& e) { return e.add_imbalance(); },
          [](const History& h, Instant t) {
            const auto f = queue_flow(h, t, 5, fine_cell_ns);
            return 2 * slow_share(f.bid_added, f.ask_added, 0.5) - 1;
          }),
      row(
          {.id = 52,
           .name = "cancel_imb_5s",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "5 s",
           .definition = "(X_a − X_b)/(X_a + X_b); + = asks are being pulled",
           .undefined = "both 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "cancellation imbalance",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 5}},
          [](const MicroLiquidityEngine& e) { return e.cancel_imbalance(); },
          [](const History& h, Instant t) {
            const auto f = queue_flow(h, t, 5, fine_cell_ns);
            return 2 * slow_share(f.ask_cancelled, f.bid_cancelled, 0.5) - 1;
          }),
      row(
          {.id = 53,
           .name = "depletion_imb_30s",
           .engine = Engine::micro_liquidity,
           .unit = "imbalance",
           .window = "30 s",
           .definition =
               "(Dep_a − Dep_b)/(Dep_a + Dep_b): times the best ask rose less times the best bid fell",
           .undefined = "none → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "queue-depletion asymmetry (Cont & de Larrard 2013)",
           .triggers = on::book | on::second,
           .needs = {.inputs = needs::book, .covered_s = 30}},
          [](const MicroLiquidityEngine& e) { return e.depletion_imbalance(); },
          [](const History& h, Instant t) {
            if (!h.book(t) || !h.covered(t, 30)) return missing;
            double up = 0, down = 0;
            for_each_delta(h, History::window_begin(t, 30, second_ns), after(t),
                           [&](const History::Book& now, const History::Book& before) {
                             up += now.asks[0].price > before.asks[0].price;
                             down += now.bids[0].price < before.bids[0].price;
                           });
            return 2 * slow_share(up, down, 0.5) - 1;
          }),
      row(
          {.id = 54,
           .name = "replenish_log_ratio_30s",
           .engine = Engine::micro_liquidity,
           .unit = "log ratio",
           .window = "30 s",
           .definition = "ln( (G_a + G_b + q_lot) / (Q_30 + q_lot) ), Q_30 traded quantity",
           .undefined = "missing only if cov fails",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "resilience (Large 2007)",
           .triggers = on::book | on::trade | on::second,
           .needs = {.inputs = needs::book, .covered_s = 30}},
          [](const MicroLiquidityEngine& e) { return Log{e.replenishment()}; },
          [](const History& h, Instant t) {
            const auto f = queue_flow(h, t, 30, second_ns);
            const double traded = h.over_prints(t, 30, second_ns, [](const History::Print& p) {
              return static_cast<double>(p.trade.size.count);
            });
            return exact::log((f.bid_added + f.ask_added + 1) / (traded + 1));
          }),
      row(
          {.id = 55,
           .name = "quote_life_log_ms",
           .engine = Engine::micro_liquidity,
           .unit = "ln ms",
           .window = "valid after 20 changes",
           .definition = "ln of the EW mean (τ 30 s) of the time between changes of (b1, a1), in ms, the "
                         "running age included when it is longer",
           .undefined = "missing",
           .clamp_low = 2,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "E",
           .source = "quote lifetime",
           .triggers = on::book | on::clock,
           .needs = {.inputs = needs::book}},
          [](const MicroLiquidityEngine& e) { return Log{e.quote_life_ms()}; },
          [](const History& h, Instant t) { return exact::log(slow_quote_life_ms(h, t)); }),
      row(
          {.id = 56,
           .name = "level_gap_log",
           .engine = Engine::micro_liquidity,
           .unit = "log of mean gap in ticks",
           .window = "≥ 5 levels a side",
           .definition = "ln( max(1, ((a_5 − a_1) + (b_1 − b_5)) / (8·tick)) )",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "E",
           .source = "book sparsity (small-tick regime)",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 5}},
          [](const MicroLiquidityEngine& e) { return Log{e.level_gap()}; },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            if (!b || !b->deep(5)) return missing;
            const double gaps = ticks(b->asks, 4) - ticks(b->asks, 0) + ticks(b->bids, 0) - ticks(b->bids, 4);
            return exact::log(std::max(1.0, gaps / 8));
          })};
}();

}  // namespace mlbot::core
