// What a guard does with what it sees: silence by silence, look by look.
#include "shell/guard/guard_plan.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "domain/words.h"

namespace mlbot::shell {
namespace {

constexpr SymbolId btc{0}, eth{1};

OrderNews order(std::string_view id, SymbolId symbol, bool reduce_only = false, bool conditional = false) {
  return {.symbol = symbol,
          .venue_id = VenueId{id},
          .status = conditional ? OrderStatus::untriggered : OrderStatus::open,
          .reduce_only = reduce_only,
          .conditional = conditional};
}
PositionNews position(SymbolId symbol, std::int64_t lots) {
  return {.symbol = symbol, .size = Lots{lots}, .mark_price = E8{100 * e8_per_unit}};
}
Execution fill(std::string_view id, SymbolId symbol, std::int64_t lots) {
  return {.symbol = symbol,
          .execution_id = VenueId{id},
          .side = lots < 0 ? Side::sell : Side::buy,
          .size = Lots{std::abs(lots)}};
}
AccountLook look(std::vector<Event> orders, std::vector<Event> positions = {},
                 std::vector<Event> fills = {}) {
  return AccountLook::of(orders, positions, fills);
}

// ---- how long nobody was heard

TEST(SilenceWatch, CountsFromTheLastBeatAndAnswersToTheLimits) {
  const Instant start = Instant::from_seconds(1'000);
  SilenceWatch watch{{.cancel_after = 3s, .act_after = 30s}, false, start};
  EXPECT_EQ(watch.at(start + 1h), Presence::nobody) << "nobody was ever there";
  watch.heard(start);
  EXPECT_EQ(watch.at(start + 2'999ms), Presence::present);
  EXPECT_EQ(watch.at(start + 3s), Presence::silent);
  EXPECT_EQ(watch.at(start + 29'999ms), Presence::silent);
  EXPECT_EQ(watch.at(start + 30s), Presence::abandoned);
  watch.heard(start + 40s);
  EXPECT_EQ(watch.at(start + 41s), Presence::present);
  watch.left();
  EXPECT_EQ(watch.at(start + 2h), Presence::nobody) << "it said goodbye";
}

TEST(SilenceWatch, ABotThatWasThereBeforeTheGuardDiedIsMissed) {
  const Instant start = Instant::from_seconds(1'000);
  const SilenceWatch watch{{}, true, start};
  EXPECT_EQ(watch.at(start + 1s), Presence::present);
  EXPECT_EQ(watch.at(start + 3s), Presence::silent);
}

// ---- what is done

TEST(GuardPlan, ANeverTouchedAccountWhileTheBotIsThere) {
  GuardPlan plan{SilencePolicy::flatten};
  const auto seen = look({order("a", btc)}, {position(btc, 5)});
  EXPECT_TRUE(plan.next(Presence::present, seen).nothing());
  EXPECT_TRUE(plan.next(Presence::nobody, seen).nothing());
}

TEST(GuardPlan, AnExitThatRestsIsTakenBackBeforeItsPositionIsClosed) {
  GuardPlan plan{SilencePolicy::flatten};
  const auto seen = look({order("exit", btc, true), order("stop", btc, true, true), order("other", eth, true)},
                         {position(btc, 5)});
  const auto first = plan.next(Presence::abandoned, seen);
  ASSERT_EQ(first.cancel.size(), 1u) << "neither the stop nor what belongs to another symbol";
  EXPECT_EQ(first.cancel[0].id().view(), "exit");
  EXPECT_TRUE(first.close.empty()) << "the venue would refuse it: the exit takes up the whole position";
  const auto second = plan.next(Presence::abandoned, seen);
  EXPECT_EQ(second.cancel.size(), 1u) << "it is still there";
  ASSERT_EQ(second.close.size(), 1u) << "and is not waited for twice";
  EXPECT_EQ(second.close[0].size.count, 5);
}

TEST(GuardPlan, SilenceTakesEntriesAndNothingThatReduces) {
  GuardPlan plan{SilencePolicy::flatten};
  const auto acts =
      plan.next(Presence::silent, look({order("entry", btc), order("exit", btc, true),
                                        order("stop", btc, true, true), order("trigger", eth, false, true)},
                                       {position(btc, 5)}));
  ASSERT_EQ(acts.cancel.size(), 2u);
  EXPECT_EQ(acts.cancel[0].id().view(), "entry");
  EXPECT_EQ(acts.cancel[1].id().view(), "trigger") << "what triggers into an entry is one";
  EXPECT_TRUE(acts.close.empty()) << "positions wait for the policy";
  EXPECT_TRUE(acts.stops_off.empty());
}

TEST(GuardPlan, HoldLeavesPositionsAndTheirStopsForEver) {
  GuardPlan plan{SilencePolicy::hold};
  for (int i = 0; i < 5; ++i) {
    const auto acts =
        plan.next(Presence::abandoned, look({order("stop", btc, true, true)}, {position(btc, 5)}));
    EXPECT_TRUE(acts.nothing());
  }
}

TEST(GuardPlan, FlattenClosesFurtherFromTheMarketEachTimeAndTheStopsGoLast) {
  GuardPlan plan{SilencePolicy::flatten};
  const std::vector<Event> stop{order("stop", btc, true, true)};
  std::vector<int> collars;
  for (int i = 0; i < 5; ++i) {
    const auto acts = plan.next(Presence::abandoned, look(stop, {position(btc, -7)}, {fill("old", btc, -7)}));
    ASSERT_EQ(acts.close.size(), 1u);
    EXPECT_EQ(acts.close[0].size, Lots{7});
    collars.push_back(acts.close[0].collar_bps);
    EXPECT_TRUE(acts.stops_off.empty()) << "a held position keeps its stop";
  }
  EXPECT_EQ(collars, (std::vector{50, 100, 200, 0, 0}));
  const auto unproved = plan.next(Presence::abandoned, look(stop, {}, {fill("old", btc, -7)}));
  EXPECT_TRUE(unproved.nothing()) << "the list says flat, the fills do not: the stop stays";
  const auto half =
      plan.next(Presence::abandoned, look(stop, {}, {fill("old", btc, -7), fill("new", btc, 3)}));
  EXPECT_TRUE(half.nothing());
  const auto flat =
      plan.next(Presence::abandoned,
                look(stop, {}, {fill("old", btc, -7), fill("new", btc, 3), fill("newer", btc, 4)}));
  ASSERT_EQ(flat.stops_off.size(), 1u);
  EXPECT_EQ(flat.stops_off[0].symbol(), btc);
  EXPECT_TRUE(plan.next(Presence::abandoned, look(stop)).nothing()) << "each proof is used once";
}

TEST(GuardPlan, ReduceTakesHalfOnceAndKeepsTheRest) {
  GuardPlan plan{SilencePolicy::reduce};
  EXPECT_EQ(plan.next(Presence::abandoned, look({}, {position(btc, 9)})).close.at(0).size, Lots{5});
  EXPECT_EQ(plan.next(Presence::abandoned, look({}, {position(btc, 6)})).close.at(0).size, Lots{2});
  EXPECT_TRUE(plan.next(Presence::abandoned, look({}, {position(btc, 4)})).nothing());
  EXPECT_TRUE(plan.next(Presence::abandoned, look({}, {position(btc, 2)})).nothing());
  plan.forget();
  EXPECT_EQ(plan.next(Presence::abandoned, look({}, {position(btc, 4)})).close.at(0).size, Lots{2})
      << "another silence is another matter";
}

TEST(GuardPlan, BothSidesOfAHedgeAreClosed) {
  GuardPlan plan{SilencePolicy::flatten};
  auto of_long = position(btc, 5), of_short = position(btc, -5);
  of_long.position_index = 1;
  of_short.position_index = 2;
  EXPECT_EQ(plan.next(Presence::abandoned, look({}, {of_long, of_short})).close.size(), 2u);
}

/// Whatever it sees, in whatever order: nothing that opens, nothing beyond what is held, no stop of an open
/// position.
TEST(GuardPlan, OnRandomAccountsItNeverOpensNeverOverreachesNeverStrips) {
  const std::uint64_t seed = 611;
  auto chance = Prng::stream(seed, "accounts");
  std::uint64_t closes = 0, stops = 0;
  for (int world = 0; world < 2'000; ++world) {
    GuardPlan plan{static_cast<SilencePolicy>(chance.below(3))};
    std::map<SymbolId, std::int64_t> held{{btc, 0}, {eth, 0}};
    std::vector<Event> fills;
    for (int step = 0; step < 12; ++step) {
      for (auto& [symbol, lots] : held) {
        if (!chance.chance(0.5)) continue;
        const auto change = chance.chance(0.4) ? -lots : static_cast<std::int64_t>(chance.below(7)) - 3;
        if (change == 0) continue;
        lots += change;
        if (chance.chance(0.9))  // a list may lag
          fills.push_back(fill(std::to_string(world) + "-" + std::to_string(fills.size()), symbol, change));
      }
      std::vector<Event> orders, positions;
      for (const auto& [symbol, lots] : held) {
        if (chance.chance(0.5)) orders.push_back(order("s", symbol, true, true));
        if (chance.chance(0.3)) orders.push_back(order("e", symbol));
        if (lots != 0) positions.push_back(position(symbol, lots));
      }
      const auto presence = static_cast<Presence>(chance.below(4));
      const auto acts = plan.next(presence, look(orders, positions, fills));
      if (presence == Presence::nobody || presence == Presence::present) {
        ASSERT_TRUE(acts.nothing()) << "seed " << seed << ", world " << world;
      }
      for (const auto& close : acts.close) {
        ++closes;
        ASSERT_EQ(presence, Presence::abandoned);
        ASSERT_GT(close.size.count, 0);
        ASSERT_LE(close.size.count, std::abs(held[close.position.symbol()])) << "seed " << seed;
      }
      for (const auto& flat : acts.stops_off) {
        ++stops;
        ASSERT_EQ(held[flat.symbol()], 0) << "seed " << seed << ", world " << world;
      }
    }
  }
  EXPECT_GT(closes, 1'000u);
  EXPECT_GT(stops, 20u);
}

}  // namespace
}  // namespace mlbot::shell
