#include "core/core.h"

#include <gtest/gtest.h>

#include <set>

#include "core/features/feature_hub.h"
#include "core/orders/frame_rows.h"
#include "core/test_models.h"
#include "core/test_venue.h"

namespace mlbot::core {
namespace {

/// All that a run did, in bytes.
struct RunRecord {
  std::string commands;
  std::string decisions;
  std::vector<FeatureFrame> frames;
  std::map<ReasonCode, int> reasons;
  std::uint64_t state = 0;
  std::uint64_t events = 0;
  std::size_t open_orders_at_end = 0;
  std::vector<std::int64_t> positions;
  std::uint64_t fills = 0;
  std::map<std::size_t, int> command_kinds;
};

struct Recorder {
  TestVenue& venue;
  RunRecord& run;
  std::set<std::tuple<std::uint16_t, std::int64_t>> judged;  ///< symbol and second

  void take(const Stamped& event, const Outbox& out) {
    ++run.events;
    for (const Command& command : out.commands) {
      encode(command, run.commands);
      ++run.command_kinds[command.index()];
    }
    for (const Decision& decision : out.decisions) {
      encode(Record{decision}, run.decisions);
      ++run.reasons[decision.reason];
      EXPECT_TRUE(judged.emplace(decision.symbol.index, decision.at.seconds()).second)
          << "two decisions in one second";
      EXPECT_EQ(!decision.order.empty(),
                decision.reason == ReasonCode::order_entry || decision.reason == ReasonCode::order_exit);
    }
    run.frames.insert(run.frames.end(), out.frames.begin(), out.frames.end());
    venue.take(event, out);
  }
};

RunRecord play(Core& core, TestVenue& venue) {
  RunRecord run;
  Recorder recorder{venue, run, {}};
  drive(core, venue, recorder);
  run.state = core.state_hash();
  run.open_orders_at_end = venue.open_orders();
  run.fills = venue.fills();
  for (std::uint16_t i = 0; i < 2; ++i) run.positions.push_back(venue.position(i));
  return run;
}

TestVenue::Setup lively(std::uint64_t seed, const models::Bundle& bundle) {
  return {
      .seed = seed,
      .length = 1'500s,
      .trouble = {},
      .model = bundle.content_hash,
      .schema_hash = feature_schema_hash(),
      .risk = {.round_trips_10m = 200, .loss_streak = 20, .loss_streak_minutes = 1, .loss_pause_minutes = 1},
      .decision = {.min_edge_bps = 1, .max_orders_per_hour = 1'000, .cooldown_ms = 2'000}};
}
TestTrouble much() {
  return {.lost_delta = 0.002, .lost_answer = 0.1, .doubled_fill = 0.2, .repeated_trade = 0.1};
}

TEST(Core, SameInputsGiveTheSameBytes) {
  const models::Bundle bundle = queue_model(20);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    auto setup = lively(seed, bundle);
    if (seed % 2 == 0) setup.trouble = much();
    Core first_core{{.bundle = &bundle}}, second_core{{.bundle = &bundle}};
    TestVenue first_venue{setup}, second_venue{setup};
    const RunRecord first = play(first_core, first_venue), second = play(second_core, second_venue);
    EXPECT_GT(first.reasons.at(ReasonCode::order_entry), 3)
        << "seed " << seed << ": a run without orders proves little";
    EXPECT_GT(first.reasons.at(ReasonCode::order_exit), 3) << "seed " << seed;
    EXPECT_EQ(first.commands, second.commands) << "seed " << seed;
    EXPECT_EQ(first.decisions, second.decisions) << "seed " << seed;
    EXPECT_EQ(first.state, second.state) << "seed " << seed;
    ASSERT_EQ(first.frames.size(), second.frames.size());
    for (std::size_t i = 0; i < first.frames.size(); ++i)
      ASSERT_EQ(first.frames[i].digest, second.frames[i].digest);
  }
}

TEST(Core, AnotherMarketGivesAnotherState) {
  const models::Bundle bundle = queue_model(20);
  auto setup = lively(1, bundle);
  setup.length = 60s;
  TestVenue one_venue{setup};
  setup.seed = 2;
  TestVenue other_venue{setup};
  Core one{{.bundle = &bundle}}, other{{.bundle = &bundle}};
  EXPECT_NE(play(one, one_venue).state, play(other, other_venue).state);
}

TEST(Core, TroubleNeverStopsItAndNothingIsLost) {
  const models::Bundle bundle = queue_model(20);
  for (std::uint64_t seed = 100; seed < 106; ++seed) {
    auto setup = lively(seed, bundle);
    setup.trouble = much();
    TestVenue venue{setup};
    // The operator closes everything a minute before the end: what we believe and what the venue holds must
    // meet at zero.
    venue.inject(TestVenue::begin + 1'440s, OperatorCommand{OperatorVerb::flatten});
    Core core{{.bundle = &bundle}};
    const RunRecord run = play(core, venue);
    EXPECT_EQ(run.positions, (std::vector<std::int64_t>{0, 0})) << "seed " << seed;
    EXPECT_EQ(run.open_orders_at_end, 0u) << "seed " << seed;
    EXPECT_FALSE(run.reasons.contains(ReasonCode::position_mismatch)) << "seed " << seed;
    EXPECT_GT(run.reasons.at(ReasonCode::halted), 30) << "seed " << seed << ": halted since the command";
  }
}

TEST(Core, EveryFrameHas142RowsAndEverySecondOneDecision) {
  const models::Bundle bundle = queue_model(20);
  auto setup = lively(7, bundle);
  setup.length = 120s;
  TestVenue venue{setup};
  Core core{{.bundle = &bundle}};
  const RunRecord run = play(core, venue);
  std::array<std::uint64_t, 2> numbers{};
  for (const FeatureFrame& frame : run.frames) {
    EXPECT_EQ(frame.number, ++numbers[frame.symbol.index]);
    EXPECT_EQ(frame.digest, frame_digest(feature_schema_hash(), frame));
  }
  EXPECT_GE(numbers[0], 119u);
  int decisions = 0;
  for (const auto& [reason, count] : run.reasons) decisions += count;
  EXPECT_EQ(decisions, 2 * 120);
}

TEST(Core, WithoutAModelItOnlyWatches) {
  TestVenue venue{{.seed = 3, .length = 30s, .schema_hash = feature_schema_hash(), .risk = {}}};
  Core core{{}};
  const RunRecord run = play(core, venue);
  EXPECT_EQ(run.reasons.size(), 1u);
  EXPECT_TRUE(run.reasons.contains(ReasonCode::model_missing));
  for (const auto& [kind, count] : run.command_kinds) EXPECT_EQ(kind, Command{QueryAccount{}}.index());
}

TEST(Core, AShadowSendsNothingAndSaysWhy) {
  const models::Bundle bundle = queue_model(20);
  auto setup = lively(4, bundle);
  setup.mode = Mode::shadow;
  TestVenue venue{setup};
  Core core{{.bundle = &bundle}};
  const RunRecord run = play(core, venue);
  EXPECT_TRUE(run.commands.empty());
  EXPECT_GT(run.reasons.at(ReasonCode::mode_shadow), 10);
}

TEST(Core, AfterAKillNothingIsEverPlacedAgain) {
  const models::Bundle bundle = queue_model(20);
  TestVenue venue{lively(5, bundle)};
  venue.inject(TestVenue::begin + 1'200s, OperatorCommand{OperatorVerb::kill});
  venue.inject(TestVenue::begin + 1'260s, OperatorCommand{OperatorVerb::resume});
  struct Watch {
    TestVenue& venue;
    int entries_after = 0, orders_before = 0;
    void take(const Stamped& event, const Outbox& out) {
      for (const Command& command : out.commands)
        if (const auto* order = std::get_if<PlaceOrder>(&command)) {
          if (event.at < TestVenue::begin + 1'200s)
            ++orders_before;
          else if (!order->reduce_only)
            ++entries_after;
        }
      venue.take(event, out);
    }
  } watch{venue};
  Core core{{.bundle = &bundle}};
  drive(core, venue, watch);
  EXPECT_GT(watch.orders_before, 3);
  EXPECT_EQ(watch.entries_after, 0);
  EXPECT_EQ(venue.position(0), 0);
  EXPECT_EQ(venue.position(1), 0);
}

TEST(Core, AFullDiskTakesBackWhatRestsAndNothingIsEnteredUntilThereIsRoom) {
  const models::Bundle bundle = queue_model(20);
  int taken_back = 0, entries_before = 0, entries_meanwhile = 0, entries_after = 0;
  constexpr MachineHealth full{.disk_free_bytes = 1 << 20}, roomy{.disk_free_bytes = 1ULL << 40};
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    TestVenue venue{lively(seed, bundle)};
    if (seed == 1)  // a person's, so that something rests
      venue.inject(TestVenue::begin + 999s + 900ms, OrderNews{.symbol = {0},
                                                              .venue_id = "a person's",
                                                              .side = Side::buy,
                                                              .status = OrderStatus::open,
                                                              .price = {900'000},
                                                              .size = {10},
                                                              .updated_at = TestVenue::begin + 999s});
    venue.inject(TestVenue::begin + 1'000s, full);
    venue.inject(TestVenue::begin + 1'200s, roomy);
    struct Sink {
      TestVenue& venue;
      int &taken_back, &before, &meanwhile, &after;
      void take(const Stamped& event, const Outbox& out) {
        const Duration since = event.at - TestVenue::begin;
        for (const Command& command : out.commands) {
          if (std::holds_alternative<MachineHealth>(event.what))
            taken_back += std::holds_alternative<CancelOrder>(command);
          const auto* order = std::get_if<PlaceOrder>(&command);
          if (order == nullptr || order->reduce_only) continue;
          ++(since < 1'000s ? before : since < 1'200s ? meanwhile : after);
        }
        venue.take(event, out);
      }
    } sink{venue, taken_back, entries_before, entries_meanwhile, entries_after};
    Core core{{.bundle = &bundle}};
    drive(core, venue, sink);
  }
  EXPECT_GT(entries_before, 0);
  EXPECT_EQ(taken_back, 1);
  EXPECT_EQ(entries_meanwhile, 0);
  EXPECT_GT(entries_after, 0);
}

TEST(Core, PauseAndResumeAreAnOperatorsWord) {
  const models::Bundle bundle = queue_model(20);
  TestVenue venue{lively(6, bundle)};
  venue.inject(TestVenue::begin + 1'000s, OperatorCommand{OperatorVerb::pause});
  venue.inject(TestVenue::begin + 1'200s, OperatorCommand{OperatorVerb::resume});
  Core core{{.bundle = &bundle}};
  RunRecord run;
  Recorder recorder{venue, run, {}};
  int entries_in_pause = 0, entries_after = 0, paused = 0;
  struct Sink {
    Recorder& recorder;
    int &entries_in_pause, &entries_after, &paused;
    void take(const Stamped& event, const Outbox& out) {
      for (const Decision& decision : out.decisions) {
        const Duration since = event.at - TestVenue::begin;
        const bool stopped =
            decision.reason == ReasonCode::paused || decision.reason == ReasonCode::money_red;
        paused += stopped && since > 1'000s && since < 1'200s;
        if (decision.reason != ReasonCode::order_entry) continue;
        entries_in_pause += since > 1'000s && since < 1'200s;
        entries_after += since > 1'200s;
      }
      recorder.take(event, out);
    }
  } sink{recorder, entries_in_pause, entries_after, paused};
  drive(core, venue, sink);
  EXPECT_EQ(entries_in_pause, 0);
  EXPECT_GT(entries_after, 0);
  // A model that knows nothing is stopped by its own results after a while; a pause is a pause all the same.
  EXPECT_GT(paused, 50);
}

/// Warming is history: what follows computes as if it had been lived through, and nothing is decided on the
/// way.
TEST(Core, WarmedFeaturesEqualLivedOnes) {
  TestVenue::Setup setup{.seed = 9, .length = 600s, .schema_hash = feature_schema_hash(), .risk = {}};
  const Instant turn = TestVenue::begin + 400s;
  const auto play_from = [&](bool warmed) {
    TestVenue venue{setup};
    // At the turn the link breaks, as it does when a process starts again; then books come anew.
    venue.inject(turn, LinkChanged{Link::market, LinkState::down});
    venue.inject(turn + 1s, LinkChanged{Link::market, LinkState::live});
    Core core{{}};
    Outbox out;
    std::vector<FeatureFrame> frames;
    bool started = !warmed;
    Instant wakeup = TestVenue::begin + 1s;
    while (const Stamped* event = venue.next(wakeup)) {
      out.clear();
      if (std::holds_alternative<TimerFired>(event->what)) wakeup = wakeup + 1s;
      const bool live = event->at >= turn;
      if (!warmed) {
        core.step(*event, out);
      } else if (!live) {
        if (is_market(event->what) || std::holds_alternative<InstrumentDefined>(event->what) ||
            std::holds_alternative<LinkChanged>(event->what))
          core.warm(*event);
      } else {
        if (!started) {
          core.step({.sequence = {event->sequence.number - 1},
                     .at = turn,
                     .what = RunStarted{.schema_hash = feature_schema_hash()}},
                    out);
          started = true;
        }
        core.step(*event, out);
      }
      if (!live) continue;
      if (event->at > turn) frames.insert(frames.end(), out.frames.begin(), out.frames.end());
      std::erase_if(out.commands,
                    [](const Command& c) { return !std::holds_alternative<ResubscribeBook>(c); });
      venue.take(*event, out);
    }
    return frames;
  };
  const auto lived = play_from(false), warmed = play_from(true);
  ASSERT_EQ(lived.size(), warmed.size());
  ASSERT_GT(lived.size(), 300u);
  for (std::size_t i = 0; i < lived.size(); ++i) {
    ASSERT_EQ(lived[i].at, warmed[i].at);
    for (std::size_t row = 0; row < feature_count; ++row) {
      ASSERT_EQ(lived[i].valid(row), warmed[i].valid(row)) << feature_catalogue()[row].name << " frame " << i;
      if (lived[i].valid(row)) {
        ASSERT_EQ(lived[i].values[row], warmed[i].values[row])
            << feature_catalogue()[row].name << " frame " << i;
      }
    }
  }
}

TEST(CoreDeathTest, AHoleInTheSequenceIsOurMistake) {
  Outbox out;
  Core core{{}};
  EXPECT_EQ(core.next_wakeup(), distant_future);
  core.step({.sequence = {5}, .at = TestVenue::begin, .what = RunStarted{}}, out);
  EXPECT_EQ(core.next_wakeup(), TestVenue::begin + 1s);
  EXPECT_DEATH(core.step({.sequence = {7}, .at = TestVenue::begin, .what = TimerFired{}}, out), "sequence");
  EXPECT_DEATH(core.step({.sequence = {6}, .at = TestVenue::begin - 1ms, .what = TimerFired{}}, out), "now");
  Core fresh{{}};
  EXPECT_DEATH(fresh.step({.sequence = {1}, .at = TestVenue::begin, .what = TimerFired{}}, out),
               "RunStarted");
}

/// Trading reads six rows by their place: the names must stand there.
TEST(Core, TheRowsThatTradingReadsAreTheCatalogues) {
  for (const auto& row : rows::all) EXPECT_EQ(feature_index(row.name), row.place) << row.name;
}

}  // namespace
}  // namespace mlbot::core
