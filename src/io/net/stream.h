// A byte stream: TCP, with TLS on top where a client asks for it. One type for both, so that Beast, which
// compiles slowly, is instantiated once; the price is one branch for each read or write.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>  // brings OpenSSL
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/net/event_loop_impl.h"
#include "io/net/links.h"

namespace mlbot::io::net {

using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, Executor>;

/// How far a client's connection has come; what it says when it fails.
enum class Stage : std::uint8_t { connecting, tls_handshake, upgrade, open };

class Stream {
 public:
  using executor_type = Executor;

  explicit Stream(EventLoop& loop) : socket_{context_of(loop)} {}
  explicit Stream(Socket connected) : socket_{std::move(connected)} {}

  Stage stage = Stage::connecting;

  executor_type get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }
  asio::ssl::stream<Socket&>* tls() { return tls_ ? &*tls_ : nullptr; }
  asio::ssl::stream<Socket&>& add_tls(asio::ssl::context& context) { return tls_.emplace(socket_, context); }

  /// Pending operations end with operation_aborted.
  void close() {
    closed_ = true;
    ErrorCode ignored;
    socket_.close(ignored);
  }
  bool closed() const { return closed_; }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) {
      tls_->async_write_some(buffers, std::forward<Handler>(handler));
    } else {
      socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
  }

 private:
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  bool closed_ = false;
};

/// "stream.example.com:443"
std::string address_of(const Url& url);
/// The Host header: the port only where it is not the scheme's own.
std::string host_header_of(const Url& url);

/// Reads on after "the time ran out ".
std::string_view describe(Stage stage);

/// What went wrong on a connection, with its address; `deed` reads like "connecting to", "reading from".
NetError explain(const ErrorCode& error, std::string_view address, std::string_view deed);

/// Counts what ended a connection, by its fault and by how far it had come.
void count(LinkCounters& counters, NetFault fault, Stage stage);

/// Resolves, connects, and shakes hands where the URL is secure. `done` is called once, never from within
/// this call. To give up, close the stream: `done` then comes with an error or, while a name is being
/// resolved, later.
///
/// What a secure URL asks for and nothing can switch off: TLS 1.2 or later, keys and signatures of at least
/// 112 bits (RSA from 2048, no SHA-1), a chain to the system's store, and the host among the certificate's
/// alternative names (its common name does not count).
void connect(EventLoop& loop, std::shared_ptr<Stream> stream, const Url& url,
             std::function<void(std::optional<NetError>)> done);

/// The TLS part of connect(), over a stream that is connected already.
void shake_hands(std::shared_ptr<Stream> stream, const Url& url,
                 std::function<void(std::optional<NetError>)> done);

}  // namespace mlbot::io::net
