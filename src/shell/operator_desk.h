// Where people's words come in and what must outlive a crash goes out, the same for the bot in one process
// and for the trade stage as a service: the state of trading on disk, state/KILL, the guard's heartbeat, and
// the end of all links.
//
// Threads: the one that trades; judge() and guard_view() from any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/core.h"
#include "io/web/dashboard_server.h"
#include "shell/console.h"
#include "shell/guard/guard_link.h"
#include "shell/kill_file.h"
#include "shell/service/system_config.h"
#include "shell/service/trading_state_file.h"

namespace mlbot::shell {

class OperatorDesk {
 public:
  struct Setup {
    const Console* console = nullptr;
    const SystemConfig* settings = nullptr;
    io::net::EventLoop* loop = nullptr;
    std::string state_file;  ///< of the state of trading
    std::string kill_file;
    std::string guard_socket;
    std::function<Sequence()> last_sequence;
    std::function<void(const Event&)> push;
    std::function<core::Core::Overview()> overview;
  };
  explicit OperatorDesk(Setup setup);

  /// What the last run left; a damaged file starts halted. Nothing may run where the last one disconnected.
  /// @error why this run may not begin, and what a person does about it
  Result<Carried, std::string> carried();
  /// The run has begun: what state/KILL says comes before anything else, and the guard is beaten to.
  /// @param beat_every  of wall time
  void begin(Duration beat_every);
  /// Before the commands of a step are carried out.
  void keep(const Carried& carried, Instant now);
  /// About every 50 ms.
  void look();
  /// The operator asked for the end of all links, and nothing is left to close.
  bool disconnects() const { return disconnects_; }
  /// A clean end: nobody is to be missed.
  void leave();

  /// Whether a wish from the page may be passed on, and what the person hears.
  io::web::OperatorAnswer judge(const OperatorCommand& wish) const;
  io::web::ServiceView guard_view() const;

 private:
  void tell_first_trading();

  Setup setup_;
  Instant began_at_;  ///< wall time
  bool trading_told_ = false;
  KillFile kill_file_;
  std::optional<TradingStateFile> state_;
  std::unique_ptr<GuardLink> guard_;
  std::optional<TradingState> latch_;  ///< as last told to keep()
  bool disconnects_ = false;
  mutable std::mutex mutex_;  ///< of what follows
  core::Core::Overview shown_;
  io::web::ServiceView guard_shown_;
};

}  // namespace mlbot::shell
