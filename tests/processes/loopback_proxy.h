// A wire that a test may cut: a TCP proxy on the loopback between a bot and what it talks to.
//
// A connection is told by the first line that its client sends: the exchange's order-entry, private and
// public sockets by their paths, anything else (REST, Redis) is `other`. What befalls one kind befalls its
// living connections and those to come. `stalled` is a cut cable: bytes and closings wait on both sides and
// go on when it heals, as TCP does. Runs on a thread of its own; the methods are for any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mlbot::testing_support {

class LoopbackProxy {
 public:
  enum class Kind : std::uint8_t { other, orders, account, market };
  static constexpr std::array every_kind{Kind::other, Kind::orders, Kind::account, Kind::market};
  enum class Way : std::uint8_t { open, stalled, cut };
  struct Fate {
    Way way = Way::open;
    std::chrono::milliseconds delay{0};  ///< each way, order kept
    int status = 0;  ///< each HTTP request is answered with it and goes no further; 0: none
  };

  explicit LoopbackProxy(int to_port);
  ~LoopbackProxy();
  LoopbackProxy(const LoopbackProxy&) = delete;
  LoopbackProxy& operator=(const LoopbackProxy&) = delete;

  int port() const { return port_; }
  void set(Kind kind, Fate fate);
  void set_all(Fate fate) {
    for (const auto kind : every_kind) set(kind, fate);
  }
  void heal() { set_all({}); }
  /// Closes what is open now; new connections pass.
  void drop_connections() { ++drops_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Chunk {
    Clock::time_point due;
    std::string bytes;
  };
  struct Side {
    int file = -1;
    bool ended = false;        ///< it sends nothing more
    std::deque<Chunk> coming;  ///< from the other side
  };
  struct Connection {
    Side client, server;
    Kind kind = Kind::other;
    bool known = false;
    std::string head;     ///< until the kind is known
    std::string request;  ///< that is answered here, until it is whole
    bool over = false;
  };
  void run();
  void accept_one();
  void read(Connection& connection, bool from_client);
  void take(Connection& connection, bool from_client, std::string bytes);
  void answer_here(Connection& connection, std::string_view bytes, int status);
  void write(Side& side, Connection& connection);
  Fate fate_of(const Connection& connection) const;

  int to_port_, port_ = 0, listener_ = -1, wake_ = -1;
  mutable std::mutex mutex_;
  std::array<Fate, every_kind.size()> fates_{};
  std::atomic<std::uint32_t> drops_{0};
  std::uint32_t drops_done_ = 0;
  std::atomic<bool> stopping_{false};
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace mlbot::testing_support
