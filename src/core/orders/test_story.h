// For tests: one order's story, told by the venue.
#pragma once

#include <gtest/gtest.h>

#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {

constexpr Instant at(std::int64_t ms) { return Instant::from_ms(1'000'000 + ms); }

/// A whole list of the account ended, and the positions agree with what we hold.
inline void snapshot_ended(OrderExecutor& executor, Instant now, Instant asked_at, Outbox& out) {
  executor.snapshot_ended(now, asked_at, out, [](SymbolId) { return PositionEvidence::agrees; });
}

/// One order's story, told by the venue: ids are handed out in order, every line says when.
class Story : public ::testing::Test {
 protected:
  Story() {
    executor.start("main", 7);
    positions.add(instrument);
  }
  ClientOrderId place(std::int64_t ms, Side side, std::int64_t lots, TimeInForce tif = TimeInForce::post_only,
                      bool reduce_only = false) {
    const PlaceOrder order{.id = executor.next_id(),
                           .symbol = {0},
                           .side = side,
                           .time_in_force = tif,
                           .price = {1'000'000},
                           .size = {lots},
                           .reduce_only = reduce_only};
    executor.place(at(ms), stamp.place(at(ms), order), out);
    return order.id;
  }
  void answer(std::int64_t ms, RequestKind kind, RequestOutcome outcome, const ClientOrderId& id) {
    executor.on(at(ms), RequestAnswer{.request = kind, .outcome = outcome, .symbol = {0}, .client_id = id},
                out);
  }
  void news(std::int64_t ms, const ClientOrderId& id, OrderStatus status, std::int64_t filled = 0,
            NewsSource source = NewsSource::stream) {
    const Order* order = executor.find(id);
    executor.on(at(ms),
                OrderNews{.source = source,
                          .symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .side = order->side,
                          .status = status,
                          .size = order->size,
                          .filled = {filled},
                          .updated_at = at(ms)},
                out);
  }
  void fill(std::int64_t ms, const ClientOrderId& id, const char* execution_id, std::int64_t lots,
            const char* price = "100000", NewsSource source = NewsSource::stream) {
    const Order* order = executor.find(id);
    const Execution e{.source = source,
                      .symbol = {0},
                      .client_id = id,
                      .venue_id = "v-1",
                      .execution_id = execution_id,
                      .side = order->side,
                      .price = *parse_e8(price),
                      .size = {lots},
                      .fee = {1'000},
                      .at = at(ms)};
    if (executor.on(at(ms), e, out)) positions.on(at(ms), e);
  }
  void amend(std::int64_t ms, const ClientOrderId& id, std::int64_t price, std::int64_t lots) {
    executor.amend(at(ms), stamp.amend(at(ms), executor.find(id)->side, {id, {0}, {price}, {lots}}), out);
  }
  /// The venue shows an open order.
  void shown(std::int64_t ms, const ClientOrderId& id, std::int64_t price, std::int64_t lots,
             NewsSource source = NewsSource::stream) {
    executor.on(at(ms),
                OrderNews{.source = source,
                          .symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .status = OrderStatus::open,
                          .price = {price},
                          .size = {lots},
                          .updated_at = at(ms)},
                out);
  }
  /// One of the venue's orders under our id.
  void part(std::int64_t ms, const ClientOrderId& id, const char* venue_id, OrderStatus status,
            std::int64_t lots, std::int64_t filled) {
    executor.on(at(ms),
                OrderNews{.symbol = {0},
                          .client_id = id,
                          .venue_id = venue_id,
                          .side = executor.find(id)->side,
                          .status = status,
                          .size = {lots},
                          .filled = {filled},
                          .reduce_only = executor.find(id)->reduce_only,
                          .updated_at = at(ms)},
                out);
  }
  void news_of_carried(std::int64_t ms, const ClientOrderId& id, OrderStatus status) {
    executor.on(at(ms),
                OrderNews{.symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .status = status,
                          .size = {5},
                          .updated_at = at(ms)},
                out);
  }
  void timer(std::int64_t ms) { executor.on_timer(at(ms), out); }
  template <class T>
  std::size_t sent() {
    const auto count = static_cast<std::size_t>(
        std::count_if(out.commands.begin(), out.commands.end(),
                      [](const Command& c) { return std::holds_alternative<T>(c); }));
    return count;
  }
  OrderState state(const ClientOrderId& id) { return executor.find(id)->state; }
  std::int64_t held() { return positions.position({0}).size.count; }

  Instrument instrument = stamp_instrument();
  OrderExecutor executor;
  PositionManager positions;
  Stamp stamp;
  Outbox out;
};

}  // namespace mlbot::core
