// Rows 119-142: what each means, how the engine's state says it, and its definition over raw events.
#pragma once

#include <algorithm>

#include "core/features/advanced_aggregator.h"
#include "core/features/history.h"
#include "core/features/micro_liquidity_rows.h"
#include "core/features/rows.h"

namespace mlbot::core {
namespace advanced_definitions {

inline double paid(const History::Print& p) { return p.notional; }
inline double signed_notional(const History::Print& p) { return p.sign() * p.notional; }
inline double order(const History::Print& p) { return p.new_order ? 1.0 : 0.0; }

/// Prints of [begin, end), oldest first.
template <class Act>
void for_each_print(const History& h, Instant begin, Instant end, Act act) {
  const auto& prints = h.prints();
  auto print = std::lower_bound(prints.begin(), prints.end(), begin,
                                [](const History::Print& p, Instant at) { return p.at < at; });
  for (; print != prints.end() && print->at < end; ++print) act(*print);
}

inline double slow_flow_imbalance(const History& h, Instant t, int seconds, std::int64_t grid_ns) {
  if (!h.covered(t, seconds)) return missing;
  const double whole = h.over_prints(t, seconds, grid_ns, paid);
  return whole > 0 ? h.over_prints(t, seconds, grid_ns, signed_notional) / whole : 0.0;
}

/// Buckets of 60 s of the volume norm as it stood when each was opened, in whole ticks times lots; a print
/// fills one after the other, at most the 52 from the present one on: 50 more would be all that is seen.
inline double slow_vpin(const History& h, Instant t) {
  std::vector<std::pair<double, double>> buckets;  // |bought - sold|, all
  Int128 size = 0, bought = 0, sold = 0;
  for (const History::Print& print : h.prints()) {
    if (print.at > t) break;
    Int128 left = static_cast<Int128>(print.trade.price.count) * print.trade.size.count;
    while (left > 0) {
      if (size == 0) {
        const double typical = h.volume_rate(print.at);
        if (!std::isfinite(typical)) break;
        size = std::max<Int128>(1, static_cast<Int128>(60 * typical / (h.tick() * h.lot())));
        left = std::min(left, size * 52);
      }
      const Int128 part = std::min(left, size - bought - sold);
      (print.sign() > 0 ? bought : sold) += part;
      left -= part;
      if (bought + sold < size) break;
      buckets.emplace_back(std::abs(static_cast<double>(bought - sold)), static_cast<double>(size));
      size = bought = sold = 0;
    }
  }
  if (buckets.size() < 50) return missing;
  double lead = 0, whole = 0;
  for (std::size_t i = buckets.size() - 50; i < buckets.size(); ++i)
    lead += buckets[i].first, whole += buckets[i].second;
  return lead / whole;
}

/// Price weighted by the other side's queues, in ticks.
inline double slow_microprice(const History::Book& b, std::size_t levels) {
  double sum = 0, whole = 0;
  for (std::size_t k = 0; k < levels; ++k) {
    const auto bid = static_cast<double>(b.bids[k].size.count),
               ask = static_cast<double>(b.asks[k].size.count);
    sum +=
        static_cast<double>(b.asks[k].price.count) * bid + static_cast<double>(b.bids[k].price.count) * ask;
    whole += bid + ask;
  }
  return sum / whole;
}

inline double slow_interest_change(const History& h, Instant t, int seconds) {
  const Ticker* now = h.fresh_ticker(t);
  const Instant then{(cell_of(t, second_ns) - seconds) * second_ns - 1};  // the end of that second
  const Ticker* before = h.ticker_fresh(then, Instant{then.ns + 1}) ? h.last_ticker(then) : nullptr;
  if (!now || !before || !now->open_interest || !before->open_interest) return missing;
  return 1e4 * exact::log(to_double(*now->open_interest) / to_double(*before->open_interest));
}

inline double slow_funding(const History& h, const Ticker* ticker) {
  if (!ticker || !ticker->funding_rate) return missing;
  const double hours = ticker->funding_interval_hours ? *ticker->funding_interval_hours
                                                      : h.instrument().funding_interval_minutes / 60.0;
  return hours > 0 ? 1e4 * to_double(*ticker->funding_rate) * 8 / hours : missing;
}

}  // namespace advanced_definitions

inline constexpr auto advanced_aggregator_rows = [] {
  using namespace advanced_definitions;
  return std::tuple{
      row(
          {.id = 119,
           .name = "tfi_5s",
           .engine = Engine::advanced_aggregator,
           .unit = "imbalance",
           .window = "5 s; cov ≥ 0.98",
           .definition = "Σ ε·n / Σ n over trades of the last 5 s",
           .undefined = "no trade → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our "
                     "own check 9.2)",
           .triggers = on::trade | on::cell,
           .needs = {.covered_s = 5}},
          [](const AdvancedAggregator& e) { return e.flow_imbalance(5); },
          [](const History& h, Instant t) { return slow_flow_imbalance(h, t, 5, fine_cell_ns); }),
      row(
          {.id = 120,
           .name = "tfi_30s",
           .engine = Engine::advanced_aggregator,
           .unit = "imbalance",
           .window = "30 s; cov ≥ 0.98",
           .definition = "Σ ε·n / Σ n over trades of the last 30 s",
           .undefined = "no trade → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our "
                     "own check 9.2)",
           .triggers = on::trade | on::second,
           .needs = {.covered_s = 30}},
          [](const AdvancedAggregator& e) { return e.flow_imbalance(30); },
          [](const History& h, Instant t) { return slow_flow_imbalance(h, t, 30, second_ns); }),
      row(
          {.id = 121,
           .name = "tfi_5m",
           .engine = Engine::advanced_aggregator,
           .unit = "imbalance",
           .window = "5 m; cov ≥ 0.98",
           .definition = "Σ ε·n / Σ n over trades of the last 5 m",
           .undefined = "no trade → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our "
                     "own check 9.2)",
           .triggers = on::trade | on::second,
           .needs = {.covered_s = 300}},
          [](const AdvancedAggregator& e) { return e.flow_imbalance(300); },
          [](const History& h, Instant t) { return slow_flow_imbalance(h, t, 300, second_ns); }),
      row(
          {.id = 122,
           .name = "signed_flow_rel_30s",
           .engine = Engine::advanced_aggregator,
           .unit = "signed log ratio",
           .window = "30 s; V̄ valid",
           .definition = "slog( Σ ε·n / (V̄·30 s) )",
           .undefined = "0",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "keeps the size that 120 normalises away",
           .triggers = on::trade | on::second | on::candle,
           .needs = {.inputs = needs::volume_norm, .covered_s = 30}},
          [](const AdvancedAggregator& e) { return signed_log_of(e.net_flow_30s()); },
          [](const History& h, Instant t) {
            if (!h.covered(t, 30)) return missing;
            const double net = h.over_prints(t, 30, second_ns, signed_notional) / (30 * h.volume_rate(t));
            return std::copysign(exact::log(1 + std::abs(net)), net);
          }),
      row(
          {.id = 123,
           .name = "trade_rate_rel_5s",
           .engine = Engine::advanced_aggregator,
           .unit = "log ratio",
           .window = "5 s; n̄ after 900 s",
           .definition = "ln( (N_5/5 + 0.1) / (n̄ + 0.1) )",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "E",
           .source = "trade intensity",
           .triggers = on::trade | on::cell,
           .needs = {.covered_s = 5, .life_s = 900}},
          [](const AdvancedAggregator& e) { return Log{e.order_rate_5s()}; },
          [](const History& h, Instant t) {
            if (!h.covered(t, 5)) return missing;
            return exact::log((h.over_prints(t, 5, fine_cell_ns, order) / 5 + 0.1) / (h.order_rate(t) + 0.1));
          }),
      row(
          {.id = 124,
           .name = "trade_size_rel_30s",
           .engine = Engine::advanced_aggregator,
           .unit = "log ratio",
           .window = "30 s; q̄ valid",
           .definition = "ln( (V_30/N_30) / q̄ )",
           .undefined = "N_30 = 0 → missing",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'A',
           .mirror = "E",
           .source = "mean trade size against its norm",
           .triggers = on::trade | on::second | on::candle,
           .needs = {.covered_s = 30, .life_s = 900}},
          [](const AdvancedAggregator& e) { return Log{e.order_size_30s()}; },
          [](const History& h, Instant t) {
            const double orders = h.over_prints(t, 30, second_ns, order);
            if (!h.covered(t, 30) || orders == 0) return missing;
            return exact::log(h.over_prints(t, 30, second_ns, paid) / orders / h.order_size(t));
          }),
      row(
          {.id = 125,
           .name = "trade_hawkes_imb_5s",
           .engine = Engine::advanced_aggregator,
           .unit = "imbalance",
           .window = "valid after 30 s",
           .definition =
               "(h_b − h_s)/(h_b + h_s + 1), h = Σ exp(−(t − t_i)/5 s) over taker orders of each side",
           .undefined = "0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "Hawkes-like bivariate intensity",
           .triggers = on::trade | on::clock,
           .needs = {.life_s = 30}},
          [](const AdvancedAggregator& e) { return e.excitation_imbalance(); },
          [](const History& h, Instant t) {
            if (h.life_s(t) < 30) return missing;
            double bought = 0, sold = 0;
            for (const History::Print& p : h.prints())
              if (p.new_order && p.at <= t)
                (p.sign() > 0 ? bought : sold) +=
                    exact::exp(-static_cast<double>((t - p.at).count()) * 1e-9 / 5);
            return (bought - sold) / (bought + sold + 1);
          }),
      row(
          {.id = 126,
           .name = "trade_sign_acf",
           .engine = Engine::advanced_aggregator,
           .unit = "correlation",
           .window = "valid after 100 orders",
           .definition = "EW mean (half-life 100 taker orders) of ε_i·ε_{i−1}; prints of one message with "
                         "the same seq and side count as one order",
           .undefined = "missing",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "E",
           .source = "order-sign persistence (Lillo & Farmer 2004)",
           .triggers = on::trade},
          [](const AdvancedAggregator& e) { return e.sign_memory(); },
          [](const History& h, Instant t) {
            const double keep = exact::exp(-0.69314718055994530942 / 100);
            double sum = 0, whole = 0;
            int last = 0, products = 0;
            for (const History::Print& p : h.prints()) {
              if (p.at > t) break;
              if (!p.new_order) continue;
              if (last != 0) {
                sum = sum * keep + last * p.sign();
                whole = whole * keep + 1;
                ++products;
              }
              last = p.sign();
            }
            return products >= 100 ? sum / whole : missing;
          }),
      row(
          {.id = 127,
           .name = "vpin_50",
           .engine = Engine::advanced_aggregator,
           .unit = "share",
           .window = "50 closed buckets (about 50 m)",
           .definition = "Σ_{last 50 buckets} abs(Vb − Vs) / Σ (Vb + Vs); bucket size 60 s·V̄ frozen when the "
                         "bucket opens; true taker sides, no bulk classification",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "E",
           .source = "Easley, López de Prado & O'Hara 2012",
           .triggers = on::trade},
          [](const AdvancedAggregator& e) { return e.toxicity(); },
          [](const History& h, Instant t) { return slow_vpin(h, t); }),
      row(
          {.id = 128,
           .name = "kyle_lambda_5m",
           .engine = Engine::advanced_aggregator,
           .unit = "bps per typical second of volume",
           .window = "5 m; ≥ 294 sealed seconds",
           .definition = "cov(x, r)/var(x) over 300 sealed seconds; x = signed notional / (V̄·1 s), r = 1 s "
                         "mid return in bps",
           .undefined = "var(x) < 1e-6 → missing",
           .clamp_low = -20,
           .clamp_high = 20,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Kyle 1985, regression form as in [AFML18] ch. 19",
           .triggers = on::second,
           .needs = {.covered_s = 300}},
          [](const AdvancedAggregator& e) { return e.impact(); },
          [](const History& h, Instant t) {
            if (!h.covered(t, 300)) return missing;
            double volume[300], moves[300], volume_mean = 0, move_mean = 0, variance = 0, covariance = 0;
            for (int back = 1; back <= 300; ++back) {
              const History::Second* s = h.closed(t, back);
              if (!s) return missing;
              double net = 0;
              for_each_print(h, s->end() - 1s, s->end(),
                             [&](const History::Print& p) { net += signed_notional(p); });
              volume[back - 1] = std::isfinite(s->volume_rate) ? net / s->volume_rate : 0.0;
              moves[back - 1] = s->return_bps;
              volume_mean += volume[back - 1] / 300;
              move_mean += moves[back - 1] / 300;
            }
            for (int i = 0; i < 300; ++i) {
              variance += (volume[i] - volume_mean) * (volume[i] - volume_mean);
              covariance += (volume[i] - volume_mean) * (moves[i] - move_mean);
            }
            return variance / 300 < 1e-6 ? missing : covariance / variance;
          }),
      row(
          {.id = 129,
           .name = "amihud_rel_15m",
           .engine = Engine::advanced_aggregator,
           .unit = "log ratio",
           .window = "≥ 12 of 15 and ≥ 200 of 240 candles",
           .definition =
               "ln( mean_15(i) / mean_240(i) ), i = abs(1e4·ln(C/C₋₁))/turnover, candles with turnover > 0",
           .undefined = "missing",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Amihud 2002, relative to its own 4 h level so that it is unit-free",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 201}},
          [](const AdvancedAggregator& e) { return Log{e.illiquidity()}; },
          [](const History& h, Instant t) {
            if (!h.candles_fresh(t)) return missing;
            double recent = 0, usual = 0;
            int recent_count = 0, usual_count = 0;
            const auto& bars = h.candles();
            for (std::size_t age = 0; age < 240 && age + 1 < bars.size(); ++age) {
              const Kline &now = bars[bars.size() - 1 - age].candle,
                          &before = bars[bars.size() - 2 - age].candle;
              if (!(now.turnover > 0)) continue;
              const double i = std::abs(1e4 * exact::log(static_cast<double>(now.close.count) /
                                                         static_cast<double>(before.close.count))) /
                               now.turnover;
              usual += i;
              ++usual_count;
              if (age < 15) recent += i, ++recent_count;
            }
            if (recent_count < 12 || usual_count < 200) return missing;
            return exact::log((recent / recent_count) / (usual / usual_count));
          }),
      row(
          {.id = 130,
           .name = "eff_spread_ratio_30s",
           .engine = Engine::advanced_aggregator,
           .unit = "ratio",
           .window = "30 s",
           .definition =
               "[ Σ n·2ε·1e4·ln(p/m₋) / Σ n ] / TWA_30( 1e4·s/m ), m₋ the mid before the trade's message",
           .undefined = "no trade → missing",
           .clamp_low = -2,
           .clamp_high = 10,
           .lookahead = 'A',
           .mirror = "E",
           .source = "effective over quoted spread (Huang & Stoll 1996)",
           .triggers = on::trade | on::second | on::clock,
           .needs = {.covered_s = 30}},
          [](const AdvancedAggregator& e) { return e.spread_ratio(); },
          [](const History& h, Instant t) {
            if (!h.covered(t, 30)) return missing;
            const auto cost = [](const History::Print& p) {
              return p.mid2 > 0 ? p.notional * 2 * p.sign() * 1e4 *
                                      exact::log(2 * static_cast<double>(p.trade.price.count) / p.mid2)
                                : 0.0;
            };
            const double whole = h.over_prints(
                t, 30, second_ns, [](const History::Print& p) { return p.mid2 > 0 ? p.notional : 0.0; });
            if (whole == 0) return missing;
            const double quoted =
                h.held_mean(t, 30, [](const History::Book& b) { return 2e4 * b.spread_ticks() / b.mid2(); });
            return h.over_prints(t, 30, second_ns, cost) / whole / quoted;
          }),
      row(
          {.id = 131,
           .name = "markout_5s_1m",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "65 s",
           .definition = "notional-weighted mean of ε·1e4·ln( m(t_i + 5 s)/m₋(t_i) ) over trades whose 5 s "
                         "have fully passed, matured in the last 60 s",
           .undefined = "none matured → missing",
           .clamp_low = -50,
           .clamp_high = 50,
           .lookahead = 'C',
           .mirror = "E",
           .source = "adverse selection / permanent impact, cheap stand-in for Hasbrouck 1991",
           .triggers = on::trade | on::second | on::clock,
           .needs = {.covered_s = 65}},
          [](const AdvancedAggregator& e) { return e.markout(); },
          [](const History& h, Instant t) {
            if (!h.covered(t, 65)) return missing;
            double gained = 0, whole = 0;
            for_each_print(h, History::window_begin(t, 65, second_ns), t - 5s, [&](const History::Print& p) {
              if (!(p.mid2 > 0)) return;
              gained += signed_notional(p) * 1e4 * exact::log(h.mid2(p.at + 5s) / p.mid2);
              whole += p.notional;
            });
            return whole > 0 ? gained / whole : missing;
          }),
      row(
          {.id = 132,
           .name = "microprice_l5_dev",
           .engine = Engine::advanced_aggregator,
           .unit = "half-spreads",
           .window = "≥ 5 levels a side",
           .definition = "( P₅ − m )/(s/2), P₅ = Σ_{k≤5}(a_k B_k + b_k A_k) / Σ_{k≤5}(A_k + B_k)",
           .undefined = "missing",
           .clamp_low = -60,
           .clamp_high = 60,
           .lookahead = 'A',
           .mirror = "O",
           .source = "depth-weighted microprice; Stoikov 2018 shows L1 weighting is not a martingale",
           .triggers = on::book,
           .needs = {.inputs = needs::book, .levels = 5}},
          [](const AdvancedAggregator& e) { return e.deep_microprice(); },
          [](const History& h, Instant t) {
            const auto* b = h.book(t);
            if (!b || !b->deep(5)) return missing;
            return (2 * slow_microprice(*b, 5) - b->mid2()) / b->spread_ticks();
          }),
      row(
          {.id = 133,
           .name = "microprice_lead_1s",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "1 s",
           .definition =
               "1e4·[ ln( μ(t)/μ(t − 1 s) ) − ln( m(t)/m(t − 1 s) ) ], μ = (a_1 B1 + b_1 A1)/(A1 + B1)",
           .undefined = "missing",
           .clamp_low = -200,
           .clamp_high = 200,
           .lookahead = 'A',
           .mirror = "O",
           .source = "moves before the mid does on one-tick books",
           .triggers = on::book | on::cell,
           .needs = {.inputs = needs::book, .covered_s = 1}},
          [](const AdvancedAggregator& e) { return Log{e.microprice_lead(), 1e4}; },
          [](const History& h, Instant t) {
            const auto* now = h.book(t);
            const Instant then{History::window_begin(t, 1, fine_cell_ns).ns - 1};
            const auto* before = h.book(then);
            if (!now || !before || !h.covered(t, 1)) return missing;
            const double moved = exact::log(slow_microprice(*now, 1) / slow_microprice(*before, 1));
            return 1e4 * (moved - exact::log(h.mid2(t) / h.mid2(then)));
          }),
      row(
          {.id = 134,
           .name = "oi_chg_5m",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "5 m of ticker",
           .definition = "1e4·ln( OI(t)/OI(t − 5 m) )",
           .undefined = "stale > 10 s → missing",
           .clamp_low = -2000,
           .clamp_high = 2000,
           .lookahead = 'A',
           .mirror = "E",
           .source = "open-interest change; unit and one-side/both-side factor cancel",
           .triggers = on::ticker | on::second,
           .needs = {.inputs = needs::ticker}},
          [](const AdvancedAggregator& e) { return Log{e.interest_change(300), 1e4}; },
          [](const History& h, Instant t) { return slow_interest_change(h, t, 300); }),
      row(
          {.id = 135,
           .name = "oi_chg_1h",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "1 h of ticker",
           .definition = "1e4·ln( OI(t)/OI(t − 1 h) )",
           .undefined = "missing",
           .clamp_low = -5000,
           .clamp_high = 5000,
           .lookahead = 'A',
           .mirror = "E",
           .source = "open-interest change; unit and one-side/both-side factor cancel",
           .triggers = on::ticker | on::second,
           .needs = {.inputs = needs::ticker}},
          [](const AdvancedAggregator& e) { return Log{e.interest_change(3600), 1e4}; },
          [](const History& h, Instant t) { return slow_interest_change(h, t, 3600); }),
      row(
          {.id = 136,
           .name = "oi_turnover_log",
           .engine = Engine::advanced_aggregator,
           .unit = "log ratio",
           .window = "both fields seen",
           .definition = "ln( openInterestValue / turnover24h )",
           .undefined = "turnover24h = 0 → missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "E",
           .source = "leverage crowding: days of volume held open",
           .triggers = on::ticker},
          [](const AdvancedAggregator& e) { return Log{e.interest_over_turnover()}; },
          [](const History& h, Instant t) {
            const Ticker* ticker = h.last_ticker(t);
            const bool both =
                ticker && ticker->open_interest_value && ticker->turnover_24h && *ticker->turnover_24h > 0;
            return both ? exact::log(*ticker->open_interest_value / *ticker->turnover_24h) : missing;
          }),
      row(
          {.id = 137,
           .name = "funding_8h_bps",
           .engine = Engine::advanced_aggregator,
           .unit = "bps per 8 h",
           .window = "ticker seen",
           .definition = "1e4·fundingRate·8/H",
           .undefined = "missing",
           .clamp_low = -300,
           .clamp_high = 300,
           .lookahead = 'A',
           .mirror = "O",
           .source = "funding normalised over interval length",
           .triggers = on::ticker},
          [](const AdvancedAggregator& e) { return e.funding_8h(); },
          [](const History& h, Instant t) { return slow_funding(h, h.last_ticker(t)); }),
      row(
          {.id = 138,
           .name = "funding_chg_1h_bps",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "1 h",
           .definition = "funding_8h_bps(t) − funding_8h_bps(t − 1 h); the jump at settlement is kept",
           .undefined = "missing",
           .clamp_low = -100,
           .clamp_high = 100,
           .lookahead = 'A',
           .mirror = "O",
           .source = "predicted-funding drift",
           .triggers = on::ticker | on::second},
          [](const AdvancedAggregator& e) { return e.funding_change(); },
          [](const History& h, Instant t) {
            const Instant before{(cell_of(t, second_ns) - 3600) * second_ns - 1};
            if (!h.ticker_fresh(before, Instant{before.ns + 1})) return missing;
            return slow_funding(h, h.last_ticker(t)) - slow_funding(h, h.last_ticker(before));
          }),
      row(
          {.id = 139,
           .name = "leader_ret_5s",
           .engine = Engine::advanced_aggregator,
           .unit = "bps",
           .window = "5 s on Λ; age ≤ 5 s",
           .definition = "r_5 of leader Λ",
           .undefined = "missing",
           .clamp_low = -400,
           .clamp_high = 400,
           .lookahead = 'A',
           .mirror = "O",
           .source = "lead-lag (Cont, Cucuringu & Zhang: lagged cross-asset flow predicts)",
           .triggers = on::leader,
           .needs = {.inputs = needs::leader, .leader_covered_s = 5}},
          [](const AdvancedAggregator& e) { return Log{e.leader_move(), 1e4}; },
          [](const History& h, Instant t) {
            const History* lead = h.leader(t);
            return lead ? 1e4 * exact::log(lead->move(t, 5, fine_cell_ns)) : missing;
          }),
      row(
          {.id = 140,
           .name = "leader_gap_1m",
           .engine = Engine::advanced_aggregator,
           .unit = "standard deviations",
           .window = "1 m on both",
           .definition = "r_60(Λ)/σ̄(Λ) − r_60/σ̄",
           .undefined = "missing",
           .clamp_low = -12,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "O",
           .source = "catch-up gap in own-volatility units",
           .triggers = on::leader | on::book | on::second,
           .needs = {.inputs = needs::leader, .covered_s = 60, .leader_covered_s = 60, .life_s = 900}},
          [](const AdvancedAggregator& e) { return e.leader_gap(); },
          [](const History& h, Instant t) {
            const History* lead = h.leader(t);
            if (!lead) return missing;
            const auto score = [t](const History& one) {
              return 1e4 * exact::log(one.move(t, 60, second_ns)) / one.sigma(t);
            };
            return score(*lead) - score(h);
          }),
      row(
          {.id = 141,
           .name = "leader_ofi_5s",
           .engine = Engine::advanced_aggregator,
           .unit = "signed log of mean queues",
           .window = "5 s on Λ",
           .definition = "ofi_l1_5s of Λ",
           .undefined = "missing",
           .clamp_low = -6,
           .clamp_high = 6,
           .lookahead = 'A',
           .mirror = "O",
           .source = "cross-asset OFI [CCZ21]",
           .triggers = on::leader | on::clock,
           .needs = {.inputs = needs::leader, .leader_covered_s = 5}},
          [](const AdvancedAggregator& e) { return signed_log_of(e.leader_flow()); },
          [](const History& h, Instant t) {
            const History* lead = h.leader(t);
            return lead ? micro_liquidity_definitions::slog(
                              micro_liquidity_definitions::slow_flow(*lead, t, 1, 5, fine_cell_ns))
                        : missing;
          }),
      row(
          {.id = 142,
           .name = "leader_corr_15m",
           .engine = Engine::advanced_aggregator,
           .unit = "correlation",
           .window = "15 m on both",
           .definition =
               "Σ x_i y_i / sqrt(Σ x_i² Σ y_i²), 180 five-second returns of Λ and of the symbol (uncentred)",
           .undefined = "either Σ = 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "E",
           .source = "co-movement regime",
           .triggers = on::leader | on::second,
           .needs = {.inputs = needs::leader, .covered_s = 900, .leader_covered_s = 900, .steps = 180}},
          [](const AdvancedAggregator& e) { return e.leader_correlation(); },
          [](const History& h, Instant t) {
            const History* lead = h.leader(t);
            if (!lead || !h.covered(t, 900) || !lead->covered(t, 900)) return missing;
            double product = 0, own = 0, other = 0;
            for (int back = 0; back < 180; ++back) {
              const Instant end = Instant::from_seconds((t.seconds() / 5 - back) * 5);
              const double x = 1e4 * exact::log(h.mid2_before(end) / h.mid2_before(end - 5s)),
                           y = 1e4 * exact::log(lead->mid2_before(end) / lead->mid2_before(end - 5s));
              product += x * y;
              own += x * x;
              other += y * y;
            }
            return own == 0 || other == 0 ? 0.0 : product / std::sqrt(own * other);
          })};
}();

}  // namespace mlbot::core
