#include "io/net/websocket_frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/prng.h"
#include "io/net/test_bad_frames.h"
#include "io/net/websocket_handshake.h"

namespace mlbot::io::net {
namespace {

Role other(Role role) { return role == Role::client ? Role::server : Role::client; }

struct Reading {
  std::vector<std::string> texts;
  std::vector<Message> controls;
  std::optional<FrameFault> fault;
  std::size_t memory_bytes_max = 0;
};

/// Feeds the bytes in parts of at most `part` bytes, or of random size where it is 0.
Reading read_all(Role own, std::string_view bytes, std::size_t part, Prng& chance) {
  FrameReader reader{own, bad_frames_limit};
  Reading reading;
  while (!bytes.empty() && !reading.fault) {
    const auto room = reader.room();
    EXPECT_GT(room.size(), 0u);
    const std::size_t wanted = part == 0 ? 1 + chance.below(3000) : part;
    const std::size_t size = std::min({wanted, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    reader.received(size);
    reading.memory_bytes_max = std::max(reading.memory_bytes_max, reader.memory_bytes());
    for (;;) {
      const auto message = reader.next();
      if (!message) {
        reading.fault = message.error();
        break;
      }
      if (!*message) break;
      if ((*message)->kind == FrameKind::text) {
        reading.texts.emplace_back((*message)->bytes);
        // The spare bytes behind a text can be read; the sanitizer would object otherwise.
        const std::string padded{(*message)->bytes.data(),
                                 (*message)->bytes.size() + FrameReader::spare_bytes};
        EXPECT_TRUE(padded.starts_with(reading.texts.back()));
      } else {
        reading.controls.push_back(**message);
      }
    }
  }
  return reading;
}

constexpr std::size_t memory_bytes_limit = 5 * bad_frames_limit + 2 * FrameReader::read_ahead_bytes_max;

TEST(FrameReader, calls_each_fault_by_its_name_however_the_bytes_arrive) {
  Prng chance{11};
  for (const Role sender : {Role::server, Role::client}) {
    const auto streams = bad_streams(sender);
    EXPECT_GE(streams.size(), 60u);
    for (const BadStream& bad : streams) {
      SCOPED_TRACE(bad.name);
      for (const std::size_t part : {std::size_t{1}, std::size_t{0}, bad.bytes.size()}) {
        const auto reading = read_all(other(sender), bad.bytes, part, chance);
        ASSERT_TRUE(reading.fault);
        EXPECT_EQ(*reading.fault, bad.fault) << describe(*reading.fault);
        EXPECT_LE(reading.memory_bytes_max, memory_bytes_limit);
      }
    }
  }
}

TEST(FrameReader, a_length_is_refused_before_memory_is_asked_for) {
  for (const std::uint64_t announced : {bad_frames_limit + 1ULL, 1ULL << 32, ~0ULL >> 1, ~0ULL}) {
    FrameReader reader{Role::client, bad_frames_limit};
    const std::string head = FrameForge{Role::server}.head(0x81, announced);
    std::memcpy(reader.room().data(), head.data(), head.size());
    reader.received(head.size());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.memory_bytes(), FrameReader(Role::client, bad_frames_limit).memory_bytes());
  }
}

TEST(FrameReader, an_announced_length_within_the_limit_takes_memory_only_as_bytes_come) {
  FrameReader reader{Role::client, 1 << 30};
  const std::string head = FrameForge{Role::server}.head(0x81, 1 << 30);
  std::memcpy(reader.room().data(), head.data(), head.size());
  reader.received(head.size());
  const auto message = reader.next();
  ASSERT_TRUE(message);
  EXPECT_FALSE(*message);
  reader.room();
  EXPECT_LE(reader.memory_bytes(), 2 * FrameReader::read_ahead_bytes_min);
}

TEST(FrameReader, reads_what_is_well_formed_however_the_bytes_arrive) {
  Prng chance{12};
  for (const Role sender : {Role::server, Role::client}) {
    for (const GoodStream& good : good_streams(sender)) {
      SCOPED_TRACE(good.name);
      for (const std::size_t part : {std::size_t{1}, std::size_t{0}, good.bytes.size()}) {
        const auto reading = read_all(other(sender), good.bytes, part, chance);
        EXPECT_FALSE(reading.fault) << describe(*reading.fault);
        EXPECT_TRUE(reading.texts == good.texts);
        EXPECT_LE(reading.memory_bytes_max, memory_bytes_limit);
      }
    }
  }
}

TEST(FrameReader, tells_close_codes_that_may_be_sent) {
  Prng chance{13};
  for (const int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999}) {
    const auto reading = read_all(
        Role::client,
        FrameForge{Role::server}.frame(0x88, close_payload(static_cast<std::uint16_t>(code), "why")).bytes(),
        0, chance);
    ASSERT_EQ(reading.controls.size(), 1u) << code;
    EXPECT_EQ(reading.controls[0].close_code, code);
  }
  const auto none = read_all(Role::client, FrameForge{Role::server}.frame(0x88, "").bytes(), 0, chance);
  ASSERT_EQ(none.controls.size(), 1u);
  EXPECT_EQ(none.controls[0].close_code, close_code::none_given);
}

TEST(FrameWriter, what_it_writes_the_other_end_reads) {
  Prng chance{14};
  for (const Role own : {Role::client, Role::server}) {
    FrameWriter writer{own};
    std::vector<std::string> sent;
    std::string wire;
    for (int turn = 0; turn < 300; ++turn) {
      for (std::uint64_t i = chance.below(4); i > 0; --i) {
        sent.push_back(
            std::string(chance.below(10) == 0 ? chance.below(bad_frames_limit) : chance.below(300), 'a'));
        writer.text(std::make_shared<const std::string>(sent.back()));
      }
      if (chance.below(5) == 0) writer.pong("beat");
      if (chance.below(3) == 0) {
        wire += writer.next_batch();
        writer.written();
      }
    }
    writer.close(close_code::normal, "done");
    writer.text(std::make_shared<const std::string>("too late"));
    for (auto batch = writer.next_batch(); !batch.empty(); batch = writer.next_batch()) {
      wire += batch;
      writer.written();
    }
    EXPECT_EQ(writer.unsent_bytes(), 0u);
    const auto reading = read_all(other(own), wire, 0, chance);
    EXPECT_FALSE(reading.fault);
    EXPECT_TRUE(reading.texts == sent);
    EXPECT_EQ(reading.controls.back().close_code, close_code::normal);
  }
}

TEST(FrameWriter, of_many_pongs_the_newest_waits) {
  FrameWriter writer{Role::server};
  for (int i = 0; i < 100'000; ++i) writer.pong("payload " + std::to_string(i));
  EXPECT_EQ(writer.next_batch(), std::string("\x8a\x0d") + "payload 99999");
}

TEST(Utf8, agrees_with_a_decoder_that_reads_code_points) {
  const auto slow = [](std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const auto lead = static_cast<std::uint8_t>(text[i]);
      const std::size_t size = lead < 0x80       ? 1
                               : lead >> 5 == 6  ? 2
                               : lead >> 4 == 14 ? 3
                               : lead >> 3 == 30 ? 4
                                                 : 0;
      if (size == 0 || i + size > text.size()) return false;
      std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
      for (std::size_t k = 1; k < size; ++k) {
        const auto next = static_cast<std::uint8_t>(text[i + k]);
        if (next >> 6 != 2) return false;
        point = point << 6 | (next & 0x3f);
      }
      constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
      if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
      i += size;
    }
    return true;
  };
  Prng chance{15};
  int good = 0;
  for (int turn = 0; turn < 200'000; ++turn) {
    std::string text(chance.below(3) == 0 ? 32 + chance.below(8) : 0, 'x');
    for (std::uint64_t i = chance.below(6); i > 0; --i) {
      constexpr std::uint8_t edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                        0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                        0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
      text += static_cast<char>(edges[chance.below(std::size(edges))]);
    }
    const bool expected = slow(text);
    good += expected;
    ASSERT_EQ(is_utf8(text), expected) << "turn " << turn << " of seed 15";
  }
  EXPECT_GT(good, 1000);
}

TEST(Handshake, accepts_as_the_standard_does) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      << "RFC 6455, section 1.3";
  const std::string key = new_websocket_key();
  EXPECT_EQ(key.size(), 24u);
  EXPECT_NE(key, new_websocket_key());
}

}  // namespace
}  // namespace mlbot::io::net
