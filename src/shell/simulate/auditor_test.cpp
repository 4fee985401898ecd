// The judge itself: what it must not hold against a bot that could not know better.
#include "shell/simulate/auditor.h"

#include <gtest/gtest.h>

#include "shell/simulate/sparse_market.h"

namespace mlbot::shell::simulate {
namespace {

constexpr Instant start = Instant::from_seconds(1'767'585'000);

class Judged : public ::testing::Test {
 protected:
  Judged() {
    auditor.attach(exchange, exchange.open_account("simulated", {10'000 * e8_per_unit}), 200ms);
    auditor.life_began(1);
    auditor.clock_told();
  }
  void pass(Duration time) { scheduler.move_to(scheduler.now() + time); }
  std::string broken() const { return auditor.violation() ? auditor.violation()->invariant : ""; }

  MarketWishes wishes{std::vector<MarketWishes::Symbol>(1)};
  std::vector<Instrument> instruments = world_instruments(1);
  sim::Exchange exchange{{.instruments = instruments, .start = start},
                         make_sparse_market(instruments, {}, 1, start, wishes),
                         nullptr};
  Scheduler scheduler{start};
  Auditor auditor{scheduler};
};

/// Terms are read by REST; who may not ask goes on by those that he knows, and the venue refuses him.
class Terms : public Judged {
 protected:
  void sell(const char* id, std::int64_t lots) {
    auditor.journaled(PlaceOrder{.id = id});
    auditor.sent(1, Line::orders, "",
                 R"({"op":"order.create","args":[{"orderLinkId":")" + std::string{id} + R"(","symbol":")" +
                     instruments[0].name.str() +
                     R"(","side":"Sell","orderType":"Market","reduceOnly":true,"qty":")" +
                     to_text(instruments[0].size({lots})) + R"("}]})",
                 scheduler.now());
  }
  /// No order may be larger than one lot any more.
  void shrink() {
    Instrument changed = instruments[0];
    changed.max_market_order = {1};
    auditor.terms_changed(changed);
  }
};

TEST_F(Terms, OfTwoMinutesAgoAreKnown) {
  shrink();
  pass(119s);
  sell("a", 5);
  EXPECT_NE(broken(), "I15");
}

TEST_F(Terms, OfLongAgoThatCouldBeReadAreNoExcuse) {
  shrink();
  pass(121s);
  sell("a", 5);
  EXPECT_EQ(broken(), "I15");
}

TEST_F(Terms, ThatNobodyMayReadAreNotKnown) {
  shrink();
  auditor.impaired(scheduler.now() + 10min);
  pass(9min);
  sell("a", 5);
  EXPECT_NE(broken(), "I15");
}

TEST_F(Terms, AreKnownAgainWhenTheyMayBeRead) {
  shrink();
  auditor.impaired(scheduler.now() + 10min);
  pass(13min);
  sell("a", 5);
  EXPECT_EQ(broken(), "I15");
}

/// A ledger that stands still while fundings are told.
class Funding : public Judged {
 protected:
  Funding() {
    auditor.claims({.open_entries = {},
                    .wallet = [this] { return std::optional{cash}; },
                    .position = {},
                    .stopped_by = {}});
    hear(LinkChanged{Link::account, LinkState::live});
    Outbox out;
    out.commands.push_back(QueryAccount{});
    auditor.stepped(Stamped{.at = scheduler.now(), .what = TimerFired{}}, out, scheduler.now());
    pass(1s);
    hear(AccountSnapshot{SnapshotPhase::begin});
    hear(WalletNews{.wallet_balance = cash});
    hear(AccountSnapshot{SnapshotPhase::end});
  }
  void hear(const Event& event) {
    auditor.heard(event);
    auditor.stepped(Stamped{.at = scheduler.now(), .what = event}, {}, scheduler.now());
  }
  void funding(Instant at) {
    hear(Execution{.symbol = {0}, .kind = ExecutionKind::funding, .execution_id = "f", .fee = {3}, .at = at});
  }
  E8 cash{10'000 * e8_per_unit};
};

TEST_F(Funding, OfBeforeTheWalletWasToldIsInIt) {
  pass(30s);
  funding(start + 999ms);  // by a list that lags
  EXPECT_EQ(broken(), "");
}

TEST_F(Funding, OfBeforeAnOperatorResumedIsInTheWalletThatHeAccepted) {
  pass(30s);
  hear(OperatorCommand{.verb = OperatorVerb::resume});
  funding(start + 29s);
  EXPECT_EQ(broken(), "");
}

TEST_F(Funding, OfAfterwardsMovesTheLedger) {
  pass(30s);
  funding(start + 2s);
  EXPECT_EQ(broken(), "I11");
}

}  // namespace
}  // namespace mlbot::shell::simulate
