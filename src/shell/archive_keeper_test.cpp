// An archive beside a journal that is not the one it was made of: nothing new may be taken for a repetition.
#include "shell/archive_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/archive/duckdb_api.h"
#include "io/files/temporary_folder.h"
#include "io/journal/journal.h"

namespace mlbot::shell {
namespace {

const Instant noon = Instant::from_seconds(1'781'265'600);

class ArchiveBesideAJournal : public testing::Test {
 protected:
  void SetUp() override {
    if (!io::archive::duckdb_api()) GTEST_SKIP() << io::archive::duckdb_api().error().what;
  }
  /// Writes on, one ticker a second behind the opening.
  void write(std::uint64_t until, Instant begins) {
    auto writer = io::journal::JournalWriter::open(state.journal());
    ASSERT_TRUE(writer);
    for (auto number = (*writer)->last_sequence().number + 1; number <= until; ++number) {
      const Instant at = begins + static_cast<std::int64_t>(number) * 1s;
      Event what = Ticker{.symbol = {0}, .last_price = E8{100'000'000}};
      if (number == 1) what = RunStarted{.epoch = 1};
      if (number == 2) what = InstrumentDefined{{.name = "BTCUSDT", .tick_size = {1}, .lot_step = {1}}};
      ASSERT_TRUE((*writer)->append(Stamped{{number}, at, at, at, what}));
    }
    ASSERT_TRUE((*writer)->sync());
  }
  /// @return what was noted
  std::string archive_all(std::uint64_t events) {
    std::string noted;
    auto keeper = ArchiveKeeper::open(state, [&](const std::string& what) { noted += what; });
    EXPECT_TRUE(keeper) << keeper.error().what;
    if (!keeper) return noted;
    EXPECT_TRUE((*keeper)->catch_up([](double, double) { return true; }));
    EXPECT_EQ(
        (*keeper)->archiver().database().ask_count("SELECT count(DISTINCT sequence) FROM events").value_or(0),
        events);
    EXPECT_TRUE((*keeper)->archiver().close());
    return noted;
  }
  bool exists(const std::string& ending) const { return std::filesystem::exists(state.archive() + ending); }

  io::files::TemporaryFolder folder;
  StateDirectory state{folder.path()};
};

TEST_F(ArchiveBesideAJournal, OneThatGoesOnIsTheSame) {
  write(5'000, noon);
  EXPECT_EQ(archive_all(5'000), "");
  EXPECT_EQ(archive_all(5'000), "");
  write(9'000, noon);
  EXPECT_EQ(archive_all(9'000), "");
}

TEST_F(ArchiveBesideAJournal, AnotherJournalGetsAnArchiveOfItsOwnAndTheOldOneIsKept) {
  write(5'000, noon);  // more than an hour: some of it is in Parquet
  archive_all(5'000);
  for (const std::uint64_t events : {4'000, 6'000}) {
    std::filesystem::remove_all(state.journal());
    write(events, noon + static_cast<std::int64_t>(events) * 1h);
    const auto noted = archive_all(events);
    EXPECT_NE(noted.find("of a journal that is not the one"), std::string::npos) << noted;
  }
  EXPECT_TRUE(exists(".of_another_journal"));
  EXPECT_TRUE(exists(".of_another_journal_2"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/archive.of_another_journal/events"));
  EXPECT_FALSE(exists(".damaged"));
}

TEST_F(ArchiveBesideAJournal, ATailThatTheJournalLostIsForgottenByTheArchiveToo) {
  write(5'000, noon);
  archive_all(5'000);
  for (const std::uint64_t grown : {4'900, 5'200}) {  // before the archive looks, or longer than before
    std::filesystem::remove_all(state.journal());
    write(4'800, noon);
    write(grown, noon + static_cast<std::int64_t>(grown) * 1min);
    const auto noted = archive_all(grown);
    EXPECT_NE(noted.find("that the journal lost"), std::string::npos) << noted;
  }
  EXPECT_TRUE(exists(".damaged"));
  EXPECT_FALSE(exists(".of_another_journal"));
}

}  // namespace
}  // namespace mlbot::shell
