// The finer rules of orders, told as stories: bounds of market orders, closing orders, self-match, price
// limits, cancel-all.
#include <gtest/gtest.h>

#include <set>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

OrderRow last_closed(const Stage& stage) { return stage.exchange.closed_orders(stage.trader, 1).at(0); }
std::int64_t held(const Stage& stage) {
  return stage.exchange.position(stage.trader, Stage::symbol).size.count;
}

// ---- market orders

TEST(MarketOrder, ShowsItsBoundAsPriceMarkPlusFivePercent) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.at_market("m", Side::buy, 100)), 0);
  EXPECT_EQ(last_closed(stage).price, PriceTicks{1050});
  EXPECT_EQ(last_closed(stage).time_in_force, TimeInForce::ioc);
}

TEST(MarketOrder, DoesNotFillBeyondItsSlippageTolerance) {
  Stage stage;
  stage.quotes(999, 1001);
  stage.market([](MarketDoor& door) {
    door.add(Stage::symbol, Side::sell, PriceTicks{1003}, Lots{500});
    door.add(Stage::symbol, Side::sell, PriceTicks{1004}, Lots{500});
  });
  OrderRequest order = stage.at_market("t", Side::buy, 1500);
  order.slippage = SlippageTolerance{.percent = false, .amount = 2};
  ASSERT_EQ(stage.code_of(order), 0);
  EXPECT_EQ(last_closed(stage).price, PriceTicks{1003});
  EXPECT_EQ(last_closed(stage).filled, Lots{1000});
  EXPECT_EQ(last_closed(stage).reject_reason, "EC_NoEnoughQtyToFill");
  order = stage.at_market("p", Side::sell, 100);
  order.slippage = SlippageTolerance{.percent = true, .amount = 50};  // 99.9 less half a percent
  ASSERT_EQ(stage.code_of(order), 0);
  EXPECT_EQ(last_closed(stage).price, PriceTicks{995});
}

TEST(MarketOrder, ToleranceOutOfRangeAndAnEmptyBookAreRefused) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest order = stage.at_market("", Side::buy, 100);
  order.slippage = SlippageTolerance{.percent = false, .amount = 10'001};
  EXPECT_EQ(stage.code_of(order), 110108);
  order.slippage = SlippageTolerance{.percent = true, .amount = 0};
  EXPECT_EQ(stage.code_of(order), 110109);
  OrderRequest limit = stage.limit("", Side::buy, 1000, 100);
  limit.slippage = SlippageTolerance{.percent = false, .amount = 5};
  EXPECT_EQ(stage.code_of(limit), 10001);
  stage.market([](MarketDoor& door) {
    door.set_level(Stage::symbol, Side::sell, PriceTicks{1001}, Lots{0});
    door.set_level(Stage::symbol, Side::sell, PriceTicks{1100}, Lots{500});
    door.set_mark_price(Stage::symbol, *parse_e8("100"));
  });
  EXPECT_EQ(stage.code_of(stage.at_market("", Side::buy, 100)), 110118) << "the touch lies beyond mark + 5 %";
}

// ---- closing

TEST(Closing, QuantityZeroClosesThePositionUpToTheLargestOrder) {
  Instrument instrument = test_instrument();
  instrument.max_market_order = Lots{150};
  Stage stage{{instrument}};
  stage.quotes(999, 1001);
  OrderRequest close = stage.at_market("", Side::sell, 0);
  EXPECT_EQ(stage.code_of(close), 10001);
  close.reduce_only = close.close_on_trigger = true;
  EXPECT_EQ(stage.code_of(close), 110017) << "flat";
  for (const char* id : {"a", "b"}) ASSERT_EQ(stage.code_of(stage.at_market(id, Side::buy, 100)), 0);
  EXPECT_EQ(stage.code_of(close), 0);
  EXPECT_EQ(held(stage), 50);
}

TEST(Closing, AReduceOnlyMarketOrderAboveTheMaximumIsSplit) {
  Instrument instrument = test_instrument();
  instrument.max_market_order = Lots{150};
  Stage stage{{instrument}};
  stage.quotes(999, 1001);
  for (const char* id : {"a", "b", "c", "d"})
    ASSERT_EQ(stage.code_of(stage.at_market(id, Side::buy, 100)), 0);
  OrderRequest close = stage.at_market("close", Side::sell, 320);
  close.reduce_only = true;
  ASSERT_EQ(stage.code_of(close), 0);
  EXPECT_EQ(held(stage), 80);
  const auto parts = stage.exchange.closed_orders(stage.trader, 3);
  EXPECT_EQ(parts[2].client_id, ClientOrderId{"close"});
  EXPECT_EQ(parts[2].size, Lots{150});
  EXPECT_EQ(parts[1].size, Lots{150});
  EXPECT_EQ(parts[0].size, Lots{20});
  EXPECT_TRUE(parts[0].client_id.empty());
}

TEST(Closing, CloseOnTriggerTakesThePlaceOfOtherReduceOnlyOrders) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 200)), 0);
  OrderRequest resting = stage.limit("r", Side::sell, 1005, 200);
  resting.reduce_only = true;
  ASSERT_EQ(stage.code_of(resting), 0);
  OrderRequest closing = stage.limit("c", Side::sell, 1004, 150);
  closing.reduce_only = true;
  EXPECT_EQ(stage.code_of(closing), 110017) << "all is promised";
  closing.close_on_trigger = true;
  ASSERT_EQ(stage.code_of(closing), 0);
  const auto open = stage.exchange.open_orders(stage.trader);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].client_id, ClientOrderId{"c"});
  EXPECT_EQ(last_closed(stage).cancel_type, "CancelByReduceOnly");
}

TEST(Closing, CloseOnTriggerCancelsEntriesUntilItsFeeFits) {
  Stage stage;
  stage.quotes(999, 1001, 200'000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 50'000)), 0);
  ASSERT_EQ(stage.code_of(stage.limit("e1", Side::buy, 995, 24'000)), 0);
  ASSERT_EQ(stage.code_of(stage.limit("e2", Side::buy, 994, 23'000)), 0);
  stage.mark("99.6");
  OrderRequest closing = stage.at_market("c", Side::sell, 50'000);
  closing.reduce_only = closing.close_on_trigger = true;
  ASSERT_EQ(stage.code_of(closing), 0);
  EXPECT_EQ(held(stage), 0);
  const auto open = stage.exchange.open_orders(stage.trader);
  ASSERT_EQ(open.size(), 1U) << "the newest entry had to go";
  EXPECT_EQ(open[0].client_id, ClientOrderId{"e1"});
}

// ---- self-match

struct SelfMatchStage : Stage {
  /// Own bid of 100 lots at 100, a stranger's 100 lots at 99.9.
  SelfMatchStage() {
    quotes(990, 1010, 100);
    EXPECT_EQ(code_of(limit("mine", Side::buy, 1000, 100)), 0);
    market([](MarketDoor& door) { door.add(symbol, Side::buy, PriceTicks{999}, Lots{100}); });
  }
  OrderRow sell(SelfMatch mode, TimeInForce tif = TimeInForce::gtc) {
    OrderRequest order = limit("taker", Side::sell, 999, 150, tif);
    order.self_match = mode;
    EXPECT_EQ(code_of(order), 0);
    return *exchange.find_order(trader, {.client_id = "taker"});
  }
  OrderRow mine() const { return *exchange.find_order(trader, {.client_id = "mine"}); }
};

TEST(SelfMatching, WithoutPreventionOneTradesWithOneself) {
  SelfMatchStage stage;
  const OrderRow taker = stage.sell(SelfMatch::none);
  EXPECT_EQ(taker.filled, Lots{150});
  EXPECT_EQ(stage.mine().status, OrderStatus::filled);
}

TEST(SelfMatching, CancelMakerLetsTheTakerGoOn) {
  SelfMatchStage stage;
  const OrderRow taker = stage.sell(SelfMatch::cancel_maker);
  EXPECT_EQ(taker.filled, Lots{100}) << "the stranger's";
  EXPECT_EQ(taker.status, OrderStatus::part_filled);
  EXPECT_EQ(stage.mine().cancel_type, "CancelBySmp");
  EXPECT_EQ(stage.mine().smp_order_id, taker.venue_id);
}

TEST(SelfMatching, CancelTakerLeavesTheRestingOrder) {
  SelfMatchStage stage;
  const OrderRow taker = stage.sell(SelfMatch::cancel_taker);
  EXPECT_EQ(taker.filled, Lots{0});
  EXPECT_EQ(taker.status, OrderStatus::cancelled);
  EXPECT_EQ(taker.cancel_type, "CancelBySmp");
  EXPECT_EQ(taker.smp_order_id, stage.mine().venue_id);
  EXPECT_EQ(stage.mine().status, OrderStatus::open);
}

TEST(SelfMatching, CancelBothTakesBoth) {
  SelfMatchStage stage;
  EXPECT_EQ(stage.sell(SelfMatch::cancel_both).cancel_type, "CancelBySmp");
  EXPECT_EQ(stage.mine().cancel_type, "CancelBySmp");
}

TEST(SelfMatching, FillOrKillCountsOnlyTheLotsOfOthers) {
  SelfMatchStage stage;
  const OrderRow taker = stage.sell(SelfMatch::cancel_maker, TimeInForce::fok);
  EXPECT_EQ(taker.filled, Lots{0});
  EXPECT_EQ(taker.reject_reason, "EC_CancelForNoFullFill");
  EXPECT_EQ(stage.mine().status, OrderStatus::open) << "nothing was touched";
}

// ---- price limits

TEST(PriceLimit, MovesThePriceUnlessTheAccountWantsARefusal) {
  Stage stage;
  EXPECT_EQ(stage.exchange.price_limits(Stage::symbol), PriceLimits{});
  stage.quotes(999, 1001);
  EXPECT_EQ(stage.exchange.price_limits(Stage::symbol), (PriceLimits{PriceTicks{1010}, PriceTicks{990}}));
  ASSERT_EQ(stage.code_of(stage.limit("s", Side::sell, 950, 600)), 0);
  EXPECT_EQ(stage.exchange.find_order(stage.trader, {.client_id = "s"})->price, PriceTicks{990});
  stage.exchange.set_limit_price_action(stage.trader, false);
  EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 1011, 100)), 110121);
  EXPECT_EQ(stage.code_of(stage.limit("", Side::sell, 989, 100)), 110120);
}

TEST(PriceLimit, FollowsMarkIndexAndThePremiumOfThirtySeconds) {
  Stage stage;
  stage.quotes(999, 1001);
  stage.mark("99");
  // mark 99, index 100: a bid up to index; an ask down to mark - 1 %.
  EXPECT_EQ(stage.exchange.price_limits(Stage::symbol), (PriceLimits{PriceTicks{1000}, PriceTicks{981}}));
  for (int i = 0; i < 31; ++i) {
    stage.market([i](MarketDoor& door) {
      door.set_level(Stage::symbol, Side::sell, PriceTicks{1001}, Lots{500 + i});
    });
  }
  // mid - mark has been 1 for half a minute: 99 * 1.01 + 1 = 100.99, above mark * 1.02 = 100.98.
  EXPECT_EQ(stage.exchange.price_limits(Stage::symbol).highest_bid, PriceTicks{1009});
}

TEST(PriceLimit, IsToldWhenItChanges) {
  Stage stage{{test_instrument()}, {.price_limit_interval = 300ms}};
  stage.quotes(999, 1001);
  stage.settle();
  stage.mark("101");
  EXPECT_EQ(stage.notes.kinds["price limit"], 2);
  stage.settle();
  EXPECT_EQ(stage.notes.kinds["price limit"], 2);
}

// ---- cancel-all

TEST(CancelAll, TakesSymbolBeforeBaseCoinBeforeSettleCoin) {
  Stage stage{{test_instrument(), test_instrument(1, "OTHERPERP")}};
  const auto fill = [&] {
    for (const std::uint16_t index : {0, 1}) {
      OrderRequest order = stage.limit("", Side::buy, 999, 100);
      order.symbol = SymbolId{index};
      EXPECT_EQ(stage.code_of(order), 0);
    }
  };
  const auto cancelled = [&](const CancelScope& scope) {
    const auto count = stage.exchange.cancel_all(stage.trader, scope).size();
    (void)stage.exchange.cancel_all(stage.trader, {});
    fill();
    return count;
  };
  fill();
  EXPECT_EQ(cancelled({}), 2U);
  EXPECT_EQ(cancelled({.settle_coin = "USDT"}), 1U);
  EXPECT_EQ(cancelled({.base_coin = "OTHER", .settle_coin = "USDT"}), 1U);
  EXPECT_EQ(cancelled({.base_coin = "NONE", .settle_coin = "USDT"}), 0U);
  EXPECT_EQ(cancelled({.symbol = SymbolId{1}, .base_coin = "NONE"}), 1U);
}

TEST(CancelAll, FiltersOrdersConditionalOnesAndTheStopsOfPositions) {
  Stage stage;
  stage.quotes(999, 1001);
  const auto cancelled = [&](OrderFilter filter, bool plain = false) {
    OrderRequest entry = stage.at_market("", Side::buy, 100);
    entry.stop_loss = on_mark(950);
    EXPECT_EQ(stage.code_of(entry), 0);
    EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 995, 100)), 0);
    OrderRequest conditional = stage.limit("", Side::buy, 995, 100);
    conditional.trigger = Trigger{PriceTicks{1009}, PriceSource::mark, true};
    EXPECT_EQ(stage.code_of(conditional), 0);
    std::set<StopKind> kinds;
    const CancelScope scope{.symbol = Stage::symbol, .filter = filter, .only_plain_stops = plain};
    for (const VenueId& id : stage.exchange.cancel_all(stage.trader, scope)) {
      kinds.insert(stage.exchange.find_order(stage.trader, {.venue_id = id})->stop);
    }
    (void)stage.exchange.cancel_all(stage.trader, {});
    return kinds;
  };
  using Kinds = std::set<StopKind>;
  EXPECT_EQ(cancelled(OrderFilter::all), (Kinds{StopKind::none, StopKind::stop, StopKind::stop_loss}));
  EXPECT_EQ(cancelled(OrderFilter::orders), (Kinds{StopKind::none}));
  EXPECT_EQ(cancelled(OrderFilter::stop_orders), (Kinds{StopKind::stop, StopKind::stop_loss}));
  EXPECT_EQ(cancelled(OrderFilter::stop_orders, true), (Kinds{StopKind::stop}));
  EXPECT_EQ(cancelled(OrderFilter::open_orders), (Kinds{StopKind::none, StopKind::stop}));
}

TEST(CancelAll, NeverTakesMoreThanFiveHundredAndLeavesTheChoiceToItsSeed) {
  const auto left = [] {
    Stage stage{{test_instrument(), test_instrument(1, "OTHERUSDT")}};
    for (int i = 0; i < 520; ++i) {
      OrderRequest order = stage.limit("", Side::buy, 200, 250);
      order.symbol = SymbolId{static_cast<std::uint16_t>(i % 2)};
      EXPECT_EQ(stage.code_of(order), 0);
    }
    EXPECT_EQ(stage.exchange.cancel_all(stage.trader, {}).size(), 500U);
    std::vector<std::uint64_t> numbers;
    for (const OrderRow& row : stage.exchange.open_orders(stage.trader)) numbers.push_back(row.number);
    return numbers;
  };
  const auto once = left();
  EXPECT_EQ(once.size(), 20U);
  EXPECT_LT(once.front(), 400U) << "not just the last twenty";
  EXPECT_EQ(once, left());
}

TEST(CancelAll, ShowsWhoAskedForIt) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 990, 100)), 0);
  EXPECT_EQ(stage.exchange.cancel_all(stage.trader, {.cancel_type = "CancelByDCP"}).size(), 1U);
  EXPECT_EQ(last_closed(stage).cancel_type, "CancelByDCP");
  EXPECT_FALSE(stage.exchange.save().empty()) << "a word that the saved state knows";
}

// ---- races, ids, status

TEST(CancelRace, ALateCancelIsRefusedOrByFaultToldAsASecondFilled) {
  for (const bool fault : {false, true}) {
    PuppetMarket::Script script;
    Notes notes;
    Exchange exchange{ExchangeSetup{.instruments = {test_instrument()},
                                    .start = test_start,
                                    .filled_twice_when_cancel_is_late = fault},
                      std::make_unique<PuppetMarket>(script), &notes};
    const AccountId trader = exchange.open_account("trader", *parse_e8("1000"));
    script.deeds.emplace_back(test_start, [](MarketDoor& door) {
      door.set_level(SymbolId{0}, Side::sell, PriceTicks{1000}, Lots{500});
      door.set_index_price(SymbolId{0}, *parse_e8("100"));
      door.set_mark_price(SymbolId{0}, *parse_e8("100"));
    });
    exchange.advance_to(test_start + 1s);
    ASSERT_TRUE(exchange.place(trader, {.client_id = "a", .price = PriceTicks{1000}, .size = Lots{100}}));
    const auto answer = exchange.cancel(trader, SymbolId{0}, {.client_id = "a"});
    EXPECT_EQ(answer ? 0 : answer.error().code, fault ? 0 : 110001);
    exchange.advance_to(test_start + 2s);
    std::vector<std::string> fills;
    for (const std::string& line : notes.account) {
      if (line.contains("filled")) fills.push_back(line);
    }
    ASSERT_EQ(fills.size(), fault ? 2U : 1U);
    EXPECT_EQ(fills[0], "0: order a filled 100/100");
    EXPECT_EQ(fills.back(), fault ? "0: order a filled 100/100 EC_OrigClOrdIDDoesNotExist" : fills[0]);
    EXPECT_EQ(exchange.cancel(trader, SymbolId{0}, {.client_id = "a"}).error().code, 110001) << "long told";
  }
}

TEST(OrderKeys, TheVenuesIdWinsWhenBothAreGiven) {
  Stage stage;
  stage.quotes(999, 1001);
  const auto first = stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 990, 100));
  ASSERT_EQ(stage.code_of(stage.limit("b", Side::buy, 991, 100)), 0);
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.venue_id = *first, .client_id = "b"}));
  EXPECT_EQ(stage.exchange.open_orders(stage.trader)[0].client_id, ClientOrderId{"b"});
}

TEST(SymbolStatus, WhatIsNotLiveTakesNoOrdersButLetsGo) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 990, 100)), 0);
  stage.exchange.set_live(Stage::symbol, false);
  EXPECT_EQ(stage.code_of(stage.limit("b", Side::buy, 990, 100)), 110074);
  EXPECT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "a"}));
}

}  // namespace
}  // namespace mlbot::sim
