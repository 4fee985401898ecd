// Accounts that only trade with one another, in every mode, with marks that jump and leverage that does not
// forgive: whatever happens, money is neither made nor lost, to the last digit.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "sim/risk_tiers.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

constexpr std::size_t accounts_made = 6;

std::vector<RiskTier> small_tiers() {
  std::vector<RiskTier> tiers;
  const std::array<std::array<std::string_view, 4>, 3> rows{
      {{"100", "0.005", "0.01", "100"}, {"300", "0.02", "0.04", "25"}, {"2000", "0.05", "0.1", "10"}}};
  for (const auto& [limit, maintenance, initial, leverage] : rows) {
    tiers.push_back({.id = static_cast<std::int32_t>(tiers.size() + 1),
                     .limit_value = *parse_e8(limit),
                     .maintenance_rate = *parse_e8(maintenance),
                     .initial_rate = *parse_e8(initial),
                     .max_leverage = *parse_e8(leverage),
                     .lowest = tiers.empty()});
  }
  deduct(tiers);
  return tiers;
}

struct ClosedWorld : Stage {
  explicit ClosedWorld(std::uint64_t seed)
      : Stage({test_instrument()}, {},
              [seed](ExchangeSetup& setup) {
                setup.seed = seed;
                setup.insurance_fund = *parse_e8(seed % 2 == 0 ? "0" : "3");
                setup.risk_tiers = {small_tiers()};
              }),
        chance{seed} {
    deposited = exchange.insurance_fund() + exchange.wallet(trader).wallet_balance;
    accounts.push_back(trader);
    while (accounts.size() < accounts_made) {
      const E8 wallet = *parse_e8("20");
      accounts.push_back(exchange.open_account(fmt::format("account {}", accounts.size()), wallet));
      deposited = deposited + wallet;
    }
    exchange.set_fees(accounts[1], {*parse_e8("0.0001"), *parse_e8("0.0006")}, *parse_e8("0.18"));
    market([](MarketDoor& door) { door.set_mark_price(symbol, *parse_e8("100")); });
  }

  void do_something() {
    const AccountId who = accounts[chance.below(accounts.size())];
    const bool hedge = exchange.position_mode(who, symbol) == PositionMode::hedge;
    const auto index = static_cast<std::uint8_t>(hedge ? 1 + chance.below(2) : 0);
    const auto rows = exchange.positions(who, symbol);
    const auto some_leverage = [&] {
      return E8{static_cast<std::int64_t>(1 + chance.below(100)) * e8_per_unit};
    };
    switch (chance.below(16)) {
      case 0:
        (void)exchange.set_position_mode(who, symbol, hedge ? PositionMode::one_way : PositionMode::hedge);
        break;
      case 1:
        (void)exchange.set_margin_mode(
            who, exchange.margin_mode(who) == MarginMode::cross ? MarginMode::isolated : MarginMode::cross);
        break;
      case 2: {
        const E8 buy = some_leverage();
        (void)exchange.set_leverage(who, symbol, buy, chance.chance(0.5) ? buy : some_leverage());
        break;
      }
      case 3:
        (void)exchange.add_margin(who, symbol, index, E8{(chance.chance(0.5) ? 1 : -1) * 123'456'789});
        break;
      case 4:
        (void)exchange.set_auto_add_margin(who, symbol, index, chance.chance(0.5));
        break;
      case 5:
        jump();
        break;
      case 6:
        (void)exchange.cancel_all(who, {});
        break;
      case 7: {
        const E8 amount = *parse_e8("7.00000003");
        if (exchange.deposit(who, amount)) deposited = deposited + amount;
        break;
      }
      default: {
        const Side side = chance.chance(0.5) ? Side::buy : Side::sell;
        const std::int64_t ticks = exchange.ticker(symbol).mark_price.count / 10'000'000;
        const auto price = ticks + static_cast<std::int64_t>(chance.below(9)) - 4;
        const auto lots = static_cast<std::int64_t>(60 + chance.below(2500));
        OrderRequest order = chance.chance(0.3) ? at_market("", side, lots) : limit("", side, price, lots);
        order.position_index = index;
        order.reduce_only = chance.chance(0.15);
        taken += exchange.place(who, order) ? 1 : 0;
      }
    }
  }

  void jump() {
    const E8 mark = exchange.ticker(symbol).mark_price;
    const double by = chance.chance(0.1) ? 0.06 : 0.01;
    const auto ticks = static_cast<std::int64_t>(to_double(mark) * 10 * (1 + by * chance.normal()));
    const E8 next{std::clamp<std::int64_t>(ticks, 300, 3000) * 10'000'000};
    const E8 rate{static_cast<std::int64_t>(chance.below(600'000)) - 300'000};
    script.deeds.emplace_back(exchange.now(), [next, rate](MarketDoor& door) {
      door.set_mark_price(symbol, next);
      door.set_funding_rate(symbol, rate);
    });
    exchange.advance_to(exchange.now() + (chance.chance(0.02) ? Duration{8h} : Duration{150ms}));
  }

  void check() {
    const VenueMoney money = exchange.venue_money();
    E8 all = money.insurance_fund + money.fees + money.funding;
    std::int64_t lots = 0;
    for (const AccountId who : accounts) {
      const WalletRow wallet = exchange.wallet(who);
      all = all + wallet.equity;
      E8 changes;
      for (const TransactionRow& row : exchange.transactions(who, 5000)) changes = changes + row.change;
      ASSERT_EQ(changes, wallet.wallet_balance);
      bool flat = true;
      for (const PositionRow& row : exchange.positions(who, symbol)) {
        lots += row.size.count;
        flat = flat && row.size.count == 0;
        if (row.position_index == 1) {
          ASSERT_GE(row.size, Lots{0});
        }
        if (row.position_index == 2) {
          ASSERT_LE(row.size, Lots{0});
        }
        ASSERT_EQ(row.size.count == 0, row.adl_rank == 0);
      }
      if (flat) {
        ASSERT_GE(wallet.wallet_balance, E8{});
      }
    }
    ASSERT_EQ(lots, 0) << "who is long is so against somebody";
    ASSERT_EQ(all, deposited);
  }

  Prng chance;
  std::vector<AccountId> accounts;
  E8 deposited;
  int taken = 0;
};

TEST(RandomMoney, IsConservedThroughLiquidationDeleveragingAndFunding) {
  std::map<ExecutionKind, int> kinds;
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ClosedWorld world{seed};
    for (int i = 0; i < 600; ++i) {
      world.do_something();
      if (i % 10 != 0) continue;
      world.settle();
      world.check();
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(world.taken, 50);
    for (const AccountId who : world.accounts) {
      for (const ExecutionRow& row : world.exchange.executions(who, 5000)) {
        ++kinds[row.execution.kind];
        cuts += row.create_type == "CreateByLiq" ? 1 : 0;
      }
    }
  }
  // The paths lead through all of it.
  EXPECT_GT(kinds[ExecutionKind::bust], 20);
  EXPECT_GT(kinds[ExecutionKind::adl], 20);
  EXPECT_GT(kinds[ExecutionKind::funding], 20);
  EXPECT_GT(cuts, 5);
}

TEST(RandomMoney, IsTheSameEachTimeAndGoesOnFromWhatWasSaved) {
  ClosedWorld once{5}, again{5};
  for (int i = 0; i < 300; ++i) {
    once.do_something();
    again.do_something();
  }
  EXPECT_TRUE(once.notes.bytes == again.notes.bytes);
  const std::string saved = once.exchange.save();
  EXPECT_TRUE(saved == again.exchange.save());
  ClosedWorld later{5};
  ASSERT_TRUE(later.exchange.restore(saved, once.exchange.now()));
  EXPECT_TRUE(later.exchange.save() == saved);
  for (const AccountId who : once.accounts) {
    EXPECT_EQ(later.exchange.wallet(who).equity, once.exchange.wallet(who).equity);
    EXPECT_EQ(later.exchange.margin_mode(who), once.exchange.margin_mode(who));
    EXPECT_EQ(later.exchange.closed_pnl(who, 5000).size(), once.exchange.closed_pnl(who, 5000).size());
  }
}

}  // namespace
}  // namespace mlbot::sim
