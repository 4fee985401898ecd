// The archive's owner answers questions on a Unix socket, so that nobody else needs its file.
//
// Each question has a connection of its own to the open database and sees one committed state of it; the
// writer never waits for a reader. At most `questions_max` are answered at a time, more are told to come
// again; each has a limit of rows, bytes and time, and ends when the one who asked has gone. The socket
// belongs to the user alone (0600). Threads: one that listens, two for each question.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "io/archive/database.h"

namespace mlbot::io::archive {

struct QueryServerOptions {
  std::string socket;  ///< path
  std::size_t questions_max = 4;
  QueryLimits limits{.rows_max = 1'000'000, .bytes_max = 256 << 20, .time_max = std::chrono::minutes{10}};
  /// Answers {"do": "..."}: work that only the owner can do. From a thread of the server.
  std::function<Json(const Json& wish)> on_wish{};
};

struct QueryServerStats {
  std::uint64_t answered = 0, refused = 0, stopped = 0;
};

class QueryServer {
 public:
  /// @param database  outlives the server
  /// @error sql  the socket cannot be made
  static Result<std::unique_ptr<QueryServer>, ArchiveError> start(Database& database,
                                                                  QueryServerOptions options);
  /// Ends what is being answered, and waits until it has.
  ~QueryServer();
  QueryServer(const QueryServer&) = delete;
  QueryServer& operator=(const QueryServer&) = delete;
  QueryServerStats stats() const;

 private:
  struct Client {
    int socket = -1;
    std::thread thread;
    std::atomic<bool> done{false};
  };
  QueryServer(Database& database, QueryServerOptions options)
      : database_{database}, options_{std::move(options)} {}
  void listen();
  void serve(Client& client);
  Result<QueryTable, ArchiveError> answer(Client& client, const Json& question);
  void forget_finished();

  Database& database_;
  QueryServerOptions options_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::vector<std::unique_ptr<Client>> clients_;  ///< of the listening thread
  std::atomic<std::uint64_t> answered_{0}, refused_{0}, stopped_{0};
};

/// Asks the owner. @error no_owner: nobody listens there; and what the owner says
Result<QueryTable, ArchiveError> ask_owner(const std::string& socket, const std::string& sql,
                                           const QueryLimits& limits = {});
/// Wishes for something that only the owner can do.
Result<Json, ArchiveError> wish_of_owner(const std::string& socket, const Json& wish);

}  // namespace mlbot::io::archive
