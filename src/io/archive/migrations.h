// From the tables of an older build to those of this one, in place and all at once.
#pragma once

#include <cstdint>

#include "io/archive/database.h"

namespace mlbot::io::archive {

/// Brings the file to schema_version: steps one by one, in one transaction. A new file has nothing to bring.
/// @return the version that was found, 0 for a new file
/// @error other_schema  written by a younger build, or by somebody else
Result<std::uint64_t, ArchiveError> migrate(Database& database);

}  // namespace mlbot::io::archive
