// What a process says of itself on record: which program with which settings.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"
#include "shell/guard/beat.h"
#include "shell/service/system_config.h"

namespace mlbot::shell {

/// @param what  the command, "run" or "service trade"
inline Json about_process(const DynamicSystemConfig& config, const char* what) {
  std::string settings;
  for (const auto& effective : config.effective())
    settings +=
        fmt::format("{}.{}={}\n", effective.key->section, effective.key->key, to_text(effective.value));
  return {{"command", what},
          {"process", ::getpid()},
          {"build", fmt::format("{:016x}", own_build())},
          {"config_sha256", to_hex(sha256(settings))}};
}

}  // namespace mlbot::shell
