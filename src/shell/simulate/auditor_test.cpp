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
    auditor.attach(exchange, account, 200ms);
    auditor.life_began(1);
    auditor.clock_told();
  }
  void pass(Duration time) { scheduler.move_to(scheduler.now() + time); }
  std::string broken() const { return auditor.violation() ? auditor.violation()->invariant : ""; }

  MarketWishes wishes{std::vector<MarketWishes::Symbol>(1)};
  std::vector<Instrument> instruments = world_instruments(1);
  Scheduler scheduler{start};
  Auditor auditor{scheduler};
  sim::Exchange exchange{{.instruments = instruments, .start = start},
                         make_sparse_market(instruments, {}, 1, start, wishes),
                         &auditor};
  sim::AccountId account = exchange.open_account("simulated", {10'000 * e8_per_unit});
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

TEST_F(Judged, AnOperatorsHaltIsNotResumedOverAnUnknownAccount) {
  const auto command = [&](OperatorVerb verb) {
    auditor.stepped(Stamped{.at = scheduler.now(), .what = OperatorCommand{.verb = verb}}, {},
                    scheduler.now());
  };
  command(OperatorVerb::flatten);
  command(OperatorVerb::resume);
  auditor.finish(
      {.state = TradingState::halted, .stopped_by = {}, .positions = {}, .wallet = {}, .runs = true});
  EXPECT_EQ(broken(), "") << "it is his halt still";
}

/// A bot that a difference of positions has halted when all is calm.
class HaltedByMismatch : public Judged {
 protected:
  void judge(Duration list_lag, bool line_comes_up_when_calm) {
    auditor.attach(exchange, account, list_lag);
    if (!line_comes_up_when_calm) auditor.heard(LinkChanged{Link::account, LinkState::live});
    auditor.calmed(scheduler.now());
    pass(5s);
    auditor.heard(LinkChanged{Link::account, LinkState::live});
    pass(10s);
    auditor.finish(
        {.stopped_by = ReasonCode::position_mismatch, .positions = {}, .wallet = {}, .runs = true});
  }
};

TEST_F(HaltedByMismatch, IsRightWhileListsLagBehindALineThatWasSilent) {
  judge(6s, true);
  EXPECT_EQ(broken(), "");
}

TEST_F(HaltedByMismatch, IsWrongWhereListsAreQuick) {
  judge(1s, true);
  EXPECT_EQ(broken(), "I27");
}

TEST_F(HaltedByMismatch, IsWrongWhereTheLineWasThereAllTheTime) {
  judge(6s, false);
  EXPECT_EQ(broken(), "I27");
}

/// A long that is protected at the venue, and a bot that sets that stop again.
class StandingStop : public Judged {
 protected:
  StandingStop() {
    auditor.heard(LinkChanged{Link::account, LinkState::live});
    go_on(5s);
    stop = E8{exchange.ticker({0}).mark_price.count / 1'000 * 995 / instruments[0].tick_size.count *
              instruments[0].tick_size.count};
    const PriceTicks trigger{stop.count / instruments[0].tick_size.count};
    EXPECT_TRUE(exchange.place(account, {.symbol = {0},
                                         .side = Side::buy,
                                         .type = OrderType::market,
                                         .size = {10},
                                         .stop_loss = sim::StopLeg{.trigger = trigger}}));
    go_on(1s);
    EXPECT_EQ(exchange.position(account, {0}).stop_loss, stop);
  }
  void go_on(Duration time) {
    pass(time);
    exchange.advance_to(scheduler.now());
  }
  void set_again() {
    auditor.sent(1, Line::rest, "/v5/position/trading-stop",
                 R"({"symbol":")" + instruments[0].name.str() + R"(","stopLoss":")" + to_text(stop) + R"("})",
                 scheduler.now());
  }
  E8 stop;
};

TEST_F(StandingStop, IsNotSetAgain) {
  go_on(9s);
  set_again();
  EXPECT_EQ(broken(), "I13");
}

TEST_F(StandingStop, MayBeSetAgainAfterAFillWithoutANewWord) {
  go_on(8s);
  EXPECT_TRUE(exchange.place(
      account,
      {.symbol = {0}, .side = Side::sell, .type = OrderType::market, .size = {4}, .reduce_only = true}));
  go_on(1s);
  set_again();
  EXPECT_EQ(broken(), "");
  go_on(7s);
  set_again();
  EXPECT_EQ(broken(), "I13") << "again and again";
}

/// Held when a life begins, by an entry price that is told to eight places.
class Found : public StandingStop {
 protected:
  void end(std::int64_t off) {
    auditor.life_began(2);
    auditor.heard(LinkChanged{Link::account, LinkState::live});
    auditor.heard(AccountSnapshot{SnapshotPhase::begin});
    auditor.heard(AccountSnapshot{SnapshotPhase::end});
    go_on(30s);
    auditor.heard(LinkChanged{Link::market, LinkState::live});
    const E8 wallet{exchange.wallet(account).wallet_balance.count + off};
    auditor.finish({.state = TradingState::active, .positions = {{10}}, .wallet = wallet, .runs = true});
  }
};

TEST_F(Found, PositionMayCostAUnitMoreThanItsRoundedEntrySays) {
  end(1);
  EXPECT_EQ(broken(), "");
}

TEST_F(Found, PositionExplainsNoMoreThanThat) {
  end(-2);
  EXPECT_EQ(broken(), "I11");
}

/// The long is a short now, and the bot sets the stop of a long.
class TurnedPosition : public StandingStop {
 protected:
  void turn() {
    EXPECT_TRUE(exchange.place(account,
                               {.symbol = {0}, .side = Side::sell, .type = OrderType::market, .size = {20}}));
    go_on(2s);
    EXPECT_EQ(exchange.position(account, {0}).size.count, -10);
  }
};

TEST_F(TurnedPosition, ByTheBotItselfIsKnown) {
  turn();
  set_again();
  EXPECT_EQ(broken(), "I8");
}

TEST_F(TurnedPosition, ByAHumanMayNotBeToldYet) {
  auditor.disturbed({0});
  turn();
  set_again();
  EXPECT_EQ(broken(), "");
  go_on(14s);
  set_again();
  EXPECT_EQ(broken(), "I8");
}

TEST_F(TurnedPosition, ByAHumanIsKnownToABotThatCountsIt) {
  Lots believed{10};
  auditor.claims(
      {.open_entries = {}, .wallet = {}, .position = [&](SymbolId) { return believed; }, .stopped_by = {}});
  auditor.disturbed({0});
  turn();
  believed = {-10};
  auditor.look();
  go_on(1s);
  set_again();
  EXPECT_EQ(broken(), "") << "wished for when it did not know";
  go_on(2s);
  set_again();
  EXPECT_EQ(broken(), "I8");
}

/// An order of an earlier life, sent as one that reduces, stands at the venue as one that opens.
class LeftEntry : public StandingStop {
 protected:
  void place_and_die(bool handed_on) {
    auditor.journaled(PlaceOrder{.id = "a"});
    auditor.sent(1, Line::orders, "",
                 R"({"op":"order.create","args":[{"orderLinkId":"a","symbol":")" + instruments[0].name.str() +
                     R"(","side":"Sell","orderType":"Market","reduceOnly":true,"qty":")" +
                     to_text(instruments[0].size({5})) + R"("}]})",
                 scheduler.now());
    const E8 far{exchange.ticker({0}).mark_price.count / 100 * 104};
    EXPECT_TRUE(exchange.place(account, {.client_id = "a",
                                         .symbol = {0},
                                         .side = Side::sell,
                                         .price = {far.count / instruments[0].tick_size.count},
                                         .size = {5}}));
    auditor.life_began(2);
    hear(LinkChanged{Link::account, LinkState::live});
    if (handed_on) hear(IntentCarried{.id = "a", .symbol = {0}, .size = {5}});
    hear(AccountSnapshot{SnapshotPhase::begin});
    hear(AccountSnapshot{SnapshotPhase::end});
  }
  void hear(const Event& event) {
    auditor.heard(event);
    auditor.stepped(Stamped{.at = scheduler.now(), .what = event}, {}, scheduler.now());
  }
  std::string after(Duration time) {
    pass(time);
    hear(TimerFired{});
    return auditor.violation() ? auditor.violation()->what : "";
  }
};

TEST_F(LeftEntry, ThatItsJournalHandsOnIsGoneAfterThreeSeconds) {
  place_and_die(true);
  EXPECT_EQ(after(3s), "");
  EXPECT_EQ(after(1s), "entry a of an earlier life has been left at the venue for 4 s");
}

TEST_F(LeftEntry, ThatAPowerCutTookIsSeenByTheSecondReading) {
  place_and_die(false);
  EXPECT_EQ(after(18s), "");
  EXPECT_EQ(after(1s), "entry a of an earlier life has been left at the venue for 19 s");
}

/// A bot that has no book at the end of a world.
class Bookless : public Judged {
 protected:
  Bookless() {
    auditor.heard(LinkChanged{Link::account, LinkState::live});
    auditor.heard(LinkChanged{Link::market, LinkState::live});
    pass(40s);
  }
  void finish() {
    auditor.finish({.state = TradingState::active, .positions = {}, .wallet = {}, .runs = true});
  }
};

TEST_F(Bookless, IsRightWhileItsLineIsMadeAnew) {
  auditor.heard(LinkChanged{Link::market, LinkState::stale});
  pass(4s);
  finish();
  EXPECT_EQ(broken(), "");
}

TEST_F(Bookless, IsWrongWhenItsLineDoesNotComeBack) {
  auditor.heard(LinkChanged{Link::market, LinkState::stale});
  pass(6s);
  finish();
  EXPECT_EQ(broken(), "I5");
}

TEST_F(Bookless, IsWrongOnALineThatIsThere) {
  finish();
  EXPECT_EQ(broken(), "I5");
}

/// A ledger that stands still while charges are told.
class Charge : public Judged {
 protected:
  Charge() {
    auditor.claims({.open_entries = {},
                    .wallet = [this] { return cash; },
                    .position = [this](SymbolId) { return held; },
                    .stopped_by = {}});
    hear(LinkChanged{Link::account, LinkState::live});
    Outbox out;
    out.commands.push_back(QueryAccount{});
    auditor.stepped(Stamped{.at = scheduler.now(), .what = TimerFired{}}, out, scheduler.now());
    pass(1s);
    hear(AccountSnapshot{SnapshotPhase::begin});
    hear(WalletNews{.source = NewsSource::query, .wallet_balance = wallet});
    cash = wallet;
    hear(AccountSnapshot{SnapshotPhase::end});
  }
  void hear(const Event& event) {
    auditor.heard(event);
    auditor.stepped(Stamped{.at = scheduler.now(), .what = event}, {}, scheduler.now());
  }
  void funding(Instant at) {
    hear(Execution{.symbol = {0}, .kind = ExecutionKind::funding, .execution_id = "f", .fee = {3}, .at = at});
  }
  void bought(Instant at) {
    hear(Execution{.symbol = {0}, .execution_id = "e", .side = Side::buy, .size = {1}, .fee = {3}, .at = at});
  }
  static constexpr E8 wallet{10'000 * e8_per_unit};
  std::optional<E8> cash;
  Lots held;
};

TEST_F(Charge, OfBeforeTheWalletWasToldIsInIt) {
  pass(30s);
  funding(start + 999ms);  // by a list that lags
  EXPECT_EQ(broken(), "");
}

TEST_F(Charge, OfBeforeAnOperatorResumedIsInTheWalletThatHeAccepted) {
  pass(30s);
  hear(OperatorCommand{.verb = OperatorVerb::resume});
  funding(start + 29s);
  EXPECT_EQ(broken(), "");
}

TEST_F(Charge, OfAfterwardsMovesTheLedger) {
  pass(30s);
  funding(start + 2s);
  EXPECT_EQ(broken(), "I11");
}

TEST_F(Charge, OfAFillThatOpensMovesTheLedger) {
  pass(30s);
  bought(start + 2s);
  EXPECT_EQ(broken(), "I11");
}

TEST_F(Charge, OfAFillThatClosesComesWithAProfitThatOnlyTheBotKnows) {
  held = {-1};
  pass(30s);
  bought(start + 2s);
  EXPECT_EQ(broken(), "");
}

}  // namespace
}  // namespace mlbot::shell::simulate
