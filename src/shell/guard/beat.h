// What the bot and its guard say to one another, a few times a second: "I am alive" and "I heard you".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlbot::shell {

/// From the bot. Sent by the thread that trades, so that a thread that hangs is a silence.
struct Beat {
  std::uint64_t process = 0;   ///< its id, to tell a new bot from the old one
  std::uint64_t number = 0;    ///< +1 a beat
  std::uint64_t sequence = 0;  ///< of the last input that was stepped
  bool leaving = false;        ///< a clean end: entries are taken back, nobody is to be missed
  bool operator==(const Beat&) const = default;
};

/// From the guard, to every beat.
struct BeatAnswer {
  std::uint64_t number = 0;  ///< of the beat
  std::uint64_t build = 0;   ///< hash of the guard's binary
  /// Of the silence before this beat, once: what the guard did meanwhile.
  std::uint32_t cancels = 0, closes = 0;
  std::int64_t silence_ms = 0;
  std::string trouble;  ///< why it could not act if it had to; empty while all is well
  bool operator==(const BeatAnswer&) const = default;
};

std::string to_message(const Beat& beat);
std::string to_message(const BeatAnswer& answer);
/// Nothing for what is no such message.
std::optional<Beat> read_beat(std::string_view message);
std::optional<BeatAnswer> read_answer(std::string_view message);

/// First eight bytes of the SHA-256 of this process' program; 0 when it cannot be read.
std::uint64_t own_build();

}  // namespace mlbot::shell
