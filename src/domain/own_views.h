// Lets an event outlive the frame that it was decoded from: what its views look at is copied.
#pragma once

#include "domain/record.h"

namespace mlbot {

/// Copies what the views of `event` look at into `scratch` and points them there. Reuses the scratch's
/// memory.
void own_views(Event& event, RecordScratch& scratch);

}  // namespace mlbot
