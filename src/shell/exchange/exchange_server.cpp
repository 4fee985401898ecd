#include "shell/exchange/exchange_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "base/assert.h"
#include "base/json.h"
#include "io/clock/clock.h"
#include "io/net/event_loop.h"
#include "io/net/http_server.h"
#include "shell/exchange/exchange_desk.h"
#include "shell/exchange/own_account.h"
#include "shell/exchange/peers.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::Delivery;
using io::net::HttpRequest;
using io::net::HttpResponse;
using io::net::PeerId;

namespace {

constexpr Duration tick_max = 10ms;
constexpr Duration tick_min = 1ms;
constexpr Duration work_at_once = 20ms;  ///< then sockets get their turn
constexpr Duration step_max = 100ms;     ///< market time between two flushes, and of a tick where it can be
constexpr Duration news_delay = 3ms;     ///< wall time after which the news of an order are looked for
constexpr Duration idle_check = 30s;
constexpr Duration keep_alive_pings_after = 1h;  ///< the venue sends none; idle sockets are closed before
constexpr std::size_t unread_max = 256 << 10;  ///< as fast as it is read: where the market waits for a reader
constexpr std::size_t message_bytes_max = 64 << 10;
constexpr std::string_view control_path = "/sim/faults", account_path = "/sim/account";

bool from_here(const HttpRequest& request) {
  return request.remote_address == "127.0.0.1" || request.remote_address == "::1";
}

HttpResponse page(int status, std::string_view type, std::string body) {
  return {status, {{"Content-Type", fmt::format("{}; charset=utf-8", type)}}, std::move(body)};
}

}  // namespace

class ExchangeServer::Server {
 public:
  explicit Server(ExchangeServerSetup setup)
      : setup_{std::move(setup)},
        faults_{setup_.faults},
        peers_{loop_, faults_, setup_.idle_timeout},
        desk_{{.exchange = setup_.exchange,
               .market = std::move(setup_.market),
               .accounts = setup_.accounts,
               .gate = {setup_.speed, setup_.limits},
               .rest_lag = setup_.rest_lag,
               .record = setup_.record.get(),
               .recorder = setup_.recorder},
              faults_,
              wires()},
        exchange_{desk_.exchange()} {
    MLBOT_ASSERT(setup_.speed >= 0);
    setup_.accounts.clear();  // the secrets are at the desk now, and nowhere else
  }
  ~Server() { stop(); }

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
  void set_faults(FaultPlan plan) {
    loop_.post([this, plan = std::move(plan)]() mutable { faults_.set(std::move(plan)); });
  }
  ExchangeCounts counts() const {
    return {connections_,
            frames_sent_,
            requests_,
            refusals_,
            Duration{behind_ns_.load()},
            thread_.joinable() ? std::string{} : faults_.summary()};
  }

 private:
  ExchangeDesk::Wires wires() {
    return {.send_data =
                [this](PeerId peer, std::shared_ptr<const std::string> text) {
                  peers_.send_data(peer, std::move(text));
                  frames_sent_ = peers_.frames_sent();
                },
            .send_answer =
                [this](PeerId peer, std::string text) {
                  peers_.send_answer(peer, std::make_shared<const std::string>(std::move(text)));
                  frames_sent_ = peers_.frames_sent();
                }};
  }

  // ---- time
  void keep_pace();
  void run_free();
  void advance();
  /// News come a moment after their cause, sooner than the next tick.
  void look_for_news();
  void look_for_idle_peers();

  // ---- sockets
  HttpResponse on_request(const HttpRequest& request);
  HttpResponse account(const HttpRequest& request);
  HttpResponse control(const HttpRequest& request);
  Delivery delivery_of(const HttpRequest& request);
  HttpResponse on_upgrade(const HttpRequest& request);
  void on_open(PeerId id, const HttpRequest& request);
  void on_text(PeerId id, std::string_view text);
  void on_close(PeerId id);

  ExchangeServerSetup setup_;
  io::net::EventLoop loop_;
  Faults faults_;
  Peers peers_;
  ExchangeDesk desk_;
  sim::Exchange& exchange_;  ///< the desk's
  std::optional<io::clock::PacedClock> clock_;
  std::uint16_t port_ = 0;

  std::atomic<std::uint64_t> connections_ = 0, frames_sent_ = 0, requests_ = 0, refusals_ = 0;
  std::uint64_t refused_upgrades_ = 0;  ///< the server's thread's
  std::atomic<std::int64_t> behind_ns_ = 0;

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
       .max_body_bytes = message_bytes_max,
       .websocket_idle_timeout = keep_alive_pings_after},
      {.on_request = [this](const HttpRequest& request) { return on_request(request); },
       .delivery = [this](const HttpRequest& request, const HttpResponse&) { return delivery_of(request); },
       .on_upgrade = [this](const HttpRequest& request) { return on_upgrade(request); },
       .on_open = [this](PeerId id, const HttpRequest& request) { on_open(id, request); },
       .on_text = [this](PeerId id, std::string_view text) { on_text(id, text); },
       .on_close = [this](PeerId id) { on_close(id); }});
  if (!listening) return std::unexpected{listening.error()};
  http_ = std::move(*listening);
  peers_.serve(http_.get());
  desk_.open();
  port_ = http_->port();
  if (setup_.speed > 0) {
    clock_.emplace(exchange_.now(), io::clock::now(), setup_.speed);
    keep_pace();
  } else {
    run_free();
  }
  look_for_idle_peers();
  thread_ = std::thread{[this] { loop_.run(); }};
  return {};
}

void ExchangeServer::Server::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] { loop_.stop(); });
  thread_.join();
  peers_.serve(nullptr);
  http_.reset();
}

// ---- time

void ExchangeServer::Server::advance() {
  if (!clock_) return;
  const Instant target = clock_->now();
  const Instant give_way = io::clock::now() + work_at_once;
  while (exchange_.now() < target && io::clock::now() < give_way) {
    exchange_.advance_to(std::min(target, exchange_.now() + step_max));
    desk_.flush();
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
  bool waits = !desk_.has_subscribers();
  while (!waits && io::clock::now() < give_way) {
    for (const auto& [id, _] : peers_.all()) waits = waits || http_->unsent_bytes(id) > unread_max;
    const Instant next = exchange_.next_event_at();
    waits = waits || next == distant_future;
    if (waits) break;
    exchange_.advance_to(next);
    desk_.flush();
  }
  loop_.call_after(waits ? Duration{1ms} : Duration{0}, [this] { run_free(); });
}

void ExchangeServer::Server::look_for_news() {
  if (clock_) loop_.call_after(news_delay, [this] { advance(); });
}

void ExchangeServer::Server::look_for_idle_peers() {
  peers_.close_idle();
  loop_.call_after(std::min<Duration>(idle_check, setup_.idle_timeout / 2),
                   [this] { look_for_idle_peers(); });
}

// ---- REST

HttpResponse ExchangeServer::Server::on_request(const HttpRequest& request) {
  if (bybit::path_of(request.target) == control_path) return control(request);
  if (bybit::path_of(request.target) == account_path) return account(request);
  ++requests_;
  advance();
  if (faults_.strikes(Fault::http_403)) return page(403, "text/plain", "access too frequent");
  if (faults_.strikes(Fault::http_429)) return page(429, "text/plain", "too many requests, retry later");
  auto response = desk_.answer(request);
  refusals_ = refused_upgrades_ + desk_.refusals();
  if (request.method == "POST") look_for_news();
  if (faults_.strikes(Fault::http_5xx))
    return page(502, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>");
  if (faults_.strikes(Fault::html))
    return page(200, "text/html", "<html><body>The system is under maintenance.</body></html>");
  return response;
}

Delivery ExchangeServer::Server::delivery_of(const HttpRequest& request) {
  if (bybit::path_of(request.target) == control_path) return {};
  if (request.method == "POST" && faults_.strikes(Fault::lost_answer)) return {Delivery::Way::never, {}};
  if (faults_.strikes(Fault::half_answer)) return {Delivery::Way::cut, {}};
  if (faults_.strikes(Fault::delay)) return {Delivery::Way::whole, faults_.delay()};
  return {};
}

HttpResponse ExchangeServer::Server::account(const HttpRequest& request) {
  if (!from_here(request)) return page(403, "text/plain", "accounts are shown to this machine only");
  constexpr std::string_view question = "?name=";
  const auto at = request.target.find(question);
  const auto account = at == request.target.npos
                           ? std::nullopt
                           : exchange_.find_account(request.target.substr(at + question.size()));
  if (!account) return page(404, "text/plain", "no such account: ask /sim/account?name=demo");
  advance();
  return page(200, "application/json", own_account(exchange_, *account));
}

/// The simulator's own door, for tests in any language; only from this machine.
HttpResponse ExchangeServer::Server::control(const HttpRequest& request) {
  if (!from_here(request)) return page(403, "text/plain", "faults are set from this machine only");
  if (request.method == "POST") {
    FaultPlan plan{.rules = {}, .seed = setup_.faults.seed};
    for (std::string_view rest = request.body; !rest.empty();) {
      const auto end = rest.find_first_of(" \n");
      const auto word = rest.substr(0, end);
      if (!word.empty()) {
        if (const auto added = add_fault(plan, word); !added) return page(400, "text/plain", added.error());
      }
      rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    }
    faults_.set(std::move(plan));
  }
  Json counts = Json::object();
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    counts[std::string{to_string(fault)}] = faults_.count(fault);
  }
  return page(200, "application/json", counts.dump());
}

// ---- streams

HttpResponse ExchangeServer::Server::on_upgrade(const HttpRequest& request) {
  if (role_of(request.target)) return {.status = 101};
  refusals_ = ++refused_upgrades_ + desk_.refusals();
  return page(404, "text/plain", "no stream here: use /v5/public/linear, /v5/private or /v5/trade");
}

void ExchangeServer::Server::on_open(PeerId id, const HttpRequest& request) {
  ++connections_;
  peers_.open(id, request.target);
  desk_.on_open(id, peers_.find(id)->role);
}

void ExchangeServer::Server::on_close(PeerId id) {
  peers_.close(id);
  desk_.on_close(id);
}

void ExchangeServer::Server::on_text(PeerId id, std::string_view text) {
  Peers::Peer* const peer = peers_.find(id);
  if (peer == nullptr) return;
  peer->active_at = io::clock::now();
  if (setup_.record != nullptr) setup_.record->write(peer->path, text);
  advance();
  // What is sent may close the peer, and with it what is known of it.
  const auto role = peer->role;
  desk_.on_text(id, role, std::string{peer->connection}, text);
  refusals_ = refused_upgrades_ + desk_.refusals();
  if (role == StreamRole::orders) look_for_news();
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
void ExchangeServer::set_faults(FaultPlan plan) { server_->set_faults(std::move(plan)); }
ExchangeCounts ExchangeServer::counts() const { return server_->counts(); }

}  // namespace mlbot::shell
