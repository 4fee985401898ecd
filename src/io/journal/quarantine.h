// What was damaged is set aside with a report, so that nothing is destroyed by mending.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/journal/journal_format.h"

namespace mlbot::io::journal {

/// Files in a quarantine folder; beyond it nothing more is copied and the finding says so.
inline constexpr std::size_t quarantine_files_max = 64;

/// Copies `bytes` to DIRECTORY/quarantine/NAME-HASH and writes NAME-HASH.report.json beside it. The same
/// bytes are kept once.
/// @return what was done, for a person
std::string set_aside(files::FileSystem& system, const std::string& directory, const std::string& name,
                      std::string_view bytes, const std::string& why, const std::vector<Damage>& damage);

/// The same with the whole file of a segment.
std::string set_aside_segment(files::FileSystem& system, const std::string& directory,
                              const std::string& path, const std::vector<Damage>& damage);

}  // namespace mlbot::io::journal
