#include "core/account/account_monitor.h"

#include <gtest/gtest.h>

namespace mlbot::core {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant::from_ms(1'767'571'200'000 + ms); }

class Account : public ::testing::Test {
 protected:
  Account() {
    monitor.add({.id = {0}, .name = "BTCUSDT"});
    monitor.add({.id = {1}, .name = "ETHUSDT"});
  }
  std::size_t asked() {
    const std::size_t count = out.commands.size();
    for (const Command& command : out.commands) EXPECT_TRUE(std::holds_alternative<QueryAccount>(command));
    out.commands.clear();
    return count;
  }
  void position(std::int64_t ms, std::int64_t lots, std::uint8_t index = 0, std::uint16_t symbol = 0) {
    monitor.on(at(ms), PositionNews{.symbol = {symbol},
                                    .position_index = index,
                                    .size = {lots},
                                    .entry_price = {100},
                                    .updated_at = at(ms)});
  }
  void go_live() {
    monitor.start(at(0), Mode::paper, out);
    monitor.on(at(0), LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(at(20), AccountSnapshot{SnapshotPhase::begin});
    monitor.on(at(21), WalletNews{.equity = {1'000 * e8_per_unit}}, {});
    EXPECT_TRUE(monitor.on(at(30), AccountSnapshot{SnapshotPhase::end}));
    out.commands.clear();
  }
  AccountMonitor monitor;
  Outbox out;
};

TEST_F(Account, IsUnknownUntilAWholeSnapshotOnALiveLink) {
  monitor.start(at(0), Mode::paper, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on(at(10), LinkChanged{Link::account, LinkState::live}, out);
  EXPECT_EQ(asked(), 1u) << "the link may have come up behind the first question";
  monitor.on(at(20), AccountSnapshot{SnapshotPhase::begin});
  EXPECT_FALSE(monitor.known());
  EXPECT_FALSE(monitor.on(at(25), AccountSnapshot{SnapshotPhase::end})) << "the older question's answer";
  monitor.on_timer(at(2'010), {}, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on(at(2'020), AccountSnapshot{SnapshotPhase::begin});
  EXPECT_TRUE(monitor.on(at(2'030), AccountSnapshot{SnapshotPhase::end}));
  EXPECT_TRUE(monitor.known());
  monitor.on(at(2'040), LinkChanged{Link::account, LinkState::down}, out);
  EXPECT_FALSE(monitor.known());
  EXPECT_FALSE(monitor.on(at(2'050), AccountSnapshot{SnapshotPhase::end}))
      << "its beginning was before the break";
}

TEST_F(Account, WhatAListThatProvesNothingShowedIsFlatWhenTheNextIsSilent) {
  monitor.start(at(0), Mode::paper, out);
  monitor.on(at(10), LinkChanged{Link::account, LinkState::live}, out);
  monitor.on(at(20), AccountSnapshot{SnapshotPhase::begin});
  position(20, 9);
  position(20, 7, 0, 1);
  EXPECT_FALSE(monitor.on(at(20), AccountSnapshot{SnapshotPhase::end})) << "asked before the link was live";
  monitor.on_timer(at(20), {}, out);  // asked again at the same instant
  monitor.on(at(40), AccountSnapshot{SnapshotPhase::begin});
  monitor.on(at(40), PositionNews{.source = NewsSource::query,
                                  .symbol = {1},
                                  .size = {7},
                                  .updated_at = at(10)});  // older than what the stream told: no silence
  EXPECT_TRUE(monitor.on(at(40), AccountSnapshot{SnapshotPhase::end}));
  EXPECT_EQ(monitor.venue({0}).size.count, 0);
  EXPECT_EQ(monitor.venue({1}).size.count, 7);
}

TEST_F(Account, SilenceAndFailureAreAskedAgain) {
  monitor.start(at(0), Mode::paper, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on_timer(at(9'000), {}, out);
  EXPECT_EQ(asked(), 0u);
  monitor.on_timer(at(10'000), {}, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on(at(10'500), AccountSnapshot{SnapshotPhase::failed});
  monitor.on_timer(at(12'000), {}, out);
  EXPECT_EQ(asked(), 0u);
  monitor.on_timer(at(12'500), {}, out);
  EXPECT_EQ(asked(), 1u);
}

TEST_F(Account, IsReadAgainWhenListsCanNoLongerBeOlderThanTheLink) {
  go_live();
  monitor.on_timer(at(9'999), {}, out);
  EXPECT_EQ(asked(), 0u);
  monitor.on_timer(at(10'000), {}, out);
  EXPECT_EQ(asked(), 1u) << "what ended between such a list and the link was told by nobody";
  monitor.on(at(10'100), AccountSnapshot{SnapshotPhase::begin});
  EXPECT_TRUE(monitor.on(at(10'200), AccountSnapshot{SnapshotPhase::end}));
  monitor.on_timer(at(40'100), {}, out);
  EXPECT_EQ(asked(), 0u) << "from then on every half minute";
  monitor.on_timer(at(40'200), {}, out);
  EXPECT_EQ(asked(), 1u);
}

TEST_F(Account, AShadowAsksNothing) {
  monitor.start(at(0), Mode::shadow, out);
  monitor.on(at(10), LinkChanged{Link::account, LinkState::live}, out);
  monitor.on_timer(at(60'000), {}, out);
  EXPECT_EQ(asked(), 0u);
}

TEST_F(Account, ADifferenceIsForgivenASecondAndNamedAfterwards) {
  go_live();
  position(1'000, 5);
  monitor.compare(at(1'000), {0}, {0});  // news overtook the fill
  EXPECT_EQ(monitor.mismatch(at(1'900), {0}), 900ms);
  monitor.compare(at(1'900), {0}, {5});
  EXPECT_EQ(monitor.worst_mismatch(at(9'000)), 0s);
  monitor.compare(at(10'000), {0}, {4});
  EXPECT_EQ(monitor.worst_mismatch(at(16'000)), 6s);
}

TEST_F(Account, AnOvertakenRowChangesNothing) {
  go_live();
  position(1'000, 5);
  monitor.on(at(1'100),
             PositionNews{.source = NewsSource::query, .symbol = {0}, .size = {3}, .updated_at = at(900)});
  EXPECT_EQ(monitor.venue({0}).size.count, 5);
}

TEST_F(Account, WhatASnapshotDoesNotListIsFlat) {
  go_live();
  position(1'000, 5);
  monitor.on_timer(at(31'000), {}, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on(at(31'100), AccountSnapshot{SnapshotPhase::begin});
  monitor.on(at(31'200), AccountSnapshot{SnapshotPhase::end});
  EXPECT_EQ(monitor.venue({0}).size.count, 0);
  position(40'000, 7);  // heard after the question: the list may be older
  monitor.ask_again(at(40'000));
  monitor.on_timer(at(39'999), {}, out);
  monitor.on(at(40'100), AccountSnapshot{SnapshotPhase::begin});
  monitor.on(at(40'200), AccountSnapshot{SnapshotPhase::end});
  EXPECT_EQ(monitor.venue({0}).size.count, 7);
}

TEST_F(Account, HedgeModeIsNotTheAccountWeTrade) {
  go_live();
  position(1'000, 5, 1);
  monitor.compare(at(1'000), {0}, {5});
  EXPECT_EQ(monitor.worst_mismatch(at(3'000)), 2s) << "equal in size, yet of another mode";
  ASSERT_TRUE(monitor.difference());
  EXPECT_EQ(*monitor.difference(), (AccountDifference{AccountPart::position, {0}, 5, 5, at(1'000)}));
}

TEST_F(Account, AWalletThatDiffersIsProvenByASnapshotAskedForAfterwards) {
  go_live();
  const E8 ours{1'000 * e8_per_unit}, theirs{990 * e8_per_unit};
  monitor.on(at(1'000), WalletNews{.equity = theirs, .wallet_balance = theirs}, {});
  monitor.compare_wallet(at(1'000), ours);
  EXPECT_EQ(monitor.worst_mismatch(at(2'500)), 1'500ms) << "it reduces at once";
  EXPECT_EQ(monitor.proven_mismatch(at(9'000)), 0s) << "a fill may be under way that explains it";
  ASSERT_TRUE(monitor.difference());
  EXPECT_EQ(*monitor.difference(),
            (AccountDifference{AccountPart::wallet, {}, ours.count, theirs.count, at(1'000)}));

  monitor.ask_again(at(3'000));
  monitor.on_timer(at(3'000), {}, out);
  EXPECT_EQ(asked(), 1u);
  monitor.on(at(3'100), AccountSnapshot{SnapshotPhase::begin});
  EXPECT_TRUE(monitor.on(at(3'200), AccountSnapshot{SnapshotPhase::end}));
  EXPECT_EQ(monitor.proven_mismatch(at(9'200)), 6s);

  monitor.compare_wallet(at(9'300), theirs);  // the log told of a transfer
  EXPECT_EQ(monitor.worst_mismatch(at(9'400)), 0s);
  EXPECT_EQ(monitor.proven_mismatch(at(9'400)), 0s);
  EXPECT_FALSE(monitor.difference());
}

TEST_F(Account, ASnapshotThatWasAskedForBeforeProvesNothing) {
  go_live();
  monitor.ask_again(at(3'000));
  monitor.on_timer(at(3'000), {}, out);
  monitor.on(at(3'100), AccountSnapshot{SnapshotPhase::begin});
  monitor.on(at(3'150), WalletNews{.wallet_balance = {5 * e8_per_unit}}, {});
  monitor.compare_wallet(at(3'150), {});
  EXPECT_TRUE(monitor.on(at(3'200), AccountSnapshot{SnapshotPhase::end}));
  EXPECT_EQ(monitor.proven_mismatch(at(60'000)), 0s);
}

TEST_F(Account, ACentOfRoundingIsNoDifference) {
  go_live();
  monitor.on(at(1'000), WalletNews{.wallet_balance = {e8_per_unit / 100}}, {});
  monitor.compare_wallet(at(1'000), {});
  EXPECT_EQ(monitor.worst_mismatch(at(9'000)), 0s);
  monitor.on(at(2'000), WalletNews{.wallet_balance = {e8_per_unit / 100 + 1}}, {});
  monitor.compare_wallet(at(2'000), {});
  EXPECT_EQ(monitor.worst_mismatch(at(9'000)), 7s);
}

TEST_F(Account, ModesAreHeldAgainstThoseOfTheStart) {
  go_live();
  monitor.on(at(100), AccountModes{.margin = MarginMode::cross, .price_band_rejects = true});
  monitor.on(at(1'000), AccountModes{.margin = MarginMode::cross, .hedge = true, .price_band_rejects = true});
  EXPECT_FALSE(monitor.difference()) << "hedge mode is followed, not feared";
  monitor.on(at(2'000), AccountModes{.margin = MarginMode::isolated, .price_band_rejects = true});
  EXPECT_EQ(monitor.proven_mismatch(at(4'000)), 2s);
  EXPECT_EQ(monitor.difference()->part, AccountPart::margin_mode);
  monitor.accept();
  EXPECT_EQ(monitor.worst_mismatch(at(5'000)), 0s) << "a person looked";
  monitor.on(at(6'000), AccountModes{.margin = MarginMode::isolated, .price_band_rejects = false});
  ASSERT_TRUE(monitor.difference());
  EXPECT_EQ(monitor.difference()->part, AccountPart::price_band);
  EXPECT_EQ(monitor.difference()->since, at(6'000));
}

TEST_F(Account, WhatTheLastRunLeftOfTheDayIsNoLossBeforeTheWalletIsKnown) {
  monitor.carry({.day = at(0).seconds() / 86'400,
                 .day_equity = {1'000 * e8_per_unit},
                 .peak_equity = {1'200 * e8_per_unit}});
  monitor.start(at(0), Mode::paper, out);
  EXPECT_EQ(monitor.daily_loss().count, 0);
  EXPECT_EQ(monitor.drawdown().count, 0);
  monitor.on(at(10), WalletNews{.equity = {900 * e8_per_unit}}, {});
  EXPECT_EQ(monitor.daily_loss().count, 100 * e8_per_unit);
  EXPECT_EQ(monitor.drawdown().count, 300 * e8_per_unit);
}

TEST_F(Account, LossIsCountedFromMidnightAndFromTheTop) {
  go_live();
  const auto usdt = [](std::int64_t n) { return E8{n * e8_per_unit}; };
  monitor.on_timer(at(1'000), usdt(50), out);  // our own profit moves equity until the next wallet
  EXPECT_EQ(monitor.equity(), usdt(1'050));
  EXPECT_EQ(monitor.daily_loss(), usdt(0));
  monitor.on_timer(at(2'000), usdt(-20), out);
  EXPECT_EQ(monitor.daily_loss(), usdt(20));
  EXPECT_EQ(monitor.drawdown(), usdt(70));
  monitor.on(at(3'000), WalletNews{.equity = usdt(990)}, usdt(-20));
  EXPECT_EQ(monitor.daily_loss(), usdt(10)) << "the wallet is the truth";
  monitor.on_timer(at(86'400'000), usdt(-20), out);
  EXPECT_EQ(monitor.daily_loss(), usdt(0)) << "a new day";
  EXPECT_EQ(monitor.drawdown(), usdt(60)) << "the top stays";
  EXPECT_EQ(monitor.wallet_age(at(93'000)), 90s);
}

}  // namespace
}  // namespace mlbot::core
