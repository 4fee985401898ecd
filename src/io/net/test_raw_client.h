// For tests: a client without manners on a bare socket.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace mlbot::io::net {

/// Sends any bytes, reads only when told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : fd_{socket(AF_INET, SOCK_STREAM, 0)} {
    if (receive_buffer_bytes > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// Takes what has arrived; true once the server has closed.
  bool read_on() {
    char bytes[65536];
    const auto n = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) text.append(bytes, static_cast<std::size_t>(n));
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  std::string text;

 private:
  int fd_;
};

}  // namespace mlbot::io::net
