// Short messages between processes of one user on one machine: a socket with a path, kept and read without
// waiting. For a heartbeat, which is worth nothing late: what does not fit into the kernel's buffer is not
// sent.
//
// Who may speak: the same user (or root), by the kernel's word on the peer; the path has mode 0600. A path
// that a dead process left behind is taken over, one that a living process serves is not. Messages keep their
// borders; at most 64 peers, at most `local_message_bytes_max` a message. Threads: the caller's. No event
// loop: callers look when they beat.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/net/http_types.h"

namespace mlbot::io::net {

inline constexpr std::size_t local_message_bytes_max = 4'096;

/// One end of a connection.
class LocalSocket {
 public:
  /// @error refused  nobody serves this path; closed  another user does; bad_url  the path is too long
  static Result<LocalSocket, NetError> connect(const std::string& path);
  LocalSocket(LocalSocket&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
  LocalSocket& operator=(LocalSocket&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~LocalSocket();

  /// False when the peer does not read, or is gone; which of them receive() finds out, behind its last words.
  bool send(std::string_view message);
  /// Nothing when no whole message waits.
  std::optional<std::string> receive();
  bool closed() const { return file_ < 0; }

 private:
  friend class LocalListener;
  explicit LocalSocket(int file) : file_{file} {}
  void close();

  int file_ = -1;
};

class LocalListener {
 public:
  /// @error address_in_use  another process serves this path; bad_url, refused  what the system said
  static Result<std::unique_ptr<LocalListener>, NetError> open(std::string path);
  ~LocalListener();
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;

  /// Takes in who knocked since the last call. Others' users are sent away.
  void accept();
  /// Those that are still there.
  std::vector<LocalSocket>& peers() { return peers_; }

 private:
  LocalListener(std::string path, int file) : path_{std::move(path)}, file_{file} {}

  std::string path_;
  int file_ = -1;
  std::vector<LocalSocket> peers_;
};

}  // namespace mlbot::io::net
