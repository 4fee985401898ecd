#include "shell/carried_intents.h"

#include <gtest/gtest.h>

#include <memory>

#include "io/files/temporary_folder.h"
#include "io/journal/journal.h"

namespace mlbot::shell {
namespace {

constexpr Instant at(std::int64_t seconds) { return Instant::from_seconds(1'000'000 + seconds); }

StampedCommand placed(const char* id, std::int64_t seconds, std::uint16_t symbol = 0) {
  return {{1}, at(seconds), PlaceOrder{.id = id, .symbol = {symbol}, .price = {100}, .size = {5}}};
}

class CarriedIntents : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = io::journal::JournalWriter::open(folder.path());
    ASSERT_TRUE(opened) << opened.error().what;
    journal = std::move(*opened);
  }
  void keep(std::int64_t seconds, Event what) {
    ASSERT_TRUE(journal->append(Stamped{
        .sequence = {++number}, .at = at(seconds), .received_at = at(seconds), .what = std::move(what)}));
  }
  void keep(const StampedCommand& command) { ASSERT_TRUE(journal->append(command)); }
  void close() {
    ASSERT_TRUE(journal->flush());
    journal.reset();
  }

  io::files::TemporaryFolder folder;
  std::unique_ptr<io::journal::JournalWriter> journal;
  std::uint64_t number = 0;
};

TEST_F(CarriedIntents, AreReadFromTheJournalsEndUnderTheirNewSymbol) {
  keep(0, RunStarted{.epoch = 1, .account = "main"});
  keep(0, InstrumentDefined{{.id = {0}, .name = "BTCUSDT"}});
  keep(0, InstrumentDefined{{.id = {1}, .name = "OLDUSDT"}});
  keep(StampedCommand{{3}, at(1), placed("r1-1", 1).what});
  const Instant by_another_clock = at(900);
  keep(40, IntentCarried{.id = "r0-7", .symbol = {0}, .placed_at = by_another_clock});
  keep(99, TimerFired{at(99)});
  keep(StampedCommand{{4}, at(100), placed("r1-2", 100).what});
  keep(StampedCommand{{4}, at(100), placed("r1-3", 100, 1).what});
  keep(101, TimerFired{at(101)});
  keep(102, OrderNews{.client_id = "r1-2", .status = OrderStatus::filled});  // of the run that begins
  close();
  const auto carried = carried_intents(
      folder.path(), {Instrument{.id = {0}, .name = "ETHUSDT"}, Instrument{.id = {1}, .name = "BTCUSDT"}},
      {.last_sequence = {6}, .last_at = at(101)});
  ASSERT_TRUE(carried) << carried.error();
  ASSERT_EQ(carried->size(), 1u)
      << "r1-1 is older than any window, r1-3 of a symbol that is not watched any more, and r0-7 was carried "
         "long enough";
  EXPECT_EQ((*carried)[0].id.view(), "r1-2");
  EXPECT_EQ((*carried)[0].symbol.index, 1) << "BTCUSDT is number one now";
  EXPECT_TRUE(carried_intents(folder.path(), {}, {})->empty()) << "a first start carries nothing";
  EXPECT_FALSE(carried_intents(folder.path() + "/none", {}, {.last_sequence = {5}}));
}

/// The venue's answer settles it in the journal itself: not every life of a bot that dies often asks again.
TEST_F(CarriedIntents, WhatALifeWasToldIsNotThereIsNotCarriedToTheNext) {
  keep(0, RunStarted{.epoch = 2, .account = "main"});
  keep(0, InstrumentDefined{{.id = {0}, .name = "BTCUSDT"}});
  for (const char* id : {"r1-1", "r1-2"})
    keep(0, IntentCarried{.id = id, .symbol = {0}, .placed_at = at(-5)});
  keep(18, TimerFired{at(18)});
  for (const char* id : {"r1-1", "r1-2"}) keep(StampedCommand{{5}, at(18), QueryOrder{id, {0}}});
  keep(19, RequestAnswer{.request = RequestKind::query,
                         .outcome = RequestOutcome::refused,
                         .symbol = {0},
                         .client_id = "r1-1"});
  close();
  const auto carried = carried_intents(folder.path(), {Instrument{.id = {0}, .name = "BTCUSDT"}},
                                       {.last_sequence = {6}, .last_at = at(19)});
  ASSERT_TRUE(carried) << carried.error();
  ASSERT_EQ(carried->size(), 1u);
  EXPECT_EQ((*carried)[0].id.view(), "r1-2") << "the second question was not answered any more";
}

}  // namespace
}  // namespace mlbot::shell
