// Whoever touches the log is told on: each kind of tampering, at each record, alone and at random.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/prng.h"
#include "io/audit/audit_log.h"
#include "io/audit/audit_verify.h"
#include "io/files/files.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::audit {
namespace {

using Lines = std::vector<std::string>;

AuditRecord record(std::uint64_t number) {
  return {.at = Instant::from_seconds(1'780'000'000 + static_cast<std::int64_t>(number)),
          .kind = number % 3 == 0 ? "operator" : "decision",
          .symbol = "BTCUSDT",
          .order = number % 2 == 0 ? fmt::format("tag-1-{}", number) : "",
          .place = AuditPlace{1, 100 + number, number % 4},
          .what = {{"reason", "edge_too_small"}, {"number", number}}};
}

class AuditLog : public ::testing::Test {
 protected:
  void write(std::uint64_t count, AuditOptions options = {}) {
    auto writer = AuditWriter::open(log, std::move(options));
    ASSERT_TRUE(writer) << writer.error().what;
    const auto before = (*writer)->last().number;
    for (std::uint64_t i = 1; i <= count; ++i) {
      (*writer)->append(record(before + i));
      const auto flushed = i % 7 == 0 ? (*writer)->flush() : Result<void, AuditError>{};
      EXPECT_TRUE(flushed);
    }
    ASSERT_TRUE((*writer)->sync());
  }
  AuditReport report(const std::string& anchors = "") const {
    auto told = verify(log, {.anchor_file = anchors, .on_record = {}});
    EXPECT_TRUE(told) << told.error().what;
    return told.value_or(AuditReport{});
  }
  std::string only_file() const { return segments_of(log).at(0).path; }
  Lines lines() const {
    std::istringstream in{files::read_file(only_file()).value()};
    Lines out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  void put(const Lines& wanted, const std::string& tail = "") const {
    std::ofstream out{only_file(), std::ios::binary | std::ios::trunc};
    for (const auto& line : wanted) out << line << '\n';
    out << tail;
  }
  /// The first finding's record, 0 when all is well.
  std::uint64_t named() const {
    const auto told = report();
    return told.whole() ? 0 : told.findings.front().number;
  }

  files::TemporaryFolder folder{files::TemporaryFolder::in_memory()};
  std::string log = folder.path() + "/audit";
};

TEST_F(AuditLog, WhatWasWrittenIsFoundWholeAlsoOverSeveralOpenings) {
  write(20);
  write(13);
  const auto told = report();
  EXPECT_TRUE(told.whole()) << told.findings.front().what;
  EXPECT_EQ(told.records, 33u);
  const auto writer = AuditWriter::open(log).value();
  EXPECT_EQ(writer->last().number, 33u);
  EXPECT_EQ(writer->last().place, (AuditPlace{1, 133, 1}));
  EXPECT_TRUE(writer->findings().empty());
}

TEST_F(AuditLog, FilesAreNamedByTheirFirstRecordAndTheChainGoesThroughThem) {
  write(400, {.segment_bytes_max = 4'000});
  EXPECT_GT(segments_of(log).size(), 5u);
  EXPECT_TRUE(report().whole());
  std::filesystem::remove(segments_of(log).at(2).path);
  const auto told = report();
  ASSERT_FALSE(told.whole());
  EXPECT_NE(told.findings.at(0).what.find("where"), std::string::npos) << told.findings.at(0).what;
  EXPECT_NE(told.findings.at(1).what.find("are missing"), std::string::npos) << told.findings.at(1).what;
}

TEST_F(AuditLog, AChangedByteNamesItsRecordWhereverItIs) {
  write(12);
  const auto before = lines();
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::size_t at = 0; at < before[i].size(); ++at) {
      auto wanted = before;
      wanted[i][at] = static_cast<char>(wanted[i][at] ^ 1);
      put(wanted);
      ASSERT_EQ(named(), i + 1) << "byte " << at << " of record " << i + 1 << ": " << wanted[i];
    }
}

TEST_F(AuditLog, ADeletedRecordIsNamed) {
  write(12);
  const auto before = lines();
  for (std::size_t i = 0; i < before.size(); ++i) {
    auto wanted = before;
    wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(i));
    put(wanted);
    EXPECT_EQ(named(), i + 1);
  }
}

TEST_F(AuditLog, AnAddedRecordIsNamedAlsoWhenItsHashFits) {
  write(12);
  const auto before = lines();
  for (std::size_t i = 0; i < before.size(); ++i) {
    auto wanted = before;
    const auto text = text_of(i + 1, record(77));
    const auto behind = i == 0 ? first_hash() : std::string{read_line(before[i - 1])->hash};
    wanted.insert(wanted.begin() + static_cast<std::ptrdiff_t>(i), chain(behind, text) + " " + text);
    put(wanted);
    EXPECT_EQ(named(), i + 1);
    wanted[i] = before[i];
    put(wanted);
    EXPECT_EQ(named(), i + 1) << "the same record twice";
  }
}

TEST_F(AuditLog, TwoThatChangedPlacesAreNamed) {
  write(12);
  const auto before = lines();
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::size_t j = i + 1; j < before.size(); ++j) {
      auto wanted = before;
      std::swap(wanted[i], wanted[j]);
      put(wanted);
      EXPECT_EQ(named(), i + 1) << "swapped with " << j + 1;
    }
}

TEST_F(AuditLog, ACutEndIsNamedByTheHead) {
  write(12);
  const auto before = lines();
  for (std::size_t left = 0; left < before.size(); ++left) {
    put(Lines{before.begin(), before.begin() + static_cast<std::ptrdiff_t>(left)});
    EXPECT_EQ(named(), left + 1);
    put(Lines{before.begin(), before.begin() + static_cast<std::ptrdiff_t>(left)},
        before[left].substr(0, 90));
    EXPECT_EQ(named(), left + 1) << "torn in its middle";
  }
}

TEST_F(AuditLog, AWholeNewEndWithItsHeadIsNamedByAnAnchorElsewhere) {
  const auto anchors = folder.path() + "/anchors";
  write(12, {.anchor_file = anchors});
  ASSERT_TRUE(report(anchors).whole());
  EXPECT_EQ(report(anchors).anchors, 1u);
  auto wanted = lines();
  auto hash = std::string{read_line(wanted[6])->hash};
  for (std::size_t i = 7; i < wanted.size(); ++i) {
    const auto text = text_of(i + 1, record(500 + i));
    hash = chain(hash, text);
    wanted[i] = hash + " " + text;
  }
  put(wanted);
  const Json head{{"n", 12}, {"hash", hash}};
  ASSERT_TRUE(files::write_file_atomically(head_file(log), head.dump()));
  EXPECT_TRUE(report().whole()) << "the chain alone cannot know";
  ASSERT_FALSE(report(anchors).whole());
  EXPECT_EQ(report(anchors).findings.front().number, 12u);
}

TEST_F(AuditLog, ARandomTamperingIsAlwaysFoundAndNamedNotLaterThanWhereItBegan) {
  write(40);
  const auto before = lines();
  const auto whole = files::read_file(only_file()).value();
  const std::uint64_t seed = 20'261'123;
  auto chance = Prng::stream(seed, "tampering");
  for (int round = 0; round < 10'000; ++round) {
    auto bytes = whole;
    const auto at = chance.below(bytes.size());
    switch (chance.below(4)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + chance.below(255)));
        break;
      case 1:
        bytes.erase(at, 1 + chance.below(bytes.size() - at));
        break;
      case 2:
        bytes.insert(at, bytes.substr(chance.below(bytes.size()), 1 + chance.below(300)));
        break;
      default:
        bytes.resize(at);
    }
    if (bytes == whole) continue;
    ASSERT_TRUE(files::write_file_atomically(only_file(), bytes));
    const auto touched = static_cast<std::uint64_t>(
        1 + std::count(whole.begin(),
                       std::mismatch(whole.begin(), whole.end(), bytes.begin(), bytes.end()).first, '\n'));
    const auto told = report();
    ASSERT_FALSE(told.whole()) << "seed " << seed << ", round " << round;
    EXPECT_LE(told.findings.front().number, touched) << "seed " << seed << ", round " << round;
    EXPECT_GE(told.findings.front().number + 1, touched) << "seed " << seed << ", round " << round;
  }
}

TEST_F(AuditLog, ATornEndIsCutAndTheLogGoesOnBehindTheLastWholeRecord) {
  write(9);
  put(lines(), "0123456789abcdef {\"n\":10,");
  {
    const auto writer = AuditWriter::open(log).value();
    EXPECT_EQ(writer->last().number, 9u);
    ASSERT_EQ(writer->findings().size(), 1u);
    EXPECT_NE(writer->findings()[0].find("torn"), std::string::npos);
  }
  write(3);
  EXPECT_TRUE(report().whole());
  EXPECT_EQ(report().records, 12u);
}

TEST_F(AuditLog, OneWriterForALog) {
  const auto first = AuditWriter::open(log).value();
  const auto second = AuditWriter::open(log);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().locked);
  EXPECT_NE(second.error().what.find("another process"), std::string::npos);
}

TEST_F(AuditLog, TextThatIsNoUtf8MakesARecordAllTheSame) {
  {
    const auto writer = AuditWriter::open(log).value();
    writer->append({.at = {}, .kind = "ack", .what = {{"text", "\xff\xfe odd \n line"}}});
    ASSERT_TRUE(writer->sync());
  }
  EXPECT_TRUE(report().whole());
  EXPECT_EQ(report().records, 1u);
}

}  // namespace
}  // namespace mlbot::io::audit
