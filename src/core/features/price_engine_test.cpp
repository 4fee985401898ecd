// Rows 1-26 against their definitions on random markets, and small cases by hand.
#include "core/features/price_engine.h"

#include <gtest/gtest.h>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;

TEST(PriceEngine, AgreesWithItsDefinitions) {
  check_random_market(
      7, 4'000, 320, 184, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const std::int64_t age = t.seconds() - test_start.seconds();
        const auto after = [&](int seconds, double value) { return age > seconds ? value : missing; };
        for (const auto& [name, seconds] : {std::pair{"ret_1s", 1},
                                            {"ret_5s", 5},
                                            {"ret_30s", 30},
                                            {"ret_1m", 60},
                                            {"ret_5m", 300},
                                            {"ret_15m", 900},
                                            {"ret_1h", 3600}})
          expect_row(frame, name, after(seconds, h.back(t, seconds)));
        const double sigma = age >= 901 ? h.sigma(t) : missing;
        expect_row(frame, "ret_z_1m", h.back(t, 60) / sigma);
        expect_row(frame, "ret_z_5m", after(300, h.back(t, 300) / (sigma * std::sqrt(5.0))));

        const double mid2 = h.mid2(t);
        for (const auto& [seconds, name] :
             {std::pair{300, "range_pos_5m"}, {900, ""}, {3600, "range_pos_1h"}}) {
          double high = mid2, low = mid2;
          for (int back = 0; back < seconds && back < age; ++back) {
            high = std::max(high, h.mid2(t - back * 1s));
            low = std::min(low, h.mid2(t - back * 1s));
          }
          if (seconds == 900) {
            expect_row(frame, "drawdown_15m", after(900, 1e4 * std::log(mid2 / high)));
            expect_row(frame, "drawup_15m", after(900, 1e4 * std::log(mid2 / low)));
          } else {
            expect_row(frame, name, after(seconds, high > low ? 2 * (mid2 - low) / (high - low) - 1 : 0));
          }
        }

        const auto vwap = [&](int seconds, auto counts) {
          const auto size = [&](const NaiveHistory::Print& p) {
            return counts(p) ? static_cast<double>(p.trade.size.count) : 0.0;
          };
          const auto paid = [&](const NaiveHistory::Print& p) {
            return size(p) * static_cast<double>(p.trade.price.count);
          };
          return 2 * h.over_prints(t, seconds, paid) / h.over_prints(t, seconds, size);
        };
        const auto any = [](const NaiveHistory::Print&) { return true; };
        const auto buys = [](const NaiveHistory::Print& p) { return p.trade.taker == Side::buy; };
        const auto sells = [](const NaiveHistory::Print& p) { return p.trade.taker == Side::sell; };
        expect_row(frame, "vwap_dev_1m", 1e4 * std::log(mid2 / vwap(60, any)));
        expect_row(frame, "vwap_dev_15m", after(900, 1e4 * std::log(mid2 / vwap(900, any))));
        expect_row(frame, "vwap_dev_1h", after(3600, 1e4 * std::log(mid2 / vwap(3600, any))));
        expect_row(frame, "buy_vwap_dev_30s", 1e4 * std::log(vwap(30, buys) / mid2));
        expect_row(frame, "sell_vwap_dev_30s", 1e4 * std::log(vwap(30, sells) / mid2));
        expect_row(
            frame, "last_trade_dev",
            (2 * static_cast<double>(h.prints.back().trade.price.count) - mid2) / h.books.back().spread());

        const auto mean_log = [&](double seconds) {
          return h.held_mean(t, seconds, [&](const auto& book) {
            return std::log(static_cast<double>(book.mid2()) / mid2);
          });
        };
        expect_row(frame, "ema_gap_1m_5m", 1e4 * (mean_log(60) - mean_log(300)));
        expect_row(frame, "ema_gap_5m_1h", after(3600, 1e4 * (mean_log(300) - mean_log(3600))));

        const Ticker& ticker = h.tickers.back().second;
        const double mid = 0.5 * mid2 * h.tick();
        expect_row(frame, "mark_mid_gap", 1e4 * std::log(to_double(*ticker.mark_price) / mid));
        expect_row(frame, "premium_bps", 1e4 * std::log(mid / to_double(*ticker.index_price)));
      });
}

TEST(PriceEngine, PremiumScoreIsCausalAndCentred) {
  check_random_market(
      8, 2'400, 1'700, 173, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const auto premium = [&](Instant at) {
          const auto after =
              std::upper_bound(h.tickers.begin(), h.tickers.end(), at,
                               [](Instant when, const auto& ticker) { return when < ticker.first; });
          return 1e4 *
                 std::log(0.5 * h.mid2(at) * h.tick() / to_double(*std::prev(after)->second.index_price));
        };
        const double mean = h.seconds_mean(t, 3600, premium);
        const double variance =
            h.seconds_mean(t, 3600, [&](Instant at) { return std::pow(premium(at) - mean, 2); });
        const bool settled = t.seconds() - test_start.seconds() >= 1'801;
        expect_row(frame, "premium_z_1h",
                   settled ? (premium(t) - mean) / std::max(std::sqrt(variance), 0.1) : missing, 1e-7);
      });
}

TEST(PriceEngine, FractionalDifferenceHas282TermsThatSumTo00704) {
  double weight = 1, sum = 1;
  int terms = 1;
  for (int k = 1;; ++k) {
    weight = -weight * (0.4 - k + 1) / k;
    if (std::abs(weight) < 1e-4) break;
    sum += weight;
    ++terms;
  }
  EXPECT_EQ(terms, 282);
  EXPECT_NEAR(sum, 0.070369, 5e-7);

  MarketStyle style;
  style.seed_candles = 300;
  Player player{{test_instrument(0, "BTCUSDT")}};
  std::vector<double> closes;
  for (const Taped& taped : random_tape({test_instrument(0, "BTCUSDT")}, 9, 1'000, style)) {
    player.play(taped);
    if (const auto* kline = std::get_if<Kline>(&taped.what))
      closes.push_back(static_cast<double>(kline->close.count));
  }
  double expected = 0;
  weight = 1;
  for (int k = 0; k < 282; ++k) {
    if (k > 0) weight = -weight * (0.4 - k + 1) / k;
    expected += weight * 1e4 * std::log(closes[closes.size() - 1 - k] / closes[closes.size() - 282]);
  }
  const FeatureFrame frame = player.frame();
  const double sigma = value_of(frame, "ret_1m") / value_of(frame, "ret_z_1m");
  ASSERT_TRUE(std::isfinite(sigma));
  expect_row(frame, "fracdiff_logp_1m", expected / sigma);
}

TEST(PriceEngine, BeforeAnyBookEveryRowIsMissing) {
  Player player{{test_instrument(0, "BTCUSDT")}};
  player.play({test_start, Second{}});
  const FeatureFrame frame = player.frame();
  for (const FeatureSpec& spec : price_rows) EXPECT_FALSE(frame.valid(spec.id - 1u)) << spec.name;
}

}  // namespace
}  // namespace mlbot::core
