// Any bytes, in parts of any size: no crash, memory within its bound, and what is read does not depend on the
// parts. The first byte chooses the end that reads, the second the size of the parts.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/assert.h"
#include "io/net/websocket_frames.h"

namespace mlbot::io::net {
namespace {

constexpr std::size_t limit = 4096;

/// A transcript of all that the reader says.
std::string read_in_parts(Role own, std::string_view bytes, std::size_t part) {
  FrameReader reader{own, limit};
  std::string said;
  while (!bytes.empty()) {
    const auto room = reader.room();
    const std::size_t size = std::min({part, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    reader.received(size);
    MLBOT_ASSERT(reader.memory_bytes() <= 5 * limit + 2 * FrameReader::read_ahead_bytes_max);
    for (;;) {
      const auto message = reader.next();
      if (!message) return said += describe(message.error());
      if (!*message) break;
      MLBOT_ASSERT((*message)->bytes.size() <= limit);
      MLBOT_ASSERT(is_utf8((*message)->bytes) || (*message)->kind != FrameKind::text);
      said += static_cast<char>('0' + static_cast<int>((*message)->kind));
      said += (*message)->bytes;
    }
  }
  return said;
}

}  // namespace
}  // namespace mlbot::io::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlbot::io::net;
  if (size < 2) return 0;
  const Role own = (data[0] & 1) != 0 ? Role::client : Role::server;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  MLBOT_ASSERT(read_in_parts(own, bytes, data[1] + std::size_t{1}) ==
               read_in_parts(own, bytes, bytes.size()));
  return 0;
}
