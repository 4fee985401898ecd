#include <gtest/gtest.h>

#include <optional>

#include "io/net/http_server.h"
#include "io/net/links.h"
#include "io/net/test_loop.h"

namespace mlbot::io::net {
namespace {

using Way = Delivery::Way;

/// Answers "hello"; every answer travels as `delivery` says.
struct OddServer {
  explicit OddServer(EventLoop& loop, ServerOptions options = {}) {
    ServerHandlers handlers;
    handlers.on_request = [](const HttpRequest&) { return HttpResponse{200, {}, "hello"}; };
    handlers.delivery = [this](const HttpRequest&, const HttpResponse&) { return delivery; };
    handlers.on_upgrade = [](const HttpRequest&) { return HttpResponse{.status = 101}; };
    handlers.on_open = [this](PeerId id, const HttpRequest&) { peer = id; };
    handlers.on_close = [this](PeerId) { closed = true; };
    handlers.on_text = [this](PeerId, std::string_view) { ++texts; };
    server = HttpServer::listen(loop, options, std::move(handlers)).value();
  }
  Url url(std::string_view scheme) const {
    return parse_url(std::string{scheme} + "://127.0.0.1:" + std::to_string(server->port())).value();
  }
  Delivery delivery;
  std::optional<PeerId> peer;
  bool closed = false;
  int texts = 0;
  std::unique_ptr<HttpServer> server;
};

struct Asked {
  std::optional<Result<HttpAnswer, NetError>> answer;
};

std::shared_ptr<Asked> ask(HttpLink& link, Duration timeout) {
  auto asked = std::make_shared<Asked>();
  link.request({.method = "POST"}, timeout, [asked](auto answer) { asked->answer = std::move(answer); });
  return asked;
}

TEST(Delivery, a_late_answer_is_whole) {
  EventLoop loop;
  OddServer odd{loop};
  odd.delivery = {Way::whole, 20ms};
  HttpLink link{loop, odd.url("http")};
  const auto asked = ask(link, 5s);
  ASSERT_TRUE(run_until(loop, [&] { return asked->answer.has_value(); }));
  ASSERT_TRUE(*asked->answer) << asked->answer->error().what;
  EXPECT_EQ((*asked->answer)->response.body, "hello");
  EXPECT_GE((*asked->answer)->round_trip, 20ms);
}

TEST(Delivery, half_an_answer_is_an_error_of_the_link) {
  EventLoop loop;
  OddServer odd{loop};
  odd.delivery = {Way::cut, {}};
  HttpLink link{loop, odd.url("http")};
  const auto asked = ask(link, 5s);
  ASSERT_TRUE(run_until(loop, [&] { return asked->answer.has_value(); }));
  EXPECT_FALSE(*asked->answer);
}

TEST(Delivery, an_answer_that_is_never_sent_times_out_at_the_client) {
  EventLoop loop;
  OddServer odd{loop};
  odd.delivery = {Way::never, {}};
  HttpLink link{loop, odd.url("http")};
  const auto asked = ask(link, 50ms);
  ASSERT_TRUE(run_until(loop, [&] { return asked->answer.has_value(); }));
  ASSERT_FALSE(*asked->answer);
  EXPECT_EQ(asked->answer->error().fault, NetFault::timeout);
}

TEST(Delivery, a_cut_frame_is_never_delivered_and_ends_the_link) {
  EventLoop loop;
  OddServer odd{loop};
  std::vector<std::string> heard;
  bool down = false;
  WebSocketLink link{loop,
                     {},
                     {[] {}, [&](std::string_view text) { heard.emplace_back(text); },
                      [&](const NetError&) { down = true; }}};
  link.open(odd.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return odd.peer.has_value(); }));
  odd.server->send(*odd.peer, std::make_shared<const std::string>("whole"));
  odd.server->cut(*odd.peer, std::make_shared<const std::string>(std::string(70'000, 'x')));
  ASSERT_TRUE(run_until(loop, [&] { return down && odd.closed; }));
  EXPECT_EQ(heard, std::vector<std::string>{"whole"});
}

TEST(Delivery, a_muted_peer_neither_hears_nor_is_heard_and_is_not_told) {
  EventLoop loop;
  OddServer odd{loop, {.websocket_idle_timeout = 200ms}};
  bool down = false, heard = false;
  WebSocketLink link{
      loop, {}, {[] {}, [&](std::string_view) { heard = true; }, [&](const NetError&) { down = true; }}};
  link.open(odd.url("ws"));
  ASSERT_TRUE(run_until(loop, [&] { return odd.peer.has_value(); }));
  odd.server->mute(*odd.peer);
  link.send("is there anybody?");
  odd.server->send(*odd.peer, std::make_shared<const std::string>("no"));
  ASSERT_TRUE(run_until(loop, [&] { return odd.closed; })) << "not kept for ever";
  EXPECT_FALSE(heard);
  EXPECT_EQ(odd.texts, 0);
  EXPECT_TRUE(run_until(loop, [&] { return down; }));
}

}  // namespace
}  // namespace mlbot::io::net
