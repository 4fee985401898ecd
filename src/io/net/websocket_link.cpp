// Invariants of a session: on_down is called once and last; nothing is called after `silent_`. A handler may
// destroy the link that calls it: the session outlives the call by the reference that the completed operation
// holds.
#include <fmt/format.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>

#include "base/assert.h"
#include "io/net/conversation.h"
#include "io/net/links.h"
#include "io/net/stream.h"
#include "io/net/websocket_handshake.h"

namespace mlbot::io::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::uint32_t max_answer_header_bytes = 16 << 10;
constexpr std::uint64_t max_refusal_bytes = 16 << 10;
constexpr std::size_t shown_refusal_bytes = 200;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(EventLoop& loop, const WebSocketOptions& options, std::shared_ptr<const WebSocketHandlers> handlers,
          std::shared_ptr<LinkCounters> counters)
      : loop_{loop},
        options_{options},
        handlers_{std::move(handlers)},
        counters_{std::move(counters)},
        stream_{std::make_shared<Stream>(loop)} {}

  void start(const Url& url) {
    url_ = url;
    watch_ = loop_.call_after(options_.connect_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->too_late();
    });
    connect(loop_, stream_, url_, [self = shared_from_this()](std::optional<NetError> error) {
      if (self->state_ != State::connecting) return;
      if (error) return self->down(std::move(*error));
      self->ask();
    });
  }

  void send(std::string text) {
    if (state_ == State::open) talk_->send(std::make_shared<const std::string>(std::move(text)));
  }

  void close() {
    if (state_ == State::open) return talk_->close();
    if (state_ != State::connecting) return;
    state_ = State::closing;
    loop_.post([self = shared_from_this()] { self->end(self->closed_by_us()); });
  }

  void silence() {
    silent_ = true;
    if (talk_) talk_->drop();
    end(closed_by_us());
  }
  bool is_down() const { return state_ == State::down; }

 private:
  enum class State { connecting, open, closing, down };

  void ask() {
    stream_->stage = Stage::upgrade;
    question_.method(http::verb::get);
    question_.target(url_.target);
    question_.version(11);
    question_.set(http::field::host, host_header_of(url_));
    question_.set(http::field::upgrade, "websocket");
    question_.set(http::field::connection, "Upgrade");
    question_.set(http::field::sec_websocket_key, key_);
    question_.set(http::field::sec_websocket_version, "13");
    question_.set(http::field::user_agent, "mlbot");
    http::async_write(*stream_, question_, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
      if (self->state_ != State::connecting) return;
      if (error) return self->down(self->explained(error));
      self->hear();
    });
  }

  void hear() {
    answer_.header_limit(max_answer_header_bytes);
    answer_.body_limit(max_refusal_bytes);
    http::async_read(*stream_, received_, answer_,
                     [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                       if (self->state_ != State::connecting) return;
                       self->on_answer(error);
                     });
  }

  void on_answer(const ErrorCode& error) {
    if (answer_.is_header_done() && answer_.get().result_int() != 101) return declined(error);
    if (error) return down(explained(error));
    Headers headers;
    for (const auto& field : answer_.get()) {
      headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    }
    if (const auto fault = fault_of_answer(static_cast<int>(answer_.get().version()), headers, key_)) {
      return down({NetFault::protocol, fmt::format("{} answered {}", address_of(url_), *fault)});
    }
    open();
  }

  void declined(const ErrorCode& error) {
    const std::string_view body = answer_.get().body();
    down({NetFault::refused, fmt::format("{}{} refused the WebSocket with HTTP status {}: {}{}",
                                         address_of(url_), url_.target.substr(0, url_.target.find('?')),
                                         answer_.get().result_int(), body.substr(0, shown_refusal_bytes),
                                         error ? " (" + error.message() + ")" : std::string{})});
  }

  void open() {
    state_ = State::open;
    stream_->stage = Stage::open;
    ++counters_->opened;
    loop_.cancel(watch_);
    talk_ = std::make_shared<Conversation>(
        loop_, stream_,
        ConversationSettings{.own = Role::client,
                             .peer = address_of(url_),
                             .max_message_bytes = options_.max_message_bytes,
                             .max_unsent_bytes = options_.max_unsent_bytes,
                             .silence_max = options_.read_timeout,
                             .ping_when_silent = false},
        // The handlers keep this session alive; the conversation lets go of them when it ends.
        ConversationHandlers{[self = shared_from_this()](std::string_view text) {
                               if (self->handlers_->on_text) self->handlers_->on_text(text);
                             },
                             [self = shared_from_this()](EndCause cause, const NetError& error) {
                               cause == EndCause::closed_by_us ? self->end(error) : self->down(error);
                             }});
    talk_->start({static_cast<const char*>(received_.data().data()), received_.size()});
    if (handlers_->on_open) handlers_->on_open();
  }

  NetError explained(const ErrorCode& error) const {
    const std::string address = address_of(url_);
    if (error == http::error::header_limit || error == http::error::body_limit) {
      return {NetFault::too_large, fmt::format("{} answered the WebSocket handshake with more than {} bytes",
                                               address, max_answer_header_bytes)};
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message) {
      return {NetFault::closed,
              fmt::format("{} closed the connection during the WebSocket handshake", address)};
    }
    return explain(error, address, "opening a WebSocket to");
  }

  void too_late() {
    if (state_ != State::connecting) return;
    down({NetFault::timeout,
          fmt::format("{} gave no WebSocket within {} ms, time ran out {}: check the address and the network",
                      address_of(url_), options_.connect_timeout / 1ms, describe(stream_->stage))});
  }

  NetError closed_by_us() const {
    return {NetFault::closed, fmt::format("the link to {} was closed from our side", address_of(url_))};
  }

  /// Something went wrong: it counts.
  void down(const NetError& error) {
    if (state_ == State::down) return;
    count(*counters_, error.fault, stream_->stage);
    end(error);
  }

  void end(const NetError& error) {
    if (std::exchange(state_, State::down) == State::down) return;
    loop_.cancel(watch_);
    stream_->close();
    if (!silent_ && handlers_->on_down) handlers_->on_down(error);
  }

  EventLoop& loop_;
  WebSocketOptions options_;
  std::shared_ptr<const WebSocketHandlers> handlers_;
  std::shared_ptr<LinkCounters> counters_;
  Url url_;
  std::shared_ptr<Stream> stream_;
  std::string key_ = new_websocket_key();
  http::request<http::empty_body> question_;
  http::response_parser<http::string_body> answer_;
  beast::flat_buffer received_{max_answer_header_bytes + FrameReader::read_ahead_bytes_max};
  std::shared_ptr<Conversation> talk_;
  State state_ = State::connecting;
  TimerId watch_ = 0;
  bool silent_ = false;
};

}  // namespace

struct WebSocketLink::Impl {
  EventLoop& loop;
  WebSocketOptions options;
  std::shared_ptr<const WebSocketHandlers> handlers;
  std::shared_ptr<LinkCounters> counters = std::make_shared<LinkCounters>();
  std::shared_ptr<Session> session;
};

WebSocketLink::WebSocketLink(EventLoop& loop, WebSocketOptions options, WebSocketHandlers handlers)
    : impl_{std::make_shared<Impl>(
          Impl{loop, options, std::make_shared<const WebSocketHandlers>(std::move(handlers))})} {}

WebSocketLink::~WebSocketLink() {
  if (impl_->session) impl_->session->silence();
}

void WebSocketLink::open(const Url& url) {
  MLBOT_ASSERT(!impl_->session || impl_->session->is_down());
  impl_->session = std::make_shared<Session>(impl_->loop, impl_->options, impl_->handlers, impl_->counters);
  impl_->session->start(url);
}

void WebSocketLink::send(std::string text) {
  if (impl_->session) impl_->session->send(std::move(text));
}

void WebSocketLink::close() {
  if (impl_->session) impl_->session->close();
}

const LinkCounters& WebSocketLink::counters() const { return *impl_->counters; }

}  // namespace mlbot::io::net
