// For tests: streams of frames that RFC 6455 forbids, as either end would send them, each with the fault it
// must be called, and their well-formed neighbours.
#pragma once

#include <string>
#include <vector>

#include "io/net/websocket_frames.h"

namespace mlbot::io::net {

constexpr std::size_t bad_frames_limit = 70'000;  ///< of messages, where these streams are read

/// Writes frames as `sender` would, with any mistake.
class FrameForge {
 public:
  explicit FrameForge(Role sender) : masked_{sender == Role::client} {}

  enum class Length : std::uint8_t { shortest, in_2_bytes, in_8_bytes };
  FrameForge& frame(int first_byte, const std::string& payload, Length length = Length::shortest) {
    head(first_byte, payload.size(), length);
    for (std::size_t i = 0; i < payload.size(); ++i) {
      bytes_ += static_cast<char>(payload[i] ^ (masked_ ? key_[i % 4] : '\0'));
    }
    return *this;
  }
  /// A frame's head alone, which may announce anything.
  FrameForge& head(int first_byte, std::uint64_t announced, Length length = Length::shortest) {
    const auto put = [this](std::uint64_t value, int bytes) {
      for (int i = bytes - 1; i >= 0; --i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    };
    const std::uint64_t mask = masked_ ? 0x80 : 0;
    put(static_cast<std::uint64_t>(first_byte), 1);
    if (length == Length::in_8_bytes || announced > 0xffff) {
      put(mask | 127, 1);
      put(announced, 8);
    } else if (length == Length::in_2_bytes || announced > 125) {
      put(mask | 126, 1);
      put(announced, 2);
    } else {
      put(mask | announced, 1);
    }
    if (masked_) bytes_ += key_;
    return *this;
  }
  FrameForge& as_the_other_end() {
    masked_ = !masked_;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }
  operator std::string() const { return bytes_; }

 private:
  bool masked_;
  std::string key_ = "\x37\xfa\x21\x3d";
  std::string bytes_;
};

struct BadStream {
  std::string name;
  std::string bytes;
  FrameFault fault;
};

inline std::vector<BadStream> bad_streams(Role sender) {
  using enum FrameForge::Length;
  using namespace std::string_literals;
  constexpr int fin = 0x80, text = 1, binary = 2, close = 8, ping = 9, pong = 10;
  const auto forge = [sender] { return FrameForge{sender}; };
  std::vector<BadStream> all;
  const auto add = [&](std::string name, std::string bytes, FrameFault fault) {
    all.push_back({std::move(name), std::move(bytes), fault});
  };

  // No extension is ever agreed, so compression is the first reserved bit, whatever the payload would unpack
  // to.
  const std::string packed_zeros =
      "\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a"s + std::string(1000, '\0');
  add("compressed text that nobody agreed on",
      forge().frame(fin | 0x40 | text, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), FrameFault::reserved_bits);
  add("a kilobyte that would unpack to a million", forge().frame(fin | 0x40 | text, packed_zeros),
      FrameFault::reserved_bits);
  add("compressed rubbish", forge().frame(fin | 0x40 | text, "\xff\xff\xff\xff\xff"),
      FrameFault::reserved_bits);
  add("compressed first fragment", forge().frame(0x40 | text, "x"), FrameFault::reserved_bits);
  add("compression bit on a continuation", forge().frame(text, "a").frame(fin | 0x40, "b"),
      FrameFault::reserved_bits);
  add("second reserved bit", forge().frame(fin | 0x20 | text, "x"), FrameFault::reserved_bits);
  add("third reserved bit", forge().frame(fin | 0x10 | text, "x"), FrameFault::reserved_bits);
  add("all reserved bits", forge().frame(fin | 0x70 | text, "x"), FrameFault::reserved_bits);
  add("reserved bit on a ping", forge().frame(fin | 0x40 | ping, ""), FrameFault::reserved_bits);
  add("reserved bit on a close", forge().frame(fin | 0x40 | close, ""), FrameFault::reserved_bits);

  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    add("reserved opcode " + std::to_string(opcode), forge().frame(fin | opcode, "x"),
        FrameFault::reserved_opcode);
  }

  const auto masking =
      sender == Role::server ? FrameFault::masked_by_server : FrameFault::not_masked_by_client;
  for (const int opcode : {text, ping, close}) {
    add("masked like the other end, opcode " + std::to_string(opcode),
        forge().as_the_other_end().frame(fin | opcode, ""), masking);
  }

  for (const int opcode : {close, ping, pong}) {
    add("control fragment, opcode " + std::to_string(opcode), forge().frame(opcode, ""),
        FrameFault::fragmented_control);
    add("control frame of 126 bytes, opcode " + std::to_string(opcode),
        forge().frame(fin | opcode, std::string(126, 'x')), FrameFault::long_control);
  }
  add("ping that announces 2^62 bytes", forge().head(fin | ping, 1ULL << 62), FrameFault::long_control);
  add("ping with a short length in two bytes", forge().frame(fin | ping, "x", in_2_bytes),
      FrameFault::long_control);

  add("continuation of nothing", forge().frame(fin, "x"), FrameFault::lone_continuation);
  add("continuation of nothing, not the last", forge().frame(0, "x"), FrameFault::lone_continuation);
  add("continuation of what was finished", forge().frame(text, "a").frame(fin, "b").frame(fin, "c"),
      FrameFault::lone_continuation);
  add("text within a message", forge().frame(text, "a").frame(fin | text, "b"),
      FrameFault::interrupted_message);
  add("new fragments within a message", forge().frame(text, "a").frame(0, "b").frame(text, "c"),
      FrameFault::interrupted_message);
  add("a binary message", forge().frame(fin | binary, "x"), FrameFault::binary);
  add("a binary message in fragments", forge().frame(binary, "x"), FrameFault::binary);

  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::string>>{
           {"a lone continuation byte", "\x80"},
           {"overlong, two bytes", "\xc0\x80"s},
           {"overlong, c1", "\xc1\xbf"},
           {"overlong, three bytes", "\xe0\x80\x80"s},
           {"overlong, four bytes", "\xf0\x8f\xbf\xbf"},
           {"a surrogate", "\xed\xa0\x80"s},
           {"above U+10FFFF", "\xf4\x90\x80\x80"s},
           {"lead byte f5", "\xf5\x80\x80\x80"s},
           {"byte fe", "\xfe"},
           {"byte ff", "\xff"},
           {"cut after one of two", "abc\xc3"},
           {"cut after two of three", "abc\xe2\x82"},
           {"cut after three of four", "abc\xf0\x9f\x98"},
           {"behind 100 good bytes", std::string(100, 'x') + "\xff"}}) {
    add("text is not UTF-8: " + name, forge().frame(fin | text, bytes), FrameFault::not_utf8);
  }
  add("a character torn by fragments and not finished", forge().frame(text, "\xe2\x82").frame(fin, "x"),
      FrameFault::not_utf8);
  add("a last fragment that ends within a character", forge().frame(text, "a").frame(fin, "\xe2"),
      FrameFault::not_utf8);

  add("close with one byte", forge().frame(fin | close, "\x03"), FrameFault::bad_close_length);
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    add("close code " + std::to_string(code),
        forge().frame(fin | close, {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}),
        FrameFault::bad_close_code);
  }
  add("close reason is not UTF-8", forge().frame(fin | close, "\x03\xe8\xc3\x28"),
      FrameFault::bad_close_reason);

  add("length 0 in two bytes", forge().head(fin | text, 0, in_2_bytes), FrameFault::padded_length);
  add("length 125 in two bytes", forge().frame(fin | text, std::string(125, 'x'), in_2_bytes),
      FrameFault::padded_length);
  add("length 0 in eight bytes", forge().head(fin | text, 0, in_8_bytes), FrameFault::padded_length);
  add("length 126 in eight bytes", forge().frame(fin | text, std::string(126, 'x'), in_8_bytes),
      FrameFault::padded_length);
  add("length 65535 in eight bytes", forge().frame(fin | text, std::string(65'535, 'x'), in_8_bytes),
      FrameFault::padded_length);
  add("length 2^63", forge().head(fin | text, 1ULL << 63), FrameFault::negative_length);
  add("length 2^64 - 1", forge().head(fin | text, ~0ULL), FrameFault::negative_length);
  add("length 2^63 - 1", forge().head(fin | text, ~0ULL >> 1), FrameFault::too_large);
  add("length 2^32", forge().head(fin | text, 1ULL << 32), FrameFault::too_large);
  add("one byte over the limit", forge().head(fin | text, bad_frames_limit + 1), FrameFault::too_large);
  add("fragments over the limit", forge().frame(text, std::string(bad_frames_limit - 10, 'x')).head(fin, 11),
      FrameFault::too_large);
  add("a fragment that would overflow the sum", forge().frame(text, "0123456789").head(0, ~0ULL >> 1),
      FrameFault::too_large);
  add("a frame after a good one", forge().frame(fin | text, "good").frame(fin | 3, ""),
      FrameFault::reserved_opcode);
  return all;
}

struct GoodStream {
  std::string name;
  std::string bytes;
  std::vector<std::string> texts;  ///< that it carries
};

inline std::vector<GoodStream> good_streams(Role sender) {
  constexpr int fin = 0x80, text = 1, ping = 9, pong = 10;
  const auto forge = [sender] { return FrameForge{sender}; };
  const std::string large(bad_frames_limit, 'x');
  return {
      {"empty text", forge().frame(fin | text, ""), {""}},
      {"longest in one byte", forge().frame(fin | text, std::string(125, 'x')), {std::string(125, 'x')}},
      {"shortest in two bytes", forge().frame(fin | text, std::string(126, 'x')), {std::string(126, 'x')}},
      {"longest in two bytes",
       forge().frame(fin | text, std::string(65'535, 'x')),
       {std::string(65'535, 'x')}},
      {"shortest in eight bytes",
       forge().frame(fin | text, std::string(65'536, 'x')),
       {std::string(65'536, 'x')}},
      {"exactly the limit", forge().frame(fin | text, large), {large}},
      {"exactly the limit in fragments",
       forge().frame(text, large.substr(1)).frame(0, "").frame(fin, "x"),
       {large}},
      {"a character torn by fragments",
       forge().frame(text, "\xe2").frame(0, "\x82").frame(fin, "\xac"),
       {"\xe2\x82\xac"}},
      {"pings and pongs between fragments",
       forge()
           .frame(text, "a")
           .frame(fin | ping, std::string(125, 'p'))
           .frame(fin | pong, "")
           .frame(fin, "b"),
       {"ab"}},
      {"the edges of UTF-8",
       forge().frame(fin | text,
                     "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                     "\xf4\x8f\xbf\xbf"),
       {"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf"
        "\xbf"}},
      {"two texts, then fragments, then text",
       forge()
           .frame(fin | text, "1")
           .frame(fin | text, "2")
           .frame(text, "3")
           .frame(fin, "4")
           .frame(fin | text, "5"),
       {"1", "2", "34", "5"}},
  };
}

}  // namespace mlbot::io::net
