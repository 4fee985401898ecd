// What happens to an order, told as stories.
#include "sim/exchange.h"

#include <gtest/gtest.h>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

// ---- orders

TEST(Exchange, AMarketOrderIsTakenFromTheBookAndToldInTheVenuesOrder) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.at_market("a", Side::buy, 100)));
  EXPECT_TRUE(stage.story().empty()) << "the answer comes before its news";
  stage.settle();
  // 100 lots at 100.1 are 10.01 USDT; taker fee 0.055 %.
  EXPECT_EQ(stage.story(), (Story{"0: trade buy 100 @ 100.1 fee 0.0055055 pnl 0", "0: order a filled 100/100",
                                  "0: position 100 @ 100.1", "0: wallet 999.9944945"}));
  ASSERT_EQ(stage.notes.prints.size(), 1U);
  EXPECT_EQ(stage.notes.prints[0].taker, Side::buy);
  EXPECT_EQ(stage.exchange.book(Stage::symbol, 1).asks[0].size, Lots{400});
}

TEST(Exchange, ARestingOrderWaitsItsTurnAndIsFilledInParts) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 999, 100)));
  stage.settle();
  EXPECT_EQ(stage.story(), (Story{"0: order a open 0/100", "0: position 0 @ 0", "0: wallet 1000"}));
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{500}, PriceTicks{900}); });
  EXPECT_EQ(stage.story(), Story{}) << "five hundred stood before us";
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{40}, PriceTicks{900}); });
  EXPECT_EQ(stage.story(),
            (Story{"0: trade buy 40 @ 99.9 fee 0.0007992 pnl 0", "0: order a part_filled 40/100",
                   "0: position 40 @ 99.9", "0: wallet 999.9992008"}));
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{80}, PriceTicks{900}); });
  EXPECT_EQ(stage.story()[1], "0: order a filled 100/100");
  EXPECT_TRUE(stage.exchange.open_orders(stage.trader).empty());
}

TEST(Exchange, WhatCannotBeDoneAtOnceIsCancelledWithTheVenuesReason) {
  Stage stage;
  stage.quotes(999, 1001);
  const auto last_order = [&](const OrderRequest& request) {
    EXPECT_TRUE(stage.exchange.place(stage.trader, request)) << "the answer is a promise to try";
    const auto row = stage.exchange.closed_orders(stage.trader, 1).at(0);
    return std::pair{row.filled.count, row.reject_reason};
  };
  using Outcome = std::pair<std::int64_t, std::string_view>;
  EXPECT_EQ(last_order(stage.limit("p", Side::buy, 1001, 100, TimeInForce::post_only)),
            (Outcome{0, "EC_PostOnlyWillTakeLiquidity"}));
  EXPECT_EQ(last_order(stage.limit("f", Side::buy, 1001, 600, TimeInForce::fok)),
            (Outcome{0, "EC_CancelForNoFullFill"}));
  EXPECT_EQ(last_order(stage.limit("i", Side::buy, 1000, 600, TimeInForce::ioc)),
            (Outcome{0, "EC_NoImmediateQtyToFill"}));
  EXPECT_EQ(last_order(stage.limit("j", Side::buy, 1001, 600, TimeInForce::ioc)),
            (Outcome{500, "EC_NoEnoughQtyToFill"}));
}

TEST(Exchange, AnAmendedOrderKeepsItsPlaceOnlyWhenItShrinks) {
  Stage stage;
  stage.quotes(998, 1002);
  const AccountId rival = stage.exchange.open_account("rival", *parse_e8("1000"));
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 999, 200)));
  ASSERT_TRUE(stage.exchange.place(rival, stage.limit("r", Side::buy, 999, 100)));
  ASSERT_TRUE(stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "a"}, {.size = Lots{100}}));
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{60}, PriceTicks{999}); });
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{60}) << "still first";
  ASSERT_TRUE(stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "a"}, {.size = Lots{300}}));
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{60}, PriceTicks{999}); });
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{60}) << "now behind the rival";
  EXPECT_EQ(stage.exchange.position(rival, Stage::symbol).size, Lots{60});
}

TEST(Exchange, AnAmendmentAcrossTheSpreadTrades) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 999, 100)));
  ASSERT_TRUE(
      stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "a"}, {.price = PriceTicks{1001}}));
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{100});
}

TEST(Exchange, TwoAccountsTradeWithEachOtherAndNoMoneyIsMadeOrLostButFees) {
  Stage stage;
  stage.quotes(990, 1010);
  const AccountId rival = stage.exchange.open_account("rival", *parse_e8("1000"));
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 1000, 100)));
  ASSERT_TRUE(stage.exchange.place(rival, stage.at_market("r", Side::sell, 100)));
  ASSERT_TRUE(stage.exchange.place(rival, stage.limit("s", Side::buy, 1003, 100)));
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.at_market("b", Side::sell, 100)));
  const auto mine = stage.exchange.wallet(stage.trader), theirs = stage.exchange.wallet(rival);
  // Bought at 100 (maker 0.002), sold at 100.3 (taker 0.0055165): +0.03; the rival the other way round.
  EXPECT_EQ(to_text(mine.wallet_balance), "1000.0224835");
  EXPECT_EQ(to_text(theirs.wallet_balance), "999.962494");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
}

// ---- refusals

TEST(Refusals, EachHasTheVenuesCode) {
  Stage stage;
  OrderRequest early = stage.at_market("e", Side::buy, 100);
  EXPECT_EQ(stage.code_of(early), 110118) << "no book yet";
  stage.quotes(999, 1001, 1'000'000);
  const auto limit = [&](Side side, std::int64_t price, std::int64_t lots) {
    return stage.limit("", side, price, lots);
  };
  EXPECT_EQ(stage.code_of(limit(Side::buy, 1000, 0)), 10001);
  EXPECT_EQ(stage.code_of(limit(Side::buy, 0, 100)), 10001);
  EXPECT_EQ(stage.code_of(limit(Side::buy, 1000, 1'000'001)), 10001);
  EXPECT_EQ(stage.code_of(stage.at_market("", Side::buy, 500'001)), 10001);
  EXPECT_EQ(stage.code_of(stage.limit("not an id", Side::buy, 1000, 100)), 10001);
  EXPECT_EQ(stage.code_of(limit(Side::buy, 1000, 49)), 110094) << "4.9 USDT";
  EXPECT_EQ(stage.code_of(limit(Side::buy, 19'999'999, 100)), 110003) << "off the venue's scale";
  stage.exchange.set_limit_price_action(stage.trader, false);
  EXPECT_EQ(stage.code_of(limit(Side::buy, 1011, 100)), 110121) << "mark 100 + 1 %";
  EXPECT_EQ(stage.code_of(limit(Side::sell, 989, 100)), 110120);
  EXPECT_EQ(stage.code_of(limit(Side::buy, 1000, 100'001)), 110007)
      << "10 000 at 10x, and fees, is more than 1 000";
  OrderRequest other = limit(Side::buy, 1000, 100);
  other.symbol = SymbolId{7};
  EXPECT_EQ(stage.code_of(other), 10001);
  EXPECT_TRUE(stage.exchange.open_orders(stage.trader).empty());
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).available), "1000");
}

TEST(Refusals, AClientIdIsGoodOnceEvenAfterTheOrderIsGone) {
  Stage stage;
  stage.quotes(999, 1001);
  EXPECT_EQ(stage.code_of(stage.limit("a", Side::buy, 999, 100)), 0);
  EXPECT_EQ(stage.code_of(stage.limit("a", Side::buy, 998, 100)), 110072);
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "a"}));
  EXPECT_EQ(stage.code_of(stage.limit("a", Side::buy, 998, 100)), 110072);
}

TEST(Refusals, AmendAndCancelOfWhatIsNotThere) {
  Stage stage;
  stage.quotes(999, 1001);
  const auto amend = [&](OrderKey key, Amendment change) {
    const auto answer = stage.exchange.amend(stage.trader, Stage::symbol, key, change);
    return answer ? 0 : answer.error().code;
  };
  EXPECT_EQ(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "x"}).error().code, 110001);
  EXPECT_EQ(stage.exchange.cancel(stage.trader, Stage::symbol, {}).error().code, 10001);
  EXPECT_EQ(amend({.client_id = "x"}, {.size = Lots{100}}), 110001);
  ASSERT_TRUE(stage.exchange.place(stage.trader, stage.limit("a", Side::buy, 999, 100)));
  EXPECT_EQ(amend({.client_id = "a"}, {.size = Lots{100}}), 10001) << "order not modified";
  stage.exchange.set_limit_price_action(stage.trader, false);
  EXPECT_EQ(amend({.client_id = "a"}, {.price = PriceTicks{1011}}), 110121);
  EXPECT_EQ(amend({.client_id = "a"}, {.size = Lots{40}}), 110094);
  EXPECT_EQ(amend({.client_id = "a"}, {.size = Lots{200'000}}), 110007);
  stage.market([](MarketDoor& door) { door.take(Stage::symbol, Side::sell, Lots{560}, PriceTicks{999}); });
  EXPECT_EQ(amend({.client_id = "a"}, {.size = Lots{60}}), 110064) << "60 are filled";
  EXPECT_EQ(amend({.client_id = "a"}, {.size = Lots{61}}), 0);
}

TEST(Refusals, TheFiveHundredAndFirstOrder) {
  Stage stage;
  stage.quotes(999, 1001);
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(stage.code_of(stage.limit("", Side::buy, 990, 50'000 / 990 + 1)), 0) << i;
  EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 990, 51)), 110020);
  EXPECT_EQ(stage.exchange.cancel_all(stage.trader, {}).size(), 500U);
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).available), "1000");
}

TEST(Refusals, LeverageUnchangedOrOutOfBounds) {
  Stage stage;
  const auto code = [&](std::string_view leverage) {
    const auto answer =
        stage.exchange.set_leverage(stage.trader, Stage::symbol, *parse_e8(leverage), *parse_e8(leverage));
    return answer ? 0 : answer.error().code;
  };
  EXPECT_EQ(code("10"), 110043);
  EXPECT_EQ(code("101"), 110013);
  EXPECT_EQ(code("0.5"), 10001);
  EXPECT_EQ(code("20"), 0);
}

// ---- reduce-only

TEST(ReduceOnly, OnlyEverShrinksThePosition) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest close = stage.at_market("c", Side::sell, 300);
  close.reduce_only = true;
  EXPECT_EQ(stage.code_of(close), 110017) << "flat";
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 100)), 0);
  OrderRequest more = stage.at_market("m", Side::buy, 100);
  more.reduce_only = true;
  EXPECT_EQ(stage.code_of(more), 110017) << "same side";
  EXPECT_EQ(stage.code_of(close), 0);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0}) << "cut to what was held";
}

TEST(ReduceOnly, RestingOrdersAreCutWhenThePositionShrinks) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 300)), 0);
  for (const auto& [id, lots] : {std::pair{"r1", 200}, {"r2", 100}}) {
    OrderRequest take_profit = stage.limit(id, Side::sell, 1005, lots);
    take_profit.reduce_only = true;
    ASSERT_EQ(stage.code_of(take_profit), 0);
  }
  OrderRequest third = stage.limit("r3", Side::sell, 1005, 50);
  third.reduce_only = true;
  EXPECT_EQ(stage.code_of(third), 110017) << "all is promised already";
  stage.settle();
  stage.story();
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::sell, 150)), 0);
  const auto open = stage.exchange.open_orders(stage.trader);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].client_id, ClientOrderId{"r1"});
  EXPECT_EQ(open[0].size, Lots{150});
  EXPECT_EQ(stage.exchange.closed_orders(stage.trader, 1)[0].cancel_type, "CancelByReduceOnly");
}

// ---- stops

TEST(Stops, AnEntryBringsItsStopAndMarkSetsItOff) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest entry = stage.at_market("a", Side::buy, 100);
  entry.stop_loss = on_mark(990);
  entry.take_profit = on_mark(1050);
  ASSERT_EQ(stage.code_of(entry), 0);
  stage.settle();
  EXPECT_EQ(stage.story(),
            (Story{"0: trade buy 100 @ 100.1 fee 0.0055055 pnl 0", "0: order stop  untriggered 0/100",
                   "0: order stop  untriggered 0/100", "0: order a filled 100/100", "0: position 100 @ 100.1",
                   "0: wallet 999.9944945"}));
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).stop_loss), "99");
  stage.mark("99.1");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{100});
  stage.story();
  stage.mark("99");
  EXPECT_EQ(stage.story(),
            (Story{"0: order stop  triggered 0/100",
                   "0: order stop  deactivated 0/100 CancelByOCOTpCanceledBySlTriggered",
                   "0: trade sell 100 @ 99.9 fee 0.0054945 pnl -0.02", "0: order stop  filled 100/100",
                   "0: position 0 @ 0", "0: wallet 999.969"}));
}

TEST(Stops, SurviveCancelAllUnlessTheyAreMeant) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest entry = stage.limit("a", Side::sell, 999, 100);
  entry.stop_loss = on_mark(1010);
  ASSERT_EQ(stage.code_of(entry), 0);
  ASSERT_EQ(stage.code_of(stage.limit("b", Side::sell, 1005, 100)), 0);
  EXPECT_EQ(stage.exchange.cancel_all(stage.trader, {.symbol = Stage::symbol, .filter = OrderFilter::orders})
                .size(),
            1U);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).stop_loss), "101");
  EXPECT_EQ(stage.exchange.cancel_all(stage.trader, {.symbol = Stage::symbol}).size(), 1U);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).stop_loss), "0");
}

TEST(Stops, AreSetMovedAndRemovedOnThePosition) {
  Stage stage;
  stage.quotes(999, 1001);
  const auto set = [&](StopRequest request) {
    const auto answer = stage.exchange.set_position_stop(stage.trader, Stage::symbol, request);
    return answer ? 0 : answer.error().code;
  };
  EXPECT_EQ(set({.stop_loss = on_mark(990)}), 10001) << "flat";
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 100)), 0);
  EXPECT_EQ(set({.stop_loss = on_mark(1010)}), 10001) << "above mark";
  EXPECT_EQ(set({.stop_loss = on_mark(990)}), 0);
  EXPECT_EQ(set({.stop_loss = on_mark(990)}), 34040);
  EXPECT_EQ(set({.stop_loss = on_mark(995), .take_profit = on_mark(1020)}), 0);
  EXPECT_EQ(stage.exchange.open_orders(stage.trader).size(), 2U);
  EXPECT_EQ(set({.stop_loss = on_mark(0)}), 0);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).stop_loss), "0");
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).take_profit), "102");
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::buy, 50)), 0);
  EXPECT_EQ(stage.exchange.open_orders(stage.trader)[0].size, Lots{150})
      << "a stop is for the whole position";
}

TEST(Stops, OnTheWrongSideOfAnEntryAreRefused) {
  Stage stage;
  stage.quotes(999, 1001);
  OrderRequest entry = stage.limit("a", Side::buy, 999, 100);
  entry.stop_loss = on_mark(999);
  EXPECT_EQ(stage.code_of(entry), 10001);
  entry.stop_loss = on_mark(990);
  entry.take_profit = on_mark(998);
  EXPECT_EQ(stage.code_of(entry), 10001);
}

// ---- money

TEST(Money, AverageEntryRealisedPnlAndMarginsByHand) {
  Stage stage;
  stage.quotes(999, 1000, 100'000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 500)), 0);  // 0.5 @ 100
  stage.quotes(1009, 1010, 100'000);
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::buy, 1000)), 0);  // 1 @ 101
  stage.mark("102");
  const auto position = stage.exchange.position(stage.trader, Stage::symbol);
  EXPECT_EQ(to_text(position.entry_price), "100.66666667");
  EXPECT_EQ(to_text(position.unrealised_pnl), "2");  // 153 - 151
  // closing fee 151 * 0.9 * 0.00055 = 0.074745; IM 15.3 and MM 153 * 0.005 on top of it.
  EXPECT_EQ(to_text(position.initial_margin), "15.374745");
  EXPECT_EQ(to_text(position.maintenance_margin), "0.839745");
  const auto wallet = stage.exchange.wallet(stage.trader);
  EXPECT_EQ(to_text(wallet.wallet_balance), "999.91695");  // fees 0.0275 + 0.05555
  EXPECT_EQ(to_text(wallet.equity), "1001.91695");
  EXPECT_EQ(to_text(wallet.available), "986.542205");
  // liq = M - (equity - MM) / q = 102 - 1001.077205 / 1.5, below zero: none.
  EXPECT_EQ(to_text(position.liquidation_price), "0");

  stage.quotes(1020, 1021, 100'000);
  ASSERT_EQ(stage.code_of(stage.at_market("c", Side::sell, 500)),
            0);  // a third of 151 goes: 51 - 50.33333333
  const auto closed = stage.exchange.executions(stage.trader, 1)[0];
  EXPECT_EQ(to_text(closed.execution.realised_pnl), "0.66666667");
  EXPECT_EQ(closed.closed, Lots{500});
  ASSERT_EQ(stage.code_of(stage.at_market("d", Side::sell, 1000)), 0);
  // 0.5 and 1 bought for 151, sold for 153: 2 in all, to the last digit, less four fees.
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).wallet_balance), "1001.8328");
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).realised_pnl), "1.8328");
}

TEST(Money, AnOpenOrderHoldsMarginUntilItIsGone) {
  Stage stage;
  stage.quotes(999, 1001);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 990, 1000)), 0);
  // 99/10 + 99 * 0.00055 + 99 * 0.9 * 0.00055
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).order_margin), "10.003455");
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "a"}));
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).order_margin), "0");
}

TEST(Money, FundingIsPaidAtTheInstantByWhoHoldsThen) {
  Stage stage;
  stage.quotes(999, 1000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::sell, 400)), 0);
  stage.mark("101");
  stage.market([](MarketDoor& door) { door.set_funding_rate(Stage::symbol, *parse_e8("0.0003")); });
  stage.story();
  const Instant due = stage.exchange.ticker(Stage::symbol).next_funding;
  EXPECT_EQ(due.seconds() % (8 * 3600), 0);
  stage.exchange.advance_to(due - 1s);
  EXPECT_EQ(stage.story(), Story{});
  stage.exchange.advance_to(due + 1s);
  // Longs pay shorts while the rate is above zero: 0.4 * 101 * 0.0003 comes in.
  const auto told = stage.story();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0], "0: funding sell 400 @ 101 fee -0.01212 pnl 0");
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).wallet_balance),
            "999.990142");  // 1000 - 0.021978 + 0.01212
}

}  // namespace
}  // namespace mlbot::sim
