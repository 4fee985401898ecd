// Starts services in order, stops them in reverse, and judges their health by what they did, never by a flag.
//
// Threads: one caller. Progress counters are read across threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mlbot::shell {

/// A service adds one for every piece of work; that is the only evidence of life. Written by its own thread.
class Progress {
 public:
  void add(std::uint64_t work = 1) { count_.fetch_add(work, std::memory_order_relaxed); }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_{0};
};

struct ServiceError {
  std::string what;  ///< names the service's trouble and the remedy
};

struct Service {
  std::string name;
  std::function<std::optional<ServiceError>()> start;  ///< nothing when it runs
  std::function<void()> stop;                          ///< returns when it has stopped
  Duration silence_limit = 5s;                         ///< longer without progress is stalled
};

enum class Health : std::uint8_t { stopped, starting, healthy, stalled };
std::string_view to_string(Health health);

struct ServiceHealth {
  std::string name;
  Health health = Health::stopped;
  std::uint64_t progress = 0;
  Instant last_progress;  ///< when the counter was last seen to move
};

class ServiceManager {
 public:
  /// Services start in the order in which they were added. The progress counter lives as long as the manager.
  Progress& add(Service service);

  /// On an error the services that already run are stopped again, in reverse.
  std::optional<ServiceError> start_all();
  void stop_all();

  /// Looks at every counter once; call it about every second.
  const std::vector<ServiceHealth>& observe(Instant now);
  const std::vector<ServiceHealth>& health() const { return health_; }

 private:
  struct Entry {
    Service service;
    std::unique_ptr<Progress> progress;
    bool running = false;
  };
  std::vector<Entry> entries_;
  std::vector<ServiceHealth> health_;
};

}  // namespace mlbot::shell
