// Same inputs, same bytes: one golden journal, made by the back-test shell with a model that trades, goes
// through every shell that applies, twice.
#include <gtest/gtest.h>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;

std::string journal_bytes(const std::string& directory) {
  std::string all;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    if (entry.path().extension() == ".journal") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) all += testing_support::text_of(file);
  return all;
}

TEST(Shells, TheSameJournalGivesTheSameCommandsAndState) {
  TemporaryDirectory directory;
  const auto state = directory / "state";
  // A day to learn from: less, and an honest model stays silent.
  auto result = run_mlbot(directory, {"backtest", "--hours", "24", "--warm-hours", "0", "--seed", "5",
                                      "--journal", directory / "market", "--state-dir", state, "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result =
      run_mlbot(directory, {"train", "--journal", directory / "market/journal", "--state-dir", state, "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.err;

  Json digests[2];
  for (int i = 0; i < 2; ++i) {
    const auto golden = directory / ("golden" + std::to_string(i));
    result = run_mlbot(directory, {"backtest", "--hours", "0.75", "--warm-hours", "1.25", "--seed", "6",
                                   "--journal", golden, "--state-dir", state, "--json", "-q"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    digests[i] = Json::parse(result.out)["digest"];
  }
  EXPECT_EQ(digests[0], digests[1]) << "the back-test shell, twice";
  EXPECT_GT(digests[0]["orders"], 0) << "a golden journal without orders would prove little";
  EXPECT_TRUE(journal_bytes(directory / "golden0/journal") == journal_bytes(directory / "golden1/journal"))
      << "not one byte differs";

  std::filesystem::create_directory_symlink(state + "/models", directory / "golden0/models");
  for (int i = 0; i < 2; ++i) {
    result = run_mlbot(directory, {"replay", directory / "golden0", "--json", "-q"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto json = Json::parse(result.out);
    EXPECT_TRUE(json["equal"]);
    EXPECT_EQ(json["digest"], digests[0]) << "the replay shell, time " << i + 1;
  }
}

}  // namespace
}  // namespace mlbot
