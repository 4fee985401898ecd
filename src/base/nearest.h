// "Did you mean ...": the closest known name by edit distance.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mlbot {

/// The closest of `known`, or "" when nothing is within a third of the word's length (at least 2 edits).
std::string nearest_name(std::string_view word, std::span<const std::string> known);

}  // namespace mlbot
