// The archive as its user meets it: asked while the bot runs, killed with it, deleted and made again.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/json.h"
#include "integration/whole_archive.h"
#include "io/archive/database.h"

namespace mlbot {
namespace {

using testing_support::Finished;
using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::run_until_whole;
using testing_support::TemporaryDirectory;

class ArchiveOfABot : public testing::Test {
 protected:
  std::vector<std::string> run_arguments(const std::string& seconds) const {
    return {"run", "--state-dir",     state, "--listen",     "127.0.0.1:0", "--speed",
            "20",  "--history-hours", "2.5", "--stop-after", seconds,       "-q"};
  }
  Finished mlbot(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--state-dir", state});
    return run_mlbot(directory, arguments, {.name = "asked"});
  }
  Json json(std::vector<std::string> arguments) const {
    arguments.push_back("--json");
    const auto result = mlbot(arguments);
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 5) << result.err;
    return Json::parse(result.out, nullptr, false);
  }
  std::uint64_t count(const std::string& of) const {
    const auto answer = json({"query", "SELECT count(*) AS n FROM " + of});
    return answer.is_object() && !answer["rows"].empty() ? answer["rows"][0]["n"].get<std::uint64_t>() : 0;
  }
  /// What the journal's own reader counts: outside the archive.
  std::uint64_t journaled() const {
    return json({"journal", "stat", state + "/journal"})["events"].get<std::uint64_t>();
  }

  TemporaryDirectory directory;
  std::string state = directory / "state";
};

TEST_F(ArchiveOfABot, AnswersWhileItRunsAndIsMadeAgainToTheSameHash) {
  {
    Process bot{directory, run_arguments("1200")};
    bool answered = false;
    for (int i = 0; i < 1'200 && bot.running() && !answered; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
      answered = std::filesystem::exists(state + "/archive.sock") && count("features") > 100;
    }
    EXPECT_TRUE(answered) << bot.err();
    // Anybody who reads Parquet may do so beside the bot: here DuckDB in this process.
    const auto reader = io::archive::Database::open(":memory:", io::archive::Access::read_write,
                                                    {.directory = state + "/archive"});
    ASSERT_TRUE(reader) << reader.error().what;
    const auto closed_hours = [&](const std::string& kind) {
      return (*reader)->ask_count("SELECT count(*) FROM read_parquet('" + state + "/archive/" + kind +
                                  "/**/*.parquet', hive_partitioning = true)");
    };
    EXPECT_GT(closed_hours("events").value_or(0), 1'000u);
    EXPECT_GT(closed_hours("trades").value_or(0), 100u);
    const auto written = mlbot({"query", "DELETE FROM hot_trades"});
    EXPECT_EQ(written.exit_code, 3) << written.err;
    EXPECT_NE(written.err.find("read-only"), std::string::npos) << written.err;
    EXPECT_EQ(mlbot({"archive", "rebuild"}).exit_code, 3) << "its owner runs";
    const auto result = bot.wait();
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_FALSE(std::filesystem::exists(state + "/archive.sock"));
  EXPECT_EQ(count("events"), journaled());
  EXPECT_EQ(count("(SELECT DISTINCT sequence FROM events)"), journaled());
  EXPECT_EQ(count("frames"), count("features")) << "every frame that the journal names";
  EXPECT_EQ(count("trades WHERE source <> 'generated'"), 0u);
  EXPECT_GT(count("parquet_files"), 10u) << "hours of history are over";
  const auto before = json({"archive", "hash"});
  const auto again = json({"archive", "rebuild"});
  ASSERT_TRUE(before.is_object() && again.is_object());
  EXPECT_EQ(before["hash"], again["hash"]) << before.dump(1) << again.dump(1);
  EXPECT_GT(again["frames_made_again"], 1'000) << "the bus is gone: the core made them from the journal";
  const auto calendar = json({"data", "gaps", "--plot", directory / "gaps.svg"});
  EXPECT_GT(calendar["hours"].size(), 10u);
  EXPECT_NE(testing_support::text_of(directory / "gaps.svg").find("<svg"), std::string::npos);
}

TEST_F(ArchiveOfABot, KilledWithTheBotItHoldsEveryEventOnceAfterTheNextStart) {
  for (const int milliseconds : {2'500, 4'000}) {
    Process bot{directory, run_arguments("4000")};
    for (int i = 0; i < 600 && bot.running() && !std::filesystem::exists(state + "/archive.sock"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
    bot.signal(SIGKILL);
    bot.wait();
  }
  // An archiver that got no processor may lose frames of the run that makes up for others: the next start's.
  for (int starts = 0; starts < 3 && (starts == 0 || count("frames") != count("features")); ++starts) {
    const auto last = run_until_whole(directory, state, run_arguments("4000"));
    ASSERT_EQ(last.exit_code, 0) << last.err;
  }
  EXPECT_EQ(count("events"), journaled());
  EXPECT_EQ(count("(SELECT DISTINCT sequence FROM events)"), journaled());
  EXPECT_EQ(count("frames"), count("features")) << "frames that died with the bus are made again";
  EXPECT_EQ(
      count("(SELECT sequence, lead(sequence) OVER (ORDER BY sequence) AS next FROM events) e WHERE next > "
            "sequence + 1 AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.after_sequence = e.sequence)"),
      0u);
  const auto before = json({"archive", "hash"}), again = json({"archive", "rebuild"});
  EXPECT_EQ(before["hash"], again["hash"]) << before.dump(1) << again.dump(1);
}

TEST_F(ArchiveOfABot, ADamagedFileIsPutAsideAndTheRunGoesOn) {
  ASSERT_EQ(run_mlbot(directory, run_arguments("30")).exit_code, 0);
  std::ofstream{state + "/archive.duckdb", std::ios::binary | std::ios::trunc} << std::string(20'000, 'x');
  const auto next = run_until_whole(directory, state, run_arguments("4000"));
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_TRUE(std::filesystem::exists(state + "/archive.duckdb.damaged"));
  EXPECT_EQ(count("events"), journaled());
  EXPECT_EQ(count("frames"), count("features"));
}

TEST_F(ArchiveOfABot, TrainingRefusesHoursWithoutACleanCertificate) {
  ASSERT_EQ(run_mlbot(directory, run_arguments("30")).exit_code, 0);
  // One candle and the trades beside it are cut out of the journal by forgetting what the archive holds of
  // them.
  const auto made = mlbot({"archive", "rebuild"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto segments = std::filesystem::directory_iterator{state + "/journal"};
  for (const auto& entry : segments) {
    if (entry.path().extension() != ".journal" || std::filesystem::file_size(entry.path()) < 100'000)
      continue;
    std::fstream bytes{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(entry.path()) / 2));
    bytes.write("damage", 6);
  }
  ASSERT_EQ(mlbot({"archive", "rebuild"}).exit_code, 0);
  EXPECT_GE(count("gaps WHERE kind = 'journal'"), 1u);
  const auto refused = mlbot({"train", "--rounds", "5", "--no-promote", "-q"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_NE(refused.err.find("no clean certificate"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--allow-gaps"), std::string::npos) << refused.err;
  const auto allowed = mlbot({"train", "--rounds", "5", "--no-promote", "--allow-gaps", "-q"});
  EXPECT_EQ(allowed.exit_code, 0) << allowed.err;
  EXPECT_EQ(mlbot({"data", "check"}).exit_code, 5);
}

}  // namespace
}  // namespace mlbot
