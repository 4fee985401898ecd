// What the trade stage itself decides: which word on the wallet is the newest.
#include "core/trade_stage.h"

#include <gtest/gtest.h>

#include "core/test_venue.h"

namespace mlbot::core {
namespace {

class Wallet : public ::testing::Test {
 protected:
  Wallet() { stage.define(TestVenue::instrument(0)); }
  static constexpr Instant at(std::int64_t seconds) {
    return TestVenue::begin + Duration{seconds * 1'000'000'000};
  }
  /// Heard at one second, of another by the venue's clock; nothing where it does not say.
  void tell(std::int64_t heard, std::optional<std::int64_t> of, std::int64_t usdt,
            NewsSource source = NewsSource::stream) {
    const E8 amount{usdt * e8_per_unit};
    step(heard, of ? at(*of) : Instant{},
         WalletNews{.source = source, .equity = amount, .wallet_balance = amount});
  }
  void funding(std::int64_t heard, std::int64_t of, const char* id) {
    step(heard, at(of),
         Execution{.symbol = {0},
                   .kind = ExecutionKind::funding,
                   .execution_id = id,
                   .fee = E8{3 * e8_per_unit},
                   .at = at(of)});
  }
  void step(std::int64_t heard, Instant of, Event what) {
    stage.step(Stamped{.sequence = {++sequence},
                       .at = at(heard),
                       .received_at = at(heard),
                       .venue_time = of,
                       .what = std::move(what)},
               out);
  }
  /// A whole list of the account, asked for on a live link; its wallet is of second `of`.
  void snapshot(std::int64_t heard, std::int64_t of, std::int64_t usdt) {
    step(heard, {}, AccountSnapshot{SnapshotPhase::begin});
    tell(heard, of, usdt, NewsSource::query);
    step(heard, {}, AccountSnapshot{SnapshotPhase::end});
  }
  /// A run whose account can be read since second 1.
  void begin() {
    step(0, {}, RunStarted{.mode = Mode::paper, .epoch = 1, .account = "main"});
    step(0, {}, AccountSnapshot{SnapshotPhase::failed});
    step(1, {}, LinkChanged{Link::account, LinkState::live});
  }
  std::int64_t balance() const { return stage.monitor().wallet_balance().count / e8_per_unit; }
  std::int64_t cash() const { return stage.router().positions().ledger().cash().count / e8_per_unit; }

  TradeStage stage{nullptr};
  Outbox out;
  std::uint64_t sequence = 0;
};

TEST_F(Wallet, AListThatTheStreamOvertookChangesNothing) {
  tell(1, 1, 1'000);
  tell(3, 3, 900);
  tell(4, 2, 1'000);
  EXPECT_EQ(balance(), 900);
  tell(5, 3, 950);
  EXPECT_EQ(balance(), 950) << "of the same moment the last word counts";
  tell(6, std::nullopt, 940);
  EXPECT_EQ(balance(), 940) << "without a time it is of when it was heard";
  tell(7, 5, 930);
  EXPECT_EQ(balance(), 940);
}

/// A funding a moment before the wallet was found is in it, however late it is told; a later one is booked.
TEST_F(Wallet, AFundingMovesTheLedgerUnlessTheFoundWalletHoldsIt) {
  begin();
  snapshot(2, 2, 1'000);
  ASSERT_FALSE(stage.monitor().first_snapshot());
  funding(3, 2, "f-1");
  EXPECT_EQ(cash(), 1'000) << "paid before the wallet was found";
  funding(3, 3, "f-2");
  EXPECT_EQ(cash(), 997);
  funding(4, 3, "f-2");
  EXPECT_EQ(cash(), 997) << "told twice";
}

/// A resume takes the wallet for what it is: of its own time.
TEST_F(Wallet, AResumeBetweenAChargeAndItsWalletAcceptsWhatTheWalletDoesNotHoldYet) {
  begin();
  snapshot(2, 2, 1'000);
  funding(5, 5, "f-1");
  step(6, {}, OperatorCommand{.verb = OperatorVerb::pause});
  step(7, {}, OperatorCommand{.verb = OperatorVerb::resume});
  EXPECT_LT(stage.overview().state, TradingState::paused);
  EXPECT_EQ(cash(), 997);
  tell(8, 5, 997);
  EXPECT_EQ(cash(), balance());
  tell(9, 9, 900);  // by hand
  step(9, {}, OperatorCommand{.verb = OperatorVerb::resume});
  EXPECT_EQ(cash(), 997) << "a charge that explains it may be under way";
  step(12, {}, TimerFired{});
  snapshot(13, 9, 900);
  step(14, {}, OperatorCommand{.verb = OperatorVerb::resume});
  funding(15, 8, "f-2");
  EXPECT_EQ(cash(), 900) << "that charge is in the wallet that was accepted";
}

/// What is held may have no stop, and nothing is sent before the account is known: no timer is waited for.
TEST_F(Wallet, AListThatWasAskedForBeforeTheLineCameUpIsAskedForAgainAtOnce) {
  step(0, {}, RunStarted{.mode = Mode::paper, .epoch = 1, .account = "main"});
  step(1, {}, LinkChanged{Link::account, LinkState::live});  // the first question is still under way
  out.clear();
  snapshot(3, 3, 1'000);
  EXPECT_FALSE(stage.monitor().known());
  const auto asked = [&] {
    return std::ranges::count_if(out.commands,
                                 [](const Command& c) { return std::holds_alternative<QueryAccount>(c); });
  };
  EXPECT_EQ(asked(), 1);
  snapshot(4, 4, 1'000);
  EXPECT_TRUE(stage.monitor().known());
  EXPECT_EQ(asked(), 1);
}

/// The account's stream may tell a funding before the first list is there: then nobody knows the wallet yet.
TEST_F(Wallet, AFundingOfBeforeTheFirstListIsInItsWalletOrInTheLog) {
  begin();
  step(2, {}, AccountSnapshot{SnapshotPhase::begin});
  tell(2, 2, 1'000, NewsSource::query);
  funding(3, 3, "f-1");  // the lists are read, their end is not told yet
  step(4, {}, AccountSnapshot{SnapshotPhase::end});
  EXPECT_EQ(cash(), 1'000);
  step(5, {},
       Transaction{.id = "t-1",
                   .symbol = SymbolId{0},
                   .kind = TransactionKind::funding,
                   .execution_id = "f-1",
                   .funding = E8{-3 * e8_per_unit},
                   .change = E8{-3 * e8_per_unit},
                   .at = at(3)});
  EXPECT_EQ(cash(), 997) << "the account's log tells it";
}

}  // namespace
}  // namespace mlbot::core
