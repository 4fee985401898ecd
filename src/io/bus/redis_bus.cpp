#include "io/bus/redis_bus.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "io/bus/redis_reader.h"
#include "io/bus/redis_schema.h"
#include "io/bus/resp_connection.h"

namespace mlbot::io::bus {
namespace {

constexpr std::size_t pipeline_records = 128;

struct Waiting {
  std::string stream;
  std::uint64_t number;
  Sequence sequence;
  std::string record;
  std::size_t bytes() const { return stream.size() + record.size() + sizeof(Waiting); }
};

}  // namespace

Result<RedisUrl, BusError> parse_redis_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return std::unexpected{BusError{
        BusFault::bad_url,
        fmt::format("bus URL \"{}\": {}; write redis://127.0.0.1:6379 or redis://user:password@host:port/0",
                    text, why)}};
  };
  RedisUrl url;
  std::string_view rest = text;
  if (rest.starts_with("rediss://")) return bad("TLS is not spoken here yet");
  if (!rest.starts_with("redis://")) return bad("it does not begin with redis://");
  rest.remove_prefix(8);
  if (const auto slash = rest.find('/'); slash != rest.npos) {
    const auto number = rest.substr(slash + 1);
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), url.database);
    if (!number.empty() &&
        (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size() || url.database < 0))
      return bad("the database is no number");
    rest = rest.substr(0, slash);
  }
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    const auto who = rest.substr(0, at);
    const auto colon = who.find(':');
    if (colon == who.npos) return bad("a user without a password");
    url.user = who.substr(0, colon);
    url.password = who.substr(colon + 1);
    rest = rest.substr(at + 1);
  }
  if (const auto colon = rest.rfind(':'); colon != rest.npos) {
    url.port = rest.substr(colon + 1);
    int port = 0;
    const auto parsed = std::from_chars(url.port.data(), url.port.data() + url.port.size(), port);
    if (parsed.ec != std::errc{} || parsed.ptr != url.port.data() + url.port.size() || port < 1 ||
        port > 65'535)
      return bad("the port is none");
    rest = rest.substr(0, colon);
  }
  if (rest.empty()) return bad("there is no host");
  url.host = rest;
  return url;
}

struct RedisBus::Impl {
  Impl(RedisUrl redis_url, RedisOptions redis_options) : url{std::move(redis_url)}, options{redis_options} {}

  void run();
  bool connect_again();
  bool deliver(std::deque<Waiting>& batch);
  void say(std::string trouble, bool connected) {
    const std::lock_guard lock{mutex};
    stats.trouble = std::move(trouble);
    stats.connected = connected;
  }

  const RedisUrl url;
  const RedisOptions options;
  std::unique_ptr<RespConnection> connection;                 ///< the thread's own
  std::map<std::string, std::uint64_t, std::less<>> numbers;  ///< the publisher's own

  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Waiting> waiting;
  std::size_t waiting_bytes = 0;
  BusStats stats;
  bool stopping = false;
  std::chrono::steady_clock::time_point drain_until;
  std::thread thread;  // last: it uses all of the above
};

RedisBus::RedisBus(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Result<std::unique_ptr<RedisBus>, BusError> RedisBus::connect(std::string_view text, RedisOptions options) {
  auto url = parse_redis_url(text);
  if (!url) return std::unexpected{url.error()};
  auto impl = std::make_unique<Impl>(std::move(*url), options);
  auto connection = RespConnection::connect(impl->url, options.timeout);
  if (!connection) return std::unexpected{connection.error()};
  const std::array<std::string_view, 3> ask_policy{"CONFIG", "GET", "maxmemory-policy"};
  const auto policy = (*connection)->ask(ask_policy);
  if (!policy) return std::unexpected{policy.error()};
  // Servers that keep their settings to themselves answer with an error; then there is nothing to be checked.
  if ((*policy)->type == REDIS_REPLY_ARRAY && (*policy)->elements == 2 &&
      text_of(*(*policy)->element[1]) != "noeviction")
    return std::unexpected{
        BusError{BusFault::evicts, fmt::format("Redis at {} may throw records away (maxmemory-policy {}): "
                                               "CONFIG SET maxmemory-policy noeviction",
                                               impl->url.address(), text_of(*(*policy)->element[1]))}};
  impl->connection = std::move(*connection);
  impl->thread = std::thread{[&bus = *impl] { bus.run(); }};
  return std::unique_ptr<RedisBus>{new RedisBus{std::move(impl)}};
}

RedisBus::~RedisBus() {
  {
    const std::lock_guard lock{impl_->mutex};
    impl_->stopping = true;
    impl_->drain_until = std::chrono::steady_clock::now() + impl_->options.drain;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void RedisBus::publish(std::string_view stream, Sequence sequence, std::string_view record) {
  Impl& bus = *impl_;
  auto known = bus.numbers.find(stream);
  if (known == bus.numbers.end()) known = bus.numbers.emplace(std::string{stream}, 0).first;
  Waiting next{std::string{stream}, ++known->second, sequence, std::string{record}};
  bool was_empty = false;
  {
    const std::lock_guard lock{bus.mutex};
    was_empty = bus.waiting.empty();
    ++bus.stats.published;
    bus.waiting_bytes += next.bytes();
    bus.waiting.push_back(std::move(next));
    while (bus.waiting_bytes > bus.options.buffer_bytes_max) {
      const Waiting& oldest = bus.waiting.front();
      ++bus.stats.dropped;
      bus.stats.trouble =
          fmt::format("dropped {} records while Redis at {} was away or slow, the last one number {} of {}",
                      bus.stats.dropped, bus.url.address(), oldest.number, oldest.stream);
      bus.waiting_bytes -= oldest.bytes();
      bus.waiting.pop_front();
    }
  }
  if (was_empty) bus.wake.notify_one();
}

void RedisBus::Impl::run() {
  std::deque<Waiting> batch;  // sent and not yet answered, or about to be sent
  for (Duration pause = options.reconnect_min;;) {
    {
      std::unique_lock lock{mutex};
      if (batch.empty()) wake.wait(lock, [&] { return stopping || !waiting.empty(); });
      while (!waiting.empty() && batch.size() < pipeline_records) {
        waiting_bytes -= waiting.front().bytes();
        batch.push_back(std::move(waiting.front()));
        waiting.pop_front();
      }
      if (stopping && (batch.empty() || std::chrono::steady_clock::now() >= drain_until)) return;
    }
    if ((connection || connect_again()) && deliver(batch)) {
      pause = options.reconnect_min;
      continue;
    }
    connection.reset();
    std::unique_lock lock{mutex};
    wake.wait_for(lock, stopping ? Duration{10ms} : pause, [&] { return stopping; });
    pause = std::min(pause * 2, options.reconnect_max);
  }
}

bool RedisBus::Impl::connect_again() {
  auto connected = RespConnection::connect(url, options.timeout);
  if (!connected) {
    say(connected.error().what, false);
    return false;
  }
  connection = std::move(*connected);
  const std::lock_guard lock{mutex};
  stats.connected = true;
  if (stats.dropped == 0) stats.trouble.clear();
  return true;
}

/// False when the connection broke: all of the batch is to be sent again, and readers drop the doubles.
bool RedisBus::Impl::deliver(std::deque<Waiting>& batch) {
  const std::string epoch = std::to_string(options.epoch), limit = std::to_string(options.entries_max);
  for (const auto& next : batch) {
    const std::string number = std::to_string(next.number), sequence = std::to_string(next.sequence.number);
    const std::array<std::string_view, 16> words{"XADD", next.stream,   "MAXLEN", "~",        limit, "*",
                                                 "s",    record_schema, "e",      epoch,      "n",   number,
                                                 "q",    sequence,      "r",      next.record};
    connection->append(words);
  }
  if (auto sent = connection->send(); !sent) {
    say(sent.error().what, false);
    return false;
  }
  while (!batch.empty()) {
    const auto reply = connection->receive(options.timeout);
    if (!reply || text_of(**reply).starts_with("LOADING")) {
      say(reply ? fmt::format("Redis at {} is still loading its data", url.address()) : reply.error().what,
          false);
      return false;
    }
    const std::lock_guard lock{mutex};
    if ((*reply)->type == REDIS_REPLY_ERROR) {
      ++stats.dropped;
      stats.trouble = fmt::format("Redis at {} refused record {} of {}: {}", url.address(),
                                  batch.front().number, batch.front().stream, text_of(**reply));
    } else {
      ++stats.delivered;
    }
    batch.pop_front();
  }
  return true;
}

Result<std::unique_ptr<BusReader>, BusError> RedisBus::reader(BusReading reading) {
  return RedisReader::open(impl_->url, impl_->options, std::move(reading.streams), std::move(reading.group),
                           reading.from);
}

Result<std::optional<BusPlace>, BusError> RedisBus::last(std::string_view) { return std::nullopt; }

void RedisBus::go_on(std::string_view stream, std::uint64_t number) {
  impl_->numbers[std::string{stream}] = number;
}

BusStats RedisBus::stats() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->stats;
}

}  // namespace mlbot::io::bus
