// What we hold, from fills and nothing else, and the stop that the venue holds for it.
#include "core/orders/test_held.h"

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

TEST_F(Held, AStopThatTheVenueShowsIsVerifiedAtOnce) {
  hold();
  EXPECT_FALSE(positions.all_protected());
  EXPECT_EQ(positions.next_deadline(), at(251));
  told(5, 10, "99000");
  look(6);
  EXPECT_TRUE(positions.all_protected());
  EXPECT_EQ(out.commands.size(), 0u);
  EXPECT_EQ(positions.next_deadline(), distant_future);
  trade(2'000, Side::buy, 10, "100010");
  EXPECT_FALSE(positions.all_protected()) << "each fill asks for a new word";
  told(2'001, 10, "99000");
  look(2'002);
  EXPECT_FALSE(positions.all_protected()) << "that stop may cover the first ten only";
  told(2'003, 20, "99005");
  look(2'004);
  EXPECT_TRUE(positions.all_protected());
}

TEST_F(Held, AStopThatIsNotShownIsAskedForAndSetWithinASecond) {
  hold();
  look(250);
  EXPECT_EQ(out.commands.size(), 0u);
  look(251);
  ASSERT_EQ(sent<QueryAccount>(), 1u);
  EXPECT_EQ(positions.next_deadline(), at(701));
  look(700);
  EXPECT_EQ(out.commands.size(), 1u);
  look(701);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 990'000);
  EXPECT_EQ(positions.next_deadline(), at(2'701));
  look(2'700);
  EXPECT_EQ(out.commands.size(), 2u) << "one answer at a time";
  look(2'701);
  EXPECT_EQ(sent<SetPositionStop>(), 2u);
}

TEST_F(Held, AStopThatIsMissingLooseOrOnTheWrongSideIsSetAnew) {
  hold(Side::sell);
  told(5, -10, "0");
  look(251);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'010'000);
  told(300, -10, "101000");
  look(301);
  EXPECT_TRUE(positions.all_protected());
  told(5'000, -10, "102000");  // somebody loosened it
  trade(5'000, Side::sell, 10, "100000");
  told(5'001, -20, "102000");
  look(5'250);
  EXPECT_EQ(sent<SetPositionStop>(), 2u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'010'000);
  told(5'300, -20, "100500");
  look(5'301);
  EXPECT_TRUE(positions.all_protected());
  EXPECT_EQ(positions.position({0}).stop.count, 1'005'000) << "tighter is somebody's word, and kept";
}

TEST_F(Held, AStopThatIsRefusedThreeTimesClosesThePosition) {
  hold();
  told(5, 10, "0");
  look(251);
  for (std::uint32_t i = 0; i < stop_refusals_max; ++i) {
    EXPECT_FALSE(positions.unprotectable({0}));
    positions.on_stop_refused({0});
  }
  EXPECT_TRUE(positions.unprotectable({0}));
  EXPECT_EQ(wish(9'000), (ExitWish{ExitReason::unprotectable, {10}, Side::sell, true}));
  trade(9'001, Side::sell, 15, "100000");
  EXPECT_FALSE(positions.unprotectable({0})) << "another position";
}

TEST_F(Held, AStopThatIsRefusedIsAskedForUntilThePositionIsClosed) {
  hold();
  told(5, 10, "0");
  for (std::int64_t i = 0; i < 9; ++i) {  // a key that may do nothing cannot close either
    EXPECT_EQ(positions.next_deadline(), at(251 + 2'000 * i));
    look(251 + 2'000 * i);
    EXPECT_EQ(sent<SetPositionStop>(), static_cast<std::size_t>(i + 1));
    positions.on_stop_refused({0});
  }
  told(18'000, 10, "99000");
  look(18'001);
  EXPECT_TRUE(positions.all_protected());
  EXPECT_FALSE(positions.unprotectable({0}));
  EXPECT_EQ(positions.next_deadline(), distant_future);
}

TEST_F(Held, ARefusalWhereNothingStandsIsNoRefusalOfAStop) {
  positions.on_stop_refused({0});
  hold();
  look(701);
  positions.on_stop_refused({0});
  EXPECT_EQ(positions.position({0}).stop_refusals, 0u) << "the venue has not shown the position";
}

TEST_F(Held, ATrailingStopFollowsInStepsAndNeverLoosens) {
  positions.configure({.trailing_start_bps = 50, .trailing_distance_bps = 40});
  hold();
  told(2, 10, "99000");
  look(3);
  const auto price_at = [&](std::int64_t ms, const char* mid) {
    positions.mark({0}, *parse_e8(mid));
    look(ms);
  };
  price_at(1'000, "100400");
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "not far enough yet";
  price_at(2'000, "100600");
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'001'976) << "40 bps behind the best";
  EXPECT_FALSE(positions.all_protected());
  told(2'010, 10, "100197.6");
  price_at(3'000, "100100");
  price_at(5'000, "100610");
  EXPECT_EQ(sent<SetPositionStop>(), 1u) << "less than an eighth of the distance";
  price_at(6'000, "100800");
  ASSERT_EQ(sent<SetPositionStop>(), 2u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'003'968);
  price_at(6'500, "100390");
  ASSERT_TRUE(wish(6'500));
  EXPECT_EQ(wish(6'500)->reason, ExitReason::stop_passed) << "and the venue did not close it";
}

TEST_F(Held, ATrailingStopOfAShortFollowsDownwards) {
  positions.configure({.trailing_start_bps = 50, .trailing_distance_bps = 40});
  hold(Side::sell);
  told(2, -10, "101000");
  positions.mark({0}, *parse_e8("99000"));
  positions.mark({0}, *parse_e8("99100"));
  look(1'000);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 993'960);
  EXPECT_FALSE(wish(1'000));
  positions.mark({0}, *parse_e8("99500"));
  EXPECT_EQ(wish(1'001), (ExitWish{ExitReason::stop_passed, {10}, Side::buy, true}));
}

TEST_F(Held, ProfitIsTakenInPartAndInWhole) {
  positions.configure({.take_profit_bps = 60, .partial_at_bps = 30, .partial_percent = 35});
  hold();
  EXPECT_EQ(positions.take_profit_price({0}, Side::buy, *parse_e8("100000"))->count, 1'006'000);
  EXPECT_EQ(positions.take_profit_price({0}, Side::sell, *parse_e8("100000"))->count, 994'000);
  look(701);
  EXPECT_EQ(last_stop().take_profit->count, 1'006'000) << "held by the venue";
  positions.mark({0}, *parse_e8("100200"));
  EXPECT_FALSE(wish(1'000));
  positions.mark({0}, *parse_e8("100300"));
  EXPECT_EQ(wish(1'000), (ExitWish{ExitReason::partial, {3}, Side::sell, false}));
  trade(1'001, Side::sell, 3, "100300");
  EXPECT_FALSE(wish(1'002)) << "once a position";
  positions.mark({0}, *parse_e8("100600"));
  EXPECT_EQ(wish(1'003), (ExitWish{ExitReason::take_profit, {7}, Side::sell, true}));
}

TEST_F(Held, APartThatWouldBeTooSmallIsNotClosed) {
  positions.configure({.partial_at_bps = 30, .partial_percent = 50});
  trade(1, Side::buy, 1, "100000");
  positions.mark({0}, *parse_e8("101000"));
  EXPECT_FALSE(wish(2));
}

TEST_F(Held, APositionIsNotHeldForLongerThanTold) {
  EXPECT_FALSE(wish(0)) << "flat";
  hold();
  EXPECT_FALSE(wish(60'000));
  EXPECT_EQ(wish(60'001), (ExitWish{ExitReason::time, {10}, Side::sell, false})) << "the model's horizon";
  positions.configure({.hold_ms_max = 5'000});
  EXPECT_FALSE(wish(5'000));
  EXPECT_TRUE(wish(5'001));
  positions.configure({});
  EXPECT_FALSE(positions.exit_wish(at(900'000), {0}, Duration{0}));
}

TEST_F(Held, HedgeModeKeepsTwoPositionsApart) {
  positions.set_mode(PositionMode::hedge);
  EXPECT_EQ(positions.held_index({0}), 1);
  trade(1, Side::buy, 10, "100000", 1);
  trade(2, Side::sell, 4, "100100", 2);
  EXPECT_EQ(positions.position({0}, 1).size.count, 10);
  EXPECT_EQ(positions.position({0}, 2).size.count, -4);
  EXPECT_EQ(positions.net({0}).count, 6);
  EXPECT_EQ(positions.position({0}).size.count, 10) << "the larger";
  told(3, -4, "101000", 2);  // the short row comes first and alone
  look(251);
  EXPECT_FALSE(positions.all_protected());
  told(300, 10, "99000", 1);
  look(301);
  EXPECT_TRUE(positions.all_protected());
  trade(400, Side::sell, 10, "100000", 1);
  EXPECT_EQ(positions.position({0}).size.count, -4);
  EXPECT_EQ(wish(400'000)->side, Side::buy);
  trade(500, Side::buy, 4, "100000", 2);
  EXPECT_EQ(positions.net({0}).count, 0);
  EXPECT_EQ(to_text(positions.profit()), "0.4");
}

TEST_F(Held, BothRowsOfHedgeModeAreAdopted) {
  positions.set_mode(PositionMode::hedge);
  told(1, -4, "101000", 2);
  told(1, 10, "99000", 1);
  positions.on(at(1), PositionNews{.symbol = {9}});
  positions.on(at(1), PositionNews{.symbol = {0}, .position_index = 3});
  const auto missed = [](const char* id, std::int64_t ms, Side side) {
    return Execution{.symbol = {0},
                     .execution_id = id,
                     .side = side,
                     .price = *parse_e8("100000"),
                     .size = {1},
                     .at = at(ms)};
  };
  positions.note(missed("e-1", 1, Side::sell));  // in the rows already
  positions.note(missed("e-2", 2, Side::sell));  // younger: a stop closed one of the long side
  positions.note(missed("e-3", 2, Side::buy));
  positions.adopt_told(at(3));
  EXPECT_EQ(positions.position({0}, 1).size.count, 9);
  EXPECT_EQ(positions.position({0}, 2).size.count, -3);
  EXPECT_EQ(positions.position({0}, 1).stop.count, 990'000);
  EXPECT_TRUE(positions.position({0}, 1).adopted);
}

TEST_F(Held, WhatIsAdoptedKeepsItsStop) {
  told(1, 10, "99500");
  positions.adopt(at(5), {0},
                  {.size = {10}, .entry_price = *parse_e8("100000"), .stop_loss = *parse_e8("99500")});
  look(6);
  EXPECT_TRUE(positions.all_protected());
  EXPECT_EQ(out.commands.size(), 0u);
  EXPECT_EQ(positions.position({0}).stop.count, 995'000);
  EXPECT_EQ(to_text(*positions.average_entry({0})), "100000");
}

TEST_F(Held, AWalletOfTheStreamDoesNotOpenTheLedger) {
  positions.on(at(0), WalletNews{.wallet_balance = {1'000 * e8_per_unit}});
  EXPECT_FALSE(positions.ledger().is_open()) << "it may stand between two charges of one instant";
}

TEST_F(Held, ALogRowCountsOnceWhicheverTellsItFirst) {
  positions.on(at(0), WalletNews{.source = NewsSource::query, .wallet_balance = {1'000 * e8_per_unit}});
  hold();
  const auto funding = [](const char* id, std::int64_t ms) {
    return Transaction{.id = "t",
                       .symbol = SymbolId{0},
                       .kind = TransactionKind::funding,
                       .execution_id = id,
                       .funding = {-700},
                       .change = {-700},
                       .at = at(ms)};
  };
  const auto charge = [](const char* id, std::int64_t ms) {
    return Execution{.symbol = {0},
                     .kind = ExecutionKind::funding,
                     .execution_id = id,
                     .side = Side::buy,
                     .size = {10},
                     .fee = {700},
                     .at = at(ms)};
  };
  positions.on(funding("f-1", 10));
  positions.on(at(11), charge("f-1", 10));
  EXPECT_EQ(positions.position({0}).funding.count, 700);
  positions.on(at(20), charge("f-2", 20));
  positions.on(funding("f-2", 20));
  positions.on(at(21), charge("f-2", 20));
  EXPECT_EQ(positions.position({0}).funding.count, 1'400);
  Transaction nobody = funding("f-3", 30);
  nobody.symbol.reset();
  positions.on(nobody);
  nobody.execution_id = "f-4";
  nobody.symbol = SymbolId{7};
  positions.on(nobody);
  EXPECT_EQ(positions.position({0}).funding.count, 1'400);
  EXPECT_EQ(positions.ledger().funding().count, 2'800);
  positions.on(at(31), Execution{.symbol = {0}, .kind = ExecutionKind::other, .execution_id = "o-1"});
  EXPECT_EQ(positions.position({0}).size.count, 10);
  EXPECT_EQ(positions.ledger().differences(), 0u);
}

TEST_F(Held, AnAdoptedPositionThatTheVenueSpeaksDifferentlyOfIsAskedFor) {
  positions.adopt(at(5), {0},
                  {.size = {10}, .entry_price = *parse_e8("100000"), .mark_price = *parse_e8("100100")});
  EXPECT_EQ(positions.position({0}).last_fill_at, at(5));
  EXPECT_EQ(to_text(positions.mid({0})), "100100");
  positions.note({.symbol = {9}});
  EXPECT_EQ(positions.position({0}).stop.count, 0) << "none was shown";
  told(6, 7, "99000");  // of another size
  look(255);
  EXPECT_EQ(sent<QueryAccount>(), 1u);
  EXPECT_FALSE(positions.all_protected());
  EXPECT_EQ(positions.next_deadline(), at(705));
  positions.adopt(at(800), {0}, {.size = {8}, .entry_price = *parse_e8("100000")});
  EXPECT_EQ(positions.position({0}).last_fill_at, at(800)) << "what was told is of another size";
}

TEST_F(Held, FillsOfBeforeTheAdoptionAreLimited) {
  for (std::size_t i = 0; i < noted_max + 10; ++i)
    positions.note({.symbol = {0},
                    .execution_id = VenueId{"n-" + std::to_string(i)},
                    .side = Side::buy,
                    .price = *parse_e8("100000"),
                    .size = {1},
                    .at = at(10)});
  told(1, 0, "0");
  positions.adopt_told(at(20));
  EXPECT_EQ(positions.position({0}).size.count, static_cast<std::int64_t>(noted_max));
}

TEST_F(Held, AShortGainsWhenThePriceFalls) {
  positions.configure({.take_profit_bps = 50, .partial_at_bps = 10, .partial_percent = 99});
  hold(Side::sell, 1);
  EXPECT_FALSE(wish(2)) << "no price yet";
  positions.mark({0}, *parse_e8("99800"));
  EXPECT_FALSE(wish(3)) << "a part of one lot is none";
  positions.mark({0}, *parse_e8("99500"));
  EXPECT_EQ(wish(4), (ExitWish{ExitReason::take_profit, {1}, Side::buy, true}));
  EXPECT_EQ(to_text(positions.unrealised({0})), "0.5");
}

TEST_F(Held, TheStateIsOneNumber) {
  StateHash empty, held, shown;
  positions.hash_into(empty);
  hold();
  positions.hash_into(held);
  told(5, 10, "99000");
  positions.hash_into(shown);
  EXPECT_NE(empty.value(), held.value());
  EXPECT_NE(held.value(), shown.value());
}

}  // namespace
}  // namespace mlbot::core
