#include "shell/page_client.h"

#include <fmt/format.h>

#include "io/files/files.h"
#include "io/net/links.h"

namespace mlbot::shell {

Result<Json, PageError> ask_page(const StateDirectory& state, const std::string& path,
                                 const std::string& body) {
  const auto running = io::files::read_file(state.running());
  if (!running)
    return std::unexpected{PageError{fmt::format(
        "no bot runs in {}: `mlbot run` starts one, --state-dir names another folder", state.root)}};
  const auto about = Json::parse(*running, nullptr, false);
  const auto token = io::files::read_file(state.page_token());
  if (about.is_discarded() || !about.contains("page") || !token)
    return std::unexpected{PageError{fmt::format("{} or {} is damaged: stop the bot and start it again",
                                                 state.running(), state.page_token())}};
  const auto address = about["page"].get<std::string>();
  const auto url = io::net::parse_url(address);
  if (!url) return std::unexpected{PageError{url.error().what}};

  io::net::EventLoop loop;
  io::net::HttpLink link{loop, *url};
  Result<Json, PageError> answer = std::unexpected{PageError{"no answer"}};
  bool done = false;
  io::net::HttpRequest request{.method = body.empty() ? "GET" : "POST",
                               .target = path,
                               .headers = {{"Authorization", "Bearer " + *token},
                                           {"Content-Type", "application/json"},
                                           {"Origin", address}},
                               .body = body,
                               .remote_address = {}};
  link.request(std::move(request), 3s, [&](Result<io::net::HttpAnswer, io::net::NetError> result) {
    done = true;
    if (!result) {
      answer = std::unexpected{PageError{fmt::format(
          "the bot at {} does not answer ({}); is it still running?", address, result.error().what)}};
      return;
    }
    auto json = Json::parse(result->response.body, nullptr, false);
    if (result->response.status != 200)
      answer = std::unexpected{
          PageError{json.is_object() ? json.value("error", result->response.body) : result->response.body,
                    result->response.status}};
    else if (json.is_discarded())
      answer = std::unexpected{PageError{"the page answered something that is no JSON", 200}};
    else
      answer = std::move(json);
  });
  while (!done) loop.run_one(100ms);
  return answer;
}

}  // namespace mlbot::shell
