// What is told to the router: by the market, the account, and about symbols that nobody added.
#include "core/orders/test_room.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {
namespace {

TEST_F(Room, WhatIsToldOfAnUnknownSymbolChangesNothing) {
  traded.push_back({9});
  configure();
  EXPECT_TRUE(router.traded({0}));
  router.on(begin, OrderNews{.symbol = {9}, .venue_id = "v", .status = OrderStatus::open, .size = {5}},
            monitor, out);
  router.on(begin, Execution{.symbol = {9}, .execution_id = "e-9", .size = {5}, .at = begin}, monitor, out);
  router.carry(begin, {.id = "old", .symbol = {9}, .size = {5}}, out);
  answer(0, RequestKind::position_stop, RequestOutcome::refused, {}, 9);
  EXPECT_EQ(router.executor().unsettled_count(), 0u);
  EXPECT_TRUE(out.commands.empty());
  router.carry(begin, {.id = "old", .symbol = {0}, .size = {5}}, out);
  EXPECT_EQ(router.executor().unsettled_count(), 1u);
  EXPECT_EQ(sent<QueryOrder>().size(), 1u);
}

TEST_F(Room, VolatilityIsTheSlowRowElseTheFastOneElseUnknown) {
  FeatureFrame frame{.symbol = {0}, .at = begin + 1s};
  const E8 mid = router.market({0}).mid;
  frame.set(rows::log_volatility_30s.place, exact::log(9));
  router.see(frame);
  EXPECT_NEAR(router.market({0}).sigma_bps, 9, 1e-9);
  EXPECT_EQ(router.market({0}).mid, mid) << "without a book the last one stays";
  frame.set(rows::log_volatility_5m.place, exact::log(4));
  router.see(frame);
  EXPECT_NEAR(router.market({0}).sigma_bps, 4, 1e-9);
  frame.set_missing(rows::log_volatility_5m.place);
  frame.set_missing(rows::log_volatility_30s.place);
  router.see(frame);
  EXPECT_TRUE(std::isnan(router.market({0}).sigma_bps));
}

TEST_F(Room, MarkOutsAreReadFromFramesWithABook) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  fill(1, *order, 10);
  FeatureFrame frame{.symbol = {0}, .at = begin + 61s};
  out.clear();
  router.measure(frame, out);
  EXPECT_TRUE(out.fills.empty());
  frame.top = {{999'990}, {1'000'010}, {5}, {5}, true};
  router.measure(frame, out);
  ASSERT_EQ(out.fills.size(), 1u);
  EXPECT_EQ(out.fills[0].order, order->id);
  EXPECT_TRUE(out.fills[0].markout_60s_bps);
}

TEST_F(Room, AFillCountsOnceAndAChargeIsNone) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  Execution execution{.symbol = {0},
                      .client_id = order->id,
                      .execution_id = "e-1",
                      .side = Side::buy,
                      .price = *parse_e8("100000"),
                      .size = {10},
                      .at = begin + 1s};
  for (int twice = 0; twice < 2; ++twice) router.on(begin + 1s, execution, monitor, out);
  EXPECT_EQ(router.positions().position({0}).size.count, 10);
  EXPECT_EQ(router.risk().day().fills, 1u);
  EXPECT_EQ(router.quality().waiting(), 1u);
  execution.kind = ExecutionKind::funding;
  execution.execution_id = "f-1";
  execution.fee = {700};
  router.on(begin + 2s, execution, monitor, out);
  EXPECT_EQ(router.quality().waiting(), 1u) << "a charge is no fill";
  EXPECT_EQ(router.positions().position({0}).funding.count, 700);
  execution = {.symbol = {0},
               .kind = ExecutionKind::adl,
               .execution_id = "a-1",
               .side = Side::sell,
               .price = *parse_e8("99000"),
               .size = {10},
               .at = begin + 3s};
  router.on(begin + 3s, execution, monitor, out);
  EXPECT_EQ(router.positions().position({0}).size.count, 0);
  EXPECT_EQ(router.risk().day().fills, 1u) << "the venue's doing";
  EXPECT_EQ(router.risk().day().round_trips, 1u) << "and yet a position was closed";
}

/// A run that has not read the account yet.
class FirstList : public ::testing::Test {
 protected:
  FirstList() {
    router.add(stamp_instrument());
    monitor.add(stamp_instrument());
    router.start(Mode::paper, "main", 2);
  }
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
};

TEST_F(FirstList, SettlesACarriedOrderWhoseFillsItShows) {
  const ClientOrderId id = order_id(account_tag("main"), 1, 3);
  router.carry(Instant{}, {.id = id, .symbol = {0}, .side = Side::sell, .size = {16}}, out);
  router.on(Instant{},
            Execution{.source = NewsSource::query,
                      .symbol = {0},
                      .client_id = id,
                      .venue_id = "v-1",
                      .execution_id = "e-1",
                      .side = Side::sell,
                      .size = {16}},
            monitor, out);
  router.on(Instant{},
            OrderNews{.source = NewsSource::query,
                      .symbol = {0},
                      .client_id = id,
                      .venue_id = "v-1",
                      .status = OrderStatus::filled,
                      .size = {16},
                      .filled = {16}},
            monitor, out);
  EXPECT_EQ(router.executor().unsettled_count(), 0u) << "every fill that the venue claims was shown";
  EXPECT_EQ(router.positions().position({0}).size.count, 0) << "the venue's position holds it";
}

TEST_F(FirstList, ItsFillsCountOnceThatAreYoungerThanThePosition) {
  const Instant noon = Instant::from_seconds(1'767'614'400);
  for (int told = 0; told < 2; ++told)  // by the answer about one order, and by the list
    router.on(noon,
              Execution{.source = NewsSource::query,
                        .symbol = {0},
                        .execution_id = "e-1",
                        .side = Side::sell,
                        .price = *parse_e8("100000"),
                        .size = {9},
                        .at = noon},
              monitor, out);
  const PositionNews nine{
      .symbol = {0}, .size = {9}, .entry_price = *parse_e8("100000"), .updated_at = noon - 8s};
  monitor.on(noon, nine);
  router.on(noon, nine);
  router.on_snapshot(noon, noon, monitor, true, out);
  EXPECT_EQ(router.positions().position({0}).size.count, 0);
}

TEST_F(Room, AStopThatIsRefusedThreeTimesIsToldToThePositions) {
  hold(10);
  shown(1, 10, "0");
  timer(2);
  ASSERT_EQ(sent<SetPositionStop>().size(), 1u);
  answer(2, RequestKind::position_stop, RequestOutcome::accepted, {});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(router.positions().unprotectable({0}));
    answer(3, RequestKind::position_stop, RequestOutcome::refused, {});
  }
  EXPECT_TRUE(router.positions().unprotectable({0}));
}

TEST_F(Room, AStopThatTheBudgetHoldsBackIsAskedForAgain) {
  const std::vector<Command> cancels(8, CancelOrder{});
  for (const int lots : {10, -20}) {
    hold(lots);
    shown(lots > 0 ? 1 : 21, lots > 0 ? 10 : -10, "0");
    const int at = lots > 0 ? 2 : 22;
    out.clear();
    router.note_sent(begin + at * 1s, cancels);
    timer(at);
    EXPECT_TRUE(sent<SetPositionStop>().empty()) << "a request more would be one too many";
    timer(at + 2);
    ASSERT_EQ(sent<SetPositionStop>().size(), 1u);
    EXPECT_EQ(sent<SetPositionStop>()[0].stop_loss.count > 1'000'000, lots < 0);
  }
}

TEST_F(Room, AQuestionAboutThePositionNeedsNoLeave) {
  hold(10);
  const std::vector<Command> cancels(8, CancelOrder{});
  router.note_sent(begin + 1s, cancels);
  timer(1);
  EXPECT_EQ(sent<QueryAccount>().size(), 1u);
  EXPECT_TRUE(sent<SetPositionStop>().empty()) << "the budget is spent";
}

TEST_F(Room, AStopIsHeldAgainstTheOneThatStandsAndTheWordOnThePosition) {
  hold(10);
  shown(1, 10, "98000");  // looser than ours: a better one is set
  timer(2);
  ASSERT_EQ(sent<SetPositionStop>().size(), 1u);
  EXPECT_EQ(sent<SetPositionStop>()[0].stop_loss.count, 990'000);
  out.clear();
  shown(5, -5, "0");  // somebody sold: what the venue holds is short
  timer(7);
  ASSERT_EQ(sent<SetPositionStop>().size(), 1u);
  EXPECT_EQ(sent<SetPositionStop>()[0].stop_loss.count, 1'010'000) << "and is protected as such";
}

TEST_F(Room, WhileTheAccountIsUnknownNoStopIsSet) {
  hold(10);
  monitor.on(begin + 1s, LinkChanged{Link::account, LinkState::down}, out);
  out.clear();
  timer(5);
  EXPECT_TRUE(out.commands.empty());
}

TEST_F(Room, AbsenceIsProvedOnlyWhileAccountAndFillsAgree) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  const auto absent = [&](int second, std::uint16_t symbol = 0) {
    timer(second);
    answer(second, RequestKind::query, RequestOutcome::refused, order->id, symbol);
    return router.executor().find(order->id)->state == OrderState::rejected;
  };
  EXPECT_FALSE(absent(5)) << "too early";
  shown(17, 7, "0");
  EXPECT_FALSE(absent(18)) << "seven were bought by somebody: by us?";
  shown(23, 0, "0");
  EXPECT_FALSE(absent(23, 9)) << "an answer about another symbol";
  monitor.on(begin + 24s, LinkChanged{Link::account, LinkState::down}, out);
  EXPECT_FALSE(absent(29)) << "nobody knows the account";
  monitor.on(begin + 30s, LinkChanged{Link::account, LinkState::live}, out);
  monitor.on(begin + 30s, AccountSnapshot{SnapshotPhase::begin});
  monitor.on(begin + 30s, AccountSnapshot{SnapshotPhase::end});
  EXPECT_TRUE(absent(35));
}

TEST_F(Room, ADifferenceOfThisMomentIsADifference) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  for (const int second : {5, 18}) {
    timer(second);
    shown(second, second == 18 ? 10 : 0, "0");  // with the answer, not before it
    answer(second, RequestKind::query, RequestOutcome::refused, order->id);
  }
  EXPECT_EQ(router.executor().find(order->id)->state, OrderState::outcome_unknown)
      << "ten were bought: by us?";
  shown(30, 0, "0");
  timer(30);
  answer(30, RequestKind::query, RequestOutcome::refused, order->id);
  EXPECT_EQ(router.executor().find(order->id)->state, OrderState::rejected);
}

TEST_F(Room, ClaimedFillsAreCountedWhenASnapshotAgreesLongAfter) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  router.on(begin + 1s,
            OrderNews{.symbol = {0},
                      .client_id = order->id,
                      .status = OrderStatus::cancelled,
                      .filled = {3},
                      .updated_at = begin + 1s},
            monitor, out);
  const auto snapshot = [&](int second, std::int64_t lots) {
    monitor.on_timer(begin + second * 1s, {}, out);
    monitor.on(begin + second * 1s, AccountSnapshot{SnapshotPhase::begin});
    shown(second, lots, "0");
    EXPECT_TRUE(monitor.on(begin + second * 1s, AccountSnapshot{SnapshotPhase::end}));
    router.on_snapshot(begin + second * 1s, {}, monitor, false, out);
    return router.executor().unsettled_count();
  };
  EXPECT_EQ(snapshot(31, 3), 1u) << "the venue holds what we have not seen";
  EXPECT_EQ(snapshot(62, 0), 0u) << "what was claimed was there before us";
  EXPECT_EQ(router.positions().position({0}).size.count, 0);
}

TEST_F(Room, ThePositionsOfTheFirstSnapshotAreTakenOver) {
  shown(1, 10, "99000");
  router.on_snapshot(begin + 2s, begin + 1s, monitor, false, out);
  EXPECT_EQ(router.positions().position({0}).size.count, 0) << "a later one is compared, not taken over";
  router.on_snapshot(begin + 2s, begin + 1s, monitor, true, out);
  EXPECT_EQ(router.positions().position({0}).size.count, 10);
  EXPECT_TRUE(router.positions().position({0}).adopted);
}

TEST_F(Room, InHedgeModeBothRowsAreTakenOver) {
  router.on(AccountModes{.hedge = true});
  for (const auto& [index, lots] : {std::pair{1, 10}, {2, -4}})
    router.on(begin, PositionNews{.symbol = {0},
                                  .position_index = static_cast<std::uint8_t>(index),
                                  .size = {lots},
                                  .entry_price = *parse_e8("100000"),
                                  .updated_at = begin});
  router.on_snapshot(begin + 1s, begin, monitor, true, out);
  EXPECT_EQ(router.positions().position({0}, 1).size.count, 10);
  EXPECT_EQ(router.positions().position({0}, 2).size.count, -4);
  router.on(AccountModes{.hedge = false});
  EXPECT_EQ(router.positions().mode(), PositionMode::one_way);
}

TEST_F(Room, OnlyAStrangersOrderIsForeignActivity) {
  ASSERT_TRUE(router.submit(begin, buy(10), monitor, out));
  OrderNews left{.symbol = {0},
                 .client_id = order_id(account_tag("main"), 0, 4),
                 .venue_id = "left",
                 .side = Side::sell,
                 .status = OrderStatus::open,
                 .price = {1'010'000},
                 .size = {5},
                 .updated_at = begin};
  router.on(begin, left, monitor, out);
  OrderNews by_hand = left;
  by_hand.client_id = {};
  by_hand.venue_id = "by-hand";
  router.on(begin, by_hand, monitor, out);
  by_hand.status = OrderStatus::cancelled;
  by_hand.updated_at = begin + 1s;
  router.on(begin + 1s, by_hand, monitor, out);
  timer(3);
  EXPECT_FALSE(router.assess(begin + 3s, monitor).any()) << "the one that was is gone, the others are ours";
  by_hand.venue_id = "by-hand-2";
  by_hand.status = OrderStatus::open;
  router.on(begin + 3s, by_hand, monitor, out);
  timer(5);
  EXPECT_EQ(router.assess(begin + 5s, monitor).why.control, Control::external_activity);
}

/// Several symbols under limits at their loosest.
struct Floor {
  explicit Floor(std::uint16_t count, bool known = true) {
    for (std::uint16_t i = 0; i < count; ++i) {
      const Instrument instrument{.id = {i},
                                  .name = std::string_view{"S" + std::to_string(i) + "USDT"},
                                  .tick_size = *parse_e8("0.1"),
                                  .lot_step = *parse_e8("0.001"),
                                  .min_order = {1},
                                  .max_limit_order = {1'000'000},
                                  .max_market_order = {500'000},
                                  .min_notional = *parse_e8("5")};
      router.add(instrument);
      monitor.add(instrument);
      traded.push_back({i});
    }
    for (const RiskLimit& limit : risk_limits())
      limit.set(limits, limit.tighter == Tighter::lower ? limit.highest : limit.lowest);
    router.start(Mode::paper, "main", 1);
    router.set_state(TradingState::active);
    router.note_model({.present = true, .verified = true, .schema_equal = true});
    configure();
    monitor.start(now, Mode::paper, out);
    monitor.on(now, LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(now, AccountSnapshot{SnapshotPhase::begin});
    if (known) monitor.on(now, AccountSnapshot{SnapshotPhase::end});
  }
  void configure() { router.configure({.version = 1, .risk = limits, .decision = {}, .traded = traded}); }
  /// A second later, with a young book and wallet.
  Result<PlaceOrder, Refused> submit(std::uint16_t symbol, Side side, std::int64_t lots,
                                     Urgency urgency = Urgency::now) {
    now = now + 1s;
    monitor.on(now, WalletNews{.equity = {1'000'000 * e8_per_unit}}, {});
    FeatureFrame frame{.symbol = {symbol}, .at = now};
    frame.top = {{999'990}, {1'000'010}, {1'000'000}, {1'000'000}, true};
    frame.book_at = now;
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0);
    router.see(frame);
    out.clear();
    return router.submit(now,
                         {.symbol = {symbol},
                          .side = side,
                          .size = {lots},
                          .urgency = urgency,
                          .edge_bps = 20,
                          .horizon = 60s},
                         monitor, out);
  }
  void fill(const PlaceOrder& order) {
    const std::string id = "e-" + std::to_string(++fills);
    router.on(now,
              Execution{.symbol = order.symbol,
                        .client_id = order.id,
                        .execution_id = std::string_view{id},
                        .side = order.side,
                        .price = E8{order.price.count * 10'000'000},
                        .size = order.size,
                        .at = now},
              monitor, out);
  }
  OrderRouter router;
  AccountMonitor monitor;
  RiskLimits limits;
  std::vector<SymbolId> traded;
  Outbox out;
  Instant now = begin;
  int fills = 0;
};

TEST(Floor, TheWorstOfAllSymbolsCountsForEach) {
  Floor floor{3};
  floor.limits.max_total_notional = {100'000 * e8_per_unit};
  floor.configure();
  const auto alone = floor.submit(0, Side::buy, 500);
  ASSERT_TRUE(alone) << to_text(alone.error());
  EXPECT_EQ(alone->size.count, 500);
  const auto second = floor.submit(1, Side::buy, 900);
  ASSERT_TRUE(second);
  EXPECT_NEAR(static_cast<double>(second->size.count), 499, 1)
      << "50 000 of 100 000 are on their way elsewhere";
  floor.fill(*alone);
  floor.fill(*second);
  EXPECT_EQ(floor.router.executor().unsettled_count(), 0u);
  const auto third = floor.submit(2, Side::sell, 100);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->size.count, 1) << "what is held counts as much";
  floor.fill(*third);
  const auto fourth = floor.submit(2, Side::sell, 100);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().control, Control::total_exposure);
}

TEST(Floor, OrdersOfAnotherSymbolAreNotMet) {
  Floor floor{2};
  const auto bid = floor.submit(0, Side::buy, 10, Urgency::patient);
  ASSERT_TRUE(bid);
  EXPECT_TRUE(floor.submit(1, Side::sell, 10));
}

TEST(Floor, WithoutASlotNothingIsPlaced) {
  const std::uint16_t symbols = order_slots / 2;
  Floor floor(symbols + 1);
  for (std::uint16_t i = 0; i < symbols; ++i)
    for (const Side side : {Side::buy, Side::sell}) {
      const auto order = floor.submit(i, side, 10);
      ASSERT_TRUE(order) << i << ": " << to_text(order.error());
      floor.router.on(floor.now,
                      OrderNews{.symbol = {i},
                                .client_id = order->id,
                                .status = OrderStatus::cancelled,
                                .filled = {1},
                                .updated_at = floor.now},
                      floor.monitor, floor.out);  // its fill is still to come
    }
  EXPECT_TRUE(floor.router.executor().full());
  const auto refused = floor.submit(symbols, Side::buy, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Refused{ReasonCode::open_orders, 512, 513, Control::open_orders, Unit::count}));
  EXPECT_TRUE(floor.out.commands.empty());
}

TEST(Floor, WorkWhoseOrderGaveItsSlotAwayIsOver) {
  Floor floor{2};
  const auto first = floor.submit(0, Side::buy, 10);
  ASSERT_TRUE(first);
  floor.fill(*first);
  for (std::size_t i = 0; i < order_slots; ++i) {
    const auto order = floor.submit(1, Side::buy, 1);
    ASSERT_TRUE(order) << i << ": " << to_text(order.error());
    floor.fill(*order);
  }
  ASSERT_EQ(floor.router.executor().find(first->id), nullptr);
  EXPECT_FALSE(floor.router.busy({0}));
  floor.router.give_up(floor.now, {0}, Side::buy, floor.out);
  EXPECT_TRUE(floor.submit(0, Side::buy, 10));
}

TEST(Floor, WhatWasAdoptedWithoutABookIsFlattenedAroundTheVenuesMark) {
  Floor floor{1};
  const PositionNews news{.symbol = {0},
                          .size = {5},
                          .entry_price = *parse_e8("90000"),
                          .mark_price = *parse_e8("100000"),
                          .updated_at = begin};
  floor.monitor.on(begin, news);
  floor.router.on(begin, news);
  floor.router.on_snapshot(begin, begin, floor.monitor, true, floor.out);
  floor.out.clear();
  const auto order = floor.router.submit(
      begin, {.symbol = {0}, .side = Side::sell, .size = {5}, .purpose = Purpose::flatten}, floor.monitor,
      floor.out);
  ASSERT_TRUE(order) << to_text(order.error());
  EXPECT_EQ(order->type, OrderType::market);
  EXPECT_EQ(order->price.count, 992'000) << "80 bps of room";
}

TEST(Floor, FillsOfBeforeTheFirstSnapshotCountOnlyWhereItIsOlder) {
  Floor floor{1, false};
  const auto told = [&](const char* id, std::int64_t seconds, ExecutionKind kind) {
    floor.router.on(begin + 2s,
                    Execution{.symbol = {0},
                              .kind = kind,
                              .execution_id = id,
                              .side = Side::buy,
                              .price = *parse_e8("100000"),
                              .size = {3},
                              .at = begin + seconds * 1s},
                    floor.monitor, floor.out);
  };
  told("e-1", 0, ExecutionKind::trade);
  told("e-2", 2, ExecutionKind::trade);
  told("e-3", 2, ExecutionKind::other);
  EXPECT_EQ(floor.router.positions().position({0}).size.count, 0);
  const PositionNews news{
      .symbol = {0}, .size = {10}, .entry_price = *parse_e8("100000"), .updated_at = begin + 1s};
  floor.monitor.on(begin + 2s, news);
  ASSERT_TRUE(floor.monitor.on(begin + 2s, AccountSnapshot{SnapshotPhase::end}));
  floor.router.on_snapshot(begin + 2s, begin + 1s, floor.monitor, true, floor.out);
  EXPECT_EQ(floor.router.positions().position({0}).size.count, 13) << "ten were listed, three are younger";
  told("e-2", 2, ExecutionKind::trade);
  EXPECT_EQ(floor.router.positions().position({0}).size.count, 13) << "and count once";
}

}  // namespace
}  // namespace mlbot::core
