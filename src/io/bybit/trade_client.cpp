#include "io/bybit/trade_client.h"

#include <algorithm>

#include "io/clock/clock.h"

namespace mlbot::io::bybit {

Result<std::unique_ptr<TradeClient>, net::NetError> TradeClient::create(net::EventLoop& loop,
                                                                        std::string_view url,
                                                                        const TradeSettings& settings,
                                                                        TradeHandlers handlers,
                                                                        std::function<Instant()> venue_time) {
  const auto parsed = net::parse_url(url);
  if (!parsed) return std::unexpected{parsed.error()};
  return std::unique_ptr<TradeClient>{
      new TradeClient{loop, *parsed, settings, std::move(handlers), std::move(venue_time)}};
}

TradeClient::TradeClient(net::EventLoop& loop, net::Url url, const TradeSettings& settings,
                         TradeHandlers handlers, std::function<Instant()> venue_time)
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
                   session_.received(text, clock::now());
                   arm();
                 },
             .on_down =
                 [this](const net::NetError& error) {
                   session_.lost(error.what, clock::now());
                   arm();
                 }}},
      session_{settings,
               std::move(handlers),
               {.open = [this] { link_.open(url_); },
                .send = [this](std::string text) { link_.send(std::move(text)); },
                .close = [this] { link_.close(); }},
               std::move(venue_time)} {}

TradeClient::~TradeClient() { loop_.cancel(timer_); }

void TradeClient::start() {
  session_.start(clock::now());
  arm();
}

void TradeClient::send(std::uint64_t number, std::string_view op, std::string_view body) {
  session_.send(number, op, body, clock::now());
  arm();
}

void TradeClient::arm() {
  loop_.cancel(timer_);
  timer_ = 0;
  const Instant next = session_.next_timer();
  if (next == distant_future) return;
  timer_ = loop_.call_after(std::max(next - clock::now(), Duration{1ms}), [this] {
    timer_ = 0;
    session_.on_timer(clock::now());
    arm();
  });
}

}  // namespace mlbot::io::bybit
