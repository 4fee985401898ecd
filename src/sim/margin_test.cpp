// Hand cases of reference 15: recorded pushes of the venue, to eight decimals.
#include "sim/margin.h"

#include <gtest/gtest.h>

#include "sim/funding.h"
#include "sim/risk_tiers.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

E8 e8(std::string_view text) { return *parse_e8(text); }

constexpr auto long_side = PositionSide::long_side, short_side = PositionSide::short_side;

RiskTier tier(std::string_view rate, std::string_view deduction = "0") {
  return {.maintenance_rate = e8(rate), .mm_deduction = e8(deduction)};
}

TEST(Margin, AnOrderHoldsWhatTheVenueRecordedForXrp) {
  // XRPUSDT 10 @ 2.5293, 10x, taker 0.055 %: totalOrderIM 2.55573119.
  EXPECT_EQ(to_text(order_margin(e8("25.293"), Side::buy, e8("10"), e8("0.00055"))), "2.55573119");
}

TEST(Margin, APositionHoldsWhatTheVenueRecordedForBtcPerp) {
  // BTCPERP 2026-03: 0.001 bought at 66473.5, mark 66472.02, 10x, taker 0.1 %, maintenance 0.4 %.
  const MarginTerms terms{long_side, e8("0.001"), e8("66.4735"), e8("10"), e8("0.001")};
  EXPECT_EQ(to_text(position_initial_margin(terms, e8("66472.02"))), "6.70702815");
  EXPECT_EQ(to_text(position_maintenance_margin(terms, e8("66472.02"), tier("0.004"))), "0.32571423");
}

TEST(Margin, APositionHoldsWhatTheVenueRecordedForSol) {
  // SOLUSDT 2025-10: 0.2 @ 233.02, 10x, taker 0.055 % and 18 % GST on it; positionIM and MM still at entry
  // then, the ..ByMp twins at mark and cut off.
  const MarginTerms terms{long_side, e8("0.2"), e8("46.604"), e8("10"), e8("0.000649")};
  EXPECT_EQ(to_text(position_initial_margin(terms, e8("233.02"))), "4.6876214");
  EXPECT_EQ(to_text(position_maintenance_margin(terms, e8("233.02"), tier("0.005"))), "0.2602414");
  EXPECT_EQ(to_text(position_initial_margin(terms, e8("233.029"), true)), "4.68780139");
  EXPECT_EQ(to_text(position_maintenance_margin(terms, e8("233.029"), tier("0.005"), true)), "0.26025039");
  // Cross, the only position: liqPrice 176.89650029, from totals that are printed to eight decimals.
  const E8 surplus = e8("11.48691986") - e8("0.26041992");
  EXPECT_NEAR(static_cast<double>(cross_liquidation_price(terms, e8("233.029"), surplus).count),
              static_cast<double>(e8("176.89650029").count), 1);
  EXPECT_EQ(to_text(rate_cut_to_four(e8("4.6908371"), e8("11.48691986"))), "0.4083");
  EXPECT_EQ(to_text(rate_cut_to_four(e8("0.26041992"), e8("11.48691986"))), "0.0226");
}

TEST(Margin, InitialAndMaintenanceMarginFollowTheFormulaByHand) {
  // 0.5 at entry 100, mark 110, 10x, taker 0.1 %, maintenance 0.4 %, long:
  // close fee 50 * 0.9 * 0.001 = 0.045; IM 55/10 + 0.045; MM 55 * 0.004 + 0.045.
  const MarginTerms held{long_side, e8("0.5"), e8("50"), e8("10"), e8("0.001")};
  EXPECT_EQ(to_text(close_fee(held)), "0.045");
  EXPECT_EQ(to_text(position_initial_margin(held, e8("110"))), "5.545");
  EXPECT_EQ(to_text(position_maintenance_margin(held, e8("110"), tier("0.004"))), "0.265");
  EXPECT_EQ(to_text(position_maintenance_margin(held, e8("110"), tier("0.004", "0.1"))), "0.165");
  // A short pays its closing fee on a bankruptcy price above entry: 50 * 1.1 * 0.001.
  EXPECT_EQ(to_text(close_fee({short_side, e8("0.5"), e8("50"), e8("10"), e8("0.001")})), "0.055");
}

TEST(Margin, AnIsolatedPositionIsLiquidatedBeforeItIsBankrupt) {
  // 1 at 100, 10x: bankrupt at 90 long and 110 short. Liquidated at (100 - 10)/(1 - 0.005) and
  // (100 + 10)/(1 + 0.005).
  const MarginTerms held{long_side, e8("1"), e8("100"), e8("10"), e8("0.00055")};
  const MarginTerms sold{short_side, e8("1"), e8("100"), e8("10"), e8("0.00055")};
  EXPECT_EQ(to_text(bankruptcy_price(held, e8("100"), isolated_margin(held))), "90");
  EXPECT_EQ(to_text(bankruptcy_price(sold, e8("100"), isolated_margin(sold))), "110");
  EXPECT_EQ(to_text(isolated_liquidation_price(held, E8{}, tier("0.005"))), "90.45226131");
  EXPECT_EQ(to_text(isolated_liquidation_price(sold, E8{}, tier("0.005"))), "109.45273632");
  // Five more set aside move both five away.
  EXPECT_EQ(to_text(isolated_liquidation_price(held, e8("5"), tier("0.005"))), "85.42713568");
}

TEST(Margin, BreakEvenPaysTheFeesOfBothWays) {
  // (233.02 * 0.2 + 0.03024599) / (0.2 * (1 - 0.00055)) of a long, mirrored of a short.
  const MarginTerms held{long_side, e8("0.2"), e8("46.604"), e8("10"), e8("0.0004")};
  EXPECT_EQ(to_text(break_even_price(held, e8("-0.03024599"))), "233.2995447");
  const MarginTerms sold{short_side, e8("0.2"), e8("46.604"), e8("10"), e8("0.001")};
  EXPECT_EQ(to_text(break_even_price(sold, e8("-0.03024599"))), "232.63613392");
}

TEST(Margin, RoundsHalfUpOnceAtTheEighthDecimal) {
  EXPECT_EQ(multiply_divide(E8{5}, E8{1}, E8{2}).count, 3);
  EXPECT_EQ(multiply_divide(E8{-5}, E8{1}, E8{2}).count, -3);
  EXPECT_EQ(multiply_divide(E8{4}, E8{1}, E8{3}).count, 1);
}

TEST(Margin, LargePositionsDoNotOverflow) {
  // 1000 coins at 100 000, 100x: 1e8 of value.
  const MarginTerms held{long_side, e8("1000"), e8("100000000"), e8("100"), e8("0.00055")};
  EXPECT_EQ(to_text(position_initial_margin(held, e8("100000"))), "1054450");
  EXPECT_EQ(to_text(bankruptcy_price(held, e8("100000000"), isolated_margin(held))), "99000");
}

// ---- risk limits

TEST(RiskTiers, MaintenanceMarginIsContinuousFromTierToTier) {
  for (const SymbolName name : {SymbolName{"BTCUSDT"}, SymbolName{"TESTUSDT"}}) {
    const auto tiers = risk_tiers_of(test_instrument(0, name));
    EXPECT_TRUE(tiers.front().lowest);
    EXPECT_EQ(tiers.front().maintenance_rate, e8("0.005"));
    EXPECT_EQ(tiers.front().max_leverage, e8("100"));
    for (std::size_t i = 1; i < tiers.size(); ++i) {
      const RiskTier &lower = tiers[i - 1], &upper = tiers[i];
      EXPECT_FALSE(upper.lowest);
      EXPECT_GT(upper.limit_value, lower.limit_value);
      EXPECT_GT(upper.maintenance_rate, lower.maintenance_rate);
      EXPECT_LT(upper.max_leverage, lower.max_leverage);
      EXPECT_LT(upper.maintenance_rate, upper.initial_rate);
      EXPECT_EQ(multiply(lower.limit_value, lower.maintenance_rate) - lower.mm_deduction,
                multiply(lower.limit_value, upper.maintenance_rate) - upper.mm_deduction);
    }
  }
}

TEST(RiskTiers, OfBtcAreTheRecordedOnes) {
  const auto tiers = risk_tiers_of(test_instrument(0, "BTCUSDT"));
  ASSERT_EQ(tiers.size(), 35U);
  EXPECT_EQ(tier_of(tiers, e8("2000000")).id, 1);
  EXPECT_EQ(tier_of(tiers, e8("2000000.1")).id, 2);
  EXPECT_EQ(to_text(tiers[1].mm_deduction), "1200");  // 2 000 000 * (0.0056 - 0.005)
  EXPECT_EQ(tier_of(tiers, e8("9000000000")).id, 35);
}

// ---- mark price and funding

TEST(Funding, TheRateFollowsThePremiumBeyondAQuarterOfAPromille) {
  const Instrument instrument = test_instrument();
  // Within +-0.05 % of the interest the interest is paid; beyond, the premium less 0.05 %.
  EXPECT_EQ(to_text(funding_rate(e8("0.0003"), instrument)), "0.0001");
  EXPECT_EQ(to_text(funding_rate(e8("-0.0003"), instrument)), "0.0001");
  EXPECT_EQ(to_text(funding_rate(e8("0.001"), instrument)), "0.0005");
  EXPECT_EQ(to_text(funding_rate(e8("-0.001"), instrument)), "-0.0005");
  EXPECT_EQ(to_text(funding_rate(e8("0.02"), instrument)), "0.00375") << "the cap, as recorded of BTCUSDT";
  EXPECT_EQ(to_text(funding_rate(e8("-0.02"), instrument)), "-0.00375");
  Instrument hourly = instrument;
  hourly.funding_interval_minutes = 60;
  EXPECT_EQ(to_text(funding_rate(E8{}, hourly)), "0.0000125");
}

TEST(Funding, TheLaterMinutesWeighMore) {
  FundingPremium premium;
  premium.add(e8("0.0006"));
  premium.add(e8("0.0003"));
  EXPECT_EQ(to_text(premium.mean()), "0.0004");  // (1 * 6 + 2 * 3) / 3
}

TEST(Funding, ThePremiumComparesWhatALargeOrderWouldGet) {
  const Instrument instrument = test_instrument();
  EXPECT_EQ(to_text(impact_notional(instrument)), "20000");
  // 100 coins at 100.1 and then 100: 20 000 quote units sell 199.9 coins, 100.05 each.
  const std::vector<BookLevel> bids{{PriceTicks{1001}, Lots{100'000}}, {PriceTicks{1000}, Lots{200'000}}};
  const auto bid = impact_price(bids, e8("20000"), instrument);
  ASSERT_TRUE(bid);
  EXPECT_EQ(to_text(*bid), "100.05002501");
  EXPECT_FALSE(impact_price(bids, e8("40000"), instrument)) << "the book is thinner";
  EXPECT_EQ(to_text(premium_index(bid, e8("100.2"), e8("100"))), "0.00050025");
  EXPECT_EQ(to_text(premium_index(e8("99"), e8("99.9"), e8("100"))), "-0.001");
  EXPECT_EQ(to_text(premium_index(e8("99.9"), e8("100.1"), e8("100"))), "0");
}

TEST(Funding, TheBasisIsTheMeanOfFiveMinutes) {
  BasisMean basis;
  basis.sample(Instant::from_seconds(1000), e8("1"));
  basis.sample(Instant::from_seconds(1000), e8("9"));
  EXPECT_EQ(to_text(basis.mean()), "1") << "one sample a second";
  basis.sample(Instant::from_seconds(1003), e8("5"));
  EXPECT_EQ(to_text(basis.mean()), "2") << "seconds without news keep the last value: 1 1 1 5";
  basis.sample(Instant::from_seconds(1303), e8("7"));
  EXPECT_EQ(to_text(basis.mean()), "5.00666666") << "299 times 5 and 7";
}

}  // namespace
}  // namespace mlbot::sim
