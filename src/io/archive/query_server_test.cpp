#include "io/archive/query_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <future>

#include "io/archive/archive_reader.h"
#include "io/archive/query_wire.h"
#include "io/archive/test_market.h"

namespace mlbot::io::archive {
namespace {

/// Long enough that nobody waits for its end: every row of a product of ranges.
constexpr const char* endless =
    "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3";

class QueryServerTest : public testing::Test {
 protected:
  void SetUp() override {
    market_.run_until(noon + 1h + 5min);
    archiver_ = archiver_of(options_for(path()));
    feed_all(*archiver_, market_.script);
    ASSERT_TRUE(archiver_->flush());
  }
  void start(QueryServerOptions options = {}) {
    options.socket = socket();
    auto started = QueryServer::start(archiver_->database(), std::move(options));
    ASSERT_TRUE(started) << started.error().what;
    server_ = std::move(*started);
  }
  std::string path() const { return folder_.path() + "/archive.duckdb"; }
  std::string socket() const { return folder_.path() + "/archive.sock"; }
  Result<QueryTable, ArchiveError> ask(const std::string& sql, const QueryLimits& limits = {}) const {
    return ask_owner(socket(), sql, limits);
  }

  TemporaryFolder folder_;
  Market market_;
  std::unique_ptr<DataArchiver> archiver_;
  std::unique_ptr<QueryServer> server_;
};

TEST_F(QueryServerTest, AnswersFromAnotherProcessWhileTheOwnerWritesOn) {
  start();
  // Asked of the owner, of its file once nobody has it: cell for cell the same.
  const std::string sql =
      "SELECT symbol, count(*) AS n, min(price) AS low, max(time) AS last, NULL AS nothing, 1.5::DOUBLE AS "
      "half, "
      "'nan'::DOUBLE AS nan, true AS yes, -3 AS minus, 'na\xc3\xafve' AS words FROM trades GROUP BY symbol "
      "ORDER BY "
      "symbol";
  const auto said = ask(sql);
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_EQ(said->rows.size(), 2u);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto other = ask_archive({.file = path(), .socket = socket()}, sql);
    ::_exit(other && other->asked == AskedOf::owner && to_csv(other->table) == to_csv(*said) ? 0 : 1);
  }
  market_.run_until(noon + 2h + 5min);
  std::uint64_t fed = archiver_->last_sequence().number;
  for (const auto& record : market_.script.records)
    if (std::get<Stamped>(record).sequence.number > fed) {
      ASSERT_TRUE(archiver_->take(record));
    }
  ASSERT_TRUE(archiver_->flush());
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  const auto now = ask("SELECT count(*) AS n FROM trades");
  ASSERT_TRUE(now) << now.error().what;
  EXPECT_EQ(to_csv(*now), "n\n1500\n") << "hot rows and Parquet";
  const auto from_owner = ask(sql);
  ASSERT_TRUE(from_owner);
  server_.reset();
  ASSERT_TRUE(archiver_->close());
  archiver_.reset();
  const auto from_file = ask_archive({.file = path(), .socket = socket()}, sql);
  ASSERT_TRUE(from_file) << from_file.error().what;
  EXPECT_EQ(from_file->asked, AskedOf::file);
  EXPECT_EQ(to_csv(from_file->table), to_csv(*from_owner));
}

TEST_F(QueryServerTest, OnlyReadsAndOnlyTheArchive) {
  start();
  for (const char* sql : {"DELETE FROM hot_trades", "DROP TABLE gaps", "COPY hot_trades TO '/tmp/stolen.csv'",
                          "ATTACH 'x.duckdb'", "SET memory_limit = '1GB'", "SELECT 1; DROP TABLE gaps",
                          "PRAGMA database_list; SELECT 1", "CHECKPOINT",
                          "INSERT INTO gaps SELECT * FROM gaps", "SELECT * FROM read_csv('/etc/passwd')",
                          "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/hostname')", "SELEKT",
                          "", "SELECT * FROM 'https://example.com/x.parquet'"}) {
    const auto refused = ask(sql);
    EXPECT_FALSE(refused) << sql;
  }
  EXPECT_TRUE(ask("DESCRIBE trades"));
  EXPECT_TRUE(ask("FROM trades LIMIT 1"));
  EXPECT_TRUE(ask("EXPLAIN SELECT 1"));
  EXPECT_TRUE(ask("SHOW TABLES"));
  EXPECT_TRUE(ask("SUMMARIZE klines"));
  struct stat facts{};
  ASSERT_EQ(::stat(socket().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u) << "nobody else's";
}

TEST_F(QueryServerTest, LimitsOfRowsAndTimeHoldAndAreSaid) {
  start();
  const auto few = ask("SELECT * FROM range(5000000)", {.rows_max = 3'000});
  ASSERT_TRUE(few) << few.error().what;
  EXPECT_EQ(few->rows.size(), 3'000u);
  EXPECT_TRUE(few->truncated);
  const auto late = ask(endless, {.time_max = std::chrono::milliseconds{200}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, ArchiveFault::stopped) << late.error().what;
  EXPECT_TRUE(ask("SELECT 1")) << "the next question is answered";
}

int connect_raw(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

TEST_F(QueryServerTest, AQuestionEndsWhenItsAskerHasGoneAndMoreThanTheLimitAreToldToWait) {
  start({.questions_max = 2});
  const std::string question = Json{{"sql", endless}}.dump() + "\n";
  const int first = connect_raw(socket()), second = connect_raw(socket());
  for (const int socket : {first, second})
    ASSERT_EQ(::send(socket, question.data(), question.size(), 0), static_cast<ssize_t>(question.size()));
  const auto eventually = [&](auto is_so) {
    for (int i = 0; i < 600; ++i) {
      if (is_so()) return true;
      ::usleep(50'000);
    }
    return false;
  };
  EXPECT_TRUE(eventually([&] {
    const auto third = ask("SELECT 1");
    return !third && third.error().fault == ArchiveFault::busy;
  }));
  ::close(first);
  ::close(second);
  EXPECT_TRUE(eventually([&] { return server_->stats().stopped == 2; })) << "both were stopped";
  EXPECT_TRUE(eventually([&] { return ask("SELECT 1").has_value(); }));
}

TEST_F(QueryServerTest, StoppingEndsWhatIsBeingAnswered) {
  start();
  auto waiting = std::async(std::launch::async, [this] { return ask(endless); });
  ::usleep(300'000);
  server_.reset();
  EXPECT_FALSE(waiting.get());
  const auto nobody = ask("SELECT 1");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().fault, ArchiveFault::no_owner);
}

TEST_F(QueryServerTest, WhatIsNoQuestionIsToldHowToAskAndAWishReachesTheOwner) {
  start({.on_wish = [](const Json& wish) { return Json{{"heard", wish["do"]}}; }});
  const auto answer = wish_of_owner(socket(), {{"do", "repair"}});
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ((*answer)["heard"], "repair");
  const int raw = connect_raw(socket());
  ASSERT_EQ(::send(raw, "hello\n", 6, 0), 6);
  char text[512];
  const auto count = ::recv(raw, text, sizeof text, 0);
  ::close(raw);
  ASSERT_GT(count, 0);
  EXPECT_NE(std::string_view(text, static_cast<std::size_t>(count)).find("one line of JSON"),
            std::string_view::npos);
}

TEST(QueryWire, ACellComesOutAsItWentIn) {
  QueryTable table{.columns = {"a"}, .rows = {}};
  for (const QueryCell& cell : {QueryCell{}, QueryCell{true}, QueryCell{std::int64_t{-5}},
                                QueryCell{std::uint64_t{UINT64_MAX}}, QueryCell{0.1}, QueryCell{7.0},
                                QueryCell{DecimalText{"71423.8"}}, QueryCell{std::string{"a\n\"b\""}}})
    table.rows.push_back({cell});
  AnswerReader reader;
  const auto lines = answer_lines(table);
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at);
    reader.take(lines.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_TRUE(reader.answer());
  EXPECT_EQ(to_csv(*reader.answer()), to_csv(table));
}

}  // namespace
}  // namespace mlbot::io::archive
