#include "shell/exchange/exchange_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "base/assert.h"
#include "io/clock/clock.h"
#include "io/net/event_loop.h"
#include "io/net/http_server.h"
#include "shell/exchange/private_streams.h"
#include "shell/exchange/public_streams.h"
#include "shell/exchange/rest_routes.h"
#include "shell/exchange/trade_stream.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::HttpRequest;
using io::net::HttpResponse;
using io::net::PeerId;

namespace {

constexpr Duration tick_max = 10ms;
constexpr Duration tick_min = 1ms;
constexpr Duration work_at_once = 20ms;  ///< then sockets get their turn
constexpr Duration step_max = 100ms;     ///< market time between two flushes, and of a tick where it can be
constexpr Duration news_delay = 3ms;     ///< wall time after which the news of an order are looked for
constexpr std::size_t unread_max = 256 << 10;  ///< as fast as it is read: where the market waits for a reader
constexpr std::size_t message_bytes_max = 64 << 10;
constexpr std::string_view public_path = "/v5/public/linear";
constexpr std::string_view private_path = "/v5/private";
constexpr std::string_view trade_path = "/v5/trade";

enum class StreamRole { market, account, orders };
std::optional<StreamRole> role_of(std::string_view target) {
  const auto path = bybit::path_of(target);
  if (path == public_path) return StreamRole::market;
  if (path == private_path) return StreamRole::account;
  if (path == trade_path) return StreamRole::orders;
  return std::nullopt;
}

}  // namespace

class ExchangeServer::Server final : public sim::Listener {
 public:
  explicit Server(ExchangeServerSetup setup)
      : setup_{std::move(setup)},
        table_{setup_.exchange.instruments},
        exchange_{setup_.exchange, std::move(setup_.market), this},
        accounts_{setup_.accounts},
        public_{exchange_, table_, setup_.exchange.feed.book_depth, sender()},
        private_{exchange_, table_, accounts_, sender()},
        rest_{exchange_, table_, accounts_, setup_.exchange.feed.book_depth, setup_.speed} {
    MLBOT_ASSERT(setup_.speed >= 0);
    setup_.accounts.clear();  // the secrets are in accounts_ now, and nowhere else
  }
  ~Server() override { stop(); }

  sim::Exchange& exchange() {
    MLBOT_ASSERT(!thread_.joinable());
    return exchange_;
  }
  Result<void, io::net::NetError> start(std::uint16_t port);
  void stop();
  std::uint16_t port() const { return port_; }
  const io::clock::PacedClock& clock() const {
    MLBOT_ASSERT(clock_.has_value());
    return *clock_;
  }
  void post(std::function<void(sim::Exchange&)> work) {
    loop_.post([this, work = std::move(work)] {
      advance();
      work(exchange_);
      look_for_news();
    });
  }
  ExchangeCounts counts() const {
    return {connections_, frames_sent_, requests_, refusals_, Duration{behind_ns_.load()}};
  }

  void on_market(Instant at, const Event& event) override {
    if (setup_.recorder != nullptr) setup_.recorder->on_market(at, event);
    public_.on_market(at, event);
  }
  void on_account(sim::AccountId account, Instant at, const Event& event) override {
    if (setup_.recorder != nullptr) setup_.recorder->on_account(account, at, event);
    private_.on_account(account, at, event);
  }

 private:
  struct Peer {
    StreamRole role = StreamRole::market;
    std::string connection;
  };

  SendText sender() {
    return [this](PeerId peer, std::shared_ptr<const std::string> text) { send(peer, std::move(text)); };
  }
  void send(PeerId peer, std::shared_ptr<const std::string> text) {
    if (http_ == nullptr) return;
    ++frames_sent_;
    http_->send(peer, std::move(text));
  }
  void say(PeerId peer, std::string text) {
    send(peer, std::make_shared<const std::string>(std::move(text)));
  }

  // ---- time
  void keep_pace();
  void run_free();
  void advance();
  void flush() {
    public_.flush();
    private_.flush();
  }
  /// News come a moment after their cause, sooner than the next tick.
  void look_for_news();

  // ---- sockets
  HttpResponse on_request(const HttpRequest& request);
  HttpResponse on_upgrade(const HttpRequest& request);
  void on_open(PeerId id, const HttpRequest& request);
  void on_text(PeerId id, std::string_view text);
  void on_close(PeerId id);
  void answer_subscription(PeerId id, const Peer& peer, const bybit::StreamRequest& request);

  ExchangeServerSetup setup_;
  bybit::InstrumentTable table_;
  sim::Exchange exchange_;
  Accounts accounts_;
  PublicStreams public_;
  PrivateStreams private_;
  RestRoutes rest_;
  TradeStream trade_{rest_, accounts_};
  std::map<PeerId, Peer> peers_;
  std::optional<io::clock::PacedClock> clock_;
  std::uint16_t port_ = 0;

  std::atomic<std::uint64_t> connections_ = 0, frames_sent_ = 0, requests_ = 0, refusals_ = 0;
  std::atomic<std::int64_t> behind_ns_ = 0;

  io::net::EventLoop loop_;
  std::unique_ptr<io::net::HttpServer> http_;
  std::thread thread_;
};

// ---- beginning and end

Result<void, io::net::NetError> ExchangeServer::Server::start(std::uint16_t port) {
  MLBOT_ASSERT(http_ == nullptr && !loop_.stopped());
  auto listening = io::net::HttpServer::listen(
      loop_,
      {.address = setup_.address,
       .port = port,
       .max_connections = setup_.connections_max,
       .max_body_bytes = message_bytes_max},
      {.on_request = [this](const HttpRequest& request) { return on_request(request); },
       .on_upgrade = [this](const HttpRequest& request) { return on_upgrade(request); },
       .on_open = [this](PeerId id, const HttpRequest& request) { on_open(id, request); },
       .on_text = [this](PeerId id, std::string_view text) { on_text(id, text); },
       .on_close = [this](PeerId id) { on_close(id); }});
  if (!listening) return std::unexpected{listening.error()};
  http_ = std::move(*listening);
  accounts_.open(exchange_);
  port_ = http_->port();
  if (setup_.speed > 0) {
    clock_.emplace(exchange_.now(), io::clock::now(), setup_.speed);
    keep_pace();
  } else {
    run_free();
  }
  thread_ = std::thread{[this] { loop_.run(); }};
  return {};
}

void ExchangeServer::Server::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] { loop_.stop(); });
  thread_.join();
  http_.reset();
}

// ---- time

void ExchangeServer::Server::advance() {
  if (!clock_) return;
  const Instant target = clock_->now();
  const Instant give_way = io::clock::now() + work_at_once;
  while (exchange_.now() < target && io::clock::now() < give_way) {
    exchange_.advance_to(std::min(target, exchange_.now() + step_max));
    flush();
  }
  behind_ns_ = (target - exchange_.now()).count();
}

void ExchangeServer::Server::keep_pace() {
  advance();
  const bool behind = Duration{behind_ns_.load()} > step_max;
  const Duration tick = std::clamp(clock_->wall_time(step_max), tick_min, tick_max);
  loop_.call_after(behind ? Duration{0} : tick, [this] { keep_pace(); });
}

void ExchangeServer::Server::run_free() {
  const Instant give_way = io::clock::now() + work_at_once;
  bool waits = !public_.has_subscribers() && !private_.has_subscribers();
  while (!waits && io::clock::now() < give_way) {
    for (const auto& [id, _] : peers_) waits = waits || http_->unsent_bytes(id) > unread_max;
    const Instant next = exchange_.next_event_at();
    waits = waits || next == distant_future;
    if (waits) break;
    exchange_.advance_to(next);
    flush();
  }
  loop_.call_after(waits ? Duration{1ms} : Duration{0}, [this] { run_free(); });
}

void ExchangeServer::Server::look_for_news() {
  if (clock_) loop_.call_after(news_delay, [this] { advance(); });
}

// ---- REST

HttpResponse ExchangeServer::Server::on_request(const HttpRequest& request) {
  ++requests_;
  advance();
  auto response = rest_.answer(request);
  if (!response.body.starts_with(R"({"retCode":0,)")) ++refusals_;
  if (request.method == "POST") look_for_news();
  return response;
}

// ---- streams

HttpResponse ExchangeServer::Server::on_upgrade(const HttpRequest& request) {
  if (role_of(request.target)) return {.status = 101};
  ++refusals_;
  return {404,
          {{"Content-Type", "text/plain; charset=utf-8"}},
          fmt::format("no stream here: use {}, {} or {}", public_path, private_path, trade_path)};
}

void ExchangeServer::Server::on_open(PeerId id, const HttpRequest& request) {
  ++connections_;
  Peer& peer = peers_[id];
  peer.role = role_of(request.target).value_or(StreamRole::market);
  peer.connection = fmt::format("sim-{:06}", id);
  if (peer.role == StreamRole::account) private_.add(id);
}

void ExchangeServer::Server::on_close(PeerId id) {
  peers_.erase(id);
  public_.drop(id);
  private_.drop(id);
  trade_.drop(id);
}

void ExchangeServer::Server::on_text(PeerId id, std::string_view text) {
  const Peer& peer = peers_[id];
  advance();
  if (peer.role == StreamRole::orders) {
    auto reply = trade_.answer(id, text, peer.connection, exchange_.now());
    refusals_ += reply.refused;
    say(id, std::move(reply.text));
    return look_for_news();
  }
  const bool is_private = peer.role == StreamRole::account;
  const auto request = bybit::decode_stream_request(text);
  if (!request) {
    ++refusals_;
    const auto what =
        fmt::format("Failed to decode incoming data: {}: {}", request.error().where, request.error().what);
    return say(id, bybit::encode_refusal({}, peer.connection, what));
  }
  switch (request->kind) {
    case bybit::StreamRequest::Kind::ping: {
      const auto kind = is_private ? bybit::StreamKind::private_stream : bybit::StreamKind::public_stream;
      return say(id, bybit::encode_pong(*request, kind, peer.connection, exchange_.now()));
    }
    case bybit::StreamRequest::Kind::subscribe:
      return answer_subscription(id, peer, *request);
    case bybit::StreamRequest::Kind::unsubscribe:
      if (is_private) {
        private_.unsubscribe(id, request->topics);
      } else {
        public_.unsubscribe(id, request->topics);
      }
      return say(id, bybit::encode_ack(*request, peer.connection));
    case bybit::StreamRequest::Kind::auth: {
      if (!is_private) break;
      const std::string refusal = private_.sign_in(id, *request, exchange_.now());
      if (refusal.empty()) return say(id, bybit::encode_ack(*request, peer.connection));
      ++refusals_;
      return say(id, bybit::encode_refusal(*request, peer.connection, refusal));
    }
    case bybit::StreamRequest::Kind::unknown:
      break;
  }
  ++refusals_;
  say(id, bybit::encode_refusal(*request, peer.connection, "error:invalid op"));
}

void ExchangeServer::Server::answer_subscription(PeerId id, const Peer& peer,
                                                 const bybit::StreamRequest& request) {
  const bool is_private = peer.role == StreamRole::account;
  const std::string refusal =
      is_private ? private_.subscribe(id, request.topics) : public_.subscribe(id, request.topics);
  if (!refusal.empty()) {
    ++refusals_;
    return say(id, bybit::encode_refusal(request, peer.connection, refusal));
  }
  say(id, bybit::encode_ack(request, peer.connection));
  if (!is_private) public_.send_snapshots(id, request.topics);
}

// ---- the door

ExchangeServer::ExchangeServer(ExchangeServerSetup setup)
    : server_{std::make_unique<Server>(std::move(setup))} {}
ExchangeServer::~ExchangeServer() = default;
sim::Exchange& ExchangeServer::exchange() { return server_->exchange(); }
Result<void, io::net::NetError> ExchangeServer::start(std::uint16_t port) { return server_->start(port); }
void ExchangeServer::stop() { server_->stop(); }
std::uint16_t ExchangeServer::port() const { return server_->port(); }
const io::clock::PacedClock& ExchangeServer::clock() const { return server_->clock(); }
void ExchangeServer::post(std::function<void(sim::Exchange&)> work) { server_->post(std::move(work)); }
ExchangeCounts ExchangeServer::counts() const { return server_->counts(); }

}  // namespace mlbot::shell
