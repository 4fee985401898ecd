// A world that is made for one hazard: these misfortunes and no others, at these rates, and a bot that trades
// often under limits of a certain kind. Chance is still the seed's; an aim only says what it is about.
//
// Used to hunt planted bugs (planted/): a rule can only be broken where its situation comes about.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shell/simulate/fault_plan.h"

namespace mlbot::shell::simulate {

struct AimedFault {
  FaultKind kind;
  double rate;  ///< chance an occasion, or times an hour
};

struct Aim {
  std::string_view name;
  std::vector<AimedFault> faults;  ///< nothing else strikes
  std::size_t symbols = 2;
  std::optional<bool> order_socket;  ///< as the seed draws it when empty
  double order_limit = 0;            ///< in orders of full size; 0 as the seed draws it
  double symbol_limit = 0;
  double total_limit = 0;
  std::uint32_t max_open_orders = 0;       ///< 0 as the seed draws it
  double acts_per_s = 0;                   ///< of the market; 0 as the seed draws it
  std::uint32_t features_missing_max = 0;  ///< 0 as in any world
  bool quick_restart = false;              ///< another process is there 0.3 s after one ended
  Duration safety{}, liveness{};           ///< 0 as the world has them
};

}  // namespace mlbot::shell::simulate
