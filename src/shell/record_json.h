// Everything that the journal holds as JSON, one object a record, for `mlbot journal cat`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/journal/journal.h"

namespace mlbot::shell {

/// @param instruments  by id; a symbol that is not there shows "#id".
Json command_json(const Command& command, std::span<const Instrument> instruments);
Json decision_json(const Decision& decision, std::span<const Instrument> instruments);
Json route_json(const RouteChoice& choice, std::span<const Instrument> instruments);
Json fill_quality_json(const FillQuality& fill, std::span<const Instrument> instruments);
/// With "kind" first: event, command, decision, frame, index, route, fill_quality, raw_frame, venue_frame,
/// frame_digest, state_hash, order_id_lease, feature_checkpoint, context or gap. An event's own word stands
/// under "event".
Json journal_json(const io::journal::JournalItem& item, std::span<const Instrument> instruments);

/// "" when each of them is a kind, or the own word of an event or command; otherwise what is wrong and what
/// there is.
std::string unknown_kind(const std::vector<std::string>& wanted);

}  // namespace mlbot::shell
