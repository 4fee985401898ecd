// The reference page of the archive: its tables are the tables, its questions are answered.
#include <fstream>
#include <sstream>

#include "io/archive/archive_reader.h"
#include "io/archive/test_market.h"

namespace mlbot::io::archive {
namespace {

class ArchiveReference : public ArchiveInFolder {};

std::string reference_page() {
  std::ifstream file{std::string{MLBOT_SOURCE_DIR} + "/docs/reference/archive.md"};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(ArchiveReference, EveryTableStandsOnThePageWithItsColumns) {
  const auto page = reference_page();
  ASSERT_FALSE(page.empty());
  for (const auto& table : archive_tables({})) {
    std::string columns;
    for (const auto& column : table.columns)
      columns += (columns.empty() ? "" : ", ") + column.name + " " + std::string{sql_type(column.type)};
    const auto row = page.find("| `" + table.name + "` |");
    ASSERT_NE(row, page.npos) << table.name;
    const auto line = page.substr(row, page.find('\n', row) - row);
    EXPECT_NE(line.find("| " + columns), line.npos) << table.name << " has " << columns;
  }
}

TEST_F(ArchiveReference, ItsQuestionsAreAnsweredByTheFileAndByParquetAlone) {
  Market market;
  market.run_until(noon + 1h + 5min);
  archive_all(options_for(path), market.script);
  const auto page = reference_page();
  std::vector<std::string> questions;
  const std::string opening = "```sql\n";
  for (auto at = page.find(opening); at != page.npos; at = page.find(opening, at)) {
    at += opening.size();
    questions.push_back(page.substr(at, page.find("\n```", at) - at));
  }
  EXPECT_GE(questions.size(), 10u);
  for (const auto asked_of : {AskedOf::file, AskedOf::parquet}) {
    if (asked_of == AskedOf::parquet) std::filesystem::remove(path);
    for (const auto& sql : questions) {
      const auto answer = ask_archive({.file = path, .socket = {}}, sql);
      ASSERT_TRUE(answer) << sql << ": " << answer.error().what;
      EXPECT_EQ(answer->asked, asked_of);
    }
    const auto candles = ask_archive({.file = path, .socket = {}}, questions[1]);
    EXPECT_GE(candles->table.rows.size(), 22u) << "an hour of five minutes, of two contracts";
  }
}

}  // namespace
}  // namespace mlbot::io::archive
