#include "io/bybit/rest_client.h"

#include <algorithm>

namespace mlbot::io::bybit {

Result<std::unique_ptr<BybitRestClient>, net::NetError> BybitRestClient::create(
    net::EventLoop& loop, std::string_view origin, RestSettings settings, RestClientHandlers handlers,
    std::optional<OrderSocket> socket) {
  const auto parsed = net::parse_url(origin);
  if (!parsed) return std::unexpected{parsed.error()};
  const TradeSettings trade{.key = settings.key,
                            .secret = settings.secret,
                            .receive_window = settings.receive_window,
                            .connect_timeout = socket ? socket->connect_timeout : Duration{},
                            .read_timeout = socket ? socket->read_timeout : Duration{},
                            .answer_timeout = settings.timeout};
  std::unique_ptr<BybitRestClient> client{
      new BybitRestClient{loop, *parsed, std::move(settings), std::move(handlers), socket.has_value()}};
  if (!socket) return client;
  BybitRestClient& self = *client;
  auto made = TradeClient::create(
      loop, socket->url, trade,
      {.on_state =
           [&self](LinkState state) {
             self.session_.socket_changed(state, self.now());
             self.arm();
           },
       .on_answer =
           [&self](std::uint64_t number, Result<venue::bybit::TradeReply, std::string> answer) {
             self.session_.answered_by_socket(number, std::move(answer), self.now());
             self.arm();
           },
       .on_undecoded = self.on_undecoded_,
       .on_frame =
           [&self](std::string_view bytes) {
             if (self.on_answer_) self.on_answer_({}, bytes);
           },
       .on_sign_in_refused = [&self] { self.doubt_clock(); }},
      [&self] { return self.venue_time(); });
  if (!made) return std::unexpected{made.error()};
  client->trade_ = std::move(*made);
  return client;
}

BybitRestClient::BybitRestClient(net::EventLoop& loop, net::Url origin, RestSettings settings,
                                 RestClientHandlers handlers, bool with_socket)
    : loop_{loop},
      clock_{handlers.clock.value_or(clock::PacedClock{{}, {}, 1})},  // without: the wall itself
      on_undecoded_{handlers.on_undecoded},
      on_answer_{handlers.on_answer},
      alive_{std::make_shared<BybitRestClient*>(this)},
      link_{loop, std::move(origin), RequestQueue::parallel_max},
      session_{std::move(settings), session_handlers(std::move(handlers), with_socket)} {}

RestHandlers BybitRestClient::session_handlers(RestClientHandlers handlers, bool with_socket) {
  RestHandlers out{.on_event = std::move(handlers.on_event),
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
                                         client.start_socket_once();
                                         client.arm();
                                       });
                       },
                   .our_time = [this] { return now(); },
                   .on_answer = std::move(handlers.on_answer),
                   .on_send = std::move(handlers.on_send)};
  if (with_socket)
    out.send_by_socket = [this](std::uint64_t number, std::string_view op, std::string body) {
      trade_->send(number, op, std::move(body));
    };
  return out;
}

BybitRestClient::~BybitRestClient() {
  trade_.reset();  // before the session that it calls
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

void BybitRestClient::change(const venue::bybit::Request& request, RestCallback<void> done) {
  session_.change(request, now(), std::move(done));
  arm();
}

void BybitRestClient::doubt_clock() {
  session_.doubt_clock(now());
  arm();
}

/// Signing in needs the venue's clock.
void BybitRestClient::start_socket_once() {
  if (!trade_ || socket_started_ || !session_.venue_clock().known()) return;
  socket_started_ = true;
  trade_->start();
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
