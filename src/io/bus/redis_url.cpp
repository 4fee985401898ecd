#include "io/bus/redis_url.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace mlbot::io::bus {
namespace {

/// "host", "host:port" or "[v6]:port".
Result<RedisAddress, std::string> parse_address(std::string_view text) {
  RedisAddress address;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::unexpected{"a [ without its ]"};
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const auto colon = text.rfind(':');
    address.host = text.substr(0, colon);
    if (colon != text.npos) port = text.substr(colon);
  }
  if (address.host.empty()) return std::unexpected{"there is no host"};
  if (port.empty()) return address;
  port.remove_prefix(1);
  int number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size() || number < 1 || number > 65'535)
    return std::unexpected{"the port is none"};
  address.port = port;
  return address;
}

/// @error refused: names the file and what is wrong with it
Result<std::string, BusError> read_secret(const std::string& path, std::string_view what) {
  const auto refuse = [&](std::string_view why, std::string_view remedy) {
    return std::unexpected{
        BusError{BusFault::refused, fmt::format("{} {}: {}; {}", what, path, why, remedy)}};
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return refuse(std::strerror(errno), "name a file that this user may read");
  struct stat about{};
  std::array<char, 16'384> bytes;
  ssize_t size = -1;
  if (::fstat(file, &about) == 0 && S_ISREG(about.st_mode)) size = ::read(file, bytes.data(), bytes.size());
  ::close(file);
  if (size < 0) return refuse("it is no file", "name a file");
  if ((about.st_mode & 077) != 0)
    return refuse(fmt::format("others may read it (mode {:04o})", about.st_mode & 07777),
                  "chmod 600 " + path);
  if (about.st_uid != ::geteuid() && about.st_uid != 0)
    return refuse("it belongs to another user", "chown it to the user that runs the bot");
  return std::string{bytes.data(), static_cast<std::size_t>(size)};
}

}  // namespace

Result<RedisUrl, BusError> parse_redis_url(std::string_view text) {
  const auto at_sign = text.rfind('@');
  const auto bad = [&](std::string_view why) {
    // What stands before the @ may be a password, and errors end up in logs.
    const auto shown =
        at_sign == text.npos ? std::string{text} : "...@" + std::string{text.substr(at_sign + 1)};
    return std::unexpected{
        BusError{BusFault::bad_url,
                 fmt::format("bus URL \"{}\": {}; write redis://127.0.0.1:6379, rediss://user@host:port/0, "
                             "redis+unix:///run/redis/redis.sock or redis+cluster://host:port,host:port",
                             shown, why)}};
  };
  RedisUrl url;
  const auto colon = text.find("://");
  if (colon == text.npos) return bad("it does not begin with redis://");
  std::string_view scheme = text.substr(0, colon), rest = text.substr(colon + 3);
  bool unix_socket = false;
  if (scheme == "rediss" || scheme == "rediss+cluster") url.tls = true;
  if (scheme == "redis+cluster" || scheme == "rediss+cluster")
    url.cluster = true;
  else if (scheme == "redis+unix")
    unix_socket = true;
  else if (scheme != "redis" && scheme != "rediss")
    return bad("it does not begin with redis://");
  if (const auto query = rest.find('?'); query != rest.npos) {
    if (rest.substr(query + 1) != "persistence=none")
      return bad("behind the ? only persistence=none is known");
    url.persistent = false;
    rest = rest.substr(0, query);
  }
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    if (rest.substr(0, at).find(':') != rest.npos)
      return bad(
          "a password is no part of a URL, others can read it there: put it into a file (chmod 600) and "
          "name that file as bus.password_file");
    url.user = rest.substr(0, at);
    if (url.user.empty()) return bad("an @ without a user");
    rest = rest.substr(at + 1);
  }
  if (unix_socket) {
    if (!rest.starts_with('/') || rest.size() > 100) return bad("the path of a socket begins with /");
    url.nodes.push_back({.host = {}, .port = {}, .socket = std::string{rest}});
    return url;
  }
  if (const auto slash = rest.find('/'); slash != rest.npos) {
    const auto number = rest.substr(slash + 1);
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), url.database);
    if (!number.empty() &&
        (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size() || url.database < 0))
      return bad("the database is no number");
    if (url.cluster && url.database != 0) return bad("a cluster has database 0 only");
    rest = rest.substr(0, slash);
  }
  for (;;) {
    const auto comma = rest.find(',');
    auto address = parse_address(rest.substr(0, comma));
    if (!address) return bad(address.error());
    url.nodes.push_back(std::move(*address));
    if (comma == rest.npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (url.nodes.size() > 1 && !url.cluster) return bad("several hosts are a cluster: redis+cluster://");
  return url;
}

Result<RedisLogin, BusError> RedisLogin::of(std::string_view text, RedisFiles files, Duration timeout) {
  auto url = parse_redis_url(text);
  if (!url) return std::unexpected{url.error()};
  RedisLogin login{.url = std::move(*url), .files = std::move(files), .timeout = timeout, .tls = {}};
  if (!login.url.user.empty() && login.files.password.empty())
    return std::unexpected{
        BusError{BusFault::bad_url, fmt::format("bus URL: user {} without a password: name "
                                                "its file as bus.password_file",
                                                login.url.user)}};
  if (const auto password = login.password(); !password) return std::unexpected{password.error()};
  if (!login.url.tls) return login;
  if (!login.files.tls.key.empty())
    if (const auto key = read_secret(login.files.tls.key, "TLS key file"); !key)
      return std::unexpected{key.error()};
  auto context = TlsContext::client(login.files.tls);
  if (!context) return std::unexpected{BusError{BusFault::refused, "TLS to Redis: " + context.error()}};
  login.tls = std::move(*context);
  return login;
}

Result<std::string, BusError> RedisLogin::password() const {
  if (files.password.empty()) return std::string{};
  auto secret = read_secret(files.password, "password file");
  if (!secret) return secret;
  secret->erase(std::min(secret->find_first_of("\r\n"), secret->size()));
  if (secret->empty())
    return std::unexpected{BusError{BusFault::refused, fmt::format("password file {}: its first line is "
                                                                   "empty; write the password there",
                                                                   files.password)}};
  return secret;
}

}  // namespace mlbot::io::bus
