// A RestSession whose requests are written down; the test answers as the venue, by REST and on the socket.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "io/bybit/rest_session.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::io::bybit {
namespace dialect = venue::bybit;
namespace path = venue::bybit::path;

inline std::vector<Instrument> contracts() {
  Instrument btc{.id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")};
  btc.min_order = {1};
  btc.max_limit_order = btc.max_market_order = {1000};
  btc.max_leverage = *parse_e8("100");
  btc.maintenance_margin = *parse_e8("0.005");
  Instrument eth = btc;
  eth.id = {1};
  eth.name = "ETHUSDT";
  eth.tick_size = *parse_e8("0.01");
  return {btc, eth};
}

struct RestScene {
  struct Sent {
    std::uint64_t number;
    net::HttpRequest request;
  };
  struct BySocket {
    std::uint64_t number;
    std::string op, body;
  };
  explicit RestScene(RestSettings settings = {.key = "key", .secret = "secret", .entry_patience = 10s},
                     bool with_socket = false)
      : session{std::move(settings),
                {.on_event = [this](const Event& event, Instant) { heard(event); },
                 .on_undecoded = [this](std::string_view, const dialect::DecodeError&) { ++undecoded; },
                 .send = [this](std::uint64_t number, net::HttpRequest request,
                                Duration) { sent.push_back({number, std::move(request)}); },
                 .our_time = [this] { return now; },
                 .send_by_socket = socket_sender(with_socket)}} {}

  std::function<void(std::uint64_t, std::string_view, std::string)> socket_sender(bool with_socket) {
    if (!with_socket) return {};
    return [this](std::uint64_t number, std::string_view op, std::string body) {
      by_socket.push_back({number, std::string{op}, std::move(body)});
    };
  }
  /// The socket's answer to the oldest request on it, as the venue writes it.
  void answer_by_socket(std::string_view data, std::string_view extra = "{}", std::int32_t code = 0,
                        std::string_view header = "{}") {
    ASSERT_FALSE(by_socket.empty()) << "nothing was sent on the socket";
    const BySocket asked = by_socket.front();
    by_socket.pop_front();
    const std::string text = R"({"reqId":"r","retCode":)" + std::to_string(code) + R"(,"retMsg":"m","op":")" +
                             asked.op + R"(","data":)" + std::string{data} + R"(,"retExtInfo":)" +
                             std::string{extra} + R"(,"header":)" + std::string{header} + "}";
    dialect::DecodeScratch scratch;
    auto message = dialect::decode_trade(text, scratch);
    ASSERT_TRUE(message) << message.error().where;
    session.answered_by_socket(asked.number, std::get<dialect::TradeReply>(*message), now);
  }

  void heard(const Event& event) {
    if (const auto* answer = std::get_if<RequestAnswer>(&event)) answers.push_back(*answer);
    if (const auto* link = std::get_if<LinkChanged>(&event)) {
      states.push_back(link->state);
    } else {
      events.push_back(event);
    }
  }
  /// The clock is known, the contracts too, nothing else has happened.
  void begin() {
    session.use(contracts());
    session.start(now);
    answer(dialect::time_result(now + ahead));
    events.clear();
  }
  void answer(std::string_view result, net::Headers headers = {}) {
    reply(dialect::encode_reply(result, now), std::move(headers));
  }
  void refuse(std::int32_t code, std::string text, net::Headers headers = {}) {
    reply(dialect::encode_error({code, std::move(text)}, now), std::move(headers));
  }
  void reply(std::string body, net::Headers headers = {}, int status = 200) {
    const std::uint64_t number = take();
    session.answered(number, net::HttpAnswer{{status, std::move(headers), std::move(body)}, 20ms}, now);
  }
  void fail() {
    const std::uint64_t number = take();
    session.answered(number, std::unexpected{net::NetError{net::NetFault::timeout, "no answer within 10 s"}},
                     now);
  }
  std::uint64_t take() {
    EXPECT_FALSE(sent.empty()) << "nothing was asked";
    if (sent.empty()) return 0;
    last = sent.front().request;
    const std::uint64_t number = sent.front().number;
    sent.pop_front();
    return number;
  }
  std::string asked(std::size_t i = 0) const {
    return std::string{dialect::path_of(sent.at(i).request.target)};
  }
  void pass(Duration time) {
    const Instant until = now + time;
    while (session.next_timer(now) <= until) {
      now = std::max(now + 1ns, session.next_timer(now));
      session.on_timer(now);
      // the clock is asked now and then; that is another story
      if (!sent.empty() && asked(sent.size() - 1) == path::time && !clock_matters) {
        const auto number = sent.back().number;
        sent.pop_back();
        session.answered(
            number,
            net::HttpAnswer{{200, {}, dialect::encode_reply(dialect::time_result(now + ahead), now)}, 20ms},
            now);
      }
    }
    now = until;
  }
  PlaceOrder order(std::string id, bool reduce = false) const {
    return {.id = ClientOrderId{id}, .symbol = {0}, .price = {500'000}, .size = {1}, .reduce_only = reduce};
  }

  Instant now = Instant::from_seconds(1'700'000'000);
  Duration ahead = 3s;  ///< of the venue's clock
  bool clock_matters = false;
  std::deque<Sent> sent;
  std::deque<BySocket> by_socket;
  net::HttpRequest last;
  std::vector<RequestAnswer> answers;
  std::vector<Event> events;
  std::vector<LinkState> states;
  int undecoded = 0;
  RestSession session;
};

}  // namespace mlbot::io::bybit
