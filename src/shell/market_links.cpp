#include "shell/market_links.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/bybit/endpoints.h"
#include "io/clock/clock.h"
#include "shell/await.h"

namespace mlbot::shell {

std::vector<std::string> market_topics(const std::vector<Instrument>& instruments, std::int64_t book_depth) {
  std::vector<std::string> out;
  for (const auto& instrument : instruments) {
    out.push_back(fmt::format("orderbook.{}.{}", book_depth, instrument.name.view()));
    for (const std::string_view kind : {"publicTrade", "tickers", "kline.1", "allLiquidation"})
      out.push_back(fmt::format("{}.{}", kind, instrument.name.view()));
  }
  return out;
}

Result<std::unique_ptr<MarketLinks>, StartError> MarketLinks::open(const Console& console,
                                                                   const SystemConfig& settings,
                                                                   io::journal::JournalWriter& journal,
                                                                   const std::function<bool()>& give_up) {
  std::unique_ptr<MarketLinks> links{new MarketLinks{console, settings, journal}};
  if (auto connected = links->connect(give_up); !connected) return std::unexpected{connected.error()};
  return links;
}

Result<void, StartError> MarketLinks::connect(const std::function<bool()>& give_up) {
  const auto endpoints = io::bybit::endpoints_of(settings_.venue);
  if (!endpoints)
    return std::unexpected{
        StartError{ExitCode::configuration,
                   fmt::format("a service needs a venue that is elsewhere: exchange.venue is \"{}\", use {}",
                               settings_.venue, io::bybit::environments_help)}};
  const io::clock::PacedClock clock{io::clock::now(), io::clock::now(), 1};
  source_ = std::make_unique<LiveSource>(loop_, clock, journal_);
  auto client = io::bybit::BybitRestClient::create(
      loop_, endpoints->rest, {.receive_window = std::chrono::milliseconds{settings_.recv_window_ms}},
      // Asked for contracts and candles; all else comes by the stream.
      {.on_event =
           [this](const Event& event, Instant at) {
             if (std::holds_alternative<Kline>(event)) source_->push(event, at);
           },
       .on_undecoded = [this](auto bytes, const auto& error) { keep_frame(bytes, error); },
       .clock = clock});
  if (!client) return std::unexpected{StartError{ExitCode::network, client.error().what}};
  rest_ = std::move(*client);
  rest_->start();
  candle_refill_.emplace(
      candles_seeded, [this](const Event& event, Instant at) { source_->push(event, at); },
      candles_by_rest(*rest_, clock, console_));
  if (auto asked = ask_for_instruments(give_up); !asked) return asked;
  auto stream = io::bybit::BybitWebSocketClient::create(
      loop_, endpoints->public_stream,
      {.link = Link::market,
       .topics = market_topics(instruments_, settings_.book_depth),
       .connect_timeout = std::chrono::milliseconds{settings_.connect_timeout_ms},
       .read_timeout = std::chrono::milliseconds{settings_.read_timeout_ms},
       .heartbeat = true,
       .heartbeat_limit = book_heartbeat_limit,
       .topics_per_connection = static_cast<std::size_t>(settings_.topics_per_connection)},
      rest_->table(),
      {.on_event = [this](const Event& event,
                          Instant at) { candle_refill_->hear(io::clock::now(), event, at, instruments_); },
       .on_undecoded = [this](auto bytes, const auto& error) { keep_frame(bytes, error); },
       .on_fatal =
           [this](const std::string& what) {
             fatal_ = what;
             source_->stop();
           },
       .on_frame =
           [this](std::string_view bytes) {
             if (settings_.journal_raw_frames) source_->frame(Link::market, bytes);
           }},
      [this] { return rest_->venue_time(); });
  if (!stream) return std::unexpected{StartError{ExitCode::network, stream.error().what}};
  stream_ = std::move(*stream);
  return {};
}

Result<void, StartError> MarketLinks::ask_for_instruments(const std::function<bool()>& give_up) {
  std::vector<std::string> names{"BTCUSDT", "ETHUSDT"};  // leaders of all others
  for (const auto& wanted : settings_.symbols)
    if (std::find(names.begin(), names.end(), wanted) == names.end()) names.push_back(wanted);
  for (bool said = false; instruments_.empty();) {
    bool done = false;
    std::string why = "no answer";
    rest_->start_up(names, [&](Result<std::vector<Instrument>, io::bybit::RestError> result) {
      done = true;
      if (result)
        instruments_ = std::move(*result);
      else
        why = result.error().what;
    });
    while (!done) {
      if (give_up()) return std::unexpected{StartError{ExitCode::interrupted, "stopped while starting"}};
      loop_.run_one(20ms);
    }
    if (!instruments_.empty()) break;
    if (!std::exchange(said, true)) console_.note("waiting for the venue: " + why);
    const auto again = io::clock::now() + 200ms;
    while (io::clock::now() < again && !give_up()) loop_.run_one(20ms);
  }
  return {};
}

void MarketLinks::start() { stream_->start(); }

void MarketLinks::keep_frame(std::string_view bytes, const venue::bybit::DecodeError& error) {
  if (const auto kept = journal_.append_venue_frame(io::clock::now(), Link::market, bytes); !kept) {
    fatal_ = kept.error().what;
    source_->stop();
  }
  console_.note(fmt::format("a message that no decoder understands is kept in the journal: {}: {}",
                            error.where, error.what));
}

}  // namespace mlbot::shell
