#include "shell/exchange/request_record.h"

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "venue/bybit/request_decode.h"

namespace mlbot::shell {
namespace {

/// The headers that say who asks; others differ from library to library and mean nothing.
constexpr std::string_view kept_headers[] = {"X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW",
                                             "X-BAPI-SIGN",    "X-BAPI-SIGN-TYPE", "Content-Type"};

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Result<std::unique_ptr<RequestRecord>, std::string> RequestRecord::open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "a");
  if (file == nullptr) {
    return std::unexpected{"cannot write " + path + ": " + std::strerror(errno) +
                           "; name a file in a directory that exists"};
  }
  return std::unique_ptr<RequestRecord>{new RequestRecord{file}};
}

void RequestRecord::write(const io::net::HttpRequest& request, std::int32_t code) {
  Json headers = Json::object();
  for (const auto name : kept_headers) {
    const auto value = io::net::header(request.headers, name);
    if (!value.empty()) headers[std::string{name}] = value;
  }
  line(text_of(Json{{"transport", "rest"},
                    {"method", request.method},
                    {"path", venue::bybit::path_of(request.target)},
                    {"query", venue::bybit::query_of(request.target)},
                    {"body", request.body},
                    {"headers", headers},
                    {"verdict", code}}));
}

void RequestRecord::write(std::string_view path, std::string_view text) {
  line(text_of(Json{{"transport", "ws"}, {"path", path}, {"text", text}}));
}

void RequestRecord::line(const std::string& text) {
  std::fputs((text + "\n").c_str(), file_.get());
  std::fflush(file_.get());
}

}  // namespace mlbot::shell
