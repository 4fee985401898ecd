// Which part of the symbols a market stage makes: "0/2" is the first of two, every second symbol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/units.h"

namespace mlbot::shell {

struct Shard {
  std::uint16_t number = 0, count = 1;
  bool owns(SymbolId symbol) const { return symbol.index % count == number; }
  /// "features-0-of-2": of its lease, its files and its status.
  std::string name() const { return "features-" + std::to_string(number) + "-of-" + std::to_string(count); }
  /// The stream of its indices.
  std::string index_stream() const { return "ctl.{" + name() + "}"; }
};

inline constexpr std::uint16_t shards_max = 64;

/// Nothing for a text that is not N/COUNT with N < COUNT <= 64.
std::optional<Shard> parse_shard(std::string_view text);

}  // namespace mlbot::shell
