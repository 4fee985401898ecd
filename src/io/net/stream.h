// A client's byte stream: TCP, with TLS on top where asked. One type for both, so that Beast, which compiles
// slowly, is instantiated once; the price is one branch for each read or write.
//
// TLS is at least 1.2, the chain is verified against the system's store and the certificate against the host
// name.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>  // brings OpenSSL
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/net/event_loop_impl.h"
#include "io/net/http_types.h"

namespace mlbot::io::net {

using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, Executor>;

class Stream {
 public:
  using executor_type = Executor;

  explicit Stream(EventLoop& loop) : socket_{context_of(loop)} {}

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

// The close frames of a WebSocket have been exchanged when Beast asks for this: nothing is left to be cut
// off.
inline void beast_close_socket(Stream& stream) { stream.close(); }
inline void teardown(boost::beast::role_type, Stream& stream, ErrorCode& error) {
  stream.close();
  error = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, Stream& stream, Handler&& handler) {
  stream.close();
  asio::post(stream.get_executor(),
             [handler = std::forward<Handler>(handler)]() mutable { std::move(handler)(ErrorCode{}); });
}

/// "stream.example.com:443"
std::string address_of(const Url& url);
/// The Host header: the port only where it is not the scheme's own.
std::string host_header_of(const Url& url);

/// What went wrong on a connection, with its address; `deed` reads like "connecting to", "reading from".
NetError explain(const ErrorCode& error, const Url& url, std::string_view deed);

/// Resolves, connects, and shakes hands where the URL is secure. `done` is called once, never from within
/// this call. To give up, close the stream: `done` then comes with an error or, while a name is being
/// resolved, later.
void connect(EventLoop& loop, std::shared_ptr<Stream> stream, const Url& url,
             std::function<void(std::optional<NetError>)> done);

}  // namespace mlbot::io::net
