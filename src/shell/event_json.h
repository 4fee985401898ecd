// Events as JSON for people and scripts: symbols by name, prices and sizes as exact decimal text, times in
// RFC 3339. What is not known is null or left out, never 0. No event uses a name that a record has for itself
// (kind, sequence, at, received_at, venue_time, stream, entry), so that both fit into one object.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/event.h"

namespace mlbot::shell {

/// @param instruments  by id; an event of a symbol that is not there shows "#id" and counts of ticks and
/// lots.
Json event_json(const Event& event, std::span<const Instrument> instruments);
/// What stands under "event", of each kind of event.
std::vector<std::string> event_words();

/// Null for the epoch, which stands for "not told".
Json time_json(Instant at);

}  // namespace mlbot::shell
