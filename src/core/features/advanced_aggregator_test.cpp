// Rows 119-142 against their definitions on random markets, and flow, VPIN and markout by hand.
#include "core/features/advanced_aggregator.h"

#include <gtest/gtest.h>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;
using Print = NaiveHistory::Print;

double direction(const Print& p) { return sign_of(p.trade.taker); }

TEST(AdvancedAggregator, FlowAgreesWithItsDefinitions) {
  check_random_market(
      51, 2'000, 905, 171, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const auto net = [&](double seconds) {
          return h.over_prints(t, seconds, [](const Print& p) { return direction(p) * p.notional; });
        };
        expect_row(frame, "tfi_5s", net(5) / h.traded(t, 5));
        expect_row(frame, "tfi_30s", net(30) / h.traded(t, 30));
        expect_row(frame, "tfi_5m", net(300) / h.traded(t, 300));
        const double flow = net(30) / (h.volume_rate(t) * 30);
        expect_row(frame, "signed_flow_rel_30s", std::copysign(std::log1p(std::abs(flow)), flow));
        expect_row(frame, "trade_rate_rel_5s",
                   std::log((h.orders(t, 5) / 5 + 0.1) / (h.order_rate(t) + 0.1)));
        expect_row(frame, "trade_size_rel_30s",
                   std::log(h.traded(t, 30) / h.orders(t, 30) / h.order_size(t)));

        double bought = 0, sold = 0, product = 0, whole = 0, last = 0;
        const double keep = std::exp2(-1.0 / 100);
        for (const Print& p : h.prints) {
          if (!p.new_order) continue;
          (direction(p) > 0 ? bought : sold) += std::exp(-static_cast<double>((t - p.at).count()) * 1e-9 / 5);
          if (last != 0) product = product * keep + direction(p) * last, whole = whole * keep + 1;
          last = direction(p);
        }
        expect_row(frame, "trade_hawkes_imb_5s", (bought - sold) / (bought + sold + 1));
        expect_row(frame, "trade_sign_acf", product / whole);
      });
}

TEST(AdvancedAggregator, CostsAgreeWithTheirDefinitions) {
  check_random_market(
      52, 2'000, 1'205, 171, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const double paid = h.over_prints(t, 30, [](const Print& p) {
          return p.notional * 2 * direction(p) * 1e4 *
                 std::log(2 * static_cast<double>(p.trade.price.count) / p.mid2);
        });
        const double quoted = h.held_mean(
            t, 30, [](const auto& book) { return 2e4 * book.spread() / static_cast<double>(book.mid2()); });
        expect_row(frame, "eff_spread_ratio_30s", paid / h.traded(t, 30) / quoted, 1e-8);
        double gained = 0, weight = 0;
        for (const Print& p : h.prints) {
          if (p.at < t - 65s || p.at >= t - 5s) continue;
          gained += p.notional * direction(p) * 1e4 * std::log(h.mid2(p.at + 5s) / p.mid2);
          weight += p.notional;
        }
        expect_row(frame, "markout_5s_1m", gained / weight, 1e-8);

        std::vector<double> x, r;
        // The typical second is the one that was known when the second was sealed.
        for (int back = 0; back < 300; ++back) {
          const Instant end = t - back * 1s;
          const auto signed_flow = [](const Print& p) { return direction(p) * p.notional; };
          x.push_back(h.over_prints(end, 1, signed_flow) / h.volume_rate(end));
          r.push_back(h.second_return(end));
        }
        double x_mean = 0, r_mean = 0, variance = 0, covariance = 0;
        for (int i = 0; i < 300; ++i) x_mean += x[i] / 300, r_mean += r[i] / 300;
        for (int i = 0; i < 300; ++i)
          variance += (x[i] - x_mean) * (x[i] - x_mean), covariance += (x[i] - x_mean) * (r[i] - r_mean);
        expect_row(frame, "kyle_lambda_5m", covariance / variance, 1e-8);

        const auto& book = h.books.back();
        double sum = 0, whole = 0;
        for (std::size_t k = 0; k < 5; ++k) {
          const auto bid = static_cast<double>(book.bids[k].size.count),
                     ask = static_cast<double>(book.asks[k].size.count);
          sum += static_cast<double>(book.asks[k].price.count) * bid +
                 static_cast<double>(book.bids[k].price.count) * ask;
          whole += bid + ask;
        }
        expect_row(frame, "microprice_l5_dev",
                   (2 * sum / whole - static_cast<double>(book.mid2())) / book.spread());
        const auto microprice = [&](Instant at) {
          const auto after = std::upper_bound(h.books.begin(), h.books.end(), at,
                                              [](Instant when, const auto& b) { return when < b.at; });
          const auto &bid = std::prev(after)->bids[0], &ask = std::prev(after)->asks[0];
          return static_cast<double>(ask.price.count * bid.size.count + bid.price.count * ask.size.count) /
                 static_cast<double>(bid.size.count + ask.size.count);
        };
        expect_row(frame, "microprice_ret_1s", 1e4 * std::log(microprice(t) / microprice(t - 1s)), 1e-8);
      });
}

TEST(AdvancedAggregator, InterestAndFundingAgreeWithTheirDefinitions) {
  check_random_market(
      53, 3'900, 310, 417, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const auto ticker_at = [&](Instant at) -> const Ticker& {
          const auto after =
              std::upper_bound(h.tickers.begin(), h.tickers.end(), at,
                               [](Instant when, const auto& ticker) { return when < ticker.first; });
          return std::prev(after)->second;
        };
        const std::int64_t age = t.seconds() - test_start.seconds();
        const Ticker& now = h.tickers.back().second;
        const auto change = [&](Duration window) {
          return 1e4 *
                 std::log(to_double(*now.open_interest) / to_double(*ticker_at(t - window).open_interest));
        };
        expect_row(frame, "oi_chg_5m", age > 300 ? change(300s) : missing);
        expect_row(frame, "oi_chg_1h", age > 3600 ? change(3600s) : missing);
        expect_row(frame, "oi_turnover_log", std::log(*now.open_interest_value / *now.turnover_24h));
        const double funding = 1e4 * to_double(*now.funding_rate);
        expect_row(frame, "funding_8h_bps", funding);
        expect_row(frame, "funding_chg_1h_bps",
                   age > 3600 ? funding - 1e4 * to_double(*ticker_at(t - 3600s).funding_rate) : missing);
      });
}

TEST(AdvancedAggregator, TheLeaderIsReadOnlyWhileItSpeaks) {
  const std::vector<Instrument> instruments{test_instrument(0, "BTCUSDT"),
                                            test_instrument(1, "SOLUSDT", "0.01", "0.1")};
  Player player{instruments};
  std::vector<NaiveHistory> histories{NaiveHistory{instruments[0]}, NaiveHistory{instruments[1]}};
  MarketStyle style;
  style.liquidations_per_second = 0.2;
  for (const Taped& taped : random_tape(instruments, 54, 1'500, style)) {
    player.play(taped);
    for (std::uint16_t s = 0; s < 2; ++s) histories[s].note(taped, player.book(s));
  }
  const Instant t = test_start + 1'500s;
  const FeatureFrame leader = player.frame(0), frame = player.frame(1);
  expect_row(frame, "leader_ret_5s", value_of(leader, "ret_5s"));
  expect_row(frame, "leader_ofi_5s", value_of(leader, "ofi_l1_5s"));
  expect_row(frame, "leader_gap_1m", value_of(leader, "ret_z_1m") - value_of(frame, "ret_z_1m"));
  const double net = histories[0].liquidated(t, 60, false) - histories[0].liquidated(t, 60, true);
  const double share = net / (0.01 * 60 * histories[0].volume_rate(t));
  expect_row(frame, "liq_leader_signed_1m", std::copysign(std::log1p(std::abs(share)), share));
  double product = 0, own = 0, other = 0;
  for (int back = 0; back < 180; ++back) {
    const double x = histories[0].back(t - back * 5s, 5), y = histories[1].back(t - back * 5s, 5);
    product += x * y, own += y * y, other += x * x;
  }
  expect_row(frame, "leader_corr_15m", product / std::sqrt(own * other));
  for (const auto name :
       {"leader_ret_5s", "leader_gap_1m", "leader_ofi_5s", "leader_corr_15m", "liq_leader_signed_1m"})
    EXPECT_FALSE(std::isfinite(value_of(leader, name)))
        << name << ": BTCUSDT is led by ETHUSDT, which is not here";
  player.play({t + 6s, Second{}});
  for (const auto name :
       {"leader_ret_5s", "leader_gap_1m", "leader_ofi_5s", "leader_corr_15m", "liq_leader_signed_1m"})
    EXPECT_FALSE(std::isfinite(value_of(player.frame(1), name))) << name << ": silent for six seconds";
}

/// A still book of one tick; typical volume is seeded to exactly 1000 quote units a second by sixty candles.
struct StillMarket {
  StillMarket() {
    for (int n = 60; n > 0; --n) {
      Kline kline{{0}, 1, test_start - n * 60s, {1000}, {1000}, {1000}, {1000}, {1}, 60'000, true};
      player.play({test_start, kline});
    }
    book({1'000}, {1'002});
  }
  void book(PriceTicks bid, PriceTicks ask) {
    player.play(
        {now,
         TapedBook{{{0}, UpdateKind::snapshot, ++update_id, 0, now, {}, {}}, {{bid, {10}}}, {{ask, {10}}}}});
  }
  void trade(Side taker, std::int64_t lots) {
    player.play({now, TapedTrades{{0}, {{now, {1'000}, {lots}, taker, false, false, ++update_id}}}});
  }
  void wait(int seconds) {
    for (; seconds > 0; --seconds) player.play({now = now + 1s, Second{}});
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }

  Player player{{test_instrument(0, "BTCUSDT", "1", "1")}};
  Instant now = test_start;
  std::uint64_t update_id = 1;
};

TEST(AdvancedAggregator, FiftyHandMadeBucketsGiveVpin) {
  StillMarket market;
  // 60 s of 1000 a second is a bucket of 60 000: sixty lots at 1000. Thirty lots at a time close one in two
  // trades.
  for (int bucket = 0; bucket < 50; ++bucket) {
    EXPECT_FALSE(std::isfinite(market.row("vpin_50")));
    market.trade(Side::buy, bucket < 25 ? 60 : 45);
    if (bucket >= 25) market.trade(Side::sell, 15);
  }
  EXPECT_DOUBLE_EQ(market.row("vpin_50"), (25 * 60.0 + 25 * 30.0) / (50 * 60.0));
  market.trade(Side::sell, 60 * 60);  // larger than the whole ring: every bucket is one-sided now
  EXPECT_DOUBLE_EQ(market.row("vpin_50"), 1.0);
}

TEST(AdvancedAggregator, AMarkoutCountsOnlyWhenItsFiveSecondsAreOver) {
  StillMarket market;
  market.wait(70);
  market.trade(Side::buy, 5);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
  market.wait(2);
  market.book({1'003}, {1'005});
  market.wait(3);
  market.wait(1);
  EXPECT_NEAR(market.row("markout_5s_1m"), 1e4 * std::log(1'004.0 / 1'001.0), 1e-6);
  market.wait(61);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
}

TEST(AdvancedAggregator, MoreWaitingMessagesThanFitVoidTheMarkout) {
  StillMarket market;
  market.wait(70);
  for (int n = 0; n < 4'100; ++n) market.trade(Side::buy, 1);
  market.wait(6);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
  market.wait(55);
  market.trade(Side::buy, 1);
  market.wait(6);
  EXPECT_TRUE(std::isfinite(market.row("markout_5s_1m")));
}

TEST(AdvancedAggregator, BlockTradesAreNoPrints) {
  StillMarket market;
  market.wait(10);
  Trade block{market.now, {1'000}, {500}, Side::buy};
  block.block = true;
  market.player.play({market.now, TapedTrades{{0}, {block}}});
  market.wait(1);
  EXPECT_EQ(market.row("tfi_5s"), 0);
  EXPECT_FALSE(std::isfinite(market.row("last_trade_dev")));
}

}  // namespace
}  // namespace mlbot::core
