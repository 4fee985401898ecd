// What a step costs: a market event through the whole core, and a frame to the order that leaves.
#include <benchmark/benchmark.h>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "core/test_venue.h"
#include "core/trade_stage.h"

namespace mlbot::core {
namespace {

/// 200 trees of depth 6 over the first features: of the size of a trained model, though not trained.
models::Bundle forest() {
  Prng rng{1};
  std::vector<std::vector<models::TreeNode>> trees;
  for (int t = 0; t < 200; ++t) {
    std::vector<models::TreeNode> tree(127);
    for (std::int32_t i = 0; i < 127; ++i) {
      auto& node = tree[static_cast<std::size_t>(i)];
      node.value = static_cast<float>(rng.normal());
      if (i < 63)
        node = {.left = 2 * i + 1,
                .right = 2 * i + 2,
                .feature = static_cast<std::int32_t>(rng.below(feature_count)),
                .value = node.value};
    }
    trees.push_back(std::move(tree));
  }
  models::Bundle bundle{.content_hash = "forest", .schema_hash = feature_schema_hash(), .heads = {}};
  bundle.heads.push_back({.name = "forward_return",
                          .horizon_ms = 20'000,
                          .trees = models::TreeEnsemble{trees, feature_count, 0},
                          .calibration_slope = 0.3F});
  return bundle;
}

/// One market event (a 20-level delta, a message of prints, a ticker) or timer, all its consequences
/// included.
void event_to_commands(benchmark::State& state) {
  const models::Bundle bundle = forest();
  const TestVenue::Setup setup{.seed = 1,
                               .symbols = 2,
                               .length = 1'800s,
                               .trouble = {},
                               .model = "forest",
                               .schema_hash = feature_schema_hash(),
                               .risk = {},
                               .decision = {}};
  std::vector<Stamped> events;  // lived through once with orders and fills, then fed again
  TestVenue venue{setup};
  Core first{{.bundle = &bundle}};
  struct Keep {
    TestVenue& venue;
    std::vector<Stamped>& events;
    void take(const Stamped& event, const Outbox& out) {
      events.push_back(event);
      venue.take(event, out);
    }
  } keep{venue, events};
  drive(first, venue, keep);

  Outbox out;
  std::size_t commands = 0;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(events.size()))) {
    Core core{{.bundle = &bundle}};
    for (const Stamped& event : events) {
      out.clear();
      core.step(event, out);
      commands += out.commands.size();
    }
  }
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["commands_per_1000_events"] =
      1e3 * static_cast<double>(commands) / static_cast<double>(state.iterations());
}
BENCHMARK(event_to_commands)->Unit(benchmark::kMicrosecond);

/// A frame in, a risk-checked PlaceOrder out; the venue cancels each at once so that the next frame may order
/// again.
void frame_to_order(benchmark::State& state) {
  models::Bundle bundle = forest();
  bundle.heads[0].calibration_intercept_bps = 50;
  bundle.heads[0].calibration_slope = 0;
  TradeStage stage{&bundle};
  Outbox out;
  Instant at = TestVenue::begin;
  Sequence sequence{1};
  const auto tell = [&](const Event& event) {
    sequence = sequence.next();
    stage.step({.sequence = sequence, .at = at, .what = event}, out);
  };
  const std::vector<SymbolId> traded{{0}};
  tell(RunStarted{.schema_hash = feature_schema_hash()});
  tell(InstrumentDefined{TestVenue::instrument(0)});
  tell(ConfigChanged{.version = 1,
                     .risk = {.max_orders_per_minute = 600, .max_orders_per_day = 20'000},
                     .decision = {.max_orders_per_hour = 4'000},
                     .traded = traded});
  tell(LinkChanged{Link::account, LinkState::live});
  tell(AccountSnapshot{SnapshotPhase::begin});
  tell(AccountSnapshot{SnapshotPhase::end});
  FeatureFrame frame{.triggers = static_cast<std::uint8_t>(FrameTrigger::second),
                     .top = {{999'999}, {1'000'001}, {500}, {500}, true}};
  for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0.1 * static_cast<double>(i % 7));
  std::uint64_t orders = 0;
  for (auto _ : state) {
    at = at + 1s;
    out.clear();
    tell(WalletNews{.equity = {10'000 * e8_per_unit}});
    frame.at = frame.book_at = at;
    ++frame.number;
    stage.step(frame, out);
    const Decision& decision = out.decisions.back();
    if (decision.reason != ReasonCode::order_entry) continue;
    ++orders;
    tell(OrderNews{
        .symbol = {0}, .client_id = decision.order, .status = OrderStatus::cancelled, .updated_at = at});
  }
  state.counters["orders_per_frame"] = static_cast<double>(orders) / static_cast<double>(state.iterations());
}
BENCHMARK(frame_to_order)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mlbot::core
