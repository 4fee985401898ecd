// Servers and clients that break HTTP/1.1 on purpose: each gets a typed answer within its limits, is counted,
// and the next request works.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "io/net/http_server.h"
#include "io/net/links.h"
#include "io/net/test_loop.h"
#include "io/net/test_raw_client.h"
#include "io/net/test_servers.h"

namespace mlbot::io::net {
namespace {

using namespace std::string_literals;

Result<HttpAnswer, NetError> ask(EventLoop& loop, HttpLink& link, HttpRequest request,
                                 Duration timeout = 8s) {
  std::optional<Result<HttpAnswer, NetError>> got;
  link.request(std::move(request), timeout, [&](auto answer) { got = std::move(answer); });
  EXPECT_TRUE(run_until(loop, [&] { return got.has_value(); }));
  return *got;
}

struct BadAnswer {
  const char* name;
  std::string bytes;
  NetFault fault;
};

TEST(HostileHttpServer, every_bad_answer_is_an_error_is_counted_and_the_next_request_works) {
  const std::string ok = "HTTP/1.1 200 OK\r\n", chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  std::string early_hints;
  for (int i = 0; i < 1000; ++i) early_hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::vector<BadAnswer> answers{
      {"nothing", "", NetFault::closed},
      {"half a status line", "HTTP/1.1 20", NetFault::closed},
      {"headers without end", ok + "X: y\r\n", NetFault::closed},
      {"a body cut short", ok + "Content-Length: 10\r\n\r\nabc", NetFault::closed},
      {"chunks without end", chunked + "5\r\nhello\r\n", NetFault::closed},
      {"no HTTP", "220 mail.example ESMTP\r\n", NetFault::protocol},
      {"a version nobody speaks", "HTTP/9.1 200 OK\r\n\r\n", NetFault::protocol},
      {"a status that is no number", "HTTP/1.1 two OK\r\n\r\n", NetFault::protocol},
      {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", NetFault::protocol},
      {"a header without a colon", ok + "nonsense\r\n\r\n", NetFault::protocol},
      {"a header name with a space", ok + "Content Length: 1\r\n\r\nx", NetFault::protocol},
      {"a zero byte in a header", ok + "X: a\0b\r\n\r\n"s, NetFault::protocol},
      {"a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", NetFault::protocol},
      {"a length that is no number", ok + "Content-Length: many\r\n\r\n", NetFault::protocol},
      {"a negative length", ok + "Content-Length: -1\r\n\r\n", NetFault::protocol},
      {"a length of more than 64 bits", ok + "Content-Length: 99999999999999999999999\r\n\r\n",
       NetFault::protocol},
      {"two lengths that differ", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
       NetFault::protocol},
      {"length and chunks", ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       NetFault::protocol},
      {"a chunk length that is no number", chunked + "zz\r\nhello\r\n0\r\n\r\n", NetFault::protocol},
      {"a chunk longer than announced", chunked + "3\r\nhello\r\n0\r\n\r\n", NetFault::protocol},
      {"a chunk of 2^64 bytes", chunked + "10000000000000000\r\nx", NetFault::protocol},
      {"a body over the limit", ok + "Content-Length: 33554433\r\n\r\n", NetFault::too_large},
      {"a chunk over the limit", chunked + "7fffffff\r\nx", NetFault::too_large},
      {"a header of a million bytes", ok + "X: " + std::string(1'000'000, 'x') + "\r\n\r\n",
       NetFault::too_large},
      {"a status line without end", "HTTP/1.1 200 " + std::string(1'000'000, 'x'), NetFault::too_large},
      {"a thousand interim answers", early_hints, NetFault::protocol},
      {"a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
       NetFault::protocol},
  };
  for (const BadAnswer& bad : answers) {
    SCOPED_TRACE(bad.name);
    int connections = 0;
    ScriptedServer server{[&](int connection) {
      read_until(connection, "\r\n\r\n");
      if (++connections > 1) {
        send_all(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
      } else {
        send_all(connection, bad.bytes);
        shutdown(connection, SHUT_WR);
      }
      read_to_end(connection);
    }};
    EventLoop loop;
    HttpLink link{loop, server.url("http"), 1};
    const auto answer = ask(loop, link, {.method = "POST", .target = "/first"});
    ASSERT_FALSE(answer) << answer->response.status << ' ' << answer->response.body;
    EXPECT_EQ(answer.error().fault, bad.fault) << answer.error().what;
    EXPECT_NE(answer.error().what.find("127.0.0.1"), std::string::npos) << answer.error().what;
    const auto& counters = link.counters();
    EXPECT_EQ(counters.lost, bad.fault == NetFault::closed ? 1u : 0u);
    EXPECT_EQ(counters.protocol_errors, bad.fault == NetFault::protocol ? 1u : 0u);
    EXPECT_EQ(counters.oversized_messages, bad.fault == NetFault::too_large ? 1u : 0u);
    const auto next = ask(loop, link, {.target = "/second"});
    ASSERT_TRUE(next) << next.error().what;
    EXPECT_EQ(next->response.body, "fine");
    EXPECT_EQ(counters.opened, 2u);
  }
}

TEST(HostileHttpServer, a_body_without_end_stops_at_the_limit) {
  ScriptedServer server{[](int connection) {
    read_until(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
    const std::string part(1 << 20, 'x');
    while (send_all(connection, part)) {
    }
  }};
  EventLoop loop;
  HttpLink link{loop, server.url("http"), 1};
  const auto answer = ask(loop, link, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, NetFault::too_large) << answer.error().what;
}

TEST(HostileHttpServer, an_answer_that_drips_is_cut_by_its_timeout) {
  ScriptedServer server{[](int connection) {
    read_until(connection, "\r\n\r\n");
    send_all(connection, "HTTP/1.1 200 OK\r\nX: ");
    while (send_all(connection, "x")) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }};
  EventLoop loop;
  HttpLink link{loop, server.url("http"), 1};
  const auto answer = ask(loop, link, {}, 80ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, NetFault::timeout);
  EXPECT_EQ(link.counters().timeouts, 1u);
}

struct OddAnswer {
  const char* name;
  std::string bytes;
  int status;
  std::string body;
};

TEST(HostileHttpServer, odd_but_legal_answers_are_passed_on_as_they_are) {
  const std::vector<OddAnswer> answers{
      {"a redirect is not followed",
       "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, ""},
      {"a page where JSON was due",
       "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", 403,
       "<html></html>"},
      {"the same length twice in one header",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"interim answers first",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
       "Content-Length: 2\r\n\r\nok",
       200, "ok"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
      {"chunks with extensions and trailers",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: v\r\n\r\n", 200, "ok"},
      {"a body that ends with the connection", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it"},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
      {"a status nobody knows", "HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok", 799, "ok"},
      {"bytes behind the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nstray",
       200, "ok"},
      {"any bytes in the body", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\0\xff\r\n"s, 200,
       "\0\xff\r\n"s},
  };
  for (const OddAnswer& odd : answers) {
    SCOPED_TRACE(odd.name);
    ScriptedServer server{[&](int connection) {
      read_until(connection, "\r\n\r\n");
      send_all(connection, odd.bytes);
      shutdown(connection, SHUT_WR);
      read_to_end(connection);
    }};
    EventLoop loop;
    HttpLink link{loop, server.url("http"), 1};
    for (int round = 0; round < 2; ++round) {  // nothing of an answer can reach the next request
      const auto answer = ask(loop, link, {});
      ASSERT_TRUE(answer) << answer.error().what;
      EXPECT_EQ(answer->response.status, odd.status);
      EXPECT_EQ(answer->response.body, odd.body);
    }
  }
}

// ---- our server

struct Recorder {
  explicit Recorder(EventLoop& loop, ServerOptions options = {}) {
    ServerHandlers handlers;
    handlers.on_request = [this](const HttpRequest& request) {
      requests.push_back(request);
      return HttpResponse{request.method == "OPTIONS" ? 204 : 200, {{"Allow", "GET, POST"}}, request.target};
    };
    server = HttpServer::listen(loop, options, std::move(handlers)).value();
  }
  std::unique_ptr<HttpServer> server;
  std::vector<HttpRequest> requests;
};

TEST(HostileHttpClient, bad_requests_get_400_are_counted_and_reach_nobody) {
  const std::vector<std::pair<const char*, std::string>> requests{
      {"no target", "GET\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"three words too many", "GET / HTTP/1.1 and more\r\n\r\n"},
      {"a target with a space", "GET /a b HTTP/1.1\r\n\r\n"},
      {"a version nobody speaks", "GET / HTTP/3.7\r\n\r\n"},
      {"a method of odd bytes", "G\x01T / HTTP/1.1\r\n\r\n"},
      {"TLS", "\x16\x03\x01\x02\x00\x01\r\n\r\n"s},
      {"a header without a colon", "GET / HTTP/1.1\r\nnonsense\r\n\r\n"},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
      {"a zero byte in a header", "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"s},
      {"a carriage return in a header", "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n"},
      {"a length that is no number", "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n"},
      {"a negative length", "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"},
      {"two lengths that differ", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
      {"length and chunks",
       "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunks of rubbish", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
  };
  EventLoop loop;
  Recorder recorder{loop};
  for (const auto& [name, request] : requests) {
    SCOPED_TRACE(name);
    const auto before = recorder.server->counters().malformed_requests;
    RawClient client{recorder.server->port()};
    client.send(request);
    ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
    EXPECT_TRUE(client.text.starts_with("HTTP/1.1 400")) << client.text;
    EXPECT_EQ(recorder.server->counters().malformed_requests, before + 1);
  }
  EXPECT_TRUE(recorder.requests.empty());
}

TEST(HostileHttpClient, requests_in_one_go_are_answered_in_order) {
  EventLoop loop;
  Recorder recorder{loop};
  RawClient client{recorder.server->port()};
  client.send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
      "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  ASSERT_EQ(recorder.requests.size(), 3u) << "what follows \"Connection: close\" is not read";
  EXPECT_EQ(recorder.requests[1].body, "body");
  const auto first = client.text.find("\r\n\r\n/1"), second = client.text.find("\r\n\r\n/2"),
             third = client.text.find("\r\n\r\n/3");
  EXPECT_TRUE(first < second && second < third && third != std::string::npos) << client.text;
}

TEST(HostileHttpClient, a_target_arrives_byte_for_byte_since_signatures_cover_it) {
  EventLoop loop;
  Recorder recorder{loop};
  for (const char* target : {"/v5/order?a=%20b&c=%2F%2f&d=+", "/%zz%", "/a//b/../c?x=1&x=2&&=", "/?",
                             "/%C3%A9%00", "http://127.0.0.1/absolute?q", "*"}) {
    RawClient client{recorder.server->port()};
    client.send("GET "s + target + " HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
    ASSERT_TRUE(client.text.starts_with("HTTP/1.1 200")) << client.text;
    EXPECT_EQ(recorder.requests.back().target, target);
  }
}

TEST(HostileHttpClient, head_has_no_body_and_options_reaches_the_handler) {
  EventLoop loop;
  Recorder recorder{loop};
  RawClient client{recorder.server->port()};
  client.send(
      "HEAD /page HTTP/1.1\r\nHost: x\r\n\r\nOPTIONS /page HTTP/1.1\r\nHost: x\r\n\r\n"
      "BREW /pot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
  ASSERT_EQ(recorder.requests.size(), 3u);
  EXPECT_EQ(recorder.requests[2].method, "BREW");
  const auto second = client.text.find("HTTP/1.1 204");
  ASSERT_NE(second, std::string::npos) << client.text;
  EXPECT_NE(client.text.substr(0, second).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(client.text.substr(0, second).ends_with("\r\n\r\n"));
}

TEST(HostileHttpClient, one_that_drips_is_cut_when_its_time_is_up_however_often_it_moves) {
  EventLoop loop;
  Recorder recorder{loop, {.request_timeout = 60ms}};
  RawClient headers{recorder.server->port()};
  RawClient body{recorder.server->port()};
  headers.send("GET / HTTP/1.1\r\n");
  body.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
  bool headers_cut = false, body_cut = false;
  ASSERT_TRUE(run_until(loop, [&] {
    std::this_thread::sleep_for(2ms);  // a drip, not a flood: the limits of size must not come first
    headers.send("X: y\r\n");
    body.send("x");
    headers_cut = headers_cut || headers.read_on();
    body_cut = body_cut || body.read_on();
    return headers_cut && body_cut;
  }));
  EXPECT_EQ(recorder.server->counters().timeouts, 2u);
  EXPECT_TRUE(recorder.requests.empty());
}

TEST(HostileHttpClient, what_is_over_a_limit_is_counted) {
  EventLoop loop;
  Recorder recorder{loop, {.max_connections = 1, .max_body_bytes = 1000}};
  RawClient large{recorder.server->port()};
  large.send("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] {
    large.read_on();
    return large.text.starts_with("HTTP/1.1 413");
  }));
  EXPECT_EQ(recorder.server->counters().oversized_requests, 1u);
  RawClient second{recorder.server->port()};
  second.send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until(loop, [&] {
    second.read_on();
    return second.text.starts_with("HTTP/1.1 503");
  }));
  EXPECT_EQ(recorder.server->counters().refused_connections, 1u);
}

}  // namespace
}  // namespace mlbot::io::net
