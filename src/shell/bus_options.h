// The Redis bus as the configuration wants it.
#pragma once

#include "io/bus/redis_bus.h"
#include "shell/exit_code.h"
#include "shell/service/system_config.h"

namespace mlbot::shell {

inline io::bus::RedisFiles redis_files(const SystemConfig& config) {
  return {.password = config.bus_password_file,
          .tls = {.authorities = config.bus_tls_ca_file,
                  .certificate = config.bus_tls_certificate_file,
                  .key = config.bus_tls_key_file}};
}

inline io::bus::RedisOptions redis_options(const SystemConfig& config, std::uint32_t epoch) {
  return {.epoch = epoch,
          .files = redis_files(config),
          .entries_kept = static_cast<std::uint64_t>(config.bus_entries_kept),
          .entries_max = static_cast<std::uint64_t>(config.bus_entries_max)};
}

/// What a script is told when the bus cannot be used.
inline ExitCode exit_code_of(const io::bus::BusError& error) {
  switch (error.fault) {
    case io::bus::BusFault::bad_url:
    case io::bus::BusFault::evicts:
      return ExitCode::configuration;
    case io::bus::BusFault::no_server:
      return ExitCode::network;
    case io::bus::BusFault::refused:
    case io::bus::BusFault::taken:
      return ExitCode::refused;
    case io::bus::BusFault::bad_record:
      return ExitCode::data;
  }
  return ExitCode::failed;
}

}  // namespace mlbot::shell
