#include "io/journal/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/prng.h"
#include "io/files/temporary_folder.h"
#include "io/journal/journal_format.h"
#include "io/journal/test_journal.h"

namespace mlbot::io::journal {
namespace {

/// Closed segments stay as they are, so that a test can lay hands on their bytes; closing has tests of its
/// own.
std::unique_ptr<JournalWriter> writer_of(const std::string& directory, JournalOptions options = {}) {
  options.compress = false;
  auto writer = JournalWriter::open(directory, options);
  EXPECT_TRUE(writer) << writer.error().what;
  return writer ? std::move(*writer) : nullptr;
}

/// Writes timers `first`..`last` and leaves the journal closed.
void write_timers(const std::string& directory, std::uint64_t first, std::uint64_t last,
                  JournalOptions options = {}) {
  const auto writer = writer_of(directory, options);
  for (auto number = first; number <= last; ++number) ASSERT_TRUE(writer->append(timer(number)));
  ASSERT_TRUE(writer->sync());
}

std::vector<std::string> segments_of(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    if (entry.path().extension() == ".journal") paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  return paths;
}

TEST(Journal, AnEmptyDirectoryHasNothingToSayAndAMissingOneIsNamed) {
  const files::TemporaryFolder folder;
  EXPECT_TRUE(read_all(folder.path()).events.empty());
  const auto missing = JournalReader::open(folder.path() + "/nowhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, JournalFault::not_found);
  EXPECT_NE(missing.error().what.find("/nowhere"), std::string::npos);

  const auto writer = writer_of(folder.path() + "/fresh/journal");
  EXPECT_EQ(writer->epoch(), 1u);
  EXPECT_EQ(writer->last_sequence(), Sequence{});
  EXPECT_TRUE(writer->flush()) << "nothing to write is no error";
}

TEST(Journal, HundredThousandRecordsOfAllKindsComeBackInOrderOverManySegments) {
  const std::uint64_t seed = 20260611;
  SCOPED_TRACE(seed);
  Prng rng{seed};
  const files::TemporaryFolder folder;
  std::vector<std::string> written;  // encoded, what the reader must give again
  const auto keep = [&](const Record& record) { encode(record, written.emplace_back()); };
  std::vector<BookLevel> bids, asks;
  {
    const auto writer = writer_of(folder.path(), {.segment_bytes_max = 1 << 20, .buffer_bytes_max = 1 << 16});
    std::uint64_t sequence = 0;
    for (int i = 0; i < 100'000; ++i) {
      const Instant at{static_cast<std::int64_t>(1'000'000'000 + i)};
      switch (rng.below(6)) {
        case 0: {
          const StampedCommand command{{sequence}, at, CancelOrder{.id = "r1-7", .symbol = {3}}};
          ASSERT_TRUE(writer->append(command));
          keep(command);
          break;
        }
        case 1: {
          const Decision decision{
              .symbol = {1}, .cause = {sequence}, .at = at, .reason = ReasonCode::spread_wide};
          ASSERT_TRUE(writer->append(decision));
          keep(decision);
          break;
        }
        case 2: {
          bids.assign(rng.below(50), {});
          for (auto& level : bids) level = {{static_cast<std::int64_t>(rng.below(100'000))}, {5}};
          asks.assign(rng.below(50), {{7}, {static_cast<std::int64_t>(rng.below(9))}});
          const Stamped event{{++sequence},
                              at,
                              at,
                              at,
                              BookUpdate{.symbol = {2}, .update_id = 9, .bids = bids, .asks = asks}};
          ASSERT_TRUE(writer->append(event));
          keep(event);
          break;
        }
        default: {
          const Stamped event{{++sequence}, at, at, {}, TimerFired{at}};
          ASSERT_TRUE(writer->append(event));
          keep(event);
        }
      }
      if (rng.below(100) == 0) {
        ASSERT_TRUE(writer->flush());
      }
    }
    EXPECT_EQ(writer->stats().records, 100'000u);
  }
  EXPECT_GT(segments_of(folder.path()).size(), 3u);

  auto reader = JournalReader::open(folder.path());
  ASSERT_TRUE(reader);
  std::string again;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const auto item = (*reader)->next();
    ASSERT_TRUE(item && *item) << i;
    again.clear();
    encode(std::get<Record>(**item), again);
    ASSERT_EQ(again, written[i]) << i;
  }
  EXPECT_EQ(*(*reader)->next(), nullptr);
  EXPECT_EQ((*reader)->bytes_read(), (*reader)->bytes_total());
}

TEST(Journal, TheNextRunGoesOnWithTheNextSequenceAndTheNextEpoch) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 10);
  {
    const auto writer = writer_of(folder.path());
    EXPECT_EQ(writer->last_sequence(), Sequence{10});
    EXPECT_EQ(writer->recovery().last_epoch, 1u);
    EXPECT_EQ(writer->recovery().last_at, timer(10).at);
    EXPECT_EQ(writer->epoch(), 2u);
    ASSERT_TRUE(writer->append(timer(11)));
    ASSERT_TRUE(writer->append_venue_frame(Instant{5}, Link::account, "{\"topic\":\"new thing\"}"));
    ASSERT_TRUE(writer->append(FrameDigest{{3}, 70'000, {11}, timer(11).at, UINT64_MAX - 1}));
    ASSERT_TRUE(writer->append(FeatureCheckpoint{{10}, timer(10).at, std::string_view{"a\0b", 3}}));
  }
  const auto heard = read_all(folder.path());
  EXPECT_EQ(heard.events.size(), 11u);
  EXPECT_EQ(heard.frames, std::vector<std::string>{"{\"topic\":\"new thing\"}"});
  EXPECT_EQ(heard.digests, (std::vector<FrameDigest>{{{3}, 70'000, {11}, timer(11).at, UINT64_MAX - 1}}));
  EXPECT_EQ(heard.checkpoints, (std::vector{std::pair{Sequence{10}, std::string{"a\0b", 3}}}));
  EXPECT_TRUE(heard.gaps.empty());
  EXPECT_EQ(writer_of(folder.path())->recovery().last_epoch, 2u);
}

TEST(Journal, ATailTornAtAnyByteIsCutAndReportedAndTheRestStands) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 5);
  const auto path = segments_of(folder.path()).at(0);
  const auto whole = slurp(path);
  write_timers(folder.path(), 6, 6);
  const auto longer = slurp(path);
  ASSERT_GT(longer.size(), whole.size());
  for (auto size = whole.size(); size < longer.size(); ++size) {
    spill(path, std::string_view{longer}.substr(0, size));
    const auto before = read_all(folder.path());
    EXPECT_EQ(before.events.size(), 5u) << size;
    EXPECT_TRUE(before.gaps.empty()) << "a tail is no gap: it may still be being written";
    {
      const auto writer = writer_of(folder.path());
      EXPECT_EQ(writer->recovery().cut_bytes, size - whole.size());
      EXPECT_EQ(writer->last_sequence(), Sequence{5});
      ASSERT_TRUE(writer->append(timer(6)));
    }
    const auto heard = read_all(folder.path());
    EXPECT_EQ(heard.events, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6})) << size;
    EXPECT_TRUE(heard.gaps.empty()) << size;
  }
}

TEST(Journal, AFileTornInsideItsHeaderIsStartedAnew) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 1);
  const auto path = segments_of(folder.path()).at(0);
  const auto whole = slurp(path);
  for (std::size_t size = 0; size < 40; ++size) {
    spill(path, std::string_view{whole}.substr(0, size));
    write_timers(folder.path(), 1, 2);
    EXPECT_EQ(read_all(folder.path()).events, (std::vector<std::uint64_t>{1, 2})) << size;
  }
}

TEST(Journal, AFlippedByteAnywhereLosesAtMostItsOwnRecordAndIsNamed) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 20);
  const auto path = segments_of(folder.path()).at(0);
  const auto whole = slurp(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    spill(path, damaged);
    const auto heard = read_all(folder.path());
    const bool in_last = heard.events.back() != 20;
    EXPECT_GE(heard.events.size(), 19u) << at;
    EXPECT_EQ(heard.gaps.size(), in_last ? 0u : 1u) << at;
    for (const auto& gap : heard.gaps) {
      EXPECT_LE(gap.offset, at);
      EXPECT_GT(gap.offset + gap.bytes, at);
      EXPECT_EQ(gap.segment, path);
      if (at >= 40) {
        EXPECT_EQ(gap.before.number, gap.after.number + 2) << "exactly one event is missing";
      }
    }
    const auto writer = writer_of(folder.path());
    EXPECT_EQ(writer->last_sequence(), Sequence{heard.events.back()}) << at;
    EXPECT_EQ(writer->recovery().gaps.size(), heard.gaps.size()) << at;
    EXPECT_EQ(writer->recovery().cut_bytes > 0, in_last) << at;
  }
}

TEST(Journal, ASegmentThatWasRemovedOrCopiedIsNamed) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 300, {.segment_bytes_max = 4096});
  const auto segments = segments_of(folder.path());
  ASSERT_GE(segments.size(), 4u);
  std::filesystem::copy_file(segments[1], folder.path() + "/00000000000000009999.journal");
  auto heard = read_all(folder.path());
  EXPECT_EQ(heard.events.size(), 300u);
  EXPECT_EQ(heard.gaps.size(), 1u);
  std::filesystem::remove(folder.path() + "/00000000000000009999.journal");
  std::filesystem::remove(segments[1]);
  heard = read_all(folder.path());
  ASSERT_EQ(heard.gaps.size(), 1u);
  EXPECT_EQ(300 - heard.events.size(), heard.gaps[0].before.number - heard.gaps[0].after.number - 1);
}

TEST(Journal, ATornEndOfAnEarlierSegmentIsAGap) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 300, {.segment_bytes_max = 4096});
  const auto first = segments_of(folder.path()).at(0);
  const auto bytes = slurp(first);
  spill(first, std::string_view{bytes}.substr(0, bytes.size() - 3));
  const auto heard = read_all(folder.path());
  EXPECT_EQ(heard.events.size(), 299u);
  EXPECT_GE(heard.gaps.size(), 1u);
}

TEST(Journal, ReadingStartsAtASequenceOrATime) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 1000, {.segment_bytes_max = 8192});
  for (const std::uint64_t from : {1u, 2u, 499u, 1000u}) {
    const auto by_sequence = read_all(folder.path(), {.from = {from}});
    EXPECT_EQ(by_sequence.events.front(), from);
    EXPECT_EQ(by_sequence.events.size(), 1001 - from);
    EXPECT_TRUE(by_sequence.gaps.empty());
    const auto by_time = read_all(folder.path(), {.from_at = timer(from).at});
    EXPECT_EQ(by_time.events, by_sequence.events);
  }
  EXPECT_TRUE(read_all(folder.path(), {.from = {1001}}).events.empty());
}

TEST(Journal, AReaderFollowsAWriterAtWork) {
  const files::TemporaryFolder folder;
  const auto writer = writer_of(folder.path(), {.segment_bytes_max = 2048});
  auto reader = JournalReader::open(folder.path());
  ASSERT_TRUE(reader);
  std::uint64_t heard = 0;
  for (std::uint64_t number = 1; number <= 500; ++number) {
    ASSERT_TRUE(writer->append(timer(number)));
    if (number % 7 != 0) continue;
    ASSERT_TRUE(writer->flush());
    for (;;) {
      const auto item = (*reader)->next();
      ASSERT_TRUE(item) << item.error().what;
      if (*item == nullptr) break;
      ASSERT_TRUE(std::holds_alternative<Record>(**item)) << "no gap where nothing is missing";
      ++heard;
      ASSERT_EQ((*reader)->last_sequence(), Sequence{heard});
    }
    ASSERT_EQ(heard, number);
  }
}

TEST(Journal, TwoWritersOnOneDirectoryAreRefused) {
  const files::TemporaryFolder folder;
  const auto first = writer_of(folder.path());
  const auto second = JournalWriter::open(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, JournalFault::locked);
  EXPECT_NE(second.error().what.find(std::to_string(::getpid())), std::string::npos) << second.error().what;
}

TEST(Journal, AnotherFormatIsRefusedByNameAndAFlippedVersionIsDamage) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 1);
  const auto path = segments_of(folder.path()).at(0);
  const auto whole = slurp(path);
  auto flipped = whole;
  flipped[8] = 9;
  spill(path, flipped);
  EXPECT_EQ(read_all(folder.path()).gaps.size(), 1u) << "its CRC is wrong, so nothing it says is believed";

  spill(path, segment_header({.version = 9, .first = {1}}) + whole.substr(segment_header_bytes));
  const auto reader = JournalReader::open(folder.path());
  const auto writer = JournalWriter::open(folder.path());
  ASSERT_FALSE(reader);
  ASSERT_FALSE(writer);
  for (const auto& error : {reader.error(), writer.error()}) {
    EXPECT_EQ(error.fault, JournalFault::other_version);
    EXPECT_NE(error.what.find(path), std::string::npos) << error.what;
  }
}

/// A full disk, as the kernel tells it: no file of this process may grow beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(Journal, AFullDiskIsAnErrorThatNamesTheFileAndLosesNothing) {
  const files::TemporaryFolder folder;
  const auto writer = writer_of(folder.path());
  std::uint64_t taken = 0;
  {
    const FileSizeLimit full{10'000};
    for (;;) {
      ASSERT_TRUE(writer->append(timer(taken + 1))) << "the buffer still has room";
      ++taken;
      const auto flushed = writer->flush();
      if (flushed) continue;
      EXPECT_EQ(flushed.error().fault, JournalFault::disk_full);
      EXPECT_NE(flushed.error().what.find(folder.path()), std::string::npos) << flushed.error().what;
      break;
    }
    EXPECT_FALSE(writer->sync());
    EXPECT_EQ(read_all(folder.path()).events.size(), taken - 1) << "no torn part stays behind";
  }
  ASSERT_TRUE(writer->sync()) << "there is room again";
  EXPECT_EQ(read_all(folder.path()).events.size(), taken);
}

TEST(Journal, WithTheDiskFullTheBufferHasAWall) {
  const files::TemporaryFolder folder;
  const auto writer = writer_of(folder.path(), {.buffer_bytes_max = 1000});
  std::uint64_t taken = 0;
  {
    const FileSizeLimit full{2'000};
    while (writer->append(timer(taken + 1))) ++taken;
    EXPECT_EQ(writer->last_sequence(), Sequence{taken}) << "what was refused has not happened";
    EXPECT_LT(taken, 200u);
  }
  ASSERT_TRUE(writer->append(timer(taken + 1)));
  ASSERT_TRUE(writer->flush());
  EXPECT_EQ(read_all(folder.path()).events.size(), taken + 1);
}

TEST(Journal, KilledWithoutWarningNothingThatWasFlushedIsLost) {
  const files::TemporaryFolder folder;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = 1 << 16});
    for (std::uint64_t number = 1; writer; ++number) {
      if (!(*writer)->append(timer(number)) || !(*writer)->flush()) break;
      if (::write(pipe_ends[1], &number, sizeof number) < 0) break;
    }
    ::_exit(1);
  }
  ::close(pipe_ends[1]);
  std::uint64_t acknowledged = 0;
  while (acknowledged < 3'000 && ::read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0) {
  }
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0) {
  }
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  const auto writer = writer_of(folder.path());
  EXPECT_GE(writer->last_sequence().number, acknowledged);
  const auto heard = read_all(folder.path());
  EXPECT_EQ(heard.events.size(), writer->last_sequence().number);
  EXPECT_TRUE(heard.gaps.empty());
}

TEST(Journal, ARecordTooLongIsRefusedAndTheNextOneIsNot) {
  const files::TemporaryFolder folder;
  const auto writer = writer_of(folder.path());
  const auto refused = writer->append_venue_frame({}, Link::market, std::string(record_bytes_max + 1, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, JournalFault::too_large);
  ASSERT_TRUE(writer->append(timer(1)));
  ASSERT_TRUE(writer->flush());
  EXPECT_EQ(read_all(folder.path()).events.size(), 1u);
}

}  // namespace
}  // namespace mlbot::io::journal
