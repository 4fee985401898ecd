#include "shell/exchange/disconnect_cancel.h"

#include <gtest/gtest.h>

#include "shell/exchange/paging.h"
#include "shell/exchange/rate_limits.h"

namespace mlbot::shell {
namespace {

constexpr sim::AccountId alice{0}, bob{1};
constexpr Instant start = Instant::from_seconds(1000);

TEST(DisconnectCancel, fires_once_when_the_last_connection_has_been_gone_for_the_window) {
  DisconnectCancel guard;
  guard.set(alice, 10s);
  guard.subscribed(1, alice);
  guard.subscribed(2, alice);
  guard.lost(1, start);
  EXPECT_TRUE(guard.due(start + 60s).empty()) << "one is still there";
  guard.lost(2, start + 4s);
  EXPECT_TRUE(guard.due(start + 9s).empty());
  EXPECT_EQ(guard.due(start + 10s), std::vector{alice}) << "counted from the first loss";
  EXPECT_TRUE(guard.due(start + 11s).empty());
}

TEST(DisconnectCancel, a_connection_that_returns_and_pings_calls_it_off) {
  DisconnectCancel guard;
  guard.set(alice, 10s);
  guard.subscribed(1, alice);
  guard.lost(1, start);
  guard.subscribed(2, alice);
  guard.pinged(2);
  guard.lost(2, start + 9s);
  EXPECT_TRUE(guard.due(start + 12s).empty()) << "the count began anew";
  EXPECT_EQ(guard.due(start + 19s), std::vector{alice});
}

TEST(DisconnectCancel, without_a_window_or_the_topic_nothing_is_armed) {
  DisconnectCancel guard;
  guard.subscribed(1, bob);
  guard.lost(1, start);
  guard.set(alice, 3s);
  guard.lost(7, start);
  EXPECT_TRUE(guard.due(start + 1h).empty());
  EXPECT_EQ(guard.window(alice), Duration{3s});
  EXPECT_FALSE(guard.window(bob));
}

TEST(RollingLimit, a_batch_gets_what_is_left) {
  RollingLimit limit{10, 1s};
  EXPECT_EQ(limit.ask(start, 7).count, 7u);
  const auto second = limit.ask(start, 7);
  EXPECT_TRUE(second.granted);
  EXPECT_EQ(second.count, 3u);
  EXPECT_EQ(second.left, 0u);
  EXPECT_EQ(second.reset_at, start + 1s);
  EXPECT_FALSE(limit.ask(start + 500ms).granted);
  EXPECT_TRUE(limit.ask(start + 1s).granted);
}

TEST(Paging, a_cursor_is_understood_however_often_it_was_encoded) {
  for (const auto* text : {"page_token%3D39380%26", "page_token%253D39380%2526", "page_token=39380%26"}) {
    const auto cursor = cursor_of(venue::bybit::Query::of_target(std::string{"/x?cursor="} + text));
    ASSERT_TRUE(cursor) << text;
    EXPECT_EQ(*cursor, 39380u) << text;
  }
  EXPECT_EQ(cursor_text(39380), "page_token%3D39380%26");
  EXPECT_FALSE(cursor_of(venue::bybit::Query::of_target("/x?cursor=7")));
  const auto first = cursor_of(venue::bybit::Query::of_target("/x?limit=7"));
  ASSERT_TRUE(first);
  EXPECT_FALSE(*first);
}

TEST(Paging, a_time_window_has_a_longest_span_and_sensible_ends) {
  const auto window = [](std::string_view query) {
    return time_window(venue::bybit::Query::of_target(query), Instant::from_ms(1'000'000'000), 168h, 24h);
  };
  EXPECT_EQ(window("?")->from_ms, 1'000'000'000 - 86'400'000);
  EXPECT_EQ(window("?startTime=5000")->until_ms, 5000 + 604'800'000);
  EXPECT_EQ(window("?endTime=700000000")->from_ms, 700'000'000 - 604'800'000);
  EXPECT_FALSE(window("?startTime=0&endTime=604800001")) << "more than seven days";
  EXPECT_FALSE(window("?startTime=9&endTime=8"));
  EXPECT_FALSE(window("?startTime=yesterday"));
}

}  // namespace
}  // namespace mlbot::shell
