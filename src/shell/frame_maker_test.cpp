// The frames that an archive makes itself must not show that it was killed: whoever goes on from a snapshot
// makes them bit for bit as one that began at the beginning, and what the archive holds is the same to the
// last row.
#include "shell/frame_maker.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "base/prng.h"
#include "io/archive/archive_hash.h"
#include "io/files/files.h"
#include "io/files/temporary_folder.h"
#include "shell/archive_keeper.h"
#include "shell/generated_history.h"
#include "shell/history_source.h"

namespace mlbot::shell {
namespace {

const Instant start = Instant::from_seconds(1'767'571'200);
constexpr std::uint64_t seed = 20'260'612;
constexpr Sequence never{~0ull};

/// An ingest's journal of two runs, the second warmed by the first, and the file that lists them.
class Ingest {
 public:
  explicit Ingest(const std::string& root) : state_{root} {
    auto journal =
        io::journal::JournalWriter::open(state_.journal(), {.segment_bytes_max = 400'000, .compress = false});
    EXPECT_TRUE(journal);
    record(**journal, 1, start + 600s, start + 780s);
    record(**journal, 2, start + 800s, start + 980s);
    EXPECT_TRUE((*journal)->sync());
  }
  const StateDirectory& state() const { return state_; }

 private:
  void record(io::journal::JournalWriter& journal, std::uint32_t epoch, Instant from, Instant until) {
    auto market = choose_market("generated", seed, start);
    ASSERT_TRUE(market);
    GeneratedHistory history{std::move(*market), seed, from, until};
    HistorySource source{{.run = {.epoch = epoch, .schema_hash = core::feature_schema_hash()},
                          .instruments = history.instruments(),
                          .risk = {},
                          .decision = {},
                          .traded = {}},
                         [&] { return history.next(); }};
    ASSERT_TRUE(write_market_run(state_.market_run(), journal.last_sequence().next()));
    Instant wakeup = distant_future;
    while (const Stamped* said = source.next(wakeup)) {
      Stamped event = *said;
      event.sequence = journal.last_sequence().next();
      wakeup = Instant::from_seconds(event.at.seconds() + 1);
      ASSERT_TRUE(journal.append(event));
    }
  }
  StateDirectory state_;
};

struct Made {
  Sequence cause;
  std::uint64_t digest = 0;
  bool operator==(const Made&) const = default;
};

/// Steps through the journal from where the maker wants it; `stop` says when it is killed.
/// @return its snapshot then
std::string make_until(FrameMaker& maker, const StateDirectory& state, Sequence stop,
                       std::vector<Made>& made) {
  auto reader =
      io::journal::JournalReader::open(state.journal(), {.from = maker.begin_at({1}), .from_at = {}});
  EXPECT_TRUE(reader);
  for (auto item = (*reader)->next(); item && *item != nullptr; item = (*reader)->next()) {
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    for (const auto& frame : maker.step(*event)) made.push_back({frame.cause, frame.digest});
    if (event->sequence == stop) return maker.snapshot();
  }
  return {};
}

Sequence last_of(const StateDirectory& state) {
  auto reader = io::journal::JournalReader::open(state.journal());
  for (auto item = (*reader)->next(); item && *item != nullptr; item = (*reader)->next()) continue;
  return (*reader)->last_sequence();
}

TEST(FrameMaker, GoesOnFromASnapshotAsIfNothingHadBeen) {
  const io::files::TemporaryFolder folder;
  const Ingest ingest{folder.path()};
  const auto& state = ingest.state();
  const auto maker = [&] { return FrameMaker{state.market_run(), state.journal()}; };
  std::vector<Made> whole;
  auto unkilled = maker();
  make_until(unkilled, state, never, whole);
  ASSERT_GT(whole.size(), 400u);
  EXPECT_EQ(unkilled.trouble(), "");

  const auto last = last_of(state);
  Prng random{seed};
  int went_on = 0;
  for (int kill = 0; kill < 12; ++kill) {
    const Sequence stop{1 + random.below(last.number)};
    std::vector<Made> made;
    auto before = maker();
    const auto snapshot = make_until(before, state, stop, made);
    auto after = maker();
    // Where no frames were made yet there is nothing to go on from: it begins at the beginning.
    if (snapshot.empty()) {
      made.clear();
    } else {
      const auto resumed = after.resume(snapshot);
      ASSERT_TRUE(resumed) << resumed.error().what;
      EXPECT_EQ(*resumed, stop);
      EXPECT_EQ(after.begin_at(last), stop.next());
      ++went_on;
    }
    make_until(after, state, never, made);
    EXPECT_TRUE(made == whole) << "killed behind event " << stop.number << ", seed " << seed << ": "
                               << made.size() << " frames, " << whole.size() << " without";
  }
  EXPECT_GT(went_on, 6);
}

TEST(FrameMaker, ADamagedSnapshotIsRefusedAndChangesNothing) {
  const io::files::TemporaryFolder folder;
  const Ingest ingest{folder.path()};
  const auto& state = ingest.state();
  std::vector<Made> made;
  FrameMaker maker{state.market_run(), state.journal()};
  const auto last = last_of(state);
  const auto snapshot = make_until(maker, state, last, made);
  ASSERT_FALSE(snapshot.empty());
  FrameMaker fresh{state.market_run(), state.journal()};
  for (std::size_t at = 0; at < snapshot.size(); at += 1 + snapshot.size() / 97) {
    auto flipped = snapshot;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    EXPECT_FALSE(fresh.resume(flipped)) << at;
    EXPECT_FALSE(fresh.resume(std::string_view{snapshot}.substr(0, at))) << at;
  }
  EXPECT_EQ(fresh.snapshot(), "");
  EXPECT_EQ(fresh.begin_at({1}), Sequence{1});
}

/// In a process of its own: the archive's owner, killed behind `records` of the journal.
void own_and_die(const StateDirectory& state, std::size_t records) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto keeper = ArchiveKeeper::open(state, [](const std::string&) {}, std::chrono::milliseconds{0});
    for (std::size_t taken = 0; keeper && taken < records; taken += 500)
      if (!(*keeper)->follow(500)) break;
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
}

io::archive::ContentHash hash_of(const StateDirectory& state) {
  auto keeper = ArchiveKeeper::open(state, [](const std::string& what) { ADD_FAILURE() << what; });
  EXPECT_TRUE(keeper);
  EXPECT_TRUE((*keeper)->catch_up([](double, double) { return true; }));
  EXPECT_TRUE((*keeper)->archiver().close());
  auto connection = (*keeper)->archiver().database().connect();
  EXPECT_TRUE(connection);
  auto hash = io::archive::content_hash(**connection);
  EXPECT_TRUE(hash);
  return *hash;
}

TEST(FrameMaker, AnArchiveKilledAnywhereHoldsWhatOneHoldsThatWasNot) {
  if (!io::archive::duckdb_api()) GTEST_SKIP() << io::archive::duckdb_api().error().what;
  const io::files::TemporaryFolder folder, other;
  const Ingest ingest{folder.path()};
  const auto& state = ingest.state();
  const StateDirectory unkilled{other.path()};
  std::filesystem::copy(state.journal(), unkilled.journal());
  std::filesystem::copy(state.market_run(), unkilled.market_run());

  Prng random{seed};
  const auto last = last_of(state).number;
  Sequence reached;
  int saved = 0;
  for (int kill = 0; kill < 5; ++kill) {
    own_and_die(state, 1 + random.below(last / 3));
    if (const auto bytes = io::files::read_file(state.frames())) {
      FrameMaker maker{state.market_run(), state.journal()};
      const auto at = maker.resume(*bytes);
      ASSERT_TRUE(at) << at.error().what;
      EXPECT_GE(*at, reached) << "a restart must not begin again";
      reached = *at;
      ++saved;
    }
  }
  EXPECT_GT(saved, 2);
  const auto killed = hash_of(state), whole = hash_of(unkilled);
  EXPECT_EQ(killed.hash, whole.hash) << "seed " << seed;
  const auto features = std::ranges::find(whole.tables, "features", &io::archive::TableHash::table);
  ASSERT_NE(features, whole.tables.end());
  EXPECT_GT(features->rows, 400u);

  // Without the file beside it, the snapshot is of no use.
  std::filesystem::remove(state.archive());
  std::filesystem::remove(state.archive() + ".wal");
  EXPECT_EQ(hash_of(state).hash, whole.hash);
}

}  // namespace
}  // namespace mlbot::shell
