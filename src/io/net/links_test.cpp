#include "io/net/links.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "base/prng.h"
#include "io/net/http_server.h"
#include "io/net/test_loop.h"

namespace mlbot::io::net {
namespace {

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

/// A server that sends every WebSocket text back and answers HTTP with what it was asked.
struct EchoServer {
  explicit EchoServer(EventLoop& loop, ServerOptions options = {}) {
    ServerHandlers handlers;
    handlers.on_request = [this](const HttpRequest& request) {
      ++requests;
      if (request.target == "/large") return HttpResponse{200, {}, std::string(3 << 20, 'x')};
      return HttpResponse{
          200, {{"Content-Type", "text/plain"}}, request.method + " " + request.target + " " + request.body};
    };
    handlers.on_upgrade = [](const HttpRequest& request) {
      return request.target == "/closed" ? HttpResponse{403, {}, "members only"} : HttpResponse{101, {}, ""};
    };
    handlers.on_open = [this](PeerId peer, const HttpRequest&) { peers.push_back(peer); };
    handlers.on_text = [this](PeerId peer, std::string_view text) {
      ++texts;
      if (text == "bye") return server->close(peer);
      server->send(peer, shared(std::string{text}));
    };
    handlers.on_close = [this](PeerId peer) { std::erase(peers, peer); };
    server = HttpServer::listen(loop, options, std::move(handlers)).value();
  }
  Url url(std::string_view scheme, std::string_view target = "/") const {
    return parse_url(std::string{scheme} + "://127.0.0.1:" + std::to_string(server->port()) +
                     std::string{target})
        .value();
  }

  std::unique_ptr<HttpServer> server;
  std::vector<PeerId> peers;
  int requests = 0;
  int texts = 0;
};

struct Client {
  explicit Client(EventLoop& loop, WebSocketOptions options = {})
      : link{loop,
             options,
             {[this] { ++opened; }, [this](std::string_view text) { received.emplace_back(text); },
              [this](const NetError& error) { downs.push_back(error); }}} {}
  int opened = 0;
  std::vector<std::string> received;
  std::vector<NetError> downs;
  WebSocketLink link;
};

/// A port on which nobody listens: one that was given out a moment ago.
Url refused_url(EventLoop& loop, std::string_view scheme) {
  EchoServer gone{loop};
  return gone.url(scheme);
}

TEST(Url, reads_the_four_schemes_with_their_ports) {
  const auto plain = parse_url("ws://127.0.0.1:9001/v5/public/linear?x=1").value();
  EXPECT_EQ(plain.host, "127.0.0.1");
  EXPECT_EQ(plain.port, "9001");
  EXPECT_EQ(plain.target, "/v5/public/linear?x=1");
  EXPECT_FALSE(plain.secure());
  const auto secure = parse_url("wss://stream.example.com").value();
  EXPECT_EQ(secure.port, "443");
  EXPECT_EQ(secure.target, "/");
  EXPECT_TRUE(secure.secure());
  EXPECT_EQ(parse_url("http://[::1]:80/a#part").value().host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:80/a#part").value().target, "/a");
  EXPECT_EQ(parse_url("http://host?q=1").value().target, "/?q=1");
}

TEST(Url, says_what_is_wrong_and_how_to_write_it) {
  for (const char* text : {"", "example.com", "ftp://x", "ws://", "ws://h:0", "ws://h:70000", "ws://h:x",
                           "ws://a@h", "ws://[::1", "http://h/a b", "http://h/\r\nHost: other"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().fault, NetFault::bad_url);
    EXPECT_NE(url.error().what.find("write it like"), std::string::npos) << url.error().what;
  }
}

TEST(Headers, names_are_compared_without_case) {
  const Headers headers{{"X-Bapi-Limit", "10"}};
  EXPECT_EQ(header(headers, "x-bapi-limit"), "10");
  EXPECT_EQ(header(headers, "absent"), "");
}

TEST(WebSocket, echoes_texts_in_order) {
  EventLoop loop;
  EchoServer echo{loop};
  Client client{loop};
  client.link.send("too early: ignored");
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.opened == 1; }));
  for (int i = 0; i < 100; ++i) client.link.send("message " + std::to_string(i));
  ASSERT_TRUE(run_until(loop, [&] { return client.received.size() == 100; }));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(client.received[static_cast<std::size_t>(i)], "message " + std::to_string(i));
  EXPECT_EQ(echo.peers.size(), 1u);
  client.link.close();
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1 && echo.peers.empty(); }));
  EXPECT_EQ(client.downs[0].fault, NetFault::closed);
  client.link.close();
  loop.run_one(20ms);
  EXPECT_EQ(client.downs.size(), 1u) << "on_down comes once";
}

TEST(WebSocket, carries_big_messages_whole) {
  EventLoop loop;
  EchoServer echo{loop, {.max_body_bytes = 4 << 20}};
  Client client{loop, {.max_message_bytes = 3'000'000}};
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.opened == 1; }));
  std::string text(3'000'000, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  client.link.send(text);
  ASSERT_TRUE(run_until(loop, [&] { return !client.received.empty(); }));
  EXPECT_TRUE(client.received[0] == text);
}

TEST(WebSocket, drops_the_link_on_a_message_over_its_limit) {
  EventLoop loop;
  EchoServer echo{loop};
  Client client{loop, {.max_message_bytes = 1000}};
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.opened == 1; }));
  client.link.send(std::string(1001, 'x'));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.downs[0].fault, NetFault::too_large);
  EXPECT_NE(client.downs[0].what.find("1000 bytes"), std::string::npos) << client.downs[0].what;
}

TEST(WebSocket, leaves_64_readable_bytes_behind_each_text) {
  EventLoop loop;
  EchoServer echo{loop};
  std::size_t readable = 0;
  bool open = false;
  WebSocketLink link{
      loop,
      {},
      {[&] { open = true; },
       [&](std::string_view text) { readable = std::string{text.data(), text.size() + 64}.size(); },
       [](const NetError&) {}}};
  link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return open; }));
  link.send(std::string(1472, 'x'));
  EXPECT_TRUE(run_until(loop, [&] { return readable == 1472 + 64; }));
}

TEST(WebSocket, hears_the_server_close_and_can_be_opened_again) {
  EventLoop loop;
  EchoServer echo{loop};
  Client client{loop};
  for (int round = 1; round <= 3; ++round) {
    client.link.open(echo.url("ws"));
    ASSERT_TRUE(run_until(loop, [&] { return client.opened == round; }));
    client.link.send("bye");
    ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == static_cast<std::size_t>(round); }));
    EXPECT_EQ(client.downs.back().fault, NetFault::closed);
    EXPECT_NE(client.downs.back().what.find("closed the WebSocket: code 1000"), std::string::npos)
        << client.downs.back().what;
  }
}

TEST(WebSocket, survives_the_death_of_the_server) {
  EventLoop loop;
  auto echo = std::make_unique<EchoServer>(loop);
  Client client{loop};
  client.link.open(echo->url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.opened == 1; }));
  echo.reset();
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.downs[0].fault, NetFault::closed);
}

TEST(WebSocket, names_a_refusing_address_and_what_to_check) {
  EventLoop loop;
  const Url nobody = refused_url(loop, "ws");
  Client client{loop};
  client.link.open(nobody);
  EXPECT_TRUE(client.downs.empty()) << "never from within open()";
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.downs[0].fault, NetFault::refused);
  EXPECT_EQ(client.downs[0].what, "127.0.0.1:" + nobody.port +
                                      " refuses connections: is the server running, and is the port right?");
  EXPECT_EQ(client.opened, 0);
}

TEST(WebSocket, tells_the_servers_reason_for_a_refused_upgrade) {
  EventLoop loop;
  EchoServer echo{loop};
  Client client{loop};
  client.link.open(echo.url("ws", "/closed"));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.downs[0].fault, NetFault::refused);
  EXPECT_NE(client.downs[0].what.find("403"), std::string::npos);
  EXPECT_NE(client.downs[0].what.find("members only"), std::string::npos) << client.downs[0].what;
}

TEST(WebSocket, a_silent_server_times_out) {
  EventLoop loop;
  EchoServer echo{loop};
  Client client{loop, {.read_timeout = 40ms}};
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.opened, 1);
  EXPECT_EQ(client.downs[0].fault, NetFault::timeout);
  EXPECT_NE(client.downs[0].what.find("was silent for 40 ms"), std::string::npos) << client.downs[0].what;
}

TEST(WebSocket, a_server_that_never_shakes_hands_times_out) {
  EventLoop loop;
  EventLoop sleeping;  // listens, but nobody runs it
  EchoServer echo{sleeping};
  Client client{loop, {.connect_timeout = 30ms}};
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.downs[0].fault, NetFault::timeout);
  EXPECT_NE(client.downs[0].what.find("within 30 ms"), std::string::npos) << client.downs[0].what;
}

TEST(WebSocket, a_peer_that_does_not_read_takes_the_link_down_at_the_limit) {
  EventLoop loop;
  EventLoop sleeping;
  EchoServer echo{sleeping};
  Client client{loop, {.max_unsent_bytes = 1 << 20}};
  client.link.open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] {
    sleeping.run_one(0ms);
    return client.opened == 1;
  }));
  ASSERT_TRUE(run_until(loop, [&] {
    client.link.send(std::string(256 << 10, 'x'));
    return client.downs.size() == 1;
  }));
  EXPECT_EQ(client.downs[0].fault, NetFault::too_large);
  EXPECT_NE(client.downs[0].what.find("reads too slowly"), std::string::npos) << client.downs[0].what;
}

TEST(WebSocket, may_be_destroyed_at_any_moment_and_stays_quiet) {
  EventLoop loop;
  EchoServer echo{loop};
  Prng chance{7};
  for (int round = 0; round < 60; ++round) {
    bool gone = false;
    int after_death = 0;
    auto link = std::make_unique<WebSocketLink>(
        loop, WebSocketOptions{},
        WebSocketHandlers{[&] { after_death += gone; }, [&](std::string_view) { after_death += gone; },
                          [&](const NetError&) { after_death += gone; }});
    link->open(echo.url("ws"));
    const auto steps = chance.below(14);
    for (std::uint64_t i = 0; i < steps; ++i) {
      loop.run_one(1ms);
      link->send("hello");
    }
    if (chance.below(2) == 0) link->close();
    link.reset();
    gone = true;
    for (int i = 0; i < 8; ++i) loop.run_one(0ms);
    EXPECT_EQ(after_death, 0);
  }
  EXPECT_TRUE(run_until(loop, [&] { return echo.peers.empty(); }));
}

TEST(WebSocket, may_be_destroyed_by_its_own_handler) {
  EventLoop loop;
  EchoServer echo{loop};
  std::unique_ptr<WebSocketLink> link;
  bool done = false;
  link = std::make_unique<WebSocketLink>(loop, WebSocketOptions{},
                                         WebSocketHandlers{[&] { link->send("x"); },
                                                           [&](std::string_view) {
                                                             link.reset();
                                                             done = true;
                                                           },
                                                           [](const NetError&) { FAIL(); }});
  link->open(echo.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return done; }));
  EXPECT_TRUE(run_until(loop, [&] { return echo.peers.empty(); }));
}

TEST(Http, keeps_its_connection_and_tells_the_round_trip) {
  EventLoop loop;
  EchoServer echo{loop, {.max_connections = 1}};
  HttpLink link{loop, echo.url("http"), 1};
  std::vector<HttpAnswer> answers;
  for (int i = 0; i < 5; ++i) {
    link.request({.method = "POST", .target = "/a?i=" + std::to_string(i), .headers = {}, .body = "body"}, 5s,
                 [&](Result<HttpAnswer, NetError> answer) { answers.push_back(answer.value()); });
  }
  EXPECT_TRUE(answers.empty());
  ASSERT_TRUE(run_until(loop, [&] { return answers.size() == 5; }));
  for (int i = 0; i < 5; ++i) {
    const auto& answer = answers[static_cast<std::size_t>(i)];
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_EQ(answer.response.body, "POST /a?i=" + std::to_string(i) + " body");
    EXPECT_EQ(header(answer.response.headers, "content-type"), "text/plain");
    EXPECT_GT(answer.round_trip, 0ns);
  }
}

TEST(Http, sends_in_parallel_and_queues_the_rest) {
  EventLoop loop;
  EchoServer echo{loop, {.max_connections = 3}};
  HttpLink link{loop, echo.url("http"), 3};
  int good = 0;
  for (int i = 0; i < 200; ++i) {
    link.request({.target = "/" + std::to_string(i)}, 9s, [&good, i](Result<HttpAnswer, NetError> answer) {
      good += answer && answer->response.body == "GET /" + std::to_string(i) + " ";
    });
  }
  ASSERT_TRUE(run_until(loop, [&] { return good == 200; }));
  EXPECT_EQ(echo.requests, 200) << "none was refused, so never more than three connections";
}

TEST(Http, the_queue_has_an_end) {
  EventLoop loop;
  EchoServer echo{loop};
  HttpLink link{loop, echo.url("http"), 1};
  int answered = 0;
  std::vector<NetError> refused;
  for (int i = 0; i < 1030; ++i) {
    link.request({}, 9s, [&](Result<HttpAnswer, NetError> answer) {
      ++answered;
      if (!answer) refused.push_back(answer.error());
    });
  }
  ASSERT_TRUE(run_until(loop, [&] { return answered == 1030; }));
  ASSERT_EQ(refused.size(), 5u) << "one under way, 1024 waiting";
  EXPECT_EQ(refused[0].fault, NetFault::too_large);
}

TEST(Http, reads_large_answers) {
  EventLoop loop;
  EchoServer echo{loop};
  HttpLink link{loop, echo.url("http")};
  std::size_t size = 0;
  link.request({.target = "/large"}, 9s, [&](auto answer) { size = answer.value().response.body.size(); });
  EXPECT_TRUE(run_until(loop, [&] { return size == 3 << 20; }));
}

TEST(Http, a_refused_port_is_named) {
  EventLoop loop;
  const Url nobody = refused_url(loop, "http");
  HttpLink link{loop, nobody};
  std::optional<NetError> error;
  link.request({}, 5s, [&](auto answer) { error = answer.error(); });
  ASSERT_TRUE(run_until(loop, [&] { return error.has_value(); }));
  EXPECT_EQ(error->fault, NetFault::refused);
  EXPECT_NE(error->what.find("127.0.0.1:" + nobody.port), std::string::npos) << error->what;
}

TEST(Http, silence_is_a_timeout_and_the_next_request_gets_its_own_answer) {
  EventLoop loop;
  EventLoop sleeping;
  EchoServer echo{sleeping};
  HttpLink link{loop, echo.url("http"), 1};
  std::vector<NetError> errors;
  link.request({.method = "POST", .target = "/v5/order/create?secret=1"}, 20ms,
               [&](auto answer) { errors.push_back(answer.error()); });
  link.request({.target = "/waits"}, 20ms, [&](auto answer) { errors.push_back(answer.error()); });
  ASSERT_TRUE(run_until(loop, [&] { return errors.size() == 2; }));
  EXPECT_EQ(errors[0].fault, NetFault::timeout);
  EXPECT_NE(errors[0].what.find("POST /v5/order/create within 20 ms"), std::string::npos) << errors[0].what;
  EXPECT_EQ(errors[0].what.find("secret"), std::string::npos) << "a query may hold what no log should";
  std::string body;
  link.request({.target = "/later"}, 5s, [&](auto answer) { body = answer.value().response.body; });
  ASSERT_TRUE(run_until(loop, [&] {
    sleeping.run_one(0ms);
    return !body.empty();
  }));
  EXPECT_EQ(body, "GET /later ");
}

TEST(Http, a_kept_connection_that_the_server_dropped_is_replaced) {
  EventLoop loop;
  auto echo = std::make_unique<EchoServer>(loop);
  const Url url = echo->url("http");
  HttpLink link{loop, url, 1};
  for (int i = 0; i < 3; ++i) {
    int status = 0;
    link.request({.method = i % 2 == 0 ? "POST" : "GET"}, 5s, [&](auto answer) {
      ASSERT_TRUE(answer) << answer.error().what;
      status = answer->response.status;
    });
    ASSERT_TRUE(run_until(loop, [&] { return status == 200; }));
    echo.reset();
    echo = std::make_unique<EchoServer>(
        loop, ServerOptions{.port = static_cast<std::uint16_t>(std::stoi(url.port))});
    for (int turn = 0; turn < 20; ++turn) loop.run_one(1ms);  // the link hears the goodbye
  }
}

TEST(Http, may_be_destroyed_with_requests_under_way) {
  EventLoop loop;
  EchoServer echo{loop};
  for (int steps = 0; steps < 12; ++steps) {
    auto link = std::make_unique<HttpLink>(loop, echo.url("http"), 2);
    bool gone = false;
    int after_death = 0;
    for (int i = 0; i < 5; ++i) link->request({}, 5s, [&](const auto&) { after_death += gone; });
    for (int i = 0; i < steps; ++i) loop.run_one(1ms);
    link.reset();
    gone = true;
    for (int i = 0; i < 20; ++i) loop.run_one(0ms);
    EXPECT_EQ(after_death, 0);
  }
}

TEST(EventLoop, runs_timers_in_order_and_forgets_cancelled_ones) {
  EventLoop loop;
  std::string order;
  loop.call_after(8ms, [&] { order += 'c'; });
  loop.call_after(1ms, [&] { order += 'a'; });
  const auto never = loop.call_after(2ms, [&] { order += 'x'; });
  loop.call_after(4ms, [&] { order += 'b'; });
  loop.cancel(never);
  loop.cancel(never);
  EXPECT_TRUE(run_until(loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, "abc");
}

TEST(EventLoop, takes_work_and_stop_from_other_threads) {
  EventLoop loop;
  int sum = 0;
  std::thread other{[&] {
    for (int i = 1; i <= 100; ++i) loop.post([&sum, i] { sum += i; });
    loop.post([&loop] { loop.stop(); });
  }};
  loop.run();
  other.join();
  EXPECT_EQ(sum, 5050);
  EXPECT_TRUE(loop.stopped());
}

TEST(EventLoop, run_one_runs_one_and_does_not_wait_for_more) {
  EventLoop loop;
  int ran = 0;
  loop.post([&] { ++ran; });
  loop.post([&] { ++ran; });
  loop.run_one(1h);
  EXPECT_EQ(ran, 1);
  loop.run_one(0ns);
  EXPECT_EQ(ran, 2);
  loop.run_one(0ns);
  EXPECT_EQ(ran, 2);
}

TEST(EventLoop, dies_with_work_still_waiting) {
  auto loop = std::make_unique<EventLoop>();
  EchoServer echo{*loop};
  const auto link = std::make_shared<HttpLink>(*loop, echo.url("http"));
  link->request({}, 5s, [](const auto&) {});
  loop->call_after(1h, [link] {});
  loop->run_one(1ms);
  echo.server.reset();
}

}  // namespace
}  // namespace mlbot::io::net
