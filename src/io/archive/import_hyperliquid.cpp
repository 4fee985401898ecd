#include "io/archive/import_hyperliquid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <tuple>

#include "io/archive/gzip_lines.h"
#include "io/archive/level_book.h"
#include "io/archive/minute_klines.h"
#include "io/archive/price_grid.h"

namespace mlbot::io::archive {
namespace {

constexpr Duration book_gap = 10s;
constexpr int grid_sample_rows = 200;
constexpr std::int32_t funding_interval_minutes = 60;

struct RawLevel {
  E8 price, size;
};
struct Row {
  Instant at;
  std::vector<RawLevel> bids, asks;  ///< of a book
  RawLevel print;                    ///< of a trade
  Side taker = Side::buy;
  E8 funding, open_interest, mark, oracle;  ///< of a context
};

/// Reads the recorder's JSON, whose keys always stand in the same order.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_{text} {}
  Cursor& skip(std::string_view literal) {
    ok_ = ok_ && rest_.starts_with(literal);
    if (ok_) rest_.remove_prefix(literal.size());
    return *this;
  }
  bool next_is(char c) const { return ok_ && rest_.starts_with(c); }
  E8 decimal() {
    const auto text = rest_.substr(0, rest_.find_first_of(",]}"));
    const auto exact = parse_e8(text);
    const auto value = exact ? exact : parse_e8_truncated(text);
    ok_ = ok_ && value.has_value();
    rest_.remove_prefix(text.size());
    return value.value_or(E8{});
  }
  Instant time() {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), ms);
    ok_ = ok_ && error == std::errc{};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return Instant::from_ms(ms);
  }
  void levels(std::vector<RawLevel>& out) {
    out.clear();
    skip("[");
    while (next_is('[')) {
      RawLevel level;
      level.price = skip("[").decimal();
      level.size = skip(",").decimal();
      skip("]");
      out.push_back(level);
      if (next_is(',')) skip(",");
    }
    skip("]");
  }
  char letter() {
    const char c = rest_.empty() ? '\0' : rest_.front();
    rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    return c;
  }
  bool done() { return skip("}").ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool parse_book(std::string_view line, Row& row) {
  Cursor cursor{line};
  row.at = cursor.skip("{\"ts\":").time();
  cursor.skip(",\"bids\":").levels(row.bids);
  cursor.skip(",\"asks\":").levels(row.asks);
  return cursor.done();
}
bool parse_trade(std::string_view line, Row& row) {
  Cursor cursor{line};
  row.at = cursor.skip("{\"ts\":").time();
  row.print.price = cursor.skip(",\"px\":").decimal();
  row.print.size = cursor.skip(",\"sz\":").decimal();
  row.taker = cursor.skip(",\"side\":\"").letter() == 'B' ? Side::buy : Side::sell;
  return cursor.skip("\"").done();
}
bool parse_context(std::string_view line, Row& row) {
  Cursor cursor{line};
  row.at = cursor.skip("{\"ts\":").time();
  row.funding = cursor.skip(",\"funding\":").decimal();
  row.open_interest = cursor.skip(",\"oi\":").decimal();
  row.mark = cursor.skip(",\"mark\":").decimal();
  row.oracle = cursor.skip(",\"oracle\":").decimal();
  return cursor.done();
}

/// One kind of row of one coin, over the files of all days, one row ahead.
class RowChain {
 public:
  using Parse = bool (*)(std::string_view, Row&);
  RowChain(Parse parse, std::vector<std::string> paths, Instant from, Instant until, ImportStats& stats)
      : parse_{parse}, paths_{std::move(paths)}, from_{from}, until_{until}, stats_{stats} {}

  /// The row to come; distant future at the end.
  Instant at() const { return row_ ? row_->at : distant_future; }
  const Row& row() const { return *row_; }

  /// @param repeats  a row of the same instant is a repetition (books), not one more of several (prints)
  Result<void, ImportError> advance(bool repeats) {
    Row next = row_ ? std::move(*row_) : Row{};  // keeps the lists' memory
    const bool first = !row_.has_value();
    const Instant before = next.at;
    row_.reset();
    for (;;) {
      if (!lines_) {
        if (file_ == paths_.size()) return {};
        auto opened = GzipLines::open(paths_[file_++]);
        if (!opened) return std::unexpected{ImportError{opened.error()}};
        lines_ = std::move(*opened);
      }
      std::string_view line;
      const auto got = lines_->next(line);
      if (!got) return std::unexpected{ImportError{got.error()}};
      if (!*got) {
        bytes_done_ += lines_->bytes_read();
        lines_.reset();
        continue;
      }
      ++stats_.rows;
      if (!parse_(line, next))
        return std::unexpected{
            ImportError{lines_->here("no row of a Hyperliquid recording; is this another format?")}};
      if (next.at < from_) continue;
      if (next.at >= until_) {
        file_ = paths_.size();
        return {};
      }
      if (!first && next.at < before) {
        ++stats_.late_rows;
        continue;
      }
      if (!first && repeats && next.at == before) {
        ++stats_.repeated_rows;
        continue;
      }
      row_ = std::move(next);
      return {};
    }
  }
  std::uint64_t bytes_read() const { return bytes_done_ + (lines_ ? lines_->bytes_read() : 0); }

 private:
  Parse parse_;
  std::vector<std::string> paths_;
  Instant from_, until_;
  ImportStats& stats_;
  std::size_t file_ = 0;
  std::optional<GzipLines> lines_;
  std::optional<Row> row_;
  std::uint64_t bytes_done_ = 0;
};

struct Coin {
  Instrument instrument;
  RowChain books, trades, contexts;
  std::vector<BookLevel> bids, asks;          ///< as told last
  std::vector<BookLevel> new_bids, new_asks;  ///< as read now
  std::optional<Instant> book_at;
  std::uint64_t update_id = 0;
  std::uint64_t cross_sequence = 0;
  std::uint64_t print_number = 0;  ///< among those of one instant
  Instant print_at;
  MinuteKlines klines;
};

class HyperliquidImport final : public MarketImport {
 public:
  static Result<std::unique_ptr<MarketImport>, ImportError> open(HyperliquidOptions options);

  const Stamped* next() override;
  const std::optional<ImportError>& error() const override { return error_; }
  const std::vector<Instrument>& instruments() const override { return instruments_; }
  const ImportStats& stats() const override { return stats_; }
  std::uint64_t bytes_total() const override { return bytes_total_; }
  std::uint64_t bytes_read() const override {
    std::uint64_t sum = 0;
    for (const auto& coin : coins_)
      sum += coin->books.bytes_read() + coin->trades.bytes_read() + coin->contexts.bytes_read();
    return sum;
  }

 private:
  enum class Kind : std::uint8_t { kline, context, trades, book };  ///< the order within one instant

  Result<void, ImportError> add_coin(const HyperliquidOptions& options, const std::string& name);
  const Stamped* tell(Instant at, Event what);
  const Stamped* tell_book(Coin& coin);
  const Stamped* tell_trades(Coin& coin);
  const Stamped* tell_context(Coin& coin);
  bool rows_left() const {
    return std::ranges::any_of(coins_, [](const auto& coin) {
      return std::min({coin->books.at(), coin->trades.at(), coin->contexts.at()}) != distant_future;
    });
  }
  bool advance(RowChain& chain, bool repeats);
  void levels(const Instrument& instrument, const std::vector<RawLevel>& raw, bool bids,
              std::vector<BookLevel>& out);

  std::vector<std::unique_ptr<Coin>> coins_;
  std::vector<Instrument> instruments_;
  ImportStats stats_;
  std::uint64_t bytes_total_ = 0;
  std::size_t defined_ = 0;  ///< instruments told
  Instant last_at_;
  Instant until_;
  std::vector<BookLevel> bid_changes_, ask_changes_;
  std::vector<Trade> prints_;
  Stamped out_;
  std::optional<ImportError> error_;
};

// ---- files and grid

/// Paths of kind_COIN_*.jsonl.gz, by date.
std::vector<std::string> files_of(const std::string& directory, std::string_view kind,
                                  const std::string& coin) {
  std::vector<std::string> paths;
  std::error_code ignored;
  const std::string prefix = fmt::format("{}_{}_", kind, coin);
  for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".jsonl.gz")) paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

/// Files are named by the day of receipt, and hold some seconds of the day before.
bool day_may_hold(const std::string& path, Instant from, Instant until) {
  const auto digits = path.substr(path.size() - std::string_view{"YYYYMMDD.jsonl.gz"}.size(), 8);
  int number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return true;
  using namespace std::chrono;
  const year_month_day date{year{number / 10'000}, month{static_cast<unsigned>(number / 100 % 100)},
                            day{static_cast<unsigned>(number % 100)}};
  if (!date.ok()) return true;
  const auto start = Instant::from_seconds(sys_days{date}.time_since_epoch().count() * std::int64_t{86'400});
  return start + 24h > from && start - 1min < until;
}

Result<void, ImportError> look_at_grid(const std::vector<std::string>& paths, RowChain::Parse parse,
                                       GridSearch& grid) {
  Row row;
  for (const auto& path : paths) {
    auto lines = GzipLines::open(path);
    if (!lines) return std::unexpected{ImportError{lines.error()}};
    std::string_view line;
    for (int i = 0; i < grid_sample_rows; ++i) {
      const auto got = lines->next(line);
      if (!got) return std::unexpected{ImportError{got.error()}};
      if (!*got) break;
      if (!parse(line, row))
        return std::unexpected{ImportError{lines->here("no row of a Hyperliquid recording")}};
      for (const auto& level : row.bids) grid.look(level.price, level.size);
      for (const auto& level : row.asks) grid.look(level.price, level.size);
      grid.look(row.print.price, row.print.size);
    }
  }
  return {};
}

Result<std::unique_ptr<MarketImport>, ImportError> HyperliquidImport::open(HyperliquidOptions options) {
  auto import = std::make_unique<HyperliquidImport>();
  if (options.coins.empty())
    return std::unexpected{ImportError{"no coins: name some, for example AVAX,DOGE"}};
  for (const auto& name : options.coins)
    if (auto added = import->add_coin(options, name); !added) return std::unexpected{added.error()};
  return import;
}

Result<void, ImportError> HyperliquidImport::add_coin(const HyperliquidOptions& options,
                                                      const std::string& name) {
  auto books = files_of(options.directory, "l2", name);
  auto trades = files_of(options.directory, "trades", name);
  auto contexts = files_of(options.directory, "ctx", name);
  if (books.empty() && trades.empty())
    return std::unexpected{
        ImportError{fmt::format("no l2_{0}_*.jsonl.gz or trades_{0}_*.jsonl.gz in {1}: check the "
                                "folder and the coin's name",
                                name, options.directory)}};
  GridSearch grid;
  if (auto looked = look_at_grid(books, parse_book, grid); !looked) return looked;
  if (auto looked = look_at_grid(trades, parse_trade, grid); !looked) return looked;
  for (auto* paths : {&books, &trades, &contexts}) {
    std::erase_if(*paths, [&](const auto& path) { return !day_may_hold(path, options.from, options.until); });
    std::error_code ignored;
    for (const auto& path : *paths) bytes_total_ += std::filesystem::file_size(path, ignored);
  }
  const std::string symbol = name + "USDT";
  if (!SymbolName::fits(symbol)) return std::unexpected{ImportError{name + " is no coin's name"}};
  instruments_.push_back(recorded_instrument({static_cast<std::uint16_t>(coins_.size())},
                                             std::string_view{symbol}, grid, funding_interval_minutes));
  const auto chain = [&](RowChain::Parse parse, std::vector<std::string> paths) {
    return RowChain{parse, std::move(paths), options.from, options.until, stats_};
  };
  coins_.push_back(std::unique_ptr<Coin>{new Coin{.instrument = instruments_.back(),
                                                  .books = chain(parse_book, std::move(books)),
                                                  .trades = chain(parse_trade, std::move(trades)),
                                                  .contexts = chain(parse_context, std::move(contexts))}});
  Coin& coin = *coins_.back();
  for (auto* rows : {&coin.books, &coin.trades, &coin.contexts})
    if (auto advanced = rows->advance(false); !advanced) return advanced;
  return {};
}

// ---- telling

const Stamped* HyperliquidImport::next() {
  while (!error_) {
    Coin* chosen = nullptr;
    Kind kind = Kind::book;
    Instant earliest = distant_future;
    for (const auto& coin : coins_)
      for (const auto& [at, what] : {std::pair{coin->klines.due(), Kind::kline},
                                     {coin->contexts.at(), Kind::context},
                                     {coin->trades.at(), Kind::trades},
                                     {coin->books.at(), Kind::book}})
        if (std::tie(at, what) < std::tie(earliest, kind) && at != distant_future) {
          chosen = coin.get();
          kind = what;
          earliest = at;
        }
    if (chosen == nullptr) return nullptr;
    // Behind the last row the open minutes are not whole, unless the span asked for holds them.
    if (kind == Kind::kline && !rows_left() && (until_ == distant_future || earliest > until_))
      return nullptr;
    if (defined_ < coins_.size()) return tell(earliest, InstrumentDefined{instruments_[defined_++]});
    if (kind != Kind::kline) chosen->klines.heard(earliest);
    const Stamped* told = nullptr;
    switch (kind) {
      case Kind::kline:
        if (const auto kline = chosen->klines.close(chosen->instrument.id)) told = tell(earliest, *kline);
        break;
      case Kind::context:
        told = tell_context(*chosen);
        break;
      case Kind::trades:
        told = tell_trades(*chosen);
        break;
      case Kind::book:
        told = tell_book(*chosen);
        break;
    }
    if (told != nullptr) return told;
  }
  return nullptr;
}

const Stamped* HyperliquidImport::tell(Instant at, Event what) {
  last_at_ = std::max(last_at_, at);
  out_ = {out_.sequence.next(), last_at_, last_at_, at, std::move(what)};
  ++stats_.events;
  return &out_;
}

bool HyperliquidImport::advance(RowChain& chain, bool repeats) {
  auto advanced = chain.advance(repeats);
  if (!advanced) error_ = std::move(advanced.error());
  return advanced.has_value();
}

void HyperliquidImport::levels(const Instrument& instrument, const std::vector<RawLevel>& raw, bool bids,
                               std::vector<BookLevel>& out) {
  out.clear();
  for (const auto& level : raw) {
    const auto price =
        ticks_on_grid(instrument, level.price, bids ? Rounding::down : Rounding::up, stats_.rounded);
    const auto size = lots_on_grid(instrument, level.size, stats_.rounded);
    if (!out.empty() && out.back().price == price)
      out.back().size = out.back().size + size;
    else
      out.push_back({price, size});
  }
}

const Stamped* HyperliquidImport::tell_book(Coin& coin) {
  const Row& row = coin.books.row();
  const Instant at = row.at;
  levels(coin.instrument, row.bids, true, coin.new_bids);
  levels(coin.instrument, row.asks, false, coin.new_asks);
  if (!advance(coin.books, true)) return nullptr;
  const bool anew = !coin.book_at || at - *coin.book_at > book_gap;
  if (anew && coin.book_at) ++stats_.book_gaps;
  coin.book_at = at;
  if (!anew) {
    level_changes(coin.bids, coin.new_bids, true, bid_changes_);
    level_changes(coin.asks, coin.new_asks, false, ask_changes_);
  }
  std::swap(coin.bids, coin.new_bids);
  std::swap(coin.asks, coin.new_asks);
  return tell(at, BookUpdate{.symbol = coin.instrument.id,
                             .kind = anew ? UpdateKind::snapshot : UpdateKind::delta,
                             .update_id = ++coin.update_id,
                             .cross_sequence = ++coin.cross_sequence,
                             .matched_at = at,
                             .bids = anew ? coin.bids : bid_changes_,
                             .asks = anew ? coin.asks : ask_changes_});
}

const Stamped* HyperliquidImport::tell_trades(Coin& coin) {
  const Instant at = coin.trades.at();
  if (at != coin.print_at) coin.print_number = 0;
  coin.print_at = at;
  ++coin.cross_sequence;
  prints_.clear();
  while (coin.trades.at() == at) {
    const Row& row = coin.trades.row();
    const Trade print{
        .matched_at = at,
        .price = ticks_on_grid(coin.instrument, row.print.price, Rounding::nearest, stats_.rounded),
        .size = lots_on_grid(coin.instrument, row.print.size, stats_.rounded),
        .taker = row.taker,
        .cross_sequence = coin.cross_sequence,
        .id = std::string_view{fmt::format("{}-{}", at.ms(), coin.print_number++)}};
    coin.klines.trade(coin.instrument, print);
    prints_.push_back(print);
    if (!advance(coin.trades, false)) return nullptr;
  }
  return tell(at, Trades{coin.instrument.id, prints_});
}

const Stamped* HyperliquidImport::tell_context(Coin& coin) {
  const Row row = coin.contexts.row();
  if (!advance(coin.contexts, true)) return nullptr;
  const auto last = coin.klines.last_price();
  constexpr std::int64_t hour_ns = Duration{1h}.count();
  return tell(row.at, Ticker{.symbol = coin.instrument.id,
                             .kind = UpdateKind::snapshot,
                             .cross_sequence = ++coin.cross_sequence,
                             .last_price = last ? std::optional{coin.instrument.price(*last)} : std::nullopt,
                             .mark_price = row.mark,
                             .index_price = row.oracle,
                             .open_interest = row.open_interest,
                             .open_interest_value = to_double(row.open_interest) * to_double(row.mark),
                             .turnover_24h = coin.klines.turnover_24h(row.at),
                             .funding_rate = row.funding,
                             .next_funding = Instant{(row.at.ns / hour_ns + 1) * hour_ns},
                             .funding_interval_hours = 1});
}

}  // namespace

Result<std::unique_ptr<MarketImport>, ImportError> import_hyperliquid(HyperliquidOptions options) {
  return HyperliquidImport::open(std::move(options));
}

}  // namespace mlbot::io::archive
