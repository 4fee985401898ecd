// What goes wrong around the bot, met as its user meets it: each fault has its exit code and one message that
// names the thing and the remedy, and nothing that was recorded is lost. Waiting is for states of the
// program, never for a time.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

namespace fs = std::filesystem;
using testing_support::Finished;
using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;
using testing_support::text_of;

/// True as soon as `wanted` is; false when a minute did not bring it.
bool eventually(const std::function<bool()>& wanted) {
  for (int i = 0; i < 1200; ++i) {
    if (wanted()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return false;
}

/// A loopback port: free once this object is gone, taken as long as it lives.
class LoopbackPort {
 public:
  LoopbackPort() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    number_ = ntohs(address.sin_port);
  }
  LoopbackPort(const LoopbackPort&) = delete;
  LoopbackPort& operator=(const LoopbackPort&) = delete;
  ~LoopbackPort() { ::close(socket_); }
  std::string text() const { return std::to_string(number_); }

 private:
  int socket_;
  int number_ = 0;
};

/// A disk of a few megabytes, where the system lets us mount one.
class SmallDisk {
 public:
  SmallDisk(std::string path, const std::string& size) : path_{std::move(path)} {
    fs::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!mounted_) why_not_ = std::strerror(errno);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::string& why_not() const { return why_not_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Lengthens a file until nothing more fits.
  void fill() const {
    std::ofstream out{path_ + "/filling", std::ios::binary | std::ios::app};
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { fs::remove(path_ + "/filling"); }

 private:
  std::string path_;
  bool mounted_ = false;
  std::string why_not_;
};

class BadInput : public testing::Test {
 protected:
  /// Arguments of a short run; an option among `more` takes the place of ours. Without `stop_after` it runs
  /// until stopped.
  std::vector<std::string> run_arguments(const std::vector<std::string>& more = {},
                                         const std::string& stop_after = "10") const {
    std::vector<std::string> out{"run", "--state-dir", state};
    const auto unless_given = [&](const std::string& option, const std::string& value) {
      if (std::find(more.begin(), more.end(), option) == more.end()) out.insert(out.end(), {option, value});
    };
    unless_given("--listen", "127.0.0.1:0");
    unless_given("--history-hours", "2.5");
    unless_given("--speed", "20");
    if (!stop_after.empty()) unless_given("--stop-after", stop_after);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  /// One clean run of ten market seconds: journal, archive, model, summary.
  void record_a_run() {
    const auto result = run_mlbot(directory, run_arguments());
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  std::string segment() const { return state + "/journal/00000000000000000001.journal"; }
  Finished replay(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"replay", state});
    return run_mlbot(directory, more, {.name = "replay"});
  }
  Json journal() const {
    const auto result =
        run_mlbot(directory, {"journal", "stat", state + "/journal", "--json"}, {.name = "stat"});
    return Json::parse(result.out, nullptr, false);
  }
  std::uint64_t events() const { return journal().value("events", std::uint64_t{0}); }
  /// Is a bot running in the state directory, with its page up and records still coming in?
  bool at_work() const {
    std::error_code missing;
    if (!fs::exists(state + "/running.json", missing)) return false;
    const auto before = fs::file_size(segment(), missing);
    return !missing && eventually([&] { return fs::file_size(segment(), missing) > before; });
  }
  void flip_a_bit(std::uint64_t offset) const {
    std::fstream file{segment(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(byte);
  }

  TemporaryDirectory directory;
  std::string state = directory / "state";
};

#define EXPECT_SAYS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << "no \"" << (part) << "\" in: " << (text)

// ---- settings

TEST_F(BadInput, AnUnknownVariableOfTheEnvironmentIsNamed) {
  const auto result = run_mlbot(directory, run_arguments(), {.environment = {"MLBOT__RISK__NOPE=1"}});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_SAYS(result.err,
              "environment MLBOT__RISK__NOPE: unknown key risk.nope; `mlbot config show` lists all keys");
  EXPECT_FALSE(fs::exists(state)) << "nothing was begun";
}

TEST_F(BadInput, AVariableOfTheWrongTypeIsNamed) {
  const auto result =
      run_mlbot(directory, {"config", "check"}, {.environment = {"MLBOT__RISK__DAILY_LOSS_USDT=much"}});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_SAYS(
      result.err,
      "environment MLBOT__RISK__DAILY_LOSS_USDT: risk.daily_loss_usdt is \"much\", expected a number");
}

// ---- the journal

TEST_F(BadInput, GarbageBehindTheLastRecordIsCutAndTheRunStaysWhole) {
  record_a_run();
  const auto whole = events();
  std::ofstream{segment(), std::ios::app | std::ios::binary} << std::string(777, '\x5a');
  EXPECT_EQ(journal()["torn_bytes"], 777);
  EXPECT_EQ(replay().exit_code, 0) << "readers pass over a torn end";

  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_SAYS(next.err, "journal: 777 bytes of a torn record were cut off " + segment());
  EXPECT_GT(events(), whole);
  EXPECT_EQ(journal()["gaps"], 0);
  for (const std::string epoch : {"1", "2"}) {
    const auto again = replay({"--epoch", epoch, "--json"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(Json::parse(again.out)["compared"], "commands, frames, decisions and state");
  }
}

TEST_F(BadInput, ALostTailIsSaidAndWhatIsLeftIsCompared) {
  record_a_run();
  fs::resize_file(segment(), fs::file_size(segment()) - 2000);
  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;

  const auto first = replay({"--epoch", "1"});
  EXPECT_EQ(first.exit_code, 5) << first.out;
  EXPECT_SAYS(first.err, "run 1: the journal ends at sequence ");
  EXPECT_SAYS(first.err, "the tail is lost; commands up to sequence ");
  const auto remedy = first.err.find("--until ");
  ASSERT_NE(remedy, std::string::npos) << first.err;
  const auto until = std::to_string(std::stoull(first.err.substr(remedy + 8)));
  const auto rest = replay({"--epoch", "1", "--until", until});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_SAYS(rest.out, "run 1: commands");
  EXPECT_SAYS(rest.out, " to " + until + " equal to the recording");
  EXPECT_EQ(replay().exit_code, 0) << "the run after it";
}

TEST_F(BadInput, AFlippedBitInARunIsANamedGapAndReplayGoesUpToIt) {
  record_a_run();
  flip_a_bit(fs::file_size(segment()) - 4000);
  EXPECT_EQ(journal()["gaps"], 1);
  const auto damaged = replay();
  EXPECT_EQ(damaged.exit_code, 5) << damaged.out;
  EXPECT_SAYS(damaged.err, "the journal has a gap after sequence ");
  EXPECT_SAYS(damaged.err, "damaged bytes in " + segment());
  const auto remedy = damaged.err.find("--until ");
  ASSERT_NE(remedy, std::string::npos) << damaged.err;
  const auto until = std::to_string(std::stoull(damaged.err.substr(remedy + 8)));
  const auto rest = replay({"--until", until});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;

  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_SAYS(next.err, "journal: gap after sequence ");
  const auto again = replay();
  EXPECT_EQ(again.exit_code, 0) << "a run that was warmed across the gap repeats: " << again.err;
}

TEST_F(BadInput, AHoleInTheHistoryExplainsWhyTheRunDoesNotRepeat) {
  record_a_run();
  {
    std::fstream file{segment(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(fs::file_size(segment()) / 4 * 3));
    const std::string hole(256 << 10, '\0');  // minutes of market: no window of the features can miss it
    file.write(hole.data(), static_cast<std::streamsize>(hole.size()));
  }
  const auto result = replay();
  EXPECT_EQ(result.exit_code, 5) << result.out;
  EXPECT_SAYS(result.err, "the history that warmed it has a gap after sequence ");
  EXPECT_SAYS(result.err, "damaged bytes in " + segment());
}

// ---- the model

TEST_F(BadInput, AModelThatCannotBeTrustedIsRefusedByNameAndNothingStarts) {
  record_a_run();
  const auto models = state + "/models/";
  std::string hash = text_of(models + "aliases/champion");
  hash.pop_back();
  const auto bundle = models + hash;
  const auto replaced = [](const std::string& path, const std::string& what, const std::string& by) {
    auto text = text_of(path);
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << path;
    std::ofstream{path, std::ios::binary} << text.replace(at, what.size(), by);
  };
  struct Damage {
    std::string what, says;
    std::function<void()> damage;
  };
  const std::vector<Damage> damages{
      {"truncated", "model.json has 1000 of ", [&] { fs::resize_file(bundle + "/model.json", 1000); }},
      {"missing", "golden.json is missing", [&] { fs::remove(bundle + "/golden.json"); }},
      {"tampered", "model.json was changed after training",
       [&] { replaced(bundle + "/model.json", "0", "1"); }},
      {"other schema", "was trained on feature catalogue 0123456789abcdef and this program has ",
       [&] {
         const auto schema = Json::parse(text_of(bundle + "/bundle.json"))["schema_hash"].get<std::string>();
         replaced(bundle + "/bundle.json", schema, "0123456789abcdef");
       }},
      {"tampered bundle.json", "bundle.json was changed or a file was added after training",
       [&] { replaced(bundle + "/bundle.json", "\"residual_bps\": ", "\"residual_bps\": 1"); }},
      {"no JSON", "bundle.json ends too early", [&] { std::ofstream{bundle + "/bundle.json"} << "hello\n"; }},
      {"gone", "champion names model " + hash + ", which is not there", [&] { fs::remove_all(bundle); }}};
  const auto before = events();
  fs::copy(bundle, directory / "whole", fs::copy_options::recursive);
  for (const auto& damage : damages) {
    SCOPED_TRACE(damage.what);
    damage.damage();
    for (const auto& arguments :
         {run_arguments(), std::vector<std::string>{"model", "show", "--state-dir", state}}) {
      const auto result = run_mlbot(directory, arguments);
      EXPECT_EQ(result.exit_code, damage.what == std::string_view{"other schema"} ? 78 : 6) << result.out;
      EXPECT_SAYS(result.err, hash);
      EXPECT_SAYS(result.err, damage.says);
      EXPECT_SAYS(result.err, "train");
      EXPECT_EQ(result.out, "");
    }
    fs::remove_all(bundle);
    fs::copy(directory / "whole", bundle, fs::copy_options::recursive);
  }
  EXPECT_EQ(replay().exit_code, 0) << "with its bundle back the run repeats";
  EXPECT_GE(events(), before);
  EXPECT_EQ(journal()["gaps"], 0);
}

// ---- the place

TEST_F(BadInput, ABusyPortIsNamedAndTheNextStartGoesOn) {
  const LoopbackPort taken;
  const auto result = run_mlbot(directory, run_arguments({"--listen", "127.0.0.1:" + taken.text()}));
  EXPECT_EQ(result.exit_code, 4) << result.out;
  EXPECT_SAYS(result.err, "page: port " + taken.text() + " is in use");
  EXPECT_SAYS(result.err, "--listen");
  EXPECT_FALSE(fs::exists(state + "/running.json")) << "no bot runs";
  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_EQ(replay().exit_code, 0);
}

TEST_F(BadInput, ASecondBotInOneStateDirectoryIsRefused) {
  Process first{directory, run_arguments({}, ""), {.name = "first"}};
  ASSERT_TRUE(eventually([&] { return at_work(); })) << first.err();
  const auto second = run_mlbot(directory, run_arguments());
  EXPECT_EQ(second.exit_code, 3) << second.out;
  EXPECT_SAYS(second.err, "process " + std::to_string(first.id()) + " already writes the journal " + state +
                              "/journal: stop it first");
  EXPECT_TRUE(first.running()) << "and the first does not notice";
  EXPECT_TRUE(at_work());
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_EQ(replay().exit_code, 0);
}

TEST_F(BadInput, ADiskTooSmallForTheHistoryIsNamed) {
  const SmallDisk disk{directory / "disk", "12m"};
  if (!disk.mounted()) GTEST_SKIP() << "no small disk can be mounted here: " << disk.why_not();
  state = disk / "state";
  const auto result = run_mlbot(directory, run_arguments());
  EXPECT_EQ(result.exit_code, 5) << result.out;
  EXPECT_SAYS(result.err, "cannot write " + segment() + ": No space left on device; free space on that disk");
  EXPECT_GT(events(), 0u) << "what was recorded reads";
  EXPECT_EQ(journal()["gaps"], 0);
}

TEST_F(BadInput, ADiskThatFillsStopsTradingAndLosesNothing) {
  const SmallDisk disk{directory / "disk", "96m"};
  if (!disk.mounted()) GTEST_SKIP() << "no small disk can be mounted here: " << disk.why_not();
  state = disk / "state";
  Process bot{directory, run_arguments({}, "")};
  ASSERT_TRUE(eventually([&] { return at_work(); })) << bot.err();
  ASSERT_TRUE(eventually([&] {
    disk.fill();  // and again: closed hours leave the archive's file, which frees some
    return !bot.running();
  })) << bot.err();
  const auto result = bot.wait();
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_SAYS(result.err, "cannot write " + segment() + ": No space left on device; free space on that disk");
  EXPECT_SAYS(result.err, "trading has stopped, nothing recorded is lost");
  EXPECT_EQ(journal()["gaps"], 0);
  const auto full = replay();
  EXPECT_EQ(full.exit_code, 0) << full.err;

  disk.make_room();
  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_EQ(replay({"--epoch", "1"}).exit_code, 0);
  EXPECT_EQ(replay({"--epoch", "2"}).exit_code, 0);
}

TEST_F(BadInput, AMissingDuckdbIsOneClearMessage) {
  // A mount of its own hides the library's folder from this one process.
  const auto hidden = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"-m", "sh", "-c", "mount -t tmpfs none \"$0\" && exec \"$@\"",
                      fs::path{MLBOT_DUCKDB_LIBRARY}.parent_path().string(), MLBOT_BINARY});
    return run_mlbot(directory, arguments, {.program = "unshare"});
  };
  if (hidden({"--version"}).exit_code != 0) GTEST_SKIP() << "no folder can be hidden from one process here";
  const auto result = hidden(run_arguments());
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_SAYS(result.err, "archive: no DuckDB library");
  EXPECT_SAYS(result.err, "run tools/setup, or install libduckdb");
  const auto doctor = hidden({"doctor", "--state-dir", state, "--set", "ui.listen=127.0.0.1:0"});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_GT(events(), 0u) << "the journal does not need it";
  EXPECT_EQ(run_mlbot(directory, run_arguments()).exit_code, 0) << "with the library back the bot starts";
}

// ---- the bus

TEST_F(BadInput, ABusThatIsNotThereIsNamed) {
  const auto absent = run_mlbot(directory, run_arguments({"--bus", "redis://127.0.0.1:1"}));
  EXPECT_EQ(absent.exit_code, 4) << absent.out;
  EXPECT_SAYS(absent.err, "no Redis at 127.0.0.1:1 (Connection refused): start one with redis-server");
  const auto misspelt = run_mlbot(directory, run_arguments({"--bus", "rdis://127.0.0.1:1"}));
  EXPECT_EQ(misspelt.exit_code, 78) << misspelt.out;
  EXPECT_SAYS(misspelt.err, "does not begin with redis://");
}

TEST_F(BadInput, ABusThatDiesIsSaidAndTheRunStaysWhole) {
  const auto port = LoopbackPort{}.text();
  Process server{
      directory,
      {"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", directory.str()},
      {.program = "redis-server", .name = "redis"}};
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"-p", port});
    return run_mlbot(directory, words, {.program = "redis-cli", .name = "ask"}).out;
  };
  if (!eventually([&] { return !server.running() || ask({"PING"}) == "PONG\n"; }) || !server.running())
    GTEST_SKIP() << "no redis-server here: " << server.err();

  Process bot{directory, run_arguments({"--bus", "redis://127.0.0.1:" + port}, "")};
  for (const std::string stream : {"md.{BTCUSDT}", "md.{ETHUSDT}", "feat.{BTCUSDT}", "feat.{ETHUSDT}",
                                   "sig.{main}", "ord.{main}", "ctl"})
    EXPECT_TRUE(eventually([&] { return std::strtol(ask({"XLEN", stream}).c_str(), nullptr, 10) > 0; }))
        << stream << ": " << ask({"KEYS", "*"}) << bot.err();

  server.signal(SIGKILL);
  server.wait();
  EXPECT_TRUE(eventually([&] { return bot.err().find("redis: ") != std::string::npos; })) << bot.err();
  EXPECT_SAYS(bot.err(), "trading and the journal go on without it");
  EXPECT_TRUE(at_work());
  bot.signal(SIGINT);
  const auto result = bot.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(journal()["gaps"], 0);
  const auto again = replay({"--json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Json::parse(again.out)["compared"], "commands, frames, decisions and state");
}

// ---- the end

TEST_F(BadInput, ControlCEndsARunAtOnceAndTheNextOneTakesItsPositionsOver) {
  // Fees that pay for trading, and a model of two hours that may meet what it never saw, so that positions are
  // there to be taken over.
  Process bot{directory, run_arguments({"--speed", "60", "--set", "decision.min_edge_bps=0", "--set",
                                        "sim.maker_fee_bps=-5", "--set", "sim.taker_fee_bps=0", "--set",
                                        "risk.features_outside_max=50"},
                                       "")};
  const auto holds_something = [&] {
    const auto status = run_mlbot(directory, {"status", "--json", "--state-dir", state}, {.name = "status"});
    const auto json = Json::parse(status.out, nullptr, false);
    return json.is_object() && json.contains("positions") && !json["positions"].empty();
  };
  ASSERT_TRUE(eventually(holds_something)) << bot.err();
  const auto asked_at = std::chrono::steady_clock::now();
  bot.signal(SIGINT);
  const auto result = bot.wait();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - asked_at);
  RecordProperty("stop_ms", static_cast<int>(took.count()));
  EXPECT_LT(took.count(), 10'000) << "two seconds are promised; five times that on a busy machine";
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(fs::exists(state + "/running.json"));

  const auto held = [&] {
    return run_mlbot(directory,
                     {"query", "SELECT symbol, size FROM open_positions WHERE size != 0 ORDER BY symbol",
                      "--format", "csv", "--state-dir", state})
        .out;
  };
  const auto before = held();
  // Shadow mode gives no orders: what it holds is what it found.
  const auto next = run_mlbot(directory, run_arguments({"--mode", "shadow", "--speed", "1"}, "3"));
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_EQ(held(), before);
  EXPECT_EQ(journal()["runs"].size(), 2u);
  EXPECT_EQ(journal()["runs"][1]["epoch"], 2);
  for (const std::string epoch : {"1", "2"}) {
    const auto again = replay({"--epoch", epoch, "--json"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(Json::parse(again.out)["compared"], "commands, frames, decisions and state");
  }
}

TEST_F(BadInput, AKilledRunRepeatsFromItsJournalAndTheNextOneStarts) {
  Process bot{directory, run_arguments({}, "")};
  ASSERT_TRUE(eventually([&] { return at_work(); })) << bot.err();
  bot.signal(SIGKILL);
  bot.wait();
  EXPECT_TRUE(fs::exists(state + "/running.json")) << "it could not tidy up";
  EXPECT_EQ(run_mlbot(directory, {"status", "--state-dir", state}).exit_code, 4);

  const auto next = run_mlbot(directory, run_arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  const auto killed = replay({"--epoch", "1"});
  EXPECT_EQ(killed.exit_code, 0) << killed.err;
  EXPECT_SAYS(killed.out, "run 1: commands up to sequence ");
  EXPECT_SAYS(killed.err, "the run was not stopped cleanly");
  EXPECT_EQ(replay({"--epoch", "2"}).exit_code, 0);
  EXPECT_EQ(journal()["gaps"], 0);
}

}  // namespace
}  // namespace mlbot
