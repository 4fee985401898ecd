// Invariants of a session: on_down is called once and last; nothing is called after `silent_`. A handler may
// destroy the link that calls it: the session outlives the call by the reference that the completed operation
// holds.
#include <fmt/format.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstring>
#include <deque>

#include "base/assert.h"
#include "io/net/links.h"
#include "io/net/stream.h"

namespace mlbot::io::net {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t simd_padding_bytes = 64;
constexpr std::size_t frame_slack_bytes = 4096;  // Beast asks for room before it knows a fragment's length
constexpr Duration farewell_timeout = 1s;
constexpr int looks_per_span = 4;

std::int64_t in_ms(Duration d) { return d / 1ms; }

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(EventLoop& loop, const WebSocketOptions& options, std::shared_ptr<const WebSocketHandlers> handlers)
      : loop_{loop},
        options_{options},
        handlers_{std::move(handlers)},
        socket_{loop},
        received_{options.max_message_bytes + frame_slack_bytes} {}

  void start(const Url& url) {
    url_ = url;
    watch(options_.connect_timeout, [this] {
      down({NetFault::timeout,
            fmt::format("{} gave no WebSocket within {} ms: check the address and the network",
                        address_of(url_), in_ms(options_.connect_timeout))});
    });
    connect(loop_, std::shared_ptr<Stream>{shared_from_this(), &socket_.next_layer()}, url_,
            [self = shared_from_this()](std::optional<NetError> error) {
              if (error) return self->down(std::move(*error));
              if (self->state_ == State::connecting) self->upgrade();
            });
  }

  void send(std::string text) {
    if (state_ != State::open) return;
    unsent_bytes_ += text.size();
    unsent_.push_back(std::move(text));
    if (unsent_bytes_ > options_.max_unsent_bytes) {
      const NetError error{NetFault::too_large,
                           fmt::format("{} reads too slowly: more than {} bytes are unsent", address_of(url_),
                                       options_.max_unsent_bytes)};
      state_ = State::closing;
      loop_.post([self = shared_from_this(), error] { self->down(error); });
    } else if (unsent_.size() == 1) {
      write_next();
    }
  }

  void close() {
    const bool was_open = state_ == State::open;
    if (state_ != State::connecting && !was_open) return;
    state_ = State::closing;
    if (!was_open) return loop_.post([self = shared_from_this()] { self->down_by_us(); });
    watch(farewell_timeout, [this] { down_by_us(); });
    socket_.async_close(websocket::close_code::normal,
                        [self = shared_from_this()](const ErrorCode&) { self->down_by_us(); });
  }

  void silence() {
    silent_ = true;
    down_by_us();
  }
  bool is_down() const { return state_ == State::down; }

 private:
  enum class State { connecting, open, closing, down };

  void upgrade() {
    socket_.read_message_max(options_.max_message_bytes);
    socket_.text(true);
    socket_.auto_fragment(false);
    socket_.set_option(websocket::stream_base::decorator(
        [](websocket::request_type& request) { request.set(beast::http::field::user_agent, "mlbot"); }));
    socket_.control_callback([this](websocket::frame_type, beast::string_view) { heard_ = true; });
    socket_.async_handshake(answer_, host_header_of(url_), url_.target,
                            [self = shared_from_this()](const ErrorCode& error) { self->upgraded(error); });
  }

  void upgraded(const ErrorCode& error) {
    if (state_ != State::connecting) return;
    if (error == websocket::error::upgrade_declined) {
      return down({NetFault::refused, fmt::format("{}{} refused the WebSocket with HTTP status {}: {}",
                                                  address_of(url_), url_.target, answer_.result_int(),
                                                  std::string_view{answer_.body()}.substr(0, 200))});
    }
    if (error) return down(explain(error, url_, "opening a WebSocket to"));
    state_ = State::open;
    listen_for_silence();
    read_next();
    if (!silent_ && handlers_->on_open) handlers_->on_open();
  }

  void read_next() {
    socket_.async_read(received_, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
      self->on_read(error);
    });
  }

  void on_read(const ErrorCode& error) {
    if (error) return on_read_error(error);
    if (state_ != State::open) return;  // a closing link needs no further reads: async_close drains by itself
    heard_ = true;
    if (!socket_.got_text()) {
      return down(
          {NetFault::protocol, fmt::format("{} sent a binary message where text was due", address_of(url_))});
    }
    const std::size_t size = received_.size();
    std::memset(received_.prepare(simd_padding_bytes).data(), 0, simd_padding_bytes);
    if (handlers_->on_text) handlers_->on_text({static_cast<const char*>(received_.data().data()), size});
    received_.clear();
    if (state_ == State::open) read_next();
  }

  void on_read_error(const ErrorCode& error) {
    if (state_ == State::closing) return;  // the end of async_close reports
    if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow) {
      return down({NetFault::too_large, fmt::format("{} sent a message of more than {} bytes",
                                                    address_of(url_), options_.max_message_bytes)});
    }
    if (error == websocket::error::closed) {
      const auto& reason = socket_.reason();
      return down(
          {NetFault::closed, fmt::format("{} closed the WebSocket: code {} {}", address_of(url_),
                                         static_cast<unsigned>(reason.code),
                                         std::string_view{reason.reason.data(), reason.reason.size()})});
    }
    down(explain(error, url_, "reading from"));
  }

  void write_next() {
    socket_.async_write(asio::buffer(unsent_.front()),
                        [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                          if (self->state_ != State::open) return;
                          if (error) return self->down(explain(error, self->url_, "writing to"));
                          self->unsent_bytes_ -= self->unsent_.front().size();
                          self->unsent_.pop_front();
                          if (!self->unsent_.empty()) self->write_next();
                        });
  }

  /// One timer for a link's whole life: connecting, then silence, then the farewell.
  void watch(Duration limit, std::function<void()> work) {
    loop_.cancel(watch_);
    watch_ = loop_.call_after(limit, [weak = weak_from_this(), work = std::move(work)] {
      if (const auto self = weak.lock(); self && !self->is_down()) work();
    });
  }

  /// Looks a few times in each span instead of moving a timer for each message: silence is seen after 1
  /// to 1.25 spans.
  void listen_for_silence() {
    quiet_looks_ = std::exchange(heard_, false) ? 0 : quiet_looks_ + 1;
    if (quiet_looks_ >= looks_per_span) {
      return down({NetFault::timeout,
                   fmt::format("{} was silent for {} ms", address_of(url_), in_ms(options_.read_timeout))});
    }
    watch(options_.read_timeout / looks_per_span, [this] { listen_for_silence(); });
  }

  void down_by_us() {
    down({NetFault::closed, fmt::format("the link to {} was closed from our side", address_of(url_))});
  }

  void down(NetError error) {
    if (state_ == State::down) return;
    state_ = State::down;
    loop_.cancel(watch_);
    socket_.next_layer().close();
    if (!silent_ && handlers_->on_down) handlers_->on_down(error);
  }

  EventLoop& loop_;
  WebSocketOptions options_;
  std::shared_ptr<const WebSocketHandlers> handlers_;
  Url url_;
  websocket::stream<Stream, false> socket_;  // false: permessage-deflate is never offered
  websocket::response_type answer_;
  beast::flat_buffer received_;
  std::deque<std::string> unsent_;  // the first one is being written
  std::size_t unsent_bytes_ = 0;
  State state_ = State::connecting;
  TimerId watch_ = 0;
  int quiet_looks_ = 0;
  bool heard_ = true;
  bool silent_ = false;
};

}  // namespace

struct WebSocketLink::Impl {
  EventLoop& loop;
  WebSocketOptions options;
  std::shared_ptr<const WebSocketHandlers> handlers;
  std::shared_ptr<Session> session;
};

WebSocketLink::WebSocketLink(EventLoop& loop, WebSocketOptions options, WebSocketHandlers handlers)
    : impl_{std::make_shared<Impl>(
          Impl{loop, options, std::make_shared<const WebSocketHandlers>(std::move(handlers)), nullptr})} {}

WebSocketLink::~WebSocketLink() {
  if (impl_->session) impl_->session->silence();
}

void WebSocketLink::open(const Url& url) {
  MLBOT_ASSERT(!impl_->session || impl_->session->is_down());
  impl_->session = std::make_shared<Session>(impl_->loop, impl_->options, impl_->handlers);
  impl_->session->start(url);
}

void WebSocketLink::send(std::string text) {
  if (impl_->session) impl_->session->send(std::move(text));
}

void WebSocketLink::close() {
  if (impl_->session) impl_->session->close();
}

}  // namespace mlbot::io::net
