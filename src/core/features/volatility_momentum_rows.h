// Rows 57-84: what each means, how the engine's state says it, and its definition over raw events.
#pragma once

#include "core/features/history.h"
#include "core/features/rows.h"
#include "core/features/volatility_momentum_definitions.h"
#include "core/features/volatility_momentum_engine.h"

namespace mlbot::core {
inline constexpr auto volatility_momentum_rows = [] {
  using namespace volatility_definitions;
  return std::tuple{
      row(
          {.id = 57,
           .name = "log_rv_30s",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "30 s; cov ≥ 0.98",
           .definition =
               "ln( max(σ_30, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 30 s",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "realised variance (Andersen & Bollerslev 1998)",
           .triggers = on::second,
           .needs = {.covered_s = 30}},
          [](const VolatilityMomentumEngine& e) { return Log{e.sigma().of_30s}; },
          [](const History& h, Instant t) { return ln(floored(sigma_of(h, t, 30))); }),
      row(
          {.id = 58,
           .name = "log_rv_5m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "5 m; cov ≥ 0.98",
           .definition =
               "ln( max(σ_300, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 5 m",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "realised variance (Andersen & Bollerslev 1998)",
           .triggers = on::second,
           .needs = {.covered_s = 300}},
          [](const VolatilityMomentumEngine& e) { return Log{e.sigma().of_5m}; },
          [](const History& h, Instant t) { return ln(floored(sigma_of(h, t, 300))); }),
      row(
          {.id = 59,
           .name = "log_rv_1h",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "1 h; cov ≥ 0.98",
           .definition =
               "ln( max(σ_3600, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 1 h",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "realised variance (Andersen & Bollerslev 1998)",
           .triggers = on::second,
           .needs = {.covered_s = 3600}},
          [](const VolatilityMomentumEngine& e) { return Log{e.sigma().of_1h}; },
          [](const History& h, Instant t) { return ln(floored(sigma_of(h, t, 3600))); }),
      row(
          {.id = 60,
           .name = "rv_ratio_30s_15m",
           .engine = Engine::volatility_momentum,
           .unit = "log ratio",
           .window = "15 m",
           .definition = "ln( max(σ_30,0.01) / max(σ_900,0.01) )",
           .undefined = "missing",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'B',
           .mirror = "E",
           .source = "volatility term structure",
           .triggers = on::second,
           .needs = {.covered_s = 900, .also_covered_s = 30}},
          [](const VolatilityMomentumEngine& e) { return Log{e.sigma().of_30s / e.sigma().of_15m}; },
          [](const History& h, Instant t) {
            return ln(floored(sigma_of(h, t, 30)) / floored(sigma_of(h, t, 900)));
          }),
      row(
          {.id = 61,
           .name = "rv_ratio_5m_1h",
           .engine = Engine::volatility_momentum,
           .unit = "log ratio",
           .window = "1 h",
           .definition = "ln( max(σ_300,0.01) / max(σ_3600,0.01) )",
           .undefined = "missing",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'B',
           .mirror = "E",
           .source = "volatility term structure",
           .triggers = on::second,
           .needs = {.covered_s = 3600, .also_covered_s = 300}},
          [](const VolatilityMomentumEngine& e) { return Log{e.sigma().of_5m / e.sigma().of_1h}; },
          [](const History& h, Instant t) {
            return ln(floored(sigma_of(h, t, 300)) / floored(sigma_of(h, t, 3600)));
          }),
      row(
          {.id = 62,
           .name = "jump_share_15m",
           .engine = Engine::volatility_momentum,
           .unit = "share",
           .window = "15 m; 180 sealed 5 s steps",
           .definition =
               "max( 0, 1 − BV/RV ), RV = Σ r_i², BV = (π/2)(n/(n−1)) Σ abs(r_i)·abs(r_{i−1}), r_i the 180 "
               "non-overlapping 5 s returns",
           .undefined = "RV = 0 → 0",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "E",
           .source = "bipower variation, Barndorff-Nielsen & Shephard 2004; 5 s steps because 1 s mids are "
                     "often unchanged "
                     "and zeros bias BV down",
           .triggers = on::second,
           .needs = {.covered_s = 900, .steps = 180}},
          [](const VolatilityMomentumEngine& e) { return e.steps_15m().jump_share; },
          [](const History& h, Instant t) {
            const auto r = steps_of(h, t, 180, 900);
            if (r.empty() || sum_of(r, square) == 0) return r.empty() ? missing : 0.0;
            double products = 0;
            for (std::size_t i = 1; i < r.size(); ++i) products += std::abs(r[i]) * std::abs(r[i - 1]);
            const double bipower = 1.57079632679489661923 * (180.0 / 179) * products;
            return std::max(0.0, 1 - bipower / sum_of(r, square));
          }),
      row(
          {.id = 63,
           .name = "semivar_asym_15m",
           .engine = Engine::volatility_momentum,
           .unit = "imbalance",
           .window = "15 m",
           .definition = "( Σ r²[r>0] − Σ r²[r<0] ) / Σ r², 5 s returns",
           .undefined = "RV = 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "realised semivariance (Barndorff-Nielsen, Kinnebrock & Shephard 2010)",
           .triggers = on::second,
           .needs = {.covered_s = 900, .steps = 180}},
          [](const VolatilityMomentumEngine& e) { return e.steps_15m().semivariance; },
          [](const History& h, Instant t) {
            const auto r = steps_of(h, t, 180, 900);
            if (r.empty()) return missing;
            const double all = sum_of(r, square);
            const double signed_squares = sum_of(r, [](double x) { return x > 0 ? x * x : -x * x; });
            return all > 0 ? signed_squares / all : 0.0;
          }),
      row(
          {.id = 64,
           .name = "log_rq_ratio_15m",
           .engine = Engine::volatility_momentum,
           .unit = "log ratio",
           .window = "15 m",
           .definition = "ln( (n/3) Σ r⁴ / (Σ r²)² ), n = 180; 0 for Gaussian constant volatility",
           .undefined = "RV = 0 → 0",
           .clamp_low = -1.1,
           .clamp_high = 4.1,
           .lookahead = 'B',
           .mirror = "E",
           .source = "realised quarticity",
           .triggers = on::second,
           .needs = {.covered_s = 900, .steps = 180}},
          [](const VolatilityMomentumEngine& e) { return Log{e.steps_15m().quarticity}; },
          [](const History& h, Instant t) {
            const auto r = steps_of(h, t, 180, 900);
            if (r.empty()) return missing;
            const double all = sum_of(r, square);
            return all > 0 ? ln(180.0 / 3 * sum_of(r, [](double x) { return x * x * x * x; }) / (all * all))
                           : 0.0;
          }),
      row(
          {.id = 65,
           .name = "log_parkinson_15m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "15 confirmed 1 m candles",
           .definition = "ln max(0.01, 1e4·sqrt( mean_15[ ln(H/L)² ] / (4 ln 2) ))",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Parkinson 1980",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 15}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().parkinson}; },
          [](const History& h, Instant t) {
            return ln(range_sigma(h, t, [](const Candle& c) {
              return ln(c.high / c.low) * ln(c.high / c.low) / (4 * ln(2.0));
            }));
          }),
      row(
          {.id = 66,
           .name = "log_garman_klass_15m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "15 candles",
           .definition = "ln max(0.01, 1e4·sqrt( max(0, mean_15[ ½ ln(H/L)² − (2 ln 2 − 1) ln(C/O)² ]) ))",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Garman & Klass 1980",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 15}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().garman_klass}; },
          [](const History& h, Instant t) {
            return ln(range_sigma(h, t, [](const Candle& c) {
              const double range = ln(c.high / c.low), body = ln(c.close / c.open);
              return 0.5 * range * range - (2 * ln(2.0) - 1) * body * body;
            }));
          }),
      row(
          {.id = 67,
           .name = "log_rogers_satchell_15m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "15 candles",
           .definition = "ln max(0.01, 1e4·sqrt( max(0, mean_15[ ln(H/C)ln(H/O) + ln(L/C)ln(L/O) ]) ))",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Rogers & Satchell 1991",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 15}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().rogers_satchell}; },
          [](const History& h, Instant t) { return ln(range_sigma(h, t, rogers_satchell)); }),
      row(
          {.id = 68,
           .name = "log_yang_zhang_30m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps/√min",
           .window = "31 candles",
           .definition =
               "ln max(0.01, 1e4·sqrt( s_o² + k s_c² + (1−k) s_rs² )), n = 30, k = 0.34/(1.34 + 31/29) = "
               "0.1411; "
               "s_o², s_c² sample variances of ln(O_i/C_{i−1}), ln(C_i/O_i); s_rs² mean Rogers-Satchell",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Yang & Zhang 2000",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 31}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().yang_zhang}; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 31);
            if (c.empty()) return missing;
            std::vector<double> opening, closing, inside;
            for (std::size_t i = c.size() - 30; i < c.size(); ++i) {
              opening.push_back(ln(c[i].open / c[i - 1].close));
              closing.push_back(ln(c[i].close / c[i].open));
              inside.push_back(rogers_satchell(c[i]));
            }
            const double k = 0.34 / (1.34 + 31.0 / 29.0);
            const double variance =
                sample_variance(opening) + k * sample_variance(closing) + (1 - k) * mean_of(inside);
            return ln(floored(1e4 * std::sqrt(std::max(variance, 0.0))));
          }),
      row(
          {.id = 69,
           .name = "range_vol_ratio_15m",
           .engine = Engine::volatility_momentum,
           .unit = "log ratio",
           .window = "15 m",
           .definition = "log_parkinson_15m − ln max(σ_900, 0.01)",
           .undefined = "missing",
           .clamp_low = -4,
           .clamp_high = 4,
           .lookahead = 'B',
           .mirror = "E",
           .source = "range vs close-to-close: separates wicks from drift",
           .triggers = on::candle | on::second,
           .needs = {.inputs = needs::candles, .covered_s = 900, .candles = 15}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().parkinson / e.sigma().of_15m}; },
          [](const History& h, Instant t) {
            return ln(range_sigma(h, t,
                                  [](const Candle& c) {
                                    return ln(c.high / c.low) * ln(c.high / c.low) / (4 * ln(2.0));
                                  })) -
                   ln(floored(sigma_of(h, t, 900)));
          }),
      row(
          {.id = 70,
           .name = "vol_of_vol_1h",
           .engine = Engine::volatility_momentum,
           .unit = "sd of ln bps²",
           .window = "60 sealed minutes",
           .definition = "sample sd of ln max(RV_1m, 1e-4 bps²) over 60 sealed minutes, RV_1m = Σ of 60 "
                         "squared 1 s returns",
           .undefined = "missing",
           .clamp_low = 0,
           .clamp_high = 4,
           .lookahead = 'B',
           .mirror = "E",
           .source = "volatility of volatility; original README list",
           .triggers = on::second,
           .needs = {.covered_s = 3600}},
          [](const VolatilityMomentumEngine& e) { return e.minute_spread(); },
          [](const History& h, Instant t) {
            // The seconds of the newest sealed minute are the open minute's and sixty before.
            if (!h.covered(t, 3600)) return missing;
            const int open_s = static_cast<int>(((t.seconds() % 60) + 60) % 60);
            std::vector<double> minutes;
            for (int minute = 0; minute < 60; ++minute) {
              double squares = 0;
              for (int back = 1; back <= 60; ++back) {
                const auto* second = h.closed(t, open_s + 60 * minute + back);
                if (!second) return missing;
                squares += square(second->return_bps);
              }
              minutes.push_back(ln(std::max(squares, 1e-4)));
            }
            return std::sqrt(sample_variance(minutes));
          }),
      row(
          {.id = 71,
           .name = "ret_autocorr_5m",
           .engine = Engine::volatility_momentum,
           .unit = "correlation",
           .window = "5 m",
           .definition = "Σ r_i r_{i−1} / Σ r_i², 60 five-second returns",
           .undefined = "Σ r² = 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "E",
           .source = "lag-1 autocorrelation (bounce vs trend)",
           .triggers = on::second,
           .needs = {.covered_s = 300, .steps = 60}},
          [](const VolatilityMomentumEngine& e) { return e.autocorrelation_5m(); },
          [](const History& h, Instant t) {
            const auto r = steps_of(h, t, 60, 300);
            if (r.empty()) return missing;
            double products = 0;
            for (std::size_t i = 1; i < r.size(); ++i) products += r[i] * r[i - 1];
            return sum_of(r, square) > 0 ? products / sum_of(r, square) : 0.0;
          }),
      row(
          {.id = 72,
           .name = "log_variance_ratio_15m",
           .engine = Engine::volatility_momentum,
           .unit = "log ratio",
           .window = "15 m",
           .definition = "ln VR(12), VR = [ Σ R_i² / (n−11) ] / [ 12 Σ r_i² / n ], R_i overlapping sums of "
                         "12 five-second "
                         "returns, n = 180",
           .undefined = "Σ r² = 0 → 0",
           .clamp_low = -3,
           .clamp_high = 3,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Lo & MacKinlay 1988",
           .triggers = on::second,
           .needs = {.covered_s = 900, .steps = 180}},
          [](const VolatilityMomentumEngine& e) { return Log{e.steps_15m().variance_ratio}; },
          [](const History& h, Instant t) {
            const auto r = steps_of(h, t, 180, 900);
            if (r.empty()) return missing;
            double wide = 0;
            for (std::size_t i = 11; i < r.size(); ++i) {
              double whole = 0;
              for (std::size_t back = 0; back < 12; ++back) whole += r[i - back];
              wide += whole * whole;
            }
            const double all = sum_of(r, square);
            return all > 0 ? ln((wide / (180 - 11)) / (12 * all / 180)) : 0.0;
          }),
      row(
          {.id = 73,
           .name = "rsi_14_1m",
           .engine = Engine::volatility_momentum,
           .unit = "centred index",
           .window = "≥ 60 confirmed candles of an unbroken chain (seed error (13/14)^60 = 1.2 %)",
           .definition = "(RSI − 50)/50; Wilder: first averages = means of 14 gains and losses, then avg ← "
                         "(13·avg + x)/14; RSI "
                         "= 100·G/(G + Lo)",
           .undefined = "G + Lo = 0 → 0 (centre). TA-Lib returns RSI 0 there: convert in the parity test",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Wilder 1978; TA-Lib/ta-lib:src/ta_func/ta_RSI.c",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 60}},
          [](const VolatilityMomentumEngine& e) { return e.settled() ? e.strength().centred() : missing; },
          [](const History& h, Instant t) { return relative_strength(chain(h, t, 60)); }),
      row(
          {.id = 74,
           .name = "rsi_14_5m",
           .engine = Engine::volatility_momentum,
           .unit = "centred index",
           .window = "≥ 15 five-minute candles",
           .definition = "(RSI − 50)/50; Wilder: first averages = means of 14 gains and losses, then avg ← "
                         "(13·avg + x)/14; RSI "
                         "= 100·G/(G + Lo), on 5 m candles, each built from 5 confirmed 1 m candles on UTC "
                         "multiples of 5",
           .undefined = "0 if flat",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Wilder 1978; TA-Lib/ta-lib:src/ta_func/ta_RSI.c",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 75}},
          [](const VolatilityMomentumEngine& e) {
            return e.settled_5m() ? e.strength_5m().centred() : missing;
          },
          [](const History& h, Instant t) {
            // Closes of whole five minutes of UTC.
            std::vector<Candle> fives;
            for (std::size_t i = 4; i < h.candles().size(); ++i)
              if (h.candles()[i].candle.start.seconds() / 60 % 5 == 4)
                fives.push_back(candle_of(h.candles()[i].candle));
            return fives.size() >= 15 && h.candles_fresh(t) ? relative_strength(fives) : missing;
          }),
      row(
          {.id = 75,
           .name = "macd_hist_atr_1m",
           .engine = Engine::volatility_momentum,
           .unit = "ATR units",
           .window = "≥ 60 candles",
           .definition = "(MACD − Signal)/ATR14; EMA 12, 26 and 9, each seeded with the SMA of its first n "
                         "inputs, α = 2/(n+1)",
           .undefined = "ATR = 0 → 0",
           .clamp_low = -3,
           .clamp_high = 3,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Appel; TA-Lib MACD convention, divided by ATR to be scale-free",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 60}},
          [](const VolatilityMomentumEngine& e) { return e.settled() ? e.histogram_in_ranges() : missing; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 60);
            if (c.empty()) return missing;
            std::vector<double> closes, lines;
            for (const Candle& one : c) closes.push_back(one.close);
            const auto fast = seeded_ema(closes, 12), slow = seeded_ema(closes, 26);
            for (std::size_t i = 25; i < c.size(); ++i) lines.push_back(fast[i] - slow[i]);
            const double histogram = lines.back() - seeded_ema(lines, 9).back(),
                         range = wilder(true_ranges(c)).back();
            return range > 0 ? histogram / range : 0.0;
          }),
      row(
          {.id = 76,
           .name = "bb_z_20_1m",
           .engine = Engine::volatility_momentum,
           .unit = "standard deviations",
           .window = "20 candles",
           .definition = "(C − SMA20)/sd20, population sd (ddof 0); %b = 0.5 + z/4",
           .undefined = "sd = 0 → 0",
           .clamp_low = -4.36,
           .clamp_high = 4.36,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Bollinger; TA-Lib BBANDS uses population sd",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 20}},
          [](const VolatilityMomentumEngine& e) { return e.bars().band_position; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 20);
            if (c.empty()) return missing;
            const auto [mean, sd] = band(c);
            return sd > 0 ? (c.back().close - mean) / sd : 0.0;
          }),
      row(
          {.id = 77,
           .name = "log_bb_width_20_1m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps",
           .window = "20 candles",
           .definition = "ln max(0.01, 1e4·4·sd20/SMA20)",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 8,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Bollinger bandwidth",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 20}},
          [](const VolatilityMomentumEngine& e) { return Log{e.bars().band_width}; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 20);
            if (c.empty()) return missing;
            const auto [mean, sd] = band(c);
            return ln(std::max(0.01, 1e4 * 4 * sd / mean));
          }),
      row(
          {.id = 78,
           .name = "log_atr_14_1m",
           .engine = Engine::volatility_momentum,
           .unit = "ln bps",
           .window = "≥ 60 candles",
           .definition = "ln max(0.01, 1e4·ATR14/C); TR = max(H − L, abs(H − C₋₁), abs(L − C₋₁)); ATR seeded "
                         "with the mean of "
                         "14 TR, then (13·ATR + TR)/14",
           .undefined = "missing",
           .clamp_low = -4.7,
           .clamp_high = 7,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Wilder 1978",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 60}},
          [](const VolatilityMomentumEngine& e) { return Log{e.settled() ? e.relative_range() : missing}; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 60);
            if (c.empty()) return missing;
            return ln(std::max(0.01, 1e4 * wilder(true_ranges(c)).back() / c.back().close));
          }),
      row(
          {.id = 79,
           .name = "adx_14_1m",
           .engine = Engine::volatility_momentum,
           .unit = "index / 100",
           .window = "≥ 60 candles",
           .definition = "ADX14/100; +DM = max(H − H₋₁, 0) if it exceeds L₋₁ − L else 0, and mirror; DM and "
                         "TR Wilder-summed: S "
                         "← S − S/14 + x; DX = abs(DI⁺ − DI⁻)/(DI⁺ + DI⁻); ADX = Wilder mean of DX",
           .undefined = "DI⁺ + DI⁻ = 0 → DX 0",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "E",
           .source = "Wilder 1978",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 60}},
          [](const VolatilityMomentumEngine& e) {
            return e.settled() ? e.movement().average_index() : missing;
          },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 60);
            if (c.empty()) return missing;
            // From the fourteenth movement on there is a DX.
            const auto all = directional_index(c);
            std::vector<double> sizes;
            for (std::size_t i = 13; i < all.size(); ++i) sizes.push_back(std::abs(all[i]));
            return wilder(sizes).back();
          }),
      row(
          {.id = 80,
           .name = "di_diff_14_1m",
           .engine = Engine::volatility_momentum,
           .unit = "imbalance",
           .window = "≥ 60 candles",
           .definition = "(DI⁺ − DI⁻)/(DI⁺ + DI⁻)",
           .undefined = "0/0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Wilder 1978, signed",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 60}},
          [](const VolatilityMomentumEngine& e) { return e.settled() ? e.movement().difference() : missing; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 60);
            return c.empty() ? missing : directional_index(c).back();
          }),
      row(
          {.id = 81,
           .name = "mfi_14_1m",
           .engine = Engine::volatility_momentum,
           .unit = "centred index",
           .window = "15 candles",
           .definition = "(MFI − 50)/50, MFI = 100·PF/(PF + NF), money flow = typical price × volume, sign "
                         "by change of typical "
                         "price, 14 candles",
           .undefined = "PF + NF = 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Quong & Soudack; TA-Lib MFI",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 15}},
          [](const VolatilityMomentumEngine& e) { return e.bars().money_flow; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 15);
            if (c.empty()) return missing;
            double rising = 0, falling = 0;
            for (std::size_t i = c.size() - 14; i < c.size(); ++i) {
              const double flow = c[i].typical() * c[i].volume;
              if (c[i].typical() > c[i - 1].typical()) rising += flow;
              if (c[i].typical() < c[i - 1].typical()) falling += flow;
            }
            const double index = 100 * rising / (rising + falling);
            return rising + falling > 0 ? (index - 50) / 50 : 0.0;
          }),
      row(
          {.id = 82,
           .name = "efficiency_ratio_5m",
           .engine = Engine::volatility_momentum,
           .unit = "ratio",
           .window = "5 m; cov ≥ 0.98",
           .definition = "r_300 / Σ abs(r_j) over the 300 sealed seconds (signed)",
           .undefined = "denominator 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Kaufman 1995, signed",
           .triggers = on::second,
           .needs = {.covered_s = 300}},
          [](const VolatilityMomentumEngine& e) { return e.efficiency_5m(); },
          [](const History& h, Instant t) {
            const auto *newest = h.closed(t, 1), *oldest = h.closed(t, 301);
            if (!h.covered(t, 300) || !newest || !oldest) return missing;
            const double path = h.over_seconds(t, 300, [](const auto& s) { return std::abs(s.return_bps); });
            return path > 0 ? 1e4 * ln(newest->mid2 / oldest->mid2) / path : 0.0;
          }),
      row(
          {.id = 83,
           .name = "mid_run_signed",
           .engine = Engine::volatility_momentum,
           .unit = "signed log of count",
           .window = "first mid change",
           .definition = "sgn·ln(1 + k), k = length of the current run of same-direction mid changes",
           .undefined = "0",
           .clamp_low = -5,
           .clamp_high = 5,
           .lookahead = 'A',
           .mirror = "O",
           .source = "runs",
           .triggers = on::book},
          [](const VolatilityMomentumEngine& e) { return e.signed_run(); },
          [](const History& h, Instant t) {
            double before = missing;
            int direction = 0, length = 0;
            for (const auto& book : h.books()) {
              if (!book.sound || book.at > t) continue;
              const double mid2 = book.mid2();
              if (std::isfinite(before) && mid2 != before) {
                length = (mid2 > before) == (direction > 0) && direction != 0 ? length + 1 : 1;
                direction = mid2 > before ? 1 : -1;
              }
              before = mid2;
            }
            return direction == 0 ? missing : direction * ln(1.0 + length);
          }),
      row(
          {.id = 84,
           .name = "obv_flow_15m",
           .engine = Engine::volatility_momentum,
           .unit = "imbalance",
           .window = "16 candles",
           .definition = "Σ sgn(C_i − C_{i−1})·V_i / Σ V_i, 15 candles",
           .undefined = "ΣV = 0 → 0",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'B',
           .mirror = "O",
           .source = "Granville OBV slope made bounded",
           .triggers = on::candle,
           .needs = {.inputs = needs::candles, .candles = 16}},
          [](const VolatilityMomentumEngine& e) { return e.bars().balance_volume; },
          [](const History& h, Instant t) {
            const auto c = chain(h, t, 16);
            if (c.empty()) return missing;
            double balance = 0, volume = 0;
            for (std::size_t i = c.size() - 15; i < c.size(); ++i) {
              balance += c[i].close > c[i - 1].close   ? c[i].volume
                         : c[i].close < c[i - 1].close ? -c[i].volume
                                                       : 0.0;
              volume += c[i].volume;
            }
            return volume > 0 ? balance / volume : 0.0;
          })};
}();

}  // namespace mlbot::core
