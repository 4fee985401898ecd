// The archiver is killed, starved of disk and handed damaged files; an oracle outside its process then asks
// whether every journaled event is archived exactly once, every missing span has a gap row, and all is as if
// nothing had happened: the same content hash.
//
// The archiver under test is this program again, started with the child's test alone. Counts are printed. Set
// MLBOT_CRASH_ROUNDS for every image of damage and that many rounds of random kills.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "base/prng.h"
#include "io/archive/test_market.h"
#include "io/journal/journal.h"

namespace mlbot::io::archive {
namespace {

namespace fs = std::filesystem;
constexpr int done_code = 40, full_code = 41, damaged_code = 42, failed_code = 43;

ArchiverOptions child_options(const std::string& path) {
  auto options = options_for(path);
  options.rows_per_commit = 700;
  return options;
}

int code_of(const ArchiveError& error) {
  if (error.fault == ArchiveFault::disk_full) return full_code;
  if (error.fault == ArchiveFault::damaged) return damaged_code;
  std::fprintf(stderr, "%s\n", error.what.c_str());
  return failed_code;
}

/// Looks at the file first, follows the journal to its end, then looks at all rows.
int follow_once(const std::string& folder) {
  const auto path = folder + "/archive.duckdb";
  if (const auto sound = probe(path); !sound) return code_of(sound.error());
  auto archiver = DataArchiver::open(child_options(path));
  if (!archiver) return code_of(archiver.error());
  auto reader = journal::JournalReader::open(folder + "/journal",
                                             {.from = (*archiver)->resume_sequence(), .from_at = {}});
  if (!reader) return failed_code;
  for (;;) {
    const auto item = (*reader)->next();
    if (!item) return failed_code;
    if (*item == nullptr) break;
    Result<void, ArchiveError> taken;
    if (const auto* record = std::get_if<Record>(*item)) taken = (*archiver)->take(*record);
    if (const auto* gap = std::get_if<journal::JournalGap>(*item)) taken = (*archiver)->take(*gap);
    if (!taken) return code_of(taken.error());
  }
  for (bool more = true; more;) {
    const auto looked = (*archiver)->inspect();
    if (!looked) return code_of(looked.error());
    more = *looked;
  }
  if (const auto closed = (*archiver)->close(); !closed) return code_of(closed.error());
  return done_code;
}

/// As the owner does it: what is damaged is moved aside, whenever that shows, and built again.
int follow_journal(const std::string& folder) {
  const auto code = follow_once(folder);
  if (code != damaged_code) return code;
  return quarantine(folder + "/archive.duckdb") ? follow_once(folder) : failed_code;
}

/// Not a test of its own: the process that gets killed.
TEST(ArchiveChild, FollowsTheJournal) {
  const char* folder = std::getenv("MLBOT_ARCHIVE_CHILD");
  if (folder == nullptr) GTEST_SKIP() << "only started by the tests below";
  if (const char* limit = std::getenv("MLBOT_ARCHIVE_CHILD_FILE_BYTES")) {
    std::signal(SIGXFSZ, SIG_IGN);
    const auto bytes = static_cast<rlim_t>(std::strtoull(limit, nullptr, 10));
    const rlimit file_size{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &file_size);
  }
  ::_exit(follow_journal(folder));
}

bool is_nightly() { return std::getenv("MLBOT_CRASH_ROUNDS") != nullptr; }

using Environment = std::map<std::string, std::string>;

pid_t start_child(const std::string& folder, const Environment& extra) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv("MLBOT_ARCHIVE_CHILD", folder.c_str(), 1);
  for (const auto& [name, value] : extra) ::setenv(name.c_str(), value.c_str(), 1);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::execl("/proc/self/exe", "archive_child", "--gtest_filter=ArchiveChild.FollowsTheJournal", nullptr);
  ::_exit(failed_code);
}

/// @return exit code, or -1 when it was killed
int end_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_child(const std::string& folder, const Environment& extra = {}) {
  return end_of(start_child(folder, extra));
}

void flip(const std::string& file, double share) {
  std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
  const auto at = static_cast<std::streamoff>(static_cast<double>(fs::file_size(file)) * share);
  bytes.seekg(at);
  const auto byte = static_cast<char>(bytes.get() ^ 0x5a);
  bytes.seekp(at);
  bytes.put(byte);
}

class ArchiveCrash : public testing::Test {
 protected:
  void SetUp() override {
    market_.run_until(noon + 50min, {7});
    market_.clock = market_.clock + 12min;
    market_.open_run();
    market_.run_until(noon + (is_nightly() ? 2h : 1h) + 4min);
    const auto directory = folder() + "/journal";
    auto writer = journal::JournalWriter::open(directory, {.segment_bytes_max = 200'000, .compress = false});
    ASSERT_TRUE(writer);
    for (const auto& record : market_.script.records)
      ASSERT_TRUE((*writer)->append(std::get<Stamped>(record)));
    ASSERT_TRUE((*writer)->sync());
    writer->reset();
    // One byte of the journal went bad: what it held is missing, and a gap row must say so.
    std::set<fs::path> segments;
    for (const auto& entry : fs::directory_iterator{directory})
      if (entry.path().extension() == ".journal") segments.insert(entry.path());
    ASSERT_FALSE(segments.empty());
    flip(segments.begin()->string(), 0.4);
    auto reader = journal::JournalReader::open(directory);
    ASSERT_TRUE(reader);
    for (auto item = (*reader)->next(); item && *item != nullptr; item = (*reader)->next())
      if (const auto* record = std::get_if<Record>(*item)) {
        const auto& event = std::get<Stamped>(*record);
        missing_ += event.sequence.number - last_ - 1;
        last_ = event.sequence.number;
        ++events_;
        trades_ += std::holds_alternative<Trades>(event.what) ? 1 : 0;
      }
    ASSERT_GE(missing_, 1u);
    ASSERT_EQ(run_child(folder()), done_code);
    expected_ = hash_of(path());
    judge("a run that nobody disturbed");
  }
  std::string folder() const { return temporary_.path(); }
  std::string path() const { return folder() + "/archive.duckdb"; }
  void forget_archive() {
    for (const char* name : {"/archive.duckdb", "/archive.duckdb.wal", "/archive.duckdb.damaged",
                             "/archive.duckdb.damaged.wal", "/archive"})
      fs::remove_all(folder() + name);
  }
  /// The oracle: knows the journal's content from the test, and asks the file from another process.
  void judge(const std::string& after) {
    SCOPED_TRACE(after);
    ++judged_;
    auto database = Database::open(path(), Access::read_write,
                                   {.directory = fs::absolute(parquet_directory(path())).string()});
    ASSERT_TRUE(database) << database.error().what;
    const auto count = [&](const std::string& sql) {
      return (*database)->ask_count(sql).value_or(UINT64_MAX);
    };
    EXPECT_EQ(count("SELECT count(*) FROM events"), events_);
    EXPECT_EQ(count("SELECT count(DISTINCT sequence) FROM events"), events_);
    EXPECT_EQ(count("SELECT count(*) FROM trades"), trades_);
    EXPECT_EQ(count("SELECT count(DISTINCT trade_id) FROM trades"), trades_);
    EXPECT_EQ(count("SELECT sum(missing) FROM gaps WHERE kind = 'journal'"), missing_);
    EXPECT_EQ(count("SELECT count(*) FROM gaps WHERE kind = 'pause'"), 1u);
    EXPECT_EQ(
        count("SELECT count(*) FROM (SELECT sequence, lead(sequence) OVER (ORDER BY sequence) AS next FROM "
              "events) "
              "e WHERE next > sequence + 1 AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.after_sequence = "
              "e.sequence AND g.before_sequence = e.next)"),
        0u)
        << "a span without a gap row";
    database->reset();
    EXPECT_EQ(hash_of(path()).hash, expected_.hash);
  }
  /// Runs the child until it reaches the end.
  void finish() {
    for (int attempt = 0; attempt < 3; ++attempt)
      if (run_child(folder()) == done_code) return;
    FAIL() << "the archiver does not get to the end";
  }

  TemporaryFolder temporary_{TemporaryFolder::in_memory()};
  Market market_;
  std::uint64_t events_ = 0, trades_ = 0, missing_ = 0, last_ = 0;  ///< what the journal holds
  ContentHash expected_;
  int judged_ = 0;
};

TEST_F(ArchiveCrash, KilledAtEveryNamedPointAndAtRandom) {
  forget_archive();
  const auto list = folder() + "/sites";
  ASSERT_EQ(run_child(folder(), {{"CRASH_LIST", list}}), done_code);
  std::map<std::string, int> sites;
  std::ifstream in{list};
  for (std::string site; std::getline(in, site);) ++sites[site];
  EXPECT_GE(sites.size(), 9u) << "every step of a commit and of a seal can be died behind";
  int kills = 0;
  for (const auto& [site, passes] : sites) {
    forget_archive();
    for (const int pass : {(passes + 1) / 2, passes}) {
      if (!is_nightly() && pass == passes && passes > 1) continue;
      const auto code = run_child(folder(), {{"CRASH_AT", site + ":" + std::to_string(pass)}});
      kills += code == -1 ? 1 : 0;
      ASSERT_TRUE(code == -1 || code == done_code) << site << ": " << code;
    }
    finish();
    judge(site);
  }
  const int rounds = is_nightly() ? std::atoi(std::getenv("MLBOT_CRASH_ROUNDS")) : 2;
  Prng rng{20'261'123};
  for (int round = 0; round < rounds; ++round) {
    forget_archive();
    for (int kill = 0; kill < 3; ++kill) {
      const pid_t child = start_child(folder(), {});
      std::this_thread::sleep_for(std::chrono::milliseconds{5 + rng.below(600)});
      ::kill(child, SIGKILL);
      kills += end_of(child) == -1 ? 1 : 0;
    }
    finish();
    judge("random kills, round " + std::to_string(round));
  }
  std::printf("archive: %zu named points, %d kills, %d archives judged, %llu events each\n", sites.size(),
              kills, judged_, static_cast<unsigned long long>(events_));
}

TEST_F(ArchiveCrash, AFullDiskStopsTheArchiveAndRoomLetsItGoOn) {
  int full = 0;
  for (const int kilobytes : {40, 300, 900, 1'500}) {
    if (!is_nightly() && kilobytes != 40 && kilobytes != 900) continue;
    forget_archive();
    const auto code =
        run_child(folder(), {{"MLBOT_ARCHIVE_CHILD_FILE_BYTES", std::to_string(kilobytes * 1024)}});
    EXPECT_TRUE(code == full_code || code == done_code || code == damaged_code || code == failed_code)
        << code;
    full += code != done_code ? 1 : 0;
    finish();
    judge("no file beyond " + std::to_string(kilobytes) + " kB");
  }
  EXPECT_GE(full, 2) << "the limits must bite";
  std::printf("archive: %d runs met a full disk, all went on\n", full);
}

TEST_F(ArchiveCrash, ADamagedFileIsPutAsideAndBuiltAgain) {
  int mended = 0, images = 0, tried = 0;
  const auto try_image = [&](const std::string& what, const std::function<void()>& damage) {
    if (!is_nightly() && tried++ % 2 == 1) return;  // every second one, in a short run
    forget_archive();
    ASSERT_EQ(run_child(folder(), {{"CRASH_AT", "archive.before_checkpoint:1"}}), -1);
    damage();
    ++images;
    finish();
    mended += fs::exists(path() + ".damaged") ? 1 : 0;
    judge(what);
  };
  const auto wal = path() + ".wal";
  const auto cut = [](const std::string& file, double share, std::int64_t more) {
    const auto size = static_cast<double>(fs::file_size(file));
    fs::resize_file(file,
                    static_cast<std::uintmax_t>(std::max(0.0, size * share + static_cast<double>(more))));
  };
  try_image("no write-ahead file", [&] { fs::remove(wal); });
  for (const auto& [share, more] :
       std::map<double, std::int64_t>{{0, 0}, {0.001, 7}, {0.5, 0}, {0.9, 1}, {1, -1}})
    try_image("write-ahead file cut", [&] {
      if (fs::exists(wal)) cut(wal, share, more);
    });
  for (const double share : {0.0001, 0.3, 0.8})
    try_image("write-ahead file flipped", [&] {
      if (fs::exists(wal)) flip(wal, share);
    });
  for (const double share : {0.0, 0.002, 0.4, 0.9}) try_image("page flipped", [&] { flip(path(), share); });
  try_image("file cut", [&] { cut(path(), 0.5, 0); });
  try_image("file emptied", [&] { cut(path(), 0, 0); });
  std::printf("archive: %d damaged images, %d put aside, all built again to the same hash\n", images, mended);
  EXPECT_GE(mended, 3);
}

}  // namespace
}  // namespace mlbot::io::archive
