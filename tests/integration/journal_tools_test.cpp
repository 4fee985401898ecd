// The journal as its user meets it: a run whose frames are decoded again, whose parts are replayed, whose
// damage is found; and a recording of a hundred contracts.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Finished;
using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;

Json json_of(const Finished& finished) { return Json::parse(finished.out, nullptr, false); }

class AJournaledRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    state_ = *directory_ / "state";
    ran_ = run_mlbot(*directory_, {"run", "--stop-after", "160", "--speed", "8", "--history-hours", "2.5",
                                   "--listen", "127.0.0.1:0", "--state-dir", state_, "-q"});
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  void SetUp() override { ASSERT_EQ(ran_.exit_code, 0) << ran_.err; }
  Finished mlbot(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--state-dir", state_, "-q"});
    return run_mlbot(*directory_, arguments);
  }

  static inline TemporaryDirectory* directory_ = nullptr;
  static inline std::string state_;
  static inline Finished ran_;
};

TEST_F(AJournaledRun, EveryFrameIsThereAndDecodesToTheEventThatWasJournaled) {
  const auto verified = mlbot({"journal", "verify", "--frames", "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err << verified.out;
  const auto json = json_of(verified);
  ASSERT_TRUE(json.is_object());
  EXPECT_TRUE(json["whole"].get<bool>());
  EXPECT_GT(json["frames"]["compared"].get<int>(), 1000);
  EXPECT_EQ(json["frames"]["undecoded"], 0);
  EXPECT_TRUE(json["frames"]["equal"].get<bool>()) << json["frames"];
}

TEST_F(AJournaledRun, APartIsReplayedAndComparedByCommandsFramesAndStates) {
  const auto stat = json_of(mlbot({"journal", "stat", "--json"}));
  ASSERT_TRUE(stat.is_object());
  EXPECT_GE(stat["state_hashes"].get<int>(), 2);
  const auto first = stat["runs"][0]["first_sequence"].get<std::uint64_t>();
  const auto last = stat["runs"][0]["last_sequence"].get<std::uint64_t>();
  const auto range = std::to_string(first + 100) + ".." + std::to_string(last - 50);
  const auto replayed = mlbot({"replay", range, "--json"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
  const auto json = json_of(replayed);
  ASSERT_TRUE(json.is_object());
  EXPECT_GE(json["runs"][0]["states_compared"].get<int>(), 1);
  EXPECT_TRUE(json["runs"][0]["equal"].get<bool>());
  EXPECT_EQ(json["runs"][0]["until_sequence"], last - 50);
  EXPECT_EQ(mlbot({"replay", "not..arange"}).exit_code, 2);

  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator{state_ + "/journal"})
    if (entry.path().string().ends_with(".journal")) newest = std::max(newest, entry.path().string());
  const auto segment = mlbot({"replay", newest, "--json"});
  EXPECT_EQ(segment.exit_code, 0) << segment.err;
}

TEST_F(AJournaledRun, CatShowsWhatIsAskedFor) {
  const auto trades = mlbot({"journal", "cat", "--kind", "trades", "--symbol", "ETHUSDT", "--limit", "5"});
  EXPECT_EQ(trades.exit_code, 0) << trades.err;
  std::istringstream lines{trades.out};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto row = Json::parse(line, nullptr, false);
    ASSERT_TRUE(row.is_object()) << line;
    EXPECT_EQ(row["event"], "trades");
    EXPECT_EQ(row["symbol"], "ETHUSDT");
  }
  EXPECT_EQ(count, 5);
  const auto leases = mlbot({"journal", "cat", "--kind", "order_id_lease"});
  EXPECT_NE(leases.out.find("\"counter_end\":4096"), std::string::npos) << leases.out;
}

TEST_F(AJournaledRun, AFlippedByteIsFoundSetAsideAndNamed) {
  const std::string copy = *directory_ / "copy";
  std::filesystem::copy(state_ + "/journal", copy, std::filesystem::copy_options::recursive);
  std::string victim;
  for (const auto& entry : std::filesystem::directory_iterator{copy})
    if (entry.path().string().find(".journal") != std::string::npos)
      victim = victim.empty() ? entry.path().string() : std::min(victim, entry.path().string());
  {
    std::fstream file{victim, std::ios::binary | std::ios::in | std::ios::out};
    file.seekg(0, std::ios::end);
    const auto middle = static_cast<std::streamoff>(file.tellg()) / 2;
    file.seekg(middle);
    const char was = static_cast<char>(file.get());
    file.seekp(middle);
    file.put(static_cast<char>(was ^ 0x20));
  }
  const auto verified = mlbot({"journal", "verify", copy, "--json"});
  EXPECT_EQ(verified.exit_code, 5);
  const auto json = json_of(verified);
  ASSERT_TRUE(json.is_object());
  EXPECT_FALSE(json["whole"].get<bool>());
  bool aside = false;
  for (const auto& finding : json["findings"])
    aside = aside || std::filesystem::exists(finding["set_aside"].get<std::string>());
  EXPECT_TRUE(aside) << json["findings"];
}

TEST(Record, AHundredContractsOverSeveralConnectionsAndEveryFrameDecodesAgain) {
  const TemporaryDirectory directory;
  Process exchange{
      directory,
      {"exchange", "--contracts", "100", "--history-hours", "0", "--listen", "127.0.0.1:0", "--json"},
      {.name = "exchange"}};
  std::string origin;
  for (int tries = 0; tries < 400 && origin.empty(); ++tries) {
    const auto told = Json::parse(testing_support::text_of(directory / "exchange.out.txt"), nullptr, false);
    if (told.is_object()) origin = told["rest"].get<std::string>().substr(std::string_view{"http://"}.size());
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  ASSERT_FALSE(origin.empty());
  const auto recorded = run_mlbot(
      directory, {"record", "--venue", "sim:" + origin, "--symbols", "all", "--to", directory / "recorded",
                  "--stop-after", "12", "--topics-per-connection", "120", "--json", "-q"});
  EXPECT_EQ(recorded.exit_code, 0) << recorded.err;
  const auto json = json_of(recorded);
  ASSERT_TRUE(json.is_object()) << recorded.out;
  EXPECT_EQ(json["contracts"], 100);
  EXPECT_EQ(json["contracts_heard"], 100);
  EXPECT_GE(json["connections"].get<int>(), 3);
  EXPECT_GT(json["tickers"].get<int>(), 100);
  EXPECT_GT(json["price_limits"].get<int>(), 0);
  EXPECT_GT(json["insurance_pools"].get<int>(), 0);
  EXPECT_GT(json["adl_alerts"].get<int>(), 0);
  EXPECT_EQ(json["undecoded"], 0);
  const auto verified =
      run_mlbot(directory, {"journal", "verify", directory / "recorded/journal", "--frames", "--json", "-q"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err << verified.out;
}

}  // namespace
}  // namespace mlbot
