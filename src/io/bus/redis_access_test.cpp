// Who may in, and over what: password files, rights, TLS, Unix sockets; against a real redis-server.
#include "io/bus/test_oracle.h"

namespace mlbot::io::bus {
namespace {

/// A file with a secret, as somebody would write it.
std::string secret_file(const RedisServer& server, const std::string& name, const std::string& text,
                        mode_t mode) {
  const std::string path = server.folder() + "/" + name;
  std::ofstream{path} << text << '\n';
  ::chmod(path.c_str(), mode);
  return path;
}

void expect_all_arrives(const std::string& url, const RedisFiles& files) {
  Oracle oracle;
  const auto bus = bus_at(url, {.epoch = 1, .files = files, .trim_period = 20ms});
  ASSERT_TRUE(bus);
  auto reader = bus->reader({{btc}, ReadFrom::oldest, BusGroup{"trade.main", "one"}});
  ASSERT_TRUE(reader) << reader.error().what;
  oracle.publish(*bus, btc, 3'000);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_TRUE((*reader)->confirm());
  EXPECT_EQ(oracle.gaps(), 0u);
  EXPECT_EQ(bus->stats().trouble, "");
}

/// The rights that docs/reference/bus.md gives to the bot.
const std::vector<std::string> bot_rights{"~md.*",  "~feat.*",  "~sig.*", "~ord.*",  "~ctl",
                                          "~own.*", "+@stream", "+get",   "+set",    "+del",
                                          "+ping",  "+select",  "+info",  "+asking", "+cluster|slots"};

TEST(RedisAccess, AUserWithTheDocumentedRightsAndAPasswordFileIsEnough) {
  RedisServer server;
  START_OR_SKIP(server);
  const auto login = RedisLogin::of(server.url(), {}, 2s);
  {
    const auto operator_of = RespConnection::connect(*login, login->url.nodes.front());
    std::vector<std::string_view> words{"ACL", "SETUSER", "bot", "on", ">hunter2"};
    words.insert(words.end(), bot_rights.begin(), bot_rights.end());
    EXPECT_EQ((*operator_of)->ask(words)->next().text, "OK");
    EXPECT_EQ((*operator_of)->ask({"ACL", "SETUSER", "default", "off"})->next().text, "OK");
  }
  const auto url = "redis://bot@" + server.url().substr(8);
  const auto right = secret_file(server, "right", "hunter2", 0600);
  expect_all_arrives(url, {.password = right});

  const auto nobody = RedisBus::connect(server.url());
  EXPECT_EQ(nobody.error().fault, BusFault::refused);
  EXPECT_NE(nobody.error().what.find("bus.password_file"), std::string::npos) << nobody.error().what;
  const auto wrong =
      RedisBus::connect(url, {.files = {.password = secret_file(server, "wrong", "swordfish", 0600)}});
  EXPECT_EQ(wrong.error().fault, BusFault::refused);
  EXPECT_NE(wrong.error().what.find("WRONGPASS"), std::string::npos) << wrong.error().what;
  EXPECT_EQ(wrong.error().what.find("swordfish"), std::string::npos);

  // Keys that are not the bot's are refused, told, and do not hold up the others.
  const auto bus = bus_at(url, {.epoch = 1, .files = {.password = right}});
  bus->publish("private", {1}, "x");
  bus->publish("ctl", {1}, "x");
  wait_until([&] { return bus->stats().trouble.find("NOPERM") != std::string::npos; });
  wait_until([&] { return bus->stats().delivered == 1; });
  EXPECT_FALSE(bus->reader({{"private"}, ReadFrom::head}));
}

TEST(RedisAccess, ASecretThatOthersMayReadIsRefusedBeforeAnythingIsSent) {
  RedisServer server;
  START_OR_SKIP(server);
  const auto try_with = [&](const std::string& file) {
    return RedisBus::connect(server.url(), {.files = {.password = file}}).error();
  };
  const auto open = try_with(secret_file(server, "open", "hunter2", 0644));
  EXPECT_EQ(open.fault, BusFault::refused);
  EXPECT_NE(open.what.find("mode 0644"), std::string::npos) << open.what;
  EXPECT_NE(open.what.find("chmod 600"), std::string::npos);
  EXPECT_EQ(open.what.find("hunter2"), std::string::npos);
  EXPECT_EQ(try_with(secret_file(server, "group", "hunter2", 0640)).fault, BusFault::refused);
  EXPECT_EQ(try_with(secret_file(server, "empty", "", 0600)).fault, BusFault::refused);
  EXPECT_EQ(try_with(server.folder()).fault, BusFault::refused);
  EXPECT_EQ(try_with(server.folder() + "/nowhere").fault, BusFault::refused);
}

TEST(RedisAccess, OverAUnixSocket) {
  RedisServer server;
  const auto path = server.folder() + "/redis.sock";
  RedisServer listening{{"--port", "0", "--unixsocket", path, "--unixsocketperm", "700"}};
  START_OR_SKIP(listening);
  expect_all_arrives("redis+unix://" + path, {});
  EXPECT_EQ(RedisBus::connect("redis+unix:///nowhere/redis.sock").error().fault, BusFault::no_server);
}

TEST(RedisAccess, OverTlsWithTheServersAuthorityAndOurOwnCertificate) {
  RedisServer folder;
  const auto in = [&](const char* name) { return folder.folder() + "/" + name; };
  const auto make = [&](const std::string& name, const std::string& subject) {
    return run_quietly({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", subject, "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", in((name + ".key").c_str()), "-out", in((name + ".pem").c_str())});
  };
  if (!make("server", "/CN=redis") || !make("stranger", "/CN=redis")) GTEST_SKIP() << "no openssl program";
  const auto port = std::to_string(free_port());
  RedisServer server{{"--port", "0", "--tls-port", port, "--tls-cert-file", in("server.pem"),
                      "--tls-key-file", in("server.key"), "--tls-ca-cert-file", in("server.pem"),
                      "--tls-auth-clients", "yes"}};
  START_OR_SKIP(server);
  const auto url = "rediss://127.0.0.1:" + port;
  const TlsFiles ours{in("server.pem"), in("server.pem"), in("server.key")};
  expect_all_arrives(url, {.tls = ours});

  const auto refused = [&](TlsFiles files) {
    return RedisBus::connect(url, {.files = {.tls = files}}).error();
  };
  const auto stranger = refused({in("stranger.pem"), in("server.pem"), in("server.key")});
  EXPECT_EQ(stranger.fault, BusFault::refused);
  EXPECT_NE(stranger.what.find("bus.tls_ca_file"), std::string::npos) << stranger.what;
  EXPECT_NE(refused({.authorities = in("server.pem")}).what, "") << "the server asks for a certificate";
  EXPECT_EQ(refused({.authorities = in("nowhere.pem")}).fault, BusFault::refused);
  ::chmod(in("server.key").c_str(), 0644);
  EXPECT_NE(refused(ours).what.find("chmod 600"), std::string::npos);
  const auto plain = RedisBus::connect("redis://127.0.0.1:" + port, {.timeout = 200ms});
  EXPECT_FALSE(plain) << "a server with TLS only";
}

}  // namespace
}  // namespace mlbot::io::bus
