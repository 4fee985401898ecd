// After warm-up a step takes no memory: counted, not believed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "core/features/test_market.h"
#include "core/test_venue.h"

namespace {
std::uint64_t allocations = 0, allocated_bytes = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace mlbot::core {
namespace {

TEST(Allocation, AStepTakesNoMemoryOnceTheSymbolsAreKnown) {
  const auto feature = static_cast<std::int32_t>(*feature_index("queue_imb_l1"));
  models::Bundle bundle{.content_hash = "queue", .schema_hash = feature_schema_hash(), .heads = {}};
  bundle.heads.push_back(
      {.name = "forward_return",
       .horizon_ms = 20'000,
       .trees = models::TreeEnsemble{
           {{{.left = 1, .right = 2, .feature = feature, .value = 0}, {.value = -20}, {.value = 20}}},
           feature_count,
           0}});
  TestVenue venue{{.seed = 3,
                   .length = 1'500s,
                   .trouble = {.lost_delta = 0.002, .lost_answer = 0.1, .doubled_fill = 0.2},
                   .model = "queue",
                   .schema_hash = feature_schema_hash(),
                   .risk = {},
                   .decision = {.cooldown_ms = 2'000}}};
  Core core{{.bundle = &bundle}};
  Outbox out;
  std::uint64_t orders = 0, taken = 0;
  while (const Stamped* event = venue.next(core.next_wakeup())) {
    out.clear();
    const std::uint64_t before = allocations;
    core.step(*event, out);
    if (event->at > TestVenue::begin + 60s) taken += allocations - before;
    for (const Command& command : out.commands) orders += std::holds_alternative<PlaceOrder>(command);
    venue.take(*event, out);
  }
  EXPECT_EQ(taken, 0u);
  EXPECT_GT(orders, 5u);
}

TEST(Allocation, FeaturesTakeNoMemoryWhateverHappens) {
  const std::vector<Instrument> symbols{testing::test_instrument(0, "BTCUSDT"),
                                        testing::test_instrument(1, "DOGEUSDT", "0.00001", "1")};
  testing::MarketStyle style;
  style.seed_candles = 320;
  style.liquidation_bursts = true;
  const testing::Tape tape = testing::troubled(testing::random_tape(symbols, 51, 1'500, style), symbols, 51);
  testing::Player player{symbols};
  FeatureFrame frame;
  std::uint64_t taken = 0;
  const auto play = [&](std::size_t begin, std::size_t end) {
    const std::uint64_t before = allocations;
    for (std::size_t i = begin; i < end; ++i) {
      player.play(tape[i]);
      player.hub().read({static_cast<std::uint16_t>(i % 2)}, frame);
    }
    taken += allocations - before;
  };
  play(0, tape.size() / 2);
  player.restart(tape[tape.size() / 2 - 1].at);
  play(tape.size() / 2, tape.size());
  const std::uint64_t before = allocations;
  player.hub().advance(tape.back().at + 24h);
  taken += allocations - before;
  EXPECT_EQ(taken, 0u);
}

TEST(Allocation, ASymbolsFeaturesStayBelowTwoMebibytes) {
  FeatureHub hub;
  hub.add(testing::test_instrument(0, "BTCUSDT"));
  const std::uint64_t before = allocated_bytes;
  hub.add(testing::test_instrument(1, "ETHUSDT"));
  RecordProperty("bytes", static_cast<int>(allocated_bytes - before));
  std::printf("state of one symbol: %llu bytes\n", static_cast<unsigned long long>(allocated_bytes - before));
  EXPECT_LE(allocated_bytes - before, 2u << 20);
}

}  // namespace
}  // namespace mlbot::core
