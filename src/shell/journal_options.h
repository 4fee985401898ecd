// How the configuration wants the journal kept.
#pragma once

#include "io/journal/journal.h"
#include "shell/service/system_config.h"

namespace mlbot::shell {

inline io::journal::JournalOptions journal_options(const SystemConfig& config) {
  return {.bytes_max = static_cast<std::uint64_t>(config.journal_bytes_max),
          .retention = config.journal_retention_days * Duration{24h},
          .epoch_min = static_cast<std::uint32_t>(config.journal_epoch_min),
          .reserve_bytes = static_cast<std::uint64_t>(config.journal_reserve_bytes)};
}

}  // namespace mlbot::shell
