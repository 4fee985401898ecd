// Margin that does not suffice, told as stories: tiers, takeover, insurance fund, deleveraging.
#include <gtest/gtest.h>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

template <class Answer>
std::int32_t code(const Answer& answer) {
  return answer ? 0 : answer.error().code;
}

bool has_line(const Story& story, std::string_view start) {
  return std::ranges::any_of(story, [start](const std::string& line) { return line.starts_with(start); });
}

/// A stage whose account `small` has bought 900 lots for 90 USDT on a deposit of 10.
struct SmallLong : Stage {
  explicit SmallLong(E8 fund = E8{1000 * e8_per_unit})
      : Stage({test_instrument()}, {}, [fund](ExchangeSetup& setup) { setup.insurance_fund = fund; }) {
    quotes(999, 1000, 100'000);
    small = exchange.open_account("small", *parse_e8("10"));
    EXPECT_TRUE(exchange.place(small, at_market("a", Side::buy, 900)));
    mark("100");  // from here on only what a test says
  }
  Lots held(AccountId who) const { return exchange.position(who, symbol).size; }
  AccountId small;
};

TEST(Liquidation, OrdersGoFirstThenThePositionAtItsBankruptcyPrice) {
  SmallLong stage;
  OrderRequest close = stage.limit("b", Side::sell, 1009, 900);
  close.reduce_only = true;
  ASSERT_TRUE(stage.exchange.place(stage.small, close));
  const E8 price = stage.exchange.position(stage.small, Stage::symbol).liquidation_price;
  stage.mark("90.5");
  EXPECT_GT(*parse_e8("90.5"), price);
  EXPECT_EQ(stage.held(stage.small), Lots{900});
  stage.story();
  stage.script.deeds.emplace_back(
      stage.exchange.now(), [](MarketDoor& door) { door.set_mark_price(Stage::symbol, *parse_e8("89.4")); });
  stage.exchange.advance_to(stage.exchange.now() + 50ms);
  EXPECT_EQ(stage.story()[0], "1: order b cancelled 0/900 EC_PerCancelRequest");
  EXPECT_EQ(stage.exchange.closed_orders(stage.small, 1)[0].cancel_type, "CancelAllBeforeLiq");
  EXPECT_EQ(stage.exchange.position(stage.small, Stage::symbol).status, PositionStatus::liquidating);
  EXPECT_EQ(stage.exchange.place(stage.small, stage.limit("c", Side::sell, 900, 100)).error().code, 110005);
  stage.settle();
  EXPECT_TRUE(has_line(stage.story(), "1: bust sell 900"));
  EXPECT_EQ(stage.held(stage.small), Lots{0});
  EXPECT_EQ(stage.exchange.position(stage.small, Stage::symbol).status, PositionStatus::normal);
  const E8 left = stage.exchange.wallet(stage.small).wallet_balance;
  EXPECT_GE(left, E8{});
  EXPECT_LT(left, *parse_e8("0.00001"));
  ASSERT_EQ(stage.notes.liquidations.size(), 1U);
  EXPECT_EQ(stage.notes.liquidations[0].liquidated, PositionSide::long_side);
  EXPECT_EQ(stage.notes.liquidations[0].size, Lots{900});
  EXPECT_EQ(stage.exchange.closed_orders(stage.small, 1)[0].create_type, "CreateByTakeOver_PassThrough");
  EXPECT_EQ(stage.exchange.transactions(stage.small, 1)[0].kind, TransactionKind::liquidation);
  // The book paid 99.9 for what was taken over near 89: the fund has the difference.
  EXPECT_GT(stage.exchange.insurance_fund(), *parse_e8("1008"));
}

TEST(Liquidation, TheFundPaysForWhatTheBookDoesNot) {
  SmallLong stage;
  stage.quotes(850, 852, 100'000);
  stage.mark("85");
  EXPECT_EQ(stage.held(stage.small), Lots{0});
  EXPECT_GE(stage.exchange.wallet(stage.small).wallet_balance, E8{}) << "no more than was there is lost";
  EXPECT_LT(stage.exchange.insurance_fund(), *parse_e8("1000"));
  EXPECT_GT(stage.exchange.insurance_fund(), *parse_e8("990"));
}

TEST(Liquidation, WithoutAFundTheMostProfitableOtherSidePays) {
  SmallLong stage{E8{}};
  // Two shorts: the trader's with much leverage for his money, the rich one's with little.
  const AccountId rich = stage.exchange.open_account("rich", *parse_e8("100000"));
  ASSERT_EQ(stage.code_of(stage.at_market("", Side::sell, 600)), 0);
  ASSERT_TRUE(stage.exchange.place(rich, stage.at_market("", Side::sell, 600)));
  stage.quotes(850, 852, 100'000);
  stage.script.deeds.emplace_back(
      stage.exchange.now(), [](MarketDoor& door) { door.set_mark_price(Stage::symbol, *parse_e8("85")); });
  stage.exchange.advance_to(stage.exchange.now() + 50ms);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).adl_rank, 3);
  EXPECT_EQ(stage.exchange.position(rich, Stage::symbol).adl_rank, 1);
  stage.exchange.advance_to(stage.exchange.now() + 60ms);
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).status, PositionStatus::deleveraging);
  stage.settle();
  EXPECT_EQ(stage.held(stage.small), Lots{0});
  EXPECT_EQ(stage.held(stage.trader), Lots{0});
  EXPECT_EQ(stage.held(rich), Lots{-300});
  EXPECT_EQ(stage.exchange.insurance_fund(), E8{}) << "the fund has nothing and owes nothing";
  const ExecutionRow adl = stage.exchange.executions(stage.trader, 1)[0];
  EXPECT_EQ(adl.execution.kind, ExecutionKind::adl);
  EXPECT_EQ(adl.create_type, "CreateByAdl_PassThrough");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).status, PositionStatus::normal);
}

TEST(Liquidation, AHighTierIsReducedBeforeAnythingIsTakenOver) {
  const std::vector<RiskTier> tiers{{.id = 1,
                                     .limit_value = *parse_e8("100"),
                                     .maintenance_rate = *parse_e8("0.01"),
                                     .initial_rate = *parse_e8("0.02"),
                                     .max_leverage = *parse_e8("50")},
                                    {.id = 2,
                                     .limit_value = *parse_e8("1000"),
                                     .maintenance_rate = *parse_e8("0.05"),
                                     .initial_rate = *parse_e8("0.1"),
                                     .max_leverage = *parse_e8("10"),
                                     .mm_deduction = *parse_e8("4"),
                                     .lowest = false}};
  Stage stage({test_instrument()}, {}, [&](ExchangeSetup& setup) { setup.risk_tiers = {tiers}; });
  stage.quotes(999, 1000, 100'000);
  const AccountId small = stage.exchange.open_account("small", *parse_e8("55"));
  ASSERT_TRUE(stage.exchange.place(small, stage.at_market("", Side::buy, 5000)));  // 500, tier 2
  EXPECT_EQ(stage.exchange.position(small, Stage::symbol).tier.id, 2);
  stage.mark("92.9");
  const PositionRow left = stage.exchange.position(small, Stage::symbol);
  EXPECT_GT(left.size, Lots{0});
  EXPECT_LE(left.mark_value, *parse_e8("100"));
  EXPECT_EQ(left.tier.id, 1);
  const ExecutionRow cut = stage.exchange.executions(small, 1)[0];
  EXPECT_EQ(cut.create_type, "CreateByLiq");
  EXPECT_EQ(cut.execution.kind, ExecutionKind::trade) << "sold to the book at 99.9, for the account";
  EXPECT_GT(stage.exchange.wallet(small).equity, *parse_e8("40"));
  EXPECT_FALSE(stage.notes.liquidations.empty());
}

// ---- risk limits

TEST(RiskLimit, OrdersCountAndLeverageMustFitTheTier) {
  const std::vector<RiskTier> tiers{{.id = 1,
                                     .limit_value = *parse_e8("100"),
                                     .maintenance_rate = *parse_e8("0.01"),
                                     .initial_rate = *parse_e8("0.02"),
                                     .max_leverage = *parse_e8("50")},
                                    {.id = 2,
                                     .limit_value = *parse_e8("200"),
                                     .maintenance_rate = *parse_e8("0.05"),
                                     .initial_rate = *parse_e8("0.2"),
                                     .max_leverage = *parse_e8("5"),
                                     .mm_deduction = *parse_e8("4"),
                                     .lowest = false}};
  Stage stage({test_instrument()}, {}, [&](ExchangeSetup& setup) { setup.risk_tiers = {tiers}; });
  stage.quotes(999, 1001, 100'000);
  const auto lever = [&](std::string_view leverage) {
    const E8 value = *parse_e8(leverage);
    return code(stage.exchange.set_leverage(stage.trader, Stage::symbol, value, value));
  };
  EXPECT_EQ(stage.exchange.risk_tiers(Stage::symbol).size(), 2U);
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 999, 900)), 0);
  EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 999, 200)), 110090) << "beyond 100 with 10x";
  EXPECT_EQ(lever("51"), 110013);
  EXPECT_EQ(lever("5"), 0);
  EXPECT_EQ(stage.code_of(stage.limit("b", Side::buy, 999, 200)), 0);
  EXPECT_EQ(stage.code_of(stage.limit("", Side::buy, 999, 1000)), 110089) << "beyond 200 with any";
  EXPECT_EQ(stage.code_of(stage.limit("", Side::sell, 1005, 900)), 0) << "the other side is counted apart";
  EXPECT_EQ(lever("6"), 110086) << "the orders are in the second tier";
  ASSERT_TRUE(stage.exchange.amend(stage.trader, Stage::symbol, {.client_id = "b"}, {.size = Lots{1000}}))
      << "its own old size is not counted twice";
}

// ---- isolated margin

TEST(IsolatedMargin, IsSwitchedForTheWholeAccountWhenNothingStandsAgainstIt) {
  Stage stage;
  stage.quotes(999, 1001, 100'000);
  const auto set = [&](MarginMode mode) { return code(stage.exchange.set_margin_mode(stage.trader, mode)); };
  EXPECT_EQ(set(MarginMode::cross), 0) << "unchanged is accepted";
  ASSERT_EQ(stage.code_of(stage.limit("a", Side::buy, 999, 100)), 0);
  EXPECT_EQ(set(MarginMode::isolated), 3400045);
  ASSERT_TRUE(stage.exchange.cancel(stage.trader, Stage::symbol, {.client_id = "a"}));
  EXPECT_EQ(set(MarginMode::isolated), 0);
  EXPECT_EQ(stage.exchange.margin_mode(stage.trader), MarginMode::isolated);
  ASSERT_TRUE(stage.exchange.set_position_mode(stage.trader, Stage::symbol, PositionMode::hedge));
  const auto lever = [&](std::string_view buy, std::string_view sell) {
    return code(stage.exchange.set_leverage(stage.trader, Stage::symbol, *parse_e8(buy), *parse_e8(sell)));
  };
  EXPECT_EQ(lever("20", "5"), 0) << "hedge and isolated: the sides may differ";
  EXPECT_EQ(lever("20", "5"), 110043);
  EXPECT_EQ(set(MarginMode::cross), 3400045) << "in cross they may not";
  EXPECT_EQ(lever("20.005", "5"), 10001) << "off the step";
  EXPECT_EQ(lever("10", "10"), 0);
  EXPECT_EQ(set(MarginMode::cross), 0);
  EXPECT_EQ(lever("20", "5"), 10001);
}

TEST(IsolatedMargin, APositionIsLiquidatedForItself) {
  Stage stage;
  ASSERT_TRUE(stage.exchange.set_margin_mode(stage.trader, MarginMode::isolated));
  stage.quotes(999, 1000, 100'000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 1000)), 0);  // 100 at 10x of 1000
  const PositionRow row = stage.exchange.position(stage.trader, Stage::symbol);
  EXPECT_EQ(to_text(row.balance), "10.0495");  // 10 and the fee for closing, 90 * 0.00055
  EXPECT_EQ(to_text(row.bankruptcy_price), "90");
  EXPECT_EQ(to_text(row.liquidation_price), "90.45226131");
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).available), "989.8955");
  stage.mark("90.4");
  EXPECT_EQ(stage.exchange.position(stage.trader, Stage::symbol).size, Lots{0});
  // What was set aside is gone, and the fee for opening: nothing else, although the account was rich.
  EXPECT_EQ(to_text(stage.exchange.wallet(stage.trader).wallet_balance), "989.8955");
}

TEST(IsolatedMargin, CanBeAddedTakenBackAndAddedByItself) {
  Stage stage;
  stage.quotes(999, 1000, 100'000);
  const auto add = [&](std::string_view margin) {
    return code(stage.exchange.add_margin(stage.trader, Stage::symbol, 0, *parse_e8(margin)));
  };
  EXPECT_EQ(add("5"), 10001) << "in cross margin there is nothing to add to";
  EXPECT_EQ(code(stage.exchange.set_auto_add_margin(stage.trader, Stage::symbol, 0, true)), 110076);
  ASSERT_TRUE(stage.exchange.set_margin_mode(stage.trader, MarginMode::isolated));
  EXPECT_EQ(add("5"), 110005) << "flat";
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 1000)), 0);
  EXPECT_EQ(add("0"), 110027);
  EXPECT_EQ(add("2000"), 110012);
  EXPECT_EQ(add("5"), 0);
  EXPECT_EQ(to_text(stage.exchange.position(stage.trader, Stage::symbol).liquidation_price), "85.42713568");
  EXPECT_EQ(add("-6"), 110014) << "more than was added";
  EXPECT_EQ(add("-5"), 0);
  EXPECT_EQ(code(stage.exchange.set_auto_add_margin(stage.trader, Stage::symbol, 0, true)), 0);
  stage.mark("90.4");
  const PositionRow saved = stage.exchange.position(stage.trader, Stage::symbol);
  EXPECT_EQ(saved.size, Lots{1000}) << "the free balance stepped in";
  EXPECT_EQ(to_text(saved.balance), "20.099");
}

// ---- rows

TEST(Rows, ClosedPnlIsNetOfBothFeesAndTransactionsAddUpToTheWallet) {
  Stage stage;
  stage.exchange.set_fees(stage.trader, {*parse_e8("0.0002"), *parse_e8("0.0006")}, *parse_e8("0.18"));
  stage.quotes(1000, 1001, 100'000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 1000)), 0);  // 100.1, fee 0.06006, tax 0.0108108
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::sell, 400)), 0);  // 40, fee 0.024, tax 0.00432
  const auto closed = stage.exchange.closed_pnl(stage.trader, 10);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].side, Side::sell);
  EXPECT_EQ(to_text(closed[0].entry_value), "40.04");
  EXPECT_EQ(to_text(closed[0].exit_value), "40");
  EXPECT_EQ(to_text(closed[0].open_fee), "0.02834832");  // two fifths of 0.0708708
  EXPECT_EQ(to_text(closed[0].close_fee), "0.02832");
  EXPECT_EQ(to_text(closed[0].closed_pnl), "-0.09666832");
  const ExecutionRow last = stage.exchange.executions(stage.trader, 1)[0];
  EXPECT_EQ(to_text(last.execution.fee), "0.024");
  EXPECT_EQ(to_text(last.surcharge), "0.00432");
  EXPECT_EQ(to_text(last.surcharge_rate), "0.000108");
  ASSERT_TRUE(stage.exchange.deposit(stage.trader, *parse_e8("50")));
  EXPECT_EQ(code(stage.exchange.deposit(stage.trader, E8{})), 10001);
  const auto rows = stage.exchange.transactions(stage.trader, 10);
  ASSERT_EQ(rows.size(), 4U) << "two deposits, two trades";
  E8 sum;
  for (const TransactionRow& row : rows) {
    EXPECT_EQ(row.change, row.cash_flow + row.funding - row.fee - row.surcharge);
    sum = sum + row.change;
  }
  EXPECT_EQ(sum, stage.exchange.wallet(stage.trader).wallet_balance);
  EXPECT_EQ(rows[0].cash_balance, sum);
  EXPECT_EQ(rows[1].position, Lots{600});
}

TEST(Rows, OneClosingOrderIsOneRowHoweverManyFills) {
  // ETHPERP 2022-12 as recorded: 3 sold in four fills, entry value 3584.9255, exit 3541.795, both at 0.06 %:
  // closed PnL -47.4065323.
  const E8 fees = multiply(*parse_e8("3584.9255"), *parse_e8("0.0006")) +
                  multiply(*parse_e8("3541.795"), *parse_e8("0.0006"));
  EXPECT_EQ(to_text(*parse_e8("3541.795") - *parse_e8("3584.9255") - fees), "-47.4065323");
  Stage stage;
  stage.quotes(999, 1000, 100);
  stage.market(
      [](MarketDoor& door) { door.set_level(Stage::symbol, Side::buy, PriceTicks{998}, Lots{100}); });
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 100)), 0);
  stage.market(
      [](MarketDoor& door) { door.set_level(Stage::symbol, Side::sell, PriceTicks{1001}, Lots{100}); });
  ASSERT_EQ(stage.code_of(stage.at_market("b", Side::buy, 100)), 0);
  ASSERT_EQ(stage.code_of(stage.at_market("c", Side::sell, 200)), 0);
  const auto closed = stage.exchange.closed_pnl(stage.trader, 10);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].fills, 2U);
  EXPECT_EQ(closed[0].closed, Lots{200});
  EXPECT_EQ(to_text(closed[0].average_exit), "99.85");
  EXPECT_EQ(to_text(closed[0].average_entry), "100.05");
}

TEST(Rows, TheOldestClosedPnlGoesFirst) {
  Stage stage;
  stage.quotes(999, 1000, 100'000'000);
  for (int i = 0; i < 2005; ++i) {
    ASSERT_EQ(stage.code_of(stage.at_market("", Side::buy, 100)), 0);
    ASSERT_EQ(stage.code_of(stage.at_market("", Side::sell, 100)), 0);
  }
  EXPECT_EQ(stage.exchange.closed_pnl(stage.trader, 5000).size(), 2000U);
  EXPECT_EQ(stage.exchange.transactions(stage.trader, 9000).size(), 4011U);
}

TEST(Rows, FundingAndOpenInterestHaveAHistory) {
  Stage stage;
  stage.quotes(999, 1000);
  ASSERT_EQ(stage.code_of(stage.at_market("a", Side::buy, 400)), 0);
  stage.market([](MarketDoor& door) {
    door.set_mark_price(Stage::symbol, *parse_e8("100"));
    door.set_funding_rate(Stage::symbol, *parse_e8("0.0003"));
    door.set_open_interest(Stage::symbol, *parse_e8("1234.5"));
  });
  const Instant due = stage.exchange.ticker(Stage::symbol).next_funding;
  stage.exchange.advance_to(due + 1s);
  const auto paid = stage.exchange.funding_history(Stage::symbol, 10);
  ASSERT_EQ(paid.size(), 1U);
  EXPECT_EQ(paid[0].at, due);
  EXPECT_EQ(to_text(paid[0].rate), "0.0003");
  const ExecutionRow row = stage.exchange.executions(stage.trader, 1)[0];
  EXPECT_EQ(row.execution.venue_id.str(), fmt::format("{}-TESTUSDT-592324-Buy", due.seconds()));
  EXPECT_EQ(to_text(row.execution.fee), "0.012");
  EXPECT_EQ(to_text(row.fee_rate), "0.0003");
  const TransactionRow settled = stage.exchange.transactions(stage.trader, 1)[0];
  EXPECT_EQ(settled.kind, TransactionKind::settlement);
  EXPECT_EQ(to_text(settled.funding), "-0.012") << "more than zero would be received";
  const auto interest = stage.exchange.open_interest_history(Stage::symbol, 3);
  ASSERT_EQ(interest.size(), 3U);
  EXPECT_EQ((interest[0].at - interest[1].at), 300s);
  EXPECT_EQ(to_text(interest[0].base_coins), "1234.5");
}

TEST(Rows, WithoutARecordedRateThePremiumMakesIt) {
  Stage stage;
  stage.quotes(1002, 1003, 1'000'000);
  stage.market([](MarketDoor& door) { door.set_index_price(Stage::symbol, *parse_e8("100")); });
  stage.exchange.advance_to(stage.exchange.now() + 120s);
  // Two promille of premium: less 0.05 %.
  EXPECT_EQ(to_text(stage.exchange.ticker(Stage::symbol).funding_rate), "0.0015");
  // Mark is the median of index with the funding to come, index with its basis, and last.
  EXPECT_GT(stage.exchange.ticker(Stage::symbol).mark_price, *parse_e8("100"));
}

}  // namespace
}  // namespace mlbot::sim
