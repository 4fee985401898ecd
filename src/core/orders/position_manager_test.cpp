// What we hold, from fills and nothing else, and the stop that the venue holds for it.
#include "core/orders/test_story.h"

namespace mlbot::core {
namespace {

using Positions = Story;

TEST_F(Positions, FundingIsNotATrade) {
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  const Execution funding{.symbol = {0},
                          .kind = ExecutionKind::funding,
                          .execution_id = "f-1",
                          .side = Side::sell,
                          .size = {10},
                          .fee = {-700},
                          .at = at(2)};
  for (int twice = 0; twice < 2; ++twice)
    if (executor.on(at(2), funding, out)) positions.on(at(2), funding);
  EXPECT_EQ(held(), 10);
  EXPECT_EQ(positions.position({0}).funding.count, -700);
}

TEST_F(Positions, ProfitComesFromFillsToTheLastUnit) {
  const auto buy = place(0, Side::buy, 10);
  fill(1, buy, "e-1", 4, "100000.1");
  fill(2, buy, "e-2", 6, "100000.3");
  EXPECT_EQ(to_text(*positions.average_entry({0})), "100000.22");
  positions.mark({0}, *parse_e8("100010"));
  EXPECT_EQ(to_text(positions.unrealised({0})), "0.0978");
  const auto sell = place(3, Side::sell, 15);  // closes ten, turns to five short
  fill(4, sell, "e-3", 15, "100020");
  const Position& p = positions.position({0});
  EXPECT_EQ(p.size.count, -5);
  EXPECT_EQ(to_text(p.realised), "0.1978");
  EXPECT_EQ(to_text(*positions.average_entry({0})), "100020");
  EXPECT_EQ(p.closings, 1u);
  EXPECT_EQ(p.opened_at, at(4));
  EXPECT_EQ(p.fees.count, 3'000);
  EXPECT_EQ(to_text(positions.profit()), to_text(p.realised - p.fees + positions.unrealised({0})));
}

TEST_F(Positions, AForcedTradeMovesThePositionWithoutAnOrder) {
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  const Execution adl{.symbol = {0},
                      .kind = ExecutionKind::adl,
                      .execution_id = "a-1",
                      .side = Side::sell,
                      .price = *parse_e8("99000"),
                      .size = {4},
                      .at = at(2)};
  if (executor.on(at(2), adl, out)) positions.on(at(2), adl);
  EXPECT_EQ(held(), 6);
}

TEST_F(Positions, APositionWithoutAStopGetsOne) {
  AccountMonitor monitor;
  monitor.add(instrument);
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  positions.on_timer(at(1'500), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "the venue has not spoken of the position yet";
  monitor.on(at(10), PositionNews{.symbol = {0}, .size = {10}, .entry_price = *parse_e8("100000")});
  positions.on_timer(at(1'000), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "a second of grace";
  positions.on_timer(at(1'001), monitor, 100, out);
  positions.on_timer(at(2'001), monitor, 100, out);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(std::get<SetPositionStop>(out.commands.back()).stop_loss.count, 990'000);
  for (std::uint32_t i = 0; i < stop_refusals_max; ++i) positions.on_stop_refused({0});
  EXPECT_TRUE(positions.unprotectable({0}));
  positions.on_timer(at(9'000), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 1u) << "it will be closed instead";
}

}  // namespace
}  // namespace mlbot::core
