#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/prng.h"
#include "io/archive/archive_schema.h"
#include "io/archive/data_archiver.h"
#include "io/archive/duckdb_api.h"
#include "io/archive/query_table.h"
#include "io/archive/test_script.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

class Archive : public ArchiveInFolder {};
class Query : public ArchiveInFolder {};

Script one_of_each() {
  Script script;
  script.open_run();
  script.book(UpdateKind::snapshot, 7, {{{714'238}, {1'500}}, {{714'237}, {10}}}, {{{714'239}, {20}}});
  script.book(UpdateKind::delta, 8, {{{714'238}, {0}}}, {});
  script.book(UpdateKind::delta, 10, {{{714'200}, {1}}}, {});  // 9 never came: the book means nothing now
  script.print(
      {{.matched_at = script.at(), .price = {714'238}, .size = {3}, .taker = Side::sell, .id = "t-1"},
       {.matched_at = script.at(), .price = {714'239}, .size = {4}, .block = true, .id = "t-2"}});
  script.event(Kline{.symbol = {0},
                     .start = noon,
                     .open = {1},
                     .high = {9},
                     .low = {1},
                     .close = {5},
                     .volume = {7'000},
                     .turnover = 2.5,
                     .confirmed = true});
  script.event(Kline{.symbol = {0}, .start = noon, .confirmed = false});
  script.event(Ticker{.symbol = {0},
                      .kind = UpdateKind::delta,
                      .mark_price = parse_e8("71423.85"),
                      .funding_rate = parse_e8("-0.0001")});
  script.liquidations.push_back({{.at = noon, .size = {5}, .bankruptcy_price = *parse_e8("70000")}});
  script.event(Liquidations{{0}, script.liquidations.back()});
  script.event(OrderNews{.client_id = "r3-1",
                         .venue_id = "v-1",
                         .status = OrderStatus::part_filled,
                         .price = {714'238},
                         .size = {10},
                         .filled = {3},
                         .reason = "na\xc3\xafve \xff"});
  script.event(Execution{.client_id = "r3-1",
                         .venue_id = "v-1",
                         .execution_id = "e-1",
                         .price = *parse_e8("71423.8"),
                         .size = {3},
                         .fee = *parse_e8("0.0428"),
                         .liquidity = Liquidity::maker,
                         .at = noon});
  script.event(Execution{
      .source = NewsSource::query, .execution_id = "e-1", .price = *parse_e8("71423.8"), .size = {3}});
  script.event(PositionNews{.size = {-3}, .entry_price = *parse_e8("71423.8")});
  script.event(WalletNews{.equity = *parse_e8("10000.00000001")});
  script.event(RequestAnswer{.request = RequestKind::place,
                             .outcome = RequestOutcome::refused,
                             .client_id = "r3-2",
                             .code = 110'007,
                             .text = "not enough balance"});
  script.event(AccountSnapshot{});
  script.event(LinkChanged{Link::market, LinkState::live});
  script.event(TimerFired{});
  script.event(ConfigChanged{.version = 2});
  script.event(OperatorCommand{.verb = OperatorVerb::pause, .from = "page", .cause = "lunch"});
  script.event(PriceLimit{{0}, *parse_e8("72000"), *parse_e8("70000")});
  script.event(
      Transaction{.id = "t-1", .symbol = SymbolId{0}, .kind = TransactionKind::funding, .funding = {5}});
  script.event(AccountModes{.margin = MarginMode::cross, .hedge = true});
  script.event(ClockOffset{.offset = 12ms, .uncertainty = 3ms});
  script.event(MachineHealth{.disk_free_bytes = 7, .resident_bytes = 8, .bus_lag = 1s});
  script.event(GuardBeat{.present = true, .build = 9});
  script.event(SymbolStatus{.symbol = {0}, .trading = false});
  script.event(VenueStatus{.maintenance = true, .what = "upgrade"});
  const Sequence cause{script.sequence};
  script.records.push_back(StampedCommand{
      cause, script.at(),
      PlaceOrder{.id = "r3-1", .price = {714'238}, .size = {10}, .stop_loss = PriceTicks{700'000}}});
  script.records.push_back(StampedCommand{cause, script.at(), QueryAccount{}});
  script.records.push_back(Decision{.symbol = {0},
                                    .cause = cause,
                                    .frame = 4,
                                    .at = script.at(),
                                    .reason = ReasonCode::order_entry,
                                    .edge_bps = 1.25,
                                    .price = {714'238},
                                    .size = {10},
                                    .order = "r3-1"});
  script.records.push_back(
      Decision{.symbol = {0}, .cause = cause, .at = script.at(), .reason = ReasonCode::spread_wide});
  RouteChoice route{
      .symbol = {0}, .cause = cause, .at = script.at(), .order = "r3-1", .size = {10}, .count = 2};
  route.ways[0] = {.kind = RouteKind::cross, .fee_bps = 11, .spread_bps = 0.5};
  route.ways[1] = {.kind = RouteKind::rest, .patience = 5s, .fill_probability = 0.5, .fee_bps = 4};
  route.chosen = 1;
  script.records.push_back(route);
  script.records.push_back(FillQuality{.symbol = {0},
                                       .cause = cause,
                                       .filled_at = script.at(),
                                       .order = "r3-1",
                                       .execution_id = "x-1",
                                       .liquidity = Liquidity::maker,
                                       .price = *parse_e8("71423.8"),
                                       .size = {10},
                                       .shortfall_bps = -1.5,
                                       .markout_5s_bps = 0.25});
  FeatureFrame frame{.symbol = {0}, .number = 4, .cause = cause, .at = script.at(), .digest = UINT64_MAX};
  frame.set(0, -0.5);
  frame.set_missing(1);
  frame.set(2, 0.25);
  script.records.push_back(frame);
  return script;
}

TEST_F(Archive, EveryKindOfRecordBecomesRowsThatAPersonCanAsk) {
  const auto script = one_of_each();
  {
    const auto archiver = archiver_of(options_for(path));
    for (const auto& record : script.records) {
      const auto* event = std::get_if<Stamped>(&record);
      if (event != nullptr && event->sequence == Sequence{4}) {
        ASSERT_TRUE(archiver->take(journal::JournalGap{.segment = "/far/away/a.journal",
                                                       .offset = 40,
                                                       .bytes = 9,
                                                       .after = {2},
                                                       .before = {4},
                                                       .what = "damaged bytes"}));
      }
      ASSERT_TRUE(feed(*archiver, record));
    }
    const auto closed = archiver->close();
    ASSERT_TRUE(closed) << closed.error().what;
    EXPECT_EQ(archiver->last_sequence(), Sequence{script.sequence});
  }
  EXPECT_EQ(csv(path, "SELECT mode, epoch, account FROM runs"), "mode,epoch,account\npaper,3,main\n");
  EXPECT_EQ(csv(path, "SELECT way, patience_seconds AS patience, total_bps, considered FROM routes"),
            "way,patience,total_bps,considered\nrest,5,4,\"cross 11.50, rest 4.00\"\n");
  EXPECT_EQ(csv(path,
                "SELECT execution_id, liquidity, shortfall_bps, markout_1s_bps, markout_5s_bps FROM "
                "fill_quality"),
            "execution_id,liquidity,shortfall_bps,markout_1s_bps,markout_5s_bps\nx-1,maker,-1.5,,0.25\n");
  EXPECT_EQ(csv(path, "SELECT symbol, tick_size, min_order FROM instruments"),
            "symbol,tick_size,min_order\nBTCUSDT,0.1,0.001\n");
  EXPECT_EQ(csv(path, "SELECT bid, bid_size, ask, bid_prices, update_id FROM books ORDER BY sequence"),
            "bid,bid_size,ask,bid_prices,update_id\n71423.8,1.5,71423.9,\"[71423.8, 71423.7]\",7\n"
            "71423.7,0.01,71423.9,[71423.7],8\n");
  EXPECT_EQ(csv(path, "SELECT taker, price, size, block, trade_id FROM trades ORDER BY trade_id"),
            "taker,price,size,block,trade_id\nsell,71423.8,0.003,false,t-1\nbuy,71423.9,0.004,true,t-2\n");
  EXPECT_EQ(csv(path, "SELECT start, high, volume, turnover FROM klines"),
            "start,high,volume,turnover\n2026-06-12T00:00:00.000Z,0.9,7,2.5\n");
  EXPECT_EQ(csv(path, "SELECT last_price, mark_price, funding_rate FROM tickers"),
            "last_price,mark_price,funding_rate\n,71423.85,-0.0001\n");
  EXPECT_EQ(csv(path, "SELECT liquidated, size FROM liquidations"), "liquidated,size\nlong,0.005\n");
  EXPECT_EQ(
      csv(path,
          "SELECT number, digest, missing, taker_imbalance_5s, spread_bps, hour_of_day_sin FROM features"),
      "number,digest,missing,taker_imbalance_5s,spread_bps,hour_of_day_sin\n4,18446744073709551615,140,-0.5,,"
      "0.25\n");
  EXPECT_EQ(csv(path, "SELECT reason, price, order_id FROM signals ORDER BY reason"),
            "reason,price,order_id\norder_entry,71423.8,r3-1\nspread_wide,,\n");
  EXPECT_EQ(
      csv(path, "SELECT said_by, what, filled, stop_loss, code, reason FROM orders ORDER BY said_by, what"),
      "said_by,what,filled,stop_loss,code,reason\nanswer,place refused,,,110007,not enough balance\n"
      "mlbot,place,,70000,,\nmlbot,query_account,,,,\nvenue,part_filled,0.003,,,na??ve ?\n");
  EXPECT_EQ(csv(path, "SELECT execution_id, fee, asked_for FROM executions ORDER BY sequence"),
            "execution_id,fee,asked_for\ne-1,0.0428,false\ne-1,0,true\n");
  EXPECT_EQ(csv(path, "SELECT order_id, fee FROM fills"), "order_id,fee\nr3-1,0.0428\n")
      << "told twice, filled once";
  EXPECT_EQ(csv(path, "SELECT size FROM open_positions"), "size\n-0.003\n");
  EXPECT_EQ(csv(path, "SELECT equity FROM equity"), "equity\n10000.00000001\n");
  EXPECT_EQ(csv(path, "SELECT link, state FROM links"), "link,state\nmarket,live\n");
  EXPECT_EQ(csv(path, "SELECT what, detail FROM changes ORDER BY sequence"),
            "what,detail\nconfig,\"version 2, 0 symbols traded\"\noperator,pause by page: lunch\n");
  EXPECT_EQ(csv(path, "SELECT highest_buy FROM price_limits"), "highest_buy\n72000\n");
  EXPECT_EQ(csv(path, "SELECT kind, symbol, funding FROM transactions"),
            "kind,symbol,funding\nfunding,BTCUSDT,0.00000005\n");
  EXPECT_EQ(csv(path, "SELECT margin, hedge, price_band_rejects FROM account_modes"),
            "margin,hedge,price_band_rejects\ncross,true,\n");
  EXPECT_EQ(csv(path, "SELECT offset_seconds FROM clock_offsets"), "offset_seconds\n0.012\n");
  EXPECT_EQ(csv(path, "SELECT disk_free_bytes, bus_lag_seconds FROM machine_health"),
            "disk_free_bytes,bus_lag_seconds\n7,1\n");
  EXPECT_EQ(csv(path, "SELECT present, build FROM guard_beats"), "present,build\ntrue,9\n");
  EXPECT_EQ(csv(path, "SELECT symbol, trading FROM symbol_status"), "symbol,trading\nBTCUSDT,false\n");
  EXPECT_EQ(csv(path, "SELECT maintenance, what FROM venue_status"), "maintenance,what\ntrue,upgrade\n");
  EXPECT_EQ(csv(path, "SELECT kind, begins, ends, segment, after_sequence, bytes, what FROM gaps"),
            "kind,begins,ends,segment,after_sequence,bytes,what\njournal,2026-06-12T00:00:03.000Z,"
            "2026-06-12T00:00:04.000Z,a.journal,2,9,damaged bytes\n");
  EXPECT_EQ(csv(path, "SELECT count(*) AS events, min(sequence) AS first, max(sequence) AS last FROM events"),
            fmt::format("events,first,last\n{0},1,{0}\n", script.sequence))
      << "every event once";
}

/// A long mixed stream: derived records trail behind their events as a batch of the live loop leaves them.
Script long_stream(Prng& rng, int events) {
  Script script;
  script.open_run();
  std::vector<Record> behind;
  FeatureFrame frame{.symbol = {0}};
  for (int i = 0; i < events; ++i) {
    script.print(
        {{.price = {static_cast<std::int64_t>(700'000 + rng.below(1'000))}, .size = {1}, .id = "t"}});
    const Sequence cause{script.sequence};
    for (auto n = rng.below(3); n > 0; --n)
      behind.push_back(StampedCommand{cause, script.at(), CancelOrder{.id = "r1-1", .symbol = {0}}});
    if (rng.chance(0.5)) behind.push_back(Decision{.symbol = {0}, .cause = cause, .at = script.at()});
    if (rng.chance(0.3)) {
      ++frame.number;
      frame.cause = cause;
      behind.push_back(frame);
    }
    if (rng.below(4) == 0) {
      script.records.insert(script.records.end(), behind.begin(), behind.end());
      behind.clear();
    }
  }
  return script;
}

std::map<std::string, std::string> counts(const std::string& path) {
  std::map<std::string, std::string> rows;
  for (const char* table : {"runs", "instruments", "trades", "orders", "signals", "features"})
    rows[table] = csv(path, std::string{"SELECT count(*), sum(hash(t)) FROM "} + table + " t");
  return rows;
}

TEST_F(Archive, HoweverOftenItIsKilledAndFedAgainEachRecordHasItsRowsOnce) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    Prng rng{seed};
    const auto script = long_stream(rng, 3'000);
    const auto once = folder.path() + "/once.duckdb", often = folder.path() + "/often.duckdb";
    EXPECT_EQ(archive_all(options_for(once), script).repeated, 0u);
    for (bool finished = false; !finished;) {
      auto options = options_for(often);
      options.rows_per_commit = 1 + rng.below(3'000);
      const auto archiver = archiver_of(options);
      const auto from = archiver->resume_sequence();
      bool feeding = from == Sequence{};
      finished = true;
      for (const auto& record : script.records) {
        const auto* event = std::get_if<Stamped>(&record);
        feeding = feeding || (event != nullptr && event->sequence >= from);
        if (!feeding) continue;
        ASSERT_TRUE(feed(*archiver, record));
        if (rng.chance(0.0005)) {
          ASSERT_TRUE(archiver->flush());
        }
        if (rng.chance(0.0002)) {  // the process dies here: what was not committed is gone
          finished = false;
          break;
        }
      }
      if (finished) {
        ASSERT_TRUE(archiver->close());
      }
    }
    EXPECT_EQ(counts(often), counts(once));
    std::filesystem::remove(once);
    std::filesystem::remove(often);
  }
}

TEST_F(Archive, FeaturesOfAnOlderCatalogueAreKeptBesideTheNewOnes) {
  const auto script = one_of_each();
  constexpr std::array<std::string_view, 2> fewer{"spread_bps", "another"};
  for (const std::span<const std::string_view> catalogue :
       {std::span<const std::string_view>{names}, {fewer}})
    archive_all({.path = path, .feature_names = catalogue}, script);
  EXPECT_EQ(csv(path, "SELECT spread_bps, taker_imbalance_5s FROM features_1"),
            "spread_bps,taker_imbalance_5s\n,-0.5\n");
  EXPECT_EQ(csv(path, "SELECT another FROM features"), "another\n") << "the same frame was archived before";
}

TEST_F(Archive, AFrameThatIsAheadOfItsEventWaitsForIt) {
  const auto script = one_of_each();
  {
    const auto archiver = archiver_of(options_for(path));
    ASSERT_TRUE(archiver->take(script.records.back())) << "its instrument is not defined yet";
    for (std::size_t i = 0; i + 1 < script.records.size(); ++i)
      ASSERT_TRUE(feed(*archiver, script.records[i]));
    ASSERT_TRUE(archiver->take(journal::digest_of(std::get<FeatureFrame>(script.records.back()))));
    ASSERT_TRUE(archiver->close());
    EXPECT_EQ(archiver->stats().frames_dropped, 0u);
  }
  EXPECT_EQ(csv(path, "SELECT symbol, number FROM features"), "symbol,number\nBTCUSDT,4\n");
}

TEST_F(Archive, ASymbolThatNothingDefinedIsNamedWithTheRemedy) {
  const auto archiver = archiver_of(options_for(path));
  const std::vector<Trade> trades(1);
  const auto refused = archiver->take(Stamped{{9}, noon, noon, {}, Trades{{5}, trades}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, ArchiveFault::unknown_symbol);
  EXPECT_NE(refused.error().what.find("feed"), std::string::npos) << refused.error().what;
  EXPECT_FALSE(archiver->take(Stamped{{10}, noon, noon, {}, TimerFired{}}))
      << "nothing is taken after an error";
}

TEST_F(Archive, AFileThatAnotherProcessHoldsIsRefusedByName) {
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    const auto archiver = DataArchiver::open(options_for(path));
    byte = archiver ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) (void)!::read(done[0], &byte, 1);
    ::_exit(0);
  }
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto refused = query(path, "SELECT 1");
  const auto second = DataArchiver::open(options_for(path));
  ASSERT_EQ(::write(done[1], &byte, 1), 1);
  ::waitpid(child, nullptr, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, ArchiveFault::locked);
  EXPECT_NE(refused.error().what.find(path), std::string::npos);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, ArchiveFault::locked);
}

TEST_F(Archive, ADamagedOrForeignFileIsNamedWithTheRemedyAndAMissingOneToo) {
  std::ofstream{path} << std::string(5'000, 'x');
  const auto damaged = DataArchiver::open(options_for(path));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().fault, ArchiveFault::damaged) << damaged.error().what;
  EXPECT_NE(damaged.error().what.find("journal"), std::string::npos);
  const auto missing = query(folder.path() + "/nowhere.duckdb", "SELECT 1");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, ArchiveFault::not_found);
}

TEST_F(Archive, ALibraryThatIsMissingOrNoneIsNamedWithTheRemedy) {
  const auto library = folder.path() + "/libduckdb.so";
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto loaded = load_duckdb(library);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().fault, ArchiveFault::no_library);
    EXPECT_NE(loaded.error().what.find("tools/setup"), std::string::npos) << loaded.error().what;
    std::ofstream{library} << "no library";
  }
}

TEST_F(Query, NoColumnNeedsQuotes) {
  ASSERT_TRUE(archiver_of(options_for(path))->close());
  const auto database = Database::open(path, Access::read_only);
  ASSERT_TRUE(database);
  for (const auto& table : archive_tables(names))
    for (const auto& column : table.columns)
      EXPECT_TRUE(
          (*database)->ask("SELECT " + column.name + " FROM " + table.name + " ORDER BY " + column.name, 1))
          << table.name << "." << column.name;
}

TEST_F(Query, NothingIsChangedNothingIsFetchedAndTheLimitIsSaid) {
  ASSERT_TRUE(archiver_of(options_for(path))->close());
  const auto write = query(path, "DELETE FROM runs");
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().fault, ArchiveFault::refused);
  EXPECT_NE(write.error().what.find("read-only"), std::string::npos) << write.error().what;
  EXPECT_FALSE(query(path, "SELEKT 1"));
  EXPECT_FALSE(query(path, "SELECT * FROM 'https://example.com/x.parquet'"));
  const auto few = query(path, "SELECT * FROM range(5000) t(n)", {.rows_max = 3'000});
  ASSERT_TRUE(few) << few.error().what;
  EXPECT_EQ(few->rows.size(), 3'000u);
  EXPECT_TRUE(few->truncated);
  EXPECT_NE(to_plain(*few).find("there are more"), std::string::npos);
  EXPECT_FALSE(query(path, "SELECT * FROM range(3000) t(n)", {.rows_max = 3'000})->truncated);
}

TEST_F(Query, CellsOfManyTypesReadTheSameInAllThreeForms) {
  ASSERT_TRUE(archiver_of(options_for(path))->close());
  const auto table =
      ask(path,
          "SELECT true AS flag, -5::TINYINT AS small, 7::UBIGINT AS big, 1.5::DOUBLE AS number, "
          "'nan'::DOUBLE AS no_number, -0.05::DECIMAL(18,8) AS money, 'a,\"b\"' AS words, NULL AS nothing, "
          "[1, NULL, 3] AS list, DATE '2026-06-12' AS day, TIMESTAMP '2026-06-12 01:02:03.5' AS at, "
          "sum(5::BIGINT) AS total, 123456789.12::DECIMAL(38,2) AS wide");
  EXPECT_EQ(to_csv(table),
            "flag,small,big,number,no_number,money,words,nothing,list,day,at,total,wide\n"
            "true,-5,7,1.5,nan,-0.05,\"a,\"\"b\"\"\",,\"[1, , "
            "3]\",2026-06-12,2026-06-12T01:02:03.500Z,5,123456789.12\n");
  EXPECT_EQ(
      to_json(table).dump(),
      R"([{"flag":true,"small":-5,"big":7,"number":1.5,"no_number":null,"money":-0.05,"words":"a,\"b\"",)"
      R"("nothing":null,"list":"[1, , 3]","day":"2026-06-12","at":"2026-06-12T01:02:03.500Z","total":5,)"
      R"("wide":123456789.12}])");
  EXPECT_EQ(to_plain(ask(path, "SELECT * FROM (VALUES ('BTCUSDT', 71423.8), ('X', 5.0)) t(symbol, price)")),
            "symbol     price\nBTCUSDT  71423.8\nX              5\n(2 rows)\n");
}

}  // namespace
}  // namespace mlbot::io::archive
