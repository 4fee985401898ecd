// The way of records to one node: a thread, a connection, and the streams that lie there.
//
// Everything about a stream but the connection is looked at under the producer's one lock, for as long as it
// takes to copy some commands or to count some answers. The network is never waited for under it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "io/bus/redis_bus.h"
#include "io/bus/redis_log.h"
#include "io/bus/redis_nodes.h"

namespace mlbot::io::bus {

class RedisLane;

/// A stream as its producer sees it.
struct RedisStream {
  RedisStream(std::string_view name, std::uint32_t epoch, RedisLane* first) : log{name, epoch}, lane{first} {}
  RedisLog log;
  RedisLane* lane;
  std::uint32_t in_flight = 0;   ///< questions and commands without an answer
  std::uint32_t redirected = 0;  ///< times in a row
  bool placed = false;           ///< the server's newest record is known
  bool placing = false;          ///< it was asked for
  bool held = false;             ///< nothing more goes out until everything in flight is answered
  bool asking = false;           ///< its slot is moving to this node
  std::optional<RedisAddress> move_to;
};

/// What all lanes of a producer share.
struct RedisProducer {
  using Clock = std::chrono::steady_clock;

  RedisProducer(RedisLogin redis_login, RedisOptions redis_options);
  ~RedisProducer();
  /// The lane to a node, made when it is new. Under the lock.
  RedisLane& lane_to(const RedisAddress& node);
  /// After a stream's log may have grown, shrunk or moved on: keeps to the limits. Under the lock.
  void keep_limits(RedisStream& stream);

  const RedisLogin login;
  const RedisOptions options;
  mutable std::mutex mutex;
  std::map<std::string, RedisStream, std::less<>> streams;
  std::vector<std::unique_ptr<RedisLane>> lanes;
  std::size_t waiting_bytes = 0, retained_bytes = 0;  ///< of all streams
  std::string dropped_trouble;                        ///< what was dropped last
  std::string fenced;                                 ///< by whom; empty: by nobody
  bool stopping = false;
  Clock::time_point drain_until;
};

/// Runs `change` on a stream's log and keeps the sums of its bytes right.
template <class Change>
auto change_log(RedisProducer& producer, RedisStream& stream, Change&& change) {
  producer.waiting_bytes -= stream.log.waiting_bytes();
  producer.retained_bytes -= stream.log.retained_bytes();
  struct Sum {
    RedisProducer& producer;
    RedisLog& log;
    ~Sum() {
      producer.waiting_bytes += log.waiting_bytes();
      producer.retained_bytes += log.retained_bytes();
    }
  } sum{producer, stream.log};
  return change(stream.log);
}

class RedisLane {
 public:
  RedisLane(RedisProducer& producer, RedisAddress node, std::unique_ptr<RespConnection> connection);
  ~RedisLane();
  RedisLane(const RedisLane&) = delete;
  RedisLane& operator=(const RedisLane&) = delete;

  // Under the producer's lock.
  void add(RedisStream& stream);
  void wake();
  const RedisAddress& node() const { return node_; }
  bool connected() const { return connected_; }
  const std::string& trouble() const { return trouble_; }
  bool idle() const { return streams_.empty(); }

 private:
  using Clock = RedisProducer::Clock;
  enum class Sent : std::uint8_t { record, asking, place };
  struct Question {
    RedisStream* stream;
    std::uint64_t number;
    Sent what;
  };

  void run();
  bool connect();
  void lose(const BusError& why);
  /// False when the thread may end.
  bool gather();
  void settle_held(RedisStream& stream, std::vector<RedisStream*>& leaving);
  void ask_place(RedisStream& stream);
  bool fill_from(RedisStream& stream);
  Result<void, BusError> hear();
  void answered(const Question& question, RespWalk answer);
  void placed(RedisStream& stream, RespWalk answer);
  void refused(RedisStream& stream, std::uint64_t number, std::string_view error);
  void wait_for_news();

  RedisProducer& producer_;
  const RedisAddress node_;
  RedisNodes nodes_;
  std::unique_ptr<RespConnection> connection_;
  std::deque<Question> in_flight_;
  Clock::time_point progress_;  ///< when the last answer came, or the first question went out
  Clock::time_point retry_at_;  ///< not before: connecting, or sending after the server asked to wait
  Duration pause_;
  int wake_handle_;

  std::vector<RedisStream*> streams_;  ///< under the lock, as everything below
  std::size_t next_stream_ = 0;        ///< whose turn it is
  bool connected_ = true, sleeping_ = false;
  std::string trouble_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace mlbot::io::bus
