// A bot on an exchange elsewhere: paper without a key, live with one, and all that keeps live from starting.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using namespace testing_support;
namespace filesystem = std::filesystem;

class Elsewhere : public ::testing::Test {
 protected:
  void SetUp() override {
    exchange_.emplace(directory_,
                      std::vector<std::string>{"exchange", "--listen", "127.0.0.1:0", "--account", "main",
                                               "--account", "looker:ro", "--json"},
                      ProcessOptions{.name = "exchange"});
    for (int turn = 0; turn < 1'000 && about_.is_null(); ++turn) {
      about_ = Json::parse(exchange_->out(), nullptr, false);
      if (about_.is_discarded()) about_ = nullptr;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    ASSERT_FALSE(about_.is_null()) << exchange_->err();
    venue_ = "sim:" + about_["rest"].get<std::string>().substr(std::string{"http://"}.size());
  }

  /// A key file of an account of the exchange, as an operator would write it.
  std::string key_file(const std::string& account, const std::string& environment) const {
    const auto path = directory_ / (account + ".key");
    for (const auto& row : about_["accounts"])
      if (row["name"] == account)
        std::ofstream{path} << "environment = \"" << environment << "\"\nkey = " << row["key"]
                            << "\nsecret = " << row["secret"] << "\n";
    filesystem::permissions(path, filesystem::perms::owner_read | filesystem::perms::owner_write);
    return path;
  }
  Finished run(std::vector<std::string> more, const std::string& stop_after = "6") {
    std::vector<std::string> arguments{"run",  "--listen",     "127.0.0.1:0", "--state-dir",
                                       state_, "--stop-after", stop_after};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_mlbot(directory_, arguments, {.name = "bot"});
  }
  /// A model from a run on the embedded exchange, put where the run elsewhere looks for it.
  void bring_a_model() {
    const auto made =
        run_mlbot(directory_, {"run", "--listen", "127.0.0.1:0", "--state-dir", directory_ / "made",
                               "--history-hours", "2.5", "--stop-after", "1"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    filesystem::create_directories(state_);
    filesystem::copy(directory_ / "made/models", state_ + "/models", filesystem::copy_options::recursive);
    filesystem::copy_file(directory_ / "made/model_keys.trusted", state_ + "/model_keys.trusted");
  }
  std::vector<std::string> live(const std::string& key) const {
    return {"--venue", venue_, "--mode", "live", "--key-file", key};
  }
  void expect_no_secret(const Finished& finished) const {
    for (const auto& row : about_["accounts"])
      for (const auto* text : {&finished.out, &finished.err}) {
        EXPECT_EQ(text->find(row["secret"].get<std::string>()), std::string::npos);
        EXPECT_EQ(text->find(row["key"].get<std::string>()), std::string::npos);
      }
  }

  TemporaryDirectory directory_;
  std::optional<Process> exchange_;
  Json about_ = nullptr;
  std::string venue_;
  const std::string state_ = directory_ / "state";
};

TEST_F(Elsewhere, PaperNeedsNoKeyRecordsTheMarketAndIsMadeAgainExactly) {
  const auto paper = run({"--venue", venue_, "--mode", "paper"}, "12");
  ASSERT_EQ(paper.exit_code, 0) << paper.err;
  EXPECT_NE(paper.err.find("no model champion yet"), std::string::npos) << paper.err;
  EXPECT_TRUE(filesystem::exists(state_ + "/paper.state"));
  const auto replay = run_mlbot(directory_, {"replay", state_});
  EXPECT_EQ(replay.exit_code, 0) << replay.out << replay.err;
  const auto journal = run_mlbot(directory_, {"journal", "stat", state_ + "/journal", "--json"});
  EXPECT_GT(Json::parse(journal.out)["events"].get<int>(), 150) << journal.out;
}

TEST_F(Elsewhere, LiveStartsOnlyWithAModelARightKeyAndTheOperatorsWord) {
  const auto key = key_file("main", venue_);
  EXPECT_NE(run(live(key)).err.find("mode live needs a model"), std::string::npos);
  bring_a_model();
  if (HasFatalFailure()) return;

  EXPECT_NE(run({"--mode", "live"}).err.find("--venue testnet --key-file"), std::string::npos);
  EXPECT_NE(run({"--venue", venue_, "--mode", "live"}).err.find("mode live needs --key-file"),
            std::string::npos);

  const auto another = run(live(key_file("main", "mainnet")));
  EXPECT_NE(another.err.find("it is for mainnet, the run is for " + venue_), std::string::npos)
      << another.err;
  expect_no_secret(another);

  const auto shared = key_file("main", venue_);
  filesystem::permissions(shared, filesystem::perms::group_read, filesystem::perm_options::add);
  const auto seen_by_others = run(live(shared));
  EXPECT_NE(seen_by_others.err.find("chmod 600"), std::string::npos) << seen_by_others.err;

  const auto reader = run(live(key_file("looker", venue_)));
  EXPECT_NE(reader.exit_code, 0);
  EXPECT_NE(reader.err.find("the key is read-only"), std::string::npos) << reader.err;
  expect_no_secret(reader);

  auto trading = live(key_file("main", venue_));
  const auto unasked = run(trading);
  EXPECT_NE(unasked.exit_code, 0);
  const std::string wanted = "live " + venue_ + " 100000001";
  EXPECT_NE(unasked.err.find("\"" + wanted + "\""), std::string::npos) << unasked.err;
  trading.insert(trading.end(), {"--confirm", wanted});
  const auto traded = run(trading);
  EXPECT_EQ(traded.exit_code, 0) << traded.err;
  expect_no_secret(traded);
  const auto replay = run_mlbot(directory_, {"replay", state_});
  EXPECT_EQ(replay.exit_code, 0) << replay.out << replay.err;
}

TEST_F(Elsewhere, TheDoctorSaysWhatTheVenueTheClockAndTheKeyAreLike) {
  const auto verdicts = [&](const std::string& key) {
    const auto looked = run_mlbot(
        directory_, {"doctor", "--state-dir", state_, "--venue", venue_, "--key-file", key, "--json"});
    expect_no_secret(looked);
    std::map<std::string, std::set<std::string>> out;
    const auto told = Json::parse(looked.out);
    for (const auto& row : told["findings"]) out[row["what"]].insert(row["verdict"]);
    return out;
  };
  auto whole = verdicts(key_file("main", venue_));
  EXPECT_EQ(whole["venue"], std::set<std::string>{"ok"});
  EXPECT_EQ(whole["clock"], std::set<std::string>{"ok"});
  EXPECT_EQ(whole["key"], std::set<std::string>{"ok"});
  EXPECT_TRUE(verdicts(key_file("looker", venue_))["key"].contains("failed"));
  exchange_.reset();
  EXPECT_EQ(verdicts(key_file("main", venue_))["venue"], std::set<std::string>{"failed"});
}

}  // namespace
}  // namespace mlbot
