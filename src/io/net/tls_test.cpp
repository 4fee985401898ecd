// Servers that must not be trusted, made on the spot by OpenSSL: each is refused before a byte of the request
// leaves, with words that name what was wrong, and counted.
#include <gtest/gtest.h>

#include <mutex>
#include <optional>

#include "io/net/links.h"
#include "io/net/stream.h"
#include "io/net/test_loop.h"
#include "io/net/test_servers.h"

namespace mlbot::io::net {
namespace {

constexpr Duration short_timeout = 150ms;  // for servers that stall; the others are refused at once

struct Outcome {
  NetError error;
  LinkCounters counters;
};

Result<HttpAnswer, NetError> get(const Url& url, LinkCounters& counters, Duration timeout = 8s) {
  EventLoop loop;
  HttpLink link{loop, url};
  std::optional<Result<HttpAnswer, NetError>> got;
  link.request({.target = url.target}, timeout, [&](auto answer) { got = std::move(answer); });
  EXPECT_TRUE(run_until(loop, [&] { return got.has_value(); }));
  counters = link.counters();
  return *got;
}

Outcome refused_websocket(const Url& url, Duration timeout) {
  EventLoop loop;
  std::optional<NetError> error;
  WebSocketLink link{loop,
                     {.connect_timeout = timeout},
                     {[] { FAIL() << "opened"; }, [](auto) {}, [&](const NetError& e) { error = e; }}};
  link.open(url);
  EXPECT_TRUE(run_until(loop, [&] { return error.has_value(); }));
  return {*error, link.counters()};
}

/// All that a bad server may need; made once, keys are slow.
struct Authorities {
  std::unique_ptr<Identity> root = make_authority();
  Identity middle{{.common_name = "middle", .constraints = "critical,CA:TRUE"}, root.get()};
  Identity no_authority{{.common_name = "no authority", .constraints = "critical,CA:FALSE"}, root.get()};
  Identity stranger{{.common_name = "stranger", .constraints = "critical,CA:TRUE"}};
};

struct BadServer {
  const char* name;
  const char* host;
  CertificateWishes wishes;
  const char* says;  ///< part of the error
  const Identity* issuer;
  std::vector<const Identity*> chain = {};
  int max_version = 0;
  const char* ciphers = "ALL";
};

const char* const both_names = "DNS:localhost,IP:127.0.0.1";

std::vector<BadServer> bad_servers(const Authorities& known) {
  const Identity* const root = known.root.get();
  using namespace std::string_literals;
  return {
      {"expired", "localhost", {.alternative_names = both_names, .valid_until_s = -60}, "has expired", root},
      {"not yet valid",
       "localhost",
       {.alternative_names = both_names, .valid_from_s = 600},
       "not yet valid",
       root},
      {"of another host",
       "localhost",
       {.alternative_names = "DNS:elsewhere.example"},
       "hostname mismatch",
       root},
      {"the right host in the common name only",
       "localhost",
       {.common_name = "localhost"},
       "hostname mismatch",
       root},
      {"of another address", "127.0.0.1", {.alternative_names = "IP:127.0.0.2"}, "IP address mismatch", root},
      {"the address as a name",
       "127.0.0.1",
       {.alternative_names = "DNS:127.0.0.1"},
       "IP address mismatch",
       root},
      {"a wildcard for part of a name",
       "localhost",
       {.alternative_names = "DNS:*"},
       "hostname mismatch",
       root},
      {"a name that goes on behind a zero byte",
       "localhost",
       {.raw_dns_name = "localhost\0.elsewhere.example"s},
       "hostname mismatch",
       root},
      {"self-signed", "localhost", {.alternative_names = both_names}, "self-signed certificate", nullptr},
      {"of an authority nobody knows",
       "localhost",
       {.alternative_names = both_names},
       "unable to get local issuer certificate",
       &known.stranger},
      {"of an authority nobody knows, which is sent along",
       "localhost",
       {.alternative_names = both_names},
       "self-signed certificate in certificate chain",
       &known.stranger,
       {&known.stranger}},
      {"with a hole in its chain",
       "localhost",
       {.alternative_names = both_names},
       "unable to get local issuer certificate",
       &known.middle},
      {"signed by one who is no authority",
       "localhost",
       {.alternative_names = both_names},
       "invalid CA certificate",
       &known.no_authority,
       {&known.no_authority}},
      {"for clients only",
       "localhost",
       {.alternative_names = both_names, .extended_use = "clientAuth"},
       "purpose",
       root},
      {"with a key of 1024 bits",
       "localhost",
       {.alternative_names = both_names, .rsa_bits = 1024},
       "key too weak",
       root},
      {"signed over SHA-1",
       "localhost",
       {.alternative_names = both_names, .digest = EVP_sha1()},
       "digest algorithm too weak",
       root},
      {"TLS 1.0 only",
       "localhost",
       {.alternative_names = both_names},
       "no TLS 1.2 or later",
       root,
       {},
       TLS1_VERSION},
      {"TLS 1.1 only",
       "localhost",
       {.alternative_names = both_names},
       "no TLS 1.2 or later",
       root,
       {},
       TLS1_1_VERSION},
      {"ciphers that hide nothing",
       "localhost",
       {.alternative_names = both_names},
       "no cipher",
       root,
       {},
       TLS1_2_VERSION,
       "eNULL"},
      {"ciphers without a certificate",
       "localhost",
       {.alternative_names = both_names},
       "no cipher",
       root,
       {},
       TLS1_2_VERSION,
       "aNULL"},
  };
}

TEST(Tls, servers_that_must_not_be_trusted_are_refused_before_a_byte_is_sent) {
  const Authorities known;
  const Trusting trusting{*known.root};
  for (const BadServer& bad : bad_servers(known)) {
    SCOPED_TRACE(bad.name);
    const Identity identity{bad.wishes, bad.issuer};
    const TlsSettings settings{identity, bad.chain, bad.max_version, bad.ciphers};
    std::atomic<int> handshakes{0};
    {
      ScriptedServer server{[&](int connection) { settings.serve(connection, [&](SSL*) { ++handshakes; }); }};
      LinkCounters counters;
      const auto answer = get(server.url("https", bad.host), counters);
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().fault, NetFault::tls);
      EXPECT_NE(answer.error().what.find(bad.says), std::string::npos) << answer.error().what;
      EXPECT_NE(answer.error().what.find(bad.host), std::string::npos) << answer.error().what;
      EXPECT_EQ(counters.refused_handshakes, 1u);
      EXPECT_EQ(counters.opened, 0u);
      const auto socket = refused_websocket(server.url("wss", bad.host), 8s);
      EXPECT_EQ(socket.error.fault, NetFault::tls);
      EXPECT_NE(socket.error.what.find(bad.says), std::string::npos) << socket.error.what;
      EXPECT_EQ(socket.counters.refused_handshakes, 1u);
      EXPECT_EQ(socket.counters.opened, 0u);
    }
    EXPECT_EQ(handshakes, 0) << "the client went on, so its request could have followed";
  }
}

struct RudeServer {
  const char* name;
  const char* says_http;
  const char* says_websocket;
  NetFault fault;
  ScriptedServer::Script script;
};

/// How much of the client's first message there is to see.
std::string first_message(int connection) {
  char bytes[4096];
  const auto got = recv(connection, bytes, sizeof bytes, 0);
  return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

TEST(Tls, servers_that_break_off_stall_or_speak_something_else_are_refused) {
  std::string heard;
  std::mutex mutex;
  const auto listen_once = [&](int connection) {
    const std::scoped_lock lock{mutex};
    heard += first_message(connection);
  };
  const auto listen_to_the_end = [&](int connection) {
    listen_once(connection);
    read_to_end(connection);
  };
  // A record of type handshake that announces 16 383 bytes and never brings them.
  const std::string endless_record{'\x16', '\x03', '\x03', '\x3f', '\xff', '\x02'};
  const std::vector<RudeServer> rude{
      {"plain HTTP on the port", "does not speak TLS", "does not speak TLS", NetFault::tls,
       [&](int connection) {
         listen_once(connection);
         send_all(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsafe");
         read_to_end(connection);
       }},
      {"rubbish", "starting TLS with", "starting TLS with", NetFault::tls,
       [&](int connection) {
         listen_once(connection);
         send_all(connection, std::string(64, '\0'));
         read_to_end(connection);
       }},
      {"closed at once", "during the TLS handshake", "during the TLS handshake", NetFault::closed,
       [](int) {}},
      {"closed after the client's hello", "during the TLS handshake", "during the TLS handshake",
       NetFault::closed, listen_once},
      {"closed within a record", "during the TLS handshake", "during the TLS handshake", NetFault::closed,
       [&](int connection) {
         listen_once(connection);
         send_all(connection, endless_record);
       }},
      {"an alert", "starting TLS with", "starting TLS with", NetFault::tls,
       [&](int connection) {
         listen_once(connection);
         send_all(connection, std::string{'\x15', '\x03', '\x03', '\0', '\x02', '\x02', '\x50'});
         read_to_end(connection);
       }},
      {"silent", "no answer", "in the TLS handshake", NetFault::timeout, listen_to_the_end},
      {"stalls within a record", "no answer", "in the TLS handshake", NetFault::timeout,
       [&](int connection) {
         listen_once(connection);
         send_all(connection, endless_record);
         read_to_end(connection);
       }},
  };
  for (const RudeServer& bad : rude) {
    SCOPED_TRACE(bad.name);
    const Duration timeout = bad.fault == NetFault::timeout ? short_timeout : Duration{8s};
    {
      ScriptedServer server{bad.script};
      LinkCounters counters;
      const auto answer = get(server.url("https", "127.0.0.1"), counters, timeout);
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().fault, bad.fault) << answer.error().what;
      EXPECT_NE(answer.error().what.find(bad.says_http), std::string::npos) << answer.error().what;
      EXPECT_EQ(counters.refused_handshakes + counters.timeouts, 1u);
      EXPECT_EQ(counters.timeouts, bad.fault == NetFault::timeout ? 1u : 0u);
      const auto socket = refused_websocket(server.url("wss", "127.0.0.1"), timeout);
      EXPECT_EQ(socket.error.fault, bad.fault) << socket.error.what;
      EXPECT_NE(socket.error.what.find(bad.says_websocket), std::string::npos) << socket.error.what;
      EXPECT_EQ(socket.counters.refused_handshakes + socket.counters.timeouts, 1u);
    }
    EXPECT_EQ(heard.find("secret"), std::string::npos) << "nothing but the TLS hello may leave";
    EXPECT_EQ(heard.find("HTTP"), std::string::npos);
  }
}

/// The verdict on a host whose name no resolver here knows: TLS over a connection that stands already.
std::optional<NetError> verdict_on(const std::string& host, const std::string& certified) {
  const auto authority = make_authority();
  const Trusting trusting{*authority};
  const Identity identity{{.alternative_names = certified}, authority.get()};
  const TlsSettings settings{identity};
  ScriptedServer server{[&](int connection) { settings.serve(connection, [](SSL*) {}); }};
  EventLoop loop;
  const auto stream = std::make_shared<Stream>(loop);
  ErrorCode error;
  stream->socket().connect({asio::ip::make_address("127.0.0.1"), server.port()}, error);
  EXPECT_FALSE(error);
  std::optional<std::optional<NetError>> verdict;
  shake_hands(stream, server.url("https", host),
              [&](std::optional<NetError> found) { verdict = std::move(found); });
  EXPECT_TRUE(run_until(loop, [&] { return verdict.has_value(); }));
  stream->close();
  return *verdict;
}

TEST(Tls, a_wildcard_stands_for_one_whole_label) {
  EXPECT_FALSE(verdict_on("a.example.test", "DNS:*.example.test"));
  EXPECT_FALSE(verdict_on("A.Example.test", "DNS:a.example.test"));
  for (const auto& [host, certified] :
       std::vector<std::pair<std::string, std::string>>{{"a.b.example.test", "DNS:*.example.test"},
                                                        {"example.test", "DNS:*.example.test"},
                                                        {"ab.example.test", "DNS:a*.example.test"},
                                                        {"a.example.test", "DNS:*.test,DNS:*"},
                                                        {"a.example.test.evil.test", "DNS:a.example.test"}}) {
    const auto verdict = verdict_on(host, certified);
    ASSERT_TRUE(verdict) << host << " was accepted with " << certified;
    EXPECT_EQ(verdict->fault, NetFault::tls);
    EXPECT_NE(verdict->what.find("hostname mismatch"), std::string::npos) << verdict->what;
  }
}

TEST(Tls, good_servers_are_welcome) {
  const Authorities known;
  const Trusting trusting{*known.root};
  const Identity direct{{.alternative_names = both_names, .extended_use = "serverAuth"}, known.root.get()};
  const Identity behind{{.alternative_names = both_names, .rsa_bits = 2048}, &known.middle};
  const TlsSettings newest{direct};
  const TlsSettings older{direct, {}, TLS1_2_VERSION};
  const TlsSettings chained{behind, {&known.middle}};
  for (const TlsSettings* const settings : {&newest, &older, &chained}) {
    ScriptedServer server{[&](int connection) {
      settings->serve(connection, [](SSL* ssl) {
        char request[4096];
        SSL_read(ssl, request, sizeof request);
        const std::string_view answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsafe";
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl);
      });
    }};
    for (const char* host : {"localhost", "127.0.0.1"}) {
      LinkCounters counters;
      const auto answer = get(server.url("https", host), counters);
      ASSERT_TRUE(answer) << answer.error().what;
      EXPECT_EQ(answer->response.body, "safe");
      EXPECT_EQ(counters.opened, 1u);
      EXPECT_EQ(counters.refused_handshakes, 0u);
    }
  }
}

TEST(Tls, texts_travel_both_ways_and_a_cut_without_goodbye_is_heard) {
  const Authorities known;
  const Trusting trusting{*known.root};
  const Identity identity{{.alternative_names = both_names}, known.root.get()};
  const TlsSettings settings{identity};
  ScriptedServer server{[&](int connection) {
    settings.serve(connection, [](SSL* ssl) {
      char bytes[4096];
      const int size = SSL_read(ssl, bytes, sizeof bytes);
      const std::string answer = upgrade_answer({bytes, static_cast<std::size_t>(std::max(size, 0))}) +
                                 std::string{'\x81', 5} + "first";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_read(ssl, bytes, sizeof bytes);
      SSL_write(ssl, "\x81\x06second", 8);
    });
  }};
  EventLoop loop;
  std::vector<std::string> texts;
  std::optional<NetError> down;
  WebSocketLink link{loop,
                     {},
                     {[&] { link.send("hello"); }, [&](std::string_view text) { texts.emplace_back(text); },
                      [&](const NetError& error) { down = error; }}};
  link.open(server.url("wss", "localhost"));
  ASSERT_TRUE(run_until(loop, [&] { return down.has_value(); }));
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(down->fault, NetFault::closed);
  EXPECT_EQ(link.counters().lost, 1u);
}

TEST(Tls, plain_http_gets_no_answer_from_a_tls_server) {
  const Identity identity{{.alternative_names = both_names}};
  const TlsSettings settings{identity};
  ScriptedServer server{[&](int connection) { settings.serve(connection, [](SSL*) {}); }};
  LinkCounters counters;
  const auto answer = get(server.url("http", "127.0.0.1"), counters);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("127.0.0.1"), std::string::npos) << answer.error().what;
}

}  // namespace
}  // namespace mlbot::io::net
