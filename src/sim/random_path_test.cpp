// Two accounts and a crowd do anything at all; a twin that knows nothing but arithmetic keeps the same books.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

/// What an account's executions alone say it should hold.
struct Ledger {
  std::int64_t lots = 0;
  std::int64_t cash = 0;  // 1e-8 USDT: sales less purchases less fees

  void book(const ExecutionRow& row) {
    const Execution& execution = row.execution;
    const int sign = sign_of(execution.side);
    lots += sign * execution.size.count;
    cash -= sign * multiply(execution.price, E8{execution.size.count * 100'000}).count + execution.fee.count;
  }
};

StopLeg leg(Prng& chance, std::int64_t price) {
  return {.trigger = PriceTicks{price}, .by = static_cast<PriceSource>(chance.below(3))};
}

OrderRequest any_order(Stage& stage, Prng& chance) {
  const Side side = chance.chance(0.5) ? Side::buy : Side::sell;
  const auto price = static_cast<std::int64_t>(990 + chance.below(21));
  const auto lots = static_cast<std::int64_t>(50 + chance.below(300));
  OrderRequest order = chance.chance(0.3)
                           ? stage.at_market("", side, lots)
                           : stage.limit("", side, price, lots, static_cast<TimeInForce>(chance.below(4)));
  order.self_match = static_cast<SelfMatch>(chance.below(4));
  switch (chance.below(6)) {
    case 0:
      order.stop_loss = leg(chance, price - sign_of(side) * 8);
      order.take_profit = leg(chance, price + sign_of(side) * 6);
      if (chance.chance(0.5)) {
        order.stop_mode = StopMode::partial;
        order.take_profit->limit = PriceTicks{price + sign_of(side) * 5};
      }
      break;
    case 1:
      order.reduce_only = true;
      order.close_on_trigger = chance.chance(0.5);
      if (order.close_on_trigger && chance.chance(0.3)) order.size = Lots{0};
      break;
    case 2:
      order.reduce_only = chance.chance(0.5);
      order.trigger =
          Trigger{PriceTicks{price}, static_cast<PriceSource>(chance.below(3)), chance.chance(0.5)};
      break;
    case 3:
      if (order.type == OrderType::market) {
        order.slippage =
            SlippageTolerance{chance.chance(0.5), static_cast<std::int64_t>(1 + chance.below(20))};
      }
      break;
    default:
      break;
  }
  return order;
}

StopRequest any_stop(Prng& chance) {
  StopRequest request;
  const auto price = [&] { return static_cast<std::int64_t>(985 + chance.below(31)); };
  if (chance.chance(0.5)) request.mode = StopMode::partial;
  if (chance.chance(0.6)) request.stop_loss = leg(chance, chance.chance(0.1) ? 0 : price());
  if (chance.chance(0.6)) request.take_profit = leg(chance, chance.chance(0.1) ? 0 : price());
  if (request.mode == StopMode::partial) {
    request.size = Lots{static_cast<std::int64_t>(1 + chance.below(200))};
    if (request.take_profit && chance.chance(0.5)) request.take_profit->limit = PriceTicks{price()};
  }
  if (chance.chance(0.3)) request.trailing = E8{static_cast<std::int64_t>(chance.below(6)) * 10'000'000};
  if (chance.chance(0.3)) request.active_price = PriceTicks{price()};
  return request;
}

void do_something(Stage& stage, AccountId who, Prng& chance) {
  const auto price = static_cast<std::int64_t>(990 + chance.below(21));
  const auto lots = static_cast<std::int64_t>(50 + chance.below(300));
  const auto open = stage.exchange.open_orders(who);
  switch (chance.below(9)) {
    case 0:
    case 1:
    case 2:
      (void)stage.exchange.place(who, any_order(stage, chance));
      break;
    case 3:
      (void)stage.exchange.set_position_stop(who, Stage::symbol, any_stop(chance));
      break;
    case 4:
      if (open.empty()) break;
      (void)stage.exchange.cancel(who, Stage::symbol, {.venue_id = open[chance.below(open.size())].venue_id});
      break;
    case 5: {
      if (open.empty()) break;
      Amendment change;
      if (chance.chance(0.7)) change.price = PriceTicks{price};
      if (chance.chance(0.7)) change.size = Lots{lots};
      if (chance.chance(0.3)) change.trigger_price = PriceTicks{price};
      if (chance.chance(0.2)) change.stop_loss.trigger = PriceTicks{chance.chance(0.3) ? 0 : price - 5};
      (void)stage.exchange.amend(who, Stage::symbol, {.venue_id = open[chance.below(open.size())].venue_id},
                                 change);
      break;
    }
    case 6:
      if (chance.chance(0.1)) {
        (void)stage.exchange.cancel_all(who, {.filter = static_cast<OrderFilter>(chance.below(4))});
      }
      break;
    default:
      stage.market([&, price, lots, side = chance.chance(0.5) ? Side::buy : Side::sell](MarketDoor& door) {
        if (chance.chance(0.5)) {
          door.add(Stage::symbol, side, PriceTicks{price}, Lots{lots});
        } else {
          door.take(Stage::symbol, side, Lots{lots}, PriceTicks{side == Side::buy ? 1010 : 990});
        }
        door.set_index_price(Stage::symbol, E8{price * 10'000'000});
      });
  }
}

/// What must hold of the open orders of an account whatever it has done.
void expect_orders_in_order(const Stage& stage, AccountId who) {
  const PositionRow position = stage.exchange.position(who, Stage::symbol);
  Lots promised;
  for (const OrderRow& row : stage.exchange.open_orders(who)) {
    ASSERT_GT(row.leaves().count, 0);
    const bool closes = position.size.count * sign_of(row.side) < 0;
    if (belongs_to_position(row.stop)) {
      ASSERT_TRUE(closes) << "a stop outlived its position";
      ASSERT_LE(row.leaves(), absolute(position.size));
    }
    if (row.is_held()) {
      ASSERT_TRUE(row.trigger || row.stop == StopKind::trailing);
    } else if (row.reduce_only) {
      ASSERT_TRUE(closes);
      promised = promised + row.leaves();
    }
  }
  ASSERT_LE(promised, absolute(position.size));
}

/// A second exchange that goes on from the bytes of the first holds the same.
void expect_saved_whole(const Stage& stage) {
  PuppetMarket::Script script;
  Exchange second{ExchangeSetup{.instruments = {test_instrument()}, .start = test_start},
                  std::make_unique<PuppetMarket>(script), nullptr};
  const std::string bytes = stage.exchange.save();
  ASSERT_TRUE(second.restore(bytes, stage.exchange.now()));
  ASSERT_EQ(second.save(), bytes);
}

TEST(RandomPaths, MoneySizesAndBooksAddUpToTheLastDigit) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Prng chance{seed};
    Stage stage;
    stage.quotes(995, 1005, 3000);
    const AccountId accounts[] = {stage.trader, stage.exchange.open_account("rival", *parse_e8("1000"))};
    for (int i = 0; i < 400; ++i) {
      do_something(stage, accounts[chance.below(2)], chance);
      if (i % 20 != 0) continue;
      stage.settle();
      for (const AccountId who : accounts) {
        Ledger ledger;
        for (const ExecutionRow& row : stage.exchange.executions(who, 5000)) ledger.book(row);
        const PositionRow position = stage.exchange.position(who, Stage::symbol);
        const WalletRow wallet = stage.exchange.wallet(who);
        ASSERT_EQ(position.size.count, ledger.lots);
        // Equity is the cash of all trades and what is held at mark: nothing was rounded away on the way.
        const E8 held = multiply(position.mark_price, E8{ledger.lots * 100'000});
        ASSERT_EQ(wallet.equity.count, parse_e8("1000")->count + ledger.cash + held.count);
      }
      std::int64_t resting = 0;
      for (const AccountId who : accounts) {
        expect_orders_in_order(stage, who);
        for (const OrderRow& row : stage.exchange.open_orders(who)) {
          resting += row.is_held() ? 0 : row.leaves().count;
        }
      }
      if (i % 100 == 0) expect_saved_whole(stage);
      const BookRow book = stage.exchange.book(Stage::symbol, 50);
      std::int64_t shown = 0;
      for (const auto* side : {&book.bids, &book.asks}) {
        for (const BookLevel& level : *side) shown += level.size.count;
      }
      ASSERT_GE(shown, resting);
      if (!book.bids.empty() && !book.asks.empty()) {
        ASSERT_LT(book.bids[0].price, book.asks[0].price);
      }
    }
  }
}

TEST(RandomPaths, TheSameSeedTellsTheSameBytes) {
  const auto told = [](std::uint64_t seed) {
    Prng chance{seed};
    Stage stage;
    stage.quotes(995, 1005, 3000);
    for (int i = 0; i < 400; ++i) do_something(stage, stage.trader, chance);
    stage.settle();
    return std::move(stage.notes.bytes);
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_TRUE(told(seed) == told(seed)) << "seed " << seed;
  EXPECT_FALSE(told(1) == told(2));
}

TEST(RandomPaths, ReachEveryKindOfOrderAndOfEnding) {
  std::map<std::string_view, int> made, cancelled, refused;
  std::map<OrderStatus, int> ended;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Prng chance{seed};
    Stage stage;
    stage.quotes(995, 1005, 3000);
    for (int i = 0; i < 400; ++i) do_something(stage, stage.trader, chance);
    for (const OrderRow& row : stage.exchange.closed_orders(stage.trader, 5000)) {
      ++made[row.create_type];
      ++cancelled[row.cancel_type];
      ++refused[row.reject_reason];
      ++ended[row.status];
    }
  }
  for (const char* word : {"CreateByUser", "CreateByStopOrder", "CreateByStopLoss", "CreateByTakeProfit",
                           "CreateByPartialStopLoss", "CreateByPartialTakeProfit", "CreateByTrailingStop"}) {
    EXPECT_GT(made[word], 0) << word;
  }
  for (const char* word : {"CancelByUser", "CancelByReduceOnly", "CancelByTpSlTsClear", "CancelBySmp",
                           "CancelByOCOTpCanceledBySlTriggered", "CancelByOCOSlCanceledByTpTriggered"}) {
    EXPECT_GT(cancelled[word], 0) << word;
  }
  for (const char* word : {"EC_PostOnlyWillTakeLiquidity", "EC_NoEnoughQtyToFill", "EC_NoImmediateQtyToFill",
                           "EC_CancelForNoFullFill", "EC_PerCancelRequest"}) {
    EXPECT_GT(refused[word], 0) << word;
  }
  EXPECT_GT(ended[OrderStatus::filled], 0);
  EXPECT_GT(ended[OrderStatus::deactivated], 0);
}

}  // namespace
}  // namespace mlbot::sim
