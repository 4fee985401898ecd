#include "shell/data/download.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/digest.h"
#include "io/archive/test_zip.h"
#include "io/files/temporary_folder.h"
#include "io/net/http_server.h"

namespace mlbot::shell {
namespace {

using io::archive::FileForm;
using io::archive::gzip_of;
using io::archive::zip_of;
using io::files::TemporaryFolder;
using io::net::Delivery;
using io::net::header;
using io::net::HttpRequest;
using io::net::HttpResponse;

std::string text_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

/// Rows that gzip cannot make small, so that files have several pieces.
std::string rows(std::uint64_t seed, int count = 400) {
  Prng chance{seed};
  std::string out;
  for (int i = 0; i < count; ++i) out += fmt::format("{},{}\n", chance.next(), chance.next());
  return out;
}

/// An archive on a thread of its own: files by target, and what goes wrong with the nth request.
class ArchiveServer {
 public:
  struct Hosted {
    std::string bytes, etag;
    bool ranges = true;
    bool heeds_if_range = true;
  };
  struct Trouble {
    int status = 0;  ///< 0: none
    bool cut = false;
  };

  ArchiveServer() {
    io::net::ServerHandlers handlers;
    handlers.on_request = [this](const HttpRequest& request) { return answer(request); };
    handlers.delivery = [this](const HttpRequest&, const HttpResponse&) {
      const std::lock_guard lock{mutex_};
      const auto found = troubles_.find(requests_.size());
      const bool cut = found != troubles_.end() && found->second.cut;
      return Delivery{cut ? Delivery::Way::cut : Delivery::Way::whole, {}};
    };
    server_ = io::net::HttpServer::listen(loop_, {}, std::move(handlers)).value();
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~ArchiveServer() {
    loop_.stop();
    thread_.join();
  }

  std::string origin() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  void host(const std::string& target, Hosted file) {
    const std::lock_guard lock{mutex_};
    files_[target] = std::move(file);
  }
  /// The nth request from now, counted from 1.
  void trouble(std::size_t nth, Trouble trouble) {
    const std::lock_guard lock{mutex_};
    troubles_[requests_.size() + nth] = trouble;
  }
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }

 private:
  HttpResponse answer(const HttpRequest& request) {
    const std::lock_guard lock{mutex_};
    requests_.push_back(request);
    const auto trouble = troubles_.find(requests_.size());
    if (trouble != troubles_.end() && trouble->second.status != 0)
      return {trouble->second.status, {{"Retry-After", "7"}}, "no"};
    const auto found = files_.find(request.target);
    if (found == files_.end()) return {404, {}, "not found"};
    const auto& file = found->second;
    io::net::Headers headers;
    if (!file.etag.empty()) headers.emplace_back("ETag", file.etag);
    const auto range = header(request.headers, "Range");
    const auto if_range = header(request.headers, "If-Range");
    const bool changed = file.heeds_if_range && !if_range.empty() && if_range != file.etag;
    if (!file.ranges || range.empty() || changed) return {200, headers, file.bytes};
    std::size_t first = 0, last = 0;
    const auto dash = range.find('-');
    std::from_chars(range.data() + 6, range.data() + dash, first);
    std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
    if (first >= file.bytes.size()) return {416, headers, ""};
    last = std::min(last, file.bytes.size() - 1);
    headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", first, last, file.bytes.size()));
    return {206, headers, file.bytes.substr(first, last - first + 1)};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Hosted> files_;
  std::map<std::size_t, Trouble> troubles_;
  std::vector<HttpRequest> requests_;
  io::net::EventLoop loop_;
  std::unique_ptr<io::net::HttpServer> server_;
  std::thread thread_;
};

constexpr Instant june_13 = Instant::from_seconds(1'781'308'800);
constexpr Duration day = 24h;
constexpr std::size_t piece = 1024;
const std::string trades_13 = "/trading/BTCUSDT/BTCUSDT2026-06-13.csv.gz";
const std::string trades_14 = "/trading/BTCUSDT/BTCUSDT2026-06-14.csv.gz";
const std::string books_13 = "/orderbook/linear/BTCUSDT/2026-06-13_BTCUSDT_ob200.data.zip";
const std::string local_13 = "trades/BTCUSDT/BTCUSDT2026-06-13.csv.gz";
const std::string local_14 = "trades/BTCUSDT/BTCUSDT2026-06-14.csv.gz";

class DownloadTest : public testing::Test {
 protected:
  std::vector<ArchiveFile> wanted(std::vector<ArchiveKind> kinds, Instant from, Instant until) const {
    return archive_files({"BTCUSDT"}, kinds, from, until,
                         {server_.origin(), server_.origin() + "/", server_.origin()});
  }
  /// Two days of trades. @param pieces  after so many it is asked to stop; 0: never
  DownloadReport run(int pieces = 0, bool verify = false) {
    return run(wanted({ArchiveKind::trades}, june_13, june_13 + 2 * day), pieces, verify);
  }
  DownloadReport run(const std::vector<ArchiveFile>& files, int pieces = 0, bool verify = false) {
    auto manifest = Manifest::open(folder_.path() + "/data");
    EXPECT_TRUE(manifest) << manifest.error();
    int seen = 0;
    const DownloadWatch watch{.on_bytes = [&](const std::string&, std::uint64_t, std::uint64_t) { ++seen; },
                              .on_file = [](const FileReport&) {},
                              .stopped = [&] { return pieces > 0 && seen >= pieces; }};
    const FetchSettings quick{.piece_bytes = piece,
                              .piece_bytes_min = 256,
                              .timeout = 5s,
                              .tries = 4,
                              .pause = 1ms,
                              .pause_max = 5ms};
    return download(files, *manifest, verify, quick, watch);
  }
  std::string local(const std::string& file) const { return folder_.path() + "/data/" + file; }
  std::string range_of(std::size_t request) const {
    return std::string{header(server_.requests().at(request).headers, "Range")};
  }

  TemporaryFolder folder_;
  ArchiveServer server_;
  const std::string first_ = gzip_of(rows(1)), second_ = gzip_of(rows(2));
};

TEST_F(DownloadTest, PiecesBecomeFilesAndASecondRunAsksNothing) {
  ASSERT_GT(first_.size(), 3 * piece);
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  const auto report = run();
  EXPECT_FALSE(report.stop);
  EXPECT_EQ(report.count(FileOutcome::fetched), 2u);
  EXPECT_TRUE(text_of(local(local_13)) == first_);
  EXPECT_TRUE(text_of(local(local_14)) == second_);
  EXPECT_FALSE(std::filesystem::exists(local(local_13 + ".part")));
  EXPECT_FALSE(std::filesystem::exists(local(local_13 + ".part.json")));
  {
    const auto manifest = Manifest::open(local(""));
    ASSERT_TRUE(manifest) << manifest.error();
    const auto& entry = manifest->entries().at(local_13);
    EXPECT_EQ(entry.url, server_.origin() + trades_13);
    EXPECT_EQ(entry.bytes, first_.size());
    EXPECT_EQ(entry.etag, "\"one\"");
    EXPECT_EQ(entry.sha256, to_hex(sha256(first_)));
    EXPECT_GT(entry.fetched_at, june_13);
    const auto second = Manifest::open(local(""));
    ASSERT_FALSE(second) << "one process at a time";
    EXPECT_NE(second.error().find("another process"), std::string::npos) << second.error();
  }
  const auto asked = server_.requests().size();
  EXPECT_EQ(asked, (first_.size() + piece - 1) / piece + (second_.size() + piece - 1) / piece);
  EXPECT_EQ(run().count(FileOutcome::was_whole), 2u);
  EXPECT_EQ(server_.requests().size(), asked);
}

TEST_F(DownloadTest, AServerWithoutRangesIsGoodForSmallFiles) {
  server_.host(trades_13, {.bytes = first_, .etag = "", .ranges = false});
  server_.host(trades_14, {.bytes = second_, .etag = "\"two\"", .ranges = false});
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  EXPECT_TRUE(text_of(local(local_13)) == first_);
  EXPECT_EQ(server_.requests().size(), 2u);
}

TEST_F(DownloadTest, AServerThatSendsOnlyWholeFilesBeyondTheLimitIsToldApart) {
  server_.host(trades_13, {.bytes = std::string(33 << 20, 'x'), .etag = "", .ranges = false});
  server_.host(trades_14, {second_, "\"two\""});
  const auto report = run();
  EXPECT_EQ(report.count(FileOutcome::failed), 1u);
  EXPECT_EQ(report.count(FileOutcome::fetched), 1u) << "the others go on";
  EXPECT_NE(report.files.at(0).what.find("larger than 32 MiB"), std::string::npos) << report.files[0].what;
}

TEST_F(DownloadTest, AnAnswerCutInTheMiddleIsAskedForAgain) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  server_.trouble(2, {.cut = true});
  server_.trouble(3, {.cut = true});
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  EXPECT_EQ(range_of(1), "bytes=1024-2047");
  EXPECT_EQ(range_of(3), "bytes=1024-2047");
  EXPECT_EQ(range_of(4), "bytes=2048-3071");
  EXPECT_TRUE(text_of(local(local_13)) == first_);
}

TEST_F(DownloadTest, GoesOnBehindTheBytesThatAreThere) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  const auto broken_off = run(2);
  ASSERT_TRUE(broken_off.stop);
  EXPECT_EQ(broken_off.stop->fault, FetchFault::interrupted);
  EXPECT_EQ(std::filesystem::file_size(local(local_13 + ".part")), 2 * piece);
  const auto asked = server_.requests().size();
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  EXPECT_EQ(range_of(asked), "bytes=2048-3071");
  EXPECT_EQ(header(server_.requests().at(asked).headers, "If-Range"), "\"one\"");
  EXPECT_TRUE(text_of(local(local_13)) == first_);
}

TEST_F(DownloadTest, WhatIsCompleteButUncheckedIsOnlyChecked) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  const int pieces = static_cast<int>((first_.size() + piece - 1) / piece);
  EXPECT_TRUE(run(pieces).stop);
  const auto asked = server_.requests().size();
  EXPECT_EQ(asked, static_cast<std::size_t>(pieces));
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  EXPECT_EQ(server_.requests().at(asked).target, trades_14);
}

TEST_F(DownloadTest, AFileThatChangedMeanwhileStartsAnew) {
  const auto other = gzip_of(rows(3));
  server_.host(trades_14, {second_, "\"two\""});
  for (const bool heeds_if_range : {true, false}) {
    server_.host(trades_13, {first_, "\"one\""});
    std::filesystem::remove(local(local_13));
    EXPECT_TRUE(run(2).stop);
    server_.host(trades_13,
                 {.bytes = other, .etag = "\"other\"", .ranges = true, .heeds_if_range = heeds_if_range});
    const auto report = run();
    EXPECT_FALSE(report.stop);
    EXPECT_EQ(report.count(FileOutcome::fetched) + report.count(FileOutcome::was_whole), 2u);
    EXPECT_TRUE(text_of(local(local_13)) == other) << heeds_if_range;
  }
}

TEST_F(DownloadTest, BytesWithoutAMarkAreNotTrustedInTheNextRun) {
  server_.host(trades_13, {first_, ""});
  server_.host(trades_14, {second_, ""});
  EXPECT_TRUE(run(2).stop);
  const auto asked = server_.requests().size();
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  // A request of the run that was stopped may still arrive first.
  std::vector<std::string> ranges;
  for (auto i = asked; i < server_.requests().size(); ++i) ranges.emplace_back(range_of(i));
  EXPECT_TRUE(std::ranges::find(ranges, "bytes=0-1023") != ranges.end());
}

TEST_F(DownloadTest, ADamagedFileIsFetchedOnceMoreThenTold) {
  auto damaged = first_;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // in its CRC
  server_.host(trades_13, {damaged, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  const auto report = run();
  EXPECT_FALSE(report.stop);
  EXPECT_EQ(report.files.at(0).outcome, FileOutcome::damaged);
  EXPECT_NE(report.files[0].what.find("damaged gzip"), std::string::npos) << report.files[0].what;
  EXPECT_EQ(report.files.at(1).outcome, FileOutcome::fetched);
  EXPECT_FALSE(std::filesystem::exists(local(local_13)));
  EXPECT_FALSE(std::filesystem::exists(local(local_13 + ".part")));
  std::size_t starts = 0;
  for (const auto& request : server_.requests())
    starts += request.target == trades_13 && header(request.headers, "Range") == "bytes=0-1023" ? 1 : 0;
  EXPECT_EQ(starts, 2u);
  server_.host(trades_13, {first_, "\"mended\""});
  EXPECT_EQ(run().count(FileOutcome::fetched), 1u);
}

TEST_F(DownloadTest, WhatIsNotPublishedIsToldAndTheRestGoesOn) {
  server_.host(trades_14, {second_, "\"two\""});
  const auto report = run();
  EXPECT_FALSE(report.stop);
  EXPECT_EQ(report.files.at(0).outcome, FileOutcome::not_published);
  EXPECT_NE(report.files[0].what.find("not published yet, or never"), std::string::npos);
  EXPECT_EQ(report.files.at(1).outcome, FileOutcome::fetched);
  EXPECT_FALSE(std::filesystem::exists(local(local_13 + ".part")));
}

TEST_F(DownloadTest, BooksAreFoundUnderEitherDepth) {
  const auto zip = zip_of("2025-08-20_BTCUSDT_ob200.data", rows(4));
  server_.host("/orderbook/linear/BTCUSDT/2025-08-20_BTCUSDT_ob200.data.zip", {zip, "\"a\""});
  server_.host("/orderbook/linear/BTCUSDT/2025-08-21_BTCUSDT_ob200.data.zip", {zip, "\"b\""});
  const Instant august_20 = Instant::from_seconds(1'755'648'000);
  const auto files = wanted({ArchiveKind::books}, august_20, august_20 + 2 * day);
  const auto report = run(files);
  EXPECT_EQ(report.count(FileOutcome::fetched), 2u);
  EXPECT_EQ(server_.requests().at(0).target, "/orderbook/linear/BTCUSDT/2025-08-20_BTCUSDT_ob500.data.zip");
  EXPECT_EQ(report.files.at(0).file, "books/BTCUSDT/2025-08-20_BTCUSDT_ob200.data.zip");
  const auto asked = server_.requests().size();
  EXPECT_EQ(run(files).count(FileOutcome::was_whole), 2u);
  EXPECT_EQ(server_.requests().size(), asked);
}

TEST_F(DownloadTest, AZipWithAWrongCrcOrAnHtmlPageInItsPlaceIsDamaged) {
  const auto files = wanted({ArchiveKind::books}, june_13, june_13 + day);
  server_.host(books_13, {zip_of("x", rows(4), {.crc_error = 1}), "\"a\""});
  EXPECT_EQ(run(files).count(FileOutcome::damaged), 1u);
  server_.host(books_13, {"<html>maintenance</html>", "\"b\""});
  const auto report = run(files);
  EXPECT_NE(report.files.at(0).what.find("no zip file"), std::string::npos) << report.files[0].what;
}

TEST_F(DownloadTest, A500IsTriedAgainAndOneThatStaysStopsTheRun) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  for (const std::size_t nth : {1, 2, 4}) server_.trouble(nth, {.status = 503});
  const auto asked_before = server_.requests().size();
  EXPECT_EQ(run().count(FileOutcome::fetched), 2u);
  std::filesystem::remove(local(local_13));
  const auto asked = server_.requests().size();
  EXPECT_GT(asked, asked_before);
  for (const std::size_t nth : {1, 2, 3, 4, 5}) server_.trouble(nth, {.status = 500});
  const auto report = run();
  ASSERT_TRUE(report.stop);
  EXPECT_EQ(report.stop->fault, FetchFault::network);
  EXPECT_NE(report.stop->what.find("HTTP 500, 4 times in a row"), std::string::npos) << report.stop->what;
  EXPECT_EQ(server_.requests().size(), asked + 4);
}

TEST_F(DownloadTest, ARefusalStopsAtOnceWithTheRemedy) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.trouble(1, {.status = 403});
  const auto forbidden = run();
  ASSERT_TRUE(forbidden.stop);
  EXPECT_EQ(forbidden.stop->fault, FetchFault::refused);
  EXPECT_NE(forbidden.stop->what.find("--source"), std::string::npos) << forbidden.stop->what;
  EXPECT_EQ(server_.requests().size(), 1u);
  server_.trouble(2, {.status = 429});
  const auto limited = run();
  ASSERT_TRUE(limited.stop);
  EXPECT_NE(limited.stop->what.find("Retry-After 7"), std::string::npos) << limited.stop->what;
  EXPECT_EQ(std::filesystem::file_size(local(local_13 + ".part")), piece) << "what came is kept";
}

TEST_F(DownloadTest, AServerThatIsNotThereIsTriedAndNamed) {
  auto files = wanted({ArchiveKind::trades}, june_13, june_13 + day);
  files[0].places[0].url = "http://127.0.0.1:1" + trades_13;
  const auto report = run(files);
  ASSERT_TRUE(report.stop);
  EXPECT_EQ(report.stop->fault, FetchFault::network);
  EXPECT_NE(report.stop->what.find("127.0.0.1:1"), std::string::npos);
}

TEST_F(DownloadTest, VerifyFindsWhatChangedOnDisk) {
  server_.host(trades_13, {first_, "\"one\""});
  server_.host(trades_14, {second_, "\"two\""});
  run();
  auto damaged = first_;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  io::archive::spill_bytes(local(local_13), damaged);
  EXPECT_EQ(run().count(FileOutcome::was_whole), 2u) << "sizes alone do not tell";
  const auto verified = run(0, true);
  EXPECT_EQ(verified.count(FileOutcome::fetched), 1u);
  EXPECT_TRUE(text_of(local(local_13)) == first_);
}

TEST_F(DownloadTest, ADamagedManifestIsNamed) {
  run();
  std::filesystem::create_directories(local(""));
  for (const char* text : {"{", R"({"files":[{"file":1}]})", R"({"files":[3]})"}) {
    io::archive::spill_bytes(local("manifest.json"), text);
    const auto manifest = Manifest::open(local(""));
    ASSERT_FALSE(manifest) << text;
    EXPECT_NE(manifest.error().find("manifest.json is damaged"), std::string::npos) << manifest.error();
  }
}

TEST(ArchiveFiles, MonthsOfBarsAndTheDaysOfAllElse) {
  const Instant july_30 = june_13 + 47 * day;
  const auto files = archive_files({"BTCUSDT", "ETHUSDT"}, {ArchiveKind::trades, ArchiveKind::klines},
                                   july_30, july_30 + 3 * day, {});
  std::vector<std::string> urls;
  for (const auto& file : files)
    if (file.label.find("ETHUSDT") != std::string::npos) urls.push_back(file.places.at(0).url);
  const std::string public_site = "https://public.bybit.com";
  EXPECT_EQ(urls,
            (std::vector<std::string>{
                public_site + "/trading/ETHUSDT/ETHUSDT2026-07-30.csv.gz",
                public_site + "/trading/ETHUSDT/ETHUSDT2026-07-31.csv.gz",
                public_site + "/trading/ETHUSDT/ETHUSDT2026-08-01.csv.gz",
                public_site + "/kline_for_metatrader4/ETHUSDT/2026/ETHUSDT_1_2026-07-01_2026-07-31.csv.gz",
                public_site + "/kline_for_metatrader4/ETHUSDT/2026/ETHUSDT_1_2026-08-01_2026-08-31.csv.gz",
            }));
  EXPECT_FALSE(is_symbol_text("../BTC"));
  EXPECT_FALSE(days_between(june_13, june_13));
  EXPECT_FALSE(days_between(june_13 + 1h, june_13 + day));
  EXPECT_EQ(days_between(june_13, june_13 + 2 * day)->size(), 2u);
}

}  // namespace
}  // namespace mlbot::shell
