#include "io/archive/data_archiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/digest.h"
#include "io/archive/adoption.h"
#include "io/archive/archive_views.h"
#include "io/archive/coverage.h"
#include "io/archive/hour_seal.h"
#include "io/archive/inspection.h"
#include "io/archive/migrations.h"
#include "io/archive/progress.h"
#include "io/files/crash_point.h"

namespace mlbot::io::archive {
namespace {

using files::crash_point;

constexpr std::size_t waiting_max = 8192;
/// Between two pictures of the market memory; as much is fed again after a crash.
constexpr Duration memory_kept_every = 30s;
constexpr std::uint64_t memory_kept_every_events = 400'000;
constexpr std::size_t trades_remembered_max = 2'000'000;
constexpr std::uint64_t files_looked_at =
    10'000;  ///< at an opening, the newest; inspect() looks at the others
constexpr std::size_t keys_there_max = 10'000'000;  ///< of one span that is repaired

Instant hour_of(Instant at) { return Instant::from_seconds(at.seconds() - at.seconds() % 3600); }

std::string hex(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string from_hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
  return out;
}

}  // namespace

class DataArchiver::Impl {
 public:
  explicit Impl(const ArchiverOptions& options)
      : options_{options},
        directory_{std::filesystem::absolute(parquet_directory(options.path)).string()},
        memory_{options.book_interval} {}

  using Done = Result<void, ArchiveError>;
  Done open();
  Done take(const Record& record);
  Done take(const journal::JournalGap& gap);
  Done take(const journal::FrameDigest& digest);
  void know(const journal::JournalContext& context) { memory_.know(context.instruments); }
  Sequence sealed_sequence() const { return sealed_; }
  Done flush();
  Done certify_open_hours();
  Result<bool, ArchiveError> inspect();
  Done close();
  Result<std::vector<MissingFrame>, ArchiveError> missing_frames(std::size_t rows_max);
  Done take_again(const FeatureFrame& frame, const Instrument& instrument);
  template <class Row>
  Result<std::uint64_t, ArchiveError> repair(Table which, std::string_view symbol, Instant begins,
                                             Instant ends, std::span<const Row> rows,
                                             std::string_view source);

  Sequence resume_sequence() const;
  Result<std::optional<Instant>, ArchiveError> time_of(Sequence sequence);
  Sequence last_sequence() const { return last_; }
  Sequence stored_sequence() const { return stored_; }
  Database& database() { return *database_; }
  const ArchiverStats& stats() const { return stats_; }

 private:
  Done make_tables();
  Done keep_features_of_another_catalogue(const TableSpec& features);
  Done make_views();
  Result<std::vector<Instrument>, ArchiveError> instruments_of_last_run();
  Done load_memory();
  Done remember_trades();
  Done save_memory();
  template <class T>
  Done take_new(const T& item, Stream which, Sequence sequence);
  Done take_event(const Stamped& event);
  Done take_frame(const FeatureFrame& frame);
  Done seal_hours_before(Instant limit);
  Done find_sealed();
  Done fail(Done result);
  static bool same_frame(const journal::FrameDigest& digest, const FeatureFrame& frame) {
    return digest.symbol == frame.symbol && digest.number == frame.number && digest.digest == frame.digest;
  }
  /// Asks for the own keys of the rows of this kind that are there already.
  static std::string keys_there_sql(std::string_view symbol, Instant begins, Instant ends,
                                    const RepairedCandle*);
  static std::string keys_there_sql(std::string_view symbol, Instant begins, Instant ends,
                                    const RepairedTrade*);
  static std::string key(const RepairedCandle& candle) { return fmt::format("{}", candle.start.seconds()); }
  static std::string key(const RepairedTrade& trade) { return trade.id; }
  static Instant when(const RepairedCandle& candle) { return candle.start; }
  static Instant when(const RepairedTrade& trade) { return trade.at; }
  Done put(std::string_view symbol, const RepairedCandle& candle, std::string_view source);
  Done put(std::string_view symbol, const RepairedTrade& trade, std::string_view source);

  ArchiverOptions options_;
  std::string directory_;  ///< of Parquet
  std::vector<TableSpec> tables_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<RowStore> rows_;
  std::unique_ptr<HourSeal> seal_;
  std::optional<Inspection> inspection_;  ///< until all was looked at
  MarketMemory memory_;
  std::unique_ptr<EventRows> event_rows_;
  ArchiveProgress progress_;
  std::deque<FeatureFrame> waiting_frames_;
  std::deque<journal::FrameDigest> waiting_digests_;
  Sequence last_, stored_, sealed_;
  Instant memory_saved_at_;
  Instant seal_due_{INT64_MAX};
  bool progress_open_ = false;
  bool memory_cut_ = false;  ///< an open gap was told in part: the next commit keeps the memory
  std::optional<ArchiveError> failed_;
  ArchiverStats stats_;
};

// ---- opening

Result<void, ArchiveError> DataArchiver::Impl::open() {
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  auto database = Database::open(
      options_.path, Access::read_write,
      {.threads = options_.threads, .memory_mb_max = options_.memory_mb_max, .directory = directory_});
  if (!database) return std::unexpected{database.error()};
  database_ = std::move(*database);
  tables_ = archive_tables(options_.feature_names);
  const auto found = migrate(*database_);
  if (!found) return std::unexpected{found.error()};
  if (auto kept = keep_features_of_another_catalogue(tables_[static_cast<std::size_t>(Table::features)]);
      !kept)
    return kept;
  // All or nothing: a file with some of its tables would be taken for somebody else's.
  if (auto begun = database_->run("BEGIN TRANSACTION"); !begun) return begun;
  if (auto made = make_tables(); !made) return made;
  if (auto loaded = progress_.load(*database_); !loaded) return loaded;
  crash_point("archive.before_tables");
  if (auto made = database_->run("COMMIT"); !made) return made;
  stored_ = last_ = progress_[Stream::events].reached().sequence;

  seal_ = std::make_unique<HourSeal>(*database_, directory_, tables_);
  if (stored_ == Sequence{} && progress_.memory_sequence == Sequence{}) {
    if (auto begun = database_->run("BEGIN TRANSACTION"); !begun) return begun;
    const auto adopted = adopt_files(*database_, directory_, tables_, options_.journal_begins);
    if (!adopted) return std::unexpected{adopted.error()};
    progress_[Stream::events].start_behind({*adopted, *adopted == Sequence{} ? 0u : 1u});
    if (auto saved = progress_.save(*database_); !saved) return saved;
    if (auto tidied = seal_->tidy(true); !tidied) return tidied;
    if (auto made = database_->run("COMMIT"); !made) return made;
    if (*adopted != Sequence{}) {
      stored_ = last_ = *adopted;
      const auto instruments = instruments_of_last_run();
      if (!instruments) return std::unexpected{instruments.error()};
      memory_.start_behind(*adopted);
      memory_.know(*instruments);
    }
  }
  if (auto tidied = seal_->tidy(false); !tidied) return tidied;
  const auto listed = database_->ask_count("SELECT coalesce(max(rowid) + 1, 0) FROM parquet_files");
  if (!listed) return std::unexpected{listed.error()};
  const auto newest = *listed > files_looked_at ? *listed - files_looked_at : 0;
  if (auto there = files_are_there(*database_, directory_, newest, files_looked_at); !there) return there;
  if (auto made = make_views(); !made) return made;
  rows_ = std::make_unique<RowStore>(*database_);
  if (auto opened = rows_->open(tables_); !opened) return opened;
  inspection_.emplace(*database_, directory_);
  event_rows_ = std::make_unique<EventRows>(*rows_, memory_, options_.origins, options_.feature_names.size());
  return load_memory();
}

Result<void, ArchiveError> DataArchiver::Impl::make_tables() {
  for (const auto sql : bookkeeping_tables())
    if (auto made = database_->run(std::string{sql}); !made) return made;
  for (const auto& table : tables_)
    if (auto made = database_->run(create_table_sql(table.stored_name(), table.columns)); !made) return made;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::keep_features_of_another_catalogue(const TableSpec& features) {
  auto there = database_->ask(
      "SELECT column_name FROM information_schema.columns WHERE table_name = 'hot_features' ORDER BY "
      "ordinal_position",
      4096);
  if (!there) return std::unexpected{there.error()};
  bool same = there->rows.size() == features.columns.size();
  for (std::size_t i = 0; same && i < features.columns.size(); ++i)
    same = cell_text(there->rows[i][0]) == features.columns[i].name;
  if (same || there->rows.empty()) return {};
  auto tables = database_->ask_count(
      "SELECT count(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_name LIKE "
      "'features_%'");
  if (!tables) return std::unexpected{tables.error()};
  // The hours that are in files already come back into the table that is set aside.
  const auto name = fmt::format("features_{}", *tables + 1);
  std::vector<std::string> steps{"BEGIN TRANSACTION", "DROP VIEW IF EXISTS features"};
  std::error_code ignored;
  if (kinds_in_parquet(directory_).contains("features"))
    steps.push_back(
        fmt::format("INSERT INTO hot_features BY NAME SELECT * EXCLUDE (date) FROM read_parquet({}, "
                    "hive_partitioning = true, "
                    "hive_types = {{'date': DATE, 'symbol': VARCHAR}}, union_by_name = true)",
                    sql_text(directory_ + "/features/**/*.parquet")));
  steps.push_back("DELETE FROM parquet_files WHERE kind = 'features'");
  steps.push_back("ALTER TABLE hot_features RENAME TO " + name);
  steps.push_back("COMMIT");
  if (auto made = database_->run(std::string{bookkeeping_tables()[2]}); !made) return made;
  for (const auto& step : steps)
    if (auto done = database_->run(step); !done) return done;
  std::filesystem::remove_all(directory_ + "/features", ignored);
  return {};
}

/// A view that stands already is not made again: that would open every file of its kind, to learn its
/// columns.
Result<void, ArchiveError> DataArchiver::Impl::make_views() {
  auto there = database_->ask("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal", 10'000);
  if (!there) return std::unexpected{there.error()};
  std::map<std::string, std::string> marks;
  for (const auto& row : there->rows) marks[cell_text(row[0])] = cell_text(row[1]);
  if (auto begun = database_->run("BEGIN TRANSACTION"); !begun) return begun;
  for (const auto& [name, statement] :
       views_of({.directory = directory_, .in_parquet = kinds_in_parquet(directory_)})) {
    const auto mark = fmt::format("{:016x}", xxh64(statement));
    if (marks[name] == mark) continue;
    for (const auto& sql : {statement, fmt::format("COMMENT ON VIEW {} IS '{}'", name, mark)})
      if (auto made = database_->run(sql); !made) {
        (void)database_->run("ROLLBACK");
        return made;
      }
  }
  return database_->run("COMMIT");
}

/// Their numbers are good within one run: those of the run that the archive ends in.
Result<std::vector<Instrument>, ArchiveError> DataArchiver::Impl::instruments_of_last_run() {
  auto rows = database_->ask(
      "SELECT symbol_index, symbol, tick_size, lot_step FROM instruments WHERE sequence >= coalesce((SELECT "
      "max(sequence) FROM runs), 0) ORDER BY sequence",
      65'536);
  if (!rows) return std::unexpected{rows.error()};
  std::vector<Instrument> out;
  for (const auto& row : rows->rows) {
    const auto tick_size = parse_e8(cell_text(row[2])), lot_step = parse_e8(cell_text(row[3]));
    const std::string name = cell_text(row[1]);
    const auto* index = std::get_if<std::uint64_t>(&row[0]);
    if (tick_size && lot_step && index != nullptr && SymbolName::fits(name))
      out.push_back({.id = {static_cast<std::uint16_t>(*index)},
                     .name = std::string_view{name},
                     .tick_size = *tick_size,
                     .lot_step = *lot_step});
  }
  return out;
}

Result<void, ArchiveError> DataArchiver::Impl::load_memory() {
  auto state = database_->ask("SELECT state FROM memory ORDER BY part", 1);
  if (!state) return std::unexpected{state.error()};
  if (progress_.memory_sequence != Sequence{} &&
      (state->rows.empty() || !memory_.restore(from_hex(cell_text(state->rows[0][0])))))
    progress_.memory_sequence = {};
  if (auto known = remember_trades(); !known) return known;
  // Rows stand in the order of their events: the first is the oldest, and is found without reading the
  // others.
  auto oldest = database_->ask("SELECT CAST(epoch(time) AS BIGINT) FROM hot_events LIMIT 1", 1);
  if (!oldest) return std::unexpected{oldest.error()};
  if (!oldest->rows.empty())
    if (const auto* seconds = std::get_if<std::int64_t>(&oldest->rows[0][0]))
      seal_due_ = hour_of(Instant::from_seconds(*seconds)) + 1h + options_.hour_settles;
  return find_sealed();
}

/// Those that may be told again: of the last events, which may be in an hour that was just closed.
Result<void, ArchiveError> DataArchiver::Impl::remember_trades() {
  constexpr auto within = MarketMemory::trades_repeat_within_events;
  const auto after = stored_.number > within ? stored_.number - within : 0;
  auto listed = database_->ask(
      fmt::format("SELECT path FROM parquet_files WHERE kind = 'trades' AND last_sequence > {}", after),
      trades_remembered_max);
  if (!listed) return std::unexpected{listed.error()};
  std::string rows =
      fmt::format("SELECT symbol, trade_id, sequence, item FROM hot_trades WHERE sequence > {}", after);
  if (!listed->rows.empty())
    rows += fmt::format(" UNION ALL SELECT symbol, trade_id, sequence, item FROM {} WHERE sequence > {}",
                        listed_files(*listed, directory_, true), after);
  auto known = database_->ask(
      fmt::format(
          "SELECT symbol, trade_id, sequence FROM ({}) QUALIFY row_number() OVER (PARTITION BY symbol "
          "ORDER BY sequence DESC, item DESC) <= {} ORDER BY symbol, sequence, item",
          rows, MarketMemory::trades_remembered),
      trades_remembered_max);
  if (!known) return std::unexpected{known.error()};
  for (const auto& row : known->rows)
    memory_.remember_trade(cell_text(row[0]), cell_text(row[1]), {std::get<std::uint64_t>(row[2])});
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::save_memory() {
  progress_.memory_sequence = memory_.last_sequence();
  memory_saved_at_ = memory_.last_at();
  if (auto gone = database_->run("DELETE FROM memory"); !gone) return gone;
  return database_->run(fmt::format("INSERT INTO memory VALUES (0, '{}')", hex(memory_.save())));
}

Sequence DataArchiver::Impl::resume_sequence() const {
  using journal::derived_lag_events_max;
  if (progress_.memory_sequence == Sequence{}) return {};
  const Sequence derived{stored_.number > derived_lag_events_max ? stored_.number - derived_lag_events_max
                                                                 : 0};
  return std::min(derived, progress_.memory_sequence.next());
}

Result<std::optional<Instant>, ArchiveError> DataArchiver::Impl::time_of(Sequence sequence) {
  std::string from = "hot_events";
  auto listed = database_->ask(fmt::format("SELECT path FROM parquet_files WHERE kind = 'events' AND "
                                           "first_sequence <= {0} AND last_sequence >= {0}",
                                           sequence.number),
                               1'000);
  if (!listed) return std::unexpected{listed.error()};
  for (const auto& row : listed->rows)
    from += fmt::format(" UNION ALL BY NAME SELECT * FROM read_parquet({})",
                        sql_text(directory_ + "/" + cell_text(row[0])));
  auto rows =
      database_->ask(fmt::format("SELECT CAST(epoch_us(time) AS BIGINT) FROM (FROM {}) WHERE sequence = {}",
                                 from, sequence.number),
                     1);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->rows.empty()) return std::nullopt;
  return Instant{std::get<std::int64_t>(rows->rows[0][0]) * 1'000};
}

// ---- taking

Result<void, ArchiveError> DataArchiver::Impl::fail(Done result) {
  if (!result) failed_ = result.error();
  return result;
}

Result<void, ArchiveError> DataArchiver::Impl::take(const Record& record) {
  if (failed_) return std::unexpected{*failed_};
  Done done =
      std::visit(Overloaded{[&](const Stamped& v) { return take_event(v); },
                            [&](const StampedCommand& v) { return take_new(v, Stream::commands, v.cause); },
                            [&](const Decision& v) { return take_new(v, Stream::decisions, v.cause); },
                            [&](const FeatureFrame& v) { return take_frame(v); },
                            [&](const RouteChoice& v) { return take_new(v, Stream::routes, v.cause); },
                            [&](const FillQuality& v) { return take_new(v, Stream::fill_quality, v.cause); },
                            [](const StreamIndex&) { return Done{}; }},  // the bus's own bookkeeping
                 record);
  if (!done) return fail(std::move(done));
  return rows_->rows_since_commit() >= options_.rows_per_commit ? flush() : Done{};
}

template <class T>
Result<void, ArchiveError> DataArchiver::Impl::take_new(const T& item, Stream which, Sequence sequence) {
  if (!progress_[which].admits(sequence)) {
    ++stats_.repeated;
    return {};
  }
  progress_open_ = true;
  return event_rows_->store(item, progress_[which].item());
}

Result<void, ArchiveError> DataArchiver::Impl::take_event(const Stamped& event) {
  if (event.sequence <=
      progress_.memory_sequence) {  // the memory is further: it is restored, not lived again
    ++stats_.repeated;
    return {};
  }
  const bool is_new = event.sequence > stored_;
  if (is_new && event.at >= seal_due_)
    if (auto sealed = seal_hours_before(hour_of(event.at - options_.hour_settles)); !sealed) return sealed;
  if (seal_due_ == distant_future) seal_due_ = hour_of(event.at) + 1h + options_.hour_settles;
  const Noticed& noticed = memory_.see(event);
  last_ = std::max(last_, event.sequence);
  if (!progress_[Stream::events].admits(event.sequence)) {
    ++stats_.repeated;
    return {};
  }
  progress_open_ = true;
  stats_.repeated_trades += static_cast<std::uint64_t>(std::ranges::count(noticed.trade_is_new, false));
  return event_rows_->store(event, noticed);
}

Result<void, ArchiveError> DataArchiver::Impl::take_frame(const FeatureFrame& frame) {
  const auto named =
      std::ranges::find_if(waiting_digests_, [&](const auto& digest) { return same_frame(digest, frame); });
  if (named != waiting_digests_.end()) {
    waiting_digests_.erase(named);
    progress_open_ = true;
    return event_rows_->store(frame);
  }
  if (waiting_frames_.size() == waiting_max) {
    waiting_frames_.pop_front();
    ++stats_.frames_dropped;
  }
  waiting_frames_.push_back(frame);
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::take(const journal::FrameDigest& digest) {
  if (failed_) return std::unexpected{*failed_};
  if (!progress_[Stream::digests].admits(digest.cause)) {
    ++stats_.repeated;
    return {};
  }
  progress_open_ = true;
  if (auto put = event_rows_->store(digest); !put) return fail(std::move(put));
  const auto frame =
      std::ranges::find_if(waiting_frames_, [&](const auto& waiting) { return same_frame(digest, waiting); });
  if (frame != waiting_frames_.end()) {
    auto put = event_rows_->store(*frame);
    waiting_frames_.erase(frame);
    return fail(std::move(put));
  }
  if (waiting_digests_.size() == waiting_max) waiting_digests_.pop_front();
  waiting_digests_.push_back(digest);
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::take(const journal::JournalGap& gap) {
  if (failed_) return std::unexpected{*failed_};
  if (gap.before <= std::max(stored_, progress_.memory_sequence)) {  // passed before, and perhaps named then
    const auto named = database_->ask_count(
        fmt::format("SELECT count(*) FROM gaps WHERE kind = 'journal' AND after_sequence = {} AND bytes = {}",
                    gap.after.number, gap.bytes));
    if (!named) return fail(std::unexpected{named.error()});
    if (*named > 0) return {};
  }
  memory_.see(gap);
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::flush() {
  if (failed_) return std::unexpected{*failed_};
  if (!progress_open_ && !rows_->in_transaction()) return {};
  if (auto begun = rows_->begin(); !begun) return fail(std::move(begun));
  if (auto handed = rows_->hand_over(); !handed) return fail(std::move(handed));
  crash_point("archive.handed_over");
  const auto since = memory_.last_sequence().number - progress_.memory_sequence.number;
  if (memory_.last_sequence() > progress_.memory_sequence && memory_.last_sequence() >= stored_ &&
      (memory_cut_ || since >= memory_kept_every_events ||
       memory_.last_at() - memory_saved_at_ >= memory_kept_every))
    if (auto kept = save_memory(); !kept) return fail(std::move(kept));
  if (auto saved = progress_.save(*database_); !saved) return fail(std::move(saved));
  crash_point("archive.before_commit");
  if (auto committed = rows_->commit(); !committed) return fail(std::move(committed));
  crash_point("archive.after_commit");
  progress_open_ = memory_cut_ = false;
  stored_ = progress_[Stream::events].reached().sequence;
  stats_.rows = rows_->rows();
  ++stats_.commits;
  return {};
}

// ---- hours

Result<void, ArchiveError> DataArchiver::Impl::seal_hours_before(Instant limit) {
  seal_due_ = limit + 1h + options_.hour_settles;
  if (auto flushed = flush(); !flushed) return flushed;
  const auto hours = seal_->hours_before(limit);
  if (!hours) return std::unexpected{hours.error()};
  if (hours->empty()) return {};
  for (const Instant hour : *hours) {
    for (const auto& span : memory_.cut_open_gaps(hour + 1h)) {
      if (auto put = event_rows_->store(span); !put) return put;
      memory_cut_ = progress_open_ = true;
    }
    if (auto flushed = flush(); !flushed) return flushed;
    if (auto done = certify(*database_, directory_, tables_, hour, true); !done) return done;
    crash_point("archive.certified");
    if (auto done = seal_->seal(hour); !done) return done;
  }
  const auto& sealed = seal_->stats();
  stats_.hours_sealed = sealed.hours;
  stats_.files = sealed.files;
  stats_.rows_sealed = sealed.rows;
  stats_.bytes_sealed = sealed.bytes;
  if (auto found = find_sealed(); !found) return found;
  if (auto made = make_views(); !made) return made;
  return seal_->copy_whole_tables();
}

/// All before the oldest hot event has left DuckDB for good.
Result<void, ArchiveError> DataArchiver::Impl::find_sealed() {
  const auto oldest = database_->ask_count("SELECT sequence FROM hot_events LIMIT 1");
  if (!oldest) return std::unexpected{oldest.error()};
  if (*oldest > 0) sealed_ = {*oldest - 1};
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::certify_open_hours() {
  if (auto flushed = flush(); !flushed) return flushed;
  const auto hours = seal_->hours_before(distant_future);
  if (!hours) return fail(std::unexpected{hours.error()});
  for (const Instant hour : *hours)
    if (auto done = certify(*database_, directory_, tables_, hour, false); !done)
      return fail(std::move(done));
  return fail(seal_->copy_whole_tables());
}

Result<bool, ArchiveError> DataArchiver::Impl::inspect() {
  if (failed_) return std::unexpected{*failed_};
  if (!inspection_) return false;
  const auto more = inspection_->look_at_a_piece();
  if (!more) return std::unexpected{fail(std::unexpected{more.error()}).error()};
  if (!*more) inspection_.reset();
  return *more;
}

Result<void, ArchiveError> DataArchiver::Impl::close() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto begun = rows_->begin(); !begun) return fail(std::move(begun));
  if (memory_.last_sequence() >= stored_ && memory_.last_sequence() > progress_.memory_sequence)
    if (auto kept = save_memory(); !kept) return fail(std::move(kept));
  if (auto saved = progress_.save(*database_); !saved) return fail(std::move(saved));
  if (auto committed = rows_->commit(); !committed) return fail(std::move(committed));
  if (auto certified = certify_open_hours(); !certified) return certified;
  crash_point("archive.before_checkpoint");
  return fail(database_->run("CHECKPOINT"));
}

// ---- what was lost, and comes from elsewhere

Result<std::vector<MissingFrame>, ArchiveError> DataArchiver::Impl::missing_frames(std::size_t rows_max) {
  if (auto flushed = flush(); !flushed) return std::unexpected{flushed.error()};
  // A closed hour says in its gaps what it lacks: its files are looked at only then.
  constexpr std::string_view lacks =
      "SELECT f.symbol, f.number, f.sequence, f.digest FROM {0}frames f ANTI JOIN {0}features r "
      "ON f.symbol = r.symbol AND f.sequence = r.sequence AND f.number = r.number";
  auto sql = fmt::format(fmt::runtime(lacks), "hot_");
  const auto closed = database_->ask_count("SELECT count(*) FROM gaps WHERE kind = 'features'");
  if (!closed) return std::unexpected{closed.error()};
  if (*closed > 0)
    sql += " UNION " + fmt::format(fmt::runtime(lacks), "") +
           " WHERE EXISTS (SELECT 1 FROM gaps g WHERE g.kind = 'features' AND g.symbol = f.symbol AND f.time "
           ">= g.begins AND f.time <= g.ends)";
  auto rows = database_->ask(fmt::format("SELECT * FROM ({}) ORDER BY sequence", sql), rows_max);
  if (!rows) return std::unexpected{rows.error()};
  std::vector<MissingFrame> out;
  for (const auto& row : rows->rows)
    out.push_back({cell_text(row[0]),
                   std::get<std::uint64_t>(row[1]),
                   {std::get<std::uint64_t>(row[2])},
                   std::get<std::uint64_t>(row[3])});
  waiting_digests_.clear();  // who asks makes them again: one that comes after all is not kept twice
  return out;
}

Result<void, ArchiveError> DataArchiver::Impl::take_again(const FeatureFrame& frame,
                                                          const Instrument& instrument) {
  if (failed_) return std::unexpected{*failed_};
  progress_open_ = true;
  if (auto put = event_rows_->store(frame, instrument); !put) return fail(std::move(put));
  return rows_->rows_since_commit() >= options_.rows_per_commit ? flush() : Done{};
}

std::string DataArchiver::Impl::keys_there_sql(std::string_view symbol, Instant begins, Instant ends,
                                               const RepairedCandle*) {
  return fmt::format(
      "SELECT DISTINCT CAST(epoch(start) AS BIGINT) FROM klines WHERE symbol = {} AND interval_minutes = 1 "
      "AND start >= {} AND start < {}",
      sql_text(symbol), sql_time(begins), sql_time(ends));
}

std::string DataArchiver::Impl::keys_there_sql(std::string_view symbol, Instant begins, Instant ends,
                                               const RepairedTrade*) {
  return fmt::format("SELECT trade_id FROM trades WHERE symbol = {} AND matched_at >= {} AND matched_at < {}",
                     sql_text(symbol), sql_time(begins), sql_time(ends));
}

Result<void, ArchiveError> DataArchiver::Impl::put(std::string_view symbol, const RepairedCandle& candle,
                                                   std::string_view source) {
  return rows_->row(Table::klines, std::uint64_t{0}, candle.start + 1min, symbol, std::int64_t{1},
                    candle.start, candle.open, candle.high, candle.low, candle.close, candle.volume,
                    candle.turnover, source);
}

Result<void, ArchiveError> DataArchiver::Impl::put(std::string_view symbol, const RepairedTrade& trade,
                                                   std::string_view source) {
  return rows_->row(Table::trades, std::uint64_t{0}, std::uint64_t{0}, trade.at, trade.at, symbol,
                    trade.taker == Side::buy ? std::string_view{"buy"} : std::string_view{"sell"},
                    trade.price, trade.size, false, false, trade.id, source);
}

template <class Row>
Result<std::uint64_t, ArchiveError> DataArchiver::Impl::repair(Table which, std::string_view symbol,
                                                               Instant begins, Instant ends,
                                                               std::span<const Row> rows,
                                                               std::string_view source) {
  if (auto flushed = flush(); !flushed) return std::unexpected{flushed.error()};
  const auto keys =
      database_->ask(keys_there_sql(symbol, begins, ends, static_cast<const Row*>(nullptr)), keys_there_max);
  if (!keys) return std::unexpected{keys.error()};
  std::set<std::string> there;
  for (const auto& row : keys->rows) there.insert(cell_text(row[0]));
  std::uint64_t added = 0;
  for (const auto& row : rows) {
    if (when(row) < begins || when(row) >= ends || !there.insert(key(row)).second) continue;
    if (auto done = put(symbol, row, source); !done) return std::unexpected{fail(std::move(done)).error()};
    ++added;
  }
  const auto& kind = tables_[static_cast<std::size_t>(which)].name;
  // Candles can be counted: a span is whole when each of its minutes is there. Trades are as many as the
  // source has.
  const bool whole = which == Table::klines ? there.size() >= static_cast<std::size_t>((ends - begins) / 1min)
                                            : !rows.empty();
  if (whole) {
    if (auto begun = rows_->begin(); !begun) return std::unexpected{fail(std::move(begun)).error()};
    auto noted = database_->run(fmt::format(
        "INSERT INTO repairs SELECT {0}, {1}, {2}, {3}, {4}, {5} WHERE NOT EXISTS (SELECT 1 FROM repairs "
        "WHERE kind = {0} AND symbol = {1} AND begins = {2} AND ends = {3})",
        sql_text(kind), sql_text(symbol), sql_time(begins), sql_time(ends), sql_text(source), added));
    if (!noted) return std::unexpected{fail(std::move(noted)).error()};
  }
  progress_open_ = true;
  if (auto flushed = flush(); !flushed) return std::unexpected{flushed.error()};
  const Instant limit = hour_of(memory_.last_at() - options_.hour_settles);
  for (Instant hour = hour_of(begins); hour <= ends; hour = hour + 1h) {
    const auto certified =
        database_->ask_count(fmt::format("SELECT count(*) FROM coverage WHERE hour = {}", sql_time(hour)));
    if (!certified) return std::unexpected{certified.error()};
    if (*certified > 0)
      if (auto done = certify(*database_, directory_, tables_, hour, hour < limit); !done)
        return std::unexpected{fail(std::move(done)).error()};
  }
  if (auto sealed = seal_hours_before(limit); !sealed)
    return std::unexpected{fail(std::move(sealed)).error()};
  return added;
}

// ---- the door

DataArchiver::DataArchiver(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
DataArchiver::~DataArchiver() = default;

Result<std::unique_ptr<DataArchiver>, ArchiveError> DataArchiver::open(const ArchiverOptions& options) {
  MLBOT_ASSERT(options.feature_names.size() <= feature_count);
  auto impl = std::make_unique<Impl>(options);
  if (auto opened = impl->open(); !opened) return std::unexpected{opened.error()};
  return std::unique_ptr<DataArchiver>{new DataArchiver{std::move(impl)}};
}

Sequence DataArchiver::resume_sequence() const { return impl_->resume_sequence(); }
Result<std::optional<Instant>, ArchiveError> DataArchiver::time_of(Sequence sequence) {
  return impl_->time_of(sequence);
}
Sequence DataArchiver::last_sequence() const { return impl_->last_sequence(); }
Sequence DataArchiver::stored_sequence() const { return impl_->stored_sequence(); }
Result<void, ArchiveError> DataArchiver::take(const Record& record) { return impl_->take(record); }
Result<void, ArchiveError> DataArchiver::take(const journal::JournalGap& gap) { return impl_->take(gap); }
Result<void, ArchiveError> DataArchiver::take(const journal::FrameDigest& digest) {
  return impl_->take(digest);
}
void DataArchiver::know(const journal::JournalContext& context) { impl_->know(context); }
Sequence DataArchiver::sealed_sequence() const { return impl_->sealed_sequence(); }
Result<void, ArchiveError> DataArchiver::flush() { return impl_->flush(); }
Result<bool, ArchiveError> DataArchiver::inspect() { return impl_->inspect(); }
Result<void, ArchiveError> DataArchiver::certify_open_hours() { return impl_->certify_open_hours(); }
Result<void, ArchiveError> DataArchiver::close() { return impl_->close(); }
Result<std::vector<MissingFrame>, ArchiveError> DataArchiver::missing_frames(std::size_t rows_max) {
  return impl_->missing_frames(rows_max);
}
Result<void, ArchiveError> DataArchiver::take_again(const FeatureFrame& frame, const Instrument& instrument) {
  return impl_->take_again(frame, instrument);
}
Result<std::uint64_t, ArchiveError> DataArchiver::repair_candles(std::string_view symbol, Instant begins,
                                                                 Instant ends,
                                                                 std::span<const RepairedCandle> candles,
                                                                 std::string_view source) {
  return impl_->repair(Table::klines, symbol, begins, ends, candles, source);
}
Result<std::uint64_t, ArchiveError> DataArchiver::repair_trades(std::string_view symbol, Instant begins,
                                                                Instant ends,
                                                                std::span<const RepairedTrade> trades,
                                                                std::string_view source) {
  return impl_->repair(Table::trades, symbol, begins, ends, trades, source);
}
Database& DataArchiver::database() { return impl_->database(); }
const ArchiverStats& DataArchiver::stats() const { return impl_->stats(); }

}  // namespace mlbot::io::archive
