// Guard and bot's end of the line in one process: who is heard, who is missed, what outlives a restart. The
// venue is an address where nobody answers; what is done there is tests/integration/guard_test.
#include "shell/guard/guard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "io/audit/audit_verify.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/guard/guard_link.h"

namespace mlbot::shell {
namespace {

class GuardAndBot : public ::testing::Test {
 protected:
  GuardAndBot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mlbot-test-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~GuardAndBot() override {
    guard.reset();
    std::filesystem::remove_all(folder);
  }
  Guard::Setup setup() {
    return {.files = guard_files(folder, ""),
            .endpoints = {"http://127.0.0.1:1", "", "", ""},
            .key = {"sim:127.0.0.1:1", "key", "secret"},
            .limits = {.cancel_after = 200ms, .act_after = 500ms},
            .note = [this](const std::string& what) { notes.push_back(what); }};
  }
  void open_guard() {
    auto opened = Guard::open(loop, setup());
    ASSERT_TRUE(opened) << opened.error();
    guard = std::move(*opened);
  }
  GuardLink::Setup link_setup() {
    return {.socket = guard_files(folder, "").socket,
            .beat_every = 20ms,
            .last_sequence = [] { return Sequence{7}; },
            .on_beat = [this](const GuardBeat& beat) { beats.push_back(beat); },
            .note = [this](const std::string& what) { notes.push_back("bot: " + what); },
            .on_acted = [](const BeatAnswer&) {},
            .wanted = true};
  }
  template <class Predicate>
  bool until(Predicate come_true) {
    const auto give_up = io::clock::now() + 20s;
    while (!come_true()) {
      if (io::clock::now() > give_up) return false;
      if (guard) guard->turn();
      loop.run_one(5ms);
    }
    return true;
  }

  std::string folder;
  io::net::EventLoop loop;
  std::vector<std::string> notes;
  std::vector<GuardBeat> beats;
  std::unique_ptr<Guard> guard;
};

TEST_F(GuardAndBot, AreHeardMissedAndHeardAgain) {
  open_guard();
  EXPECT_EQ(guard->presence(), Presence::nobody);
  std::optional<GuardLink> link;
  link.emplace(loop, link_setup());
  ASSERT_TRUE(until([&] { return link->state() == GuardLink::State::present && beats.size() >= 2; }));
  EXPECT_EQ(guard->presence(), Presence::present);
  EXPECT_TRUE(beats[0].present);
  EXPECT_EQ(beats[0].build, own_build()) << "ours first: the core compares";
  EXPECT_EQ(beats[1].build, own_build());
  link.reset();
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::silent; }));
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::abandoned; }));
  link.emplace(loop, link_setup());
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::present; }));
  guard.reset();
  const auto log = io::audit::verify(guard_files(folder, "").audit).value();
  EXPECT_TRUE(log.whole()) << log.findings.front().what;
  EXPECT_GE(log.records, 6u) << "started, heard, silent, abandoned, heard, stopped";
}

TEST_F(GuardAndBot, ABotThatLeavesInGoodOrderIsNotMissed) {
  open_guard();
  std::optional<GuardLink> link;
  link.emplace(loop, link_setup());
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::present; }));
  link->leave();
  link.reset();
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::nobody; }));
  const auto later = io::clock::now() + 700ms;
  ASSERT_TRUE(until([&] { return io::clock::now() > later; }));
  EXPECT_EQ(guard->presence(), Presence::nobody);
}

TEST_F(GuardAndBot, AGuardThatIsStartedAgainMissesTheBotThatWasThere) {
  open_guard();
  std::optional<GuardLink> link;
  link.emplace(loop, link_setup());
  ASSERT_TRUE(until([&] { return link->state() == GuardLink::State::present; }));
  guard.reset();
  ASSERT_TRUE(until([&] { return link->state() == GuardLink::State::absent; }));
  EXPECT_FALSE(beats.back().present) << "the core hears that its guard is gone";
  link.reset();
  open_guard();
  EXPECT_EQ(guard->presence(), Presence::present) << "from its own start on";
  ASSERT_TRUE(until([&] { return guard->presence() == Presence::abandoned; }));
}

TEST_F(GuardAndBot, AGuardThatHangsIsSilentForTheBot) {
  open_guard();
  GuardLink link{loop, link_setup()};
  ASSERT_TRUE(until([&] { return link.state() == GuardLink::State::present; }));
  const auto give_up = io::clock::now() + 20s;
  while (link.state() == GuardLink::State::present && io::clock::now() < give_up) loop.run_one(5ms);
  EXPECT_EQ(link.state(), GuardLink::State::silent);
  EXPECT_FALSE(beats.back().present);
  EXPECT_NE(link.detail().find("does not answer"), std::string::npos);
  ASSERT_TRUE(until([&] { return link.state() == GuardLink::State::present; }));
  EXPECT_TRUE(beats.back().present);
}

TEST_F(GuardAndBot, ADamagedFileMeansThatABotIsExpectedAndThereIsOneGuard) {
  ASSERT_TRUE(io::files::write_file_atomically(guard_files(folder, "").state, "{\"form"));
  open_guard();
  EXPECT_EQ(guard->presence(), Presence::present);
  EXPECT_FALSE(Guard::open(loop, setup())) << "the files have one writer";
}

TEST_F(GuardAndBot, AGuardThatCannotReachTheVenueSaysSoToTheBot) {
  open_guard();
  GuardLink link{loop, link_setup()};
  ASSERT_TRUE(until([&] { return link.detail().find("it could not act") != std::string::npos; }))
      << link.detail();
}

}  // namespace
}  // namespace mlbot::shell
