#include "io/net/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>

#include "base/assert.h"

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
    stream_->stage = Stage::connecting;
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
                          if (!self->url_.secure()) return self->done_(std::nullopt);
                          shake_hands(self->stream_, self->url_, std::move(self->done_));
                        });
  }

  void fail(const ErrorCode& error, std::string_view deed) { done_(explain(error, address_of(url_), deed)); }

  std::shared_ptr<Stream> stream_;
  Url url_;
  std::function<void(std::optional<NetError>)> done_;
  Resolver resolver_;
  std::vector<tcp::endpoint> endpoints_;
};

constexpr int security_bits_level = 2;  // OpenSSL's name for 112 bits

/// What a failed handshake means, in words that name the remedy.
NetError explain_handshake(SSL* ssl, const ErrorCode& error, const std::string& address) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    return {NetFault::tls,
            fmt::format("the certificate of {} is not trusted: {}; check the address, this machine's "
                        "clock and its certificate store",
                        address, X509_verify_cert_error_string(verdict))};
  }
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated) {
    return {NetFault::closed,
            fmt::format("{} closed the connection during the TLS handshake ({})", address, error.message())};
  }
  if (error.category() != asio::error::get_ssl_category())
    return explain(error, address, "starting TLS with");
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  const std::string_view remedy = [reason]() -> std::string_view {
    switch (reason) {
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "it speaks no TLS 1.2 or later";
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_HTTP_REQUEST:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "it does not speak TLS on this port";
      case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      case SSL_R_NO_SHARED_CIPHER:
        return "it shares no cipher with us that is strong enough";
      default:
        return "check the address and the port";
    }
  }();
  return {NetFault::tls,
          fmt::format("starting TLS with {} failed: {} ({})", address, remedy, error.message())};
}

/// Everything that is asked of a server; false when OpenSSL does not take it.
bool demand(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(verify,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  SSL_set_security_level(ssl, std::max(SSL_get_security_level(ssl), security_bits_level));
  ErrorCode no_number;
  asio::ip::make_address(host, no_number);
  if (!no_number) return X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(verify, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::string address_of(const Url& url) {
  const bool bare_ipv6 = url.host.find(':') != std::string::npos;
  return bare_ipv6 ? fmt::format("[{}]:{}", url.host, url.port) : fmt::format("{}:{}", url.host, url.port);
}

std::string host_header_of(const Url& url) {
  const std::string full = address_of(url);
  return url.port == (url.secure() ? "443" : "80") ? full.substr(0, full.rfind(':')) : full;
}

NetError explain(const ErrorCode& error, std::string_view address, std::string_view deed) {
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

std::string_view describe(Stage stage) {
  switch (stage) {
    case Stage::connecting:
      return "while connecting";
    case Stage::tls_handshake:
      return "in the TLS handshake";
    case Stage::upgrade:
      return "in the WebSocket handshake";
    case Stage::open:
      return "on the open connection";
  }
  MLBOT_ASSERT(false);
}

void count(LinkCounters& counters, NetFault fault, Stage stage) {
  const bool shaking_hands = stage == Stage::tls_handshake || stage == Stage::upgrade;
  if (fault == NetFault::timeout) {
    ++counters.timeouts;
  } else if (stage == Stage::connecting) {
    ++counters.unreachable;
  } else if (shaking_hands) {
    ++counters.refused_handshakes;
  } else if (fault == NetFault::too_large) {
    ++counters.oversized_messages;
  } else if (fault == NetFault::closed) {
    ++counters.lost;
  } else {
    ++counters.protocol_errors;
  }
}

void connect(EventLoop& loop, std::shared_ptr<Stream> stream, const Url& url,
             std::function<void(std::optional<NetError>)> done) {
  std::make_shared<Connecting>(loop, std::move(stream), url, std::move(done))->start();
}

void shake_hands(std::shared_ptr<Stream> stream, const Url& url,
                 std::function<void(std::optional<NetError>)> done) {
  stream->stage = Stage::tls_handshake;
  const std::string address = address_of(url);
  ErrorCode error;
  asio::ssl::context context{asio::ssl::context::tls_client};
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(asio::ssl::verify_peer);
  context.set_default_verify_paths(error);
  if (error) return done(explain(error, address, "loading the trusted certificates for"));
  auto& tls = stream->add_tls(context);  // the SSL object keeps what it needs of the context
  if (!demand(tls.native_handle(), url.host)) {
    return done(explain(asio::error::invalid_argument, address, "preparing TLS to"));
  }
  tls.async_handshake(asio::ssl::stream_base::client,
                      [stream, address, done = std::move(done)](const ErrorCode& failed) {
                        if (!failed) return done(std::nullopt);
                        done(explain_handshake(stream->tls()->native_handle(), failed, address));
                      });
}

}  // namespace mlbot::io::net
