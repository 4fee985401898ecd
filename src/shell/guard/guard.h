// The guard: it listens for the bot, and when the bot is silent it does what is left to do.
//
// One process, one thread, one account. It needs nothing that the bot needs: own key, own connection, own
// files
// (`guard.sock`, `guard.state`, `guard.audit/` in the state directory). What it does is decided by
// guard_plan.h from what the venue shows, again at every look: nothing is remembered that a restart would
// miss, but whether a bot is expected. Once a minute it looks without need, so that a guard that could not
// act is known before.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/audit/audit_log.h"
#include "io/net/event_loop.h"
#include "io/net/local_socket.h"
#include "shell/guard/beat.h"
#include "shell/guard/guard_plan.h"
#include "shell/guard/reducing_client.h"

namespace mlbot::shell {

struct GuardFiles {
  std::string socket, state, audit;
};
/// @param socket  "" for the state directory's own
GuardFiles guard_files(const std::string& state_directory, const std::string& socket);

class Guard {
 public:
  struct Setup {
    GuardFiles files;
    io::bybit::Endpoints endpoints;
    ApiKey key;
    SilenceLimits limits;
    SilencePolicy policy = SilencePolicy::hold;
    /// What happens, for people: at most a line a second.
    std::function<void(const std::string&)> note;
  };
  /// @error what to do about it: another guard, files that cannot be written
  static Result<std::unique_ptr<Guard>, std::string> open(io::net::EventLoop& loop, Setup setup);
  ~Guard();

  /// Called often, ten times in `cancel_after` at least: hears, answers and acts.
  void turn();
  /// How long until the next turn is due at most.
  Duration turn_every() const;

  Presence presence() const { return presence_; }
  /// Why it could not act if it had to; empty while all is well.
  const std::string& trouble() const { return trouble_; }

 private:
  Guard(io::net::EventLoop& loop, Setup setup);
  Result<void, std::string> read_state();
  void keep_state();
  void hear();
  void answer(io::net::LocalSocket& peer, const Beat& beat);
  void notice(Presence now_is);
  void get_ready();
  void look();
  void act(const AccountLook& look);
  void in_trouble(const std::string& what);
  void record(std::string_view kind, Json what, const std::string& symbol = {},
              const std::string& order = {});
  void sync_audit();
  void tell(const std::string& what);
  bool must_act() const;

  io::net::EventLoop& loop_;
  Setup setup_;
  std::unique_ptr<io::net::LocalListener> listener_;
  std::unique_ptr<io::audit::AuditWriter> audit_;
  std::unique_ptr<ReducingClient> client_;
  std::optional<SilenceWatch> watch_;
  GuardPlan plan_;
  Presence presence_ = Presence::nobody;
  bool expected_ = false;  ///< as the file has it
  bool farewell_ = false;  ///< the bot left: its entries are looked for once more
  bool starting_ = false, looking_ = false, unsynced_ = false;
  Instant next_start_, next_look_;
  std::uint32_t cancels_ = 0, closes_ = 0;  ///< of this silence
  std::string trouble_;
};

}  // namespace mlbot::shell
