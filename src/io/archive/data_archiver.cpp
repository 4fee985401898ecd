#include "io/archive/data_archiver.h"

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "domain/words.h"
#include "io/archive/archive_schema.h"
#include "io/archive/level_book.h"

namespace mlbot::io::archive {
namespace {

using namespace std::string_view_literals;

/// How far one kind of record is archived: the sequence, and how many records of that sequence.
struct Reach {
  Sequence sequence;
  std::uint64_t count = 0;
};

/// Tells what is new from what was fed before. Records of one kind come in the order of their sequence.
class Admission {
 public:
  void start_behind(Reach stored) { stored_ = reached_ = stored; }
  bool admits(Sequence sequence) {
    if (sequence < stored_.sequence) return false;
    if (sequence == stored_.sequence && seen_again_ < stored_.count) {
      ++seen_again_;
      return false;
    }
    if (sequence != reached_.sequence) reached_ = {sequence, 0};
    ++reached_.count;
    return true;
  }
  Reach reached() const { return reached_; }

 private:
  Reach stored_, reached_;
  std::uint64_t seen_again_ = 0;
};

enum class Stream : std::uint8_t { events, commands, decisions, frames };
constexpr std::array<std::string_view, 4> stream_names{"event", "command", "decision", "frame"};

constexpr std::size_t waiting_frames_max = 4096;

struct SymbolState {
  std::optional<Instrument> instrument;
  LevelBook book;
  bool book_synced = false;
  std::uint64_t update_id = 0;
  Instant book_row_due;
};

}  // namespace

class DataArchiver::Impl {
 public:
  explicit Impl(const ArchiverOptions& options) : options_{options} {}

  Result<void, ArchiveError> open();
  Result<void, ArchiveError> take(const Record& record);
  Result<void, ArchiveError> take(const journal::JournalGap& gap);
  Result<void, ArchiveError> flush();
  Result<void, ArchiveError> close();
  Sequence resume_sequence() const;
  Sequence last_sequence() const { return last_; }
  const ArchiverStats& stats() const { return stats_; }

 private:
  using Done = Result<void, ArchiveError>;

  Done keep_features_of_another_catalogue(const TableSpec& features);
  Done load_progress();
  Done load_instruments();
  Admission& stream(Stream which) { return streams_[static_cast<std::size_t>(which)]; }
  TableWriter& table(Table which) { return *writers_[static_cast<std::size_t>(which)]; }
  /// Everything the archiver must remember of an event, whether it is new or fed again.
  void remember(const Stamped& event);
  SymbolState& state(SymbolId symbol);
  Result<const Instrument*, ArchiveError> instrument(SymbolId symbol, Sequence sequence);

  template <class... Values>
  Done row(Table which, const Values&... values) {
    if (auto begun = begin(); !begun) return begun;
    ++rows_since_commit_;
    ++stats_.rows;
    return table(which).row(values...);
  }
  template <class T>
  Done take_new(const T& item, Stream which, Sequence sequence);
  Done take_event(const Stamped& event);
  Done take_frame(const FeatureFrame& frame);
  Done begin();
  Done fail(Done result);

  Done store(const Stamped& event);
  Done store(const StampedCommand& command);
  Done store(const Decision& decision);
  Done store(const FeatureFrame& frame);
  Done on(const Stamped& at, const RunStarted& e);
  Done on(const Stamped& at, const InstrumentDefined& e);
  Done on(const Stamped& at, const ConfigChanged& e);
  Done on(const Stamped& at, const BookUpdate& e);
  Done on(const Stamped& at, const Trades& e);
  Done on(const Stamped& at, const Kline& e);
  Done on(const Stamped& at, const Ticker& e);
  Done on(const Stamped& at, const Liquidations& e);
  Done on(const Stamped& at, const OrderNews& e);
  Done on(const Stamped& at, const Execution& e);
  Done on(const Stamped& at, const PositionNews& e);
  Done on(const Stamped& at, const WalletNews& e);
  Done on(const Stamped& at, const RequestAnswer& e);
  Done on(const Stamped& at, const LinkChanged& e);
  Done on(const Stamped& at, const OperatorCommand& e);
  Done on(const Stamped&, const AccountSnapshot&) { return {}; }  // its rows are stored one by one
  Done on(const Stamped&, const TimerFired&) { return {}; }       // time passes in every other table
  Done on(const Stamped&, const FastExecution&) { return {}; }    // its Execution is stored
  // Kept in the journal alone: nothing asks for them in columns.
  Done on(const Stamped&, const PriceLimit&) { return {}; }
  Done on(const Stamped&, const AdlAlerts&) { return {}; }
  Done on(const Stamped&, const InsurancePools&) { return {}; }
  Done on(const Stamped&, const Transaction&) { return {}; }
  Done on(const Stamped&, const AccountModes&) { return {}; }
  Done on(const Stamped&, const ClockOffset&) { return {}; }
  Done on(const Stamped&, const MachineHealth&) { return {}; }
  Done on(const Stamped&, const GuardBeat&) { return {}; }
  Done on(const Stamped&, const SymbolStatus&) { return {}; }
  Done on(const Stamped&, const VenueStatus&) { return {}; }
  Done on(const Stamped&, const IntentCarried&) { return {}; }

  ArchiverOptions options_;
  std::unique_ptr<Database> database_;
  std::vector<std::unique_ptr<TableWriter>> writers_;  ///< by Table; destroyed before the database
  std::array<Admission, stream_names.size()> streams_;
  Sequence stored_;
  Sequence last_;
  std::vector<SymbolState> symbols_;
  std::deque<FeatureFrame> waiting_frames_;                      ///< whose event was not taken yet
  std::vector<double> prices_, sizes_, ask_prices_, ask_sizes_;  ///< of one book row
  std::size_t rows_since_commit_ = 0;
  bool progress_open_ = false;  ///< something was taken since the last commit
  bool in_transaction_ = false;
  std::optional<ArchiveError> failed_;
  ArchiverStats stats_;
};

// ---- opening

Result<void, ArchiveError> DataArchiver::Impl::open() {
  std::error_code ignored;
  if (const auto folder = std::filesystem::path{options_.path}.parent_path(); !folder.empty())
    std::filesystem::create_directories(folder, ignored);
  auto database = Database::open(options_.path, Access::read_write,
                                 {.threads = options_.threads, .memory_mb_max = options_.memory_mb_max});
  if (!database) return std::unexpected{database.error()};
  database_ = std::move(*database);

  const auto tables = archive_tables(options_.feature_names);
  if (auto loaded = load_progress(); !loaded) return loaded;
  if (auto kept = keep_features_of_another_catalogue(tables[static_cast<std::size_t>(Table::features)]);
      !kept)
    return kept;
  for (const auto& table : tables)
    if (auto made = database_->run(create_table_sql(table.name, table.columns)); !made) return made;
  for (const auto view : archive_views())
    if (auto made = database_->run(std::string{view}); !made) return made;
  for (const auto& table : tables) {
    auto writer = TableWriter::open(*database_, table.name, table.columns);
    if (!writer) return std::unexpected{writer.error()};
    writers_.push_back(std::move(*writer));
  }
  return load_instruments();
}

Result<void, ArchiveError> DataArchiver::Impl::load_progress() {
  std::string columns = "schema_version UBIGINT";
  std::string zeros = fmt::format("{}", schema_version);
  for (const auto name : stream_names) {
    columns += fmt::format(", {0}_sequence UBIGINT, {0}_count UBIGINT", name);
    zeros += ", 0, 0";
  }
  if (auto made = database_->run("CREATE TABLE IF NOT EXISTS progress (" + columns + ")"); !made) return made;
  auto rows = database_->ask("SELECT * FROM progress", 1);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->rows.empty()) return database_->run("INSERT INTO progress VALUES (" + zeros + ")");
  const auto& row = rows->rows.front();
  const auto value = [&](std::size_t column) {
    const auto* number = column < row.size() ? std::get_if<std::uint64_t>(&row[column]) : nullptr;
    return number != nullptr ? *number : 0;
  };
  if (value(0) != schema_version)
    return std::unexpected{ArchiveError{
        ArchiveFault::other_schema,
        fmt::format(
            "{} has tables of version {}, this build writes version {}: move the file away, and it is built "
            "again from the journal",
            options_.path, value(0), schema_version)}};
  for (std::size_t i = 0; i < stream_names.size(); ++i)
    streams_[i].start_behind({{value(1 + 2 * i)}, value(2 + 2 * i)});
  stored_ = last_ = stream(Stream::events).reached().sequence;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::keep_features_of_another_catalogue(const TableSpec& features) {
  auto there = database_->ask(
      "SELECT column_name FROM information_schema.columns WHERE table_name = 'features' ORDER BY "
      "ordinal_position",
      4096);
  if (!there) return std::unexpected{there.error()};
  bool same = there->rows.size() == features.columns.size();
  for (std::size_t i = 0; same && i < features.columns.size(); ++i)
    same = cell_text(there->rows[i][0]) == features.columns[i].name;
  if (same || there->rows.empty()) return {};
  auto tables =
      database_->ask("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'features%'", 1);
  if (!tables) return std::unexpected{tables.error()};
  return database_->run("ALTER TABLE features RENAME TO features_" + cell_text(tables->rows[0][0]));
}

/// Indices are good within one run: those of the run that the archive ends in.
Result<void, ArchiveError> DataArchiver::Impl::load_instruments() {
  auto rows = database_->ask(
      "SELECT symbol_index, symbol, tick_size, lot_step FROM instruments "
      "WHERE sequence >= coalesce((SELECT max(sequence) FROM runs), 0) ORDER BY sequence",
      65'536);
  if (!rows) return std::unexpected{rows.error()};
  for (const auto& row : rows->rows) {
    const SymbolId id{static_cast<std::uint16_t>(std::get<std::uint64_t>(row[0]))};
    const auto tick_size = parse_e8(cell_text(row[2]));
    const auto lot_step = parse_e8(cell_text(row[3]));
    const std::string name = cell_text(row[1]);
    if (!tick_size || !lot_step || !SymbolName::fits(name)) continue;
    state(id).instrument =
        Instrument{.id = id, .name = std::string_view{name}, .tick_size = *tick_size, .lot_step = *lot_step};
  }
  return {};
}

Sequence DataArchiver::Impl::resume_sequence() const {
  return {stored_.number > journal::derived_lag_events_max ? stored_.number - journal::derived_lag_events_max
                                                           : 0};
}

// ---- taking

Result<void, ArchiveError> DataArchiver::Impl::fail(Done result) {
  if (!result) failed_ = result.error();
  return result;
}

Result<void, ArchiveError> DataArchiver::Impl::begin() {
  if (in_transaction_) return {};
  auto begun = database_->run("BEGIN TRANSACTION");
  in_transaction_ = begun.has_value();
  return begun;
}

Result<void, ArchiveError> DataArchiver::Impl::take(const Record& record) {
  if (failed_) return std::unexpected{*failed_};
  Done done = std::visit(
      Overloaded{[&](const Stamped& v) { return take_event(v); },
                 [&](const StampedCommand& v) { return take_new(v, Stream::commands, v.cause); },
                 [&](const Decision& v) { return take_new(v, Stream::decisions, v.cause); },
                 [&](const FeatureFrame& v) { return take_frame(v); },
                 [](const RouteChoice&) { return Done{}; }, [](const FillQuality&) { return Done{}; },
                 [](const StreamIndex&) { return Done{}; }},
      record);
  if (!done) return fail(std::move(done));
  return rows_since_commit_ >= options_.rows_per_commit ? flush() : Done{};
}

template <class T>
Result<void, ArchiveError> DataArchiver::Impl::take_new(const T& item, Stream which, Sequence sequence) {
  if (!stream(which).admits(sequence)) {
    ++stats_.repeated;
    return {};
  }
  progress_open_ = true;
  return store(item);
}

Result<void, ArchiveError> DataArchiver::Impl::take_event(const Stamped& event) {
  remember(event);
  last_ = std::max(last_, event.sequence);
  if (auto taken = take_new(event, Stream::events, event.sequence); !taken) return taken;
  for (; !waiting_frames_.empty() && waiting_frames_.front().cause <= last_; waiting_frames_.pop_front())
    if (auto taken = take_new(waiting_frames_.front(), Stream::frames, waiting_frames_.front().cause); !taken)
      return taken;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::take_frame(const FeatureFrame& frame) {
  if (frame.cause <= last_) return take_new(frame, Stream::frames, frame.cause);
  if (waiting_frames_.size() == waiting_frames_max) {
    waiting_frames_.pop_front();
    ++stats_.frames_dropped;
  }
  waiting_frames_.push_back(frame);
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::take(const journal::JournalGap& gap) {
  if (failed_) return std::unexpected{*failed_};
  if (gap.before != Sequence{} && gap.before <= stored_)
    return {};  // named when it was passed the first time
  return fail(
      row(Table::gaps, gap.after.number, gap.before.number, gap.segment, gap.offset, gap.bytes, gap.what));
}

Result<void, ArchiveError> DataArchiver::Impl::flush() {
  if (failed_) return std::unexpected{*failed_};
  if (!progress_open_ && !in_transaction_) return {};
  if (auto begun = begin(); !begun) return fail(std::move(begun));
  for (const auto& writer : writers_)
    if (auto flushed = writer->flush(); !flushed) return fail(std::move(flushed));
  std::string sql = fmt::format("UPDATE progress SET schema_version = {}", schema_version);
  for (std::size_t i = 0; i < stream_names.size(); ++i)
    sql += fmt::format(", {0}_sequence = {1}, {0}_count = {2}", stream_names[i],
                       streams_[i].reached().sequence.number, streams_[i].reached().count);
  if (auto updated = database_->run(sql); !updated) return fail(std::move(updated));
  if (auto committed = database_->run("COMMIT"); !committed) return fail(std::move(committed));
  in_transaction_ = progress_open_ = false;
  rows_since_commit_ = 0;
  stored_ = stream(Stream::events).reached().sequence;
  ++stats_.commits;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::close() {
  if (auto flushed = flush(); !flushed) return flushed;
  return fail(database_->run("CHECKPOINT"));
}

SymbolState& DataArchiver::Impl::state(SymbolId symbol) {
  if (symbol.index >= symbols_.size()) symbols_.resize(symbol.index + std::size_t{1});
  return symbols_[symbol.index];
}

Result<const Instrument*, ArchiveError> DataArchiver::Impl::instrument(SymbolId symbol, Sequence sequence) {
  if (const auto& known = state(symbol).instrument) return &*known;
  return std::unexpected{ArchiveError{
      ArchiveFault::unknown_symbol,
      fmt::format(
          "record {} names instrument {}, which nothing defined: feed {} from event {} of the journal",
          sequence.number, symbol.index, options_.path, resume_sequence().number)}};
}

void DataArchiver::Impl::remember(const Stamped& event) {
  if (std::holds_alternative<RunStarted>(event.what)) symbols_.clear();
  if (const auto* defined = std::get_if<InstrumentDefined>(&event.what))
    state(defined->instrument.id).instrument = defined->instrument;
  if (const auto* update = std::get_if<BookUpdate>(&event.what)) {
    SymbolState& symbol = state(update->symbol);
    symbol.book_synced = update->kind == UpdateKind::snapshot ||
                         (symbol.book_synced && update->update_id == symbol.update_id + 1);
    symbol.update_id = update->update_id;
    if (symbol.book_synced)
      symbol.book.apply(*update);
    else
      symbol.book.clear();
  }
}

// ---- one row after the other

Result<void, ArchiveError> DataArchiver::Impl::store(const Stamped& event) {
  return std::visit([&](const auto& what) { return on(event, what); }, event.what);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const RunStarted& e) {
  return row(Table::runs, at.sequence.number, at.at, std::uint64_t{e.epoch}, word(e.mode), e.account, e.model,
             e.schema_hash, e.warm_from);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const InstrumentDefined& e) {
  const Instrument& i = e.instrument;
  return row(Table::instruments, at.sequence.number, at.at, i.name, std::uint64_t{i.id.index}, i.tick_size,
             i.lot_step, i.size(i.min_order), i.size(i.max_limit_order), i.size(i.max_market_order),
             i.min_notional, i.max_leverage, i.maintenance_margin, i.funding_interval_minutes, i.fees.maker,
             i.fees.taker);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const ConfigChanged& e) {
  return row(Table::changes, at.sequence.number, at.at, "config"sv,
             fmt::format("version {}, {} symbols traded", e.version, e.traded.size()));
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const OperatorCommand& e) {
  return row(Table::changes, at.sequence.number, at.at, "operator"sv, word(e.verb));
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const BookUpdate& e) {
  SymbolState& symbol = state(e.symbol);
  if (!symbol.book_synced || at.at < symbol.book_row_due) return {};
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  symbol.book_row_due = at.at + options_.book_interval;
  const auto best = [&](std::span<const BookLevel> side) {
    using Pair = std::pair<std::optional<E8>, std::optional<E8>>;
    return side.empty() ? Pair{} : Pair{i.price(side[0].price), i.size(side[0].size)};
  };
  const auto list = [&](std::span<const BookLevel> side, std::vector<double>& prices,
                        std::vector<double>& sizes) {
    prices.clear();
    sizes.clear();
    for (const auto& level : side.first(std::min<std::size_t>(side.size(), 10))) {
      prices.push_back(i.price_double(level.price));
      sizes.push_back(i.size_double(level.size));
    }
  };
  list(symbol.book.bids(), prices_, sizes_);
  list(symbol.book.asks(), ask_prices_, ask_sizes_);
  const auto [bid, bid_size] = best(symbol.book.bids());
  const auto [ask, ask_size] = best(symbol.book.asks());
  return row(Table::books, at.sequence.number, at.at, e.matched_at, i.name, e.update_id, bid, bid_size, ask,
             ask_size, std::span<const double>{prices_}, std::span<const double>{sizes_},
             std::span<const double>{ask_prices_}, std::span<const double>{ask_sizes_});
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const Trades& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  for (const auto& trade : e.list)
    if (auto put =
            row(Table::trades, at.sequence.number, at.at, trade.matched_at, i.name, word(trade.taker),
                i.price(trade.price), i.size(trade.size), trade.block, trade.price_improvement, trade.id);
        !put)
      return put;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const Kline& e) {
  if (!e.confirmed) return {};
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  return row(Table::klines, at.sequence.number, at.at, i.name, e.interval_minutes, e.start, i.price(e.open),
             i.price(e.high), i.price(e.low), i.price(e.close), i.size_double(e.volume), e.turnover);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const Ticker& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const auto number = [](std::optional<E8> v) { return v ? std::optional{to_double(*v)} : std::nullopt; };
  return row(Table::tickers, at.sequence.number, at.at, (*known)->name, e.kind == UpdateKind::snapshot,
             e.last_price, e.mark_price, e.index_price, number(e.open_interest), e.open_interest_value,
             e.turnover_24h, e.funding_rate, e.next_funding, e.funding_interval_hours);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const Liquidations& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  for (const auto& item : e.list)
    if (auto put = row(Table::liquidations, at.sequence.number, at.at, item.at, (*known)->name,
                       word(item.liquidated), (*known)->size(item.size), item.bankruptcy_price);
        !put)
      return put;
  return {};
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const OrderNews& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  return row(Table::orders, at.sequence.number, at.at, e.source == NewsSource::stream ? "venue"sv : "query"sv,
             word(e.status), i.name, e.client_id, e.venue_id, word(e.side), word(e.type),
             word(e.time_in_force), i.price(e.price), i.size(e.size), i.size(e.filled), e.average_price,
             std::optional<E8>{}, e.reduce_only, std::optional<std::int32_t>{}, e.reason);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const RequestAnswer& e) {
  const std::optional<std::string_view> no_text;
  const std::optional<E8> no_money;
  const auto& known = state(e.symbol).instrument;
  return row(Table::orders, at.sequence.number, at.at, "answer"sv,
             fmt::format("{} {}", word(e.request), word(e.outcome)),
             known ? std::optional{known->name.view()} : no_text, e.client_id, e.venue_id, no_text, no_text,
             no_text, no_money, no_money, no_money, no_money, no_money, std::optional<bool>{}, e.code,
             e.text);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const Execution& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return row(Table::executions, at.sequence.number, at.at, e.at, (*known)->name, word(e.kind), e.execution_id,
             e.client_id, e.venue_id, word(e.side), e.price, (*known)->size(e.size), e.fee, e.realised_pnl,
             word(e.liquidity), e.source == NewsSource::query);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const PositionNews& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return row(Table::positions, at.sequence.number, at.at, (*known)->name, std::uint64_t{e.position_index},
             (*known)->size(e.size), e.entry_price, e.mark_price, e.stop_loss, e.take_profit, e.leverage,
             e.liquidation_price, e.realised_pnl, e.source == NewsSource::query);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const WalletNews& e) {
  return row(Table::equity, at.sequence.number, at.at, e.equity, e.wallet_balance, e.available,
             e.unrealised_pnl, e.initial_margin, e.maintenance_margin, e.source == NewsSource::query);
}

Result<void, ArchiveError> DataArchiver::Impl::on(const Stamped& at, const LinkChanged& e) {
  return row(Table::links, at.sequence.number, at.at, word(e.link), word(e.state));
}

Result<void, ArchiveError> DataArchiver::Impl::store(const StampedCommand& command) {
  struct OrderRow {
    std::string_view what;
    std::optional<SymbolId> symbol;
    ClientOrderId id;
    VenueId venue_id;
    std::optional<Side> side;
    std::optional<OrderType> type;
    std::optional<TimeInForce> time_in_force;
    std::optional<PriceTicks> price, stop_loss;
    std::optional<Lots> size;
    std::optional<bool> reduce_only;
  };
  const auto said = std::visit(
      Overloaded{
          [](const PlaceOrder& c) {
            return OrderRow{"place",         c.symbol, c.id,        {},     c.side,       c.type,
                            c.time_in_force, c.price,  c.stop_loss, c.size, c.reduce_only};
          },
          [](const AmendOrder& c) {
            return OrderRow{
                .what = "amend", .symbol = c.symbol, .id = c.id, .price = c.price, .size = c.size};
          },
          [](const CancelOrder& c) {
            return OrderRow{.what = "cancel", .symbol = c.symbol, .id = c.id, .venue_id = c.venue_id};
          },
          [](const CancelAllOrders& c) { return OrderRow{.what = "cancel_all", .symbol = c.symbol}; },
          [](const SetPositionStop& c) {
            return OrderRow{.what = "position_stop", .symbol = c.symbol, .stop_loss = c.stop_loss};
          },
          [](const QueryOrder& c) { return OrderRow{.what = "query_order", .symbol = c.symbol, .id = c.id}; },
          [](const QueryAccount&) { return OrderRow{.what = "query_account"}; },
          [](const ResubscribeBook& c) { return OrderRow{.what = "resubscribe_book", .symbol = c.symbol}; }},
      command.what);
  const Instrument* known = nullptr;
  if (said.symbol) {
    const auto found = instrument(*said.symbol, command.cause);
    if (!found) return std::unexpected{found.error()};
    known = *found;
  }
  const auto price = [&](std::optional<PriceTicks> v) {
    return v ? std::optional{known->price(*v)} : std::nullopt;
  };
  const auto size = [&](std::optional<Lots> v) { return v ? std::optional{known->size(*v)} : std::nullopt; };
  const auto words = [](const auto& v) { return v ? std::optional{word(*v)} : std::nullopt; };
  return row(Table::orders, command.cause.number, command.at, "mlbot"sv, said.what,
             known != nullptr ? std::optional{known->name.view()} : std::nullopt, said.id, said.venue_id,
             words(said.side), words(said.type), words(said.time_in_force), price(said.price),
             size(said.size), std::optional<E8>{}, std::optional<E8>{}, price(said.stop_loss),
             said.reduce_only, std::optional<std::int32_t>{}, ""sv);
}

Result<void, ArchiveError> DataArchiver::Impl::store(const Decision& d) {
  const auto known = instrument(d.symbol, d.cause);
  if (!known) return std::unexpected{known.error()};
  const bool ordered = !d.order.empty();
  return row(Table::signals, d.cause.number, d.at, (*known)->name, d.frame, to_string(d.reason), word(d.side),
             d.expected_bps, d.cost_bps, d.edge_bps,
             ordered ? std::optional{(*known)->price(d.price)} : std::nullopt,
             ordered ? std::optional{(*known)->size(d.size)} : std::nullopt, d.order);
}

Result<void, ArchiveError> DataArchiver::Impl::store(const FeatureFrame& frame) {
  const auto known = instrument(frame.symbol, frame.cause);
  if (!known) return std::unexpected{known.error()};
  if (auto begun = begin(); !begun) return begun;
  TableWriter& features = table(Table::features);
  const auto top = [&](PriceTicks v) {
    return frame.top.synced ? std::optional{(*known)->price(v)} : std::nullopt;
  };
  features.put(frame.cause.number);
  features.put(frame.at);
  features.put((*known)->name);
  features.put(frame.number);
  features.put(frame.digest);
  features.put(std::uint64_t{frame.triggers});
  features.put(std::uint64_t{frame.missing_count()});
  features.put(top(frame.top.bid));
  features.put(top(frame.top.ask));
  for (std::size_t i = 0; i < options_.feature_names.size(); ++i) {
    if (frame.valid(i))
      features.put(frame.values[i]);
    else
      features.put_nothing();
  }
  ++rows_since_commit_;
  ++stats_.rows;
  return features.end_row();
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
Sequence DataArchiver::last_sequence() const { return impl_->last_sequence(); }
Result<void, ArchiveError> DataArchiver::take(const Record& record) { return impl_->take(record); }
Result<void, ArchiveError> DataArchiver::take(const journal::JournalGap& gap) { return impl_->take(gap); }
Result<void, ArchiveError> DataArchiver::flush() { return impl_->flush(); }
Result<void, ArchiveError> DataArchiver::close() { return impl_->close(); }
const ArchiverStats& DataArchiver::stats() const { return impl_->stats(); }

}  // namespace mlbot::io::archive
