#include "io/bybit/rest_client.h"

#include <algorithm>

namespace mlbot::io::bybit {

Result<std::unique_ptr<BybitRestClient>, net::NetError> BybitRestClient::create(net::EventLoop& loop,
                                                                                std::string_view origin,
                                                                                RestSettings settings,
                                                                                RestClientHandlers handlers) {
  const auto parsed = net::parse_url(origin);
  if (!parsed) return std::unexpected{parsed.error()};
  return std::unique_ptr<BybitRestClient>{
      new BybitRestClient{loop, *parsed, std::move(settings), std::move(handlers)}};
}

BybitRestClient::BybitRestClient(net::EventLoop& loop, net::Url origin, RestSettings settings,
                                 RestClientHandlers handlers)
    : loop_{loop},
      clock_{handlers.clock.value_or(clock::PacedClock{{}, {}, 1})},  // without: the wall itself
      alive_{std::make_shared<BybitRestClient*>(this)},
      link_{loop, std::move(origin), RequestQueue::parallel_max},
      session_{std::move(settings),
               {.on_event = std::move(handlers.on_event),
                .on_undecoded = std::move(handlers.on_undecoded),
                .send =
                    [this](std::uint64_t number, net::HttpRequest request, Duration timeout) {
                      const std::weak_ptr<BybitRestClient*> weak = alive_;
                      link_.request(std::move(request), timeout,
                                    [weak, number](Result<net::HttpAnswer, net::NetError> answer) {
                                      const auto alive = weak.lock();
                                      if (!alive) return;
                                      BybitRestClient& client = **alive;
                                      client.session_.answered(number, std::move(answer), client.now());
                                      client.arm();
                                    });
                    },
                .our_time = [this] { return now(); }}} {}

BybitRestClient::~BybitRestClient() {
  alive_.reset();
  loop_.cancel(timer_);
}

void BybitRestClient::start() {
  session_.start(now());
  arm();
}

bool BybitRestClient::carry_out(const Command& command) {
  const bool ours = session_.carry_out(command, now());
  arm();
  return ours;
}
void BybitRestClient::start_up(std::vector<std::string> symbols, RestCallback<std::vector<Instrument>> done) {
  session_.start_up(std::move(symbols), now(), std::move(done));
  arm();
}
void BybitRestClient::load_klines(SymbolId symbol, Instant from, Instant until,
                                  RestCallback<std::size_t> done) {
  session_.load_klines(symbol, from, until, now(), std::move(done));
  arm();
}
void BybitRestClient::set_leverage(SymbolId symbol, E8 leverage, RestCallback<void> done) {
  session_.set_leverage(symbol, leverage, now(), std::move(done));
  arm();
}

void BybitRestClient::arm() {
  const Instant at = now();
  const Instant next = session_.next_timer(at);
  loop_.cancel(timer_);
  timer_ = 0;
  if (next == distant_future) return;
  timer_ = loop_.call_after(std::max(clock_.wall_time(next - at), Duration{1ms}), [this] {
    timer_ = 0;
    session_.on_timer(now());
    arm();
  });
}

}  // namespace mlbot::io::bybit
