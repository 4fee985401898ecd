// Keeps a producer's streams short: on a thread and connections of its own, once a period, or sooner when a
// stream has grown by a quarter of what it may hold.
//
// Of every stream the newest `entries_kept` stay, and whatever a group on it has not confirmed. A group that
// falls so far behind that a stream would pass `entries_max` loses its oldest entries: trouble() names group,
// stream and range, and the group's reader is told the same as a gap.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "io/bus/redis_lane.h"

namespace mlbot::io::bus {

class RedisTrimmer {
 public:
  explicit RedisTrimmer(RedisProducer& producer) : producer_{producer} {}
  ~RedisTrimmer() { stop(); }
  RedisTrimmer(const RedisTrimmer&) = delete;
  RedisTrimmer& operator=(const RedisTrimmer&) = delete;

  void start();
  void stop();
  /// What was trimmed unread last; empty: nothing ever.
  std::string trouble() const;

 private:
  void run();
  Result<void, BusError> trim(const std::string& stream, const RedisAddress& node, std::uint64_t last);
  RespConnection* connection_to(const RedisAddress& node);

  RedisProducer& producer_;
  std::map<RedisAddress, std::unique_ptr<RespConnection>> connections_;
  std::map<std::string, std::uint64_t, std::less<>> seen_;  ///< delivered at the last look, by stream
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string trouble_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mlbot::io::bus
