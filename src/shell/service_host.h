// What every service process has, whatever it does: a lease on its name, a connection to the bus whose epoch
// is the lease's token, a counter of its work, and the wish of its supervisor to stop.
#pragma once

#include <memory>
#include <string>

#include "io/bus/redis_bus.h"
#include "io/files/file_lock.h"
#include "shell/commands.h"
#include "shell/state_directory.h"
#include "shell/stop_signals.h"
#include "shell/topology/lease_keeper.h"
#include "shell/topology/market_run.h"
#include "shell/topology/work_counter.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

class ServiceHost {
 public:
  struct Setup {
    std::string name;      ///< of the service and of its lease, e.g. "features-0-of-2"
    bool standby = false;  ///< waits while another process holds the lease
    Duration grace{};      ///< io::bus::Lease::Setup::grace
  };
  ServiceHost(const ServiceHost&) = delete;
  ServiceHost& operator=(const ServiceHost&) = delete;

  /// Takes the work's file lock, then the lease, then connects.
  /// @error refused while another process has it; network; configuration without a Redis in bus.url
  static Result<std::unique_ptr<ServiceHost>, StartError> open(const Console& console,
                                                               const DynamicSystemConfig& config,
                                                               Setup setup);

  const Console& console() const { return console_; }
  const SystemConfig& config() const { return config_.current(); }
  const DynamicSystemConfig& system_config() const { return config_; }
  const StateDirectory& state() const { return state_; }
  io::bus::RedisBus& bus() { return *bus_; }
  /// The lease's token: grows with every start, on whatever machine.
  std::uint32_t epoch() const { return static_cast<std::uint32_t>(lease_->token()); }
  const LeaseKeeper& lease() const { return *lease_; }
  WorkCounter& work() { return work_; }

  /// True when the process was asked to end or may not act any more; finish() says which.
  bool over() const { return stop_.asked() || !lease_->held(); }
  bool asked_to_stop() const { return stop_.asked(); }
  /// True once after each SIGUSR2.
  bool take_kill_signal() { return stop_.take_kill(); }
  /// Says why it ends. @return done after a request, refused when the lease was lost
  ExitCode finish(const std::string& summary) const;

  /// Another lease for this process, e.g. on an account.
  /// @param token_min  its token is larger: whatever counted before there were leases
  /// @error as open()
  Result<std::unique_ptr<LeaseKeeper>, StartError> take_lease(const std::string& name, Duration grace,
                                                              bool standby, std::uint64_t token_min) const;
  /// Waits for the market's run, which the ingest begins.
  /// @error interrupted, data
  Result<MarketRun, StartError> wait_for_run() const;

 private:
  ServiceHost(const Console& console, const DynamicSystemConfig& config, const std::string& name);

  const Console& console_;
  const DynamicSystemConfig& config_;
  std::string name_;
  StateDirectory state_;
  StopSignals stop_;
  WorkCounter work_;
  Result<void, StartError> lock_work(bool standby);

  io::files::FileLock lock_;
  std::unique_ptr<LeaseKeeper> lease_;
  std::unique_ptr<io::bus::RedisBus> bus_;
};

/// state/work/NAME
std::string work_file(const StateDirectory& state, const std::string& name);

}  // namespace mlbot::shell
