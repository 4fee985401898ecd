// How a record is an entry of a Redis stream, for all who write or read one (docs/reference/bus.md):
//   id     EPOCH-NUMBER
//   field  "mlbot.record.3", its only one; the name is changed together with the encoding of
//   domain/record.cpp value  the sequence, 8 bytes little endian, then the record
#pragma once

#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "io/bus/bus.h"

namespace mlbot::io::bus {

inline constexpr std::string_view record_schema = "mlbot.record.3";
inline constexpr std::size_t sequence_bytes = 8;

struct EntryId {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  auto operator<=>(const EntryId&) const = default;
  std::string text() const { return std::to_string(epoch) + "-" + std::to_string(number); }
};

inline std::optional<EntryId> parse_entry_id(std::string_view text) {
  EntryId id;
  const char* const end = text.data() + text.size();
  const auto epoch = std::from_chars(text.data(), end, id.epoch);
  if (epoch.ec != std::errc{} || epoch.ptr == end || *epoch.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(epoch.ptr + 1, end, id.number);
  if (number.ec != std::errc{} || number.ptr != end) return std::nullopt;
  return id;
}

/// The sequence in front of a value that has one.
inline Sequence sequence_of(std::string_view value) {
  Sequence sequence;
  if (value.size() >= sequence_bytes) std::memcpy(&sequence.number, value.data(), sequence_bytes);
  return sequence;
}

}  // namespace mlbot::io::bus
