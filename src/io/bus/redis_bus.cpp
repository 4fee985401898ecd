#include "io/bus/redis_bus.h"

#include <fmt/format.h>

#include "io/bus/redis_lane.h"
#include "io/bus/redis_reader.h"
#include "io/bus/redis_trimmer.h"

namespace mlbot::io::bus {

class RedisBus::Impl {
 public:
  Impl(RedisLogin login, RedisOptions options)
      : producer{std::move(login), std::move(options)}, trimmer{producer} {}
  ~Impl() {
    trimmer.stop();
    {
      const std::lock_guard lock{producer.mutex};
      producer.stopping = true;
      producer.drain_until = RedisProducer::Clock::now() + producer.options.drain;
      for (const auto& lane : producer.lanes) lane->wake();
    }
    producer.lanes.clear();  // each joins its thread
  }

  /// Under the lock.
  RedisStream& stream(std::string_view name) {
    if (newest != nullptr && newest->log.stream() == name) return *newest;
    auto known = producer.streams.find(name);
    if (known == producer.streams.end()) {
      known = producer.streams.try_emplace(std::string{name}, name, producer.options.epoch, nullptr).first;
      producer.lanes.front()->add(known->second);
    }
    newest = &known->second;
    return *newest;
  }

  RedisProducer producer;
  RedisStream* newest = nullptr;  ///< the one that was published to last
  std::uint64_t published = 0, after_fence = 0;
  RedisTrimmer trimmer;
};

RedisBus::RedisBus(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
RedisBus::~RedisBus() = default;

Result<std::unique_ptr<RedisBus>, BusError> RedisBus::connect(std::string_view url, RedisOptions options) {
  auto login = RedisLogin::of(url, options.files, options.timeout);
  if (!login) return std::unexpected{login.error()};
  RedisNodes nodes{*login};
  const auto masters = nodes.masters();
  if (!masters) return std::unexpected{masters.error()};
  std::unique_ptr<RespConnection> first;
  for (const auto& node : *masters) {  // every one is looked at, the first is kept
    auto connection = RespConnection::connect(*login, node);
    if (!connection) return std::unexpected{connection.error()};
    if (auto checked = check_server(**connection, login->url); !checked)
      return std::unexpected{checked.error()};
    if (first == nullptr) first = std::move(*connection);
  }
  if (first == nullptr)
    return std::unexpected{
        BusError{BusFault::no_server, "the Redis Cluster has no masters: redis-cli --cluster check"}};
  auto impl = std::make_unique<Impl>(std::move(*login), std::move(options));
  const auto node = first->address();
  {
    const std::lock_guard lock{impl->producer.mutex};
    impl->producer.lanes.push_back(std::make_unique<RedisLane>(impl->producer, node, std::move(first)));
  }
  impl->trimmer.start();
  return std::unique_ptr<RedisBus>{new RedisBus{std::move(impl)}};
}

void RedisBus::publish(std::string_view name, Sequence sequence, std::string_view record) {
  RedisProducer& producer = impl_->producer;
  const std::lock_guard lock{producer.mutex};
  ++impl_->published;
  if (!producer.fenced.empty()) {
    ++impl_->after_fence;
    return;
  }
  RedisStream& stream = impl_->stream(name);
  change_log(producer, stream, [&](RedisLog& log) { log.push(sequence, record); });
  if (producer.waiting_bytes > producer.options.buffer_bytes_max) producer.keep_limits(stream);
  stream.lane->wake();
}

Result<std::unique_ptr<BusReader>, BusError> RedisBus::reader(BusReading reading) {
  return RedisReader::open(impl_->producer.login, impl_->producer.options, std::move(reading));
}

Result<std::optional<BusPlace>, BusError> RedisBus::last(std::string_view stream) {
  RedisNodes nodes{impl_->producer.login};
  auto place = last_place(nodes, stream);
  if (!place) return std::unexpected{place.error()};
  if (!*place) return std::nullopt;
  return (*place)->place;
}

void RedisBus::go_on(std::string_view name, std::uint64_t number) {
  const std::lock_guard lock{impl_->producer.mutex};
  impl_->stream(name).log.start_behind(number);
}

BusStats RedisBus::stats() const {
  const RedisProducer& producer = impl_->producer;
  const std::lock_guard lock{producer.mutex};
  BusStats stats{
      .published = impl_->published, .dropped = impl_->after_fence, .fenced = !producer.fenced.empty()};
  for (const auto& [name, stream] : producer.streams) {
    stats.delivered += stream.log.delivered();
    stats.dropped += stream.log.dropped();
  }
  stats.trouble = producer.fenced;
  for (const auto& lane : producer.lanes) {
    stats.connected = stats.connected && lane->connected();
    if (stats.trouble.empty()) stats.trouble = lane->trouble();
  }
  if (stats.trouble.empty()) stats.trouble = producer.dropped_trouble;
  if (stats.trouble.empty()) stats.trouble = impl_->trimmer.trouble();
  return stats;
}

}  // namespace mlbot::io::bus
