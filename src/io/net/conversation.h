// What both ends of an open WebSocket do alike: read frames, answer pings, send what is queued, notice
// silence, part politely. Knows no HTTP, no TLS and no reconnecting.
//
// Invariants: on_end comes once and last, and never from within send() or close(); nothing is called after
// drop(). A handler may drop the conversation that calls it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/net/stream.h"
#include "io/net/websocket_frames.h"

namespace mlbot::io::net {

enum class EndCause : std::uint8_t {
  closed_by_us,
  closed_by_peer,
  lost,
  protocol_error,
  oversized_message,
  slow_reader,
  silence
};

struct ConversationSettings {
  Role own;
  std::string peer;  ///< its address, for what is said about it
  std::size_t max_message_bytes;
  std::size_t max_unsent_bytes;
  Duration silence_max;   ///< noticed within a quarter more
  bool ping_when_silent;  ///< in the middle of the span
};

struct ConversationHandlers {
  /// The bytes live until the handler returns; 64 readable bytes stand behind them.
  std::function<void(std::string_view text)> on_text;
  std::function<void(EndCause, const NetError&)> on_end;
};

class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(EventLoop& loop, std::shared_ptr<Stream> stream, ConversationSettings settings,
               ConversationHandlers handlers);

  /// @param first_bytes  what came behind the handshake already. Calls no handler from within.
  void start(std::string_view first_bytes);
  void send(std::shared_ptr<const std::string> text);
  /// Sends what is queued, says goodbye and waits a second for the peer to do so too.
  void close();
  /// Half of a text frame behind what is queued, then the end, without a goodbye.
  void cut(std::string_view text);
  /// From now on nothing is taken from the peer and nothing is sent; the connection stays for silence_max.
  void mute();
  /// Ends at once; on_end does not come.
  void drop();
  std::size_t unsent_bytes() const { return writer_.unsent_bytes(); }

 private:
  /// closing: our goodbye is on its way, the peer's is awaited; leaving: only our goodbye is left to be sent;
  /// muted: deaf and dumb.
  enum class State : std::uint8_t { open, closing, leaving, muted, ended };
  struct Ending {
    EndCause cause;
    NetError error;
  };

  void read_next();
  void on_read(const ErrorCode& error, std::size_t bytes);
  void take_messages();
  void take(const Message& message);
  void write_next();
  void listen_for_silence();
  void leave(std::uint16_t code, Ending why);
  void watch(Duration limit, void (Conversation::*work)());
  void end_as_planned();
  void end(const Ending& why);
  Ending lost(const ErrorCode& error, std::string_view deed) const;

  EventLoop& loop_;
  std::shared_ptr<Stream> stream_;
  ConversationSettings settings_;
  std::shared_ptr<const ConversationHandlers> handlers_;  ///< none after the end
  FrameReader reader_;
  FrameWriter writer_;
  Ending planned_;
  State state_ = State::open;
  TimerId watch_ = 0;
  int quiet_looks_ = 0;
  bool heard_ = true;
  bool writing_ = false;
};

}  // namespace mlbot::io::net
