#include "io/archive/import_bybit.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "io/archive/gzip_lines.h"
#include "io/archive/price_grid.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::io::archive {
namespace {

namespace bybit = venue::bybit;

constexpr int grid_sample_rows = 5'000;
constexpr std::int32_t funding_interval_minutes = 480;

/// The files of one symbol, read as one row of frames.
struct Capture {
  std::vector<std::string> paths;
  std::size_t file = 0;
  std::optional<GzipLines> lines;
  std::uint64_t bytes_done = 0;
  bybit::DecodeScratch scratch;
  std::optional<bybit::MarketNews> news;  ///< the one to come; its lists live in the scratch
  bool synced = false;
  std::uint64_t update_id = 0;

  Instant at() const { return news ? news->venue_time : distant_future; }
};

class BybitImport final : public MarketImport {
 public:
  static Result<std::unique_ptr<MarketImport>, ImportError> open(const BybitOptions& options);

  const Stamped* next() override;
  const std::optional<ImportError>& error() const override { return error_; }
  const std::vector<Instrument>& instruments() const override { return instruments_; }
  const ImportStats& stats() const override { return stats_; }
  std::uint64_t bytes_total() const override { return bytes_total_; }
  std::uint64_t bytes_read() const override {
    std::uint64_t sum = 0;
    for (const auto& capture : captures_)
      sum += capture->bytes_done + (capture->lines ? capture->lines->bytes_read() : 0);
    return sum;
  }

 private:
  Result<void, ImportError> add_symbol(const std::string& directory, const std::string& symbol);
  /// Sets `news` to the next frame that is told; to nothing at the end and after an error.
  void advance(Capture& capture);
  bool follows(Capture& capture, const BookUpdate& update);
  const Stamped* tell(Instant at, Instant venue_time, const Event& what);

  std::vector<std::unique_ptr<Capture>> captures_;
  std::vector<Instrument> instruments_;
  bybit::InstrumentTable table_;
  ImportStats stats_;
  std::uint64_t bytes_total_ = 0;
  std::size_t defined_ = 0;
  Capture* given_ = nullptr;  ///< whose frame was told last: its lists are in use until the next call
  Stamped out_;
  std::optional<ImportError> error_;
};

Result<std::unique_ptr<MarketImport>, ImportError> BybitImport::open(const BybitOptions& options) {
  auto import = std::make_unique<BybitImport>();
  if (options.symbols.empty())
    return std::unexpected{ImportError{"no symbols: name some, for example XRPUSDT"}};
  for (const auto& symbol : options.symbols)
    if (auto added = import->add_symbol(options.directory, symbol); !added)
      return std::unexpected{added.error()};
  import->table_ = bybit::InstrumentTable{import->instruments_};
  for (const auto& capture : import->captures_) import->advance(*capture);
  return import;
}

Result<void, ImportError> BybitImport::add_symbol(const std::string& directory, const std::string& symbol) {
  const std::string prefix = "linear_" + symbol + "_";
  auto capture = std::make_unique<Capture>();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".jsonl.gz"))
      capture->paths.push_back(entry.path().string());
  }
  std::ranges::sort(capture->paths);
  if (capture->paths.empty() || !SymbolName::fits(symbol))
    return std::unexpected{ImportError{
        fmt::format("no {}*.jsonl.gz in {}: check the folder and the symbol", prefix, directory)}};
  GridSearch grid;
  for (const auto& path : capture->paths) {
    bytes_total_ += std::filesystem::file_size(path, ignored);
    auto lines = GzipLines::open(path);
    if (!lines) return std::unexpected{ImportError{lines.error()}};
    std::string_view line;
    for (int i = 0; i < grid_sample_rows; ++i) {
      const auto got = lines->next(line);
      if (!got) return std::unexpected{ImportError{got.error()}};
      if (!*got) break;
      look_at_book_frame(line, grid);
    }
  }
  instruments_.push_back(recorded_instrument({static_cast<std::uint16_t>(captures_.size())},
                                             std::string_view{symbol}, grid, funding_interval_minutes));
  captures_.push_back(std::move(capture));
  return {};
}

void BybitImport::advance(Capture& capture) {
  capture.news.reset();
  while (!error_) {
    if (!capture.lines) {
      if (capture.file == capture.paths.size()) return;
      auto opened = GzipLines::open(capture.paths[capture.file++]);
      if (!opened) {
        error_ = ImportError{opened.error()};
        return;
      }
      capture.lines = std::move(*opened);
    }
    std::string_view line;
    const auto got = capture.lines->next(line);
    if (!got) {
      error_ = ImportError{got.error()};
      return;
    }
    if (!*got) {
      capture.bytes_done += capture.lines->bytes_read();
      capture.lines.reset();
      continue;
    }
    ++stats_.rows;
    auto message = bybit::decode_public(line, table_, capture.scratch);
    if (!message) {
      const auto& wrong = message.error();
      error_ = ImportError{capture.lines->here(fmt::format("{}: {}", wrong.where, wrong.what))};
      return;
    }
    auto* news = std::get_if<bybit::MarketNews>(&*message);
    if (news == nullptr) continue;  // what the venue answered to a subscription
    const auto* update = std::get_if<BookUpdate>(&news->event);
    if (update != nullptr && !follows(capture, *update)) continue;
    capture.news = std::move(*news);
    return;
  }
}

bool BybitImport::follows(Capture& capture, const BookUpdate& update) {
  const bool snapshot = update.kind == UpdateKind::snapshot;
  const bool next = capture.synced && update.update_id == capture.update_id + 1;
  if (capture.synced && !snapshot && !next) ++stats_.book_gaps;
  capture.synced = snapshot || next;
  capture.update_id = update.update_id;
  return capture.synced;
}

const Stamped* BybitImport::next() {
  if (given_ != nullptr) advance(*std::exchange(given_, nullptr));
  if (error_) return nullptr;
  const auto earliest = std::ranges::min_element(captures_, {}, &Capture::at);
  if (!(*earliest)->news) return nullptr;
  const auto& news = *(*earliest)->news;
  if (defined_ < instruments_.size())
    return tell(news.venue_time, news.venue_time, InstrumentDefined{instruments_[defined_++]});
  given_ = earliest->get();
  return tell(news.venue_time, news.venue_time, news.event);
}

const Stamped* BybitImport::tell(Instant at, Instant venue_time, const Event& what) {
  out_ = {out_.sequence.next(), std::max(out_.at, at), at, venue_time, what};
  ++stats_.events;
  return &out_;
}

}  // namespace

void look_at_book_frame(std::string_view line, GridSearch& grid) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("data") || !json["data"].is_object()) return;
  for (const char* side : {"b", "a"}) {
    const auto levels = json["data"].find(side);
    if (levels == json["data"].end() || !levels->is_array()) continue;
    for (const auto& level : *levels) {
      if (!level.is_array() || level.size() != 2 || !level[0].is_string() || !level[1].is_string()) continue;
      const auto price = parse_e8(level[0].get_ref<const std::string&>());
      const auto size = parse_e8(level[1].get_ref<const std::string&>());
      if (price && size) grid.look(*price, *size);
    }
  }
}

Result<std::unique_ptr<MarketImport>, ImportError> import_bybit(const BybitOptions& options) {
  return BybitImport::open(options);
}

}  // namespace mlbot::io::archive
