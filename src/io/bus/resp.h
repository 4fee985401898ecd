// The words of Redis' protocol (RESP2): commands written, answers taken apart.
//
// An answer is kept as a flat list of its values in the order in which they came, looked at in place: nothing
// is copied and nothing allocated for each value. Answers that are not whole yet are taken up where reading
// stopped. Limits: 64 MiB for one answer, a million values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlbot::io::bus {

/// Appends one command.
void append_command(std::string& out, std::span<const std::string_view> words);
/// Appends one word of a command: "$5\r\nhello\r\n".
void append_word(std::string& out, std::string_view word);

enum class RespType : std::uint8_t { text, error, integer, nil, array };

/// One value; an array's elements follow it.
struct RespValue {
  RespType type = RespType::nil;
  std::string_view text;    ///< of text and error
  std::int64_t number = 0;  ///< integer; count of an array's elements
};

/// Goes through an answer's values, outermost first. At the end it goes on giving nil.
class RespWalk {
 public:
  RespValue next();
  /// Passes over one value and all that belongs to it.
  void skip();

 private:
  friend class RespParser;
  struct Node {
    RespType type;
    std::size_t at;  ///< of text: in the buffer
    std::int64_t number;
  };
  const Node* node_ = nullptr;
  const Node* end_ = nullptr;
  const char* bytes_ = nullptr;
};

class RespParser {
 public:
  /// Room for at least `size` bytes from the server; `fill` says how many came.
  std::span<char> room(std::size_t size);
  void fill(std::size_t size) { end_ += size; }
  /// The next answer when it is whole; its views live until the next call of any function here but `fill`.
  /// @error bytes that are no answer
  Result<bool, std::string> next();
  RespWalk walk() const;

 private:
  bool line(std::string_view& out);

  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  ///< bytes of the answer at hand and behind it
  std::size_t at_ = 0;               ///< how far they were taken apart
  std::vector<RespWalk::Node> nodes_;
  std::uint64_t missing_ = 0;  ///< values that the answer at hand still lacks
  bool whole_ = false;         ///< the answer at hand was given out
};

}  // namespace mlbot::io::bus
