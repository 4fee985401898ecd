// Somebody else trades our account: positions only shrink until a person has looked.
#include <gtest/gtest.h>

#include "core/orders/order_router.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {
namespace {

class Strangers : public ::testing::Test {
 protected:
  Strangers() {
    router.add(stamp_instrument());
    monitor.add(stamp_instrument());
    router.start(Mode::paper, "main", 7);
    monitor.start(begin, Mode::paper, out);
    monitor.on(begin, LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(begin, AccountSnapshot{SnapshotPhase::begin});
    monitor.on(begin, WalletNews{.equity = {10'000 * e8_per_unit}}, {});
  }
  void snapshot_ends() { monitor.on(begin, AccountSnapshot{SnapshotPhase::end}); }
  void news(std::int64_t ms, const ClientOrderId& id, const char* venue_id, bool conditional = false) {
    const Instant at = begin + std::chrono::milliseconds{ms};
    router.on(at,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .venue_id = venue_id,
                        .status = OrderStatus::open,
                        .price = {1'000'000},
                        .size = {5},
                        .conditional = conditional,
                        .updated_at = at},
              monitor, out);
  }
  RiskDemand after(std::int64_t ms) {
    const Instant at = begin + std::chrono::milliseconds{ms};
    router.on_timer(at, monitor, out);
    return router.assess(at, monitor);
  }

  static constexpr Instant begin = Instant::from_seconds(1'767'600'000);
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
};

TEST_F(Strangers, APersonsOrderReducesAndSaysSo) {
  snapshot_ends();
  news(0, {}, "by-hand");
  EXPECT_FALSE(after(1'900).any()) << "its name may still come";
  const RiskDemand demand = after(2'000);
  EXPECT_EQ(demand.state, TradingState::reduce_only);
  EXPECT_EQ(demand.why.control, Control::external_activity);
  EXPECT_TRUE(demand.latched);
}

TEST_F(Strangers, WhatWasThereBeforeUsIsNoActivity) {
  news(0, "web-1", "by-hand");
  snapshot_ends();
  EXPECT_FALSE(after(5'000).any());
}

TEST_F(Strangers, AStopOrAnOrderOfAnEarlierRunIsOurs) {
  snapshot_ends();
  news(0, {}, "stop", true);
  news(0, order_id(account_tag("main"), 6, 1), "earlier");
  EXPECT_FALSE(after(5'000).any());
}

TEST_F(Strangers, TooManyAreStillOneReason) {
  snapshot_ends();
  for (int i = 0; i < 20; ++i) news(i, {}, ("hand-" + std::to_string(i)).c_str());
  EXPECT_EQ(after(5'000).why.control, Control::external_activity);
}

}  // namespace
}  // namespace mlbot::core
