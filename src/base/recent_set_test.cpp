#include "base/recent_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "base/inline_text.h"
#include "base/prng.h"

namespace mlbot {
namespace {

TEST(RecentSet, AgreesWithAQueueThatIsSearched) {
  constexpr std::uint64_t seed = 11;
  Prng rng{seed};
  for (const std::size_t capacity : {1u, 2u, 7u, 64u}) {
    RecentSet<InlineText<48>> fast{capacity};
    std::deque<std::string> slow;
    for (int i = 0; i < 5'000; ++i) {
      const std::string key = std::to_string(rng.below(3 * capacity));
      const bool is_new = std::find(slow.begin(), slow.end(), key) == slow.end();
      if (is_new) slow.push_back(key);
      if (slow.size() > capacity) slow.pop_front();
      ASSERT_EQ(fast.insert(InlineText<48>{key}), is_new) << "seed " << seed << " step " << i;
      ASSERT_EQ(fast.size(), slow.size());
    }
    for (const auto& key : slow) EXPECT_TRUE(fast.contains(InlineText<48>{key}));
  }
}

}  // namespace
}  // namespace mlbot
