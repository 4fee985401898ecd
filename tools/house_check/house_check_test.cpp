#include "house_check/house_check.h"

#include <gtest/gtest.h>

#include <fstream>

namespace mlbot::house {
namespace {

namespace fs = std::filesystem;

class House : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("house_" + std::to_string(::getpid()) +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(root_ / "src");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream{root_ / file} << text;
  }
  std::string first_rule() {
    const auto findings = check(root_);
    return findings.empty() ? "" : findings.front().rule;
  }
  fs::path root_;
};

TEST_F(House, AnInnocentRoomPasses) {
  write("src/core/README.md", "core\n");
  write("src/core/a.h",
        "// the wall clock is std::chrono::system_clock\n#include \"domain/event.h\"\n#include <vector>\n");
  EXPECT_EQ(check(root_).size(), 0u) << first_rule();
}

TEST_F(House, CoreMayNotSeeVenueSimOrIo) {
  for (const std::string header :
       {"venue/bybit/words.h", "sim/exchange.h", "io/net/links.h", "lab/train.h"}) {
    write("src/core/README.md", "core\n");
    write("src/core/a.h", "#include \"" + header + "\"\n");
    EXPECT_EQ(first_rule(), "core may not know " + header);
  }
}

TEST_F(House, SimMayNotSeeCore) {
  write("src/sim/README.md", "sim\n");
  write("src/sim/a.cpp", "#include \"core/core.h\"\n");
  EXPECT_EQ(first_rule(), "sim may not know core/core.h");
}

TEST_F(House, ADependencyHasOneFolder) {
  write("src/io/README.md", "io\n");
  write("src/io/bus/a.cpp", "#include <boost/asio.hpp>\n");
  EXPECT_EQ(first_rule(), "only io/net may include boost/asio.hpp");
}

TEST_F(House, WhatServesTestsServesOnlyTests) {
  write("src/sim/README.md", "sim\n");
  write("src/sim/naive_book.h", "double f(double x) { return std::exp(x); }\n");
  write("src/sim/book_test.cpp", "#include \"sim/naive_book.h\"\n");
  EXPECT_EQ(first_rule(), "");
  write("src/sim/book.cpp", "#include \"sim/naive_book.h\"\n");
  EXPECT_EQ(first_rule(), "only tests may include sim/naive_book.h");
}

TEST_F(House, BannedWordsAreFound) {
  write("src/core/README.md", "core\n");
  const std::vector<std::string> bad{"auto t = std::chrono::system_clock::now();",
                                     "std::random_device chance;",
                                     "std::thread worker;",
                                     "getenv(\"HOME\");",
                                     "double y = std::exp(x);",
                                     "std::unordered_map<int, int> m;",
                                     "const char* v = \"Bybit\";"};
  for (const auto& line : bad) {
    write("src/core/a.cpp", line + "\n");
    EXPECT_EQ(check(root_).size(), 1u) << line;
  }
}

TEST_F(House, LongFilesUnfinishedWorkAndMissingReadmesAreFound) {
  write("src/base/a.cpp", std::string(801, '\n'));
  EXPECT_EQ(check(root_).size(), 2u);  // the README is missing too
  write("src/base/README.md", std::string(26, '\n'));
  EXPECT_EQ(check(root_).size(), 2u);
  write("src/base/README.md", "base\n");
  write("src/base/a.cpp",
        "int x;  // TO"
        "DO later\n");
  EXPECT_EQ(first_rule(), "finish it or write it down in docs/");
}

TEST_F(House, ACheckThatCannotRunDoesNotPass) { EXPECT_FALSE(check(root_ / "nowhere").empty()); }

TEST(TheHouse, StandsAsDrawn) {
  for (const auto& finding : check(MLBOT_SOURCE_DIR))
    ADD_FAILURE() << finding.file << ":" << finding.line << ": " << finding.rule;
}

}  // namespace
}  // namespace mlbot::house
