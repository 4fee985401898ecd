// The two stages apart: in two processes, over two shards, killed and started again, they are the one core.
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "core/core.h"
#include "core/market_stage.h"
#include "core/test_models.h"
#include "core/test_venue.h"
#include "core/trade_core.h"

namespace mlbot::core {
namespace {

/// What one core was given and did.
struct Played {
  struct Input {
    std::string bytes;
    std::vector<FeatureFrame> frames;
  };
  std::deque<Input> inputs;
  std::string commands, decisions;
  std::uint64_t orders = 0;
};

struct Keeper {
  TestVenue& venue;
  Played& run;
  void take(const Stamped& event, const Outbox& out) {
    auto& input = run.inputs.emplace_back();
    encode(event, input.bytes);
    input.frames = out.frames;
    for (const auto& command : out.commands) {
      if (std::holds_alternative<ResubscribeBook>(command)) continue;  // the market half asks for those
      encode(command, run.commands);
      run.orders += std::holds_alternative<PlaceOrder>(command);
    }
    for (const auto& decision : out.decisions) encode(Record{decision}, run.decisions);
    venue.take(event, out);
  }
};

Played play(const models::Bundle& bundle, std::uint16_t symbols, Duration length = 700s) {
  TestVenue venue{{.seed = 11,
                   .symbols = symbols,
                   .length = length,
                   .trouble = {.lost_delta = 0.002, .repeated_trade = 0.1},
                   .model = bundle.content_hash,
                   .schema_hash = feature_schema_hash(),
                   .risk = {},
                   .decision = {.min_edge_bps = 1, .max_orders_per_hour = 1'000, .cooldown_ms = 2'000}}};
  Core core{{.bundle = &bundle}};
  Played run;
  Keeper keeper{venue, run};
  drive(core, venue, keeper);
  return run;
}

TEST(Stages, FramesAndEventsInTheirOrderGiveTheSameCommandsAndDecisions) {
  const auto bundle = queue_model(20);
  const Played whole = play(bundle, 2, 1'500s);
  ASSERT_GT(whole.orders, 3u);
  TradeCore trade{&bundle};
  RecordScratch scratch;
  Outbox out;
  std::string commands, decisions;
  Sequence own;
  for (const auto& input : whole.inputs) {
    out.clear();
    auto event = std::get<Stamped>(*decode(input.bytes, scratch));
    if (!is_market(event.what)) {
      event.sequence = own = own.next();  // a process of its own counts its own inputs
      trade.step(event, out);
    }
    for (const auto& frame : input.frames) trade.step(frame, out);
    for (const auto& command : out.commands) encode(command, commands);
    for (const auto& decision : out.decisions) encode(Record{decision}, decisions);
  }
  EXPECT_TRUE(commands == whole.commands);
  EXPECT_TRUE(decisions == whole.decisions);
}

TEST(Stages, AFrameFromThePastIsJudgedNow) {
  TradeCore trade{nullptr};
  Outbox out;
  const Instant start = TestVenue::begin;
  trade.step(Stamped{{1}, start, start, {}, RunStarted{.epoch = 1, .account = "test"}}, out);
  trade.step(Stamped{{2}, start, start, {}, InstrumentDefined{TestVenue::instrument(0)}}, out);
  trade.step(Stamped{{3}, start + 5s, start + 5s, {}, TimerFired{}}, out);
  out.clear();
  trade.step(FeatureFrame{.symbol = {0},
                          .number = 1,
                          .cause = {9},
                          .at = start + 4s,
                          .triggers = static_cast<std::uint8_t>(FrameTrigger::second)},
             out);
  ASSERT_EQ(out.decisions.size(), 1u);
  EXPECT_EQ(out.decisions[0].at, start + 5s);
  EXPECT_EQ(out.decisions[0].cause, Sequence{9});
}

/// One shard: some of the symbols and whatever belongs to none, in the order of the whole.
TEST(Stages, AShardOfSymbolsMakesTheSameFrames) {
  const auto bundle = queue_model(20);
  const Played whole = play(bundle, 4);
  for (std::uint16_t shard = 0; shard < 2; ++shard) {
    MarketStage stage{200};
    RecordScratch scratch;
    Outbox out;
    std::size_t compared = 0;
    for (const auto& input : whole.inputs) {
      const auto event = std::get<Stamped>(*decode(input.bytes, scratch));
      const auto symbol = market_symbol(event.what);
      if (symbol && symbol->index % 2 != shard) continue;
      if (std::holds_alternative<RunStarted>(event.what)) stage.start(event.at);
      out.clear();
      stage.step(event, out);
      std::vector<std::uint64_t> expected, made;
      for (const auto& frame : input.frames)
        if (frame.symbol.index % 2 == shard) expected.push_back(frame.digest);
      for (const auto& frame : out.frames)
        if (frame.symbol.index % 2 == shard) made.push_back(frame.digest);
      ASSERT_EQ(made, expected) << "after event " << event.sequence.number << ", shard " << shard;
      compared += made.size();
    }
    EXPECT_GT(compared, 1'000u);
  }
}

TEST(Stages, AMarketStageThatIsKilledAnywhereGoesOnExactly) {
  const auto bundle = queue_model(20);
  const Played whole = play(bundle, 2);
  Prng chance{20'260'613};
  const auto announce = [&](MarketStage& stage) {
    for (std::uint16_t i = 0; i < 2; ++i) stage.define(TestVenue::instrument(i));
  };
  auto stage = std::make_unique<MarketStage>(200);
  RecordScratch scratch;
  Outbox out;
  int killed = 0;
  for (const auto& input : whole.inputs) {
    const auto event = std::get<Stamped>(*decode(input.bytes, scratch));
    if (std::holds_alternative<RunStarted>(event.what)) stage->start(event.at);
    out.clear();
    stage->step(event, out);
    ASSERT_EQ(out.frames.size(), input.frames.size());
    for (std::size_t i = 0; i < out.frames.size(); ++i) {
      ASSERT_EQ(out.frames[i].digest, input.frames[i].digest) << "after " << killed << " kills";
      ASSERT_EQ(out.frames[i].top, input.frames[i].top);
      ASSERT_EQ(out.frames[i].book_at, input.frames[i].book_at);
    }
    if (event.sequence.number > 10 && chance.below(400) == 0) {
      const std::string snapshot = stage->snapshot();
      StateHash before, after;
      stage->hash_into(before);
      stage = std::make_unique<MarketStage>(200);
      announce(*stage);
      ASSERT_TRUE(stage->resume(snapshot));
      stage->hash_into(after);
      ASSERT_EQ(before.value(), after.value());
      ++killed;
    }
  }
  EXPECT_GT(killed, 10);
}

TEST(Stages, ASnapshotWithAnyByteChangedIsRefused) {
  MarketStage stage{200};
  stage.define(TestVenue::instrument(0));
  Outbox out;
  stage.start(TestVenue::begin);
  stage.step(Stamped{{1}, TestVenue::begin + 1s, TestVenue::begin + 1s, {}, TimerFired{}}, out);
  const std::string good = stage.snapshot();
  Prng chance{7};
  for (int i = 0; i < 50; ++i) {
    std::string bad = good;
    bad[chance.below(bad.size())] ^= static_cast<char>(1 + chance.below(255));
    MarketStage other{200};
    other.define(TestVenue::instrument(0));
    EXPECT_FALSE(other.resume(bad));
  }
  MarketStage another{200};
  for (std::uint16_t i = 0; i < 2; ++i) another.define(TestVenue::instrument(i));
  EXPECT_FALSE(another.resume(good)) << "of other symbols";
}

}  // namespace
}  // namespace mlbot::core
