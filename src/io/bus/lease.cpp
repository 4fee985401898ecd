#include "io/bus/lease.h"

#include <fmt/format.h>

#include <ctime>

#include "io/bus/redis_nodes.h"

namespace mlbot::io::bus {
namespace {

// The server's own clock decides when a lease is over, so that machines need not agree on the time.
constexpr std::string_view now_ms =
    "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) ";
constexpr std::string_view take_script =
    "local owner = redis.call('HGET', KEYS[1], 'owner') "
    "local over = tonumber(redis.call('HGET', KEYS[1], 'until') or '0') + tonumber(ARGV[3]) "
    "if owner and owner ~= '' and owner ~= ARGV[1] and now < over then return {0, owner, over - now} end "
    "local token = math.max(tonumber(redis.call('HGET', KEYS[1], 'token') or '0'), tonumber(ARGV[4])) + 1 "
    "redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token, 'until', now + tonumber(ARGV[2])) "
    "return {token, '', 0}";
// A key that is gone was lost by Redis: nobody else has taken the lease, or it would be there.
constexpr std::string_view renew_script =
    "local token = redis.call('HGET', KEYS[1], 'token') "
    "if token and token ~= ARGV[2] then return {0, redis.call('HGET', KEYS[1], 'owner'), 0} end "
    "redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', ARGV[2], 'until', now + tonumber(ARGV[3])) "
    "return {tonumber(ARGV[2]), '', 0}";
constexpr std::string_view give_back_script =
    "if redis.call('HGET', KEYS[1], 'token') == ARGV[2] then "
    "redis.call('HSET', KEYS[1], 'owner', '', 'until', 0) end "
    "return {0, '', 0}";

/// Goes on while the process is stopped and while the machine sleeps.
std::int64_t boot_time_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

std::string ms_text(Duration duration) { return std::to_string(duration.count() / 1'000'000); }

}  // namespace

struct Lease::Asker {
  struct Answer {
    std::int64_t token = 0;
    std::string owner;
    std::int64_t wait_ms = 0;
  };
  explicit Asker(RedisLogin login, std::string key_name)
      : nodes{std::move(login)}, key{std::move(key_name)} {}

  /// Asks the node that has the key; once more where a cluster has moved it.
  Result<Answer, BusError> ask(std::string_view script, std::initializer_list<std::string_view> arguments) {
    auto answer = ask_once(script, arguments);
    if (answer || answer.error().fault != BusFault::no_server) return answer;
    connection.reset();
    nodes.forget();
    return ask_once(script, arguments);
  }

  Result<Answer, BusError> ask_once(std::string_view script,
                                    std::initializer_list<std::string_view> arguments) {
    if (!connection) {
      const auto node = nodes.node_of(key);
      if (!node) return std::unexpected{node.error()};
      auto made = RespConnection::connect(nodes.login(), *node);
      if (!made) return std::unexpected{made.error()};
      connection = std::move(*made);
    }
    const std::string whole = std::string{now_ms} + std::string{script};
    std::vector<std::string_view> words{"EVAL", whole, "1", key};
    words.insert(words.end(), arguments);
    auto asked = connection->ask(words);
    if (!asked) {
      connection.reset();
      return std::unexpected{asked.error()};
    }
    const RespValue first = asked->next();
    if (first.type == RespType::error) {
      const auto wish = wish_of(first.text);
      const bool elsewhere = wish == RedisWish::moved || wish == RedisWish::ask || wish == RedisWish::wait;
      BusError error{
          elsewhere ? BusFault::no_server : BusFault::refused,
          fmt::format("Redis at {} refuses the lease {}: {}", connection->address().text(), key, first.text)};
      if (elsewhere) connection.reset();
      return std::unexpected{std::move(error)};
    }
    Answer answer;
    answer.token = asked->next().number;
    answer.owner = asked->next().text;
    answer.wait_ms = asked->next().number;
    return answer;
  }

  RedisNodes nodes;
  std::string key;
  std::unique_ptr<RespConnection> connection;
};

Lease::Lease(Setup setup) : setup_{std::move(setup)} {}
Lease::~Lease() = default;

Result<std::unique_ptr<Lease>, BusError> Lease::take(Setup setup) {
  auto login = RedisLogin::of(setup.url, setup.files, setup.timeout);
  if (!login) return std::unexpected{login.error()};
  std::unique_ptr<Lease> lease{new Lease{std::move(setup)}};
  const Setup& s = lease->setup_;
  lease->asker_ = std::make_unique<Asker>(std::move(*login), fmt::format("lease.{{{}}}", s.name));
  const std::int64_t asked_at = boot_time_ns();
  const auto answer = lease->asker_->ask(
      take_script, {s.owner, ms_text(s.life), ms_text(s.grace), std::to_string(s.token_min)});
  if (!answer) return std::unexpected{answer.error()};
  if (answer->token == 0)
    return std::unexpected{BusError{
        BusFault::taken, fmt::format("{} is held by {}: stop that one, or wait {} ms after it has stopped",
                                     s.name, answer->owner, answer->wait_ms)}};
  lease->token_ = static_cast<std::uint64_t>(answer->token);
  lease->ends_at_ns_ = asked_at + s.life.count();
  return lease;
}

Result<void, BusError> Lease::renew() {
  const std::int64_t asked_at = boot_time_ns();
  const auto answer = asker_->ask(renew_script, {setup_.owner, std::to_string(token_), ms_text(setup_.life)});
  if (!answer) return std::unexpected{answer.error()};
  if (answer->token == 0) {
    lost_ = true;
    return std::unexpected{
        BusError{BusFault::taken, fmt::format("{} was taken over by {}", setup_.name, answer->owner)}};
  }
  ends_at_ns_ = asked_at + setup_.life.count();
  return {};
}

void Lease::give_back() {
  lost_ = true;
  (void)asker_->ask(give_back_script, {setup_.owner, std::to_string(token_)});
}

bool Lease::held() const { return !lost_ && boot_time_ns() < ends_at_ns_; }

}  // namespace mlbot::io::bus
