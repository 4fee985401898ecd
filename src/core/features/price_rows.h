// Rows 1-26: what each means, how the price engine's state says it, and its definition over raw events.
#pragma once

#include "core/features/history.h"
#include "core/features/price_engine.h"
#include "core/features/rows.h"

namespace mlbot::core {
namespace price_definitions {

inline double bps(double ratio) { return 1e4 * ln(ratio); }

struct Range {
  double low, high;
};
/// Over the closed seconds of the window and the present mid.
inline Range slow_range(const History& h, Instant t, int seconds) {
  if (!h.covered(t, seconds)) return {missing, missing};
  Range range{h.mid2(t), h.mid2(t)};
  for (int back = 1; back <= seconds; ++back)
    if (const auto* second = h.closed(t, back); second && second->mid2 > 0) {
      range.low = std::min(range.low, second->mid2);
      range.high = std::max(range.high, second->mid2);
    }
  return range;
}
inline double slow_range_position(const History& h, Instant t, int seconds) {
  const auto [low, high] = slow_range(h, t, seconds);
  return low == high ? 0.0 : 2 * (h.mid2(t) - low) / (high - low) - 1;
}

inline bool either_side(const History::Print&) { return true; }
inline bool buys(const History::Print& print) { return print.trade.taker == Side::buy; }
inline bool sells(const History::Print& print) { return print.trade.taker == Side::sell; }
/// Twice the mean price paid, in ticks; missing where nothing was.
template <class Counts>
double slow_vwap2(const History& h, Instant t, int seconds, Counts counts) {
  if (!h.covered(t, seconds)) return missing;
  const auto lots = [&](const History::Print& print) {
    return counts(print) ? static_cast<double>(print.trade.size.count) : 0.0;
  };
  const auto paid = [&](const History::Print& print) {
    return lots(print) * static_cast<double>(print.trade.price.count);
  };
  const double whole = h.over_prints(t, seconds, second_ns, lots);
  return whole > 0 ? 2 * h.over_prints(t, seconds, second_ns, paid) / whole : missing;
}

/// ln m of a book, against the present mid: both means have it alike, and near zero nothing is rounded off.
inline auto log_mid(const History& h, Instant t) {
  return [now = h.mid2(t)](const History::Book& book) { return ln(book.mid2() / now); };
}

/// Premium in bps with what was heard up to `heard`, while the ticker counts as fresh up to `t`.
inline double slow_premium(const History& h, Instant heard, Instant t) {
  const Ticker* ticker = h.last_ticker(heard);
  if (!ticker || !ticker->index_price || !h.ticker_fresh(heard, t)) return missing;
  return bps(0.5 * h.mid2(heard) * h.tick() / to_double(*ticker->index_price));
}

}  // namespace price_definitions

inline constexpr auto price_rows = [] {
  using namespace price_definitions;
  return std::tuple{
      row(
          {.id = 1,
           .name = "ret_1s",
           .engine = Engine::price,
           .unit = "bps",
           .window = "1 s; needs cov(1 s) ≥ 0.98",
           .definition = "r_1 = 1e4·ln( m(t) / m(t−1 s) )",
           .undefined = "missing",
           .clamp_low = -200,
           .clamp_high = 200,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::cell,
           .needs = {.covered_s = 1}},
          [](const PriceEngine& e) { return Log{e.market().move_fine(1), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 1, fine_cell_ns)); }),
      row(
          {.id = 2,
           .name = "ret_5s",
           .engine = Engine::price,
           .unit = "bps",
           .window = "5 s; needs cov(5 s) ≥ 0.98",
           .definition = "r_5 = 1e4·ln( m(t) / m(t−5 s) )",
           .undefined = "missing",
           .clamp_low = -400,
           .clamp_high = 400,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::cell,
           .needs = {.covered_s = 5}},
          [](const PriceEngine& e) { return Log{e.market().move_fine(5), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 5, fine_cell_ns)); }),
      row(
          {.id = 3,
           .name = "ret_30s",
           .engine = Engine::price,
           .unit = "bps",
           .window = "30 s; needs cov(30 s) ≥ 0.98",
           .definition = "r_30 = 1e4·ln( m(t) / m(t−30 s) )",
           .undefined = "missing",
           .clamp_low = -800,
           .clamp_high = 800,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 30}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(30), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 30, second_ns)); }),
      row(
          {.id = 4,
           .name = "ret_1m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "1 m; needs cov(1 m) ≥ 0.98",
           .definition = "r_60 = 1e4·ln( m(t) / m(t−1 m) )",
           .undefined = "missing",
           .clamp_low = -1000,
           .clamp_high = 1000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 60}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(60), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 60, second_ns)); }),
      row(
          {.id = 5,
           .name = "ret_5m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "5 m; needs cov(5 m) ≥ 0.98",
           .definition = "r_300 = 1e4·ln( m(t) / m(t−5 m) )",
           .undefined = "missing",
           .clamp_low = -2000,
           .clamp_high = 2000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 300}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(300), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 300, second_ns)); }),
      row(
          {.id = 6,
           .name = "ret_15m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "15 m; needs cov(15 m) ≥ 0.98",
           .definition = "r_900 = 1e4·ln( m(t) / m(t−15 m) )",
           .undefined = "missing",
           .clamp_low = -3000,
           .clamp_high = 3000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 900}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(900), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 900, second_ns)); }),
      row(
          {.id = 7,
           .name = "ret_1h",
           .engine = Engine::price,
           .unit = "bps",
           .window = "1 h; needs cov(1 h) ≥ 0.98",
           .definition = "r_3600 = 1e4·ln( m(t) / m(t−1 h) )",
           .undefined = "missing",
           .clamp_low = -5000,
           .clamp_high = 5000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "log-return; horizons as in LOB work [BS26]",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 3600}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(3600), 1e4}; },
          [](const History& h, Instant t) { return bps(h.move(t, 3600, second_ns)); }),
      row(
          {.id = 8,
           .name = "ret_z_1m",
           .engine = Engine::price,
           .unit = "standard deviations",
           .window = "1 m and σ̄ (900 s of life)",
           .definition = "r_60 / ( σ̄ · 1 )",
           .undefined = "missing if either is missing; σ̄ is floored, never 0",
           .clamp_low = -12,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "O",
           .source = "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 60, .life_s = 900}},
          [](const PriceEngine& e) { return Log{e.market().move_coarse(60), 1e4 / e.market().sigma()}; },
          [](const History& h, Instant t) { return bps(h.move(t, 60, second_ns)) / h.sigma(t); }),
      row(
          {.id = 9,
           .name = "ret_z_5m",
           .engine = Engine::price,
           .unit = "standard deviations",
           .window = "5 m and σ̄ (900 s of life)",
           .definition = "r_300 / ( σ̄ · √5 )",
           .undefined = "missing if either is missing; σ̄ is floored, never 0",
           .clamp_low = -12,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "O",
           .source = "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 300, .life_s = 900}},
          [](const PriceEngine& e) {
            return Log{e.market().move_coarse(300), 1e4 / (e.market().sigma() * std::sqrt(5.0))};
          },
          [](const History& h, Instant t) {
            return bps(h.move(t, 300, second_ns)) / (h.sigma(t) * std::sqrt(5.0));
          }),
      row(
          {.id = 10,
           .name = "ret_z_15m",
           .engine = Engine::price,
           .unit = "standard deviations",
           .window = "15 m and σ̄ (900 s of life)",
           .definition = "r_900 / ( σ̄ · √15 )",
           .undefined = "missing if either is missing; σ̄ is floored, never 0",
           .clamp_low = -12,
           .clamp_high = 12,
           .lookahead = 'A',
           .mirror = "O",
           .source = "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 900, .life_s = 900}},
          [](const PriceEngine& e) {
            return Log{e.market().move_coarse(900), 1e4 / (e.market().sigma() * std::sqrt(15.0))};
          },
          [](const History& h, Instant t) {
            return bps(h.move(t, 900, second_ns)) / (h.sigma(t) * std::sqrt(15.0));
          }),
      row(
          {.id = 11,
           .name = "range_pos_5m",
           .engine = Engine::price,
           .unit = "share of range",
           .window = "5 m; cov ≥ 0.98",
           .definition = "2·(m − Lo)/(Hi − Lo) − 1, Hi and Lo the max and min over the sealed seconds of the "
                         "last 5 m and the "
                         "current mid",
           .undefined = "Hi = Lo → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "stochastic-oscillator form (Lane)",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 300}},
          [](const PriceEngine& e) { return e.range_position<300>(); },
          [](const History& h, Instant t) { return slow_range_position(h, t, 300); }),
      row(
          {.id = 12,
           .name = "range_pos_1h",
           .engine = Engine::price,
           .unit = "share of range",
           .window = "1 h; cov ≥ 0.98",
           .definition = "2·(m − Lo)/(Hi − Lo) − 1, Hi and Lo the max and min over the sealed seconds of the "
                         "last 1 h and the "
                         "current mid",
           .undefined = "Hi = Lo → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'A',
           .mirror = "O",
           .source = "stochastic-oscillator form (Lane)",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 3600}},
          [](const PriceEngine& e) { return e.range_position<3600>(); },
          [](const History& h, Instant t) { return slow_range_position(h, t, 3600); }),
      row(
          {.id = 13,
           .name = "drawdown_15m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "15 m; cov ≥ 0.98",
           .definition = "1e4·ln( m / Hi_900 )",
           .undefined = "missing",
           .clamp_low = -3000,
           .clamp_high = 0,
           .lookahead = 'A',
           .mirror = "N(14)",
           .source = "drawdown from running maximum",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 900}},
          [](const PriceEngine& e) { return Log{e.from_high_15m(), 1e4}; },
          [](const History& h, Instant t) { return bps(h.mid2(t) / slow_range(h, t, 900).high); }),
      row(
          {.id = 14,
           .name = "drawup_15m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "15 m; cov ≥ 0.98",
           .definition = "1e4·ln( m / Lo_900 )",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 3000,
           .lookahead = 'A',
           .mirror = "N(13)",
           .source = "mirror of 13",
           .triggers = on::book | on::second,
           .needs = {.covered_s = 900}},
          [](const PriceEngine& e) { return Log{e.from_low_15m(), 1e4}; },
          [](const History& h, Instant t) { return bps(h.mid2(t) / slow_range(h, t, 900).low); }),
      row(
          {.id = 15,
           .name = "vwap_dev_1m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "1 m; cov ≥ 0.98",
           .definition = "1e4·ln( m / VWAP_60 ), VWAP_60 = Σn / Σq over trades of the last 1 m",
           .undefined = "no trade in window → missing",
           .clamp_low = -300,
           .clamp_high = 300,
           .lookahead = 'A',
           .mirror = "O",
           .source = "VWAP deviation; original README list; [BS26]",
           .triggers = on::trade | on::book | on::second,
           .needs = {.covered_s = 60}},
          [](const PriceEngine& e) { return Log{e.over_vwap(60), 1e4}; },
          [](const History& h, Instant t) { return bps(h.mid2(t) / slow_vwap2(h, t, 60, either_side)); }),
      row(
          {.id = 16,
           .name = "vwap_dev_15m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "15 m; cov ≥ 0.98",
           .definition = "1e4·ln( m / VWAP_900 ), VWAP_900 = Σn / Σq over trades of the last 15 m",
           .undefined = "no trade in window → missing",
           .clamp_low = -1500,
           .clamp_high = 1500,
           .lookahead = 'A',
           .mirror = "O",
           .source = "VWAP deviation; original README list; [BS26]",
           .triggers = on::trade | on::book | on::second,
           .needs = {.covered_s = 900}},
          [](const PriceEngine& e) { return Log{e.over_vwap(900), 1e4}; },
          [](const History& h, Instant t) { return bps(h.mid2(t) / slow_vwap2(h, t, 900, either_side)); }),
      row(
          {.id = 17,
           .name = "vwap_dev_1h",
           .engine = Engine::price,
           .unit = "bps",
           .window = "1 h; cov ≥ 0.98",
           .definition = "1e4·ln( m / VWAP_3600 ), VWAP_3600 = Σn / Σq over trades of the last 1 h",
           .undefined = "no trade in window → missing",
           .clamp_low = -3000,
           .clamp_high = 3000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "VWAP deviation; original README list; [BS26]",
           .triggers = on::trade | on::book | on::second,
           .needs = {.covered_s = 3600}},
          [](const PriceEngine& e) { return Log{e.over_vwap(3600), 1e4}; },
          [](const History& h, Instant t) { return bps(h.mid2(t) / slow_vwap2(h, t, 3600, either_side)); }),
      row(
          {.id = 18,
           .name = "buy_vwap_dev_30s",
           .engine = Engine::price,
           .unit = "bps",
           .window = "30 s; cov ≥ 0.98",
           .definition = "1e4·ln( VWAP⁺_30 / m ), taker-buy trades only",
           .undefined = "no buy → missing",
           .clamp_low = -300,
           .clamp_high = 300,
           .lookahead = 'A',
           .mirror = "N(19)",
           .source = "[BS26] buy/sell VWAP-to-mid",
           .triggers = on::trade | on::book | on::second,
           .needs = {.covered_s = 30}},
          [](const PriceEngine& e) {
            return Log{e.side_vwap(SymbolMarket::bought_notional, SymbolMarket::bought_lots), 1e4};
          },
          [](const History& h, Instant t) { return bps(slow_vwap2(h, t, 30, buys) / h.mid2(t)); }),
      row(
          {.id = 19,
           .name = "sell_vwap_dev_30s",
           .engine = Engine::price,
           .unit = "bps",
           .window = "30 s; cov ≥ 0.98",
           .definition = "1e4·ln( VWAP⁻_30 / m ), taker-sell trades only",
           .undefined = "no sell → missing",
           .clamp_low = -300,
           .clamp_high = 300,
           .lookahead = 'A',
           .mirror = "N(18)",
           .source = "[BS26]",
           .triggers = on::trade | on::book | on::second,
           .needs = {.covered_s = 30}},
          [](const PriceEngine& e) {
            return Log{e.side_vwap(SymbolMarket::sold_notional, SymbolMarket::sold_lots), 1e4};
          },
          [](const History& h, Instant t) { return bps(slow_vwap2(h, t, 30, sells) / h.mid2(t)); }),
      row(
          {.id = 20,
           .name = "last_trade_dev",
           .engine = Engine::price,
           .unit = "half-spreads",
           .window = "last trade not older than 60 s",
           .definition = "(p_last − m₋) / (s₋/2), m₋ and s₋ as they stood when the print came",
           .undefined = "older or none, or no book when it came → missing",
           .clamp_low = -15,
           .clamp_high = 15,
           .lookahead = 'A',
           .mirror = "O",
           .source = "quote rule position of the print (Lee & Ready 1991)",
           .triggers = on::trade | on::clock},
          [](const PriceEngine& e) { return e.last_trade_position(); },
          [](const History& h, Instant t) {
            if (h.prints().empty() || h.prints().back().at < t - 60s) return missing;
            const History::Print& last = h.prints().back();
            return (2 * static_cast<double>(last.trade.price.count) - last.mid2) / last.spread_ticks;
          }),
      row(
          {.id = 21,
           .name = "ema_gap_1m_5m",
           .engine = Engine::price,
           .unit = "bps",
           .window = "time-EWMA, τ 60 s and 300 s, bias-corrected; valid after 300 s of life",
           .definition = "1e4·( E_60[ln m] − E_300[ln m] )",
           .undefined = "missing",
           .clamp_low = -500,
           .clamp_high = 500,
           .lookahead = 'A',
           .mirror = "O",
           .source = "moving-average convergence in continuous time",
           .triggers = on::book | on::clock,
           .needs = {.book_s = 300}},
          [](const PriceEngine& e) { return 1e4 * e.gap_1m_5m(); },
          [](const History& h, Instant t) {
            if (h.held_s(t, log_mid(h, t)) < 300) return missing;
            return 1e4 * (h.held_mean(t, 60, log_mid(h, t)) - h.held_mean(t, 300, log_mid(h, t)));
          }),
      row(
          {.id = 22,
           .name = "ema_gap_5m_1h",
           .engine = Engine::price,
           .unit = "bps",
           .window = "τ 300 s and 3600 s; valid after 3600 s",
           .definition = "1e4·( E_300[ln m] − E_3600[ln m] )",
           .undefined = "missing",
           .clamp_low = -2000,
           .clamp_high = 2000,
           .lookahead = 'A',
           .mirror = "O",
           .source = "moving-average convergence in continuous time",
           .triggers = on::book | on::clock,
           .needs = {.book_s = 3600}},
          [](const PriceEngine& e) { return 1e4 * e.gap_5m_1h(); },
          [](const History& h, Instant t) {
            if (h.held_s(t, log_mid(h, t)) < 3600) return missing;
            return 1e4 * (h.held_mean(t, 300, log_mid(h, t)) - h.held_mean(t, 3600, log_mid(h, t)));
          }),
      row(
          {.id = 23,
           .name = "mark_mid_gap",
           .engine = Engine::price,
           .unit = "bps",
           .window = "ticker age ≤ 10 s",
           .definition = "1e4·ln( M / m )",
           .undefined = "stale → missing",
           .clamp_low = -200,
           .clamp_high = 200,
           .lookahead = 'A',
           .mirror = "O",
           .source = "[BYB] ticker markPrice; liquidations trigger on mark, not on last",
           .triggers = on::ticker | on::book,
           .needs = {.inputs = needs::ticker}},
          [](const PriceEngine& e) { return Log{e.mark_over_mid(), 1e4}; },
          [](const History& h, Instant t) {
            const Ticker* ticker = h.fresh_ticker(t);
            if (!ticker || !ticker->mark_price) return missing;
            return bps(to_double(*ticker->mark_price) / (0.5 * h.mid2(t) * h.tick()));
          }),
      row(
          {.id = 24,
           .name = "premium_bps",
           .engine = Engine::price,
           .unit = "bps",
           .window = "ticker age ≤ 10 s",
           .definition = "1e4·ln( m / I )",
           .undefined = "stale → missing",
           .clamp_low = -300,
           .clamp_high = 300,
           .lookahead = 'A',
           .mirror = "O",
           .source = "perpetual basis to index [BYB]; He et al. 2022",
           .triggers = on::ticker | on::book,
           .needs = {.inputs = needs::ticker}},
          [](const PriceEngine& e) { return Log{e.over_index(), 1e4}; },
          [](const History& h, Instant t) { return slow_premium(h, t, t); }),
      row(
          {.id = 25,
           .name = "premium_z_1h",
           .engine = Engine::price,
           .unit = "standard deviations",
           .window = "EW τ 3600 s on the 1 s grid; valid after 1800 s",
           .definition = "( premium_bps − EWmean ) / max( EWsd, 0.1 bps )",
           .undefined = "missing",
           .clamp_low = -8,
           .clamp_high = 8,
           .lookahead = 'A',
           .mirror = "O",
           .source = "z-score of 24",
           .triggers = on::ticker | on::book | on::second,
           .needs = {.inputs = needs::ticker, .premiums = 1800}},
          [](const PriceEngine& e) { return e.premium_score(); },
          [](const History& h, Instant t) {
            // As it stood at the end of each live second; the ticker that was heard last by then.
            const auto premium = [&](const History::Second& s) {
              return slow_premium(h, Instant{s.end().ns - 1}, s.end());
            };
            if (h.live_samples(t, premium) < 1800) return missing;
            const double mean = h.live_mean(t, 3600, premium);
            const double variance = h.live_mean(
                t, 3600, [&](const History::Second& s) { return (premium(s) - mean) * (premium(s) - mean); });
            return (slow_premium(h, t, t) - mean) / std::max(std::sqrt(variance), 0.1);
          }),
      row(
          {.id = 26,
           .name = "fracdiff_logp_1m",
           .engine = Engine::price,
           .unit = "σ̄ units",
           .window = "282 confirmed 1 m candles (REST warm start)",
           .definition = "( Σ_{k=0..281} w_k · 1e4·ln( C_{n−k} / C_{n−281} ) ) / σ̄, w_0 = 1, w_k = "
                         "−w_{k−1}(0.4 − k + 1)/k, "
                         "cut at abs(w) < 1e-4 (282 terms)",
           .undefined = "missing",
           .clamp_low = -30,
           .clamp_high = 30,
           .lookahead = 'B',
           .mirror = "O",
           .source = "[AFML18] ch. 5 fixed-width window; re-based on the oldest close because the cut "
                     "weights sum to "
                     "0.0704, not 0, and would leak the price level",
           .triggers = on::candle | on::second,
           .needs = {.inputs = needs::candles, .life_s = 900, .candles = 282}},
          [](const PriceEngine& e) {
            return e.market().candles_fresh() ? e.fraction() / e.market().sigma() : missing;
          },
          [](const History& h, Instant t) {
            constexpr std::size_t terms = PriceEngine::fraction_terms;
            const auto& candles = h.candles();
            if (candles.size() < terms || !h.candles_fresh(t)) return missing;
            const auto close = [&](std::size_t age) {
              return static_cast<double>(candles[candles.size() - 1 - age].candle.close.count);
            };
            double sum = 0;
            for (std::size_t k = 0; k < terms; ++k)
              sum += PriceEngine::fraction_weights[k] * bps(close(k) / close(terms - 1));
            return sum / h.sigma(t);
          })};
}();

}  // namespace mlbot::core
