// Records of the bus as JSON, one object each, for `mlbot bus tail`.
#pragma once

#include <span>

#include "base/json.h"
#include "domain/record.h"

namespace mlbot::shell {

/// With "kind" first: event, command, decision, frame or index. An event's own word stands under "event", a
/// command's under "command"; a frame has its values by name, null where one means nothing.
/// @param instruments  by id; a symbol that is not there shows "#id", its prices and sizes as counts
Json bus_json(const Record& record, std::span<const Instrument> instruments);

}  // namespace mlbot::shell
