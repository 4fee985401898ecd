// Void features as the page and `mlbot why` tell them: together where cause and end are the same.
#pragma once

#include <vector>

#include "core/core.h"
#include "io/web/dashboard.h"

namespace mlbot::shell {

/// @param instruments  that the core knows, in its order
std::vector<io::web::VoidView> void_views(const core::Core& core, const std::vector<Instrument>& instruments);

}  // namespace mlbot::shell
