#include "shell/topology/shard.h"

#include <charconv>

namespace mlbot::shell {

std::optional<Shard> parse_shard(std::string_view text) {
  Shard out;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, out.number);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(number.ptr + 1, end, out.count);
  if (count.ec != std::errc{} || count.ptr != end) return std::nullopt;
  if (out.count == 0 || out.count > shards_max || out.number >= out.count) return std::nullopt;
  return out;
}

}  // namespace mlbot::shell
