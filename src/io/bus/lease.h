// A fenced lease on a name: at most one process holds it, and whoever lost it knows by its own clock.
//
// Kept in Redis as the hash lease.{NAME}: owner, token, until (ms of the server's clock). Taking, renewing
// and giving back are one script each: compare and set. The token grows with every taking, so that it can
// stand for the holder: as the epoch of its streams, in its order ids. A lease that is not renewed ends; the
// holder counts from before it asked, on a clock that goes on while the process or the machine sleeps, so it
// always gives up before another may begin. The same owner takes over at once: it must have proved by a file
// lock that its predecessor is dead.
//
// Threads: held() and token() from any; the rest from one.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "io/bus/redis_url.h"

namespace mlbot::io::bus {

class Lease {
 public:
  struct Setup {
    std::string url;  ///< of the bus
    RedisFiles files;
    std::string name;   ///< e.g. "trade-main"
    std::string owner;  ///< stable for one machine and state directory
    Duration life = 2s;
    /// Another owner's lease is over only so long after it ended: for what it signed before and the venue may
    /// still take (recv_window).
    Duration grace{};
    std::uint64_t token_min = 0;  ///< the new token is larger than this, whatever Redis remembers
    Duration timeout = 500ms;     ///< of one question to Redis
  };
  /// @error taken (names the owner and when to ask again), no_server, refused
  static Result<std::unique_ptr<Lease>, BusError> take(Setup setup);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Before `life` is over; a third of it is a good period.
  /// @error taken: another one holds it, for good; no_server: ask again, held() says how long that may take
  Result<void, BusError> renew();
  /// Lets the next one take it at once. What it says when Redis is away does not matter: the lease ends.
  void give_back();

  /// False once another may hold it. To be asked right before whatever only one may do.
  bool held() const;
  std::uint64_t token() const { return token_; }

 private:
  struct Asker;
  explicit Lease(Setup setup);
  Setup setup_;
  std::unique_ptr<Asker> asker_;
  std::uint64_t token_ = 0;
  std::atomic<std::int64_t> ends_at_ns_{0};  ///< on CLOCK_BOOTTIME
  std::atomic<bool> lost_{false};
};

}  // namespace mlbot::io::bus
