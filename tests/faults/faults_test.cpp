// The whole bot on a disk that fails, judged from outside: what the journal showed while the bot ran is there
// afterwards, is archived exactly once, every missing span is a gap row, and every run is made again equal.
//
// The disk is full on a small tmpfs, or refuses with EIO through a preloaded library (failing_disk.cpp).
// Counts are printed. MLBOT_FAULT_ROUNDS=n refuses in n places instead of one of each.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "base/json.h"
#include "integration/small_disk.h"
#include "integration/whole_archive.h"
#include "io/journal/journal.h"

namespace mlbot {
namespace {

using namespace std::chrono_literals;
using testing_support::Finished;
using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::run_until_whole;
using testing_support::SmallDisk;
using testing_support::TemporaryDirectory;
using testing_support::text_of;

namespace fs = std::filesystem;

int rounds() {
  const char* const wanted = std::getenv("MLBOT_FAULT_ROUNDS");
  return wanted == nullptr ? 1 : std::max(1, std::atoi(wanted));
}

/// What a journal holds, by its own reader in this process.
struct JournalSeen {
  std::set<std::uint64_t> events;
  std::set<std::uint32_t> epochs;
  std::uint64_t gaps = 0;
};
JournalSeen look(const std::string& directory) {
  JournalSeen out;
  auto reader = io::journal::JournalReader::open(directory);
  while (reader) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    if (std::holds_alternative<io::journal::JournalGap>(**item)) ++out.gaps;
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    out.events.insert(event->sequence.number);
    if (const auto* run = std::get_if<RunStarted>(&event->what)) out.epochs.insert(run->epoch);
  }
  return out;
}

class Faults : public testing::Test {
 protected:
  std::vector<std::string> arguments(const std::string& seconds) const {
    return {"run", "--state-dir",     state, "--listen",     "127.0.0.1:0", "--speed",
            "20",  "--history-hours", "2.5", "--stop-after", seconds,       "-q"};
  }
  Finished mlbot(std::vector<std::string> words) const {
    words.insert(words.end(), {"--state-dir", state});
    return run_mlbot(directory, words, {.name = "asked"});
  }
  std::uint64_t count(const std::string& sql) const {
    const auto result = mlbot({"query", sql, "--json"});
    EXPECT_EQ(result.exit_code, 0) << sql << ": " << result.err;
    const auto answer = Json::parse(result.out, nullptr, false);
    if (!answer.is_object() || answer["rows"].empty()) return UINT64_MAX;
    return answer["rows"][0].begin()->get<std::uint64_t>();
  }
  /// The oracle's part while the bot runs: what stands in the journal can be acted upon, so it must stay.
  void note_acknowledged() {
    const auto now = look(state + "/journal");
    acknowledged_.insert(now.events.begin(), now.events.end());
  }
  bool wait_for_owner(Process& bot) const {
    for (int i = 0; i < 1'200 && bot.running(); ++i, std::this_thread::sleep_for(50ms))
      if (fs::exists(state + "/archive.sock")) return true;
    return false;
  }
  /// After an undisturbed run that followed.
  void judge(const std::string& after) {
    SCOPED_TRACE(after);
    const auto journal = look(state + "/journal");
    std::uint64_t lost = 0;
    for (const auto sequence : acknowledged_) lost += journal.events.contains(sequence) ? 0 : 1;
    EXPECT_EQ(lost, 0u) << "of " << acknowledged_.size() << " acknowledged";
    EXPECT_EQ(count("SELECT count(*) FROM events"), journal.events.size());
    EXPECT_EQ(count("SELECT count(DISTINCT sequence) FROM events"), journal.events.size());
    EXPECT_EQ(count("SELECT count(*) FROM frames"), count("SELECT count(*) FROM features"));
    EXPECT_EQ(
        count("SELECT count(*) FROM (SELECT sequence, lead(sequence) OVER (ORDER BY sequence) AS next FROM "
              "events) e WHERE next > sequence + 1 AND NOT EXISTS (SELECT 1 FROM gaps g WHERE "
              "g.after_sequence = e.sequence AND g.before_sequence = e.next)"),
        0u)
        << "a span without a gap row";
    EXPECT_EQ(count("SELECT count(*) FROM gaps WHERE kind = 'journal'"), journal.gaps);
    for (const auto epoch : journal.epochs) {
      const auto replayed = mlbot({"replay", "--epoch", std::to_string(epoch)});
      EXPECT_EQ(replayed.exit_code, 0) << "epoch " << epoch << ": " << replayed.out << replayed.err;
      ++replays_;
    }
    events_ = journal.events.size();
  }
  void print(const char* what) const {
    std::printf(
        "%s: %zu events acknowledged, %llu journaled and archived once each, %d runs replayed equal\n", what,
        acknowledged_.size(), static_cast<unsigned long long>(events_), replays_);
  }

  TemporaryDirectory directory;
  std::string state = directory / "state";
  std::set<std::uint64_t> acknowledged_;
  std::uint64_t events_ = 0;
  int replays_ = 0;
};

TEST_F(Faults, AFullDiskStopsTheArchiveFirstAndTheBotBeforeItActsUnrecorded) {
  const SmallDisk disk{state, 700};
  if (!disk.mounted()) GTEST_SKIP() << "no tmpfs may be mounted here: this needs the rights of root";
  ASSERT_EQ(run_mlbot(directory, arguments("20")).exit_code, 0);
  Process bot{directory, arguments("4000")};
  ASSERT_TRUE(wait_for_owner(bot)) << bot.err();
  disk.leave(120 << 20);  // below what the archive leaves to the journal
  std::this_thread::sleep_for(3s);
  const auto archived = count("SELECT max(sequence) FROM events");
  std::this_thread::sleep_for(2s);
  note_acknowledged();
  EXPECT_TRUE(bot.running()) << "the archive waits, the bot does not: " << bot.err();
  EXPECT_EQ(count("SELECT max(sequence) FROM events"), archived)
      << "the archive writes on a nearly full disk";
  EXPECT_GT(*acknowledged_.rbegin(), archived) << "the journal goes on";
  disk.leave(0);
  for (int i = 0; i < 1'200 && bot.running(); ++i, std::this_thread::sleep_for(100ms)) {
    note_acknowledged();
    disk.leave(0);
  }
  const auto ended = bot.wait();
  EXPECT_NE(ended.exit_code, 0) << "with nowhere to record, nothing may be done";
  EXPECT_NE(ended.err.find("o space left"), std::string::npos) << ended.err;
  note_acknowledged();
  disk.give_back();
  const auto next = run_until_whole(directory, state, arguments("4000"));
  ASSERT_EQ(next.exit_code, 0) << next.err;
  judge("room again");
  print("full disk");
}

/// One state for all refusals: a day's first start is dear.
class Refusals : public Faults {
 protected:
  /// @return how the run on the refusing disk ended
  Finished run_refused(const std::string& part, long first, long count_of) {
    const auto log = directory / "refused";
    fs::remove(log);
    Process bot{directory,
                arguments("120"),
                {.environment = {
                     std::string{"LD_PRELOAD="} + MLBOT_FAILING_DISK,
                     "FAILING_DISK=" + part + ":" + std::to_string(first) + ":" + std::to_string(count_of),
                     "FAILING_DISK_LOG=" + log}}};
    while (bot.running()) {
      note_acknowledged();
      std::this_thread::sleep_for(200ms);
    }
    auto ended = bot.wait();
    refused_ = text_of(log);
    if (!refused_.empty()) met_.insert(refused_.substr(0, refused_.find(' ')));
    return ended;
  }
  std::string refused_;        ///< the call that failed first
  std::set<std::string> met_;  ///< kinds of calls that failed
};

TEST_F(Refusals, OfTheArchivesFileCostTradingNothing) {
  ASSERT_EQ(run_mlbot(directory, arguments("20")).exit_code, 0);
  int refusals = 0;
  for (int round = 0; round < rounds(); ++round)
    for (const long first : {3L + round, 12L + 5L * round}) {
      const auto ended = run_refused("archive.duckdb", first, 2);
      EXPECT_EQ(ended.exit_code, 0) << refused_ << ended.err;
      refusals += refused_.empty() ? 0 : 1;
      ASSERT_EQ(run_until_whole(directory, state, arguments("4000")).exit_code, 0);
      judge("refused: " + refused_);
    }
  EXPECT_GE(refusals, 1) << "the file was never written";
  std::printf("%d refusals of the archive's file\n", refusals);
  print("EIO on the archive");
}

TEST_F(Refusals, OfTheJournalStopTheBotAndNothingAcknowledgedIsLost) {
  ASSERT_EQ(run_mlbot(directory, arguments("20")).exit_code, 0);
  int refusals = 0;
  for (int round = 0; round < rounds(); ++round)
    for (const long first : {60L + 7L * round, 400L + 31L * round}) {
      const auto ended = run_refused("/journal/", first, 1'000'000);
      refusals += refused_.empty() ? 0 : 1;
      if (!refused_.empty()) {
        EXPECT_NE(ended.exit_code, 0) << "it went on without a record after " << refused_;
        EXPECT_NE(ended.err.find("nput/output error"), std::string::npos) << ended.err;
      }
      const auto next = run_until_whole(directory, state, arguments("4000"));
      ASSERT_EQ(next.exit_code, 0) << next.err;
      judge("refused: " + refused_);
    }
  EXPECT_GE(refusals, 1);
  std::printf("%d refusals of the journal\n", refusals);
  print("EIO on the journal");
}

}  // namespace
}  // namespace mlbot
