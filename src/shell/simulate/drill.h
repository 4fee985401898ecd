// Kill drills: a bot that holds something is broken in one of fourteen ways, then killed; how long until
// nothing more leaves, until no entry rests, until it is flat. The world is calm otherwise, its time is
// simulated.
//
// Rules that no state excuses: no entry leaves after the kill was heard, and no position is without its stop
// before it is gone. The auditor of the world holds the first and every other invariant; the watch here the
// second.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shell/simulate/bot.h"

namespace mlbot::shell::simulate {

enum class BrokenState : std::uint8_t {
  healthy,
  market_link_silent,   ///< half open: nothing comes and nobody says so
  account_link_silent,  ///< fills and orders are not told
  order_socket_parted,  ///< both ways; REST is the way
  rest_parted,          ///< both ways; the order socket is the way, no list can be read
  banned,               ///< HTTP 403 for ten minutes
  venue_away,           ///< every link cut for five seconds
  key_refused,          ///< for five seconds
  contract_halted,      ///< the venue takes no order of it for five seconds
  disk_full,
  disk_slow,
  core_hung,     ///< stands still for four seconds
  process_dead,  ///< kill -9, started again by its supervisor
  clock_off,     ///< 600 ms wrong since the start
};
inline constexpr std::size_t broken_state_count = static_cast<std::size_t>(BrokenState::clock_off) + 1;
std::string_view to_string(BrokenState state);

struct DrillResult {
  bool began = false;  ///< there was something to close
  std::size_t entries_at_kill = 0;
  std::optional<Duration> to_heard;     ///< from the operator's word to the core
  std::optional<Duration> to_no_send;   ///< to the last entry or amend that left, zero when none did
  std::optional<Duration> to_no_entry;  ///< to a book without entries of ours
  std::optional<Duration> to_flat;
  bool stop_missing = false;  ///< a position stood without a stop for longer than before the drill it may
};

/// Watches one world and does the two deeds in it.
class DrillWatch {
 public:
  struct Scene {
    Scheduler& scheduler;
    Network& network;
    SimulatedDisk& disk;
    Auditor& auditor;
    sim::Exchange& exchange;
    sim::AccountId account;
  };
  DrillWatch(BrokenState state, Scene scene) : state_{state}, scene_{scene} {}

  /// After each happening. @param bot  null while no process is there
  void look(Bot* bot);
  const DrillResult& result() const { return result_; }
  bool over() const { return over_; }

 private:
  enum class Phase : std::uint8_t { waiting, broken, killed };
  bool holds_something() const;
  std::size_t entries() const;
  bool flat() const;
  bool protected_by_stops() const;
  void break_it(Bot& bot);

  BrokenState state_;
  Scene scene_;
  Phase phase_ = Phase::waiting;
  Instant kill_at_{}, looked_at_{};
  std::optional<Instant> bare_since_;
  bool asked_ = false, over_ = false;
  DrillResult result_;
};

}  // namespace mlbot::shell::simulate
