// One message of the venue, and all that we make of it, as a JSON object: what `mlbot decode` prints a line.
//
// Nothing is trusted and nothing is kept: an answer depends on the message and the known contracts alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"

namespace mlbot::shell {

/// The contracts that a message may name: those of a list, or any at all on a grid of 1e-8.
class MessageContracts {
 public:
  /// Any symbol; at most `symbols_max` are remembered at a time.
  MessageContracts() = default;
  explicit MessageContracts(std::vector<Instrument> known);

  /// Where any symbol goes: makes room for those that the message names.
  void meet(const Json& message);
  const venue::bybit::InstrumentTable& table() const { return table_; }
  std::span<const Instrument> list() const { return list_; }

 private:
  static constexpr std::size_t symbols_max = 4'096;
  void add(std::string_view name);
  void walk(const Json& value, int depth);

  bool any_ = true, grown_ = false;
  std::vector<Instrument> list_;
  venue::bybit::InstrumentTable table_;
};

/// @param kind  "public", "private", "trade", "rest", or "" to guess from the keys.
/// @param path  of the request that a REST body answers, or "" to guess.
/// @return      {"kind":…, …} or {"kind":…, "error":{"where":…, "what":…}}
Json decode_message(std::string_view line, std::string_view kind, std::string_view path,
                    MessageContracts& contracts, venue::bybit::DecodeScratch& scratch);

/// True when decode_message could not read the message.
inline bool is_undecoded(const Json& decoded) { return decoded.contains("error"); }

}  // namespace mlbot::shell
