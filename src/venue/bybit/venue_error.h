// The venue's return codes: what they mean to whoever asked, in one table.
#pragma once

#include <cstdint>
#include <span>
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
  failed,       ///< the request itself was wrong: our mistake, or a dialect newer than ours
  rate,         ///< too many requests: wait
  time,         ///< our clock is outside the venue's window: measure it again
  auth,         ///< key, signature, permission or address: a person must act
  maintenance,  ///< the venue is not serving; ask again later
  unknown,      ///< the venue cannot tell whether it was done: ask what became of it
};
/// A code that is not in the table is `unknown`: nobody told us that nothing was done.
/// A create was turned down because its orderLinkId was used: so one of that id did arrive.
inline constexpr std::int32_t duplicate_link_id = 110072;
CodeClass class_of(std::int32_t code);
std::string_view to_string(CodeClass code_class);

struct CodeRow {
  std::int32_t first, last;  ///< a range of codes of one family, or twice the same code
  CodeClass code_class;
  std::string_view meaning;
};
/// Every code that the venue documents for derivatives, accounts and the order socket, ascending.
std::span<const CodeRow> code_table();
/// "" for a code that is not in the table.
std::string_view meaning_of(std::int32_t code);

}  // namespace mlbot::venue::bybit
