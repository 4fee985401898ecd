// Both ends on one thread over loopback, without TLS: what a message costs from send() to on_text().
#include <benchmark/benchmark.h>

#include "io/net/http_server.h"
#include "io/net/links.h"

namespace mlbot::io::net {
namespace {

struct Echo {
  explicit Echo(EventLoop& loop) {
    ServerHandlers handlers;
    handlers.on_request = [](const HttpRequest&) { return HttpResponse{200, {}, "{}"}; };
    handlers.on_upgrade = [](const HttpRequest&) { return HttpResponse{101, {}, ""}; };
    handlers.on_open = [this](PeerId id, const HttpRequest&) { peer = id; };
    handlers.on_text = [this](PeerId id, std::string_view text) {
      server->send(id, std::make_shared<const std::string>(text));
    };
    handlers.on_close = [](PeerId) {};
    server = HttpServer::listen(loop, {}, std::move(handlers)).value();
  }
  Url url(const char* scheme) const {
    return parse_url(std::string{scheme} + "://127.0.0.1:" + std::to_string(server->port())).value();
  }
  PeerId peer = 0;
  std::unique_ptr<HttpServer> server;
};

void websocket_echo(benchmark::State& state) {
  EventLoop loop;
  Echo echo{loop};
  std::size_t received = 0;
  bool open = false;
  WebSocketLink link{
      loop, {}, {[&] { open = true; }, [&](std::string_view) { ++received; }, [](const NetError&) {}}};
  link.open(echo.url("ws"));
  while (!open) loop.run_one(1s);
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    const std::size_t before = received;
    link.send(text);
    while (received == before) loop.run_one(1s);
  }
}
BENCHMARK(websocket_echo)->Arg(300)->Unit(benchmark::kMicrosecond);

void websocket_one_way(benchmark::State& state) {
  EventLoop loop;
  Echo echo{loop};
  std::size_t received = 0;
  bool open = false;
  WebSocketLink link{
      loop, {}, {[&] { open = true; }, [&](std::string_view) { ++received; }, [](const NetError&) {}}};
  link.open(echo.url("ws"));
  while (!open || echo.peer == 0) loop.run_one(1s);
  const auto text = std::make_shared<const std::string>(1024, 'x');
  std::size_t sent = 0;
  for (auto _ : state) {
    echo.server->send(echo.peer, text);
    ++sent;
    while (sent - received > 64) loop.run_one(1s);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
}
BENCHMARK(websocket_one_way);

void http_round_trip(benchmark::State& state) {
  EventLoop loop;
  Echo echo{loop};
  HttpLink link{loop, echo.url("http"), 1};
  for (auto _ : state) {
    bool done = false;
    link.request({.method = "POST", .body = R"({"category":"linear","symbol":"BTCUSDT"})"}, 5s,
                 [&](const auto&) { done = true; });
    while (!done) loop.run_one(1s);
  }
}
BENCHMARK(http_round_trip)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mlbot::io::net
