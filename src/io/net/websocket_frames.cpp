#include "io/net/websocket_frames.h"

#include <cstring>
#include <random>
#include <utility>

#include "base/assert.h"

namespace mlbot::io::net {
namespace {

constexpr std::uint8_t final_bit = 0x80, reserved_bits = 0x70, opcode_bits = 0x0f;
constexpr std::uint8_t mask_bit = 0x80, length_bits = 0x7f;
constexpr std::uint8_t opcode_continuation = 0, opcode_text = 1, opcode_binary = 2, opcode_close = 8,
                       opcode_ping = 9, opcode_pong = 10;
constexpr std::uint8_t length_in_2_bytes = 126, length_in_8_bytes = 127;
constexpr std::size_t control_bytes_max = 125;

std::uint8_t opcode_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::text:
      return opcode_text;
    case FrameKind::close:
      return opcode_close;
    case FrameKind::ping:
      return opcode_ping;
    case FrameKind::pong:
      return opcode_pong;
  }
  MLBOT_ASSERT(false);
}

std::uint64_t big_endian(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<std::uint8_t>(at[i]);
  return value;
}

void apply_mask(char* data, std::size_t size, const char* key) {
  std::uint64_t wide;
  std::memcpy(&wide, key, 4);
  std::memcpy(reinterpret_cast<char*>(&wide) + 4, key, 4);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + i, 8);
    word ^= wide;
    std::memcpy(data + i, &word, 8);
  }
  for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ key[i % 4]);
}

/// A new one nobody can foresee, as RFC 6455 asks for each frame.
MaskKey random_mask_key() {
  thread_local std::random_device source;
  const auto value = source();
  MaskKey key;
  std::memcpy(key.data(), &value, key.size());
  return key;
}

/// 1004 to 1006 and 1015 may not be sent; 1016 to 2999 mean nothing yet; 3000 to 4999 are for libraries and
/// applications.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::string_view describe(FrameFault fault) {
  switch (fault) {
    case FrameFault::reserved_bits:
      return "a frame with reserved bits set, though no extension (such as compression) was agreed";
    case FrameFault::reserved_opcode:
      return "a frame with a reserved opcode";
    case FrameFault::masked_by_server:
      return "a masked frame, which only clients send";
    case FrameFault::not_masked_by_client:
      return "a frame that is not masked, which only servers send";
    case FrameFault::fragmented_control:
      return "a control frame in fragments";
    case FrameFault::long_control:
      return "a control frame of more than 125 bytes";
    case FrameFault::padded_length:
      return "a length in more bytes than it needs";
    case FrameFault::negative_length:
      return "a length of 2^63 or more";
    case FrameFault::too_large:
      return "a message over the limit";
    case FrameFault::lone_continuation:
      return "the continuation of a message that was never begun";
    case FrameFault::interrupted_message:
      return "a new message within another one";
    case FrameFault::binary:
      return "a binary message where text was due";
    case FrameFault::not_utf8:
      return "text that is not UTF-8";
    case FrameFault::bad_close_length:
      return "a close frame with half a code";
    case FrameFault::bad_close_code:
      return "a close code that may not be sent";
    case FrameFault::bad_close_reason:
      return "a close reason that is not UTF-8";
  }
  MLBOT_ASSERT(false);
}

std::uint16_t close_code_for(FrameFault fault) {
  switch (fault) {
    case FrameFault::too_large:
      return 1009;
    case FrameFault::binary:
      return 1003;
    case FrameFault::not_utf8:
    case FrameFault::bad_close_reason:
      return 1007;
    default:
      return 1002;
  }
}

struct FrameReader::Header {
  std::uint8_t opcode;
  bool last;
  bool masked;
  std::size_t header_bytes;
  std::uint64_t payload_bytes;

  bool control() const { return (opcode & 0x8) != 0; }
};

FrameReader::FrameReader(Role own, std::size_t max_message_bytes)
    : own_{own}, max_message_bytes_{max_message_bytes}, buffer_(read_ahead_bytes_min) {}

std::span<char> FrameReader::room() {
  const std::size_t kept = end_ - begin_;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
    begin_ = 0;
    end_ = kept;
  }
  // A whole frame must fit, so a buffer that is all one unfinished frame grows; it never holds more than the
  // limit.
  const bool crowded = buffer_.size() - spare_bytes - kept < buffer_.size() / 4;
  if (crowded || (filled_ && buffer_.size() < read_ahead_bytes_max)) buffer_.resize(buffer_.size() * 2);
  return {buffer_.data() + end_, buffer_.size() - spare_bytes - end_};
}

void FrameReader::received(std::size_t bytes) {
  filled_ = bytes == buffer_.size() - spare_bytes - end_;
  end_ += bytes;
  MLBOT_ASSERT(end_ + spare_bytes <= buffer_.size());
}

Result<std::optional<FrameReader::Header>, FrameFault> FrameReader::read_header() const {
  const char* const at = buffer_.data() + begin_;
  const std::size_t available = end_ - begin_;
  if (available < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(at[0]);
  const auto second = static_cast<std::uint8_t>(at[1]);
  Header header{.opcode = static_cast<std::uint8_t>(first & opcode_bits),
                .last = (first & final_bit) != 0,
                .masked = (second & mask_bit) != 0,
                .header_bytes = 2,
                .payload_bytes = std::uint64_t{second} & length_bits};
  if ((first & reserved_bits) != 0) return std::unexpected{FrameFault::reserved_bits};
  if (header.opcode > (header.control() ? opcode_pong : opcode_binary)) {
    return std::unexpected{FrameFault::reserved_opcode};
  }
  if (header.masked && own_ == Role::client) return std::unexpected{FrameFault::masked_by_server};
  if (!header.masked && own_ == Role::server) return std::unexpected{FrameFault::not_masked_by_client};
  if (header.control()) {
    if (!header.last) return std::unexpected{FrameFault::fragmented_control};
    if (header.payload_bytes > control_bytes_max) return std::unexpected{FrameFault::long_control};
  } else if (header.opcode == opcode_binary) {
    return std::unexpected{FrameFault::binary};
  } else if ((header.opcode == opcode_continuation) != in_message_) {
    return std::unexpected{in_message_ ? FrameFault::interrupted_message : FrameFault::lone_continuation};
  }
  if (header.payload_bytes >= length_in_2_bytes) {
    const std::size_t length_bytes = header.payload_bytes == length_in_2_bytes ? 2 : 8;
    const std::uint64_t least = length_bytes == 2 ? length_in_2_bytes : 1 << 16;
    if (available < 2 + length_bytes) return std::nullopt;
    header.payload_bytes = big_endian(at + 2, length_bytes);
    header.header_bytes += length_bytes;
    if (header.payload_bytes >> 63 != 0) return std::unexpected{FrameFault::negative_length};
    if (header.payload_bytes < least) return std::unexpected{FrameFault::padded_length};
  }
  if (header.masked) header.header_bytes += 4;
  if (!header.control() && header.payload_bytes > max_message_bytes_ - fragments_.size()) {
    return std::unexpected{FrameFault::too_large};
  }
  return header;
}

Result<std::optional<Message>, FrameFault> FrameReader::next() {
  if (std::exchange(delivered_, false)) fragments_.clear();
  for (;;) {
    const auto read = read_header();
    if (!read) return std::unexpected{read.error()};
    if (!*read) return std::nullopt;
    const Header& header = **read;
    const auto size = static_cast<std::size_t>(header.payload_bytes);
    if (end_ - begin_ < header.header_bytes + size) return std::nullopt;
    char* const payload = buffer_.data() + begin_ + header.header_bytes;
    begin_ += header.header_bytes + size;
    if (header.masked) apply_mask(payload, size, payload - 4);
    if (header.control()) return finish_control(header, {payload, size});
    if (header.last && !in_message_) return finish_text({payload, size});
    in_message_ = !header.last;
    fragments_.append(payload, size);
    if (header.last) {
      delivered_ = true;
      fragments_.append(spare_bytes, '\0');
      return finish_text(std::string_view{fragments_}.substr(0, fragments_.size() - spare_bytes));
    }
  }
}

Result<std::optional<Message>, FrameFault> FrameReader::finish_text(std::string_view text) const {
  if (!is_utf8(text)) return std::unexpected{FrameFault::not_utf8};
  return Message{FrameKind::text, text};
}

Result<std::optional<Message>, FrameFault> FrameReader::finish_control(const Header& header,
                                                                       std::string_view payload) const {
  if (header.opcode == opcode_ping) return Message{FrameKind::ping, payload};
  if (header.opcode == opcode_pong) return Message{FrameKind::pong, payload};
  if (payload.empty()) return Message{FrameKind::close, {}, close_code::none_given};
  if (payload.size() < 2) return std::unexpected{FrameFault::bad_close_length};
  const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
  if (!may_be_sent(code)) return std::unexpected{FrameFault::bad_close_code};
  if (!is_utf8(payload.substr(2))) return std::unexpected{FrameFault::bad_close_reason};
  return Message{FrameKind::close, payload.substr(2), code};
}

void append_frame(FrameKind kind, std::string_view payload, const std::optional<MaskKey>& mask_key,
                  std::string& out) {
  const std::uint8_t mask = mask_key ? mask_bit : 0;
  const auto put = [&out](std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  };
  put(final_bit | opcode_of(kind), 1);
  if (payload.size() < length_in_2_bytes) {
    put(mask | payload.size(), 1);
  } else if (payload.size() < 1 << 16) {
    put(mask | length_in_2_bytes, 1);
    put(payload.size(), 2);
  } else {
    put(mask | length_in_8_bytes, 1);
    put(payload.size(), 8);
  }
  if (mask_key) out.append(mask_key->data(), mask_key->size());
  out += payload;
  if (mask_key) apply_mask(out.data() + out.size() - payload.size(), payload.size(), mask_key->data());
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  if (code == close_code::none_given) return {};
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return payload += reason.substr(0, control_bytes_max - 2);
}

bool is_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto byte = [&](std::ptrdiff_t i) { return static_cast<std::uint8_t>(at[i]); };
  const auto follows = [&](std::ptrdiff_t i) { return (byte(i) & 0xc0) == 0x80; };
  while (at != end) {
    std::uint64_t word[4];
    while (end - at >= 32) {  // the venue's text is ASCII: 32 bytes a step
      std::memcpy(word, at, 32);
      if (((word[0] | word[1] | word[2] | word[3]) & 0x8080808080808080ULL) != 0) break;
      at += 32;
    }
    while (at != end && byte(0) < 0x80) ++at;
    if (at == end) return true;
    const std::uint8_t lead = byte(0);
    const auto left = end - at;
    if (lead >= 0xc2 && lead <= 0xdf) {
      if (left < 2 || !follows(1)) return false;
      at += 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      if (left < 3 || !follows(1) || !follows(2)) return false;
      if (lead == 0xe0 && byte(1) < 0xa0) return false;   // overlong
      if (lead == 0xed && byte(1) >= 0xa0) return false;  // a surrogate
      at += 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return false;
      if (lead == 0xf0 && byte(1) < 0x90) return false;   // overlong
      if (lead == 0xf4 && byte(1) >= 0x90) return false;  // above U+10FFFF
      at += 4;
    } else {
      return false;
    }
  }
  return true;
}

void FrameWriter::text(std::shared_ptr<const std::string> text) {
  if (last_) return;
  unsent_bytes_ += text->size();
  texts_.push_back(std::move(text));
}

void FrameWriter::close(std::uint16_t code, std::string_view reason) {
  append_frame(FrameKind::close, close_payload(code, reason), mask_key(), last_.emplace());
}

void FrameWriter::cut(std::string_view text) {
  append_frame(FrameKind::text, text, mask_key(), last_.emplace());
  last_->resize(last_->size() - (text.size() - text.size() / 2));
}

void FrameWriter::forget_texts() {
  texts_.clear();
  unsent_bytes_ = text_bytes_in_batch_;
}

std::string_view FrameWriter::next_batch() {
  MLBOT_ASSERT(batch_.empty());
  if (std::exchange(ping_due_, false)) append_frame(FrameKind::ping, {}, mask_key(), batch_);
  if (const auto payload = std::exchange(pong_, std::nullopt))
    append_frame(FrameKind::pong, *payload, mask_key(), batch_);
  while (!texts_.empty() && (batch_.empty() || batch_.size() + texts_.front()->size() < batch_bytes_max)) {
    append_frame(FrameKind::text, *texts_.front(), mask_key(), batch_);
    text_bytes_in_batch_ += texts_.front()->size();
    texts_.pop_front();
  }
  if (texts_.empty() && last_ && !last_written_) {
    batch_ += *last_;
    last_written_ = true;
  }
  return batch_;
}

void FrameWriter::written() {
  unsent_bytes_ -= std::exchange(text_bytes_in_batch_, 0);
  if (batch_.capacity() > 4 * batch_bytes_max) batch_ = {};  // one large text does not cost memory for ever
  batch_.clear();
}

std::optional<MaskKey> FrameWriter::mask_key() const {
  return own_ == Role::client ? std::optional{random_mask_key()} : std::nullopt;
}

}  // namespace mlbot::io::net
