// Rows 57-84 against their definitions: sealed seconds and steps on random markets, indicators on random
// candles.
#include "core/features/volatility_momentum_engine.h"

#include <gtest/gtest.h>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;

TEST(VolatilityMomentumEngine, SecondsAndStepsAgreeWithTheirDefinitions) {
  check_random_market(
      31, 4'100, 905, 365, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const std::int64_t age = t.seconds() - test_start.seconds();
        const auto sigma = [&](int seconds) {
          if (age <= seconds) return missing;
          double sum = 0;
          for (int back = 0; back < seconds; ++back) sum += std::pow(h.second_return(t - back * 1s), 2);
          return std::log(std::max(0.01, std::sqrt(60.0 / seconds * sum)));
        };
        expect_row(frame, "log_rv_30s", sigma(30));
        expect_row(frame, "log_rv_5m", sigma(300));
        expect_row(frame, "log_rv_1h", sigma(3600));
        expect_row(frame, "rv_ratio_30s_15m", sigma(30) - sigma(900));
        expect_row(frame, "rv_ratio_5m_1h", sigma(300) - sigma(3600));

        const Instant step_end = Instant::from_seconds(t.seconds() / 5 * 5);
        std::vector<double> r;  // oldest first
        for (int back = 179; back >= 0; --back) r.push_back(h.back(step_end - back * 5s, 5));
        double up = 0, down = 0, fourth = 0, bipower = 0, wide = 0;
        for (std::size_t i = 0; i < r.size(); ++i) {
          (r[i] > 0 ? up : down) += r[i] * r[i];
          fourth += std::pow(r[i], 4);
          if (i >= 1) bipower += std::abs(r[i] * r[i - 1]);
          double twelve = 0;
          for (std::size_t k = 0; i >= 11 && k < 12; ++k) twelve += r[i - k];
          wide += twelve * twelve;
        }
        if (!std::isfinite(r[0])) return;  // younger than 180 steps
        const double realised = up + down;
        expect_row(frame, "jump_share_15m", std::max(0.0, 1 - M_PI / 2 * 180 / 179 * bipower / realised));
        expect_row(frame, "semivar_asym_15m", (up - down) / realised);
        expect_row(frame, "log_rq_ratio_15m", std::log(60 * fourth / (realised * realised)));
        expect_row(frame, "log_variance_ratio_15m", std::log(wide / 169 / (12 * realised / 180)));
        double product = 0, squares = 0;
        for (std::size_t i = 120; i < 180; ++i) {
          squares += r[i] * r[i];
          if (i > 120) product += r[i] * r[i - 1];
        }
        expect_row(frame, "ret_autocorr_5m", product / squares);

        double path = 0;
        for (int back = 0; back < 300; ++back) path += std::abs(h.second_return(t - back * 1s));
        expect_row(frame, "efficiency_ratio_5m", h.back(t, 300) / path);
        if (age > 3660) {
          std::vector<double> minutes;
          const Instant minute_end = Instant::from_seconds(t.seconds() / 60 * 60);
          for (int back = 0; back < 60; ++back) {
            double sum = 0;
            for (int second = 0; second < 60; ++second)
              sum += std::pow(h.second_return(minute_end - back * 60s - second * 1s), 2);
            minutes.push_back(std::log(std::max(sum, 1e-4)));
          }
          double mean = 0, variance = 0;
          for (const double x : minutes) mean += x / 60;
          for (const double x : minutes) variance += (x - mean) * (x - mean) / 59;
          expect_row(frame, "vol_of_vol_1h", std::sqrt(variance));
        }
        std::int64_t run = 0;
        int direction = 0;
        for (std::size_t i = 1; i < h.books.size(); ++i) {
          const std::int64_t change = h.books[i].mid2() - h.books[i - 1].mid2();
          if (change == 0) continue;
          run = (change > 0 ? 1 : -1) == direction ? run + 1 : 1;
          direction = change > 0 ? 1 : -1;
        }
        expect_row(frame, "mid_run_signed", direction * std::log(1 + static_cast<double>(run)));
      });
}

/// A hub that hears nothing but confirmed candles.
struct CandleDesk {
  void close(double open, double high, double low, double end, std::int64_t volume) {
    Kline kline{{0}, 1, start};
    kline.open = {static_cast<std::int64_t>(open)};
    kline.high = {static_cast<std::int64_t>(high)};
    kline.low = {static_cast<std::int64_t>(low)};
    kline.close = {static_cast<std::int64_t>(end)};
    kline.volume = {volume};
    kline.turnover = static_cast<double>(volume) * end;
    kline.confirmed = true;
    candles.push_back({open, high, low, end, static_cast<double>(volume), kline.turnover});
    start = start + 60s;
    player.play({start, kline});
  }
  void random(Prng& prng) {
    const double open = candles.empty() ? 50'000 : candles.back().close;
    const double end = open + std::round(20 * prng.normal());
    const double high = std::max(open, end) + std::floor(15 * prng.exponential());
    const double low = std::min(open, end) - std::floor(15 * prng.exponential());
    close(open, high, low, end, 1 + static_cast<std::int64_t>(prng.below(1'000)));
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }
  const Candle& back(std::size_t age) const { return candles[candles.size() - 1 - age]; }

  Player player{{test_instrument(0, "BTCUSDT")}};
  std::vector<Candle> candles;
  Instant start = test_start;
};

std::vector<double> wilder(const std::vector<double>& samples) {
  std::vector<double> out;
  double mean = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    mean = i < 14 ? mean + samples[i] / 14 : (13 * mean + samples[i]) / 14;
    if (i >= 13) out.push_back(mean);
  }
  return out;
}
std::vector<double> ema(const std::vector<double>& samples, std::size_t n) {
  std::vector<double> out;
  double mean = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    mean = i < n ? mean + samples[i] / static_cast<double>(n)
                 : mean + 2.0 / (static_cast<double>(n) + 1) * (samples[i] - mean);
    if (i + 1 >= n) out.push_back(mean);
  }
  return out;
}

double naive_rsi(const std::vector<double>& closes) {
  std::vector<double> gains, losses;
  for (std::size_t i = 1; i < closes.size(); ++i) {
    gains.push_back(std::max(closes[i] - closes[i - 1], 0.0));
    losses.push_back(std::max(closes[i - 1] - closes[i], 0.0));
  }
  const double gain = wilder(gains).back(), loss = wilder(losses).back();
  return (100 * gain / (gain + loss) - 50) / 50;
}

TEST(VolatilityMomentumEngine, IndicatorsAgreeWithTheirTextbooks) {
  Prng prng{20260101};
  CandleDesk desk;
  for (int minute = 0; minute < 400; ++minute) {
    desk.random(prng);
    if (minute < 60 || minute % 37 != 0) continue;
    SCOPED_TRACE(minute);
    const FeatureFrame frame = desk.player.frame();
    std::vector<double> closes, fives, ranges, plus, minus;
    for (std::size_t i = 0; i < desk.candles.size(); ++i) {
      const Candle& c = desk.candles[i];
      closes.push_back(c.close);
      if (i % 5 == 4) fives.push_back(c.close);
      if (i == 0) continue;
      const Candle& before = desk.candles[i - 1];
      ranges.push_back(
          std::max({c.high - c.low, std::abs(c.high - before.close), std::abs(c.low - before.close)}));
      const double up = std::max(c.high - before.high, 0.0), down = std::max(before.low - c.low, 0.0);
      plus.push_back(up > down ? up : 0);
      minus.push_back(down > up ? down : 0);
    }
    expect_row(frame, "rsi_14_1m", naive_rsi(closes));
    expect_row(frame, "rsi_14_5m", fives.size() >= 15 ? naive_rsi(fives) : missing);
    const double range = wilder(ranges).back();
    std::vector<double> difference, index;
    const auto fast = ema(closes, 12), slow = ema(closes, 26);
    for (std::size_t i = 0; i < slow.size(); ++i) difference.push_back(fast[i + 14] - slow[i]);
    expect_row(frame, "macd_hist_atr_1m", (difference.back() - ema(difference, 9).back()) / range);
    expect_row(frame, "log_atr_14_1m", std::log(1e4 * range / closes.back()));
    const auto up = wilder(plus), down = wilder(minus);
    for (std::size_t i = 0; i < up.size(); ++i)
      index.push_back(std::abs(up[i] - down[i]) / (up[i] + down[i]));
    expect_row(frame, "adx_14_1m", wilder(index).back());
    expect_row(frame, "di_diff_14_1m", (up.back() - down.back()) / (up.back() + down.back()));

    double mean = 0, variance = 0, rising = 0, falling = 0, balance = 0, volume = 0;
    for (std::size_t age = 0; age < 20; ++age) mean += desk.back(age).close / 20;
    for (std::size_t age = 0; age < 20; ++age) variance += std::pow(desk.back(age).close - mean, 2) / 20;
    expect_row(frame, "bb_z_20_1m", (closes.back() - mean) / std::sqrt(variance));
    expect_row(frame, "log_bb_width_20_1m", std::log(4e4 * std::sqrt(variance) / mean));
    for (std::size_t age = 0; age < 14; ++age) {
      const double now = desk.back(age).typical(), before = desk.back(age + 1).typical();
      (now > before ? rising : falling) += now != before ? now * desk.back(age).volume : 0;
    }
    const double share = 100 * rising / (rising + falling);
    expect_row(frame, "mfi_14_1m", (share - 50) / 50);
    for (std::size_t age = 0; age < 15; ++age) {
      const double change = desk.back(age).close - desk.back(age + 1).close;
      balance += (change > 0 ? 1 : change < 0 ? -1 : 0) * desk.back(age).volume;
      volume += desk.back(age).volume;
    }
    expect_row(frame, "obv_flow_15m", balance / volume);
  }
}

TEST(VolatilityMomentumEngine, RangeVolatilitiesAgreeWithTheirFormulas) {
  Prng prng{4711};
  CandleDesk desk;
  for (int minute = 0; minute < 200; ++minute) {
    desk.random(prng);
    if (minute < 31 || minute % 23 != 0) continue;
    const FeatureFrame frame = desk.player.frame();
    double parkinson = 0, garman_klass = 0, rogers_satchell = 0;
    const auto directional = [](const Candle& c) {
      return std::log(c.high / c.close) * std::log(c.high / c.open) +
             std::log(c.low / c.close) * std::log(c.low / c.open);
    };
    for (std::size_t age = 0; age < 15; ++age) {
      const Candle& c = desk.back(age);
      parkinson += std::pow(std::log(c.high / c.low), 2) / 15;
      garman_klass += (std::pow(std::log(c.high / c.low), 2) / 2 -
                       (2 * std::log(2) - 1) * std::pow(std::log(c.close / c.open), 2)) /
                      15;
      rogers_satchell += directional(c) / 15;
    }
    const auto shown = [](double variance) {
      return std::log(std::max(0.01, 1e4 * std::sqrt(std::max(0.0, variance))));
    };
    expect_row(frame, "log_parkinson_15m", shown(parkinson / (4 * std::log(2))));
    expect_row(frame, "log_garman_klass_15m", shown(garman_klass));
    expect_row(frame, "log_rogers_satchell_15m", shown(rogers_satchell));
    double open_sum = 0, open_squares = 0, close_sum = 0, close_squares = 0, inner = 0;
    for (std::size_t age = 0; age < 30; ++age) {
      const double o = std::log(desk.back(age).open / desk.back(age + 1).close);
      const double c = std::log(desk.back(age).close / desk.back(age).open);
      open_sum += o, open_squares += o * o, close_sum += c, close_squares += c * c;
      inner += directional(desk.back(age)) / 30;
    }
    const double k = 0.34 / (1.34 + 31.0 / 29);
    const double variance = (open_squares - open_sum * open_sum / 30) / 29 +
                            k * (close_squares - close_sum * close_sum / 30) / 29 + (1 - k) * inner;
    expect_row(frame, "log_yang_zhang_30m", shown(variance), 1e-7);
  }
}

TEST(VolatilityMomentumEngine, AFlatMarketSitsInTheCentre) {
  CandleDesk desk;
  for (int minute = 0; minute < 120; ++minute) desk.close(50'000, 50'000, 50'000, 50'000, 0);
  for (const auto name : {"rsi_14_1m", "rsi_14_5m", "macd_hist_atr_1m", "bb_z_20_1m", "di_diff_14_1m",
                          "mfi_14_1m", "obv_flow_15m", "adx_14_1m"})
    EXPECT_EQ(desk.row(name), 0) << name;
  EXPECT_DOUBLE_EQ(desk.row("log_parkinson_15m"), std::log(0.01));
}

TEST(VolatilityMomentumEngine, AHoleInTheChainVoidsEveryCandleRowUntilItIsToldAgain) {
  Prng prng{5};
  CandleDesk desk;
  for (int minute = 0; minute < 100; ++minute) desk.random(prng);
  const double before = desk.row("rsi_14_1m");
  const Instant hole = desk.start;
  desk.random(prng);
  const double after = desk.row("rsi_14_1m");
  ASSERT_TRUE(std::isfinite(before) && std::isfinite(after));

  CandleDesk torn;
  Prng again{5};
  for (int minute = 0; minute < 100; ++minute) torn.random(again);
  torn.start = hole + 60s;
  torn.close(50'000, 50'010, 49'990, 50'000, 10);
  for (const auto name : {"rsi_14_1m", "bb_z_20_1m", "log_atr_14_1m", "log_parkinson_15m", "obv_flow_15m"})
    EXPECT_FALSE(std::isfinite(torn.row(name))) << name;
  // The venue tells the last hundred minutes again, in order.
  torn.start = test_start;
  torn.candles.clear();
  Prng told{5};
  for (int minute = 0; minute < 101; ++minute) torn.random(told);
  EXPECT_EQ(torn.row("rsi_14_1m"), after);
}

TEST(VolatilityMomentumEngine, ARepeatedOrUnconfirmedCandleChangesNothing) {
  Prng prng{6};
  CandleDesk desk;
  for (int minute = 0; minute < 80; ++minute) desk.random(prng);
  const std::uint64_t before = desk.player.state();
  Kline kline{{0}, 1, desk.start - 60s, {1}, {2}, {1}, {2}, {3}, 4, true};
  desk.player.play({desk.start, kline});
  kline.start = desk.start;
  kline.confirmed = false;
  desk.player.play({desk.start, kline});
  EXPECT_EQ(desk.player.state(), before);
}

TEST(VolatilityMomentumEngine, CandleRowsGoStaleWhenNoneComes) {
  Prng prng{7};
  CandleDesk desk;
  for (int minute = 0; minute < 80; ++minute) desk.random(prng);
  EXPECT_TRUE(std::isfinite(desk.row("rsi_14_1m")));
  desk.player.play({desk.start + 121s, Second{}});
  EXPECT_FALSE(std::isfinite(desk.row("rsi_14_1m")));
}

}  // namespace
}  // namespace mlbot::core
