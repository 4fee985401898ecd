// state/services.json: what the supervisor of the service processes sees of them, for whoever wants to show
// it.
#pragma once

#include <string>
#include <vector>

#include "io/web/dashboard.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

struct ProcessStatus {
  std::string name;
  std::string state;  ///< starting, running, stalled, stopped, failed
  std::string detail;
  int process = 0;
  std::uint64_t work = 0, restarts = 0;
  Instant last_progress;
};

std::string services_file(const StateDirectory& state);
/// Replaced whole; what goes wrong is not worth stopping for.
void write_services_file(const StateDirectory& state, const std::vector<ProcessStatus>& services);
/// As the page shows them; empty when no supervisor wrote within 10 s.
std::vector<io::web::ServiceView> read_services_file(const StateDirectory& state);

}  // namespace mlbot::shell
