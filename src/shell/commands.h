// Every command of `mlbot` as a plain function: what it was asked in a struct, what came of it as an exit
// code. cli.cpp alone turns a command line into these calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shell/console.h"
#include "shell/service/system_config.h"

namespace mlbot::shell {

struct RunOptions {
  std::string market = "generated";  ///< generated, or replay:DIRECTORY of a journal
  double stop_after_seconds = 0;     ///< market seconds after going live; 0 runs until Ctrl-C
  std::string confirm;               ///< the words that mode live asks for; empty: asks at the terminal
  bool processes = false;            ///< each stage a process of its own
  int shards = 1;                    ///< of the market stage, with processes
  std::string from_journal;          ///< with processes: a recorded run in place of a venue
};
/// The stages as processes, started, watched and stopped together.
ExitCode run_services(const Console& console, const DynamicSystemConfig& config, const RunOptions& options);
ExitCode service_status(const Console& console, const DynamicSystemConfig& config);

struct ServiceOptions {
  std::string shard = "0/1";           ///< features: which part of the symbols
  std::uint16_t shards = 1;            ///< trade: how many feature services there are
  std::string account = "main";        ///< trade: names its files and its lease
  std::string from_journal;            ///< ingest, trade: a recorded run in place of the venue
  std::optional<std::uint32_t> epoch;  ///< which run of that journal; the last one when absent
  double speed = 0;                    ///< ingest: of a recorded run; 0 as fast as it is read
  std::string confirm;                 ///< trade: the words that mode live asks for
  bool standby = false;                ///< waits until the process that does this work is gone
};
ExitCode service_ingest(const Console& console, const DynamicSystemConfig& config,
                        const ServiceOptions& options);
ExitCode service_features(const Console& console, const DynamicSystemConfig& config,
                          const ServiceOptions& options);
ExitCode service_trade(const Console& console, const DynamicSystemConfig& config,
                       const ServiceOptions& options);
ExitCode service_archive(const Console& console, const DynamicSystemConfig& config,
                         const ServiceOptions& options);

ExitCode run(const Console& console, DynamicSystemConfig& config, const RunOptions& options);

struct ExchangeOptions {
  std::string market = "generated";
  std::string listen = "127.0.0.1:8899";
  std::size_t contracts = 2;  ///< of a generated market
  double history_hours = 1;   ///< of a generated market, before it is served
  double speed = 1;           ///< market seconds a second; 0 as fast as it is read
  std::uint64_t seed = 1;
  double balance_usdt = 10'000;
  std::vector<std::string> accounts;  ///< NAME or NAME=BALANCE, with "NAME:ro" a key that may only look
  std::vector<std::string> faults;    ///< as shell/exchange/faults.h reads them; "help" prints the list
  std::uint64_t fault_seed = 1;
  bool no_limits = false;
  std::int64_t rest_lag_ms = 0;
  double idle_cut_seconds = 600;
  std::string record_requests;  ///< file; "" for none
};
ExitCode exchange(const Console& console, const ExchangeOptions& options);

struct ReplayOptions {
  std::string directory;               ///< state directory whose journal is replayed
  std::optional<std::uint32_t> epoch;  ///< run to replay; the last one when absent
  std::optional<std::uint64_t> until;  ///< stop after this sequence
  std::string range;  ///< FIRST..LAST sequences, FROM..UNTIL times, or a segment file; empty: a whole run
};
ExitCode replay(const Console& console, const ReplayOptions& options);

struct BacktestOptions {
  std::string market = "generated";
  double hours = 2;
  double skip_hours = 0;  ///< of a recorded market, before the back-test starts
  double warm_hours = 1;  ///< of the part before, to warm features
  std::uint64_t seed = 1;
  double latency_ms = 50;
  double balance_usdt = 10'000;
  std::string journal;  ///< directory in which to keep the run's journal; empty keeps none
};
ExitCode backtest(const Console& console, const DynamicSystemConfig& config, const BacktestOptions& options);

struct TrainOptions {
  std::string journal;          ///< directory; empty: of the state directory
  std::int64_t horizon_ms = 0;  ///< 0: model.horizon_ms of the configuration
  int rounds = 0;               ///< 0: default of the trainer
  double hours = 0;             ///< of the journal's beginning; 0: all
  std::string report;           ///< HTML file to write; empty: beside the bundle
  bool promote = true;          ///< point the alias at the new bundle
  bool allow_gaps = false;      ///< train also on hours without a clean certificate
};
ExitCode train(const Console& console, const DynamicSystemConfig& config, const TrainOptions& options);

ExitCode model_list(const Console& console, const DynamicSystemConfig& config);
ExitCode model_show(const Console& console, const DynamicSystemConfig& config, const std::string& name);
/// From now on this installation trades the model.
ExitCode model_sign(const Console& console, const DynamicSystemConfig& config, const std::string& name);

struct FeatureListOptions {
  bool markdown = false;
};
ExitCode features_list(const Console& console, const FeatureListOptions& options);

struct RiskListOptions {
  bool markdown = false;
  std::string evidence;  ///< folder in which the tests note what fired; empty: beside the program's folder
};
ExitCode risk_list(const Console& console, const DynamicSystemConfig& config, const RiskListOptions& options);
/// Lets the limits hold that the running bot's last configuration would loosen.
/// @param confirm  the limits and values that wait, typed by the operator; empty only shows them
ExitCode risk_loosen(const Console& console, const DynamicSystemConfig& config, const std::string& confirm);

/// Without `recorded`: every row on a generated day. With it: a recorded run's frames made again from its
/// journal.
struct FeatureVerifyOptions {
  double hours = 3.5;      ///< of the generated day
  std::uint64_t seed = 1;  ///< of the generated day
  int twin_samples = 40;   ///< instants at which every row is compared with its slow twin
  double clamp_share_max = 0.02;
  bool recorded = false;
  std::optional<std::uint32_t> run;  ///< epoch; the last run when absent
  std::string from, to;              ///< RFC 3339; only frames of [from, to) are compared
  std::uint64_t values_min = 0;      ///< fewer compared values are a failure: for checks that must not shrink
};
ExitCode features_verify(const Console& console, const DynamicSystemConfig& config,
                         const FeatureVerifyOptions& options);
ExitCode features_dump(const Console& console, const DynamicSystemConfig& config, const std::string& symbol);

ExitCode guard(const Console& console, const DynamicSystemConfig& config);

struct AuditVerifyOptions {
  std::string directory;    ///< of the log
  std::string anchor_file;  ///< "" looks at none
  std::string journal;      ///< directory from which every record is made again; "" does not
};
ExitCode audit_verify(const Console& console, const AuditVerifyOptions& options);
struct AuditShowOptions {
  std::string directory;
  std::vector<std::string> kinds, symbols;  ///< empty: all
  std::string order;                        ///< id, ours or the venue's; empty: all
  std::string from, to;                     ///< RFC 3339; `to` is the first not wanted
  std::uint64_t limit = 0;                  ///< records; 0: all
};
ExitCode audit_show(const Console& console, const AuditShowOptions& options);

ExitCode status(const Console& console, const DynamicSystemConfig& config);
ExitCode why(const Console& console, const DynamicSystemConfig& config, const std::string& symbol);
struct OperateOptions {
  std::string verb;     ///< as the command is called
  std::string cause;    ///< goes on record; an unlock needs one
  std::string confirm;  ///< of an unlock: the account's name
};
/// Through the page of the running bot; a verb that stops something goes by state/KILL when no page answers.
ExitCode operate(const Console& console, const DynamicSystemConfig& config, const OperateOptions& options);

ExitCode config_show(const Console& console, const DynamicSystemConfig& config, bool with_origin);
ExitCode config_init(const Console& console, const std::string& file, bool force);

ExitCode doctor(const Console& console, const DynamicSystemConfig& config);
struct QueryOptions {
  std::string sql;
  std::string format = "table";  ///< or csv, json
  std::size_t rows_max = 100'000;
  double seconds_max = 60;
};
ExitCode query(const Console& console, const DynamicSystemConfig& config, const QueryOptions& options);

/// The archive made anew from the journal, and what it holds as one number.
ExitCode archive_rebuild(const Console& console, const DynamicSystemConfig& config);
ExitCode archive_hash(const Console& console, const DynamicSystemConfig& config);

struct GapOptions {
  std::vector<std::string> symbols, kinds;  ///< empty: all
  std::string plot;                         ///< SVG file to write
};
/// A calendar of certificates, hour by hour.
ExitCode data_gaps(const Console& console, const DynamicSystemConfig& config, const GapOptions& options);
/// Are all hours clean, all files whole? Exit code 5 where not.
ExitCode data_check(const Console& console, const DynamicSystemConfig& config);
/// Fetches what gaps lack into STATE/history, and fills them.
ExitCode data_fill(const Console& console, const DynamicSystemConfig& config, const std::string& venue);

struct DecodeOptions {
  std::string file = "-";   ///< one message a line; "-" is standard input
  std::string kind;         ///< public, private, trade or rest; empty: guessed from the keys of each line
  std::string path;         ///< of the REST request that was answered; empty: guessed
  std::string instruments;  ///< an instruments-info body; empty: every symbol, on a grid of 1e-8
};
ExitCode decode(const Console& console, const DecodeOptions& options);

struct ImportOptions {
  std::string source;                  ///< folder of recorded files
  std::string format = "hyperliquid";  ///< or binance, bybit, bybit-archive: import_*.h
  std::string market = "usdm";         ///< of a Binance capture: usdm or spot
  std::vector<std::string> coins;      ///< as the files name them: AVAX, BTCUSDT
  std::string from, until;             ///< RFC 3339; empty: all
  std::string target;                  ///< directory of the new journal and archive
};
ExitCode data_import(const Console& console, const ImportOptions& options);

struct MeasureOptions {
  std::vector<std::string> sources;  ///< state directories of journals, or "generated"
  double hours = 6;                  ///< of a generated market
  std::uint64_t seed = 1;            ///< of a generated market
  std::string plot;                  ///< SVG file to write; empty: none
};
ExitCode data_measure(const Console& console, const MeasureOptions& options);

struct DownloadOptions {
  std::vector<std::string> symbols, kinds;  ///< kinds: of archive_kinds_help; empty: all
  std::string from, until;                  ///< days; that of `until` is not fetched
  std::string target;                       ///< directory
  std::vector<std::string> sources;         ///< KIND=ORIGIN of a mirror
  bool verify = false;                      ///< compute the checksums of what is there
};
ExitCode data_download(const Console& console, const DownloadOptions& options);

struct BackfillOptions {
  std::vector<std::string> symbols, kinds;  ///< kinds: of backfill_kinds_help; empty: all
  std::string from, until;                  ///< days; that of `until` is not fetched
  std::string target;                       ///< directory
  std::string venue = "mainnet";            ///< as io/bybit/endpoints.h takes it
  bool verify = false;                      ///< compute the checksums of what is there
  bool gaps = false;                        ///< what the archive lacks, instead of the days named
  bool is_part = false;                     ///< of other work, which tells what came of it
};
ExitCode data_backfill(const Console& console, const BackfillOptions& options);
struct BusTailOptions {
  std::vector<std::string> streams;  ///< names; empty: all that are there
  std::vector<std::string> kinds;    ///< as the records' "kind" or "event" says; empty: all
  std::string from = "head";         ///< or oldest
  std::uint64_t count = 0;           ///< stop after so many records; 0: never
  double idle_seconds = 0;           ///< stop when nothing came for so long; 0: never
};
ExitCode bus_tail(const Console& console, const DynamicSystemConfig& config, const BusTailOptions& options);
/// @param streams  names; empty: all that are there
ExitCode bus_stat(const Console& console, const DynamicSystemConfig& config,
                  const std::vector<std::string>& streams);

ExitCode journal_stat(const Console& console, const std::string& directory);
struct JournalVerifyOptions {
  std::string directory;
  bool frames = false;  ///< decode the raw frames again and compare
};
ExitCode journal_verify(const Console& console, const JournalVerifyOptions& options);
struct JournalCatOptions {
  std::string directory;
  std::vector<std::string> kinds;    ///< of record or event; empty: all but raw frames
  std::vector<std::string> symbols;  ///< empty: all
  std::string from, to;              ///< sequences, or RFC 3339 times; `to` is the first not wanted
  std::uint64_t limit = 0;           ///< records; 0: all
};
ExitCode journal_cat(const Console& console, const JournalCatOptions& options);

struct RecordOptions {
  std::vector<std::string> symbols{"all"};
  std::vector<std::string> topics;  ///< of record_topics_help; empty: what the venue keeps nowhere
  std::string venue = "mainnet";    ///< as io/bybit/endpoints.h takes it
  std::string target = "recorded";  ///< directory
  double stop_after_seconds = 0;    ///< 0 runs until Ctrl-C
  std::int64_t topics_per_connection = 400;
  std::int64_t book_depth = 50;
};
inline constexpr std::string_view record_topics_help =
    "tickers, liquidations, price-limits, adl, insurance; on demand trades, books, klines";
ExitCode record(const Console& console, const DynamicSystemConfig& config, const RecordOptions& options);

struct SimulateOptions {
  std::uint64_t first_seed = 1, seeds = 100;
  std::size_t jobs = 2;
  std::optional<std::uint64_t> seed;   ///< this one alone, and its story
  std::optional<std::uint64_t> until;  ///< ends it after so many events
  std::string scenario;                ///< a file instead of a seed
  std::string output;                  ///< of the shrunk scenario
  double minutes = 6;                  ///< of the phase with faults
  bool calm = false, shrink = false, tell = false, trace_hash = false, all_must_happen = false;
};
ExitCode simulate_worlds(const Console& console, const SimulateOptions& options);

}  // namespace mlbot::shell
