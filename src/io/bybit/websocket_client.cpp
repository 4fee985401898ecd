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
  return std::unique_ptr<BybitWebSocketClient>{
      new BybitWebSocketClient{loop, *parsed, settings, table, std::move(handlers), std::move(venue_time)}};
}

BybitWebSocketClient::BybitWebSocketClient(net::EventLoop& loop, net::Url url, const StreamSettings& settings,
                                           const venue::bybit::InstrumentTable& table,
                                           StreamHandlers handlers, std::function<Instant()> venue_time)
    : loop_{loop},
      url_{std::move(url)},
      group_{settings,
             table,
             std::move(handlers),
             {.open = [this](std::size_t part) { links_[part]->open(url_); },
              .send = [this](std::size_t part, std::string text) { links_[part]->send(std::move(text)); },
              .close = [this](std::size_t part) { links_[part]->close(); }},
             std::move(venue_time)} {
  for (std::size_t part = 0; part < group_.size(); ++part) {
    links_.push_back(std::make_unique<net::WebSocketLink>(
        loop,
        net::WebSocketOptions{.connect_timeout = settings.connect_timeout,
                              .read_timeout = settings.read_timeout},
        net::WebSocketHandlers{.on_open =
                                   [this, part] {
                                     group_.opened(part, clock::now());
                                     arm(group_.next_timer());
                                   },
                               .on_text =
                                   [this, part](std::string_view text) {
                                     group_.received(part, {text}, clock::now());
                                     arm(group_.next_timer(part));
                                   },
                               .on_down =
                                   [this, part](const net::NetError& error) {
                                     group_.lost(part, error.what, clock::now());
                                     arm(group_.next_timer(part));
                                   }}));
  }
}

BybitWebSocketClient::~BybitWebSocketClient() {
  links_.clear();  // before the group that they call
  loop_.cancel(timer_);
}

void BybitWebSocketClient::start() {
  group_.start(clock::now());
  arm(group_.next_timer());
}

void BybitWebSocketClient::resubscribe_book(std::string_view symbol) {
  group_.resubscribe_book(symbol, clock::now());
  arm(group_.next_timer());
}

/// A timer that is already set for an earlier instant stays: messages only push instants away, and a timer
/// that comes too early asks again.
void BybitWebSocketClient::arm(Instant next) {
  if (next == distant_future || (armed_for_ <= next && timer_ != 0)) return;
  if (timer_ != 0) loop_.cancel(timer_);
  armed_for_ = next;
  timer_ = loop_.call_after(std::max(next - clock::now(), Duration{}), [this] {
    timer_ = 0;
    armed_for_ = distant_future;
    group_.on_timer(clock::now());
    arm(group_.next_timer());
  });
}

}  // namespace mlbot::io::bybit
