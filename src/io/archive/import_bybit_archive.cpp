#include "io/archive/import_bybit_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

#include "io/archive/gzip_lines.h"
#include "io/archive/import_bybit.h"
#include "io/archive/minute_klines.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::io::archive {
namespace {

namespace bybit = venue::bybit;

constexpr int grid_sample_rows = 5'000;
constexpr std::int32_t funding_interval_minutes = 480;
constexpr std::size_t date_length = 10;        // 2026-06-13
constexpr Duration disorder_max = 60s;         ///< of prints; more is a file that runs backwards
constexpr std::int64_t ns_per_e8_second = 10;  ///< of a time in seconds, read as E8

using Paths = std::vector<std::string>;

/// The lines of files that follow one another.
class FileRow {
 public:
  explicit FileRow(Paths paths) : paths_{std::move(paths)} {}

  /// False behind the last line. `new_file` says whether it is the first of its file.
  Result<bool, std::string> next(std::string_view& line, bool& new_file) {
    new_file = false;
    while (true) {
      if (!lines_) {
        if (file_ == paths_.size()) return false;
        auto opened = GzipLines::open(paths_[file_++]);
        if (!opened) return std::unexpected{opened.error()};
        lines_ = std::move(*opened);
        new_file = true;
      }
      auto got = lines_->next(line);
      if (!got || *got) return got;
      skip_file();
    }
  }
  void skip_file() {
    bytes_done_ += lines_->bytes_read();
    lines_.reset();
  }
  const std::string* path_after() const { return file_ < paths_.size() ? &paths_[file_] : nullptr; }
  std::string here(std::string_view why) const { return lines_->here(why); }
  std::uint64_t bytes_read() const { return bytes_done_ + (lines_ ? lines_->bytes_read() : 0); }

 private:
  Paths paths_;
  std::size_t file_ = 0;  ///< the one after the open one
  std::optional<GzipLines> lines_;
  std::uint64_t bytes_done_ = 0;
};

/// One row of a trades file.
struct Print {
  Instant at;
  E8 price, size;
  Side taker = Side::buy;
  bool price_improvement = false;
  VenueId id;
};

/// Where a trades file has what; the venue has added columns over the years.
class PrintColumns {
 public:
  bool read_header(std::string_view line) {
    const auto names = split(line);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto found = std::ranges::find(names, wanted[i]);
      at_[i] = static_cast<std::size_t>(found - names.begin());
      if (found == names.end() && i != price_improvement) return false;
    }
    return true;
  }
  /// @return what is wrong with the row
  Result<Print, std::string_view> read(std::string_view line, std::string_view symbol) const {
    const auto fields = split(line);
    const auto field = [&](std::size_t which) {
      return at_[which] < fields.size() ? fields[at_[which]] : std::string_view{};
    };
    const auto seconds = parse_e8(field(timestamp));
    const auto price = parse_e8_truncated(field(price_column)), size = parse_e8_truncated(field(size_column));
    if (!seconds) return std::unexpected{std::string_view{"timestamp: no time in seconds"}};
    if (!price || !size || price->count <= 0 || size->count <= 0)
      return std::unexpected{std::string_view{"price or size: no decimal above 0"}};
    if (field(symbol_column) != symbol) return std::unexpected{std::string_view{"symbol: another one"}};
    const auto side_text = field(side);
    if (side_text != "Buy" && side_text != "Sell")
      return std::unexpected{std::string_view{"side: neither Buy nor Sell"}};
    if (!VenueId::fits(field(id))) return std::unexpected{std::string_view{"trdMatchID: too long"}};
    const auto improvement = field(price_improvement);
    return Print{.at = {seconds->count * ns_per_e8_second},
                 .price = *price,
                 .size = *size,
                 .taker = side_text == "Buy" ? Side::buy : Side::sell,
                 .price_improvement = improvement == "1" || improvement == "true",
                 .id = field(id)};
  }

 private:
  enum Column : std::size_t {
    timestamp,
    symbol_column,
    side,
    size_column,
    price_column,
    id,
    price_improvement
  };
  static constexpr std::array<std::string_view, 7> wanted{"timestamp", "symbol",     "side", "size",
                                                          "price",     "trdMatchID", "RPI"};
  static std::vector<std::string_view> split(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::vector<std::string_view> out;
    for (std::size_t begin = 0; begin <= line.size();) {
      const auto end = std::min(line.find(',', begin), line.size());
      out.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    return out;
  }
  std::array<std::size_t, wanted.size()> at_{};
};

/// One symbol: its prints, its book, and what comes next of each.
struct Market {
  Market(Paths trades, Paths books) : trade_rows{std::move(trades)}, book_rows{std::move(books)} {}

  FileRow trade_rows, book_rows;
  PrintColumns columns;
  std::optional<Print> print;
  Instant print_latest;  ///< of the prints so far

  bybit::DecodeScratch scratch;
  std::optional<bybit::MarketNews> book;  ///< its lists live in the scratch
  Instant next_file_from = distant_future;
  bool synced = false;
  std::uint64_t update_id = 0;

  MinuteKlines klines;
};

class BybitArchiveImport final : public MarketImport {
 public:
  static Result<std::unique_ptr<MarketImport>, ImportError> open(const BybitArchiveOptions& options);

  const Stamped* next() override;
  const std::optional<ImportError>& error() const override { return error_; }
  const std::vector<Instrument>& instruments() const override { return instruments_; }
  const ImportStats& stats() const override { return stats_; }
  std::uint64_t bytes_total() const override { return bytes_total_; }
  std::uint64_t bytes_read() const override {
    std::uint64_t sum = 0;
    for (const auto& market : markets_)
      sum += market->trade_rows.bytes_read() + market->book_rows.bytes_read();
    return sum;
  }

 private:
  Result<void, ImportError> add_symbol(const BybitArchiveOptions& options, const std::string& symbol);
  Result<void, ImportError> look_at_heads(const Paths& trades, const Paths& books, const std::string& symbol,
                                          GridSearch& grid);
  void advance_print(std::size_t index);
  void advance_book(Market& market);
  /// When the file after the open one begins.
  Instant start_of_next_book(Market& market);
  bool follows(Market& market, const BookUpdate& update);
  const Stamped* tell_prints(std::size_t index);
  const Stamped* tell(Instant at, Instant venue_time, const Event& what);
  void fail(std::string what) { error_ = ImportError{std::move(what)}; }

  std::vector<std::unique_ptr<Market>> markets_;
  std::vector<Instrument> instruments_;
  bybit::InstrumentTable table_;
  ImportStats stats_;
  std::uint64_t bytes_total_ = 0;
  std::size_t defined_ = 0;
  Market* given_ = nullptr;  ///< whose book was told last: its lists are in use until the next call
  std::vector<Trade> prints_;
  Stamped out_;
  std::optional<ImportError> error_;
};

/// The files of a folder whose names hold a wanted day, one for each, by the day.
Paths files_of_days(const std::string& folder, std::string_view before_date, std::string_view after_date,
                    const BybitArchiveOptions& options) {
  const auto first = to_rfc3339(options.from).substr(0, date_length),
             last = to_rfc3339(options.until - 1ms).substr(0, date_length);
  std::map<std::string, std::string> by_date;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{folder, ignored}) {
    const auto name = entry.path().filename().string();
    if (name.size() < before_date.size() + date_length + after_date.size() || !name.starts_with(before_date))
      continue;
    const auto date = name.substr(before_date.size(), date_length);
    const auto rest = std::string_view{name}.substr(before_date.size() + date_length);
    if (!rest.starts_with(after_date) || !(rest.ends_with(".csv.gz") || rest.ends_with(".data.zip")))
      continue;
    if (date >= first && date <= last) by_date[date] = std::max(by_date[date], entry.path().string());
  }
  Paths out;
  for (auto& [date, path] : by_date) out.push_back(std::move(path));
  return out;
}

Result<std::unique_ptr<MarketImport>, ImportError> BybitArchiveImport::open(
    const BybitArchiveOptions& options) {
  auto import = std::make_unique<BybitArchiveImport>();
  if (options.symbols.empty())
    return std::unexpected{ImportError{"no symbols: name some, for example BTCUSDT"}};
  for (const auto& symbol : options.symbols)
    if (auto added = import->add_symbol(options, symbol); !added) return std::unexpected{added.error()};
  import->table_ = bybit::InstrumentTable{import->instruments_};
  for (std::size_t i = 0; i < import->markets_.size(); ++i) {
    import->advance_print(i);
    import->advance_book(*import->markets_[i]);
  }
  return import;
}

Result<void, ImportError> BybitArchiveImport::add_symbol(const BybitArchiveOptions& options,
                                                         const std::string& symbol) {
  auto trades = files_of_days(options.directory + "/trades/" + symbol, symbol, ".csv.gz", options);
  auto books = files_of_days(options.directory + "/books/" + symbol, "", "_" + symbol + "_ob", options);
  if ((trades.empty() && books.empty()) || !SymbolName::fits(symbol))
    return std::unexpected{ImportError{fmt::format(
        "no trades/{0}/{0}*.csv.gz and no books/{0}/*_{0}_ob*.data.zip of these days in {1}: `mlbot data "
        "download` fetches them",
        symbol, options.directory)}};
  GridSearch grid;
  if (auto looked = look_at_heads(trades, books, symbol, grid); !looked) return looked;
  instruments_.push_back(recorded_instrument({static_cast<std::uint16_t>(markets_.size())},
                                             std::string_view{symbol}, grid, funding_interval_minutes));
  markets_.push_back(std::make_unique<Market>(std::move(trades), std::move(books)));
  return {};
}

Result<void, ImportError> BybitArchiveImport::look_at_heads(const Paths& trades, const Paths& books,
                                                            const std::string& symbol, GridSearch& grid) {
  std::error_code ignored;
  for (const auto* paths : {&trades, &books}) {
    for (const auto& path : *paths) {
      bytes_total_ += std::filesystem::file_size(path, ignored);
      auto lines = GzipLines::open(path);
      if (!lines) return std::unexpected{ImportError{lines.error()}};
      PrintColumns columns;
      std::string_view line;
      for (int i = 0; i < grid_sample_rows; ++i) {
        const auto got = lines->next(line);
        if (!got) return std::unexpected{ImportError{got.error()}};
        if (!*got) break;
        if (paths == &books) {
          look_at_book_frame(line, grid);
        } else if (i == 0) {
          if (!columns.read_header(line)) break;  // told when the file is read
        } else if (const auto print = columns.read(line, symbol)) {
          grid.look(print->price, print->size);
        }
      }
    }
  }
  return {};
}

void BybitArchiveImport::advance_print(std::size_t index) {
  Market& market = *markets_[index];
  market.print.reset();
  std::string_view line;
  bool is_header = true;
  while (is_header) {
    const auto got = market.trade_rows.next(line, is_header);
    if (!got) return fail(got.error());
    if (!*got) return;
    if (is_header && !market.columns.read_header(line))
      return fail(market.trade_rows.here(
          "no header with timestamp, symbol, side, size, price and trdMatchID: is it a trades file?"));
  }
  ++stats_.rows;
  const auto print = market.columns.read(line, instruments_[index].name);
  if (!print) return fail(market.trade_rows.here(print.error()));
  if (print->at < market.print_latest - disorder_max)
    return fail(market.trade_rows.here("the file runs backwards: sort its rows by time first"));
  market.print_latest = std::max(market.print_latest, print->at);
  market.print = *print;
}

Instant BybitArchiveImport::start_of_next_book(Market& market) {
  const auto* path = market.book_rows.path_after();
  if (path == nullptr) return distant_future;
  auto lines = GzipLines::open(*path);
  std::string_view line;
  if (!lines || !lines->next(line).value_or(false)) return distant_future;  // told when the file is read
  const auto message = bybit::decode_public(line, table_, market.scratch);
  const auto* news = message ? std::get_if<bybit::MarketNews>(&*message) : nullptr;
  return news != nullptr ? news->venue_time : distant_future;
}

void BybitArchiveImport::advance_book(Market& market) {
  market.book.reset();
  std::string_view line;
  bool new_file = false;
  while (!error_) {
    const auto got = market.book_rows.next(line, new_file);
    if (!got) return fail(got.error());
    if (!*got) return;
    if (new_file) market.next_file_from = start_of_next_book(market);
    ++stats_.rows;
    auto message = bybit::decode_public(line, table_, market.scratch);
    if (!message)
      return fail(market.book_rows.here(fmt::format("{}: {}", message.error().where, message.error().what)));
    auto* news = std::get_if<bybit::MarketNews>(&*message);
    const auto* update = news != nullptr ? std::get_if<BookUpdate>(&news->event) : nullptr;
    if (update == nullptr) continue;
    if (news->venue_time >= market.next_file_from) {
      ++stats_.repeated_rows;
      market.book_rows.skip_file();
      continue;
    }
    if (!follows(market, *update)) continue;
    market.book = std::move(*news);
    return;
  }
}

bool BybitArchiveImport::follows(Market& market, const BookUpdate& update) {
  const bool snapshot = update.kind == UpdateKind::snapshot;
  const bool next = market.synced && update.update_id == market.update_id + 1;
  if (market.synced && !snapshot && !next) ++stats_.book_gaps;
  market.synced = snapshot || next;
  market.update_id = update.update_id;
  return market.synced;
}

const Stamped* BybitArchiveImport::next() {
  if (given_ != nullptr) advance_book(*std::exchange(given_, nullptr));
  enum class Kind : std::uint8_t { kline, print, book };  // in this order within one instant
  while (!error_) {
    std::size_t chosen = 0;
    Kind kind = Kind::kline;
    Instant earliest = distant_future;
    bool anything = false;  // but the end of a minute, which nobody may have heard whole
    for (std::size_t i = 0; i < markets_.size(); ++i) {
      const auto& market = *markets_[i];
      anything = anything || market.print || market.book;
      for (const auto& [at, what] :
           {std::pair{market.klines.due(), Kind::kline},
            std::pair{market.print ? market.print->at : distant_future, Kind::print},
            std::pair{market.book ? market.book->venue_time : distant_future, Kind::book}}) {
        if (at < earliest || (at == earliest && what < kind)) {
          earliest = at;
          kind = what;
          chosen = i;
        }
      }
    }
    if (!anything) return nullptr;
    if (defined_ < instruments_.size())
      return tell(earliest, earliest, InstrumentDefined{instruments_[defined_++]});
    Market& market = *markets_[chosen];
    if (kind == Kind::kline) {
      if (const auto kline = market.klines.close(instruments_[chosen].id))
        return tell(earliest, earliest, *kline);
      continue;
    }
    market.klines.heard(earliest);
    if (kind == Kind::print) return tell_prints(chosen);
    given_ = &market;
    return tell(earliest, earliest, market.book->event);
  }
  return nullptr;
}

const Stamped* BybitArchiveImport::tell_prints(std::size_t index) {
  Market& market = *markets_[index];
  const auto& instrument = instruments_[index];
  const Instant at = market.print->at;
  prints_.clear();
  while (market.print && market.print->at == at) {
    const auto& row = *market.print;
    const Trade print{.matched_at = at,
                      .price = ticks_on_grid(instrument, row.price, Rounding::nearest, stats_.rounded),
                      .size = lots_on_grid(instrument, row.size, stats_.rounded),
                      .taker = row.taker,
                      .price_improvement = row.price_improvement,
                      .id = row.id};
    market.klines.trade(instrument, print);
    prints_.push_back(print);
    advance_print(index);
  }
  return tell(at, at, Trades{instrument.id, prints_});
}

const Stamped* BybitArchiveImport::tell(Instant at, Instant venue_time, const Event& what) {
  out_ = {out_.sequence.next(), std::max(out_.at, at), at, venue_time, what};
  ++stats_.events;
  return &out_;
}

}  // namespace

Result<std::unique_ptr<MarketImport>, ImportError> import_bybit_archive(const BybitArchiveOptions& options) {
  return BybitArchiveImport::open(options);
}

Result<std::vector<RepairedTrade>, std::string> read_bybit_trades(const std::string& path,
                                                                  std::string_view symbol, Instant from,
                                                                  Instant until) {
  auto lines = GzipLines::open(path);
  if (!lines) return std::unexpected{lines.error()};
  std::vector<RepairedTrade> out;
  PrintColumns columns;
  bool is_header = true;
  for (std::string_view line;;) {
    const auto more = lines->next(line);
    if (!more) return std::unexpected{more.error()};
    if (!*more) return out;
    if (std::exchange(is_header, false)) {
      if (!columns.read_header(line)) return std::unexpected{lines->here("no header of a trades file")};
      continue;
    }
    const auto print = columns.read(line, symbol);
    if (!print) return std::unexpected{lines->here(print.error())};
    if (print->at >= from && print->at < until)
      out.push_back({.at = print->at,
                     .taker = print->taker,
                     .price = print->price,
                     .size = print->size,
                     .id = print->id.str()});
  }
}

}  // namespace mlbot::io::archive
