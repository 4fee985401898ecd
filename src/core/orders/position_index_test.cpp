// One pure function from side, effect and mode to a position: all of its world, written down.
#include "core/orders/position_index.h"

#include <gtest/gtest.h>

#include <array>

namespace mlbot::core {
namespace {

using enum Effect;

struct Row {
  Side side;
  Effect effect;
  PositionMode mode;
  std::uint8_t index;
};
constexpr std::array all{
    Row{Side::buy, opens, PositionMode::one_way, 0},  Row{Side::buy, reduces, PositionMode::one_way, 0},
    Row{Side::sell, opens, PositionMode::one_way, 0}, Row{Side::sell, reduces, PositionMode::one_way, 0},
    Row{Side::buy, opens, PositionMode::hedge, 1},    Row{Side::buy, reduces, PositionMode::hedge, 2},
    Row{Side::sell, opens, PositionMode::hedge, 2},   Row{Side::sell, reduces, PositionMode::hedge, 1},
};

TEST(PositionIndex, IsThisForEverySideEffectAndMode) {
  for (const Row& row : all)
    EXPECT_EQ(position_index(row.side, row.effect, row.mode), row.index)
        << int(row.side) << int(row.effect) << int(row.mode);
}

TEST(PositionIndex, OfTwentyFourCombinationsEightAreValid) {
  std::size_t valid = 0;
  for (const Row& row : all)
    for (std::uint8_t index = 0; index < position_indices; ++index) {
      const bool is = is_valid_index(row.side, row.effect, row.mode, index);
      EXPECT_EQ(is, index == row.index);
      valid += is ? 1 : 0;
      // In hedge mode what opens on an index and what reduces it are opposite sides: a close never opens.
      if (is && row.mode == PositionMode::hedge) {
        EXPECT_TRUE(
            is_valid_index(opposite(row.side), row.effect == opens ? reduces : opens, row.mode, index));
        EXPECT_FALSE(is_valid_index(row.side, row.effect == opens ? reduces : opens, row.mode, index));
      }
    }
  EXPECT_EQ(valid, all.size());
}

TEST(PositionIndex, AFillBelongsToWhatItsOrderSays) {
  using enum ExecutionKind;
  const auto of = [](ExecutionKind kind, Side side, const Order* order,
                     PositionMode mode = PositionMode::hedge) {
    return position_index(Execution{.kind = kind, .side = side}, order, mode);
  };
  Order order{.side = Side::sell, .parts = {}};
  EXPECT_EQ(of(trade, Side::sell, &order, PositionMode::one_way), 0);
  order.position_index = 1;
  EXPECT_EQ(of(trade, Side::sell, &order), 1);
  order.position_index = 0;  // an order that does not say it
  EXPECT_EQ(of(trade, Side::sell, &order), 2) << "opens";
  order.reduce_only = true;
  EXPECT_EQ(of(trade, Side::sell, &order), 1);
  for (const ExecutionKind kind : {trade, adl, bust, settle}) {  // the venue's own doing
    EXPECT_EQ(of(kind, Side::sell, nullptr), 1);
    EXPECT_EQ(of(kind, Side::buy, nullptr), 2);
  }
  EXPECT_EQ(of(funding, Side::buy, nullptr), 1) << "funding names the side of the position";
  EXPECT_EQ(of(funding, Side::sell, nullptr), 2);
}

}  // namespace
}  // namespace mlbot::core
