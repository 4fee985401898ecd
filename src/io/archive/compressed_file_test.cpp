#include "io/archive/compressed_file.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "io/archive/gzip_lines.h"
#include "io/archive/test_zip.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

std::string numbers(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += std::to_string(i * 7919) + "\n";
  return out;
}

struct ReadResult {
  std::string content, error;
  bool whole = false;
};

ReadResult read_all(const std::string& bytes, std::size_t piece = 1000) {
  const files::TemporaryFolder folder;
  const auto path = folder.path() + "/file";
  spill_bytes(path, bytes);
  auto file = CompressedFile::open(path);
  if (!file) return {.error = file.error()};
  ReadResult out;
  std::string buffer(piece, '\0');
  while (true) {
    const auto got = file->read(buffer.data(), buffer.size());
    if (!got) {
      out.error = got.error();
      return out;
    }
    if (*got == 0) break;
    out.content.append(buffer, 0, *got);
  }
  out.whole = file->whole();
  return out;
}

TEST(CompressedFile, EachFormGivesTheSameContent) {
  const auto text = numbers(50'000);
  for (const auto& bytes :
       {text, gzip_of(text), zip_of("2026-06-13_X_ob200.data", text), zip_of("a", text, {.stored = true}),
        zip_of("a", text, {.with_64 = true}), zip_of("a", text, {.comment = "PK\x05\x06 in a comment"}),
        gzip_of(text.substr(0, 1000)) + gzip_of("") + gzip_of(text.substr(1000))}) {
    for (const std::size_t piece : {std::size_t{7}, std::size_t{1} << 16, text.size(), text.size() + 1}) {
      const auto read = read_all(bytes, piece);
      EXPECT_EQ(read.error, "");
      EXPECT_TRUE(read.content == text) << piece;
      EXPECT_TRUE(read.whole);
    }
  }
  EXPECT_TRUE(read_all(gzip_of("")).whole);
  EXPECT_TRUE(read_all(zip_of("a", "")).whole);
}

TEST(CompressedFile, AGzipCutShortOrFollowedByRubbishIsNotWhole) {
  const auto bytes = gzip_of(numbers(20'000));
  const auto cut = read_all(bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(cut.error, "");
  EXPECT_FALSE(cut.whole);
  EXPECT_FALSE(cut.content.empty()) << "what is there can be read";
  EXPECT_FALSE(read_all(bytes.substr(0, bytes.size() - 1)).whole);
  EXPECT_FALSE(read_all(bytes + "rubbish").whole);
}

TEST(CompressedFile, WrongCrcsAndSizesAreDamage) {
  auto bytes = gzip_of(numbers(20'000));
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);
  EXPECT_NE(read_all(bytes).error.find("damaged gzip"), std::string::npos) << read_all(bytes).error;
  const auto text = numbers(20'000);
  for (const auto& making :
       {ZipMaking{.crc_error = 1}, ZipMaking{.size_error = 1}, ZipMaking{.stored = true, .crc_error = 1}}) {
    const auto read = read_all(zip_of("a", text, making));
    EXPECT_NE(read.error.find("damaged zip"), std::string::npos) << read.error;
    EXPECT_FALSE(read.whole);
  }
}

TEST(CompressedFile, AZipWithoutItsEndOrWithTwoFilesIsRefusedByName) {
  const auto bytes = zip_of("a", numbers(1000));
  const auto cut = read_all(bytes.substr(0, bytes.size() - 4));
  EXPECT_NE(cut.error.find("no directory at its end"), std::string::npos) << cut.error;
  auto two = bytes;
  two[bytes.size() - 12] = 2;
  EXPECT_NE(read_all(two).error.find("a zip of 2 files"), std::string::npos) << read_all(two).error;
}

TEST(CompressedFile, NoFlippedByteIsReadAsTheSameFileWithOtherContent) {
  const auto text = numbers(300);
  Prng chance{20260613};
  for (const auto& bytes : {zip_of("a", text), gzip_of(text)}) {
    for (int i = 0; i < 2000; ++i) {
      auto flipped = bytes;
      const auto at = chance.below(bytes.size());
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << chance.below(8)));
      const auto read = read_all(flipped);
      if (read.error.empty() && read.whole && read.content != text) {
        EXPECT_LT(at, 4u) << "seed 20260613, byte " << at;  // without its magic it is a plain file
        EXPECT_TRUE(read.content == flipped);
      }
    }
  }
}

TEST(GzipLines, ReadsTheLinesOfAZip) {
  const files::TemporaryFolder folder;
  const auto path = folder.path() + "/x.zip";
  spill_bytes(path, zip_of("x.data", "one\ntwo\n\nfour"));
  auto lines = GzipLines::open(path);
  ASSERT_TRUE(lines) << lines.error();
  std::string all;
  std::string_view line;
  while (lines->next(line).value()) all += std::string{line} + "|";
  EXPECT_EQ(all, "one|two||four|");
}

}  // namespace
}  // namespace mlbot::io::archive
