// Peers that break RFC 6455, over real sockets: a hostile server against our client, a hostile client against
// our server. Each is refused with a name, counted, and the next connection works.
#include <gtest/gtest.h>

#include <optional>

#include "io/net/http_server.h"
#include "io/net/links.h"
#include "io/net/test_bad_frames.h"
#include "io/net/test_loop.h"
#include "io/net/test_raw_client.h"
#include "io/net/test_servers.h"

namespace mlbot::io::net {
namespace {

using namespace std::string_literals;

/// Every second connection gets the hostile script; those between get one good text and a goodbye.
class TwoFacedServer {
 public:
  explicit TwoFacedServer(ScriptedServer::Script hostile)
      : server_{[this, hostile = std::move(hostile)](int connection) {
          if (++connections_ % 2 == 1) return hostile(connection);
          send_all(connection, upgrade_answer(read_until(connection, "\r\n\r\n")) +
                                   "\x81\x04"
                                   "fine\x88\x02\x03\xe8");
          read_to_end(connection);
        }} {}
  Url url() const { return server_.url("ws"); }

 private:
  int connections_ = 0;
  ScriptedServer server_;
};

struct Client {
  explicit Client(EventLoop& loop, WebSocketOptions options = {.max_message_bytes = bad_frames_limit})
      : link{loop,
             options,
             {[this] { ++opened; }, [this](std::string_view text) { texts.emplace_back(text); },
              [this](const NetError& error) { downs.push_back(error); }}} {}
  int opened = 0;
  std::vector<std::string> texts;
  std::vector<NetError> downs;
  WebSocketLink link;
};

/// The link goes down once, and the next connection of the same link works.
NetError refused_then_fine(EventLoop& loop, Client& client, const Url& url) {
  const auto downs = client.downs.size();
  client.link.open(url);
  EXPECT_TRUE(run_until(loop, [&] { return client.downs.size() > downs; }));
  const NetError error = client.downs.back();
  const int opened = client.opened;
  client.texts.clear();
  client.link.open(url);
  EXPECT_TRUE(run_until(loop, [&] { return client.downs.size() == downs + 2; }));
  EXPECT_EQ(client.texts, std::vector<std::string>{"fine"});
  EXPECT_EQ(client.opened, opened + 1);
  EXPECT_NE(client.downs.back().what.find("code 1000"), std::string::npos) << client.downs.back().what;
  return error;
}

TEST(HostileServer, every_bad_frame_is_named_counted_and_survived) {
  EventLoop loop;
  Client client{loop};
  for (const BadStream& bad : bad_streams(Role::server)) {
    SCOPED_TRACE(bad.name);
    std::string farewell;
    const LinkCounters before = client.link.counters();
    NetError error;
    {
      TwoFacedServer server{[&](int connection) {
        send_all(connection, upgrade_answer(read_until(connection, "\r\n\r\n")));
        send_all(connection, bad.bytes);
        farewell = read_until(connection, "never");
      }};
      error = refused_then_fine(loop, client, server.url());
    }
    const LinkCounters& after = client.link.counters();
    if (bad.fault == FrameFault::too_large) {
      EXPECT_EQ(error.fault, NetFault::too_large);
      EXPECT_NE(error.what.find("more than 70000 bytes"), std::string::npos) << error.what;
      EXPECT_EQ(after.oversized_messages, before.oversized_messages + 1);
    } else {
      EXPECT_EQ(error.fault, NetFault::protocol);
      EXPECT_NE(error.what.find(describe(bad.fault)), std::string::npos) << error.what;
      EXPECT_EQ(after.protocol_errors, before.protocol_errors + 1);
    }
    EXPECT_EQ(after.opened, before.opened + 2);
    // A masked close frame: the code is hidden by the four bytes before it.
    ASSERT_EQ(farewell.size(), 8u);
    EXPECT_EQ(farewell.substr(0, 2), "\x88\x82");
    const auto code = static_cast<std::uint8_t>(farewell[6] ^ farewell[2]) << 8 |
                      static_cast<std::uint8_t>(farewell[7] ^ farewell[3]);
    EXPECT_EQ(code, close_code_for(bad.fault));
  }
}

TEST(HostileServer, well_formed_neighbours_of_bad_frames_are_read) {
  for (const GoodStream& good : good_streams(Role::server)) {
    SCOPED_TRACE(good.name);
    EventLoop loop;
    Client client{loop};
    ScriptedServer server{[&](int connection) {
      send_all(connection,
               upgrade_answer(read_until(connection, "\r\n\r\n")) + good.bytes + "\x88\x02\x03\xe8"s);
      read_to_end(connection);
    }};
    client.link.open(server.url("ws"));
    ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
    EXPECT_TRUE(client.texts == good.texts);
    EXPECT_EQ(client.downs[0].fault, NetFault::closed) << client.downs[0].what;
    EXPECT_EQ(client.link.counters().lost, 1u);
  }
}

struct BadAnswer {
  const char* name;
  std::string bytes;
  NetFault fault;
  const char* says;
};

TEST(HostileServer, every_bad_answer_to_the_handshake_is_named_counted_and_survived) {
  const std::string start = "HTTP/1.1 101 Switching Protocols\r\n", upgrade = "Upgrade: websocket\r\n",
                    connection_upgrade = "Connection: Upgrade\r\n", accept = "Sec-WebSocket-Accept: {}\r\n",
                    end = "\r\n";
  const std::vector<BadAnswer> answers{
      {"an accept for another key",
       start + upgrade + connection_upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + end,
       NetFault::protocol, "does not fit our key"},
      {"no accept", start + upgrade + connection_upgrade + end, NetFault::protocol,
       "without Sec-WebSocket-Accept"},
      {"an empty accept", start + upgrade + connection_upgrade + "Sec-WebSocket-Accept:\r\n" + end,
       NetFault::protocol, "does not fit our key"},
      {"two accepts", start + upgrade + connection_upgrade + accept + accept + end, NetFault::protocol,
       "two Sec-WebSocket-Accept"},
      {"no upgrade", start + connection_upgrade + accept + end, NetFault::protocol, "without \"Upgrade"},
      {"an upgrade to something else", start + "Upgrade: h2c\r\n" + connection_upgrade + accept + end,
       NetFault::protocol, "without \"Upgrade"},
      {"no connection header", start + upgrade + accept + end, NetFault::protocol, "without \"Connection"},
      {"connection: close", start + upgrade + "Connection: close\r\n" + accept + end, NetFault::protocol,
       "without \"Connection"},
      {"compression that was not offered",
       start + upgrade + connection_upgrade + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n" +
           end,
       NetFault::protocol, "extension that was not offered: permessage-deflate"},
      {"an empty list of extensions",
       start + upgrade + connection_upgrade + accept + "Sec-WebSocket-Extensions:\r\n" + end,
       NetFault::protocol, "extension that was not offered"},
      {"a subprotocol that was not offered",
       start + upgrade + connection_upgrade + accept + "Sec-WebSocket-Protocol: chat\r\n" + end,
       NetFault::protocol, "subprotocol that was not offered: chat"},
      {"HTTP/1.0", "HTTP/1.0 101 Switching Protocols\r\n" + upgrade + connection_upgrade + accept + end,
       NetFault::protocol, "another version than HTTP/1.1"},
      {"HTTP/2", "HTTP/2 101 Switching Protocols\r\n" + upgrade + connection_upgrade + accept + end,
       NetFault::protocol, "opening a WebSocket"},
      {"status 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NetFault::refused,
       "HTTP status 200: hello"},
      {"status 200 with all of a WebSocket's headers",
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + upgrade + connection_upgrade + accept + end,
       NetFault::refused, "HTTP status 200"},
      {"a redirect, which is not followed",
       "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", NetFault::refused,
       "HTTP status 302"},
      {"forbidden", "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nbusy", NetFault::refused,
       "HTTP status 403: busy"},
      {"a page", "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
       NetFault::refused, "HTTP status 502: <html>"},
      {"a page larger than the limit",
       "HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'),
       NetFault::refused, "HTTP status 500"},
      {"a status that is no number", "HTTP/1.1 abc OK\r\n\r\n", NetFault::protocol, "opening a WebSocket"},
      {"a status of two digits", "HTTP/1.1 10 OK\r\n\r\n", NetFault::protocol, "opening a WebSocket"},
      {"no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\n", NetFault::protocol, "opening a WebSocket"},
      {"TLS", "\x15\x03\x03\x00\x02\x02\x28\r\n\r\n"s, NetFault::protocol, "opening a WebSocket"},
      {"frames at once",
       "\x81\x04"
       "fine\x81\x04"
       "fine",
       NetFault::protocol, "opening a WebSocket"},
      {"a header without a colon", start + "Upgrade websocket\r\n" + end, NetFault::protocol,
       "opening a WebSocket"},
      {"a zero byte in a header", start + "Upgrade: web\0socket\r\n"s + end, NetFault::protocol,
       "opening a WebSocket"},
      {"a header of a million bytes", start + "X: " + std::string(1'000'000, 'x') + "\r\n" + end,
       NetFault::too_large, "more than 16384 bytes"},
      {"a million small headers",
       start +
           [] {
             std::string lines;
             for (int i = 0; i < 100'000; ++i) lines += "A: b\r\n";
             return lines;
           }(),
       NetFault::too_large, "more than 16384 bytes"},
      {"a line without end", "HTTP/1.1 101 " + std::string(1'000'000, 'x'), NetFault::too_large,
       "more than 16384 bytes"},
  };
  EventLoop loop;
  Client client{loop};
  for (const BadAnswer& bad : answers) {
    SCOPED_TRACE(bad.name);
    const LinkCounters before = client.link.counters();
    TwoFacedServer server{[&](int connection) {
      const std::string good = upgrade_answer(read_until(connection, "\r\n\r\n"));
      const auto at = good.find("Accept: ") + 8;
      std::string answer = bad.bytes;
      for (auto hole = answer.find("{}"); hole != std::string::npos; hole = answer.find("{}")) {
        answer.replace(hole, 2, good.substr(at, 28));
      }
      send_all(connection, answer);
      read_to_end(connection);
    }};
    const NetError error = refused_then_fine(loop, client, server.url());
    EXPECT_EQ(error.fault, bad.fault) << error.what;
    EXPECT_NE(error.what.find(bad.says), std::string::npos) << error.what;
    EXPECT_EQ(client.link.counters().refused_handshakes, before.refused_handshakes + 1);
    EXPECT_EQ(client.link.counters().opened, before.opened + 1) << "only the good one";
  }
}

TEST(HostileServer, an_end_after_any_byte_of_a_good_exchange_is_heard) {
  EventLoop loop;
  Client client{loop};
  std::size_t all = 0;
  for (std::size_t kept = 0; kept == 0 || kept < all; ++kept) {
    SCOPED_TRACE(kept);
    std::size_t answer_bytes = 0;
    const auto before = client.link.counters();
    NetError error;
    {
      TwoFacedServer server{[&](int connection) {
        const std::string answer = upgrade_answer(read_until(connection, "\r\n\r\n"));
        const std::string exchange = answer +
                                     "\x81\x05hello\x89\x02hi\x01\x01"
                                     "a\x80\x01"
                                     "b\x88\x02\x03\xe8"s;
        answer_bytes = answer.size();
        all = exchange.size();
        send_all(connection, exchange.substr(0, kept));
      }};
      error = refused_then_fine(loop, client, server.url());
    }
    EXPECT_EQ(error.fault, NetFault::closed) << error.what;
    const auto& after = client.link.counters();
    EXPECT_EQ(after.refused_handshakes, before.refused_handshakes + (kept < answer_bytes ? 1 : 0));
    EXPECT_EQ(after.lost, before.lost + (kept < answer_bytes ? 1 : 2))
        << "the good connection ends by its server";
  }
  EXPECT_GT(all, 100u);
}

TEST(HostileServer, an_answer_that_drips_is_cut_by_the_connect_timeout) {
  EventLoop loop;
  Client client{loop, {.connect_timeout = 60ms}};
  ScriptedServer server{[](int connection) {
    while (send_all(connection, "H")) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }};
  client.link.open(server.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_TRUE(client.downs[0].fault == NetFault::timeout || client.downs[0].fault == NetFault::protocol)
      << client.downs[0].what;
}

TEST(HostileServer, a_flood_of_pings_is_answered_with_bounded_memory) {
  constexpr int pings = 200'000;
  EventLoop loop;
  Client client{loop};
  ScriptedServer server{[&](int connection) {
    send_all(connection, upgrade_answer(read_until(connection, "\r\n\r\n")));
    std::string flood;
    for (int i = 0; i < 1000; ++i) flood += "\x89\x7d" + std::string(125, 'p');
    for (int i = 0; i < pings / 1000; ++i) send_all(connection, flood);  // without ever reading a pong
    send_all(connection,
             "\x81\x04"
             "done");
    read_to_end(connection);
  }};
  client.link.open(server.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return !client.texts.empty() || !client.downs.empty(); }));
  EXPECT_EQ(client.texts, std::vector<std::string>{"done"});
  EXPECT_TRUE(client.downs.empty());
}

TEST(HostileServer, what_follows_a_close_frame_is_not_read) {
  EventLoop loop;
  Client client{loop};
  ScriptedServer server{[](int connection) {
    send_all(connection, upgrade_answer(read_until(connection, "\r\n\r\n")) +
                             "\x81\x05"
                             "first\x88\x05\x0f\xa0why\x81\x04late\x83\x01x"s);
    read_to_end(connection);
  }};
  client.link.open(server.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.texts, std::vector<std::string>{"first"});
  EXPECT_NE(client.downs[0].what.find("code 4000 why"), std::string::npos) << client.downs[0].what;
}

TEST(HostileServer, one_that_never_says_goodbye_does_not_hold_the_link) {
  EventLoop loop;
  Client client{loop};
  ScriptedServer server{[](int connection) {
    send_all(connection, upgrade_answer(read_until(connection, "\r\n\r\n")));
    while (send_all(connection,
                    "\x81\x04"
                    "more"))
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }};
  client.link.open(server.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return client.texts.size() > 2; }));
  client.link.close();
  const auto heard = client.texts.size();
  ASSERT_TRUE(run_until(loop, [&] { return client.downs.size() == 1; }));
  EXPECT_EQ(client.texts.size(), heard) << "after close() nothing is handed out";
}

// ---- our server

struct Echo {
  explicit Echo(EventLoop& loop) {
    ServerHandlers handlers;
    handlers.on_upgrade = [](const HttpRequest&) { return HttpResponse{101, {}, ""}; };
    handlers.on_open = [this](PeerId, const HttpRequest&) { ++opened; };
    handlers.on_text = [this](PeerId peer, std::string_view text) {
      texts.emplace_back(text);
      server->send(peer, std::make_shared<const std::string>(text));
    };
    handlers.on_close = [this](PeerId) { ++closed; };
    server = HttpServer::listen(loop, {.max_body_bytes = bad_frames_limit}, std::move(handlers)).value();
  }
  std::unique_ptr<HttpServer> server;
  std::vector<std::string> texts;
  int opened = 0;
  int closed = 0;
};

const std::string upgrade_request =
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What came behind the answer to the handshake.
std::string frames_of(const RawClient& client) {
  const auto end = client.text.find("\r\n\r\n");
  return end == std::string::npos ? "" : client.text.substr(end + 4);
}

TEST(HostileClient, every_bad_frame_closes_the_peer_is_counted_and_others_go_on) {
  EventLoop loop;
  Echo echo{loop};
  int peers = 0;
  for (const BadStream& bad : bad_streams(Role::client)) {
    SCOPED_TRACE(bad.name);
    const ServerCounters before = echo.server->counters();
    RawClient client{echo.server->port()};
    client.send(upgrade_request + bad.bytes);  // in one go: nothing may be lost behind the handshake
    ++peers;
    ASSERT_TRUE(run_until(loop, [&] { return client.read_on() && echo.closed == peers; }));
    const ServerCounters& after = echo.server->counters();
    const bool large = bad.fault == FrameFault::too_large;
    EXPECT_EQ(after.oversized_messages, before.oversized_messages + (large ? 1 : 0));
    EXPECT_EQ(after.protocol_errors, before.protocol_errors + (large ? 0 : 1));
    const std::string close{'\x88', '\x02', static_cast<char>(close_code_for(bad.fault) >> 8),
                            static_cast<char>(close_code_for(bad.fault) & 0xff)};
    EXPECT_TRUE(frames_of(client).ends_with(close)) << frames_of(client);
  }
  RawClient good{echo.server->port()};
  good.send(upgrade_request + std::string{FrameForge{Role::client}.frame(0x81, "fine")});
  ASSERT_TRUE(run_until(loop, [&] {
    good.read_on();
    return frames_of(good) ==
           "\x81\x04"
           "fine";
  }));
}

TEST(HostileClient, well_formed_neighbours_of_bad_frames_are_read) {
  for (const GoodStream& stream : good_streams(Role::client)) {
    SCOPED_TRACE(stream.name);
    EventLoop loop;
    Echo echo{loop};
    RawClient client{echo.server->port()};
    client.send(upgrade_request);
    ASSERT_TRUE(run_until(loop, [&] { return echo.opened == 1; }));
    client.send(stream.bytes + std::string{FrameForge{Role::client}.frame(0x88, "\x03\xe8")});
    ASSERT_TRUE(run_until(loop, [&] { return client.read_on(); }));
    EXPECT_TRUE(echo.texts == stream.texts);
    EXPECT_TRUE(frames_of(client).ends_with("\x88\x02\x03\xe8")) << "the goodbye is answered";
  }
}

TEST(HostileClient, bad_upgrade_requests_get_an_answer_and_the_connection_stays_plain_http) {
  const std::string get = "GET / HTTP/1.1\r\n", host = "Host: x\r\n", connection = "Connection: Upgrade\r\n",
                    upgrade = "Upgrade: websocket\r\n", version = "Sec-WebSocket-Version: 13\r\n",
                    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", end = "\r\n";
  const std::vector<std::tuple<const char*, std::string, const char*>> requests{
      {"no key", get + host + connection + upgrade + version + end, "HTTP/1.1 400"},
      {"a short key", get + host + connection + upgrade + version + "Sec-WebSocket-Key: abc=\r\n" + end,
       "HTTP/1.1 400"},
      {"two keys", get + host + connection + upgrade + version + key + key + end, "HTTP/1.1 400"},
      {"version 8", get + host + connection + upgrade + "Sec-WebSocket-Version: 8\r\n" + key + end,
       "HTTP/1.1 426"},
      {"no version", get + host + connection + upgrade + key + end, "HTTP/1.1 426"},
      {"no connection header", get + host + upgrade + version + key + end, "HTTP/1.1 400"},
      {"no host", get + connection + upgrade + version + key + end, "HTTP/1.1 400"},
      {"by POST",
       "POST / HTTP/1.1\r\n" + host + connection + upgrade + version + key + "Content-Length: 0\r\n" + end,
       "HTTP/1.1 400"},
      {"by HTTP/1.0", "GET / HTTP/1.0\r\n" + host + connection + upgrade + version + key + end,
       "HTTP/1.1 400"},
  };
  EventLoop loop;
  Echo echo{loop};
  for (const auto& [name, request, status] : requests) {
    SCOPED_TRACE(name);
    const auto refused = echo.server->counters().refused_upgrades;
    RawClient client{echo.server->port()};
    client.send(request);
    ASSERT_TRUE(run_until(loop, [&] {
      client.read_on();
      return client.text.find("\r\n\r\n") != std::string::npos;
    }));
    EXPECT_TRUE(client.text.starts_with(status)) << client.text;
    EXPECT_EQ(echo.server->counters().refused_upgrades, refused + 1);
  }
  EXPECT_EQ(echo.opened, 0);
}

TEST(HostileClient, compression_is_declined_and_the_socket_works_without_it) {
  EventLoop loop;
  Echo echo{loop};
  for (const char* offer :
       {"permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover, x-other"}) {
    RawClient client{echo.server->port()};
    client.send(upgrade_request.substr(0, upgrade_request.size() - 2) + "Sec-WebSocket-Extensions: " + offer +
                "\r\n\r\n" + std::string{FrameForge{Role::client}.frame(0x81, "plain")});
    ASSERT_TRUE(run_until(loop, [&] {
      client.read_on();
      return frames_of(client) == "\x81\x05plain";
    })) << client.text;
    EXPECT_EQ(client.text.find("Extensions"), std::string::npos) << client.text;
  }
}

}  // namespace
}  // namespace mlbot::io::net
