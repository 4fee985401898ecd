// The audit log as its user meets it: a bot that is killed and started again, then the log verified, shown
// and tampered with.
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/venue_scene.h"
#include "io/audit/audit_log.h"

namespace mlbot {
namespace {

using testing_support::text_of;
using testing_support::VenueScene;

TEST(AuditProcess, IsWholeOverAKillMinusNineAndNamesWhatWasTouched) {
  const VenueScene scene;
  const auto log = scene.state + "/audit";
  const auto records = [&] {
    const auto segments = io::audit::segments_of(log);
    if (segments.empty()) return std::ptrdiff_t{0};
    const auto text = text_of(segments.back().path);
    return std::count(text.begin(), text.end(), '\n');
  };
  for (int run = 0; run < 2; ++run) {
    const auto bot = scene.watching_bot();
    const auto wanted = records() + 8;
    ASSERT_TRUE(VenueScene::until([&] {
      return std::filesystem::exists(scene.state + "/running.json") && records() >= wanted;
    })) << bot->err();
    const auto paused = scene.mlbot({"pause", "--cause", "a rehearsal"});
    EXPECT_EQ(paused.exit_code, 0) << paused.err;
    ASSERT_TRUE(VenueScene::until([&] { return scene.status()["header"].value("state", "") == "PAUSED"; }));
    bot->signal(SIGKILL);
    bot->wait();
    std::filesystem::remove(scene.state + "/running.json");
  }
  {
    const auto bot = scene.watching_bot();
    ASSERT_TRUE(VenueScene::until([&] { return std::filesystem::exists(scene.state + "/running.json"); }))
        << bot->err();
    bot->signal(SIGINT);
    EXPECT_EQ(bot->wait().exit_code, 0) << bot->err();
  }
  const auto whole = scene.mlbot({"audit", "verify", "--journal", "--json"});
  EXPECT_EQ(whole.exit_code, 0) << whole.out << whole.err;
  const Json told = Json::parse(whole.out);
  EXPECT_TRUE(told["whole"] == true);
  EXPECT_GT(told["of_journal"].get<int>(), 15);
  std::printf("%s records, %s of them made again from the journal\n", told["records"].dump().c_str(),
              told["of_journal"].dump().c_str());

  const auto people = scene.mlbot({"audit", "show", "--kind", "operator", "--json"});
  EXPECT_EQ(people.exit_code, 0) << people.err;
  EXPECT_NE(people.out.find(R"("verb":"pause","from":"cli","cause":"a rehearsal")"), std::string::npos)
      << people.out;
  EXPECT_EQ(scene.mlbot({"audit", "show", "--from", "yesterday"}).exit_code, 2);
  EXPECT_EQ(scene.mlbot({"audit", "show", "--to", "2000-01-01T00:00:00Z"}).out, "");

  const auto path = io::audit::segments_of(log).at(0).path;
  auto bytes = text_of(path);
  const auto at = bytes.find("a rehearsal");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'b';
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  const auto number = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const auto touched = scene.mlbot({"audit", "verify"});
  EXPECT_EQ(touched.exit_code, 5);
  EXPECT_NE(touched.out.find(fmt::format("record {} is not what was written", number)), std::string::npos)
      << touched.out;
}

TEST(AuditProcess, NoLogIsSaid) {
  const testing_support::TemporaryDirectory directory;
  const auto verified =
      testing_support::run_mlbot(directory, {"audit", "verify", "--state-dir", directory / "no"});
  EXPECT_EQ(verified.exit_code, 5);
  EXPECT_NE(verified.err.find("no audit log here"), std::string::npos) << verified.err;
}

}  // namespace
}  // namespace mlbot
