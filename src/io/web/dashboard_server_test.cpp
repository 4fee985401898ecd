#include "io/web/dashboard_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/net/links.h"
#include "io/net/test_loop.h"
#include "io/web/access.h"
#include "io/web/assets.h"

namespace mlbot::io::web {
namespace {

constexpr Instant noon = Instant::from_ms(1'781'000'000'000);
constexpr std::string_view token = "a-token-of-the-test";

std::vector<FeatureText> texts() {
  std::vector<FeatureText> list;
  for (int id = 1; id <= 142; ++id)
    list.push_back({id, fmt::format("row_{}", id), "price", "bps", "5 s", "d", "u"});
  return list;
}

class DashboardServerTest : public testing::Test {
 protected:
  void start(bool may_act = true) {
    DashboardServerHooks hooks;
    hooks.now = [] { return noon; };
    if (may_act)
      hooks.on_operator = [this](const OperatorCommand& command) -> OperatorAnswer {
        const auto verb = command.verb;
        last_wish = command;
        wishes.push_back(verb);
        if (verb == OperatorVerb::kill) return std::unexpected("no key to drop");
        return "done";
      };
    auto made = DashboardServer::start(
        loop, dashboard, {.port = 0, .token = std::string{token}, .push_every = 10ms}, std::move(hooks));
    ASSERT_TRUE(made) << made.error().what;
    server = std::move(*made);
    origin = fmt::format("http://127.0.0.1:{}", server->port());
  }
  net::Headers bearer() const { return {{"Authorization", fmt::format("Bearer {}", token)}}; }

  net::HttpResponse ask(net::HttpRequest request) {
    net::HttpLink link{loop, *net::parse_url(origin)};
    std::optional<net::HttpResponse> got;
    link.request(std::move(request), 5s, [&](Result<net::HttpAnswer, net::NetError> answer) {
      ASSERT_TRUE(answer) << answer.error().what;
      got = answer->response;
    });
    EXPECT_TRUE(net::run_until(loop, [&] { return got.has_value(); }));
    return got.value_or(net::HttpResponse{.status = 0});
  }
  net::HttpResponse get(std::string target) {
    return ask({.target = std::move(target), .headers = bearer()});
  }
  net::HttpResponse post(std::string body, net::Headers headers) {
    headers.emplace_back("Content-Type", "application/json");
    return ask({.method = "POST",
                .target = "/api/operator",
                .headers = std::move(headers),
                .body = std::move(body)});
  }

  net::EventLoop loop;
  Dashboard dashboard{texts()};
  std::vector<OperatorVerb> wishes;
  OperatorCommand last_wish;
  std::unique_ptr<DashboardServer> server;
  std::string origin;
};

TEST_F(DashboardServerTest, shows_nothing_without_the_token) {
  start();
  for (const char* target :
       {"/", "/index.html", "/api/state", "/api/features", "/?token=wrong-token-of-test"})
    EXPECT_EQ(ask({.target = target}).status, 401) << target;
  EXPECT_EQ(ask({.target = "/", .headers = {{"Cookie", "other=1"}}}).status, 401);
}

TEST_F(DashboardServerTest, the_first_link_gives_a_cookie_and_takes_the_token_out_of_sight) {
  start();
  const net::HttpResponse first = ask({.target = fmt::format("/?token={}", token)});
  EXPECT_EQ(first.status, 303);
  EXPECT_EQ(net::header(first.headers, "Location"), "/");
  const std::string cookie{net::header(first.headers, "Set-Cookie")};
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  const net::HttpResponse page =
      ask({.target = "/", .headers = {{"Cookie", "other=1; " + cookie.substr(0, cookie.find(';'))}}});
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("<title>MLBot</title>"), std::string::npos);
}

TEST_F(DashboardServerTest, the_page_may_load_nothing_from_elsewhere) {
  start();
  const net::HttpResponse page = get("/");
  const std::string_view policy = net::header(page.headers, "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string_view::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string_view::npos);
  EXPECT_EQ(policy.find("http"), std::string_view::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_EQ(net::header(page.headers, "X-Content-Type-Options"), "nosniff");
}

TEST_F(DashboardServerTest, a_foreign_host_or_origin_is_refused_even_with_the_token) {
  start();
  net::Headers headers = bearer();
  headers.emplace_back("Origin", "http://evil.example");
  EXPECT_EQ(ask({.target = "/api/state", .headers = headers}).status, 403);
  EXPECT_EQ(post(R"({"verb":"pause"})", headers).status, 403);
  headers.emplace_back("Connection", "Upgrade");
  headers.emplace_back("Upgrade", "websocket");
  headers.emplace_back("Sec-WebSocket-Version", "13");
  headers.emplace_back("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(ask({.target = "/ws", .headers = headers}).status, 403);
  EXPECT_TRUE(wishes.empty());

  const Access access{std::string{token}, "127.0.0.1", 8787};
  net::HttpRequest request{.headers = bearer()};
  request.headers.emplace_back("Host", "rebound.example:8787");
  EXPECT_EQ(access.judge(request), Verdict::wrong_host);
  request.headers.back().second = "127.0.0.1:8788";
  EXPECT_EQ(access.judge(request), Verdict::wrong_host);
  request.headers.back().second = "localhost:8787";
  EXPECT_EQ(access.judge(request), Verdict::granted);
  request.headers.emplace_back("Origin", "https://localhost:8787");
  EXPECT_EQ(access.judge(request), Verdict::wrong_origin);
}

TEST_F(DashboardServerTest, no_path_leads_out_of_the_page) {
  start();
  for (const char* target :
       {"/../etc/passwd", "/assets/../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/assets/",
        "/assets", "/nothing", "/api/nothing", "/api/history?symbol=NONE"})
    EXPECT_EQ(get(target).status, 404) << target;
}

TEST_F(DashboardServerTest, every_file_of_the_page_is_served_as_what_it_is) {
  start();
  ASSERT_GE(assets().size(), 3u);
  for (const Asset& asset : assets()) {
    const net::HttpResponse file = get(std::string{asset.path});
    EXPECT_EQ(file.status, 200) << asset.path;
    EXPECT_EQ(file.body, asset.bytes) << asset.path;
    EXPECT_EQ(net::header(file.headers, "Content-Type"), asset.content_type);
  }
}

TEST_F(DashboardServerTest, state_is_the_dashboards_own_word) {
  start();
  dashboard.set_header({.state = "PAUSED", .why = "operator"});
  dashboard.take(Stamped{.at = noon, .what = WalletNews{.equity = E8{123'456'789'012}}});
  EXPECT_EQ(get("/api/state").body, dashboard.snapshot().dump());
  EXPECT_EQ(get("/api/features").body, dashboard.features().dump());
  EXPECT_EQ(Json::parse(get("/api/health").body)["state"], "PAUSED");
}

TEST_F(DashboardServerTest, a_wish_reaches_the_bot_and_its_answer_the_operator) {
  start();
  EXPECT_EQ(post(R"({"verb":"pause"})", {}).status, 401);
  const net::HttpResponse done = post(R"({"verb":"pause"})", bearer());
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(Json::parse(done.body)["text"], "done");
  const net::HttpResponse refused = post(R"({"verb":"kill"})", bearer());
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(Json::parse(refused.body)["error"], "no key to drop");
  for (const char* body : {"", "{", "[]", R"({"verb":3})", R"({"verb":"explode"})"})
    EXPECT_EQ(post(body, bearer()).status, 400) << body;
  EXPECT_EQ(ask({.target = "/api/operator", .headers = bearer()}).status, 405);
  EXPECT_EQ(
      ask({.method = "POST", .target = "/api/operator", .headers = bearer(), .body = R"({"verb":"pause"})"})
          .status,
      415)
      << "a form of another site cannot send JSON";
  EXPECT_EQ(wishes, (std::vector{OperatorVerb::pause, OperatorVerb::kill}));
}

TEST_F(DashboardServerTest, every_verb_is_known_and_an_unlock_wants_a_cause_and_the_account) {
  HeaderView header;
  header.account = "…0001";
  dashboard.set_header(header);
  start();
  for (const char* verb : {"pause", "reduce", "cancel_all", "flatten", "disconnect", "resume"})
    EXPECT_EQ(post(fmt::format(R"({{"verb":"{}"}})", verb), bearer()).status, 200) << verb;
  EXPECT_EQ(last_wish.from.view(), "page");
  EXPECT_EQ(post(R"({"verb":"unlock","confirm":"…0001"})", bearer()).status, 409);
  EXPECT_EQ(post(R"({"verb":"unlock","cause":"looked at it","confirm":"…0002"})", bearer()).status, 409);
  EXPECT_EQ(post(fmt::format(R"({{"verb":"pause","cause":"{}"}})", std::string(121, 'x')), bearer()).status,
            400);
  EXPECT_EQ(wishes.size(), 6u);
  EXPECT_EQ(
      post(R"({"verb":"unlock","from":"cli","cause":"looked at it","confirm":"…0001"})", bearer()).status,
      200);
  EXPECT_EQ(last_wish.verb, OperatorVerb::unlock);
  EXPECT_EQ(last_wish.from.view(), "cli");
  EXPECT_EQ(last_wish.cause.view(), "looked at it");
}

TEST_F(DashboardServerTest, without_a_listener_the_page_is_read_only) {
  start(false);
  EXPECT_EQ(post(R"({"verb":"pause"})", bearer()).status, 403);
}

TEST_F(DashboardServerTest, a_page_hears_everything_first_and_then_what_changed) {
  start();
  std::vector<Json> heard;
  net::WebSocketHandlers handlers;
  handlers.on_text = [&](std::string_view text) { heard.push_back(Json::parse(text)); };
  handlers.on_down = [](const net::NetError&) {};
  dashboard.note(noon, Severity::info, "before");
  net::WebSocketLink link{loop, {}, handlers};
  link.open(*net::parse_url(fmt::format("ws://127.0.0.1:{}/ws?token={}", server->port(), token)));
  ASSERT_TRUE(net::run_until(loop, [&] { return !heard.empty(); }));
  EXPECT_EQ(heard[0]["kind"], "snapshot");
  EXPECT_EQ(heard[0]["events"][0]["text"], "before");
  heard.clear();
  dashboard.note(noon, Severity::info, "after");
  const auto tells = [](const Json& message) { return !message["events"].empty(); };
  ASSERT_TRUE(net::run_until(loop, [&] { return std::any_of(heard.begin(), heard.end(), tells); }));
  const Json& message = *std::find_if(heard.begin(), heard.end(), tells);
  EXPECT_EQ(message["kind"], "changes");
  ASSERT_EQ(message["events"].size(), 1u);
  EXPECT_EQ(message["events"][0]["text"], "after");
}

TEST_F(DashboardServerTest, a_page_without_the_token_hears_nothing) {
  start();
  bool down = false, heard = false;
  net::WebSocketHandlers handlers;
  handlers.on_text = [&](std::string_view) { heard = true; };
  handlers.on_down = [&](const net::NetError&) { down = true; };
  net::WebSocketLink link{loop, {}, handlers};
  link.open(*net::parse_url(fmt::format("ws://127.0.0.1:{}/ws", server->port())));
  EXPECT_TRUE(net::run_until(loop, [&] { return down; }));
  EXPECT_FALSE(heard);
}

TEST_F(DashboardServerTest, a_short_token_and_a_busy_port_are_told_with_the_remedy) {
  start();
  DashboardServerHooks hooks;
  hooks.now = [] { return noon; };
  const auto short_token = DashboardServer::start(loop, dashboard, {.port = 0, .token = "short"}, hooks);
  ASSERT_FALSE(short_token);
  EXPECT_NE(short_token.error().what.find("at least 16"), std::string::npos);
  const auto busy =
      DashboardServer::start(loop, dashboard, {.port = server->port(), .token = std::string{token}}, hooks);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().fault, net::NetFault::address_in_use);
}

}  // namespace
}  // namespace mlbot::io::web
