// For tests: a router, an account that is known, and a market of one symbol that moves by the second.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/exact_math.h"
#include "core/orders/frame_rows.h"
#include "core/orders/order_router.h"

namespace mlbot::core {

inline constexpr Instant begin = Instant::from_seconds(1'767'574'800);

class Room : public ::testing::Test {
 protected:
  Room() {
    const Instrument bitcoin{.id = {0},
                             .name = "BTCUSDT",
                             .tick_size = *parse_e8("0.1"),
                             .lot_step = *parse_e8("0.001"),
                             .min_order = {1},
                             .max_limit_order = {1'000'000},
                             .max_market_order = {500'000},
                             .min_notional = *parse_e8("5"),
                             .fees = {E8{20'000}, E8{55'000}}};
    router.add(bitcoin);
    monitor.add(bitcoin);
    router.start(Mode::paper, "main", 1);
    router.set_state(TradingState::active);
    limits.max_order_notional = limits.max_symbol_notional =
        limits.max_total_notional = {10'000'000 * e8_per_unit};
    limits.max_total_equity_bps = limits.max_symbol_equity_bps = limits.max_order_equity_bps = 10'000;
    router.note_model({.present = true, .verified = true, .schema_equal = true});
    configure();
    monitor.start(begin, Mode::paper, out);
    monitor.on(begin, LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(begin, AccountSnapshot{SnapshotPhase::begin});
    monitor.on(begin, WalletNews{.equity = {1'000'000 * e8_per_unit}}, {});
    monitor.on(begin, AccountSnapshot{SnapshotPhase::end});
    market(0);
  }
  void configure() { router.configure({.version = 1, .risk = limits, .decision = {}, .traded = traded}); }
  void market(int second, std::int64_t bid = 999'990, double sigma = 6) {
    FeatureFrame f{.symbol = {0}, .at = begin + second * 1s};
    f.top = {{bid}, {bid + 20}, {50}, {50}, true};
    f.activity = {.bid_depth = {500},
                  .ask_depth = {500},
                  .lowest_bid = {bid - 1'000},
                  .highest_ask = {bid + 1'020},
                  .traded_5m = 50'000'000};
    f.activity.minute_volume = {1'000'000};
    f.book_at = f.at;
    for (std::size_t i = 0; i < feature_count; ++i) f.set(i, 0);
    f.set(rows::log_volatility_5m.place, exact::log(sigma));
    out.clear();
    router.see(f);
    router.work(f.at, {0}, monitor, out);
  }
  void open(int second, const ClientOrderId& id, PriceTicks price, Lots size = {}) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::open,
                        .price = price,
                        .size = size,
                        .updated_at = begin + second * 1s},
              monitor, out);
  }
  void cancelled(int second, const ClientOrderId& id) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::cancelled,
                        .updated_at = begin + second * 1s},
              monitor, out);
  }
  void fill(int second, const PlaceOrder& order, std::int64_t lots) {
    const std::string id = "e" + std::to_string(++executions);
    router.on(begin + second * 1s,
              Execution{.symbol = {0},
                        .client_id = order.id,
                        .execution_id = std::string_view{id},
                        .side = order.side,
                        .price = E8{order.price.count * 10'000'000},
                        .size = {lots},
                        .at = begin + second * 1s},
              monitor, out);
  }
  template <class T>
  std::vector<T> sent() const {
    std::vector<T> all;
    for (const Command& c : out.commands)
      if (const auto* one = std::get_if<T>(&c)) all.push_back(*one);
    return all;
  }
  Intent buy(std::int64_t lots, double edge = 10) {
    return {.symbol = {0}, .side = Side::buy, .size = {lots}, .edge_bps = edge, .horizon = 120s};
  }
  /// We hold so much, signed, by fills that no order of ours made.
  void hold(std::int64_t lots) {
    fill(0, {.id = "by-hand", .side = lots > 0 ? Side::buy : Side::sell, .price = {1'000'000}},
         std::abs(lots));
  }
  /// A frame that shows no book.
  void blind(int second) {
    FeatureFrame f{.symbol = {0}, .at = begin + second * 1s};
    out.clear();
    router.see(f);
    router.work(f.at, {0}, monitor, out);
  }
  /// The venue's word on the position, heard by account and router.
  void shown(int second, std::int64_t lots, const char* stop) {
    const PositionNews news{.symbol = {0},
                            .size = {lots},
                            .entry_price = *parse_e8("100000"),
                            .mark_price = *parse_e8("100000"),
                            .stop_loss = *parse_e8(stop),
                            .updated_at = begin + second * 1s};
    monitor.on(news.updated_at, news);
    router.on(news.updated_at, news);
    monitor.compare(news.updated_at, {0}, router.positions().net({0}));
  }
  void timer(int second) { router.on_timer(begin + second * 1s, monitor, out); }
  void answer(int second, RequestKind kind, RequestOutcome outcome, const ClientOrderId& id,
              std::uint16_t symbol = 0) {
    router.on(begin + second * 1s,
              RequestAnswer{.request = kind, .outcome = outcome, .symbol = {symbol}, .client_id = id},
              monitor, out);
  }
  static Intent exit(Side side, std::int64_t lots) {
    return {.symbol = {0}, .side = side, .size = {lots}, .purpose = Purpose::exit};
  }
  /// Nine slices of a hundred, two seconds apart.
  Intent sliced() {
    Intent intent = buy(900, 60);
    intent.urgency = Urgency::now;
    intent.horizon = 3600s;
    return intent;
  }
  RiskLimits limits;
  std::vector<SymbolId> traded{{0}};
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
  int executions = 0;
};

}  // namespace mlbot::core
