#include "io/archive/import_binance.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <filesystem>

#include "base/json.h"
#include "io/archive/gzip_lines.h"
#include "io/archive/level_book.h"
#include "io/archive/minute_klines.h"
#include "io/archive/price_grid.h"

namespace mlbot::io::archive {
namespace {

constexpr std::size_t window_levels = 200;
constexpr int grid_sample_rows = 5'000;
constexpr std::size_t early_differences_max = 1'000;  ///< kept while the snapshot has not come

// A capture may hold anything: every field is asked for, nothing is assumed.
std::int64_t integer(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}
std::string_view text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? std::string_view{found->get_ref<const std::string&>()}
                                                   : "";
}
std::optional<E8> amount(const Json& json, const char* key) { return parse_e8_truncated(text(json, key)); }

struct RawLevel {
  E8 price, size;
};
std::vector<RawLevel> raw_levels(const Json& json, const char* key) {
  std::vector<RawLevel> out;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return out;
  for (const auto& pair : *found) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) continue;
    const auto price = parse_e8_truncated(pair[0].get_ref<const std::string&>());
    const auto size = parse_e8_truncated(pair[1].get_ref<const std::string&>());
    if (price && size) out.push_back({*price, *size});
  }
  return out;
}

struct Line {
  Instant received_at;
  Json json;         ///< the message itself, without its stream's name
  std::string kind;  ///< "e" of the message, or "snapshot"
};

/// Nothing for a line that is of no use here; an empty error for one that is no capture at all.
Result<std::optional<Line>, std::string> parse_line(std::string_view line) {
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), time);
  const auto digits = static_cast<std::size_t>(end - line.data());
  if (error != std::errc{} || (digits != 19 && digits != 16) || digits >= line.size() || *end != ' ')
    return std::unexpected{
        "no line of a Binance capture: a receive time of 16 or 19 digits and JSON are expected"};
  const std::string_view body = line.substr(digits + 1);
  if (body.find("@bookTicker") != body.npos) return std::nullopt;
  Line out;
  out.received_at = {digits == 19 ? time : time * 1'000};
  out.json = Json::parse(body, nullptr, false);
  if (!out.json.is_object()) return std::unexpected{"the JSON is damaged"};
  if (out.json.contains("lastUpdateId")) {
    out.kind = "snapshot";
    return out;
  }
  const auto data = out.json.find("data");
  if (data == out.json.end() || !data->is_object()) return std::nullopt;
  Json inner = std::move(*data);
  out.json = std::move(inner);
  out.kind = text(out.json, "e");
  return out;
}

struct Market {
  Instrument instrument;
  std::vector<std::string> paths;
  std::size_t file = 0;
  std::optional<GzipLines> lines;
  std::optional<Line> line;  ///< the one to come
  std::uint64_t bytes_done = 0;

  LevelBook book;
  bool synced = false;
  bool told = false;  ///< a snapshot of the window went out, and `bids` and `asks` are what it has become
  std::int64_t last_update = 0;
  std::deque<Json> early;  ///< differences before the snapshot
  std::vector<BookLevel> bids, asks;
  std::uint64_t update_id = 0;
  std::uint64_t cross_sequence = 0;
  bool ticker_told = false;
  MinuteKlines klines;

  Instant at() const { return line ? line->received_at : distant_future; }
};

class BinanceImport final : public MarketImport {
 public:
  static Result<std::unique_ptr<MarketImport>, ImportError> open(BinanceOptions options);

  const Stamped* next() override;
  const std::optional<ImportError>& error() const override { return error_; }
  const std::vector<Instrument>& instruments() const override { return instruments_; }
  const ImportStats& stats() const override { return stats_; }
  std::uint64_t bytes_total() const override { return bytes_total_; }
  std::uint64_t bytes_read() const override {
    std::uint64_t sum = 0;
    for (const auto& market : markets_)
      sum += market->bytes_done + (market->lines ? market->lines->bytes_read() : 0);
    return sum;
  }

 private:
  Result<void, ImportError> add_symbol(const std::string& symbol);
  Result<void, ImportError> look_at_grid(const std::vector<std::string>& paths, GridSearch& grid);
  Result<void, ImportError> advance(Market& market);
  const Stamped* tell(Instant at, Instant venue_time, Event what);
  const Stamped* tell_line(Market& market, const Line& line);
  const Stamped* tell_window(Market& market, const Line& line);
  const Stamped* tell_trade(Market& market, const Line& line);
  const Stamped* tell_mark(Market& market, const Line& line);
  void take_snapshot(Market& market, const Json& json);
  void take_difference(Market& market, const Json& json);
  void apply(Market& market, const Json& json, UpdateKind kind, const char* bids, const char* asks);

  BinanceOptions options_;
  std::vector<std::unique_ptr<Market>> markets_;
  std::vector<Instrument> instruments_;
  ImportStats stats_;
  std::uint64_t bytes_total_ = 0;
  std::size_t defined_ = 0;
  Instant last_at_;
  std::vector<BookLevel> bid_levels_, ask_levels_, bid_changes_, ask_changes_;
  Trade print_;
  Stamped out_;
  std::optional<ImportError> error_;
};

// ---- files and grid

Result<std::unique_ptr<MarketImport>, ImportError> BinanceImport::open(BinanceOptions options) {
  auto import = std::make_unique<BinanceImport>();
  import->options_ = std::move(options);
  if (import->options_.symbols.empty())
    return std::unexpected{ImportError{"no symbols: name some, for example BTCUSDT,ETHUSDT"}};
  for (const auto& symbol : import->options_.symbols)
    if (auto added = import->add_symbol(symbol); !added) return std::unexpected{added.error()};
  return import;
}

Result<void, ImportError> BinanceImport::add_symbol(const std::string& symbol) {
  std::string prefix = options_.market + "_" + symbol + "_";
  std::ranges::transform(prefix, prefix.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  auto market = std::make_unique<Market>();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{options_.directory, ignored}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".gz")) market->paths.push_back(entry.path().string());
  }
  std::ranges::sort(market->paths);
  if (market->paths.empty() || !SymbolName::fits(symbol))
    return std::unexpected{
        ImportError{fmt::format("no {}*.gz in {}: check the folder, the market (usdm or spot) and the symbol",
                                prefix, options_.directory)}};
  GridSearch grid;
  if (auto looked = look_at_grid(market->paths, grid); !looked) return looked;
  for (const auto& path : market->paths) bytes_total_ += std::filesystem::file_size(path, ignored);
  constexpr std::int32_t funding_interval_minutes = 480;
  market->instrument = recorded_instrument({static_cast<std::uint16_t>(markets_.size())},
                                           std::string_view{symbol}, grid, funding_interval_minutes);
  instruments_.push_back(market->instrument);
  markets_.push_back(std::move(market));
  return advance(*markets_.back());
}

Result<void, ImportError> BinanceImport::look_at_grid(const std::vector<std::string>& paths,
                                                      GridSearch& grid) {
  for (const auto& path : paths) {
    auto lines = GzipLines::open(path);
    if (!lines) return std::unexpected{ImportError{lines.error()}};
    std::string_view line;
    for (int i = 0; i < grid_sample_rows; ++i) {
      const auto got = lines->next(line);
      if (!got) return std::unexpected{ImportError{got.error()}};
      if (!*got) break;
      const auto parsed = parse_line(line);
      if (!parsed) return std::unexpected{ImportError{lines->here(parsed.error())}};
      if (!*parsed) continue;
      const Json& json = (*parsed)->json;
      for (const char* side : {"b", "a", "bids", "asks"})
        for (const auto& level : raw_levels(json, side)) grid.look(level.price, level.size);
      if ((*parsed)->kind == "trade")
        grid.look(amount(json, "p").value_or(E8{}), amount(json, "q").value_or(E8{}));
    }
  }
  return {};
}

Result<void, ImportError> BinanceImport::advance(Market& market) {
  market.line.reset();
  for (;;) {
    if (!market.lines) {
      if (market.file == market.paths.size()) return {};
      auto opened = GzipLines::open(market.paths[market.file++]);
      if (!opened) return std::unexpected{ImportError{opened.error()}};
      market.lines = std::move(*opened);
    }
    std::string_view line;
    const auto got = market.lines->next(line);
    if (!got) return std::unexpected{ImportError{got.error()}};
    if (!*got) {
      market.bytes_done += market.lines->bytes_read();
      market.lines.reset();
      continue;
    }
    ++stats_.rows;
    auto parsed = parse_line(line);
    if (!parsed) return std::unexpected{ImportError{market.lines->here(parsed.error())}};
    if (!*parsed) continue;
    if ((*parsed)->received_at >= options_.until) {
      market.file = market.paths.size();
      return {};
    }
    market.line = std::move(*parsed);
    return {};
  }
}

// ---- telling

const Stamped* BinanceImport::next() {
  while (!error_) {
    Market* chosen = nullptr;
    bool kline_due = false;
    Instant earliest = distant_future;
    bool lines_left = false;
    for (const auto& market : markets_) {
      lines_left = lines_left || market->line.has_value();
      for (const bool kline : {true, false})
        if (const Instant at = kline ? market->klines.due() : market->at(); at < earliest) {
          chosen = market.get();
          kline_due = kline;
          earliest = at;
        }
    }
    if (chosen == nullptr) return nullptr;
    if (kline_due) {
      if (!lines_left && (options_.until == distant_future || earliest > options_.until)) return nullptr;
      const auto kline = chosen->klines.close(chosen->instrument.id);
      if (kline && earliest > options_.from) return tell(earliest, earliest, *kline);
      continue;
    }
    if (earliest >= options_.from && defined_ < instruments_.size())
      return tell(earliest, earliest, InstrumentDefined{instruments_[defined_++]});
    const Line line = std::move(*chosen->line);
    if (auto advanced = advance(*chosen); !advanced) {
      error_ = advanced.error();
      return nullptr;
    }
    chosen->klines.heard(line.received_at);
    if (const Stamped* told = tell_line(*chosen, line)) return told;
  }
  return nullptr;
}

const Stamped* BinanceImport::tell(Instant at, Instant venue_time, Event what) {
  last_at_ = std::max(last_at_, at);
  out_ = {out_.sequence.next(), last_at_, at, venue_time, std::move(what)};
  ++stats_.events;
  return &out_;
}

const Stamped* BinanceImport::tell_line(Market& market, const Line& line) {
  if (line.kind == "snapshot") {
    take_snapshot(market, line.json);
    return tell_window(market, line);
  }
  if (line.kind == "depthUpdate") {
    take_difference(market, line.json);
    return tell_window(market, line);
  }
  if (line.kind == "trade") return tell_trade(market, line);
  if (line.kind == "markPriceUpdate") return tell_mark(market, line);
  return nullptr;
}

void BinanceImport::apply(Market& market, const Json& json, UpdateKind kind, const char* bids,
                          const char* asks) {
  const auto side = [&](const char* key, Rounding rounding, std::vector<BookLevel>& out) {
    out.clear();
    for (const auto& level : raw_levels(json, key))
      out.push_back({ticks_on_grid(market.instrument, level.price, rounding, stats_.rounded),
                     lots_on_grid(market.instrument, level.size, stats_.rounded)});
  };
  side(bids, Rounding::down, bid_levels_);
  side(asks, Rounding::up, ask_levels_);
  market.book.apply({.kind = kind, .bids = bid_levels_, .asks = ask_levels_});
}

void BinanceImport::take_snapshot(Market& market, const Json& json) {
  apply(market, json, UpdateKind::snapshot, "bids", "asks");
  market.last_update = integer(json, "lastUpdateId");
  market.synced = true;
  market.told = false;
  const auto early = std::exchange(market.early, {});
  for (const auto& difference : early) take_difference(market, difference);
}

void BinanceImport::take_difference(Market& market, const Json& json) {
  const std::int64_t first = integer(json, "U"), last = integer(json, "u"), previous = integer(json, "pu");
  if (!market.synced) {
    if (market.early.size() == early_differences_max) market.early.pop_front();
    market.early.push_back(json);
    return;
  }
  if (last <= market.last_update) return;  // the snapshot holds it
  // The first one behind a snapshot may begin before it; all others must follow exactly.
  const bool follows = first <= market.last_update + 1 || (previous != 0 && previous <= market.last_update);
  if (!follows) {
    ++stats_.book_gaps;
    market.synced = market.told = false;
    market.book.clear();
    market.early.clear();
    return;
  }
  market.last_update = last;
  apply(market, json, UpdateKind::delta, "b", "a");
}

const Stamped* BinanceImport::tell_window(Market& market, const Line& line) {
  if (!market.synced || line.received_at < options_.from) return nullptr;
  const auto best = [](std::span<const BookLevel> side) {
    return side.first(std::min(side.size(), window_levels));
  };
  const auto bids = best(market.book.bids()), asks = best(market.book.asks());
  const auto kind = market.told ? UpdateKind::delta : UpdateKind::snapshot;
  if (market.told) {
    level_changes(market.bids, bids, true, bid_changes_);
    level_changes(market.asks, asks, false, ask_changes_);
    if (bid_changes_.empty() && ask_changes_.empty()) return nullptr;  // only far away
  }
  market.bids.assign(bids.begin(), bids.end());
  market.asks.assign(asks.begin(), asks.end());
  market.told = true;
  const auto sent_at = Instant::from_ms(integer(line.json, "E"));
  const auto matched_at = Instant::from_ms(integer(line.json, "T"));
  return tell(line.received_at, sent_at,
              BookUpdate{.symbol = market.instrument.id,
                         .kind = kind,
                         .update_id = ++market.update_id,
                         .cross_sequence = ++market.cross_sequence,
                         .matched_at = matched_at == Instant{} ? sent_at : matched_at,
                         .bids = kind == UpdateKind::snapshot ? market.bids : bid_changes_,
                         .asks = kind == UpdateKind::snapshot ? market.asks : ask_changes_});
}

const Stamped* BinanceImport::tell_trade(Market& market, const Line& line) {
  const auto price = amount(line.json, "p"), size = amount(line.json, "q");
  const auto origin = text(line.json, "X");
  if (!price || !size || price->count <= 0 || size->count <= 0 || (!origin.empty() && origin != "MARKET"))
    return nullptr;
  const auto maker = line.json.find("m");
  print_ = {
      .matched_at = Instant::from_ms(integer(line.json, "T")),
      .price = ticks_on_grid(market.instrument, *price, Rounding::nearest, stats_.rounded),
      .size = lots_on_grid(market.instrument, *size, stats_.rounded),
      .taker = maker != line.json.end() && maker->is_boolean() && maker->get<bool>() ? Side::sell : Side::buy,
      .cross_sequence = ++market.cross_sequence,
      .id = std::string_view{std::to_string(integer(line.json, "t"))}};
  market.klines.trade(market.instrument, print_);
  if (line.received_at < options_.from) return nullptr;
  return tell(line.received_at, Instant::from_ms(integer(line.json, "E")),
              Trades{market.instrument.id, {&print_, 1}});
}

const Stamped* BinanceImport::tell_mark(Market& market, const Line& line) {
  if (line.received_at < options_.from) return nullptr;
  const auto last = market.klines.last_price();
  const auto kind = std::exchange(market.ticker_told, true) ? UpdateKind::delta : UpdateKind::snapshot;
  return tell(line.received_at, Instant::from_ms(integer(line.json, "E")),
              Ticker{.symbol = market.instrument.id,
                     .kind = kind,
                     .cross_sequence = ++market.cross_sequence,
                     .last_price = last ? std::optional{market.instrument.price(*last)} : std::nullopt,
                     .mark_price = amount(line.json, "p"),
                     .index_price = amount(line.json, "i"),
                     .funding_rate = amount(line.json, "r"),
                     .next_funding = Instant::from_ms(integer(line.json, "T")),
                     .funding_interval_hours = 8});
}

}  // namespace

Result<std::unique_ptr<MarketImport>, ImportError> import_binance(BinanceOptions options) {
  return BinanceImport::open(std::move(options));
}

}  // namespace mlbot::io::archive
