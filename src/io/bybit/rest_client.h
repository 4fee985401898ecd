// BybitRestClient: a RestSession bound to HTTP connections and a clock of this process.
#pragma once

#include <memory>
#include <optional>

#include "io/bybit/rest_session.h"
#include "io/bybit/trade_client.h"
#include "io/clock/paced_clock.h"

namespace mlbot::io::bybit {

struct RestClientHandlers {
  std::function<void(const Event&, Instant venue_time)> on_event;
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded;
  /// Of a market at another pace than the wall's: the venue counts its quotas in that time, so we do too.
  std::optional<clock::PacedClock> clock;
  /// Every REST answer, and every frame of the order socket with an empty path; may be empty.
  std::function<void(std::string_view path, std::string_view bytes)> on_answer = {};
  /// Every request that changes something, before its first byte leaves; without key and signature. May be
  /// empty.
  std::function<void(std::string_view path, std::string_view body, bool by_socket)> on_send = {};
};

/// The order-entry socket; it signs with the key of the REST settings.
struct OrderSocket {
  std::string url;
  Duration connect_timeout = 60s, read_timeout = 30s;
};

/// Everything happens on the loop's thread. Destroying the client ends it without further calls.
class BybitRestClient {
 public:
  /// @param socket  where orders go while it is live; without, and while it is not, they go by REST.
  /// @error NetError bad_url.
  static Result<std::unique_ptr<BybitRestClient>, net::NetError> create(
      net::EventLoop& loop, std::string_view origin, RestSettings settings, RestClientHandlers handlers,
      std::optional<OrderSocket> socket = {});
  ~BybitRestClient();
  BybitRestClient(const BybitRestClient&) = delete;
  BybitRestClient& operator=(const BybitRestClient&) = delete;

  void start();
  /// False for ResubscribeBook, which is the stream's to carry out.
  bool carry_out(const Command& command);
  void start_up(std::vector<std::string> symbols, RestCallback<std::vector<Instrument>> done);
  void use(std::vector<Instrument> instruments) { session_.use(std::move(instruments)); }
  void load_klines(SymbolId symbol, Instant from, Instant until, RestCallback<std::size_t> done);
  void set_leverage(SymbolId symbol, E8 leverage, RestCallback<void> done);
  template <class T>
  void ask(const venue::bybit::Question<T>& question, RestCallback<T> done) {
    session_.ask(question, now(), std::move(done));
    arm();
  }
  template <class P>
  void ask_all(const venue::bybit::Question<P>& question, RestCallback<P> done) {
    session_.ask_all(question, now(), std::move(done));
    arm();
  }
  void change(const venue::bybit::Request& request, RestCallback<void> done);
  /// A stream's sign-in was refused: perhaps for its time.
  void doubt_clock();

  const venue::bybit::InstrumentTable& table() const { return session_.table(); }
  Instant venue_time() const { return session_.venue_time(); }
  const VenueClock& venue_clock() const { return session_.venue_clock(); }
  const RestCounters& counters() const { return session_.counters(); }
  LinkState state() const { return session_.state(); }
  /// Of the order-entry socket; down without one.
  LinkState socket_state() const { return trade_ ? trade_->state() : LinkState::down; }

 private:
  BybitRestClient(net::EventLoop& loop, net::Url origin, RestSettings settings, RestClientHandlers handlers,
                  bool with_socket);
  Instant now() const { return clock_.now(); }
  RestHandlers session_handlers(RestClientHandlers handlers, bool with_socket);
  void start_socket_once();
  void arm();

  net::EventLoop& loop_;
  clock::PacedClock clock_;
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded_;
  std::function<void(std::string_view path, std::string_view bytes)> on_answer_;
  std::shared_ptr<BybitRestClient*> alive_;  ///< an answer may come after the end; it then finds nothing here
  net::HttpLink link_;
  RestSession session_;
  std::unique_ptr<TradeClient> trade_;
  bool socket_started_ = false;
  net::TimerId timer_ = 0;
};

}  // namespace mlbot::io::bybit
