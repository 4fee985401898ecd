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

void do_something(Stage& stage, AccountId who, Prng& chance) {
  const Side side = chance.chance(0.5) ? Side::buy : Side::sell;
  const auto price = static_cast<std::int64_t>(990 + chance.below(21));
  const auto lots = static_cast<std::int64_t>(50 + chance.below(300));
  const auto open = stage.exchange.open_orders(who);
  switch (chance.below(7)) {
    case 0:
      (void)stage.exchange.place(who, stage.at_market("", side, lots));
      break;
    case 1:
    case 2: {
      OrderRequest order = stage.limit("", side, price, lots, static_cast<TimeInForce>(chance.below(4)));
      if (chance.chance(0.3)) order.stop_loss = on_mark(price - sign_of(side) * 8);
      (void)stage.exchange.place(who, order);
      break;
    }
    case 3: {
      OrderRequest order = stage.limit("", side, price, lots);
      order.reduce_only = true;
      (void)stage.exchange.place(who, order);
      break;
    }
    case 4:
      if (open.empty()) break;
      (void)stage.exchange.cancel(who, Stage::symbol, {.venue_id = open[chance.below(open.size())].venue_id});
      break;
    case 5:
      if (open.empty()) break;
      (void)stage.exchange.amend(who, Stage::symbol, {.venue_id = open[chance.below(open.size())].venue_id},
                                 {.price = PriceTicks{price}, .size = Lots{lots}});
      break;
    default:
      stage.market([&, side, price, lots](MarketDoor& door) {
        if (chance.chance(0.5)) {
          door.add(Stage::symbol, side, PriceTicks{price}, Lots{lots});
        } else {
          door.take(Stage::symbol, side, Lots{lots}, PriceTicks{side == Side::buy ? 1010 : 990});
        }
        door.set_index_price(Stage::symbol, E8{price * 10'000'000});
      });
  }
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
        for (const OrderRow& row : stage.exchange.open_orders(who)) {
          ASSERT_GT(row.leaves().count, 0);
          resting += row.is_held() ? 0 : row.leaves().count;
        }
      }
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

}  // namespace
}  // namespace mlbot::sim
