#include "io/net/http_server.h"

#include <gtest/gtest.h>

#include <set>

#include "io/net/links.h"
#include "io/net/test_loop.h"
#include "io/net/test_raw_client.h"

namespace mlbot::io::net {
namespace {

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

struct PlainServer {
  explicit PlainServer(EventLoop& loop, ServerOptions options = {}) {
    ServerHandlers handlers;
    handlers.on_request = [this](const HttpRequest& request) {
      targets.push_back(request.target);
      remote = request.remote_address;
      return HttpResponse{200, {{"Content-Type", "text/plain"}}, "hello"};
    };
    handlers.on_upgrade = [](const HttpRequest& request) {
      const std::string offered{header(request.headers, "Sec-WebSocket-Protocol")};
      return HttpResponse{101, offered.empty() ? Headers{} : Headers{{"Sec-WebSocket-Protocol", offered}},
                          ""};
    };
    handlers.on_open = [this](PeerId peer, const HttpRequest& request) {
      peers.insert(peer);
      targets.push_back(request.target);
    };
    handlers.on_close = [this](PeerId peer) {
      EXPECT_EQ(peers.erase(peer), 1u) << "closed once, after it was open";
      ++closes;
    };
    server = HttpServer::listen(loop, options, std::move(handlers)).value();
  }
  Url url(std::string_view scheme) const {
    return parse_url(std::string{scheme} + "://127.0.0.1:" + std::to_string(server->port())).value();
  }
  std::unique_ptr<HttpServer> server;
  std::vector<std::string> targets;
  std::set<PeerId> peers;
  std::string remote;
  int closes = 0;
};

TEST(HttpServer, answers_many_requests_on_one_connection) {
  EventLoop loop;
  PlainServer plain{loop};
  RawClient client{plain.server->port()};
  for (std::size_t i = 1; i <= 3; ++i) {
    client.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(run_until(loop, [&] {
      EXPECT_FALSE(client.read_on());
      return client.text.ends_with("hello") && plain.targets.size() == i;
    }));
    EXPECT_NE(client.text.find("Content-Length: 5\r\n"), std::string::npos);
    client.text.clear();
  }
  EXPECT_EQ(plain.remote, "127.0.0.1");
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  EXPECT_NE(client.text.find("Content-Length: 5\r\n"), std::string::npos) << client.text;
  EXPECT_TRUE(client.text.ends_with("\r\n\r\n")) << "HEAD has no body";
}

TEST(HttpServer, a_busy_port_is_named_with_the_remedy) {
  EventLoop loop;
  PlainServer first{loop};
  const auto second = HttpServer::listen(loop, {.port = first.server->port()}, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, NetFault::address_in_use);
  EXPECT_EQ(second.error().what, "port " + std::to_string(first.server->port()) +
                                     " is in use: stop the other process or choose another with --listen");
}

TEST(HttpServer, an_address_that_is_none_is_refused) {
  EventLoop loop;
  const auto server = HttpServer::listen(loop, {.address = "localhorst"}, {});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().what.find("localhorst"), std::string::npos);
  const auto elsewhere = HttpServer::listen(loop, {.address = "203.0.113.7"}, {});
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().what.find("cannot listen on 203.0.113.7"), std::string::npos)
      << elsewhere.error().what;
}

TEST(HttpServer, what_is_no_http_gets_400_and_the_door) {
  EventLoop loop;
  PlainServer plain{loop};
  for (const char* rubbish :
       {"\x16\x03\x01 this is TLS\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"}) {
    RawClient client{plain.server->port()};
    client.send(rubbish);
    ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); })) << rubbish;
    EXPECT_TRUE(client.text.starts_with("HTTP/1.1 400")) << client.text;
  }
  EXPECT_TRUE(plain.targets.empty());
}

TEST(HttpServer, a_request_cut_short_ends_in_silence) {
  EventLoop loop;
  PlainServer plain{loop};
  {
    RawClient{plain.server->port()}.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  }
  RawClient client{plain.server->port()};
  client.send("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  EXPECT_TRUE(client.text.ends_with("hello"));
  EXPECT_EQ(plain.targets.size(), 1u);
}

TEST(HttpServer, a_body_over_the_limit_gets_413_even_while_it_is_still_sent) {
  EventLoop loop;
  PlainServer plain{loop, {.max_body_bytes = 1000}};
  RawClient client{plain.server->port()};
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  EXPECT_TRUE(client.text.starts_with("HTTP/1.1 413")) << client.text;
  EXPECT_NE(client.text.find("larger than 1000 bytes"), std::string::npos);

  RawClient exact{plain.server->port()};
  exact.send("POST / HTTP/1.0\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x'));
  ASSERT_TRUE(run_until(loop, [&] { return exact.read_on(); }));
  EXPECT_TRUE(exact.text.starts_with("HTTP/1.1 200")) << exact.text;

  RawClient chatty{plain.server->port()};
  chatty.send("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return chatty.read_on(); }));
  EXPECT_TRUE(chatty.text.starts_with("HTTP/1.1 431")) << chatty.text;
}

TEST(HttpServer, one_connection_too_many_gets_503_and_a_freed_place_is_given_again) {
  EventLoop loop;
  PlainServer plain{loop, {.max_connections = 2}};
  auto first = std::make_unique<RawClient>(plain.server->port());
  RawClient second{plain.server->port()};
  for (auto* client : {first.get(), &second}) client->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return plain.targets.size() == 2; }));
  RawClient third{plain.server->port()};
  third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return third.read_on(); }));
  EXPECT_TRUE(third.text.starts_with("HTTP/1.1 503")) << third.text;
  EXPECT_NE(third.text.find("all 2 connections"), std::string::npos);
  first.reset();
  std::string answer;
  ASSERT_TRUE(run_until(loop, [&] {
    RawClient again{plain.server->port()};
    again.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(run_until(loop, [&] { return again.read_on(); }));
    answer = again.text;
    return answer.starts_with("HTTP/1.1 200");
  })) << answer;
}

TEST(HttpServer, a_slow_reader_is_closed_and_the_others_go_on) {
  EventLoop loop;
  PlainServer plain{loop, {.max_unsent_bytes = 1 << 20}};
  std::size_t received = 0;
  bool down = false;
  WebSocketLink good{loop,
                     {},
                     {[] {}, [&](std::string_view text) { received += text.size(); },
                      [&](const NetError&) { down = true; }}};
  good.open(plain.url("ws"));
  RawClient slow{plain.server->port(), 4096};
  slow.send(
      "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return plain.peers.size() == 2; }));
  const auto text = shared(std::string(64 << 10, 'x'));
  std::size_t sent = 0;
  ASSERT_TRUE(run_until(loop, [&] {
    if (sent - received < 256 << 10) {
      const auto everyone = plain.peers;
      for (const PeerId peer : everyone) plain.server->send(peer, text);
      sent += text->size();
    }
    return plain.closes == 1;
  }));
  EXPECT_GT(sent, 1u << 20);
  EXPECT_FALSE(down);
  EXPECT_EQ(plain.peers.size(), 1u);
  EXPECT_EQ(plain.server->counters().slow_readers, 1u);
  ASSERT_TRUE(run_until(loop, [&] { return received == sent; })) << "the good reader missed nothing";
}

TEST(HttpServer, grants_a_subprotocol_and_sends_what_is_queued_before_goodbye) {
  EventLoop loop;
  PlainServer plain{loop};
  RawClient client{plain.server->port()};
  client.send(
      "GET /feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Protocol: mlbot\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return plain.peers.size() == 1; }));
  const PeerId peer = *plain.peers.begin();
  for (int i = 0; i < 5; ++i) plain.server->send(peer, shared("text" + std::to_string(i)));
  plain.server->close(peer);
  plain.server->send(peer, shared("too late"));
  plain.server->send(peer + 1000, shared("nobody"));
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  EXPECT_NE(client.text.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos)
      << client.text;
  EXPECT_NE(client.text.find("Sec-WebSocket-Protocol: mlbot"), std::string::npos);
  EXPECT_NE(client.text.find("text4"), std::string::npos);
  EXPECT_EQ(client.text.find("too late"), std::string::npos);
  EXPECT_EQ(plain.closes, 1);
  EXPECT_EQ(plain.targets.back(), "/feed");
}

TEST(HttpServer, a_client_that_never_asks_is_closed) {
  EventLoop loop;
  PlainServer plain{loop, {.request_timeout = 20ms}};
  RawClient silent{plain.server->port()};
  RawClient halting{plain.server->port()};
  halting.send("GET / HT");
  EXPECT_TRUE(run_until(loop, [&] { return silent.read_on() && halting.read_on(); }));
}

TEST(HttpServer, a_websocket_peer_that_answers_no_ping_is_closed) {
  EventLoop loop;
  PlainServer plain{loop, {.websocket_idle_timeout = 40ms}};
  RawClient dead{plain.server->port()};
  dead.send(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return plain.peers.size() == 1; }));
  EXPECT_TRUE(run_until(loop, [&] { return plain.closes == 1; }));
}

TEST(HttpServer, frames_that_break_the_protocol_close_the_peer) {
  EventLoop loop;
  PlainServer plain{loop};
  auto client = std::make_unique<RawClient>(plain.server->port());
  client->send(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return plain.peers.size() == 1; }));
  client->send("\xff\xff\xff\xff unmasked rubbish");
  ASSERT_TRUE(run_until(loop, [&] { return client->read_on(); }));
  client.reset();
  EXPECT_TRUE(run_until(loop, [&] { return plain.closes == 1; }));
}

}  // namespace
}  // namespace mlbot::io::net
