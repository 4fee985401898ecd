// How the configuration wants the journal kept.
#pragma once

#include <string>

#include "io/journal/journal.h"
#include "shell/service/system_config.h"

namespace mlbot::shell {

inline io::journal::JournalOptions journal_options(const SystemConfig& config) {
  return {.bytes_max = static_cast<std::uint64_t>(config.journal_bytes_max),
          .retention = config.journal_retention_days * Duration{24h},
          .epoch_min = static_cast<std::uint32_t>(config.journal_epoch_min),
          .reserve_bytes = static_cast<std::uint64_t>(config.journal_reserve_bytes)};
}

/// What an operator is told when the journal has to use the space that was kept for that case.
inline std::string disk_full_text(const std::string& directory) {
  return "the disk of " + directory +
         " is full: the journal writes into what was kept for exits, nothing is entered until there is room; "
         "make room, or set journal.bytes_max";
}

}  // namespace mlbot::shell
