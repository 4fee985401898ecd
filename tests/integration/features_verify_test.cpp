// `mlbot features verify` as its user meets it: a generated day row by row, and a recorded run made again,
// with a planted difference of one bit that must be named exactly.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>

#include "base/json.h"
#include "core/features/feature_hub.h"
#include "integration/process.h"
#include "io/archive/database.h"
#include "io/journal/journal.h"

namespace mlbot {
namespace {

using testing_support::Finished;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;
using namespace io::archive;
using namespace io::journal;

Json json_of(const Finished& finished) { return Json::parse(finished.out, nullptr, false); }

Finished verify(const TemporaryDirectory& directory, const std::string& state,
                std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"features", "verify", "--recorded", "--state-dir",
                                     state,      "--json", "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_mlbot(directory, arguments);
}

/// Copies a journal record by record; `change` may alter what it is shown.
void copy_journal(const std::string& from, const std::string& to,
                  const std::function<void(Record*, FrameDigest*)>& change) {
  auto reader = JournalReader::open(from);
  auto writer = JournalWriter::open(to);
  ASSERT_TRUE(reader && writer);
  while (true) {
    const auto item = (*reader)->next();
    ASSERT_TRUE(item) << item.error().what;
    if (*item == nullptr) break;
    if (const auto* record = std::get_if<Record>(*item)) {
      Record copy = *record;
      change(&copy, nullptr);
      if (const auto* event = std::get_if<Stamped>(&copy)) {
        ASSERT_TRUE((*writer)->append(*event));
      } else if (const auto* command = std::get_if<StampedCommand>(&copy)) {
        ASSERT_TRUE((*writer)->append(*command));
      } else if (const auto* decision = std::get_if<Decision>(&copy)) {
        ASSERT_TRUE((*writer)->append(*decision));
      }
    } else if (const auto* frame = std::get_if<FrameDigest>(*item)) {
      FrameDigest copy = *frame;
      change(nullptr, &copy);
      ASSERT_TRUE((*writer)->append(copy));
    }
  }
  ASSERT_TRUE((*writer)->sync());
}

TEST(FeaturesVerify, ARecordedRunIsMadeAgainToTheLastBitAndAPlantedBitIsNamed) {
  TemporaryDirectory directory;
  const auto state = directory / "state";
  const auto run = run_mlbot(directory, {"run", "--state-dir", state, "--listen", "127.0.0.1:0", "--speed",
                                         "40", "--history-hours", "2.5", "--stop-after", "900", "-q"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto equal = verify(directory, state);
  ASSERT_EQ(equal.exit_code, 0) << equal.err;
  auto json = json_of(equal);
  ASSERT_TRUE(json.is_object()) << equal.out;
  EXPECT_TRUE(json["equal"]);
  EXPECT_GT(json["values"], 2 * 600 * 142) << "two symbols, a frame a second";

  // One bit of one value, in the archive and in the digest that the journal names.
  const auto target = json_of(run_mlbot(
      directory,
      {"query",
       "SELECT sequence, number, symbol, ret_30s, epoch_ns(time) AS at FROM hot_features WHERE symbol = "
       "'ETHUSDT' AND ret_30s IS NOT NULL AND ret_30s <> 0 ORDER BY number DESC LIMIT 1 OFFSET 20",
       "--json", "--state-dir", state}))["rows"][0];
  const double value = target["ret_30s"];
  const double flipped = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) ^ 1);
  const auto planted = directory / "planted";
  std::filesystem::copy(state, planted, std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(planted + "/journal");
  copy_journal(state + "/journal", planted + "/journal", [&](Record*, FrameDigest* frame) {
    if (frame != nullptr && frame->cause.number == target["sequence"] && frame->number == target["number"] &&
        frame->symbol.index == 1)
      frame->digest ^= 1;
  });
  {
    auto database = Database::open(planted + "/archive.duckdb", Access::read_write);
    ASSERT_TRUE(database) << database.error().what;
    const auto changed = (*database)->run(
        "UPDATE hot_features SET digest = xor(digest, 1::UBIGINT), ret_30s = CAST('" + Json(flipped).dump() +
        "' AS DOUBLE) WHERE symbol = 'ETHUSDT' AND sequence = " + target["sequence"].dump());
    ASSERT_TRUE(changed) << changed.error().what;
  }
  const auto different = verify(directory, planted);
  EXPECT_EQ(different.exit_code, 5);
  json = json_of(different);
  ASSERT_TRUE(json.is_object()) << different.out;
  EXPECT_FALSE(json["equal"]);
  EXPECT_EQ(json["difference"]["symbol"], "ETHUSDT");
  EXPECT_EQ(json["difference"]["at_ns"].get<std::int64_t>() / 1'000, target["at"].get<std::int64_t>() / 1'000)
      << "the archive keeps microseconds";
  EXPECT_EQ(json["difference"]["number"], target["number"]);
  EXPECT_EQ(json["difference"]["feature"], "ret_30s");
  EXPECT_EQ(json["difference"]["id"], 3);
  EXPECT_EQ(json["difference"]["made"], value);
  EXPECT_EQ(json["difference"]["recorded"], flipped);
  EXPECT_NE(different.err.find("ret_30s (row 3)"), std::string::npos) << different.err;

  // A frame outside the time asked for is not looked at.
  const auto at = Instant{target["at"].get<std::int64_t>()};
  EXPECT_EQ(
      verify(directory, planted, {"--run", "1", "--to", to_rfc3339(Instant::from_seconds(at.seconds()))})
          .exit_code,
      0);
}

TEST(FeaturesVerify, AnInputThatDiffersByOneBitShowsInAFrameAtOnceOrLater) {
  TemporaryDirectory directory;
  const auto tested = directory / "tested", changed = directory / "changed";
  const auto run = run_mlbot(directory, {"backtest", "--hours", "0.3", "--warm-hours", "0", "--journal",
                                         tested, "--state-dir", directory / "none", "-q"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(verify(directory, tested).exit_code, 0);

  Instant touched;
  copy_journal(tested + "/journal", changed + "/journal", [&](Record* record, FrameDigest*) {
    auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    auto* trades = event == nullptr ? nullptr : std::get_if<Trades>(&event->what);
    if (trades == nullptr || trades->symbol.index != 1 || touched.ns != 0 || event->sequence.number < 20'000)
      return;
    static std::vector<Trade> list;
    list.assign(trades->list.begin(), trades->list.end());
    list[0].size = {list[0].size.count ^ 1};
    trades->list = list;
    touched = event->at;
  });
  ASSERT_NE(touched.ns, 0);
  const auto result = verify(directory, changed);
  EXPECT_EQ(result.exit_code, 5);
  const auto json = json_of(result);
  ASSERT_TRUE(json.is_object()) << result.out;
  // Which contract shows it first is the market's: BTCUSDT's rows look at this one as their leader.
  const Instant found{json["difference"]["at_ns"].get<std::int64_t>()};
  EXPECT_GE(found, touched);
  EXPECT_LE(found, touched + 2s);
  EXPECT_NE(result.err.find("which value it was is not known"), std::string::npos)
      << "a back-test has no archive: " << result.err;
}

TEST(FeaturesVerify, ADamagedOrAnOldJournalIsADataProblemThatIsNamed) {
  TemporaryDirectory directory;
  EXPECT_EQ(verify(directory, directory / "nothing").exit_code, 5);
  const auto tested = directory / "tested", old = directory / "old";
  ASSERT_EQ(run_mlbot(directory, {"backtest", "--hours", "0.05", "--warm-hours", "0", "--journal", tested,
                                  "--state-dir", directory / "none", "-q"})
                .exit_code,
            0);
  // As a build before the digests wrote it.
  {
    auto reader = JournalReader::open(tested + "/journal");
    auto writer = JournalWriter::open(old + "/journal");
    ASSERT_TRUE(reader && writer);
    while (const auto* item = *(*reader)->next())
      if (const auto* record = std::get_if<Record>(item))
        if (const auto* event = std::get_if<Stamped>(record)) {
          ASSERT_TRUE((*writer)->append(*event));
        }
    ASSERT_TRUE((*writer)->sync());
  }
  const auto without = verify(directory, old);
  EXPECT_EQ(without.exit_code, 5);
  EXPECT_NE(without.err.find("no frame digests"), std::string::npos) << without.err;

  for (const auto& entry : std::filesystem::directory_iterator{tested + "/journal"})
    if (entry.path().extension() == ".journal") {
      std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(entry.path()) / 2));
      file.write("damage", 6);
    }
  const auto damaged = verify(directory, tested);
  EXPECT_EQ(damaged.exit_code, 5);
  EXPECT_NE(damaged.err.find("gap after sequence"), std::string::npos) << damaged.err;
}

TEST(FeaturesVerify, AMillionValuesOfABackTestAreMadeAgain) {
  TemporaryDirectory directory;
  const auto tested = directory / "tested";
  const auto run = run_mlbot(directory, {"backtest", "--hours", "1.0", "--warm-hours", "0.3", "--journal",
                                         tested, "--seed", "5", "--state-dir", directory / "none", "-q"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto result = verify(directory, tested, {"--values-min", "1000000"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST(FeaturesVerify, EveryRowOfAGeneratedDayIsAliveAndInsideItsRange) {
  TemporaryDirectory directory;
  const auto result = run_mlbot(directory, {"features", "verify", "--seed", "3", "--json", "-q"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto json = json_of(result);
  ASSERT_TRUE(json.is_object()) << result.out.substr(0, 200);
  ASSERT_EQ(json["rows"].size(), 142u);
  for (const auto& row : json["rows"]) EXPECT_EQ(row["verdict"], "ok") << row["name"];
}

}  // namespace
}  // namespace mlbot
