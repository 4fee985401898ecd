#include "venue/bybit/venue_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

namespace mlbot::venue::bybit {
namespace {

using enum CodeClass;

TEST(VenueError, TheTableIsAscendingWithoutTwins) {
  std::int32_t last = -1;
  for (const CodeRow& row : code_table()) {
    EXPECT_GT(row.first, last) << row.meaning;
    EXPECT_GE(row.last, row.first) << row.meaning;
    EXPECT_FALSE(row.meaning.empty()) << row.first;
    last = row.last;
  }
}

TEST(VenueError, EveryFamilyAsksForSomethingElse) {
  for (const std::int32_t code : {10000, 10016, 110079}) EXPECT_EQ(class_of(code), unknown) << code;
  for (const std::int32_t code : {10006, 10018, 10403, 10429, 20003}) EXPECT_EQ(class_of(code), rate) << code;
  for (const std::int32_t code : {10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 33004})
    EXPECT_EQ(class_of(code), auth) << code;
  for (const std::int32_t code : {34040, 110025, 110026, 110027, 110043, 20001})
    EXPECT_EQ(class_of(code), unchanged) << code;
  for (const std::int32_t code : {10014, 10017, 10404, 20006}) EXPECT_EQ(class_of(code), failed) << code;
  for (const std::int32_t code : {10019, 110063}) EXPECT_EQ(class_of(code), maintenance) << code;
  for (const std::int32_t code : {10001, 40004, 110001, 110007, 110072, 110099, 110121, 170131, 3400045})
    EXPECT_EQ(class_of(code), refused) << code;
  EXPECT_EQ(class_of(10002), CodeClass::time);
  EXPECT_EQ(class_of(0), accepted);
  EXPECT_EQ(meaning_of(110094), "notional under the minimum");
}

TEST(VenueError, ACodeThatNobodyDocumentedIsUnknownAndNeverARefusal) {
  for (const std::int32_t code : {-1, 1, 9999, 10011, 110002, 110104, 999'999, 3400046}) {
    EXPECT_EQ(class_of(code), unknown) << code;
    EXPECT_EQ(meaning_of(code), "") << code;
  }
}

/// Section 5 of the protocol reference, row by row: every code that stands there has a class.
TEST(VenueError, KnowsEveryCodeOfTheReference) {
  const char* const shared = std::getenv("MLBOT_SHARED");
  const std::string folder = shared != nullptr ? shared : MLBOT_SOURCE_DIR "/../shared";
  std::ifstream file{folder + "/bybit-v5.md"};
  if (!file) GTEST_SKIP() << "no protocol reference under " << folder;
  const std::set<std::int32_t> obsolete{110016, 110030, 110075};  // struck out in the documentation
  std::string line;
  bool inside = false;
  int walked = 0;
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) inside = line.starts_with("## 5.");
    if (!inside || !line.starts_with("| ")) continue;
    const bool socket_row = line.starts_with("| WS order entry");
    const auto cell_end = line.find('|', 2);
    std::string cell = line.substr(2, cell_end - 2);
    if (socket_row) cell = line.substr(cell_end + 1, line.find('|', cell_end + 1) - cell_end - 1);
    for (std::size_t at = 0; at < cell.size();) {
      std::int32_t code = 0;
      const auto [end, error] = std::from_chars(cell.data() + at, cell.data() + cell.size(), code);
      if (error != std::errc{}) {
        ++at;
        continue;
      }
      at = static_cast<std::size_t>(end - cell.data());
      const bool is_code = code == 0 || code >= 10'000;
      if (!is_code || obsolete.contains(code)) continue;
      EXPECT_FALSE(meaning_of(code).empty()) << code << " of the reference is not in the table";
      ++walked;
    }
  }
  EXPECT_GT(walked, 90);
}

}  // namespace
}  // namespace mlbot::venue::bybit
