#include "shell/data/backfill.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/files/temporary_folder.h"
#include "io/net/http_server.h"
#include "shell/exchange/exchange_server.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"

namespace mlbot::shell {
namespace {

using io::files::TemporaryFolder;
using io::net::HttpRequest;
using io::net::HttpResponse;

constexpr Instant june_13 = Instant::from_seconds(1'781'308'800), june_14 = june_13 + 24h;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

class BackfillTest : public testing::Test {
 protected:
  BackfillReport run(const std::string& origin, std::vector<std::string> symbols,
                     std::vector<BackfillKind> kinds, std::vector<Instant> days, bool verify = false) {
    auto manifest = Manifest::open(folder_.path());
    EXPECT_TRUE(manifest) << manifest.error();
    auto client = io::bybit::BybitRestClient::create(
        loop_, origin, {.timeout = 5s}, {.on_event = [](const Event&, Instant) {}, .on_undecoded = {}});
    EXPECT_TRUE(client) << client.error().what;
    const BackfillWatch watch{.on_day = [](const DayReport&, std::size_t, std::size_t) {},
                              .stopped = [this] { return stopped_; }};
    auto report = backfill(loop_, **client,
                           {.origin = origin,
                            .symbols = std::move(symbols),
                            .kinds = std::move(kinds),
                            .days = std::move(days),
                            .verify = verify},
                           *manifest, watch);
    for (const auto& [file, entry] : manifest->entries())
      EXPECT_EQ(sha256_of_file(manifest->path_of(file)), entry.sha256) << file;
    entries_ = manifest->entries();
    return report;
  }
  std::string local(const std::string& file) const { return folder_.path() + "/" + file; }

  TemporaryFolder folder_;
  io::net::EventLoop loop_;
  std::map<std::string, ManifestEntry> entries_;
  bool stopped_ = false;
};

TEST_F(BackfillTest, BarsEqualTheExchangesOwnAndTodayIsNeverWhole) {
  ExchangeServerSetup setup;
  setup.exchange.instruments = sim::default_instruments();
  setup.exchange.start = june_14 - 8min;
  setup.exchange.seed = 7;
  setup.market = sim::make_generated_market(setup.exchange.instruments, sim::default_generated_settings(), 7,
                                            setup.exchange.start);
  setup.accounts = {make_api_account("alice", "test", {10'000 * e8_per_unit})};
  ExchangeServer server{std::move(setup)};
  server.exchange().advance_to(june_14 + 5min + 20s);
  ASSERT_TRUE(server.start(0));
  const auto origin = fmt::format("http://127.0.0.1:{}", server.port());
  const auto report =
      run(origin, {"BTCUSDT", "ETHUSDT"}, {BackfillKind::kline}, {june_13, june_14, june_14 + 24h});
  server.stop();
  EXPECT_FALSE(report.stop) << report.stop->what;
  ASSERT_EQ(report.days.size(), 6u);
  EXPECT_EQ(report.count(DayOutcome::gaps), 2u) << "the exchange opened eight minutes before midnight";
  EXPECT_EQ(report.count(DayOutcome::running), 4u);

  const auto& exchange = server.exchange();
  for (const auto& instrument : exchange.instruments()) {
    const auto name = instrument.name.str();
    const auto first = lines_of(local("kline/" + name + "/2026-06-13.csv"));
    const auto second = lines_of(local("kline/" + name + "/2026-06-14.csv"));
    ASSERT_EQ(first.size(), 1u + 8u);
    ASSERT_EQ(second.size(), 1u + 5u) << "the open bar is left out";
    EXPECT_EQ(first[0], "start_ms,open,high,low,close,volume,turnover");
    std::vector<std::string> rows{first.begin() + 1, first.end()};
    rows.insert(rows.end(), second.begin() + 1, second.end());
    const auto bars = exchange.klines(instrument.id, 5000);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& bar = bars.at(i);
      const auto price = [&](PriceTicks ticks) { return to_text(instrument.price(ticks)); };
      const auto own = fmt::format("{},{},{},{},{},{},", bar.start.ms(), price(bar.open), price(bar.high),
                                   price(bar.low), price(bar.close), to_text(instrument.size(bar.volume)));
      EXPECT_TRUE(rows[i].starts_with(own)) << rows[i] << "\n" << own;
      EXPECT_NEAR(std::stod(rows[i].substr(own.size())), bar.turnover, 1e-3);
    }
    const auto& past = entries_.at("kline/" + name + "/2026-06-13.csv").day.value();
    EXPECT_TRUE(past.over);
    EXPECT_EQ(past.gaps, (std::vector<DataGap>{{june_13, 1440 - 8}}));
    const auto& today = entries_.at("kline/" + name + "/2026-06-14.csv").day.value();
    EXPECT_FALSE(today.over);
    EXPECT_TRUE(today.gaps.empty());
  }
}

/// A venue of made rows: whole days of bars with some minutes missing, funding, open interest in pages.
class SmallVenue {
 public:
  explicit SmallVenue(io::net::EventLoop& loop)
      : server_{*io::net::HttpServer::listen(
            loop, {}, {.on_request = [this](const HttpRequest& request) { return answer(request); }})} {}
  std::string origin() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }

  Instant now = june_14 + 12h;
  std::vector<Instant> missing_bars;
  int refuse_status = 0;  ///< of everything but the clock
  std::string refuse_body;
  int asked = 0;  ///< questions but the clock's

 private:
  static std::int64_t number(const std::string& target, const std::string& key) {
    const auto at = target.find(key + "=");
    return at == target.npos ? 0 : std::stoll(target.substr(at + key.size() + 1));
  }
  static HttpResponse reply(const std::string& result) {
    return {200, {}, R"({"retCode":0,"retMsg":"OK","result":)" + result + R"(,"retExtInfo":{},"time":1})"};
  }
  HttpResponse answer(const HttpRequest& request) {
    const auto& target = request.target;
    if (target.starts_with("/v5/market/time"))
      return reply(fmt::format(R"({{"timeSecond":"{}","timeNano":"{}"}})", now.seconds(), now.ns));
    ++asked;
    if (refuse_status != 0) return {refuse_status, {}, refuse_body};
    if (target.starts_with("/v5/market/kline")) return bars(number(target, "start"), number(target, "end"));
    if (target.starts_with("/v5/market/funding/history"))
      return reply(fmt::format(
          R"({{"category":"linear","list":[{0},{1},{2}]}})", funding(number(target, "endTime") - 28'799'999),
          funding(number(target, "endTime") - 2 * 28'800'000 + 1), funding(number(target, "startTime"))));
    return open_interest(target);
  }
  static std::string funding(std::int64_t at_ms) {
    return fmt::format(R"({{"symbol":"BTCUSDT","fundingRate":"-0.00012345","fundingRateTimestamp":"{}"}})",
                       at_ms);
  }
  HttpResponse bars(std::int64_t from, std::int64_t until) const {
    std::string list;
    for (std::int64_t at = until; at >= from; at -= 60'000) {
      if (at > now.ms() || std::ranges::count(missing_bars, Instant::from_ms(at)) > 0) continue;
      list += fmt::format(R"({}["{}","60000.1","60000.20","59999.9","60000","1.005","60301.5055"])",
                          list.empty() ? "" : ",", at);
    }
    return reply(R"({"category":"linear","symbol":"BTCUSDT","list":[)" + list + "]}");
  }
  static HttpResponse open_interest(const std::string& target) {
    const bool second = target.find("cursor=next") != target.npos;
    const std::int64_t from = number(target, "startTime") + (second ? 0 : 88 * 300'000);
    std::string list;
    for (std::int64_t i = second ? 88 : 200; i-- > 0;)
      list +=
          fmt::format(R"({}{{"openInterest":"461134384.125","singleOpenInterest":"0.5","timestamp":"{}"}})",
                      list.empty() ? "" : ",", from + i * 300'000);
    return reply(R"({"symbol":"BTCUSDT","category":"linear","list":[)" + list + R"(],"nextPageCursor":")" +
                 (second ? "" : "next") + "\"}");
  }

  std::unique_ptr<io::net::HttpServer> server_;
};

TEST_F(BackfillTest, WholeDaysOfEveryKindAreAskedForOnce) {
  SmallVenue venue{loop_};
  const std::vector<BackfillKind> all{backfill_kinds.begin(), backfill_kinds.end()};
  const auto report = run(venue.origin(), {"BTCUSDT"}, all, {june_13});
  EXPECT_FALSE(report.stop) << report.stop->what;
  EXPECT_EQ(report.count(DayOutcome::fetched), 3u);
  const auto bars = lines_of(local("kline/BTCUSDT/2026-06-13.csv"));
  ASSERT_EQ(bars.size(), 1441u);
  EXPECT_EQ(bars[1], fmt::format("{},60000.1,60000.2,59999.9,60000,1.005,60301.5055", june_13.ms()));
  const auto funding = lines_of(local("funding/BTCUSDT/2026-06-13.csv"));
  ASSERT_EQ(funding.size(), 4u);
  EXPECT_EQ(funding[1], fmt::format("{},-0.00012345", june_13.ms()));
  const auto interest = lines_of(local("open-interest/BTCUSDT/2026-06-13.csv"));
  ASSERT_EQ(interest.size(), 289u);
  EXPECT_EQ(interest[288], fmt::format("{},461134384.125,0.5", (june_14 - 5min).ms()));

  const int asked = venue.asked;
  EXPECT_EQ(run(venue.origin(), {"BTCUSDT"}, all, {june_13}).count(DayOutcome::was_whole), 3u);
  EXPECT_EQ(venue.asked, asked);
  std::ofstream{local("funding/BTCUSDT/2026-06-13.csv"), std::ios::in} << "damaged";
  const auto verified = run(venue.origin(), {"BTCUSDT"}, all, {june_13}, true);
  EXPECT_EQ(verified.count(DayOutcome::fetched), 1u);
}

TEST_F(BackfillTest, MissingMinutesAreGapsAndAskedForAgain) {
  SmallVenue venue{loop_};
  venue.missing_bars = {june_13, june_13 + 5min, june_13 + 6min, june_14 - 1min, june_14 + 1h};
  const auto report = run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_13, june_14});
  ASSERT_EQ(report.days.size(), 2u);
  EXPECT_EQ(report.count(DayOutcome::gaps), 2u);
  EXPECT_EQ(entries_.at("kline/BTCUSDT/2026-06-13.csv").day->gaps,
            (std::vector<DataGap>{{june_13, 1}, {june_13 + 5min, 2}, {june_14 - 1min, 1}}));
  EXPECT_EQ(entries_.at("kline/BTCUSDT/2026-06-14.csv").day->rows, 719) << "up to noon, less one";
  venue.missing_bars.clear();
  venue.now = june_14 + 24h + 2min;
  const auto later = run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_13, june_14});
  EXPECT_EQ(later.count(DayOutcome::fetched), 2u);
}

TEST_F(BackfillTest, ARefusalOrAWishToStopEndsTheWorkAndKeepsWhatIsDone) {
  SmallVenue venue{loop_};
  EXPECT_FALSE(run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_13}).stop);
  venue.refuse_status = 200;
  venue.refuse_body = R"({"retCode":10001,"retMsg":"symbol invalid","result":{},"retExtInfo":{},"time":1})";
  const auto refused = run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_13, june_14});
  ASSERT_TRUE(refused.stop);
  EXPECT_EQ(refused.stop->fault, FetchFault::network);
  EXPECT_NE(refused.stop->what.find("symbol invalid"), std::string::npos) << refused.stop->what;
  EXPECT_EQ(refused.count(DayOutcome::was_whole), 1u);
  venue.refuse_status = 403;
  venue.refuse_body = "forbidden";
  const auto shut_out = run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_14});
  ASSERT_TRUE(shut_out.stop);
  EXPECT_NE(shut_out.stop->what.find("403"), std::string::npos) << shut_out.stop->what;
  stopped_ = true;
  const auto stopped = run(venue.origin(), {"BTCUSDT"}, {BackfillKind::kline}, {june_14});
  ASSERT_TRUE(stopped.stop);
  EXPECT_EQ(stopped.stop->fault, FetchFault::interrupted);
}

}  // namespace
}  // namespace mlbot::shell
