// For tests and benchmarks: a real redis-server of our own on a free loopback port or a Unix socket, with its
// data in a folder of its own; killed, paused, robbed of data and brought back as a test wants.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "io/bus/resp_connection.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::bus {

inline std::uint16_t free_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(handle, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(handle);
  return ntohs(address.sin_port);
}

/// A port whose sum with 10 000 is free too: where a cluster's nodes speak with each other.
inline std::uint16_t free_cluster_port() {
  for (;;)
    if (const auto port = free_port(); port < 50'000) return port;
}

/// Runs a program; false when it is not there or fails.
inline bool run_quietly(std::vector<std::string> words) {
  const pid_t process = ::fork();
  if (process == 0) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int handle = 0; handle < 3; ++handle) ::dup2(nowhere, handle);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class RedisServer {
 public:
  /// @param settings  further words of redis-server's command line; the last of a name counts
  /// @param parent    of its folder; in memory, since it syncs after every write and no test cuts the power
  explicit RedisServer(std::vector<std::string> settings = {}, std::uint16_t port = free_port(),
                       const std::filesystem::path& parent = files::TemporaryFolder::in_memory())
      : port_{std::to_string(port)}, settings_{std::move(settings)} {
    std::string pattern = (parent / "mlbot-redis-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RedisServer() {
    kill();
    std::filesystem::remove_all(folder_);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::string port() const { return port_; }
  std::string folder() const { return folder_; }
  std::string url() const { return "redis://127.0.0.1:" + port_; }

  /// False when there is no redis-server on this machine.
  bool start() {
    launch();
    return is_ready();
  }
  /// The first half of start(), so that several come up at once.
  void launch() {
    std::vector<std::string> words{"redis-server", "--port",        port_,    "--bind",    "127.0.0.1",
                                   "--dir",        folder_,         "--save", "",          "--appendonly",
                                   "yes",          "--appendfsync", "always", "--logfile", folder_ + "/log"};
    words.insert(words.end(), settings_.begin(), settings_.end());
    process_ = ::fork();
    if (process_ == 0) {
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::execvp("redis-server", arguments.data());
      ::_exit(127);
    }
  }
  /// The second half: waits until it takes connections.
  bool is_ready() {
    for (;;) {
      std::ifstream log{folder_ + "/log"};
      const std::string text{std::istreambuf_iterator<char>{log}, {}};
      if (text.find("eady to accept connections", read_of_log_) != text.npos) {
        read_of_log_ = text.size();
        return true;
      }
      int status = 0;
      if (::waitpid(process_, &status, WNOHANG) == process_) {
        process_ = -1;
        return false;
      }
      std::this_thread::sleep_for(Duration{5ms});
    }
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  void pause() const { ::kill(process_, SIGSTOP); }
  void go_on() const { ::kill(process_, SIGCONT); }

  void lose_everything() const { std::filesystem::remove_all(folder_ + "/appendonlydir"); }
  /// Cuts the append-only file as a power failure would.
  void lose_tail(double share) const {
    for (const auto& entry : std::filesystem::directory_iterator{folder_ + "/appendonlydir"})
      if (entry.path().string().ends_with(".incr.aof"))
        std::filesystem::resize_file(
            entry.path(), static_cast<std::uintmax_t>(static_cast<double>(entry.file_size()) * (1 - share)));
  }
  /// A command as an operator would type it; the first value of the answer.
  std::string tell(std::initializer_list<std::string_view> words) const {
    const auto login = RedisLogin::of(url(), {}, Duration{2s});
    const auto connection = RespConnection::connect(*login, login->url.nodes.front());
    if (!connection) return connection.error().what;
    auto answer = (*connection)->ask(words);
    if (!answer) return answer.error().what;
    const auto told = answer->next();
    return told.type == RespType::integer || told.type == RespType::array ? std::to_string(told.number)
                                                                          : std::string{told.text};
  }

 private:
  std::string port_, folder_;
  std::vector<std::string> settings_;
  std::size_t read_of_log_ = 0;
  pid_t process_ = -1;
};

/// Three nodes that share the slots. What `redis-cli --cluster create` does, without its pauses of a second.
class RedisClusterServers {
 public:
  /// False when there is no redis-server on this machine, or the nodes do not come together within a minute.
  bool start() {
    constexpr std::array<const char*, 3> first{"0", "5461", "10923"}, last{"5460", "10922", "16383"};
    std::set<std::uint16_t> ports;
    while (ports.size() < nodes_.size()) ports.insert(free_cluster_port());
    for (auto& node : nodes_) {
      node = std::make_unique<RedisServer>(
          std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                                   "--cluster-require-full-coverage", "no"},
          ports.extract(ports.begin()).value());
      node->launch();
    }
    for (auto& node : nodes_)
      if (!node->is_ready()) return false;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto epoch = std::to_string(i + 1);
      if (nodes_[i]->tell({"CLUSTER", "ADDSLOTSRANGE", first[i], last[i]}) != "OK" ||
          nodes_[i]->tell({"CLUSTER", "SET-CONFIG-EPOCH", epoch}) != "OK" ||
          nodes_[i]->tell({"CLUSTER", "MEET", "127.0.0.1", nodes_[0]->port()}) != "OK")
        return false;
    }
    const auto together = [](const RedisServer& node) {
      const auto info = node.tell({"CLUSTER", "INFO"});
      return info.find("cluster_state:ok") != info.npos && info.find("cluster_slots_ok:16384") != info.npos &&
             info.find("cluster_known_nodes:3") != info.npos;
    };
    for (int turn = 0; turn < 3'000; ++turn) {
      if (std::ranges::all_of(nodes_, [&](const auto& node) { return together(*node); })) return true;
      std::this_thread::sleep_for(Duration{20ms});
    }
    return false;
  }
  std::string url() const {
    return "redis+cluster://127.0.0.1:" + nodes_[0]->port() + ",127.0.0.1:" + nodes_[1]->port();
  }
  auto begin() const { return nodes_.begin(); }
  auto end() const { return nodes_.end(); }

 private:
  std::array<std::unique_ptr<RedisServer>, 3> nodes_;
};

}  // namespace mlbot::io::bus
