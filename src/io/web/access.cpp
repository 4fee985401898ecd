#include "io/web/access.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::io::web {
namespace {

/// Takes as long for a wrong token as for the right one.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view pair = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

std::string_view query_value(std::string_view target, std::string_view key) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {};
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=')
      return pair.substr(key.size() + 1);
  }
  return {};
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

Access::Access(std::string token, std::string_view address, std::uint16_t port)
    : token_{std::move(token)},
      cookie_name_{fmt::format("mlbot_{}", port)},
      hosts_{fmt::format("{}:{}", address, port), fmt::format("127.0.0.1:{}", port),
             fmt::format("localhost:{}", port), fmt::format("[::1]:{}", port)} {}

bool Access::is_own_host(std::string_view host) const {
  return std::find(std::begin(hosts_), std::end(hosts_), host) != std::end(hosts_);
}

Verdict Access::judge(const net::HttpRequest& request) const {
  if (!is_own_host(net::header(request.headers, "Host"))) return Verdict::wrong_host;
  const std::string_view origin = net::header(request.headers, "Origin");
  constexpr std::string_view scheme = "http://";
  if (!origin.empty() && !(origin.starts_with(scheme) && is_own_host(origin.substr(scheme.size()))))
    return Verdict::wrong_origin;
  const std::string_view authorization = net::header(request.headers, "Authorization");
  constexpr std::string_view bearer = "Bearer ";
  if (authorization.starts_with(bearer) && same_secret(authorization.substr(bearer.size()), token_))
    return Verdict::granted;
  if (request.method == "GET" && same_secret(query_value(request.target, "token"), token_))
    return Verdict::granted_by_link;
  if (same_secret(cookie_value(net::header(request.headers, "Cookie"), cookie_name_), token_))
    return Verdict::granted;
  return Verdict::no_token;
}

std::string Access::cookie() const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000", cookie_name_, token_);
}

}  // namespace mlbot::io::web
