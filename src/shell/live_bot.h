// The integrated entry point: exchange (when simulated), journal, bus, archive, links, core and page in one
// process.
//
// Threads: the hot one calls start(), run() and the destructor; exchange, archive and page have one each and
// only read.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/core.h"
#include "domain/outbox.h"
#include "shell/commands.h"
#include "shell/run_digest.h"
#include "shell/service/service_manager.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

class LiveBot {
 public:
  /// Called on the hot thread after every step; for tests that watch.
  using Observer = std::function<void(const Stamped&, const Outbox&)>;

  /// Prepares everything: state directory, journal, market history and model at the very first start,
  /// services in order.
  /// @param give_up  looked at between steps and during long ones: true ends the start.
  /// @error StartError with the exit code that `mlbot run` ends with; what had started is stopped again.
  static Result<std::unique_ptr<LiveBot>, StartError> start(const Console& console,
                                                            DynamicSystemConfig& config,
                                                            const RunOptions& options, Observer observer = {},
                                                            const std::atomic<bool>* give_up = nullptr);
  ~LiveBot();

  /// Trades until request_stop(), the market's end or an error that ends trading.
  /// @return ExitCode::done after a clean stop; the run's summary is written then.
  ExitCode run();
  /// From any thread or a signal's watcher.
  void request_stop();
  /// The same: a wish that comes by signal.
  void ask(const OperatorCommand& command);

  std::string page_url() const;
  const RunDigest& digest() const;
  std::vector<ServiceHealth> services() const;

 private:
  struct Parts;
  explicit LiveBot(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace mlbot::shell
