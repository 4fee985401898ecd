#include "io/net/http_types.h"

#include <algorithm>

#include "io/net/links.h"

namespace mlbot::io::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 ||
      !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  int port = 0;
  for (const char c : text) port = port * 10 + (c - '0');
  return port > 0 && port <= 65535;
}

std::unexpected<NetError> bad_url(std::string_view text, std::string_view why) {
  std::string what = "\"";
  what += text.substr(0, 200);
  what += "\" is no address: ";
  what += why;
  what += "; write it like wss://stream.example.com/v5/public/linear or http://127.0.0.1:8787";
  return std::unexpected{NetError{NetFault::bad_url, std::move(what)}};
}

}  // namespace

bool same_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view header(const Headers& headers, std::string_view name) {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& h) { return same_without_case(h.first, name); });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

Result<Url, NetError> parse_url(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad_url(text, "it names no scheme");
  Url url;
  url.scheme = text.substr(0, scheme_end);
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") {
    return bad_url(text, "the scheme is none of http, https, ws, wss");
  }
  // Spaces and control characters would end a line of the request that is made of this.
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    return bad_url(text, "it holds a space or a control character");
  }
  std::string_view rest = text.substr(scheme_end + 3);
  const auto authority_end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, authority_end);
  std::string_view target = authority_end == std::string_view::npos ? "" : rest.substr(authority_end);
  target = target.substr(0, target.find('#'));
  if (authority.find('@') != std::string_view::npos) return bad_url(text, "user names are not supported");
  std::string_view port = url.secure() ? "443" : "80";
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  if (authority.starts_with('[')) {
    if (bracket == std::string_view::npos) return bad_url(text, "the bracket of the host is not closed");
    url.host = authority.substr(1, bracket - 1);
    const auto behind = authority.substr(bracket + 1);
    if (!behind.empty() && !behind.starts_with(':')) return bad_url(text, "the port is not readable");
    if (!behind.empty()) port = behind.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return bad_url(text, "it names no host");
  if (!is_port(port)) return bad_url(text, "the port is no number from 1 to 65535");
  url.port = port;
  url.target = target.starts_with('/') ? std::string{target} : "/" + std::string{target};
  return url;
}

}  // namespace mlbot::io::net
