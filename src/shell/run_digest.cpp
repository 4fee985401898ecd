#include "shell/run_digest.h"

#include <fmt/format.h>

#include "base/digest.h"

namespace mlbot::shell {

void RunDigest::take(const Stamped& event, const Outbox& out) {
  if (events++ == 0) first = event.sequence;
  last = event.sequence;
  for (const auto& command : out.commands) {
    scratch_.clear();
    encode(command, scratch_);
    commands_hash = xxh64(scratch_, commands_hash);
    ++commands;
    orders += std::holds_alternative<PlaceOrder>(command);
  }
  for (const auto& frame : out.frames) frames_hash = xxh64(bytes_of(frame.digest), frames_hash);
  frames += out.frames.size();
  for (const auto& decision : out.decisions) {
    scratch_.clear();
    encode(Record{decision}, scratch_);
    decisions_hash = xxh64(scratch_, decisions_hash);
  }
  decisions += out.decisions.size();
}

Json RunDigest::to_json() const {
  // Hashes as text: a JSON number keeps only 53 bits in most readers.
  const auto hex = [](std::uint64_t value) { return fmt::format("{:016x}", value); };
  return {{"first_sequence", first.number},
          {"last_sequence", last.number},
          {"events", events},
          {"commands", commands},
          {"orders", orders},
          {"frames", frames},
          {"decisions", decisions},
          {"commands_hash", hex(commands_hash)},
          {"frames_hash", hex(frames_hash)},
          {"decisions_hash", hex(decisions_hash)},
          {"state_hash", hex(state_hash)}};
}

RunDigest RunDigest::from_json(const Json& json) {
  const auto number = [&](const char* key) { return json.value(key, std::uint64_t{0}); };
  const auto hash = [&](const char* key) {
    return std::strtoull(json.value(key, std::string{"0"}).c_str(), nullptr, 16);
  };
  RunDigest out;
  out.first = {number("first_sequence")};
  out.last = {number("last_sequence")};
  out.events = number("events");
  out.commands = number("commands");
  out.orders = number("orders");
  out.frames = number("frames");
  out.decisions = number("decisions");
  out.commands_hash = hash("commands_hash");
  out.frames_hash = hash("frames_hash");
  out.decisions_hash = hash("decisions_hash");
  out.state_hash = hash("state_hash");
  return out;
}

std::string RunDigest::difference(const RunDigest& other) const {
  const auto mine = to_json(), theirs = other.to_json();
  for (const auto& [key, value] : mine.items())
    if (value != theirs[key])
      return fmt::format("{} is {} here and {} there", key, value.dump(), theirs[key].dump());
  return "";
}

}  // namespace mlbot::shell
