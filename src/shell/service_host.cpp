#include "shell/service_host.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/bus_options.h"

namespace mlbot::shell {
namespace {

constexpr Duration redis_patience = 20s;  ///< for a Redis that is started together with us

/// One for each machine and state directory: a successor there holds the same file locks.
std::string owner_of(const StateDirectory& state) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(state.root, error);
  return fmt::format("{}:{}", host.data(), error ? state.root : path.string());
}

}  // namespace

std::string work_file(const StateDirectory& state, const std::string& name) {
  return state.root + "/work/" + name;
}

ServiceHost::ServiceHost(const Console& console, const DynamicSystemConfig& config, const std::string& name)
    : console_{console},
      config_{config},
      name_{name},
      state_{config.current().state_dir},
      work_{work_file(StateDirectory{config.current().state_dir}, name)} {}

Result<std::unique_ptr<ServiceHost>, StartError> ServiceHost::open(const Console& console,
                                                                   const DynamicSystemConfig& config,
                                                                   Setup setup) {
  const auto& settings = config.current();
  if (settings.bus == "embedded")
    return std::unexpected{
        StartError{ExitCode::configuration, "services talk over Redis: give --bus redis://127.0.0.1:6379"}};
  std::error_code ignored;
  std::filesystem::create_directories(settings.state_dir + "/work", ignored);
  std::unique_ptr<ServiceHost> host{new ServiceHost{console, config, setup.name}};
  if (auto locked = host->lock_work(setup.standby); !locked) return std::unexpected{locked.error()};
  auto lease = host->take_lease(setup.name, setup.grace, setup.standby, 0);
  if (!lease) return std::unexpected{lease.error()};
  host->lease_ = std::move(*lease);
  auto bus = io::bus::RedisBus::connect(settings.bus, redis_options(settings, host->epoch()));
  if (!bus) return std::unexpected{StartError{exit_code_of(bus.error()), bus.error().what}};
  host->bus_ = std::move(*bus);
  return host;
}

/// A lease lets its owner in again, so that a restart need not wait for the end of its own: who is already
/// here must be told apart by a file that the kernel holds for the living alone.
Result<void, StartError> ServiceHost::lock_work(bool standby) {
  const auto path = work_file(state_, name_) + ".lock";
  for (;;) {
    auto lock = io::files::FileLock::take(path, 0600);
    if (lock) {
      lock_ = std::move(*lock);
      return {};
    }
    if (!lock.error().held())
      return std::unexpected{
          StartError{ExitCode::failed, io::files::file_error(lock.error().error_number, "lock", path).what}};
    if (!standby)
      return std::unexpected{
          StartError{ExitCode::refused, fmt::format("{} is held by process {} of this state directory: stop "
                                                    "that one",
                                                    path, lock.error().holder)}};
    if (asked_to_stop())
      return std::unexpected{
          StartError{ExitCode::interrupted, "stopped while waiting for the other process"}};
    std::this_thread::sleep_for(100ms);
  }
}

Result<std::unique_ptr<LeaseKeeper>, StartError> ServiceHost::take_lease(const std::string& name,
                                                                         Duration grace, bool standby,
                                                                         std::uint64_t token_min) const {
  const auto& settings = config();
  const Duration life = std::chrono::milliseconds{settings.lease_ms};
  const io::bus::Lease::Setup wanted{.url = settings.bus,
                                     .files = redis_files(settings),
                                     .name = name,
                                     .owner = owner_of(state_) + " " + name_,
                                     .life = life,
                                     .grace = grace,
                                     .token_min = token_min,
                                     .timeout = std::min<Duration>(life / 2, 500ms)};
  const auto patient_until = io::clock::now() + redis_patience;
  for (bool said = false;;) {
    auto lease = io::bus::Lease::take(wanted);
    if (lease) return std::make_unique<LeaseKeeper>(std::move(*lease), life);
    const auto& error = lease.error();
    const bool held = standby && error.fault == io::bus::BusFault::taken;
    const bool away = error.fault == io::bus::BusFault::no_server && io::clock::now() < patient_until;
    if (!held && !away) return std::unexpected{StartError{exit_code_of(error), error.what}};
    if (held && !std::exchange(said, true)) console_.note("waiting: " + error.what);
    if (asked_to_stop())
      return std::unexpected{StartError{ExitCode::interrupted, "stopped while waiting for the lease"}};
    std::this_thread::sleep_for(std::min<Duration>(life / 8, 100ms));
  }
}

ExitCode ServiceHost::finish(const std::string& summary) const {
  if (!asked_to_stop() && !lease_->held())
    return console_.fail(
        ExitCode::refused,
        fmt::format("the lease is lost, nothing more is done under it: {}",
                    lease_->trouble().empty() ? "it was not renewed in time" : lease_->trouble()));
  console_.note(summary);
  return ExitCode::done;
}

Result<MarketRun, StartError> ServiceHost::wait_for_run() const {
  for (bool said = false;;) {
    auto run = read_market_run(market_run_file(state_.root), state_.journal());
    if (run) return std::move(*run);
    if (!std::exchange(said, true)) console_.note("waiting for the ingest: " + run.error().what);
    if (over()) return std::unexpected{StartError{ExitCode::interrupted, "stopped while starting"}};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

}  // namespace mlbot::shell
