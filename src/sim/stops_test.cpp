// What waits for a trigger, told as stories: conditional orders, TP/SL in parts, trailing stops.
#include <gtest/gtest.h>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

/// A print at `price`: anonymous lots are put there and taken.
void print_at(Stage& stage, std::int64_t price) {
  stage.market([price](MarketDoor& door) {
    const Trade print{.matched_at = door.now(), .price = PriceTicks{price}, .size = Lots{1}};
    door.print(Stage::symbol, std::span{&print, 1});
  });
}

OrderRequest when(OrderRequest order, std::int64_t price, bool rising, PriceSource by = PriceSource::last) {
  order.trigger = Trigger{PriceTicks{price}, by, rising};
  return order;
}

StopLeg leg(std::int64_t trigger, std::optional<std::int64_t> limit = {}) {
  StopLeg out{.trigger = PriceTicks{trigger}};
  if (limit) out.limit = PriceTicks{*limit};
  return out;
}

struct Holder : Stage {
  /// Long 200 lots, last price 100.
  Holder() {
    quotes(999, 1001, 5000);
    EXPECT_EQ(code_of(at_market("entry", Side::buy, 200)), 0);
    print_at(*this, 1000);
    story();
  }
  std::int32_t stop(const StopRequest& request) {
    const auto answer = exchange.set_position_stop(trader, symbol, request);
    text = answer ? "" : answer.error().text.str();
    return answer ? 0 : answer.error().code;
  }
  std::int64_t size() const { return exchange.position(trader, symbol).size.count; }
  std::vector<OrderRow> held() const { return exchange.open_orders(trader); }
  OrderRow closed(std::size_t newest) const { return exchange.closed_orders(trader, newest + 1).at(newest); }
  std::string text;
};

// ---- conditional orders

TEST(Conditional, WaitsHoldsNoMarginAndGoesToTheBookWhenTheLastPriceComes) {
  Stage stage;
  stage.quotes(999, 1001);
  print_at(stage, 1000);
  stage.story();
  ASSERT_EQ(stage.code_of(when(stage.limit("c", Side::buy, 1000, 100), 1004, true)), 0);
  stage.settle();
  EXPECT_EQ(stage.story(),
            (Story{"0: order stop c untriggered 0/100", "0: position 0 @ 0", "0: wallet 1000"}));
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).order_margin), "0");
  const OrderRow row = stage.exchange.open_orders(stage.trader)[0];
  EXPECT_EQ(row.stop, StopKind::stop);
  EXPECT_EQ(row.create_type, "CreateByStopOrder");
  EXPECT_EQ(to_text(row.last_price_on_created), "100");
  print_at(stage, 1003);
  EXPECT_EQ(stage.story(), Story{});
  print_at(stage, 1004);
  EXPECT_EQ(stage.story(), (Story{"0: order stop c triggered 0/100", "0: order stop c open 0/100",
                                  "0: position 0 @ 0", "0: wallet 1000"}));
  EXPECT_GT(stage.exchange.wallet(stage.trader).order_margin, E8{}) << "from now on it does";
}

TEST(Conditional, AMarketOrderFillsWhenMarkOrIndexFallsToItsTrigger) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(when(stage.at_market("m", Side::buy, 60), 990, false, PriceSource::mark)), 0);
  ASSERT_EQ(stage.code_of(when(stage.at_market("i", Side::buy, 70), 985, false, PriceSource::index)), 0);
  stage.mark("99.1");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
  stage.mark("99");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{60});
  stage.market([](MarketDoor& door) { door.set_index_price(Stage::symbol, *parse_e8("98.5")); });
  stage.mark("98.9");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{130});
}

TEST(Conditional, MustLieOnTheFarSideOfItsPrice) {
  Stage stage;
  stage.quotes(999, 1001);
  print_at(stage, 1000);
  const auto answer =
      stage.exchange.place(stage.trader, when(stage.at_market("", Side::buy, 100), 1000, true));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, 110092);
  EXPECT_EQ(answer.error().text.view(),
            "expect Rising, but trigger_price[1000000] <= current[1000000]??LastPrice");
  EXPECT_EQ(stage.code_of(when(stage.at_market("", Side::buy, 100), 1001, false)), 110093);
  OrderRequest with_leg = when(stage.at_market("", Side::buy, 100), 1001, true);
  with_leg.stop_loss = leg(990);
  EXPECT_EQ(stage.code_of(with_leg), 110057);
}

TEST(Conditional, AtMostTenOfASymbol) {
  Stage stage;
  stage.quotes(999, 1001);
  print_at(stage, 1000);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(stage.code_of(when(stage.limit("", Side::buy, 999, 100), 1010 + i, true)), 0);
  }
  EXPECT_EQ(stage.code_of(when(stage.limit("", Side::buy, 999, 100), 1030, true)), 110009);
}

TEST(Conditional, IsCancelledWhenTheMarginLacksAtItsTrigger) {
  Stage stage;
  stage.quotes(999, 1001, 200'000);
  print_at(stage, 1000);
  ASSERT_EQ(stage.code_of(when(stage.limit("c", Side::buy, 1000, 90'000), 1002, true)), 0);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 999, 50'000)), 0);
  print_at(stage, 1002);
  const OrderRow row = stage.exchange.closed_orders(stage.trader, 1).at(0);
  EXPECT_EQ(row.client_id, ClientOrderId{"c"});
  EXPECT_EQ(row.status, OrderStatus::cancelled);
}

TEST(Conditional, IsAmendedAndCancelledBeforeItsTrigger) {
  Stage stage;
  stage.quotes(999, 1001);
  print_at(stage, 1000);
  ASSERT_EQ(stage.code_of(when(stage.limit("c", Side::buy, 999, 100), 1010, true)), 0);
  const auto amend = [&](const Amendment& change) {
    const auto answer = stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "c"}, change);
    return answer ? 0 : answer.error().code;
  };
  EXPECT_EQ(amend({.trigger_price = PriceTicks{1010}}), 10001) << "not modified";
  EXPECT_EQ(amend({.trigger_price = PriceTicks{990}}), 110092);
  EXPECT_EQ(amend({.stop_loss = {.trigger = PriceTicks{900}}}), 110057);
  EXPECT_EQ(amend({.price = PriceTicks{998},
                   .size = Lots{120},
                   .trigger_price = PriceTicks{1005},
                   .trigger_by = PriceSource::mark}),
            0);
  const OrderRow row = stage.exchange.open_orders(stage.trader)[0];
  EXPECT_EQ(row.trigger, (Trigger{PriceTicks{1005}, PriceSource::mark, true}));
  EXPECT_EQ(row.size, Lots{120});
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "c"}));
  const OrderRow gone = stage.exchange.closed_orders(stage.trader, 1)[0];
  EXPECT_EQ(gone.status, OrderStatus::deactivated);
  EXPECT_EQ(gone.cancel_type, "CancelByUser");
}

TEST(Conditional, AReduceOnlyOneFindsNothingToCloseAndGoes) {
  Holder stage;
  OrderRequest order = when(stage.at_market("c", Side::sell, 200), 990, false);
  order.reduce_only = true;
  ASSERT_EQ(stage.code_of(order), 0);
  ASSERT_EQ(stage.code_of(stage.at_market("x", Side::sell, 200)), 0);
  print_at(stage, 989);
  EXPECT_EQ(stage.closed(0).cancel_type, "CancelByReduceOnly");
  EXPECT_EQ(stage.size(), 0);
}

// ---- TP/SL of the whole position

TEST(TradingStop, TheWrongSideIsRefusedInTheVenuesWords) {
  Holder stage;
  EXPECT_EQ(stage.stop({.stop_loss = leg(1000)}), 10001);
  EXPECT_EQ(stage.text,
            "StopLoss:1000000 set for Buy position should lower than base_price:1000000??LastPrice");
  EXPECT_EQ(stage.stop({.take_profit = leg(999)}), 10001);
  EXPECT_EQ(stage.text,
            "TakeProfit:999000 set for Buy position should be higher than base_price:1000000??LastPrice");
}

TEST(TradingStop, UnchangedLimitInFullModeAndSizesHaveTheirCodes) {
  Holder stage;
  EXPECT_EQ(stage.stop({.stop_loss = leg(990), .take_profit = leg(1020)}), 0);
  EXPECT_EQ(stage.stop({.stop_loss = leg(990), .take_profit = leg(1020)}), 34040);
  EXPECT_EQ(stage.stop({.stop_loss = leg(980, 979)}), 110060);
  EXPECT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(980), .size = Lots{201}}), 110058);
  EXPECT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(980)}), 10001) << "no size";
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(980 - i), .size = Lots{10}}), 0);
  }
  EXPECT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(950), .size = Lots{10}}), 110061);
}

TEST(TradingStop, OneLegFiresAndTheOtherIsCancelled) {
  Holder stage;
  ASSERT_EQ(stage.stop({.stop_loss = leg(990), .take_profit = leg(1010)}), 0);
  print_at(stage, 1010);
  EXPECT_EQ(stage.size(), 0);
  EXPECT_TRUE(stage.held().empty());
  EXPECT_EQ(stage.closed(0).create_type, "CreateByTakeProfit");
  EXPECT_EQ(stage.closed(0).status, OrderStatus::filled);
  EXPECT_EQ(stage.closed(1).cancel_type, "CancelByOCOSlCanceledByTpTriggered");
  EXPECT_EQ(stage.closed(1).status, OrderStatus::deactivated);
}

TEST(TradingStop, LegsDieWithThePosition) {
  Holder stage;
  ASSERT_EQ(stage.stop({.stop_loss = leg(990), .take_profit = leg(1010)}), 0);
  ASSERT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(985), .size = Lots{50}}), 0);
  ASSERT_EQ(stage.stop({.trailing = *parse_e8("2")}), 0);
  ASSERT_EQ(stage.code_of(stage.at_market("x", Side::sell, 200)), 0);
  EXPECT_TRUE(stage.held().empty());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(stage.closed(i).cancel_type, "CancelByTpSlTsClear");
}

TEST(TradingStop, ACloseAboveTheLargestMarketOrderGoesInParts) {
  Instrument instrument = test_instrument();
  instrument.max_market_order = Lots{150};
  Stage stage{{instrument}};
  stage.quotes(999, 1001, 5000);
  for (const char* id : {"a", "b", "c"}) ASSERT_EQ(stage.code_of(stage.at_market(id, Side::buy, 120)), 0);
  StopRequest request{.stop_loss = leg(990)};
  ASSERT_TRUE(stage.exchange.set_position_stop(stage.trader, Stage::symbol, request));
  print_at(stage, 990);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
  const auto closed = stage.exchange.closed_orders(stage.trader, 3);
  EXPECT_EQ(closed[0].size, Lots{60});
  EXPECT_EQ(closed[1].size, Lots{150});
  EXPECT_EQ(closed[2].size, Lots{150});
}

// ---- partial TP/SL

TEST(PartialStops, AttachedOnesGrowWithTheFillsAndALimitLegRestsInTheBook) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest entry = stage.limit("e", Side::buy, 1000, 200);
  entry.stop_mode = StopMode::partial;
  entry.stop_loss = leg(990);
  entry.take_profit = leg(1005, 1006);
  ASSERT_EQ(stage.code_of(entry), 0);
  for (const int lots : {80, 70}) {
    stage.market(
        [lots](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{lots}, PriceTicks{1000}); });
    ASSERT_EQ(stage.exchange.open_orders(stage.trader).size(), 3U) << "the entry and one pair";
  }
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).stop_loss), "0")
      << "not of the whole";
  const OrderRow take_profit = stage.exchange.open_orders(stage.trader)[2];
  EXPECT_EQ(take_profit.stop, StopKind::partial_take_profit);
  EXPECT_EQ(take_profit.size, Lots{150});
  print_at(stage, 1005);
  const auto open = stage.exchange.open_orders(stage.trader);
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[1].status, OrderStatus::open);
  EXPECT_EQ(open[1].price, PriceTicks{1006});
  EXPECT_EQ(stage.exchange.closed_orders(stage.trader, 1)[0].cancel_type,
            "CancelByOCOSlCanceledByTpTriggered");
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::buy, Lots{2000}, PriceTicks{1006}); });
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
}

TEST(PartialStops, AreCutToThePosition) {
  Holder stage;
  ASSERT_EQ(stage.stop({.mode = StopMode::partial, .stop_loss = leg(990), .size = Lots{150}}), 0);
  ASSERT_EQ(stage.code_of(stage.at_market("x", Side::sell, 120)), 0);
  EXPECT_EQ(stage.held()[0].size, Lots{80});
  print_at(stage, 990);
  EXPECT_EQ(stage.size(), 0);
}

// ---- trailing stops

TEST(TrailingStop, FollowsTheLastPriceUpAndFiresOnTheWayBack) {
  Holder stage;
  EXPECT_EQ(stage.stop({.trailing = *parse_e8("1.05")}), 10001) << "off the tick";
  EXPECT_EQ(stage.stop({.trailing = *parse_e8("1")}), 0);
  EXPECT_EQ(stage.stop({.trailing = *parse_e8("1")}), 34040);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).trailing_stop), "1");
  print_at(stage, 1020);
  EXPECT_EQ(stage.held()[0].trigger->price, PriceTicks{1010});
  print_at(stage, 1011);
  EXPECT_EQ(stage.size(), 200);
  print_at(stage, 1010);
  EXPECT_EQ(stage.size(), 0);
  EXPECT_EQ(stage.closed(0).create_type, "CreateByTrailingStop");
}

TEST(TrailingStop, WaitsForItsActivePriceAndIsRemovedByZero) {
  Holder stage;
  EXPECT_EQ(stage.stop({.trailing = *parse_e8("1"), .active_price = PriceTicks{990}}), 10001) << "behind";
  EXPECT_EQ(stage.stop({.trailing = *parse_e8("1"), .active_price = PriceTicks{1015}}), 0);
  print_at(stage, 1014);
  print_at(stage, 1001);
  EXPECT_EQ(stage.size(), 200) << "not active yet";
  print_at(stage, 1015);
  EXPECT_EQ(stage.held()[0].trigger->price, PriceTicks{1005});
  EXPECT_EQ(stage.stop({.trailing = E8{}}), 0);
  EXPECT_TRUE(stage.held().empty());
}

TEST(TrailingStop, OfAShortFollowsDown) {
  Stage stage;
  stage.quotes(999, 1001, 5000);
  ASSERT_EQ(stage.code_of(stage.at_market("s", Side::sell, 100)), 0);
  print_at(stage, 1000);
  StopRequest request{.trailing = *parse_e8("1")};
  ASSERT_TRUE(stage.exchange.set_position_stop(stage.trader, Stage::symbol, request));
  print_at(stage, 985);
  print_at(stage, 994);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{-100});
  print_at(stage, 995);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
}

// ---- legs of a resting entry

TEST(AttachedLegs, AreAmendedUntilTheOrderIsPartlyFilled) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest entry = stage.limit("e", Side::buy, 1000, 200);
  entry.stop_loss = leg(990);
  ASSERT_EQ(stage.code_of(entry), 0);
  const auto amend = [&](const Amendment& change) {
    const auto answer = stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "e"}, change);
    return answer ? 0 : answer.error().code;
  };
  EXPECT_EQ(amend({.stop_loss = {.trigger = PriceTicks{1000}}}), 10001);
  EXPECT_EQ(amend({.stop_loss = {.trigger = PriceTicks{0}}, .take_profit = {.trigger = PriceTicks{1010}}}),
            0);
  const OrderRow row = stage.exchange.open_orders(stage.trader)[0];
  EXPECT_FALSE(row.stop_loss);
  EXPECT_EQ(row.take_profit->trigger, PriceTicks{1010});
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{50}, PriceTicks{1000}); });
  EXPECT_EQ(amend({.take_profit = {.trigger = PriceTicks{1020}}}), 110059);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).take_profit), "101");
}

}  // namespace
}  // namespace mlbot::sim
