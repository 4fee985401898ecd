// Closed segments: compressed, listed, chained, read like the others, and one day removed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "base/json.h"
#include "base/prng.h"
#include "io/files/temporary_folder.h"
#include "io/files/test_file_system.h"
#include "io/journal/manifest.h"
#include "io/journal/test_journal.h"

namespace mlbot::io::journal {
namespace {

constexpr std::uint64_t small_segment = 4096;

void write_timers(const std::string& directory, std::uint64_t first, std::uint64_t last,
                  JournalOptions options = {.segment_bytes_max = small_segment}) {
  auto writer = JournalWriter::open(directory, options);
  ASSERT_TRUE(writer) << writer.error().what;
  for (auto number = first; number <= last; ++number) ASSERT_TRUE((*writer)->append(timer(number)));
  ASSERT_TRUE((*writer)->sync());
}

std::vector<std::string> files_of(const std::string& directory, std::string_view suffix) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    if (entry.path().string().ends_with(suffix)) paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (auto number = first; number <= last; ++number) out.push_back(number);
  return out;
}

TEST(Closing, AFullSegmentIsCompressedListedAndReadLikeBefore) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 1000);
  EXPECT_EQ(files_of(folder.path(), ".journal").size(), 1u) << "only the open one is plain";
  EXPECT_GT(files_of(folder.path(), ".journal.zst").size(), 5u);
  const auto heard = read_all(folder.path());
  EXPECT_EQ(heard.events, numbers(1, 1000));
  EXPECT_TRUE(heard.gaps.empty());

  const auto manifest = Manifest::load(folder.path());
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->findings().empty());
  ASSERT_EQ(manifest->rows().size(), files_of(folder.path(), ".journal.zst").size());
  std::uint64_t next = 1;
  std::string previous;
  for (const auto& row : manifest->rows()) {
    EXPECT_EQ(row.facts.first.number, next);
    EXPECT_EQ(row.facts.first_at, timer(next).at);
    next = row.facts.last.number + 1;
    EXPECT_EQ(row.previous, previous);
    previous = row.chain;
    const auto file = hash_file(folder.path() + "/" + row.file);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->sha256, row.file_sha256);
    EXPECT_EQ(file->bytes, row.file_bytes);
    const auto facts = read_segment(folder.path() + "/" + row.file);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->plain_sha256, row.facts.plain_sha256);
    EXPECT_EQ(facts->records, row.facts.records);
  }
}

TEST(Closing, ACompressedSegmentIsOrdinaryZstd) {
  if (std::system("zstd --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no zstd program here";
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 300, {.segment_bytes_max = small_segment, .compress = false});
  const auto plain = slurp(files_of(folder.path(), ".journal").front());
  {
    ASSERT_TRUE(JournalWriter::open(folder.path()));
  }
  const auto packed = files_of(folder.path(), ".journal.zst").front();
  ASSERT_EQ(std::system(("zstd -dqf " + packed + " -o " + folder.path() + "/plain").c_str()), 0);
  EXPECT_EQ(slurp(folder.path() + "/plain"), plain);
}

TEST(Closing, ReadingBeginsAnywhereWithTheContractsInForce) {
  const files::TemporaryFolder folder;
  {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = 3 << 20});
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->append(definition(1, 0, "BTCUSDT")));
    ASSERT_TRUE((*writer)->append(definition(2, 1, "ETHUSDT")));
    const std::string frame(300, 'x');
    for (std::uint64_t number = 3; number <= 60'000; ++number) {
      ASSERT_TRUE((*writer)->append_raw_frame(timer(number).at, Link::market, frame));
      ASSERT_TRUE((*writer)->append(number == 50'000 ? definition(number, 1, "XRPUSDT") : timer(number)));
    }
  }
  const auto whole = read_all(folder.path());
  EXPECT_TRUE(whole.contexts.empty()) << "the definitions themselves were read";
  EXPECT_EQ(whole.events, numbers(1, 60'000));
  for (const std::uint64_t from : {3u, 9'000u, 10'000u, 31'234u, 49'999u, 50'001u, 60'000u}) {
    for (const auto& start :
         {JournalStart{.from = {from}, .from_at = {}}, JournalStart{.from = {}, .from_at = timer(from).at}}) {
      const auto heard = read_all(folder.path(), start);
      EXPECT_EQ(heard.events, numbers(from, 60'000));
      EXPECT_TRUE(heard.gaps.empty());
      ASSERT_EQ(heard.contexts.size(), 1u);
      ASSERT_EQ(heard.contexts[0].instruments.size(), 2u);
      EXPECT_EQ(heard.contexts[0].instruments[1].name.view(), from > 50'000 ? "XRPUSDT" : "ETHUSDT");
    }
  }
  EXPECT_EQ(read_all(folder.path(), {.from = {60'000}, .from_at = {}}).raw_frames.size(), 0u);
  auto reader = JournalReader::open(folder.path(), {.from = {59'000}, .from_at = {}});
  ASSERT_TRUE(reader);
  EXPECT_LT((*reader)->bytes_total(), whole.bytes_read / 2) << "reading began in the last segments";
}

TEST(Closing, AFlipAnywhereInACompressedSegmentCostsOneBlockAndIsNamed) {
  const std::uint64_t seed = 20261123;
  SCOPED_TRACE(seed);
  Prng rng{seed};
  const files::TemporaryFolder folder;
  constexpr std::uint64_t last = 40'000;
  {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = 6 << 20});
    ASSERT_TRUE(writer);
    std::string frame(150, ' ');
    for (std::uint64_t number = 1; number <= last; ++number) {
      for (char& c : frame) c = static_cast<char>(rng.below(256));
      ASSERT_TRUE((*writer)->append_raw_frame(timer(number).at, Link::market, frame));
      ASSERT_TRUE((*writer)->append(timer(number)));
    }
  }
  const auto path = files_of(folder.path(), ".journal.zst").front();
  const auto bytes = slurp(path);
  for (int round = 0; round < 60; ++round) {
    auto damaged = bytes;
    // The ends are where frame heads and the list of blocks stand.
    const std::size_t at = round < 15   ? static_cast<std::size_t>(round)
                           : round < 30 ? bytes.size() - 1 - static_cast<std::size_t>(round - 15) * 9
                                        : rng.below(bytes.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << rng.below(8)));
    spill(path, damaged);
    const auto heard = read_all(folder.path());
    expect_nothing_missing_in_silence(heard, last);
    EXPECT_EQ(heard.events.back(), last);
    EXPECT_GT(heard.events.size(), last - 8'000) << "byte " << at << " cost more than a block";
  }
}

TEST(Closing, WhatAStartFindsWrongInTheChainIsSaid) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 1000);
  const auto findings = [&] {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = small_segment});
    EXPECT_TRUE(writer);
    (*writer)->settle();
    EXPECT_EQ((*writer)->keeper().trouble, "");
    return (*writer)->recovery().findings;
  };
  EXPECT_TRUE(findings().empty());

  const auto path = folder.path() + "/manifest.jsonl";
  const auto good = slurp(path);
  auto text = good;
  text.replace(text.find("\"events\":"), 10, "\"events\":9");
  spill(path, text);
  ASSERT_EQ(findings().size(), 1u) << "a row was changed";
  EXPECT_TRUE(findings().empty()) << "the rows were made again";
  EXPECT_EQ(slurp(path), good) << "to the byte, because the segments are the same";
  EXPECT_FALSE(std::filesystem::is_empty(folder.path() + "/quarantine")) << "the old text is kept";

  const auto segment = files_of(folder.path(), ".journal.zst")[2];
  const auto bytes = slurp(segment);
  spill(segment, std::string_view{bytes}.substr(0, bytes.size() - 1));
  ASSERT_EQ(findings().size(), 1u);
  EXPECT_NE(findings()[0].find(segment), std::string::npos);
  std::filesystem::remove(segment);
  ASSERT_EQ(findings().size(), 1u);
  EXPECT_NE(findings()[0].find("missing"), std::string::npos);
  spill(segment, bytes);
  EXPECT_TRUE(findings().empty()) << "it was restored";
}

TEST(Closing, AnyByteOfTheManifestFlippedIsFoundAndMended) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 300);
  const auto path = folder.path() + "/manifest.jsonl";
  const auto good = slurp(path);
  const auto clean = Manifest::parse(good, path);
  std::size_t found = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto text = good;
    text[at] = static_cast<char>(text[at] ^ 0x05);
    const auto manifest = Manifest::parse(text, path);
    if (!manifest.findings().empty()) {
      ++found;
      continue;
    }
    // What the chain does not cover may change unseen: it speaks of files, whose sizes and hashes are
    // checked.
    ASSERT_EQ(manifest.rows().size(), clean.rows().size()) << at;
    for (std::size_t row = 0; row < clean.rows().size(); ++row)
      ASSERT_EQ(manifest.rows()[row].chain, clean.rows()[row].chain) << at;
  }
  EXPECT_GT(found, good.size() / 2);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto manifest = Manifest::parse(std::string_view{good}.substr(0, size), path);
    ASSERT_LE(manifest.rows().size(), clean.rows().size());
  }
}

TEST(Closing, TheOldestArchivedSegmentsGoWhenTheJournalIsTooLargeAndTheirRowsStay) {
  const files::TemporaryFolder folder;
  const JournalOptions options{.segment_bytes_max = small_segment, .bytes_max = 4'000};
  auto writer = JournalWriter::open(folder.path(), options);
  ASSERT_TRUE(writer);
  for (std::uint64_t number = 1; number <= 2000; ++number) ASSERT_TRUE((*writer)->append(timer(number)));
  (*writer)->settle();
  EXPECT_EQ((*writer)->keeper().removed, 0u);
  EXPECT_NE((*writer)->keeper().trouble.find("archived only"), std::string::npos)
      << "nothing goes before it is archived: " << (*writer)->keeper().trouble;
  (*writer)->set_archived_through({900});
  (*writer)->settle();
  const auto removed = (*writer)->keeper().removed;
  EXPECT_GT(removed, 2u);
  const auto manifest = Manifest::load(folder.path());
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->findings().empty()) << "the chain holds over what is gone";
  for (std::size_t i = 0; i < manifest->rows().size(); ++i) {
    const auto& row = manifest->rows()[i];
    EXPECT_EQ(row.state == SegmentState::removed, i < removed);
    EXPECT_EQ(std::filesystem::exists(folder.path() + "/" + row.file), i >= removed);
    if (i < removed) {
      EXPECT_LE(row.facts.last.number, 900u);
      EXPECT_NE(row.why.find("bytes_max"), std::string::npos);
    }
  }
  writer->reset();
  const auto again = JournalWriter::open(folder.path(), options);
  ASSERT_TRUE(again);
  EXPECT_TRUE((*again)->recovery().findings.empty()) << "what was removed on purpose is not missing";
  EXPECT_EQ(read_all(folder.path()).events.back(), 2000u);
}

TEST(Closing, SegmentsBeyondTheirTimeGo) {
  const files::TemporaryFolder folder;
  auto writer =
      JournalWriter::open(folder.path(), {.segment_bytes_max = small_segment, .retention = Duration{1s}});
  ASSERT_TRUE(writer);
  (*writer)->set_archived_through({100'000});
  for (std::uint64_t number = 1; number <= 3000; ++number) ASSERT_TRUE((*writer)->append(timer(number)));
  (*writer)->settle();
  EXPECT_GT((*writer)->keeper().removed, 10u);
  const auto heard = read_all(folder.path());
  EXPECT_LT(heard.events.front(), 2100u) << "the last second is there";
  EXPECT_GT(heard.events.front(), 1500u);
}

TEST(Closing, AJournalOfTheFormatBeforeIsListedAndGoneOnWith) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 500, {.segment_bytes_max = small_segment, .compress = false});
  for (const auto& path : files_of(folder.path(), ".journal")) {
    auto bytes = slurp(path);
    auto header = *parse_segment_header(bytes);
    header.version = 1;
    spill(path, segment_header(header) + bytes.substr(segment_header_bytes));
  }
  write_timers(folder.path(), 501, 1000);
  EXPECT_EQ(read_all(folder.path()).events, numbers(1, 1000));
  EXPECT_EQ(Manifest::load(folder.path())->findings().size(), 0u);
}

TEST(Closing, SyncingBesideTheWriterReachesTheDiskAndItsFailureStopsTheWriter) {
  const files::TemporaryFolder folder;
  {
    auto writer = JournalWriter::open(folder.path(), {.segment_bytes_max = small_segment});
    ASSERT_TRUE(writer);
    for (std::uint64_t number = 1; number <= 500; ++number) {
      ASSERT_TRUE((*writer)->append(timer(number)));
      if (number % 10 == 0) {
        ASSERT_TRUE((*writer)->sync_soon());
      }
    }
    ASSERT_TRUE((*writer)->sync());
  }
  EXPECT_EQ(read_all(folder.path()).events, numbers(1, 500));

  /// Only syncing fails.
  class NoSync final : public files::FileSystem {
   public:
    int sync(int) override { return -EIO; }
  } no_sync;
  auto writer = JournalWriter::open(folder.path(), {.system = &no_sync});
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->append(timer(501)));
  ASSERT_TRUE((*writer)->sync_soon());
  Result<void, JournalError> after;
  while (after) {
    ASSERT_TRUE((*writer)->append(timer((*writer)->last_sequence().number + 1)));
    after = (*writer)->flush();
  }
  EXPECT_EQ(after.error().fault, JournalFault::not_synced);
  EXPECT_EQ((*writer)->sync().error().fault, JournalFault::not_synced) << "for ever";
  EXPECT_FALSE((*writer)->lease_order_ids(4096)) << "no id may be used now";
}

TEST(Closing, TheReserveLetsLastWordsThroughAFullDisk) {
  /// A disk with room for so many bytes; the reserve takes of them.
  class SmallDisk final : public files::FileSystem {
   public:
    std::int64_t write_at(int file, std::string_view bytes, std::uint64_t at) override {
      if (written_ + bytes.size() > room_) return -ENOSPC;
      written_ += bytes.size();
      return FileSystem::write_at(file, bytes, at);
    }
    int allocate(int, std::uint64_t bytes) override {
      room_ -= bytes;
      reserved_ = bytes;
      return 0;
    }
    int remove(const std::string& path) override {
      if (path.ends_with("/reserve")) room_ += std::exchange(reserved_, 0);
      return FileSystem::remove(path);
    }

   private:
    std::uint64_t room_ = 10'000, written_ = 0, reserved_ = 0;
  } disk;
  const files::TemporaryFolder folder;
  auto writer = JournalWriter::open(folder.path(), {.reserve_bytes = 3'000, .system = &disk});
  ASSERT_TRUE(writer);
  std::uint64_t written = 0, before_release = 0;
  for (;;) {
    ASSERT_TRUE((*writer)->append(timer(written + 1)));
    if (!(*writer)->flush()) break;
    ++written;
    if (!(*writer)->stats().reserve_released) before_release = written;
  }
  EXPECT_TRUE((*writer)->stats().reserve_released);
  EXPECT_GT(written, before_release + 30) << "there was room for the exits";
  EXPECT_EQ(read_all(folder.path()).events.size(), written);
}

TEST(Closing, AnOrderIdLeaseIsOnTheDiskBeforeItHolds) {
  const files::TemporaryFolder folder;
  auto writer = JournalWriter::open(folder.path());
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->append(timer(1)));
  const auto syncs = (*writer)->stats().syncs;
  ASSERT_TRUE((*writer)->lease_order_ids(4096));
  EXPECT_EQ((*writer)->stats().syncs, syncs + 1);
  EXPECT_EQ((*writer)->leased_order_ids(), 4096u);
  ASSERT_TRUE((*writer)->lease_order_ids(4000));
  EXPECT_EQ((*writer)->stats().syncs, syncs + 1) << "already held";
  EXPECT_EQ(read_all(folder.path()).leases, std::vector<std::uint64_t>{4096});
}

TEST(Closing, TornTailsAndDamageAreSetAsideWithAReport) {
  const files::TemporaryFolder folder;
  write_timers(folder.path(), 1, 50, {});
  const auto path = files_of(folder.path(), ".journal").front();
  auto bytes = slurp(path);
  bytes[bytes.size() / 2] ^= 0x10;
  bytes.resize(bytes.size() - 3);
  spill(path, bytes);
  auto writer = JournalWriter::open(folder.path());
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->recovery().gaps.size(), 1u);
  EXPECT_GT((*writer)->recovery().cut_bytes, 0u);
  const auto reports = files_of(folder.path() + "/quarantine", ".report.json");
  ASSERT_EQ(reports.size(), 2u);
  bool whole = false;
  for (const auto& report : reports) {
    const auto json = Json::parse(slurp(report), nullptr, false);
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["damage"].size(), 1u);
    whole =
        whole || slurp(report.substr(0, report.size() - std::string_view{".report.json"}.size())) == bytes;
  }
  EXPECT_TRUE(whole) << "the segment as it was found";
}

}  // namespace
}  // namespace mlbot::io::journal
