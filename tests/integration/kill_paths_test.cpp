// Every way to stop a running bot, through the real process: command, file, signal, a page that is gone; and
// back again only on purpose.
#include <gtest/gtest.h>

#include "integration/venue_scene.h"

namespace mlbot {
namespace {

using testing_support::Process;
using testing_support::text_of;
using testing_support::VenueScene;

class KillPaths : public ::testing::Test {
 protected:
  bool runs() {
    return VenueScene::until([&] { return std::filesystem::exists(scene.state + "/running.json"); });
  }
  std::unique_ptr<Process> start() {
    std::filesystem::remove(scene.state + "/running.json");
    auto bot = scene.watching_bot();
    EXPECT_TRUE(runs()) << bot->err();
    return bot;
  }
  std::string on_disk() const {
    const Json json = Json::parse(text_of(scene.state + "/trading.state"), nullptr, false);
    return json.is_object() ? json.value("state", "") : "";
  }
  bool becomes(const std::string& state) {
    return VenueScene::until([&] { return on_disk() == state; });
  }
  std::string kill_file() const { return scene.state + "/KILL"; }
  const VenueScene scene;
};

TEST_F(KillPaths, EachLevelByCommandAndBackOnPurpose) {
  const auto bot = start();
  EXPECT_EQ(scene.mlbot({"reduce"}).exit_code, 0);
  EXPECT_TRUE(becomes("reduce_only")) << on_disk();
  EXPECT_EQ(scene.mlbot({"flatten", "--cause", "a rehearsal"}).exit_code, 0);
  EXPECT_TRUE(becomes("halted")) << on_disk();
  EXPECT_NE(scene.mlbot({"unlock", "--cause", "x", "--confirm", "x"}).exit_code, 0) << "nothing is locked";
  EXPECT_EQ(scene.mlbot({"kill"}).exit_code, 0);
  EXPECT_TRUE(becomes("killed")) << on_disk();

  const auto resumed = scene.mlbot({"resume"});
  EXPECT_EQ(resumed.exit_code, 3);
  EXPECT_NE(resumed.err.find("mlbot unlock"), std::string::npos) << resumed.err;
  EXPECT_NE(scene.mlbot({"unlock", "--confirm", "x"}).err.find("must say why"), std::string::npos);
  const auto wrong = scene.mlbot({"unlock", "--cause", "seen", "--confirm", "x"});
  EXPECT_EQ(wrong.exit_code, 3);
  const std::string mark = "must be the account: ";
  ASSERT_NE(wrong.err.find(mark), std::string::npos) << wrong.err;
  auto account = wrong.err.substr(wrong.err.find(mark) + mark.size());
  account = account.substr(0, account.find_first_of("\n\x1b"));
  EXPECT_TRUE(VenueScene::until([&] {
    return scene.mlbot({"unlock", "--cause", "seen", "--confirm", account}).exit_code == 0;
  })) << "once nothing is left to close";
  EXPECT_TRUE(becomes("halted")) << on_disk();
  EXPECT_EQ(scene.mlbot({"resume"}).exit_code, 0);
  EXPECT_TRUE(becomes("active")) << on_disk();
  EXPECT_TRUE(VenueScene::until([&] {  // the record follows the journal
    const auto shown = scene.mlbot({"audit", "show", "--kind", "operator"});
    return shown.out.find("verb=unlock from=cli cause=seen") != std::string::npos;
  }));
}

TEST_F(KillPaths, AFileAndASignalAreHeardAndTheFileHoldsUntilAPersonRemovesIt) {
  auto bot = start();
  std::ofstream{kill_file()} << "pause somebody looks\n";
  EXPECT_TRUE(becomes("paused")) << on_disk();
  const auto resumed = scene.mlbot({"resume"});
  EXPECT_EQ(resumed.exit_code, 3);
  EXPECT_NE(resumed.err.find("remove it first"), std::string::npos) << resumed.err;
  std::filesystem::remove(kill_file());
  EXPECT_TRUE(
      VenueScene::until([&] { return scene.mlbot({"resume"}).exit_code == 0 && on_disk() == "active"; }));

  bot->signal(SIGUSR2);
  EXPECT_TRUE(becomes("killed")) << on_disk();
  bot->signal(SIGKILL);
  bot->wait();
  bot = start();
  EXPECT_NE(bot->err().find("trading is killed since the last run"), std::string::npos) << bot->err();
}

TEST_F(KillPaths, APageThatDoesNotAnswerIsNoReasonNotToStop) {
  const auto bot = start();
  std::ofstream{scene.state + "/running.json"} << R"({"page":"http://127.0.0.1:1","pid":1,"epoch":1})";
  const auto killed = scene.mlbot({"kill", "--cause", "the page is gone"});
  EXPECT_EQ(killed.exit_code, 0) << killed.err;
  EXPECT_NE(killed.out.find("KILL"), std::string::npos) << killed.out;
  EXPECT_TRUE(becomes("killed")) << on_disk();
  EXPECT_EQ(text_of(kill_file()), "kill the page is gone\n");
  EXPECT_NE(scene.mlbot({"resume"}).exit_code, 0) << "only what stops goes by the file";
}

TEST_F(KillPaths, ADisconnectEndsTheProcessAndItDoesNotStartAgainByItself) {
  auto bot = start();
  EXPECT_EQ(scene.mlbot({"disconnect"}).exit_code, 0);
  const auto ended = bot->wait();
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_NE(ended.err.find("links closed, key dropped"), std::string::npos) << ended.err;
  EXPECT_EQ(on_disk(), "killed");
  bot = scene.watching_bot();
  const auto refused = bot->wait();
  EXPECT_EQ(refused.exit_code, 78) << refused.err;
  EXPECT_NE(refused.err.find("nothing starts while it stands"), std::string::npos) << refused.err;
  std::filesystem::remove(kill_file());
  bot = start();
  EXPECT_NE(bot->err().find("trading is killed since the last run"), std::string::npos) << bot->err();
}

}  // namespace
}  // namespace mlbot
