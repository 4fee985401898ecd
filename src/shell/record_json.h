// Everything that the journal holds as JSON, one object a record, for `mlbot journal cat`.
#pragma once

#include <span>

#include "base/json.h"
#include "io/journal/journal.h"

namespace mlbot::shell {

/// @param instruments  by id; a symbol that is not there shows "#id".
Json command_json(const Command& command, std::span<const Instrument> instruments);
Json decision_json(const Decision& decision, std::span<const Instrument> instruments);
/// With "kind" first: event, command, decision, frame, raw_frame, venue_frame, frame_digest, state_hash,
/// order_id_lease, feature_checkpoint, context or gap. An event's own word stands under "event".
Json route_json(const RouteChoice& choice, std::span<const Instrument> instruments);
Json fill_quality_json(const FillQuality& fill, std::span<const Instrument> instruments);
Json journal_json(const io::journal::JournalItem& item, std::span<const Instrument> instruments);

}  // namespace mlbot::shell
