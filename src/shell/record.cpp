// `mlbot record`: everything that the venue says in public and keeps nowhere, of all its contracts, into a
// journal of its own: liquidations, ADL alerts, insurance pools, price limits, and the tickers with open
// interest and funding. No key, no orders, no core.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "io/bybit/endpoints.h"
#include "io/bybit/rest_client.h"
#include "io/bybit/websocket_client.h"
#include "io/clock/clock.h"
#include "shell/await.h"
#include "shell/commands.h"
#include "shell/journal_options.h"
#include "shell/live_source.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {
namespace {

constexpr Duration status_period = 10s;
constexpr std::array<std::string_view, 8> topic_words{"tickers",   "liquidations", "price-limits", "adl",
                                                      "insurance", "trades",       "books",        "klines"};
constexpr std::size_t always = 5;  ///< of topic_words: without --topics

/// What one symbol's share of a kind of news is called in a subscription; empty for news of a whole coin.
std::string topic_of(std::string_view word, std::string_view symbol, std::int64_t book_depth) {
  if (word == "tickers") return fmt::format("tickers.{}", symbol);
  if (word == "liquidations") return fmt::format("allLiquidation.{}", symbol);
  if (word == "price-limits") return fmt::format("priceLimit.{}", symbol);
  if (word == "trades") return fmt::format("publicTrade.{}", symbol);
  if (word == "books") return fmt::format("orderbook.{}.{}", book_depth, symbol);
  if (word == "klines") return fmt::format("kline.1.{}", symbol);
  return {};
}

/// How much of each kind has come.
struct Counts {
  std::array<std::uint64_t, std::variant_size_v<Event>> events{};
  std::uint64_t frames = 0;
  std::vector<bool> symbols;  ///< that anything was heard of

  void take(const Event& event) {
    ++events[event.index()];
    if (const auto symbol = market_symbol(event); symbol && symbol->index < symbols.size())
      symbols[symbol->index] = true;
  }
  template <class T>
  std::uint64_t of() const {
    return events[Event{T{}}.index()];
  }
  std::uint64_t heard() const { return static_cast<std::uint64_t>(std::ranges::count(symbols, true)); }
};

class Recording {
 public:
  Recording(const Console& console, const RecordOptions& options, const io::journal::JournalOptions& kept)
      : console_{console}, options_{options}, kept_{kept} {}

  ExitCode run() {
    const auto endpoints = io::bybit::endpoints_of(options_.venue);
    if (!endpoints)
      return console_.fail(ExitCode::usage,
                           fmt::format("--venue {}: write {}", options_.venue, io::bybit::environments_help));
    for (const auto& topic : options_.topics)
      if (std::ranges::find(topic_words, topic) == topic_words.end())
        return console_.fail(ExitCode::usage,
                             fmt::format("--topics {}: write {}", topic, record_topics_help));
    auto journal = io::journal::JournalWriter::open(options_.target + "/journal", kept_);
    if (!journal)
      return console_.fail(
          journal.error().fault == io::journal::JournalFault::locked ? ExitCode::refused : ExitCode::data,
          journal.error().what);
    journal_ = std::move(*journal);
    for (const auto& finding : journal_->recovery().findings) console_.note("journal: " + finding);
    source_ = std::make_unique<LiveSource>(loop_, io::clock::PacedClock{{}, {}, 1}, *journal_);
    if (const auto failed = find_contracts(endpoints->rest)) return *failed;
    if (const auto failed = open_streams(endpoints->public_stream)) return *failed;
    return record();
  }

 private:
  std::optional<ExitCode> find_contracts(const std::string& origin) {
    auto client = io::bybit::BybitRestClient::create(
        loop_, origin, {},
        {.on_event = [](const Event&, Instant) {},
         .on_undecoded = [](auto, const auto&) {},
         .clock = {},
         .on_answer =
             [this](std::string_view path, std::string_view bytes) {
               source_->frame(Link::orders, fmt::format("{}\n{}", path, bytes));
             }});
    if (!client) return console_.fail(ExitCode::network, client.error().what);
    rest_ = std::move(*client);
    rest_->start();
    bool done = false;
    std::string trouble;
    rest_->ask_all<venue::bybit::InstrumentPage>(
        venue::bybit::ask_instruments(),
        [&](Result<venue::bybit::InstrumentPage, io::bybit::RestError> page) {
          done = true;
          if (!page) trouble = page.error().what;
          if (page) instruments_ = std::move(page->list);
          if (page && !page->refused.empty())
            console_.note(
                fmt::format("{} contracts have numbers that we cannot hold and are left out, "
                            "the first is {}",
                            page->refused.size(), page->refused.front().where));
        });
    if (!await(loop_, done))
      return console_.fail(ExitCode::network, fmt::format("{} did not answer within 20 s", origin));
    if (!trouble.empty()) return console_.fail(ExitCode::network, trouble);
    if (std::ranges::find(options_.symbols, "all") == options_.symbols.end()) {
      for (const auto& wanted : options_.symbols)
        if (std::ranges::none_of(instruments_, [&](const Instrument& i) { return i.name.view() == wanted; }))
          return console_.fail(ExitCode::usage, fmt::format("{} does not trade {}", options_.venue, wanted));
      std::erase_if(instruments_, [&](const Instrument& instrument) {
        return std::ranges::find(options_.symbols, instrument.name.str()) == options_.symbols.end();
      });
    }
    if (instruments_.empty()) return console_.fail(ExitCode::network, options_.venue + " trades nothing");
    std::ranges::sort(instruments_, {}, [](const Instrument& instrument) { return instrument.name.str(); });
    for (std::size_t i = 0; i < instruments_.size(); ++i)
      instruments_[i].id = {static_cast<std::uint16_t>(i)};
    counts_.symbols.resize(instruments_.size());
    rest_->use(instruments_);
    return {};
  }

  std::optional<ExitCode> open_streams(const std::string& url) {
    std::vector<std::string> words = options_.topics;
    if (words.empty()) words.assign(topic_words.begin(), topic_words.begin() + always);
    std::vector<std::string> topics;
    for (const auto& instrument : instruments_)
      for (const auto& word : words)
        if (auto topic = topic_of(word, instrument.name.view(), options_.book_depth); !topic.empty())
          topics.push_back(std::move(topic));
    // Last, because a connection's heartbeat is of its first topic's symbol.
    if (std::ranges::find(words, "adl") != words.end()) topics.emplace_back("adlAlert.USDT");
    if (std::ranges::find(words, "insurance") != words.end()) topics.emplace_back("insurance.USDT");
    auto stream = io::bybit::BybitWebSocketClient::create(
        loop_, url,
        {.link = Link::market,
         .topics = topics,
         .heartbeat = true,
         .topics_per_connection = static_cast<std::size_t>(options_.topics_per_connection)},
        rest_->table(),
        {.on_event =
             [this](const Event& event, Instant venue_time) {
               counts_.take(event);
               source_->push(event, venue_time);
             },
         .on_undecoded =
             [this](std::string_view, const venue::bybit::DecodeError& error) {
               if (undecoded_++ == 0)
                 console_.note(fmt::format("a frame that no decoder understands is kept as it came: {}: {}",
                                           error.where, error.what));
             },
         .on_fatal = [this](const std::string& what) { fatal_ = what; },
         .on_frame =
             [this](std::string_view bytes) {
               ++counts_.frames;
               source_->frame(Link::market, bytes);
             }},
        [this] { return rest_->venue_time(); });
    if (!stream) return console_.fail(ExitCode::network, stream.error().what);
    stream_ = std::move(*stream);
    console_.note(fmt::format("{} contracts, {} topics over {} connections, into {}", instruments_.size(),
                              topics.size(), stream_->connections(), options_.target));
    return {};
  }

  ExitCode record() {
    for (const auto& instrument : instruments_) source_->push(InstrumentDefined{instrument}, {});
    const StopSignals signals;
    const Instant began = io::clock::now();
    const Instant end = options_.stop_after_seconds > 0
                            ? began + Duration{static_cast<std::int64_t>(options_.stop_after_seconds * 1e9)}
                            : distant_future;
    shown_at_ = began;
    source_->on_idle = [&] {
      const Instant now = io::clock::now();
      if (now - shown_at_ >= status_period) show(now);
      if (signals.asked() || now >= end || !fatal_.empty()) source_->stop();
    };
    stream_->start();
    while (source_->next(distant_future) != nullptr) {
    }
    if (source_->error().empty())
      if (const auto synced = journal_->sync(); !synced)
        return console_.fail(ExitCode::data, synced.error().what);
    report(io::clock::now() - began);
    if (!source_->error().empty()) return console_.fail(ExitCode::data, source_->error());
    if (!fatal_.empty()) return console_.fail(ExitCode::network, fatal_);
    return ExitCode::done;
  }

  void show(Instant now) {
    const auto& counters = stream_->counters();
    const double seconds = to_seconds(now - shown_at_);
    shown_at_ = now;
    console_.note(fmt::format(
        "{} frames ({:.0f}/s), {} of {} contracts heard, {} tickers, {} liquidations, {} price limits, {} "
        "adl, {} "
        "insurance, {} trades, {} books; {:.1f} MB, {} reconnects",
        grouped(static_cast<std::int64_t>(counts_.frames)),
        static_cast<double>(counts_.frames - shown_frames_) / seconds, counts_.heard(), instruments_.size(),
        counts_.of<Ticker>(), counts_.of<Liquidations>(), counts_.of<PriceLimit>(), counts_.of<AdlAlerts>(),
        counts_.of<InsurancePools>(), counts_.of<Trades>(), counts_.of<BookUpdate>(),
        static_cast<double>(journal_->stats().bytes) * 1e-6, counters.reconnects));
    shown_frames_ = counts_.frames;
  }

  static double to_seconds(Duration d) { return std::max(static_cast<double>(d.count()) * 1e-9, 1e-3); }

  void report(Duration lasted) {
    const auto counters = stream_->counters();
    const Json json{{"schema_version", 1},
                    {"directory", options_.target},
                    {"contracts", instruments_.size()},
                    {"contracts_heard", counts_.heard()},
                    {"connections", stream_->connections()},
                    {"seconds", to_seconds(lasted)},
                    {"frames", counts_.frames},
                    {"tickers", counts_.of<Ticker>()},
                    {"liquidations", counts_.of<Liquidations>()},
                    {"price_limits", counts_.of<PriceLimit>()},
                    {"adl_alerts", counts_.of<AdlAlerts>()},
                    {"insurance_pools", counts_.of<InsurancePools>()},
                    {"trades", counts_.of<Trades>()},
                    {"books", counts_.of<BookUpdate>()},
                    {"klines", counts_.of<Kline>()},
                    {"undecoded", undecoded_},
                    {"reconnects", counters.reconnects},
                    {"journal_bytes", journal_->stats().bytes},
                    {"last_sequence", journal_->last_sequence().number}};
    if (console_.json()) return console_.print_json(json);
    console_.print(
        fmt::format("{} frames of {} contracts in {:.0f} s: {} tickers, {} liquidations, {} price "
                    "limits, {} ADL alerts, {} insurance pools, {} trades, {} books; {} events in {}",
                    grouped(static_cast<std::int64_t>(counts_.frames)), counts_.heard(), to_seconds(lasted),
                    counts_.of<Ticker>(), counts_.of<Liquidations>(), counts_.of<PriceLimit>(),
                    counts_.of<AdlAlerts>(), counts_.of<InsurancePools>(), counts_.of<Trades>(),
                    counts_.of<BookUpdate>(), journal_->last_sequence().number, options_.target));
  }

  const Console& console_;
  const RecordOptions& options_;
  io::journal::JournalOptions kept_;
  io::net::EventLoop loop_;
  std::unique_ptr<io::journal::JournalWriter> journal_;
  std::unique_ptr<LiveSource> source_;
  std::vector<Instrument> instruments_;
  std::unique_ptr<io::bybit::BybitRestClient> rest_;
  std::unique_ptr<io::bybit::BybitWebSocketClient> stream_;
  Counts counts_;
  std::uint64_t undecoded_ = 0, shown_frames_ = 0;
  std::string fatal_;
  Instant shown_at_;
};

}  // namespace

ExitCode record(const Console& console, const DynamicSystemConfig& config, const RecordOptions& options) {
  return Recording{console, options, journal_options(config.current())}.run();
}

}  // namespace mlbot::shell
