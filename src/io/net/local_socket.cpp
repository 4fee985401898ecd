#include "io/net/local_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace mlbot::io::net {
namespace {

constexpr std::size_t peers_max = 64;

Result<::sockaddr_un, NetError> address_of(const std::string& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return std::unexpected{NetError{
        NetFault::bad_url, fmt::format("{}: a socket's path has 1 to {} characters; choose a shorter one",
                                       path, sizeof(address.sun_path) - 1)}};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

NetError system_error(NetFault fault, const std::string& path, std::string_view doing) {
  return {fault, fmt::format("{}: cannot {}: {}", path, doing, std::strerror(errno))};
}

int new_socket() { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/// The kernel's word on who is at the other end.
bool is_one_of_us(int file) {
  ::ucred peer{};
  ::socklen_t size = sizeof(peer);
  if (::getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

Result<LocalSocket, NetError> LocalSocket::connect(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected{address.error()};
  LocalSocket socket{new_socket()};
  if (socket.closed()) return std::unexpected{system_error(NetFault::refused, path, "make a socket")};
  if (::connect(socket.file_, reinterpret_cast<const ::sockaddr*>(&*address), sizeof(*address)) != 0)
    return std::unexpected{system_error(NetFault::refused, path, "connect")};
  if (!is_one_of_us(socket.file_))
    return std::unexpected{
        NetError{NetFault::closed, path + ": another user serves this path; start both as the same one"}};
  return socket;
}

LocalSocket::~LocalSocket() { close(); }

void LocalSocket::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

bool LocalSocket::send(std::string_view message) {
  if (file_ < 0 || message.size() > local_message_bytes_max) return false;
  return ::send(file_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

std::optional<std::string> LocalSocket::receive() {
  if (file_ < 0) return std::nullopt;
  std::array<char, local_message_bytes_max> bytes;
  auto count = ::recv(file_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  // A peer that went without reading our last words is told first; what it said before that still waits.
  if (count < 0 && errno == ECONNRESET) count = ::recv(file_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count > 0) return std::string{bytes.data(), static_cast<std::size_t>(count)};
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) close();
  return std::nullopt;
}

Result<std::unique_ptr<LocalListener>, NetError> LocalListener::open(std::string path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected{address.error()};
  if (const auto other = LocalSocket::connect(path); other || other.error().fault == NetFault::closed)
    return std::unexpected{NetError{NetFault::address_in_use, path + ": another process serves this path"}};
  struct ::stat found{};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return std::unexpected{NetError{NetFault::address_in_use, path + " is there and no socket; remove it"}};
    ::unlink(path.c_str());
  }
  const int file = new_socket();
  if (file < 0) return std::unexpected{system_error(NetFault::refused, path, "make a socket")};
  std::unique_ptr<LocalListener> listener{new LocalListener{path, file}};
  const auto mask = ::umask(0177);
  const bool bound = ::bind(file, reinterpret_cast<const ::sockaddr*>(&*address), sizeof(*address)) == 0;
  ::umask(mask);
  if (!bound || ::listen(file, 8) != 0)
    return std::unexpected{system_error(NetFault::refused, path, "serve a socket")};
  return listener;
}

LocalListener::~LocalListener() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(path_.c_str());
}

void LocalListener::accept() {
  std::erase_if(peers_, [](const LocalSocket& peer) { return peer.closed(); });
  while (true) {
    const int file = ::accept4(file_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) return;
    LocalSocket peer{file};
    if (peers_.size() < peers_max && is_one_of_us(file)) peers_.push_back(std::move(peer));
  }
}

}  // namespace mlbot::io::net
