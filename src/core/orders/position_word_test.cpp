// What we hold beside the venue's word on it: what is adopted, what may be closed, what is protected although
// our fills do not make it.
#include "core/orders/test_held.h"

namespace mlbot::core {
namespace {

TEST_F(Held, NoMoreIsClosedThanTheVenueStillShows) {
  EXPECT_EQ(positions.closable({0}, 0).count, 0);
  hold();
  EXPECT_EQ(positions.closable({0}, 0).count, 10) << "nobody spoke since the fill";
  told(5, 6, "99000");
  EXPECT_EQ(positions.closable({0}, 0).count, 6);
  told(6, 14, "99000");
  EXPECT_EQ(positions.closable({0}, 0).count, 10) << "more than we know of is not ours to close";
  told(7, -3, "99000");
  EXPECT_EQ(positions.closable({0}, 0).count, 0) << "turned: a sale would add";
  trade(8, Side::sell, 25, "100000");
  EXPECT_EQ(positions.closable({0}, 0).count, -15);
  told(9, -4, "101000");
  EXPECT_EQ(positions.closable({0}, 0).count, -4);
  told(10, 4, "101000");
  EXPECT_EQ(positions.closable({0}, 0).count, 0);
}

TEST_F(Held, AWordThatWasOvertakenChangesNothing) {
  hold();
  told(5, 10, "99000");
  positions.on(at(6), PositionNews{.symbol = {0}, .size = {99}, .updated_at = at(4)});
  EXPECT_EQ(positions.position({0}).told_size.count, 10);
  EXPECT_EQ(positions.position({0}).told_at, at(5));
}

TEST_F(Held, AWordThatIsNewerThanAFillToldLateShowsItsStop) {
  told(90, -10, "101000");                             // by the stream, of an order that somebody placed
  trade_told_late(100, 40, Side::sell, 10, "100000");  // by a list
  look(100);
  EXPECT_TRUE(positions.all_protected()) << "the list's own word is older, and none that is newer may come";
  look(5'000);
  EXPECT_TRUE(out.commands.empty());
}

TEST_F(Held, AWordThatIsOlderThanTheFillShowsNothing) {
  told(90, -10, "101000");
  trade_told_late(100, 95, Side::sell, 10, "100000");
  look(100);
  EXPECT_FALSE(positions.all_protected());
  look(800);
  EXPECT_EQ(sent<SetPositionStop>(), 1u);
}

TEST_F(Held, NoStopOfALongIsSetWhereTheVenueHoldsAShort) {
  trade_told_late(100, 40, Side::buy, 10, "100000");
  told(100, 29, "0");  // without a stop, and more than we know of
  look(2'000);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  told(2'100, -29, "101000");
  look(4'100);
  EXPECT_EQ(sent<SetPositionStop>(), 1u) << "below the market it would take their profit";
}

TEST_F(Held, NoStopIsSetWhereTheVenueHoldsTheOtherSide) {
  trade_told_late(100, 40, Side::sell, 10,
                  "100000");  // a person's, by a list that does not show yet what we bought since
  told(100, 29, "99000");
  look(2'000);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "above the market it would take their profit";
  told(2'001, -10, "0");
  look(2'002);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'010'000);
}

TEST_F(Held, AWordFromBeforeTheTurnHoldsNoStopBack) {
  hold();
  told(5, 10, "99000");
  trade(10, Side::sell, 15, "100000");
  look(711);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'010'000);
}

TEST_F(Held, WhatWasFilledBeforeTheAdoptedListIsInIt) {
  Instrument second = stamp_instrument();
  second.id = {1};
  positions.add(second);
  const auto seen = [](const char* id, std::uint16_t symbol, std::int64_t ms, ExecutionKind kind) {
    return Execution{.symbol = {symbol},
                     .kind = kind,
                     .execution_id = id,
                     .side = Side::buy,
                     .price = *parse_e8("100000"),
                     .size = {3},
                     .at = at(ms)};
  };
  positions.note(seen("n-1", 0, 4, ExecutionKind::trade));
  positions.note(seen("n-2", 0, 6, ExecutionKind::funding));
  positions.note(seen("n-3", 1, 6, ExecutionKind::trade));
  positions.adopt(at(5), {0}, {.size = {10}, .entry_price = *parse_e8("100000")}, at(4));
  EXPECT_EQ(held(), 10) << "older, a charge, and another symbol's";
  trade(4, Side::buy, 3, "100000");
  EXPECT_EQ(held(), 10) << "late news of what was adopted";
  trade(5, Side::buy, 3, "100000");
  EXPECT_EQ(held(), 13);
  EXPECT_EQ(positions.average_entry({1}), std::nullopt) << "flat has no entry price";
}

TEST_F(Held, ATradeThatTheLogTellsFirstIsNoFunding) {
  positions.on(at(0), WalletNews{.source = NewsSource::query, .wallet_balance = {1'000 * e8_per_unit}});
  hold();
  positions.on(Transaction{.id = "t-1",
                           .symbol = SymbolId{0},
                           .kind = TransactionKind::trade,
                           .execution_id = "e-9",
                           .cash_flow = {500},
                           .funding = {-3},
                           .change = {497},
                           .at = at(3)});
  EXPECT_EQ(positions.position({0}).funding.count, 0);
  EXPECT_EQ(positions.ledger().realised().count, 500);
}

TEST_F(Held, ALateRefusalOfAStopThatStandsIsNoRefusal) {
  hold();
  told(5, 10, "0");
  positions.on_stop_refused({0});
  EXPECT_EQ(positions.position({0}).stop_refusals, 0u) << "none was asked for";
  look(251);
  told(300, 10, "99000");
  look(301);
  ASSERT_TRUE(positions.all_protected());
  positions.on_stop_refused({0});
  EXPECT_EQ(positions.position({0}).stop_refusals, 0u);
}

TEST_F(Held, HalfIsAllWhereAHalfCouldNotBeSentOrLeft) {
  hold(Side::sell, 9);
  EXPECT_EQ(positions.half_of({0}), (ExitWish{ExitReason::partial, {5}, Side::buy, false}));
  Instrument coarse = stamp_instrument();
  coarse.min_order = {5};
  positions.redefine(coarse);
  EXPECT_EQ(positions.half_of({0}).size.count, 9) << "four would be left, and could not be closed";
  coarse.min_order = {6};
  positions.redefine(coarse);
  EXPECT_EQ(positions.half_of({0}).size.count, 9) << "five cannot be sent";
  positions.configure({.partial_at_bps = 10, .partial_percent = 70});
  positions.mark({0}, *parse_e8("99500"));
  EXPECT_FALSE(wish(2)) << "a part that leaves less than the smallest order is none";
  coarse.min_order = {1};
  positions.redefine(coarse);
  EXPECT_EQ(wish(2), (ExitWish{ExitReason::partial, {6}, Side::buy, false}));
}

/// An account that is known, and shows something else than our fills make.
class Differing : public Held {
 protected:
  Differing() {
    monitor.start(at(0), Mode::paper, out);
    monitor.on(at(0), LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(at(0), AccountSnapshot{SnapshotPhase::begin});
    monitor.on(at(0), AccountSnapshot{SnapshotPhase::end});
    out.clear();
  }
  void shows(std::int64_t ms, std::int64_t lots, const char* mark, const char* stop) {
    const PositionNews news{.symbol = {0},
                            .size = {lots},
                            .entry_price = *parse_e8("100000"),
                            .mark_price = *parse_e8(mark),
                            .stop_loss = *parse_e8(stop),
                            .updated_at = at(ms)};
    positions.on(at(ms), news);
    monitor.on(at(ms), news);
    monitor.compare(at(ms), {0}, positions.net({0}));
  }
};

TEST_F(Differing, WhatTheVenueHoldsIsProtectedByItsOwnFigures) {
  shows(10, 5, "99000", "0");
  look(1'010);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "news and fills may overtake each other for a second";
  look(1'011);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 980'100) << "below the mark, which is below the entry";
  look(3'010);
  EXPECT_EQ(sent<SetPositionStop>(), 1u) << "one answer at a time";
  look(3'011);
  EXPECT_EQ(sent<SetPositionStop>(), 2u);
  shows(3'100, 5, "99000", "98000");
  look(6'000);
  EXPECT_EQ(sent<SetPositionStop>(), 2u) << "it has one";
  shows(6'100, 5, "101000", "0");
  look(6'100);
  EXPECT_EQ(last_stop().stop_loss.count, 990'000) << "from the entry, which is below the mark";
}

TEST_F(Differing, AShortThatIsNotOursIsProtectedFromAbove) {
  shows(10, -5, "0", "0");
  look(1'100);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'010'000) << "no mark was told: from the entry";
  shows(3'000, -5, "101000", "0");
  look(3'100);
  ASSERT_EQ(sent<SetPositionStop>(), 2u);
  EXPECT_EQ(last_stop().stop_loss.count, 1'020'100) << "above the mark, since the price passed the other";
}

TEST_F(Differing, WhatTheVenueHasClosedNeedsNoStop) {
  hold();
  shows(5, 0, "100000", "0");
  look(1'500);
  EXPECT_EQ(sent<SetPositionStop>(), 0u);
}

}  // namespace
}  // namespace mlbot::core
