// A served exchange and the clients of the tests beside it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/net/links.h"
#include "io/net/test_loop.h"
#include "shell/exchange/exchange_server.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;
using io::net::EventLoop;
using io::net::HttpLink;
using io::net::HttpRequest;
using io::net::HttpResponse;
using io::net::NetError;
using io::net::run_until;
using io::net::Url;
using io::net::WebSocketLink;

inline constexpr Instant market_start = Instant::from_seconds(1'750'000'000);
inline constexpr SymbolId btc{0};

inline ExchangeServerSetup setup_at(double speed) {
  ExchangeServerSetup setup;
  setup.exchange.instruments = sim::default_instruments();
  setup.exchange.start = market_start;
  setup.exchange.seed = 7;
  setup.market = sim::make_generated_market(setup.exchange.instruments, sim::default_generated_settings(), 7,
                                            market_start);
  setup.accounts = {make_api_account("alice", "test", {10'000 * e8_per_unit}),
                    make_api_account("bob", "test", {500 * e8_per_unit})};
  setup.speed = speed;
  return setup;
}

/// A resting limit order that stays away from the market unless a price is given.
inline std::string order_text(std::string_view side, std::string_view quantity, std::string_view price,
                              std::string_view more = "") {
  return fmt::format(
      R"({{"category":"linear","symbol":"BTCUSDT","side":"{}","orderType":"Limit","qty":"{}","price":"{}"{}}})",
      side, quantity, price, more);
}
inline std::string market_order_text(std::string_view side, std::string_view quantity,
                                     std::string_view more = "") {
  return fmt::format(
      R"({{"category":"linear","symbol":"BTCUSDT","side":"{}","orderType":"Market","qty":"{}"{}}})", side,
      quantity, more);
}

/// A server under way with a minute of history, and a loop for its clients.
struct Served {
  explicit Served(double speed, ExchangeServerSetup setup)
      : accounts{setup.accounts}, server{std::move(setup)} {
    server.exchange().advance_to(market_start + 60s);
    const auto started = server.start(0);
    EXPECT_TRUE(started) << started.error().what;
    signer.emplace(accounts[0].key, accounts[0].secret, 5s);
    (void)speed;
  }
  explicit Served(double speed) : Served{speed, setup_at(speed)} {}

  Url url(std::string_view scheme, std::string_view target = "/") const {
    return io::net::parse_url(fmt::format("{}://127.0.0.1:{}{}", scheme, server.port(), target)).value();
  }
  HttpResponse send(HttpRequest request) {
    HttpLink link{loop, url("http"), 1};
    std::optional<HttpResponse> got;
    link.request(std::move(request), 9s, [&](Result<io::net::HttpAnswer, NetError> answer) {
      EXPECT_TRUE(answer) << answer.error().what;
      got = answer ? answer->response : HttpResponse{};
    });
    EXPECT_TRUE(run_until(loop, [&] { return got.has_value(); }));
    EXPECT_EQ(got->body.find("sim-secret"), std::string::npos) << "a secret in an answer";
    return got.value_or(HttpResponse{});
  }
  std::string get(std::string_view where, std::string_view query = "") {
    return send({.target = query.empty() ? std::string{where} : fmt::format("{}?{}", where, query)}).body;
  }
  HttpResponse signed_get(std::string_view where, std::string query = "") {
    HttpRequest request{.target = query.empty() ? std::string{where} : fmt::format("{}?{}", where, query)};
    request.headers = signer->headers(venue_now(), query);
    return send(std::move(request));
  }
  Json signed_json(std::string_view where, std::string query = "") {
    return Json::parse(signed_get(where, std::move(query)).body);
  }
  Json post_json(std::string_view where, std::string body) {
    return Json::parse(post(where, std::move(body)).body);
  }
  HttpResponse post(std::string_view where, std::string body) {
    HttpRequest request{.method = "POST", .target = std::string{where}};
    request.headers = signer->headers(venue_now(), body);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    return send(std::move(request));
  }
  Instant venue_now() const { return server.clock().now(); }
  /// Asks the server's thread.
  template <class Read>
  auto ask(Read&& read) {
    std::optional<decltype(read(std::declval<sim::Exchange&>()))> got;
    std::atomic<bool> done = false;
    server.post([&](sim::Exchange& exchange) {
      got = read(exchange);
      done = true;
    });
    EXPECT_TRUE(run_until(loop, [&] { return done.load(); }));
    return *got;
  }

  /// From now on requests are signed by the account at this place.
  void act_as(std::size_t account) { signer.emplace(accounts[account].key, accounts[account].secret, 5s); }

  std::vector<ApiAccount> accounts;
  ExchangeServer server;
  EventLoop loop;
  std::optional<bybit::RequestSigner> signer;
  bybit::InstrumentTable table{sim::default_instruments()};
  bybit::DecodeScratch scratch;
};

inline std::int32_t code_of(const HttpResponse& response) {
  return Json::parse(response.body)["retCode"].get<std::int32_t>();
}
inline std::string text_of(const HttpResponse& response) {
  return Json::parse(response.body)["retMsg"].get<std::string>();
}

struct Stream {
  Stream(Served& served, std::string_view target)
      : link{served.loop,
             {},
             {[this] { open = true; },
              [this](std::string_view text) {
                texts.emplace_back(text);
                if (on_text) on_text(text);
              },
              [this](const NetError& error) { down = error.what; }}} {
    link.open(served.url("ws", target));
    EXPECT_TRUE(run_until(served.loop, [&] { return open; })) << down;
  }
  /// The first text received that holds all of this; "" if none comes.
  std::string wait(Served& served, std::initializer_list<std::string_view> parts) {
    std::string found;
    run_until(served.loop, [&] {
      for (const auto& text : texts) {
        const bool all =
            std::ranges::all_of(parts, [&](auto part) { return text.find(part) != std::string::npos; });
        if (all && found.empty()) found = text;
      }
      return !found.empty();
    });
    return found;
  }
  bool open = false;
  std::string down;
  std::vector<std::string> texts;
  std::function<void(std::string_view)> on_text;
  WebSocketLink link;
};

}  // namespace mlbot::shell
