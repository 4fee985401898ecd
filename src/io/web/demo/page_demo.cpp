// mlbot_page_demo [--port N] [--still]: serves the page over a made-up market until it is ended.
// Prints one line of JSON: where to look. --still: twenty minutes of history, then the records end and the
// clock stands, so that what the page shows can be compared number by number and pictures are alike.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "io/clock/clock.h"
#include "io/web/dashboard_server.h"
#include "io/web/demo/made_up_market.h"

namespace {

constexpr int history_seconds = 1'200;
constexpr std::uint64_t seed = 20'260'611;

struct Arguments {
  std::uint16_t port = 0;
  bool still = false;
  std::string state = "PAPER";
};

Arguments read(int count, char** texts) {
  Arguments out;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(texts[i], "--still") == 0) out.still = true;
    if (std::strcmp(texts[i], "--port") == 0 && i + 1 < count)
      out.port = static_cast<std::uint16_t>(std::atoi(texts[i + 1]));
    if (std::strcmp(texts[i], "--state") == 0 && i + 1 < count) out.state = texts[i + 1];
  }
  return out;
}

}  // namespace

int main(int count, char** texts) {
  using namespace mlbot;
  using namespace mlbot::io;
  const Arguments arguments = read(count, texts);
  const Instant started = clock::now();

  web::Dashboard dashboard{web::made_up_features()};
  web::HeaderView header{.state = arguments.state,
                         .mode = "paper",
                         .venue = "embedded exchange",
                         .model = "3fa9c2d771e04b5c9a12",
                         .schema_hash = "9c41d0b7e55a1f02",
                         .version = "0.1.0",
                         .demo = true,
                         .started_at = started - std::chrono::seconds{history_seconds}};
  dashboard.set_header(header);
  web::MadeUpMarket market{dashboard, seed};
  market.open(header.started_at);
  for (int i = 1; i <= history_seconds; ++i) market.second(header.started_at + std::chrono::seconds{i});

  net::EventLoop loop;
  std::function<void()> next_second = [&] {
    market.second(clock::now());
    loop.call_after(1s, next_second);
  };
  if (!arguments.still) loop.call_after(1s, next_second);

  web::DashboardServerHooks hooks;
  const auto now = [&] { return arguments.still ? started : clock::now(); };
  hooks.now = now;
  hooks.refresh = [&, now](web::Dashboard& shown) {
    shown.set_header(header);
    shown.set_services(market.services(now()));
  };
  hooks.on_operator = [&](const OperatorCommand& command) -> web::OperatorAnswer {
    switch (command.verb) {
      case OperatorVerb::pause:
        header.state = "PAUSED";
        return "paused: no entries";
      case OperatorVerb::resume:
        header.state = arguments.state;
        return "resumed";
      case OperatorVerb::flatten:
        header.state = "HALTED";
        return "flattening";
      case OperatorVerb::cancel_all:
        return "all orders are being cancelled";
      case OperatorVerb::reduce:
        header.state = "REDUCE";
        return "only closing orders";
      case OperatorVerb::unlock:
        return "nothing is locked";
      case OperatorVerb::loosen:
        return "no limit waits to be loosened";
      case OperatorVerb::kill:
      case OperatorVerb::disconnect:
        return std::unexpected("this demo cannot be killed from here; press Ctrl-C");
    }
    return std::unexpected("unknown wish");
  };
  auto server = web::DashboardServer::start(
      loop, dashboard, {.port = arguments.port, .token = "made-up-market-token"}, std::move(hooks));
  if (!server) {
    fmt::print(stderr, "page_demo: {}\n", server.error().what);
    return 4;
  }
  fmt::print("{}\n", Json{{"url", fmt::format("http://127.0.0.1:{}", (*server)->port())},
                          {"token", "made-up-market-token"},
                          {"open", (*server)->first_url()}}
                         .dump());
  std::fflush(stdout);
  loop.run();
}
