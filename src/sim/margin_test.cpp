// Hand cases of reference 15.1: recorded pushes of the venue, to eight decimals.
#include "sim/margin.h"

#include <gtest/gtest.h>

namespace mlbot::sim {
namespace {

E8 e8(std::string_view text) { return *parse_e8(text); }

TEST(Margin, AnOrderHoldsWhatTheVenueRecordedForXrp) {
  // XRPUSDT 10 @ 2.5293, 10x, taker 0.055 %: totalOrderIM 2.55573119.
  EXPECT_EQ(to_text(order_margin(e8("25.293"), Side::buy, e8("10"), e8("0.00055"))), "2.55573119");
}

TEST(Margin, InitialAndMaintenanceMarginFollowTheFormulaByHand) {
  // 0.5 at entry 100, mark 110, 10x, taker 0.1 %, maintenance 0.4 %, long:
  // close fee 50 * 0.9 * 0.001 = 0.045; IM 55/10 + 0.045; MM 55 * 0.004 + 0.045.
  const auto side = PositionSide::long_side;
  EXPECT_EQ(to_text(close_fee(e8("50"), side, e8("10"), e8("0.001"))), "0.045");
  EXPECT_EQ(to_text(position_initial_margin(e8("0.5"), e8("110"), e8("50"), side, e8("10"), e8("0.001"))),
            "5.545");
  EXPECT_EQ(to_text(position_maintenance_margin(e8("0.5"), e8("110"), e8("50"), side, e8("10"), e8("0.001"),
                                                e8("0.004"))),
            "0.265");
  // A short pays its closing fee on a bankruptcy price above entry: 50 * 1.1 * 0.001.
  EXPECT_EQ(to_text(close_fee(e8("50"), PositionSide::short_side, e8("10"), e8("0.001"))), "0.055");
}

TEST(Margin, RoundsHalfUpOnceAtTheEighthDecimal) {
  EXPECT_EQ(multiply_divide(E8{5}, E8{1}, E8{2}).count, 3);
  EXPECT_EQ(multiply_divide(E8{-5}, E8{1}, E8{2}).count, -3);
  EXPECT_EQ(multiply_divide(E8{4}, E8{1}, E8{3}).count, 1);
}

TEST(Margin, LargePositionsDoNotOverflow) {
  // 1000 coins at 100 000, 100x: 1e8 of value.
  EXPECT_EQ(to_text(position_initial_margin(e8("1000"), e8("100000"), e8("100000000"),
                                            PositionSide::long_side, e8("100"), e8("0.00055"))),
            "1054450");
}

}  // namespace
}  // namespace mlbot::sim
