#include "io/archive/query_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <optional>

#include "io/archive/query_wire.h"

namespace mlbot::io::archive {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int look_ms = 50;
constexpr int patience_ms = 5'000;  ///< for a question that was begun

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// A Unix address holds 107 bytes; through its open folder any path is short.
struct Address {
  explicit Address(const std::string& path)
      : folder{
            ::open(std::filesystem::absolute(path).parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)} {
    address.sun_family = AF_UNIX;
    const auto text =
        fmt::format("/proc/self/fd/{}/{}", folder.get(), std::filesystem::path{path}.filename().string());
    if (text.size() < sizeof address.sun_path) std::memcpy(address.sun_path, text.data(), text.size());
  }
  Descriptor folder;
  sockaddr_un address{};
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{socket, POLLOUT, 0};
    if (::poll(&ready, 1, patience_ms) <= 0) return false;
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Lines of a socket, one after the other.
class Lines {
 public:
  explicit Lines(int socket) : socket_{socket} {}
  /// @param patience  in milliseconds between two pieces; below 0 there is none
  std::optional<std::string> next(int patience, std::size_t bytes_max) {
    while (true) {
      if (const auto end = bytes_.find('\n', searched_); end != bytes_.npos) {
        auto line = bytes_.substr(0, end);
        bytes_.erase(0, end + 1);
        searched_ = 0;
        return line;
      }
      searched_ = bytes_.size();
      if (bytes_.size() > bytes_max) return std::nullopt;
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, patience) <= 0) return std::nullopt;
      char piece[64 << 10];
      const auto count = ::recv(socket_, piece, sizeof piece, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return std::nullopt;
      bytes_.append(piece, static_cast<std::size_t>(count));
    }
  }

 private:
  int socket_;
  std::string bytes_;
  std::size_t searched_ = 0;
};

/// Interrupts a connection when its time is over, its asker has gone, or all must end.
class Watch {
 public:
  Watch(Connection& connection, int socket, std::chrono::milliseconds time_max,
        const std::atomic<bool>& stopping)
      : thread_{[&connection, socket, until = Clock::now() + time_max, &stopping, this] {
          while (!done_) {
            pollfd gone{socket, POLLRDHUP, 0};
            const bool hung_up =
                ::poll(&gone, 1, 0) > 0 && (gone.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
            if (hung_up || stopping || Clock::now() >= until) {
              stopped_ = true;
              connection.interrupt();  // until it takes effect: it may come before the statement begins
            }
            std::unique_lock lock{mutex_};
            ended_.wait_for(lock, std::chrono::milliseconds{look_ms}, [this] { return done_.load(); });
          }
        }} {}
  ~Watch() {
    {
      const std::lock_guard lock{mutex_};
      done_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  bool stopped() const { return stopped_; }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::atomic<bool> done_{false}, stopped_{false};
  std::thread thread_;
};

ArchiveError socket_error(std::string_view deed, const std::string& path) {
  return {ArchiveFault::sql, fmt::format("cannot {} {}: {}", deed, path, std::strerror(errno))};
}

Result<int, ArchiveError> connect_to(const std::string& path) {
  const ArchiveError nobody{ArchiveFault::no_owner, fmt::format("nobody answers at {}", path)};
  const Address address{path};
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (socket.get() < 0 || ::connect(socket.get(), address.get(), sizeof address.address) != 0)
    return std::unexpected{nobody};
  return socket.release();
}

}  // namespace

Result<std::unique_ptr<QueryServer>, ArchiveError> QueryServer::start(Database& database,
                                                                      QueryServerOptions options) {
  std::unique_ptr<QueryServer> server{new QueryServer{database, std::move(options)}};
  const auto& path = server->options_.socket;
  const Address address{path};
  Descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ::unlink(path.c_str());  // of an owner that was killed; the DuckDB file's lock says that there is no other
  const auto mask = ::umask(0177);
  const bool bound =
      listener.get() >= 0 && ::bind(listener.get(), address.get(), sizeof address.address) == 0;
  ::umask(mask);
  if (!bound || ::listen(listener.get(), 16) != 0) return std::unexpected{socket_error("listen at", path)};
  server->listener_ = listener.release();
  server->thread_ = std::thread{[raw = server.get()] { raw->listen(); }};
  return server;
}

QueryServer::~QueryServer() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (auto& client : clients_)
    if (client->thread.joinable()) client->thread.join();
  if (listener_ >= 0) {
    ::unlink(options_.socket.c_str());
    ::close(listener_);
  }
}

QueryServerStats QueryServer::stats() const { return {answered_, refused_, stopped_}; }

void QueryServer::forget_finished() {
  std::erase_if(clients_, [](const auto& client) {
    if (!client->done) return false;
    client->thread.join();
    return true;
  });
}

void QueryServer::listen() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    const bool asked = ::poll(&ready, 1, look_ms) > 0;
    forget_finished();
    if (!asked) continue;
    Descriptor socket{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
    if (socket.get() < 0) continue;
    if (clients_.size() >= options_.questions_max) {
      ++refused_;
      (void)send_all(
          socket.get(),
          answer_lines(std::unexpected{ArchiveError{
              ArchiveFault::busy, fmt::format("{} questions are being answered already: ask again later",
                                              options_.questions_max)}}));
      continue;
    }
    auto client = std::make_unique<Client>();
    client->socket = socket.release();
    client->thread = std::thread{[this, raw = client.get()] { serve(*raw); }};
    clients_.push_back(std::move(client));
  }
}

void QueryServer::serve(Client& client) {
  const Descriptor socket{client.socket};
  if (const auto line = Lines{socket.get()}.next(patience_ms, question_bytes_max)) {
    const Json question = Json::parse(*line, nullptr, false);
    if (question.is_object() && question.contains("do") && options_.on_wish)
      (void)send_all(socket.get(), options_.on_wish(question).dump() + "\n");
    else
      (void)send_all(socket.get(), answer_lines(answer(client, question)));
  }
  client.done = true;
}

Result<QueryTable, ArchiveError> QueryServer::answer(Client& client, const Json& question) {
  if (!question.is_object() || !question.contains("sql") || !question["sql"].is_string())
    return std::unexpected{ArchiveError{
        ArchiveFault::refused,
        R"(ask with one line of JSON: {"sql": "SELECT ...", "rows_max": 1000, "time_ms": 5000})"}};
  const auto number = [&](const char* name, std::uint64_t most) {
    return question.contains(name) && question[name].is_number_unsigned()
               ? std::min(question[name].get<std::uint64_t>(), most)
               : most;
  };
  QueryLimits limits = options_.limits;
  limits.rows_max = number("rows_max", limits.rows_max);
  limits.time_max =
      std::chrono::milliseconds{number("time_ms", static_cast<std::uint64_t>(limits.time_max.count()))};
  auto connection = database_.connect();
  if (!connection) return std::unexpected{connection.error()};
  const Watch watch{**connection, client.socket, limits.time_max, stopping_};
  auto table = (*connection)->ask_reading(question["sql"].get<std::string>(), limits);
  // A file that was merged away between binding and reading: the second look sees what took its place.
  if (!table && table.error().what.find("No files found") != std::string::npos && !watch.stopped())
    table = (*connection)->ask_reading(question["sql"].get<std::string>(), limits);
  ++(table ? answered_ : watch.stopped() ? stopped_ : refused_);
  return table;
}

Result<QueryTable, ArchiveError> ask_owner(const std::string& socket, const std::string& sql,
                                           const QueryLimits& limits) {
  const auto connected = connect_to(socket);
  if (!connected) return std::unexpected{connected.error()};
  const Descriptor own{*connected};
  const Json question{{"sql", sql},
                      {"rows_max", limits.rows_max},
                      {"time_ms", static_cast<std::uint64_t>(limits.time_max.count())}};
  AnswerReader reader;
  if (!send_all(own.get(), question.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"))
    return reader.answer();
  Lines lines{own.get()};
  while (const auto line = lines.next(-1, SIZE_MAX))
    if (reader.take(*line)) break;
  return reader.answer();
}

Result<Json, ArchiveError> wish_of_owner(const std::string& socket, const Json& wish) {
  const auto connected = connect_to(socket);
  if (!connected) return std::unexpected{connected.error()};
  const Descriptor own{*connected};
  std::optional<std::string> line;
  if (send_all(own.get(), wish.dump() + "\n")) line = Lines{own.get()}.next(-1, SIZE_MAX);
  const Json answer = line ? Json::parse(*line, nullptr, false) : Json{};
  if (!answer.is_object())
    return std::unexpected{ArchiveError{ArchiveFault::stopped, "the archive's owner went away; ask again"}};
  return answer;
}

}  // namespace mlbot::io::archive
