// What the journal promises, against everything that was thought of to break it: every byte flipped, every
// length cut, every call failing in turn, kill -9 at every named point and at any time, and power cuts.
//
// The oracle is outside: what was acknowledged (flush() or sync() returned) is noted by the test itself.
// Counts are printed. The short form runs always; MLBOT_PROOF_ROUNDS=n makes the loops n times as long.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>

#include "base/prng.h"
#include "io/files/temporary_folder.h"
#include "io/files/test_file_system.h"
#include "io/journal/journal_format.h"
#include "io/journal/manifest.h"
#include "io/journal/test_journal.h"
#include "io/journal/verify.h"

namespace mlbot::io::journal {
namespace {

constexpr std::uint64_t small_segment = 2048;

int rounds() {
  const char* const wanted = std::getenv("MLBOT_PROOF_ROUNDS");
  return wanted == nullptr ? 1 : std::max(1, std::atoi(wanted));
}

std::vector<std::string> files_of(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    if (entry.is_regular_file() &&
        (entry.path().string().ends_with(plain_suffix) || entry.path().string().ends_with(compressed_suffix)))
      paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  return paths;
}

TEST(Proof, NoByteFlippedAndNoLengthCutLosesAnythingInSilence) {
  const files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
  constexpr std::uint64_t last = 120;
  {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = small_segment});
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->append(definition(1, 0, "BTCUSDT")));
    for (std::uint64_t number = 2; number <= last; ++number) {
      ASSERT_TRUE((*writer)->append_raw_frame(timer(number).at, Link::market, "{\"topic\":\"x\"}"));
      ASSERT_TRUE((*writer)->append(timer(number)));
    }
  }
  std::uint64_t flips = 0, cuts = 0, gaps = 0;
  const auto paths = files_of(folder.path());
  ASSERT_GE(paths.size(), 4u);
  for (const auto& path : paths) {
    const auto good = slurp(path);
    const bool newest = path == paths.back();
    const auto look = [&](const std::string& bytes) {
      spill(path, bytes);
      SCOPED_TRACE(testing::Message() << path << " of " << bytes.size() << " bytes");
      const auto heard = read_all(folder.path());
      expect_nothing_missing_in_silence(heard, last);
      gaps += heard.gaps.size();
      if (!newest) {
        EXPECT_EQ(heard.events.back(), last);
      }
    };
    for (std::size_t at = 0; at < good.size(); ++at, ++flips) {
      auto bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
      look(bytes);
    }
    for (std::size_t size = 0; size < good.size(); ++size, ++cuts) look(good.substr(0, size));
    spill(path, good);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_TRUE(read_all(folder.path()).gaps.empty());
  std::printf("%llu bytes flipped, %llu lengths cut, %llu gaps named, nothing missing in silence\n",
              static_cast<unsigned long long>(flips), static_cast<unsigned long long>(cuts),
              static_cast<unsigned long long>(gaps));
}

/// What one session was told.
struct Told {
  std::uint64_t written = 0;  ///< flush() returned for it
  std::uint64_t synced = 0;   ///< sync() returned for it
  std::uint64_t leased = 0;
  bool opened = false;
};

/// A session of a hundred events: frames, events, a lease, closed segments, syncing both ways.
Told session(const std::string& directory, files::FileSystem& system, std::uint64_t events = 100) {
  Told told;
  auto writer = JournalWriter::open(
      directory, {.segment_bytes_max = small_segment, .reserve_bytes = 4096, .system = &system});
  if (!writer) return told;
  told.opened = true;
  const std::uint64_t first = (*writer)->last_sequence().number + 1;
  for (std::uint64_t i = 0; i < events; ++i) {
    if (i == 0 || i == events / 2)
      if ((*writer)->lease_order_ids(4096 * (i + 1))) told.leased = (*writer)->leased_order_ids();
    const auto number = (*writer)->last_sequence().number + 1;
    if (!(*writer)->append_raw_frame(timer(number).at, Link::market, "{\"topic\":\"tickers.BTCUSDT\"}"))
      break;
    if (!(*writer)->append(number == first ? definition(number, 0, "BTCUSDT") : timer(number))) break;
    if (!(*writer)->flush()) break;
    told.written = number;
    if (i % 7 == 0 && !(*writer)->sync_soon()) break;
    if (i % 23 == 0) {
      if (!(*writer)->sync()) break;
      told.synced = number;
    }
  }
  if ((*writer)->sync()) told.synced = told.written;
  return told;
}

TEST(Proof, EveryCallThatFailsInTurnLosesNothingThatWasAcknowledged) {
  std::uint64_t stories = 0;
  std::map<std::string, int> met;
  for (const int error : {EIO, ENOSPC, 0}) {
    for (const bool stays : {false, true}) {
      if (error == 0 && stays) continue;  // half of every write for ever makes slow, not lost
      for (std::uint64_t n = 1;; n += static_cast<std::uint64_t>(rounds() > 1 ? 1 : 3)) {
        const files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
        const Told before = session(folder.path(), files::real_file_system(), 30);
        files::FailingFileSystem failing{n, error, stays};
        const Told told = session(folder.path(), failing);
        ++stories;
        if (!failing.hit()) break;
        ++met[failing.failed_call()];
        SCOPED_TRACE(testing::Message() << "call " << n << " (" << failing.failed_call() << "), error "
                                        << error << (stays ? ", for ever" : ", once"));
        const std::uint64_t acknowledged = std::max(before.written, told.written);
        const auto heard = read_all(folder.path());
        expect_nothing_missing_in_silence(heard, heard.events.back());
        EXPECT_TRUE(heard.gaps.empty());
        ASSERT_GE(heard.events.back(), acknowledged);
        if (told.leased > 0) {
          EXPECT_GE(*std::ranges::max_element(heard.leases), told.leased);
        }
        // The next run goes on as if nothing had been.
        const Told after = session(folder.path(), files::real_file_system(), 10);
        ASSERT_TRUE(after.opened);
        ASSERT_EQ(after.synced, heard.events.back() + 10);
        const auto verified = verify_journal(folder.path());
        ASSERT_TRUE(verified);
        for (const auto& finding : verified->findings)
          ADD_FAILURE() << finding.segment << ": " << finding.what;
        if (testing::Test::HasFailure()) return;
      }
    }
  }
  std::string calls;
  for (const auto& [call, count] : met) calls += " " + call + " " + std::to_string(count);
  std::printf("%llu sessions with a failing call:%s; 0 acknowledged events lost\n",
              static_cast<unsigned long long>(stories), calls.c_str());
}

/// Run by the next tests in a process of its own, which they kill.
TEST(Proof, AWriterWritesUntilItIsKilled) {
  const char* const directory = std::getenv("MLBOT_PROOF_DIRECTORY");
  if (directory == nullptr) return;  // nobody asked
  auto writer = JournalWriter::open(directory, {.segment_bytes_max = small_segment});
  if (!writer) ::_exit(3);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = (*writer)->last_sequence().number + 1;
    if (i % 500 == 0 && !(*writer)->lease_order_ids((*writer)->leased_order_ids() + 4096)) ::_exit(4);
    if (!(*writer)->append(timer(number)) || !(*writer)->flush()) ::_exit(4);
    if (::write(STDOUT_FILENO, &number, sizeof number) < 0) ::_exit(5);
    if (i % 50 == 0 && !(*writer)->sync_soon()) ::_exit(6);
  }
  ::_exit(0);
}

/// Starts the writer, kills it, and gives the last number that it acknowledged.
/// @param crash_at  "" to be killed from outside after `patience`
std::uint64_t kill_a_writer(const std::string& directory, const std::string& crash_at,
                            std::chrono::microseconds patience) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[1], STDOUT_FILENO);
    ::close(pipe_ends[0]);
    ::setenv("MLBOT_PROOF_DIRECTORY", directory.c_str(), 1);
    if (!crash_at.empty()) ::setenv("CRASH_AT", crash_at.c_str(), 1);
    ::execl("/proc/self/exe", "journal_test", "--gtest_filter=Proof.AWriterWritesUntilItIsKilled",
            "--gtest_brief=1", nullptr);
    ::_exit(9);
  }
  ::close(pipe_ends[1]);
  // The test program says a line of its own first; the numbers are the last whole ones behind it.
  std::string told;
  const auto began = std::chrono::steady_clock::now();
  bool killed = false;
  std::thread killer;
  if (crash_at.empty())
    killer = std::thread{[&] {
      std::this_thread::sleep_for(patience);
      ::kill(child, SIGKILL);
    }};
  char part[4096];
  for (ssize_t got; (got = ::read(pipe_ends[0], part, sizeof part)) > 0;) {
    told.append(part, static_cast<std::size_t>(got));
    if (!killed && std::chrono::steady_clock::now() - began > std::chrono::seconds{20})
      killed = ::kill(child, SIGKILL) == 0;  // a point that is never passed
  }
  if (killer.joinable()) killer.join();
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  const auto text_end = told.rfind("]\n");
  const std::size_t begin = told.starts_with("Note") && text_end != told.npos ? told.find('\n') + 1 : 0;
  const std::size_t numbers = (told.size() - begin) / sizeof(std::uint64_t);
  if (numbers == 0) return 0;
  std::uint64_t last = 0;
  std::memcpy(&last, told.data() + begin + (numbers - 1) * sizeof last, sizeof last);
  return last;
}

void expect_whole(const std::string& directory, std::uint64_t acknowledged) {
  const auto heard = read_all(directory);
  expect_nothing_missing_in_silence(heard, heard.events.empty() ? 0 : heard.events.back());
  EXPECT_TRUE(heard.gaps.empty());
  EXPECT_GE(heard.events.empty() ? 0 : heard.events.back(), acknowledged);
  auto writer = JournalWriter::open(directory, {.segment_bytes_max = small_segment});
  ASSERT_TRUE(writer) << writer.error().what;
  EXPECT_TRUE((*writer)->recovery().findings.empty()) << (*writer)->recovery().findings.front();
  (*writer)->settle();
  EXPECT_EQ((*writer)->keeper().trouble, "");
}

TEST(Proof, KilledAtEveryNamedPointNothingAcknowledgedIsLost) {
  constexpr int passes = 10;  ///< later ones are not come to in time
  std::uint64_t kills = 0;
  for (int round = 1; round <= rounds(); ++round) {
    const files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
    for (const char* site :
         {"journal.before_write", "journal.after_write", "journal.segment_made", "journal.segment_closed",
          "journal.before_sync", "journal.after_sync", "journal.before_id_lease", "journal.after_id_lease",
          "keeper.segment", "keeper.compressed", "keeper.before_manifest", "keeper.after_manifest",
          "keeper.before_remove"}) {
      SCOPED_TRACE(testing::Message() << site << ":" << round);
      const int pass = 1 + (round - 1) % passes;
      const auto acknowledged =
          kill_a_writer(folder.path(), std::string{site} + ":" + std::to_string(pass), {});
      ++kills;
      expect_whole(folder.path(), acknowledged);
      if (testing::Test::HasFailure()) return;
    }
  }
  std::printf("%llu kills at named points, 0 acknowledged events lost\n",
              static_cast<unsigned long long>(kills));
}

TEST(Proof, KilledAtAnyTimeNothingAcknowledgedIsLost) {
  const std::uint64_t seed = 20261123;
  SCOPED_TRACE(seed);
  Prng rng{seed};
  int kills = 0;
  for (int round = 0; round < rounds(); ++round) {
    const files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
    for (int i = 0; i < 12; ++i, ++kills) {
      const auto acknowledged =
          kill_a_writer(folder.path(), "", std::chrono::microseconds{5'000 + rng.below(120'000)});
      expect_whole(folder.path(), acknowledged);
      if (testing::Test::HasFailure()) return;
    }
  }
  std::printf("%d kills at random times, 0 acknowledged events lost\n", kills);
}

/// The machine's disk, which notes what a power cut would leave: of each file what was synced, and of names
/// those whose directory was.
class CuttableDisk final : public files::FileSystem {
 public:
  int open(const std::string& path, int flags) override {
    const bool is_new = !std::filesystem::exists(path);
    const int file = FileSystem::open(path, flags);
    const std::lock_guard lock{mutex_};
    if (file < 0) return file;
    paths_[file] = path;
    if (is_new) states_[path] = {.named = false, .safe = 0};
    return file;
  }
  int sync(int file) override {
    const int result = FileSystem::sync(file);
    const std::lock_guard lock{mutex_};
    std::error_code ignored;
    if (result == 0) states_[paths_[file]].safe = std::filesystem::file_size(paths_[file], ignored);
    return result;
  }
  int sync_directory(const std::string& path) override {
    const int result = FileSystem::sync_directory(path);
    const std::lock_guard lock{mutex_};
    for (auto& [name, state] : states_)
      if (std::filesystem::path{name}.parent_path() == path) state.named = true;
    return result;
  }
  int rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock{mutex_};
    const int result = FileSystem::rename(from, to);
    if (result == 0) states_[to] = {.named = true, .safe = std::exchange(states_[from].safe, 0)};
    states_.erase(from);
    return result;
  }
  int remove(const std::string& path) override {
    const std::lock_guard lock{mutex_};
    states_.erase(path);
    return FileSystem::remove(path);
  }
  /// A legal image after a cut: unsynced bytes are kept up to any length, unsynced names are gone or not.
  void cut(Prng& rng) {
    const std::lock_guard lock{mutex_};
    std::error_code ignored;
    for (const auto& [path, state] : states_) {
      const auto size = std::filesystem::file_size(path, ignored);
      if (ignored) continue;
      if (!state.named && rng.below(2) == 0)
        std::filesystem::remove(path, ignored);
      else if (size > state.safe)
        std::filesystem::resize_file(path, state.safe + rng.below(size - state.safe + 1), ignored);
    }
  }

 private:
  struct State {
    bool named = true;
    std::uint64_t safe = UINT64_MAX;
  };
  std::mutex mutex_;
  std::map<int, std::string> paths_;
  std::map<std::string, State> states_;
};

TEST(Proof, APowerCutLeavesWhatWasSyncedAndNoOrderIdIsUsedTwice) {
  const std::uint64_t seed = 20261124;
  SCOPED_TRACE(seed);
  Prng rng{seed};
  const int cuts = 40 * rounds();
  for (int i = 0; i < cuts; ++i) {
    const files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
    CuttableDisk disk;
    Told told;
    std::uint32_t used_epoch = 0;
    {
      auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = small_segment, .system = &disk});
      ASSERT_TRUE(writer);
      const std::uint64_t events = 1 + rng.below(120);
      for (std::uint64_t number = 1; number <= events; ++number) {
        ASSERT_TRUE((*writer)->append(timer(number)));
        ASSERT_TRUE((*writer)->flush());
        if (rng.below(20) == 0) {
          ASSERT_TRUE((*writer)->sync());
          told.synced = number;
        }
        if (rng.below(30) == 0) {
          ASSERT_TRUE((*writer)->lease_order_ids((*writer)->leased_order_ids() + 4096));
          told.leased = (*writer)->leased_order_ids();
          told.synced = number;
          used_epoch = (*writer)->epoch();  // an order may leave with an id of it from here on
        }
      }
      (*writer)->settle();
      disk.cut(rng);
      // What the destructor would still write must not count: the image is taken aside first.
      std::filesystem::copy(folder.path(), folder.path() + "-image",
                            std::filesystem::copy_options::recursive);
    }
    const auto image = folder.path() + "-image";
    const auto heard = read_all(image);
    EXPECT_GE(heard.events.empty() ? 0 : heard.events.back(), told.synced) << "cut " << i;
    expect_nothing_missing_in_silence(heard, heard.events.empty() ? 0 : heard.events.back());
    if (told.leased > 0) {
      EXPECT_GE(heard.leases.empty() ? 0 : *std::ranges::max_element(heard.leases), told.leased);
    }
    {
      const auto writer = JournalWriter::open(image);
      ASSERT_TRUE(writer) << writer.error().what;
      EXPECT_GT((*writer)->epoch(), used_epoch) << "an id of epoch " << used_epoch << " could be used again";
    }
    std::filesystem::remove_all(image);
    if (testing::Test::HasFailure()) return;
  }
  std::printf("%d power cuts, 0 synced events lost, 0 epochs used twice\n", cuts);
}

}  // namespace
}  // namespace mlbot::io::journal
