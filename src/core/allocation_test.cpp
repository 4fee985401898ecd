// After warm-up a step takes no memory: counted, not believed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "core/test_venue.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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

}  // namespace
}  // namespace mlbot::core
