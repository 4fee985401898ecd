// What two runs must agree on, as a few numbers: every command's bytes, every frame's digest, the final
// state.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "domain/outbox.h"

namespace mlbot::shell {

class RunDigest {
 public:
  void take(const Stamped& event, const Outbox& out);

  std::uint64_t events = 0, commands = 0, frames = 0, decisions = 0, orders = 0;
  std::uint64_t commands_hash = 0;   ///< over the encoded commands, in order
  std::uint64_t frames_hash = 0;     ///< over the frames' digests, in order
  std::uint64_t decisions_hash = 0;  ///< over the encoded decisions, in order
  std::uint64_t state_hash = 0;      ///< of the core at the end
  Sequence first, last;              ///< events seen

  Json to_json() const;
  static RunDigest from_json(const Json& json);
  /// "" when equal, otherwise the first thing that differs.
  std::string difference(const RunDigest& other) const;

 private:
  std::string scratch_;
};

}  // namespace mlbot::shell
