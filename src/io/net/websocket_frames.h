// WebSocket framing (RFC 6455, section 5) without a socket: bytes in, messages out, for both ends.
//
// Why our own: the hot path reads hundreds of frames with one system call and hands each out where it lies,
// without a copy and without an operation of the event loop for each (decision 0028 has the figures).
//
// Invariants: 0 <= begin_ <= end_, and end_ + spare_bytes <= buffer_.size(), so that behind each message
// spare bytes can be read; no length is believed before it has passed the limit; memory grows with the bytes
// that came, never with a length that was announced. After a fault nothing more is read. Extensions are never
// negotiated (so a compressed frame is a reserved bit), and messages are text.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mlbot::io::net {

enum class FrameFault : std::uint8_t {
  reserved_bits,
  reserved_opcode,
  masked_by_server,
  not_masked_by_client,
  fragmented_control,
  long_control,
  padded_length,
  negative_length,
  too_large,
  lone_continuation,
  interrupted_message,
  binary,
  not_utf8,
  bad_close_length,
  bad_close_code,
  bad_close_reason
};
/// Reads on after "the peer sent ".
std::string_view describe(FrameFault fault);
/// What a close frame says about it (RFC 6455, section 7.4.1).
std::uint16_t close_code_for(FrameFault fault);

namespace close_code {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, none_given = 1005;
}

enum class FrameKind : std::uint8_t { text, close, ping, pong };
struct Message {
  FrameKind kind;
  std::string_view bytes;        ///< a close frame's reason without its code
  std::uint16_t close_code = 0;  ///< of a close frame
};

enum class Role : std::uint8_t { client, server };  ///< a client masks what it sends, a server does not

class FrameReader {
 public:
  static constexpr std::size_t spare_bytes = 64;
  static constexpr std::size_t read_ahead_bytes_min = 4 << 10;
  static constexpr std::size_t read_ahead_bytes_max = 256 << 10;

  /// @param own  the end that reads: a client refuses masked frames, a server demands them.
  FrameReader(Role own, std::size_t max_message_bytes);

  /// Where the next bytes of the socket belong; never empty. Ends the life of what next() gave.
  std::span<char> room();
  /// So many bytes were put into room().
  void received(std::size_t bytes);
  /// The next whole message or control frame; nothing when more bytes are needed. It lives until the next
  /// call of next() or room().
  Result<std::optional<Message>, FrameFault> next();

  /// What the reader holds on to: never more than five times the limit and twice the read-ahead.
  std::size_t memory_bytes() const { return buffer_.size() + fragments_.capacity(); }

 private:
  struct Header;
  Result<std::optional<Header>, FrameFault> read_header() const;
  Result<std::optional<Message>, FrameFault> finish_text(std::string_view text) const;
  Result<std::optional<Message>, FrameFault> finish_control(const Header& header,
                                                            std::string_view payload) const;

  Role own_;
  std::size_t max_message_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< first byte that was not handed out
  std::size_t end_ = 0;    ///< behind the last byte that came
  std::string fragments_;  ///< of a message whose last fragment has not come
  bool in_message_ = false;
  bool filled_ = false;  ///< the last read filled all its room: the next may be larger
  bool delivered_ = false;
};

using MaskKey = std::array<char, 4>;
/// Appends a whole frame with FIN set; only a client has a mask key.
void append_frame(FrameKind kind, std::string_view payload, const std::optional<MaskKey>& mask_key,
                  std::string& out);
/// The payload of a close frame; the reason is cut at 123 bytes.
std::string close_payload(std::uint16_t code, std::string_view reason);

/// Whether bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// What waits to be sent to one peer. Texts stay shared until they are copied into the batch that is written
/// next, so many peers cost one text; small texts go out together, with one system call.
///
/// When full: texts are the caller's to limit by unsent_bytes(); of pongs only the newest waits (RFC 6455,
/// section 5.5.3), so a flood of pings cannot pile up.
class FrameWriter {
 public:
  static constexpr std::size_t batch_bytes_max = 64 << 10;  ///< or one frame, where that is larger

  explicit FrameWriter(Role own) : own_{own} {}
  void text(std::shared_ptr<const std::string> text);
  void ping() { ping_due_ = true; }
  void pong(std::string_view payload) { pong_ = payload; }
  /// The last frame; it follows the texts that wait already.
  void close(std::uint16_t code, std::string_view reason);
  /// Half of a text frame, in the same place: for servers that practise misfortune.
  void cut(std::string_view text);
  /// Texts that are not being written are dropped.
  void forget_texts();

  /// Bytes to write next; empty when there are none. Ask again after written() only.
  std::string_view next_batch();
  void written();
  /// Bytes of texts that were not written.
  std::size_t unsent_bytes() const { return unsent_bytes_; }

 private:
  std::optional<MaskKey> mask_key() const;

  Role own_;
  std::deque<std::shared_ptr<const std::string>> texts_;
  std::optional<std::string> pong_;
  std::optional<std::string> last_;  ///< bytes behind which nothing follows
  bool ping_due_ = false;
  bool last_written_ = false;
  std::string batch_;
  std::size_t unsent_bytes_ = 0;
  std::size_t text_bytes_in_batch_ = 0;
};

}  // namespace mlbot::io::net
