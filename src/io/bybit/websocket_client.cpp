#include "io/bybit/websocket_client.h"

#include <algorithm>

#include "io/clock/clock.h"

namespace mlbot::io::bybit {

Result<std::unique_ptr<BybitWebSocketClient>, net::NetError> BybitWebSocketClient::create(
    net::EventLoop& loop, std::string_view url, StreamSettings settings,
    const venue::bybit::InstrumentTable& table, StreamHandlers handlers,
    std::function<Instant()> venue_time) {
  const auto parsed = net::parse_url(url);
  if (!parsed) return std::unexpected{parsed.error()};
  return std::unique_ptr<BybitWebSocketClient>{new BybitWebSocketClient{
      loop, *parsed, std::move(settings), table, std::move(handlers), std::move(venue_time)}};
}

BybitWebSocketClient::BybitWebSocketClient(net::EventLoop& loop, net::Url url, StreamSettings settings,
                                           const venue::bybit::InstrumentTable& table,
                                           StreamHandlers handlers, std::function<Instant()> venue_time)
    : loop_{loop},
      url_{std::move(url)},
      link_{loop,
            {.connect_timeout = settings.connect_timeout, .read_timeout = settings.read_timeout},
            {.on_open =
                 [this] {
                   session_.opened(clock::now());
                   arm();
                 },
             .on_text =
                 [this](std::string_view text) {
                   session_.received({text}, clock::now());
                   arm();
                 },
             .on_down =
                 [this](const net::NetError& error) {
                   session_.lost(error.what, clock::now());
                   arm();
                 }}},
      session_{std::move(settings),
               table,
               std::move(handlers),
               {.open = [this] { link_.open(url_); },
                .send = [this](std::string text) { link_.send(std::move(text)); },
                .close = [this] { link_.close(); }},
               std::move(venue_time)} {}

BybitWebSocketClient::~BybitWebSocketClient() { loop_.cancel(timer_); }

void BybitWebSocketClient::start() {
  session_.start(clock::now());
  arm();
}

void BybitWebSocketClient::resubscribe_book(std::string_view symbol) {
  session_.resubscribe_book(symbol, clock::now());
  arm();
}

/// A timer that is already set for an earlier instant stays: messages only push instants away, and a timer
/// that comes too early asks again.
void BybitWebSocketClient::arm() {
  const Instant next = session_.next_timer();
  if (next == distant_future || (armed_for_ <= next && timer_ != 0)) return;
  if (timer_ != 0) loop_.cancel(timer_);
  armed_for_ = next;
  timer_ = loop_.call_after(std::max(next - clock::now(), Duration{}), [this] {
    timer_ = 0;
    armed_for_ = distant_future;
    session_.on_timer(clock::now());
    arm();
  });
}

}  // namespace mlbot::io::bybit
