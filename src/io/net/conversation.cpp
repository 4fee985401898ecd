#include "io/net/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/write.hpp>

namespace mlbot::io::net {
namespace {

constexpr Duration farewell_timeout = 1s;
constexpr int looks_per_span = 4;
constexpr int ping_after_looks = 2;

}  // namespace

Conversation::Conversation(EventLoop& loop, std::shared_ptr<Stream> stream, ConversationSettings settings,
                           ConversationHandlers handlers)
    : loop_{loop},
      stream_{std::move(stream)},
      settings_{std::move(settings)},
      handlers_{std::make_shared<const ConversationHandlers>(std::move(handlers))},
      reader_{settings_.own, settings_.max_message_bytes},
      writer_{settings_.own},
      planned_{EndCause::closed_by_us,
               {NetFault::closed, fmt::format("the link to {} was closed from our side", settings_.peer)}} {}

void Conversation::start(std::string_view first_bytes) {
  listen_for_silence();
  if (first_bytes.empty()) return read_next();
  loop_.post([self = shared_from_this(), bytes = std::string{first_bytes}] {
    std::string_view rest = bytes;
    while (!rest.empty() && self->state_ != State::ended) {
      const auto room = self->reader_.room();
      const std::size_t size = std::min(room.size(), rest.size());
      std::copy_n(rest.data(), size, room.data());
      rest.remove_prefix(size);
      self->reader_.received(size);
      self->take_messages();
    }
    self->read_next();
  });
}

void Conversation::send(std::shared_ptr<const std::string> text) {
  if (state_ != State::open) return;
  writer_.text(std::move(text));
  if (writer_.unsent_bytes() <= settings_.max_unsent_bytes) return write_next();
  planned_ = {EndCause::slow_reader,
              {NetFault::too_large, fmt::format("{} reads too slowly: more than {} bytes are unsent",
                                                settings_.peer, settings_.max_unsent_bytes)}};
  state_ = State::leaving;
  writer_.forget_texts();
  loop_.post([self = shared_from_this()] { self->end_as_planned(); });
}

void Conversation::close() {
  if (state_ != State::open) return;
  state_ = State::closing;
  watch(farewell_timeout, &Conversation::end_as_planned);
  writer_.close(close_code::normal, {});
  write_next();
}

void Conversation::cut(std::string_view text) {
  if (state_ != State::open) return;
  state_ = State::leaving;
  watch(farewell_timeout, &Conversation::end_as_planned);
  writer_.cut(text);
  write_next();
}

void Conversation::mute() {
  if (state_ != State::open) return;
  state_ = State::muted;
  watch(settings_.silence_max, &Conversation::end_as_planned);
}

void Conversation::drop() {
  handlers_.reset();
  end_as_planned();
}

void Conversation::read_next() {
  if (state_ != State::open && state_ != State::closing) return;
  const auto room = reader_.room();
  stream_->async_read_some(asio::buffer(room.data(), room.size()),
                           [self = shared_from_this()](const ErrorCode& error, std::size_t bytes) {
                             self->on_read(error, bytes);
                           });
}

void Conversation::on_read(const ErrorCode& error, std::size_t bytes) {
  if (state_ != State::open && state_ != State::closing) return;
  if (error) return state_ == State::closing ? end_as_planned() : end(lost(error, "reading from"));
  reader_.received(bytes);
  take_messages();
  read_next();
}

void Conversation::take_messages() {
  heard_ = true;
  const auto kept = handlers_;  // a handler that ends us is not destroyed under its own feet
  while (state_ == State::open || state_ == State::closing) {
    const auto message = reader_.next();
    if (!message) {
      const FrameFault fault = message.error();
      const bool large = fault == FrameFault::too_large;
      return leave(close_code_for(fault), {large ? EndCause::oversized_message : EndCause::protocol_error,
                                           {large ? NetFault::too_large : NetFault::protocol,
                                            large ? fmt::format("{} sent a message of more than {} bytes",
                                                                settings_.peer, settings_.max_message_bytes)
                                                  : fmt::format("{} broke the WebSocket protocol: it sent {}",
                                                                settings_.peer, describe(fault))}});
    }
    if (!*message) return;
    take(**message);
  }
}

void Conversation::take(const Message& message) {
  switch (message.kind) {
    case FrameKind::text:
      if (state_ == State::open && handlers_->on_text) handlers_->on_text(message.bytes);
      return;
    case FrameKind::ping:
      writer_.pong(message.bytes);
      return write_next();
    case FrameKind::pong:
      return;
    case FrameKind::close:
      if (state_ == State::closing) return end_as_planned();
      return leave(message.close_code,
                   {EndCause::closed_by_peer,
                    {NetFault::closed, fmt::format("{} closed the WebSocket: code {} {}", settings_.peer,
                                                   message.close_code, message.bytes)}});
  }
}

void Conversation::write_next() {
  if (writing_ || state_ == State::ended || state_ == State::muted) return;
  const auto batch = writer_.next_batch();
  if (batch.empty()) {
    if (state_ == State::leaving) end_as_planned();
    return;
  }
  writing_ = true;
  asio::async_write(*stream_, asio::buffer(batch.data(), batch.size()),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      if (self->state_ == State::ended || self->state_ == State::muted) return;
                      self->writing_ = false;
                      self->writer_.written();
                      if (!error) return self->write_next();
                      if (self->state_ != State::open) return self->end_as_planned();
                      self->end(self->lost(error, "writing to"));
                    });
}

/// Looks a few times in each span instead of moving a timer for each message: silence is seen after 1 to 1.25
/// spans.
void Conversation::listen_for_silence() {
  if (state_ != State::open) return;
  quiet_looks_ = std::exchange(heard_, false) ? 0 : quiet_looks_ + 1;
  if (quiet_looks_ >= looks_per_span) {
    return end({EndCause::silence,
                {NetFault::timeout,
                 fmt::format("{} was silent for {} ms", settings_.peer, settings_.silence_max / 1ms)}});
  }
  if (settings_.ping_when_silent && quiet_looks_ == ping_after_looks) {
    writer_.ping();
    write_next();
  }
  watch(settings_.silence_max / looks_per_span, &Conversation::listen_for_silence);
}

/// Tells the peer why, as far as it still listens, then ends.
void Conversation::leave(std::uint16_t code, Ending why) {
  planned_ = std::move(why);
  state_ = State::leaving;
  watch(farewell_timeout, &Conversation::end_as_planned);
  writer_.forget_texts();
  writer_.close(code, {});
  write_next();
}

/// One timer for the whole life: silence, then the farewell.
void Conversation::watch(Duration limit, void (Conversation::*work)()) {
  loop_.cancel(watch_);
  watch_ = loop_.call_after(limit, [weak = weak_from_this(), work] {
    if (const auto self = weak.lock(); self && self->state_ != State::ended) (self.get()->*work)();
  });
}

void Conversation::end_as_planned() { end(planned_); }

void Conversation::end(const Ending& why) {
  if (std::exchange(state_, State::ended) == State::ended) return;
  loop_.cancel(watch_);
  stream_->close();
  const auto self = shared_from_this();  // the handler may let go of us
  const auto handlers = std::exchange(handlers_, nullptr);
  if (handlers && handlers->on_end) handlers->on_end(why.cause, why.error);
}

Conversation::Ending Conversation::lost(const ErrorCode& error, std::string_view deed) const {
  return {EndCause::lost, explain(error, settings_.peer, deed)};
}

}  // namespace mlbot::io::net
