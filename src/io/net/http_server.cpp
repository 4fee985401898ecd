// Invariants: a session stands in `sessions` from accept to its end; on_close follows each on_open exactly
// once and never from within send() or close(); nothing is called after the HttpServer is gone.
#include "io/net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <optional>
#include <unordered_map>

#include "io/net/event_loop_impl.h"

namespace mlbot::io::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, Executor>;
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

  EventLoop& loop;
  ServerOptions options;
  ServerHandlers handlers;
  Acceptor acceptor;
  std::unordered_map<PeerId, std::shared_ptr<Session>> sessions;
  PeerId last_peer = 0;
  bool silent = false;
};

struct HttpServer::Impl::Session : std::enable_shared_from_this<Session> {
  Session(std::shared_ptr<Impl> owner, PeerId peer, Socket connected)
      : server{std::move(owner)}, id{peer}, socket{std::move(connected)} {}

  // ---- HTTP

  void read_request() {
    parser.emplace();
    parser->header_limit(max_header_bytes);
    parser->body_limit(server->options.max_body_bytes);
    watch(over_limit ? goodbye_timeout : server->options.request_timeout);
    http::async_read(socket, received, *parser,
                     [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                       if (!self->ended) self->on_request(error);
                     });
  }

  void on_request(const ErrorCode& error) {
    if (error == http::error::body_limit) {
      return answer_last(
          plain(413, fmt::format("the body is larger than {} bytes", server->options.max_body_bytes)));
    }
    if (error == http::error::header_limit) {
      return answer_last(plain(431, fmt::format("the headers are larger than {} bytes", max_header_bytes)));
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return answer_last(plain(400, "this is no HTTP/1.1 request: " + error.message()));
    }
    if (error) return end();
    auto& message = parser->get();
    const bool upgrade = websocket::is_upgrade(message);
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
      return answer_last(
          plain(503, fmt::format("all {} connections of this server are taken: try again later",
                                 server->options.max_connections)));
    }
    HttpResponse response = plain(404, "nothing lives here");
    if (upgrade) {
      if (handlers.on_upgrade) response = handlers.on_upgrade(request);
      if (!ended && response.status == 101)
        return upgrade_to_websocket(std::move(request), std::move(response.headers));
    } else if (handlers.on_request) {
      response = handlers.on_request(request);
    }
    if (ended) return;
    const Delivery delivery =
        !upgrade && handlers.delivery ? handlers.delivery(request, response) : Delivery{};
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
    asio::async_write(socket, asio::buffer(half), [self = shared_from_this()](const ErrorCode&, std::size_t) {
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
    http::async_write(socket, message,
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
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    watch(goodbye_timeout);
    received.clear();
    drain();
  }

  void drain() {
    socket.async_read_some(received.prepare(16 << 10),
                           [self = shared_from_this()](const ErrorCode& error, std::size_t n) {
                             if (self->ended) return;
                             self->drained_bytes += n;
                             if (error || self->drained_bytes > max_drained_bytes) return self->end();
                             self->drain();
                           });
  }

  // ---- WebSocket

  void upgrade_to_websocket(HttpRequest request, Headers headers) {
    unwatch();
    peer.emplace(std::move(socket));
    peer->read_message_max(server->options.max_body_bytes);
    peer->text(true);
    peer->auto_fragment(false);
    // The peer is pinged in the second half of the span, so only one that is gone or hangs is cut.
    peer->set_option(websocket::stream_base::timeout{server->options.request_timeout,
                                                     server->options.websocket_idle_timeout, true});
    peer->set_option(
        websocket::stream_base::decorator([headers = std::move(headers)](websocket::response_type& answer) {
          for (const auto& [name, value] : headers) answer.set(name, value);
        }));
    peer->async_accept(parser->get(),
                       [self = shared_from_this(), request = std::move(request)](const ErrorCode& error) {
                         if (self->ended) return;
                         if (error) return self->end();
                         self->parser.reset();
                         self->received.clear();
                         self->open = true;
                         self->read_text();
                         if (self->server->handlers.on_open)
                           self->server->handlers.on_open(self->id, request);
                       });
  }

  void read_text() {
    peer->async_read(received, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
      if (self->ended || self->muted) return;
      if (error) return self->end();
      const std::string_view text{static_cast<const char*>(self->received.data().data()),
                                  self->received.size()};
      if (!self->closing && self->server->handlers.on_text) self->server->handlers.on_text(self->id, text);
      self->received.clear();
      if (!self->ended && !self->closing) self->read_text();
    });
  }

  void send(std::shared_ptr<const std::string> text) {
    if (!open || closing || ended || muted) return;
    unsent_bytes += text->size();
    if (unsent_bytes > server->options.max_unsent_bytes) return end_later();
    unsent.push_back(std::move(text));
    if (unsent.size() == 1) write_next();
  }

  void write_next() {
    peer->async_write(asio::buffer(*unsent.front()),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        if (self->ended || self->muted) return;
                        if (error) return self->end();
                        self->unsent_bytes -= self->unsent.front()->size();
                        self->unsent.pop_front();
                        if (!self->unsent.empty()) {
                          self->write_next();
                        } else if (!self->half.empty()) {
                          self->write_half();
                        } else if (self->closing) {
                          self->close_politely();
                        }
                      });
  }

  /// What is queued still goes out first.
  void close() {
    if (closing || ended) return;
    if (!open) return end_later();
    closing = true;
    watch(goodbye_timeout);
    if (unsent.empty()) close_politely();
  }

  void cut(std::string_view text) {
    if (!open || closing || ended) return;
    closing = true;
    half = "\x81";  // a final text frame; RFC 6455, 5.2
    if (text.size() < 126) {
      half += static_cast<char>(text.size());
    } else {
      const bool short_form = text.size() <= 0xFFFF;
      half += static_cast<char>(short_form ? 126 : 127);
      for (int shift = short_form ? 8 : 56; shift >= 0; shift -= 8)
        half += static_cast<char>(text.size() >> shift & 0xFF);
    }
    half += text.substr(0, text.size() / 2);
    if (unsent.empty()) write_half();
  }

  void write_half() {
    asio::async_write(peer->next_layer(), asio::buffer(half),
                      [self = shared_from_this()](const ErrorCode&, std::size_t) {
                        if (!self->ended) self->end();
                      });
  }

  void mute() {
    if (!open || closing || ended || std::exchange(muted, true)) return;
    auto limits = websocket::stream_base::timeout{};
    limits.handshake_timeout = limits.idle_timeout = websocket::stream_base::none();
    limits.keep_alive_pings = false;
    peer->set_option(limits);
    ErrorCode ignored;
    peer->next_layer().cancel(ignored);
    watch(server->options.websocket_idle_timeout);
  }

  void close_politely() {
    peer->async_close(websocket::close_code::normal,
                      [self = shared_from_this()](const ErrorCode&) { self->end(); });
  }

  // ---- the end

  void watch(Duration limit) {
    unwatch();
    timer = server->loop.call_after(limit, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end();
    });
  }
  void unwatch() { server->loop.cancel(std::exchange(timer, 0)); }

  void end_later() {
    closing = true;
    server->loop.post([self = shared_from_this()] { self->end(); });
  }

  void end() {
    if (std::exchange(ended, true)) return;
    unwatch();
    ErrorCode ignored;
    (peer ? peer->next_layer() : socket).close(ignored);
    server->sessions.erase(id);
    if (open && !server->silent && server->handlers.on_close) server->handlers.on_close(id);
  }

  std::shared_ptr<Impl> server;
  PeerId id;
  Socket socket;
  std::string remote_address;
  bool over_limit = false;
  beast::flat_buffer received;
  std::optional<http::request_parser<http::string_body>> parser;
  http::response<http::string_body> message;
  std::size_t drained_bytes = 0;
  std::optional<websocket::stream<Socket, false>> peer;   // false: permessage-deflate is never granted
  std::deque<std::shared_ptr<const std::string>> unsent;  // the first one is being written
  std::size_t unsent_bytes = 0;
  TimerId timer = 0;
  bool open = false;
  bool closing = false;
  bool muted = false;
  bool ended = false;
  std::string half;  // what is sent of a message that is cut
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
  return found == impl_->sessions.end() ? 0 : found->second->unsent_bytes;
}

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
