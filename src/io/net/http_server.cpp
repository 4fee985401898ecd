// Invariants: a session stands in `sessions` from accept to its end; on_close follows each on_open exactly
// once and never from within send() or close(); nothing is called after the HttpServer is gone.
#include "io/net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <unordered_map>

#include "io/net/conversation.h"
#include "io/net/stream.h"
#include "io/net/websocket_handshake.h"

namespace mlbot::io::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

constexpr std::size_t max_header_bytes = 32 << 10;
constexpr std::size_t max_refusals_at_once = 64;  // connections over the limit that are still being told so
constexpr std::size_t max_drained_bytes = 4 << 20;
constexpr Duration goodbye_timeout = 1s;
constexpr Duration accept_pause = 100ms;  // after an error such as "too many open files"

HttpResponse plain(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  struct Session;

  Impl(EventLoop& event_loop, const ServerOptions& server_options, ServerHandlers server_handlers)
      : loop{event_loop},
        options{server_options},
        handlers{std::move(server_handlers)},
        acceptor{context_of(event_loop)} {}

  void accept_next();
  void accepted(Socket socket);
  void shut_down();
  void count(EndCause cause);

  EventLoop& loop;
  ServerOptions options;
  ServerCounters counters;
  ServerHandlers handlers;
  Acceptor acceptor;
  std::unordered_map<PeerId, std::shared_ptr<Session>> sessions;
  PeerId last_peer = 0;
  bool silent = false;
};

struct HttpServer::Impl::Session : std::enable_shared_from_this<Session> {
  Session(std::shared_ptr<Impl> owner, PeerId peer, Socket connected)
      : server{std::move(owner)}, id{peer}, stream{std::make_shared<Stream>(std::move(connected))} {}

  // ---- HTTP

  void read_request() {
    parser.emplace();
    parser->header_limit(max_header_bytes);
    parser->body_limit(server->options.max_body_bytes);
    watch(over_limit ? goodbye_timeout : server->options.request_timeout);
    http::async_read(*stream, received, *parser,
                     [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                       if (!self->ended) self->on_request(error);
                     });
  }

  void on_request(const ErrorCode& error) {
    if (error == http::error::body_limit || error == http::error::header_limit) {
      ++server->counters.oversized_requests;
    }
    if (error == http::error::body_limit) {
      return answer_last(
          plain(413, fmt::format("the body is larger than {} bytes", server->options.max_body_bytes)));
    }
    if (error == http::error::header_limit) {
      return answer_last(plain(431, fmt::format("the headers are larger than {} bytes", max_header_bytes)));
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      ++server->counters.malformed_requests;
      return answer_last(plain(400, "this is no HTTP/1.1 request: " + error.message()));
    }
    if (error) return end();
    auto& message = parser->get();
    HttpRequest request;
    request.method = std::string{message.method_string()};
    request.target = std::string{message.target()};
    for (const auto& field : message) {
      request.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    }
    request.body = std::move(message.body());
    request.remote_address = remote_address;
    const auto& handlers = server->handlers;
    if (over_limit) {
      ++server->counters.refused_connections;
      return answer_last(
          plain(503, fmt::format("all {} connections of this server are taken: try again later",
                                 server->options.max_connections)));
    }
    HttpResponse response = plain(404, "nothing lives here");
    if (wants_websocket(request)) {
      const auto refusal = refusal_of_upgrade(static_cast<int>(message.version()), request);
      if (refusal) {
        response = *refusal;
      } else if (handlers.on_upgrade) {
        response = handlers.on_upgrade(request);
      }
      if (!ended && response.status == 101)
        return upgrade_to_websocket(std::move(request), std::move(response.headers));
      ++server->counters.refused_upgrades;
    } else if (handlers.on_request) {
      response = handlers.on_request(request);
    }
    if (ended) return;
    const Delivery delivery =
        !wants_websocket(request) && handlers.delivery ? handlers.delivery(request, response) : Delivery{};
    deliver(std::move(response), delivery, parser->keep_alive(), request.method == "HEAD");
  }

  void deliver(HttpResponse&& response, Delivery delivery, bool keep_alive, bool head) {
    if (delivery.way == Delivery::Way::never) return watch(server->options.request_timeout);
    if (delivery.delay > Duration{0}) {
      unwatch();
      timer = server->loop.call_after(
          delivery.delay,
          [weak = weak_from_this(), response = std::move(response), delivery, keep_alive, head]() mutable {
            const auto self = weak.lock();
            if (!self || self->ended) return;
            self->timer = 0;
            self->deliver(std::move(response), {delivery.way, {}}, keep_alive, head);
          });
      return;
    }
    if (delivery.way == Delivery::Way::cut) return answer_half(response);
    answer(std::move(response), keep_alive, head);
  }

  void answer_half(const HttpResponse& response) {
    half = fmt::format("HTTP/1.1 {} cut\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                       response.status, response.body.size(),
                       std::string_view{response.body}.substr(0, response.body.size() / 2));
    asio::async_write(*stream, asio::buffer(half),
                      [self = shared_from_this()](const ErrorCode&, std::size_t) {
                        if (!self->ended) self->end();
                      });
  }

  void answer_last(HttpResponse response) { answer(std::move(response), false, false); }

  void answer(HttpResponse&& response, bool keep_alive, bool head) {
    message = {};
    message.version(11);
    message.result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep_alive);
    const std::size_t body_bytes = response.body.size();
    if (!head) message.body() = std::move(response.body);
    message.content_length(body_bytes);
    watch(server->options.request_timeout);
    http::async_write(*stream, message,
                      [self = shared_from_this(), keep_alive](const ErrorCode& error, std::size_t) {
                        if (self->ended) return;
                        if (error) return self->end();
                        if (keep_alive) return self->read_request();
                        self->say_goodbye();
                      });
  }

  /// Closing at once while the peer still sends would reset the connection and might lose our answer: read a
  /// little more.
  void say_goodbye() {
    ErrorCode ignored;
    stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
    watch(goodbye_timeout);
    received.clear();
    drain();
  }

  void drain() {
    stream->async_read_some(received.prepare(16 << 10),
                            [self = shared_from_this()](const ErrorCode& error, std::size_t n) {
                              if (self->ended) return;
                              self->drained_bytes += n;
                              if (error || self->drained_bytes > max_drained_bytes) return self->end();
                              self->drain();
                            });
  }

  // ---- WebSocket

  void upgrade_to_websocket(HttpRequest request, Headers headers) {
    message = {};
    message.version(11);
    message.result(http::status::switching_protocols);
    for (const auto& [name, value] : headers) message.set(name, value);
    message.set(http::field::upgrade, "websocket");
    message.set(http::field::connection, "Upgrade");
    message.set(http::field::sec_websocket_accept,
                websocket_accept(header(request.headers, "Sec-WebSocket-Key")));
    watch(server->options.request_timeout);
    http::async_write(
        *stream, message,
        [self = shared_from_this(), request = std::move(request)](const ErrorCode& error, std::size_t) {
          if (self->ended) return;
          if (error) return self->end();
          self->unwatch();
          self->open(request);
        });
  }

  void open(const HttpRequest& request) {
    parser.reset();
    talk = std::make_shared<Conversation>(
        server->loop, stream,
        // The peer is pinged in the middle of the span, so only one that is gone or hangs is cut.
        ConversationSettings{.own = Role::server,
                             .peer = remote_address,
                             .max_message_bytes = server->options.max_body_bytes,
                             .max_unsent_bytes = server->options.max_unsent_bytes,
                             .silence_max = server->options.websocket_idle_timeout,
                             .ping_when_silent = true},
        ConversationHandlers{[self = shared_from_this()](std::string_view text) {
                               if (self->server->handlers.on_text)
                                 self->server->handlers.on_text(self->id, text);
                             },
                             [self = shared_from_this()](EndCause cause, const NetError&) {
                               self->server->count(cause);
                               self->end();
                             }});
    talk->start({static_cast<const char*>(received.data().data()), received.size()});
    received = {};
    ++server->counters.opened;
    if (server->handlers.on_open) server->handlers.on_open(id, request);
  }

  void send(std::shared_ptr<const std::string> text) {
    if (talk) talk->send(std::move(text));
  }

  std::size_t unsent_bytes() const { return talk ? talk->unsent_bytes() : 0; }

  /// What is queued still goes out first.
  void close() {
    if (talk) return talk->close();
    server->loop.post([self = shared_from_this()] { self->end(); });
  }

  void cut(std::string_view text) {
    if (talk) talk->cut(text);
  }
  void mute() {
    if (talk) talk->mute();
  }

  // ---- the end

  void watch(Duration limit) {
    unwatch();
    timer = server->loop.call_after(limit, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      ++self->server->counters.timeouts;
      self->end();
    });
  }
  void unwatch() { server->loop.cancel(std::exchange(timer, 0)); }

  void end() {
    if (std::exchange(ended, true)) return;
    unwatch();
    if (talk) talk->drop();
    stream->close();
    server->sessions.erase(id);
    if (talk && !server->silent && server->handlers.on_close) server->handlers.on_close(id);
  }

  std::shared_ptr<Impl> server;
  PeerId id;
  std::shared_ptr<Stream> stream;
  std::string remote_address;
  bool over_limit = false;
  beast::flat_buffer received;
  std::optional<http::request_parser<http::string_body>> parser;
  http::response<http::string_body> message;
  std::size_t drained_bytes = 0;
  std::shared_ptr<Conversation> talk;  ///< once it is a WebSocket
  TimerId timer = 0;
  std::string half;  ///< what is sent of an answer that is cut
  bool ended = false;
};

void HttpServer::Impl::accept_next() {
  acceptor.async_accept([self = shared_from_this()](const ErrorCode& error, Socket socket) {
    if (self->silent) return;
    if (!error) {
      self->accepted(std::move(socket));
      self->accept_next();
    } else {
      self->loop.call_after(accept_pause, [weak = std::weak_ptr{self}] {
        if (const auto server = weak.lock(); server && !server->silent) server->accept_next();
      });
    }
  });
}

void HttpServer::Impl::accepted(Socket socket) {
  if (sessions.size() >= options.max_connections + max_refusals_at_once) return;  // closed by its destructor
  ErrorCode error;
  socket.set_option(tcp::no_delay{true}, error);
  const auto remote = socket.remote_endpoint(error);
  if (error) return;
  const auto session = std::make_shared<Session>(shared_from_this(), ++last_peer, std::move(socket));
  session->remote_address = remote.address().to_string();
  session->over_limit = sessions.size() >= options.max_connections;
  sessions.emplace(session->id, session);
  session->read_request();
}

void HttpServer::Impl::count(EndCause cause) {
  switch (cause) {
    case EndCause::protocol_error:
      ++counters.protocol_errors;
      return;
    case EndCause::oversized_message:
      ++counters.oversized_messages;
      return;
    case EndCause::slow_reader:
      ++counters.slow_readers;
      return;
    case EndCause::silence:
      ++counters.timeouts;
      return;
    case EndCause::closed_by_us:
    case EndCause::closed_by_peer:
    case EndCause::lost:
      return;
  }
}

void HttpServer::Impl::shut_down() {
  silent = true;
  ErrorCode ignored;
  acceptor.close(ignored);
  const auto doomed = sessions;
  for (const auto& [_, session] : doomed) session->end();
}

Result<std::unique_ptr<HttpServer>, NetError> HttpServer::listen(EventLoop& loop,
                                                                 const ServerOptions& options,
                                                                 ServerHandlers handlers) {
  auto impl = std::make_shared<Impl>(loop, options, std::move(handlers));
  ErrorCode error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return std::unexpected{
        NetError{NetFault::bad_url,
                 fmt::format("\"{}\" is no address to listen on: write it like 127.0.0.1 or 0.0.0.0",
                             options.address)}};
  }
  auto& acceptor = impl->acceptor;
  const tcp::endpoint endpoint{address, options.port};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return std::unexpected{
        NetError{NetFault::address_in_use,
                 fmt::format("port {} is in use: stop the other process or choose another with --listen",
                             options.port)}};
  }
  if (error) {
    return std::unexpected{NetError{
        NetFault::refused, fmt::format("cannot listen on {}:{}: {}; choose another address with --listen",
                                       options.address, options.port, error.message())}};
  }
  impl->accept_next();
  return std::make_unique<HttpServer>(std::move(impl));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {}

HttpServer::~HttpServer() { impl_->shut_down(); }

std::uint16_t HttpServer::port() const {
  ErrorCode error;
  return impl_->acceptor.local_endpoint(error).port();
}

void HttpServer::send(PeerId peer, std::shared_ptr<const std::string> text) {
  const auto found = impl_->sessions.find(peer);
  if (found == impl_->sessions.end()) return;
  const auto session = found->second;
  session->send(std::move(text));
}

std::size_t HttpServer::unsent_bytes(PeerId peer) const {
  const auto found = impl_->sessions.find(peer);
  return found == impl_->sessions.end() ? 0 : found->second->unsent_bytes();
}

const ServerCounters& HttpServer::counters() const { return impl_->counters; }

void HttpServer::close(PeerId peer) {
  const auto found = impl_->sessions.find(peer);
  if (found == impl_->sessions.end()) return;
  const auto session = found->second;
  session->close();
}

void HttpServer::cut(PeerId peer, std::shared_ptr<const std::string> text) {
  const auto found = impl_->sessions.find(peer);
  if (found == impl_->sessions.end()) return;
  const auto session = found->second;
  session->cut(*text);
}

void HttpServer::mute(PeerId peer) {
  const auto found = impl_->sessions.find(peer);
  if (found == impl_->sessions.end()) return;
  const auto session = found->second;
  session->mute();
}

}  // namespace mlbot::io::net
