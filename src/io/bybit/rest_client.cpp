#include "io/bybit/rest_client.h"

#include <algorithm>

#include "io/clock/clock.h"

namespace mlbot::io::bybit {

Result<std::unique_ptr<BybitRestClient>, net::NetError> BybitRestClient::create(net::EventLoop& loop,
                                                                                std::string_view origin,
                                                                                RestSettings settings,
                                                                                RestClientHandlers handlers) {
  const auto parsed = net::parse_url(origin);
  if (!parsed) return std::unexpected{parsed.error()};
  if (!handlers.our_time) handlers.our_time = clock::now;
  return std::unique_ptr<BybitRestClient>{
      new BybitRestClient{loop, *parsed, std::move(settings), std::move(handlers)}};
}

BybitRestClient::BybitRestClient(net::EventLoop& loop, net::Url origin, RestSettings settings,
                                 RestClientHandlers handlers)
    : loop_{loop},
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
                                      client.session_.answered(number, std::move(answer), clock::now());
                                      client.arm();
                                    });
                    },
                .our_time = std::move(handlers.our_time)}} {}

BybitRestClient::~BybitRestClient() {
  alive_.reset();
  loop_.cancel(timer_);
}

void BybitRestClient::start() {
  session_.start(clock::now());
  arm();
}

bool BybitRestClient::carry_out(const Command& command) {
  const bool ours = session_.carry_out(command, clock::now());
  arm();
  return ours;
}
void BybitRestClient::start_up(std::vector<std::string> symbols, RestCallback<std::vector<Instrument>> done) {
  session_.start_up(std::move(symbols), clock::now(), std::move(done));
  arm();
}
void BybitRestClient::load_klines(SymbolId symbol, Instant from, Instant until,
                                  RestCallback<std::size_t> done) {
  session_.load_klines(symbol, from, until, clock::now(), std::move(done));
  arm();
}
void BybitRestClient::set_leverage(SymbolId symbol, E8 leverage, RestCallback<void> done) {
  session_.set_leverage(symbol, leverage, clock::now(), std::move(done));
  arm();
}

void BybitRestClient::arm() {
  const Instant now = clock::now();
  const Instant next = session_.next_timer(now);
  loop_.cancel(timer_);
  timer_ = 0;
  if (next == distant_future) return;
  timer_ = loop_.call_after(std::max(next - now, Duration{1ms}), [this] {
    timer_ = 0;
    session_.on_timer(clock::now());
    arm();
  });
}

}  // namespace mlbot::io::bybit
