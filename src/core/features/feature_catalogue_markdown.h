// The catalogue as a page: what docs/features.md is printed from.
#pragma once

#include <string>

namespace mlbot::core {

/// One Markdown table an engine, all 142 rows, headed by the schema hash.
std::string feature_catalogue_markdown();

}  // namespace mlbot::core
