// The venue's return codes: what they mean to whoever asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlbot::venue::bybit {

/// A refusal as the venue words it.
struct VenueError {
  std::int32_t code = 0;
  std::string text;
};

/// What a return code asks of the client.
enum class CodeClass : std::uint8_t {
  accepted,     ///< 0
  unchanged,    ///< it already is as asked: an ordinary answer
  refused,      ///< a rule said no; asking again changes nothing
  rate,         ///< too many requests: wait
  time,         ///< our clock is outside the venue's window: measure it again
  auth,         ///< key, signature, permission or address: a person must act
  maintenance,  ///< the venue is not serving; ask again later
  unknown,      ///< the venue cannot tell whether it was done: ask what became of it
};
CodeClass class_of(std::int32_t code);
std::string_view to_string(CodeClass code_class);

}  // namespace mlbot::venue::bybit
