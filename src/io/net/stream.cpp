#include "io/net/stream.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>

namespace mlbot::io::net {
namespace {

using Resolver = asio::ip::basic_resolver<tcp, Executor>;

/// One way from a name to an open stream.
class Connecting : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(EventLoop& loop, std::shared_ptr<Stream> stream, const Url& url,
             std::function<void(std::optional<NetError>)> done)
      : stream_{std::move(stream)}, url_{url}, done_{std::move(done)}, resolver_{context_of(loop)} {}

  void start() {
    ErrorCode no_number;
    const auto address = asio::ip::make_address(url_.host, no_number);
    if (!no_number) {  // spares the resolver's thread
      const auto port = static_cast<std::uint16_t>(std::stoi(url_.port));
      endpoints_ = {tcp::endpoint{address, port}};
      return dial();
    }
    resolver_.async_resolve(
        url_.host, url_.port,
        [self = shared_from_this()](const ErrorCode& error, Resolver::results_type found) {
          if (self->stream_->closed()) return self->fail(asio::error::operation_aborted, "");
          if (error) {
            return self->done_(
                NetError{NetFault::resolve, fmt::format("cannot find the host {}: {}; check its spelling "
                                                        "and this machine's DNS",
                                                        self->url_.host, error.message())});
          }
          for (const auto& entry : found) self->endpoints_.push_back(entry.endpoint());
          self->dial();
        });
  }

 private:
  void dial() {
    asio::async_connect(stream_->socket(), endpoints_,
                        [self = shared_from_this()](const ErrorCode& error, const tcp::endpoint&) {
                          if (error) return self->fail(error, "connecting to");
                          if (self->stream_->closed()) return self->fail(asio::error::operation_aborted, "");
                          ErrorCode ignored;
                          self->stream_->socket().set_option(tcp::no_delay{true}, ignored);
                          if (self->url_.secure()) return self->shake_hands();
                          self->done_(std::nullopt);
                        });
  }

  void shake_hands() {
    ErrorCode error;
    asio::ssl::context context{asio::ssl::context::tls_client};
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(asio::ssl::verify_peer);
    context.set_default_verify_paths(error);
    if (error) return fail(error, "loading the trusted certificates for");
    auto& tls = stream_->add_tls(context);  // the SSL object keeps what it needs of the context
    SSL* const ssl = tls.native_handle();
    X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
    ErrorCode no_number;
    asio::ip::make_address(url_.host, no_number);
    const bool named = static_cast<bool>(no_number);
    const bool set = named ? X509_VERIFY_PARAM_set1_host(verify, url_.host.data(), url_.host.size()) == 1 &&
                                 SSL_set_tlsext_host_name(ssl, url_.host.c_str()) == 1
                           : X509_VERIFY_PARAM_set1_ip_asc(verify, url_.host.c_str()) == 1;
    if (!set) return fail(asio::error::invalid_argument, "preparing TLS to");
    tls.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const ErrorCode& failed) {
      if (!failed) return self->done_(std::nullopt);
      const long verdict = SSL_get_verify_result(self->stream_->tls()->native_handle());
      if (verdict == X509_V_OK) return self->fail(failed, "starting TLS with");
      self->done_(
          NetError{NetFault::tls,
                   fmt::format("the certificate of {} is not trusted: {}; check the address, this machine's "
                               "clock and its certificate store",
                               address_of(self->url_), X509_verify_cert_error_string(verdict))});
    });
  }

  void fail(const ErrorCode& error, std::string_view deed) { done_(explain(error, url_, deed)); }

  std::shared_ptr<Stream> stream_;
  Url url_;
  std::function<void(std::optional<NetError>)> done_;
  Resolver resolver_;
  std::vector<tcp::endpoint> endpoints_;
};

}  // namespace

std::string address_of(const Url& url) {
  const bool bare_ipv6 = url.host.find(':') != std::string::npos;
  return bare_ipv6 ? fmt::format("[{}]:{}", url.host, url.port) : fmt::format("{}:{}", url.host, url.port);
}

std::string host_header_of(const Url& url) {
  const std::string full = address_of(url);
  return url.port == (url.secure() ? "443" : "80") ? full.substr(0, full.rfind(':')) : full;
}

NetError explain(const ErrorCode& error, const Url& url, std::string_view deed) {
  const std::string address = address_of(url);
  if (error == asio::error::connection_refused) {
    return {NetFault::refused,
            fmt::format("{} refuses connections: is the server running, and is the port right?", address)};
  }
  if (error == asio::error::timed_out || error == asio::error::host_unreachable ||
      error == asio::error::network_unreachable) {
    return {error == asio::error::timed_out ? NetFault::timeout : NetFault::refused,
            fmt::format("{} is out of reach ({}): check this machine's network and firewall", address,
                        error.message())};
  }
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::error::operation_aborted ||
      error == asio::ssl::error::stream_truncated) {
    return {NetFault::closed, fmt::format("the connection to {} was closed ({})", address, error.message())};
  }
  const bool tls = error.category() == asio::error::get_ssl_category() ||
                   error.category() == asio::ssl::error::get_stream_category();
  return {tls ? NetFault::tls : NetFault::protocol,
          fmt::format("{} {} failed: {}", deed, address, error.message())};
}

void connect(EventLoop& loop, std::shared_ptr<Stream> stream, const Url& url,
             std::function<void(std::optional<NetError>)> done) {
  std::make_shared<Connecting>(loop, std::move(stream), url, std::move(done))->start();
}

}  // namespace mlbot::io::net
