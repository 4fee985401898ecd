// One-way and hedge mode, told as stories.
#include <gtest/gtest.h>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

OrderRequest on_side(OrderRequest request, std::uint8_t position_index) {
  request.position_index = position_index;
  return request;
}

template <class Answer>
std::int32_t code(const Answer& answer) {
  return answer ? 0 : answer.error().code;
}

TEST(HedgeMode, BothSidesAreHeldAtOnceAndClosedByTheirIndex) {
  Stage stage;
  stage.quotes(999, 1001, 100'000);
  ASSERT_TRUE(stage.exchange.set_position_mode(stage.trader, Stage::symbol, PositionMode::hedge));
  const auto sizes = [&] {
    const auto rows = stage.exchange.positions(stage.trader, Stage::symbol);
    EXPECT_EQ(rows.size(), 2U) << "two rows, flat or not";
    return std::pair{rows.at(0).size.count, rows.at(1).size.count};
  };
  EXPECT_EQ(sizes(), (std::pair<std::int64_t, std::int64_t>{0, 0}));
  EXPECT_EQ(stage.code_of(on_side(stage.at_market("", Side::buy, 300), 1)), 0) << "opens the long side";
  EXPECT_EQ(stage.code_of(on_side(stage.at_market("", Side::sell, 200), 2)), 0) << "opens the short side";
  EXPECT_EQ(sizes(), (std::pair<std::int64_t, std::int64_t>{300, -200}));
  EXPECT_EQ(stage.code_of(on_side(stage.at_market("", Side::sell, 100), 1)), 0) << "closes of the long";
  EXPECT_EQ(stage.code_of(on_side(stage.at_market("", Side::buy, 900), 2)), 0) << "cut to the short";
  EXPECT_EQ(sizes(), (std::pair<std::int64_t, std::int64_t>{200, 0}));
  EXPECT_EQ(stage.code_of(on_side(stage.at_market("", Side::buy, 100), 2)), 110017) << "no short is left";
}

TEST(HedgeMode, AnIndexThatDoesNotFitTheModeIsRefused) {
  Stage stage;
  stage.quotes(999, 1001);
  EXPECT_EQ(stage.code_of(on_side(stage.limit("", Side::buy, 990, 100), 1)), 10001);
  ASSERT_TRUE(stage.exchange.set_position_mode(stage.trader, Stage::symbol, PositionMode::hedge));
  EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 990, 100)), 10001);
  EXPECT_EQ(stage.code_of(on_side(stage.limit("", Side::buy, 990, 100), 3)), 10001);
  EXPECT_EQ(stage.code_of(on_side(stage.limit("", Side::buy, 990, 100), 1)), 0);
}

TEST(HedgeMode, IsSwitchedOnlyWhileNothingIsHeldOrAsked) {
  Stage stage({test_instrument(0), test_instrument(1, "OTHERUSDT")});
  stage.quotes(999, 1001);
  const auto set = [&](std::optional<SymbolId> symbol, PositionMode mode) {
    return code(stage.exchange.set_position_mode(stage.trader, symbol, mode));
  };
  EXPECT_EQ(set(Stage::symbol, PositionMode::one_way), 110025);
  EXPECT_EQ(set(SymbolId{9}, PositionMode::hedge), 10001);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 999, 100)), 0);
  EXPECT_EQ(set(Stage::symbol, PositionMode::hedge), 110028);
  EXPECT_EQ(set(std::nullopt, PositionMode::hedge), 0) << "by coin: what is idle is switched";
  EXPECT_EQ(stage.exchange.position_mode(stage.trader, Stage::symbol), PositionMode::one_way);
  EXPECT_EQ(stage.exchange.position_mode(stage.trader, SymbolId{1}), PositionMode::hedge);
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "a"}));
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::buy, 100)), 0);
  EXPECT_EQ(set(Stage::symbol, PositionMode::hedge), 110024);
  ASSERT_EQ(stage.code_of(stage.at_market("c", Side::sell, 100)), 0);
  EXPECT_EQ(set(Stage::symbol, PositionMode::hedge), 0);
}

TEST(HedgeMode, AClosingOrderHoldsNoMarginAndAnOpeningOneAlwaysDoes) {
  Stage stage;
  stage.quotes(999, 1001, 100'000);
  ASSERT_TRUE(stage.exchange.set_position_mode(stage.trader, Stage::symbol, PositionMode::hedge));
  ASSERT_EQ(stage.code_of(on_side(stage.at_market("", Side::buy, 1000), 1)), 0);
  ASSERT_EQ(stage.code_of(on_side(stage.limit("", Side::sell, 1005, 1000), 1)), 0);
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).order_margin), "0");
  ASSERT_EQ(stage.code_of(on_side(stage.limit("", Side::sell, 1005, 1000), 2)), 0);
  // 100.5/10 + 100.5 * 0.00055 * (1 + 1.1)
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).order_margin), "10.1660775");
}

}  // namespace
}  // namespace mlbot::sim
