// Which misfortunes may befall a world, how often, and which did.
//
// Every kind is off in half of the seeds (swarm): what is left out lets the others go deeper. The rate of one
// that is on is log-uniform in its range. A kind is either drawn at each occasion (a message, a request) or
// strikes at instants of its own (so many an hour). Chance is counted (chance.h): an instance is named by its
// kind and number, so a list of instances replays a world exactly, and shrinking takes from that list.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "shell/simulate/chance.h"

namespace mlbot::shell::simulate {

enum class FaultKind : std::uint8_t {
  // network, at each occasion
  lost_answer,      ///< N6: carried out and never answered
  lost_request,     ///< N7: never arrives
  late_request,     ///< N8: 0-15 s under way
  bad_http,         ///< N9: 403 without ban, 429, 5xx, HTML, an empty or a cut body
  duplicate,        ///< N10: a stream message twice
  reorder,          ///< N11: overtaken by one of another topic
  dropped_delta,    ///< N12: a book delta that nobody gets
  connect_failure,  ///< N14: name or handshake
  // network, at instants
  clog,            ///< N2: a link stands still
  reset,           ///< N3
  half_open,       ///< N4: silent, and nobody says so
  partition,       ///< N5: several links at once, healed one by one
  starved_reader,  ///< N13: what arrived is read late
  // the venue, at each occasion
  permuted_news,     ///< X1: order, fill and position news in another order
  timeout_code,      ///< X2: 10016 although it was carried out
  too_many,          ///< X3: 10006, 10429; nothing is carried out
  phantom_position,  ///< X11: a position told again
  unknown_word,      ///< X14: a new enum value, an extra field
  page_drift,        ///< X10: a row moves between two pages
  // the venue, at instants
  ip_ban,           ///< X3: HTTP 403 for ten minutes
  venue_restart,    ///< X4: links cut, u = 1, the list of closed orders empty, no answers for a while
  forced_exit,      ///< X6: ADL, liquidation or a stop that is set off
  filter_change,    ///< X8: steps and limits of a contract
  symbol_halt,      ///< X8: a contract is not traded for a while
  human_trade,      ///< X12: somebody trades on the account by hand
  human_order,      ///< X12: somebody leaves an order or takes the stop away
  leverage_change,  ///< X12
  key_refused,      ///< X13: the key may not trade for a while
  // clock
  suspend,     ///< C4: the machine sleeps, and its monotonic clock with it
  clock_step,  ///< C3: shows at the next start, when the wall is read
  // disk
  disk_error,  ///< D3: a write or sync fails
  torn_tail,   ///< D4: of a crash: the last record is cut
  power_cut,   ///< D5: of a crash: what was not synced is gone
  slow_sync,   ///< D1: a stall
  disk_full,   ///< D2
  // process
  crash,           ///< P1: anywhere
  crash_at_point,  ///< P2: between journal and send, between send and news, ...
  pause,           ///< P3
  double_start,    ///< P5: a second one is started beside the first
  // operator
  operator_pause,    ///< O2: and resume
  operator_reduce,   ///< O2: and resume
  operator_cancel,   ///< and resume
  operator_flatten,  ///< and resume
  operator_kill,     ///< O1: and unlock
  limit_change,      ///< O3, O4: tighter, also below what is held
  // market
  price_gap,  ///< 1-20 %
  one_sided_book,
  market_silence,
  // the venue again
  feed_restart,  ///< X4: books begin anew with u = 1 on links that stay
};
inline constexpr std::size_t fault_kind_count = static_cast<std::size_t>(FaultKind::feed_restart) + 1;

std::string_view to_string(FaultKind kind);
std::optional<FaultKind> fault_kind_from(std::string_view name);
/// True for kinds that strike at instants of their own.
bool is_timed(FaultKind kind);

struct FaultInstance {
  FaultKind kind = FaultKind::clog;
  std::uint64_t number = 0;  ///< of the occasion, or of the instant
  auto operator<=>(const FaultInstance&) const = default;
};

/// When a kind of its own instants strikes.
struct TimedFault {
  FaultInstance instance;
  Duration at{};      ///< since the world began
  Duration length{};  ///< where one is meant
};

class FaultPlan {
 public:
  /// Rates from the seed. @param safety  how long faults may strike. @param calm  no fault at all.
  FaultPlan(std::uint64_t seed, Duration safety, bool calm);

  /// This kind at this rate instead of what the seed drew.
  void set_rate(FaultKind kind, double rate) { rates_[static_cast<std::size_t>(kind)] = rate; }
  /// Only these strike from now on.
  void restrict_to(std::vector<FaultInstance> instances);

  /// An occasion: whether it strikes now. Never after stop().
  bool strikes(FaultKind kind);
  /// A figure of the last strike of this kind, uniform in [0, 1). @param which  for several of them.
  double figure(FaultKind kind, std::uint64_t which = 0) const;
  /// A figure of a timed fault.
  double figure(const FaultInstance& instance, std::uint64_t which = 0) const;
  /// All instants of all timed kinds, in order of time.
  std::vector<TimedFault> timed() const;
  /// A timed fault that the world carried out.
  void note(const FaultInstance& instance);
  /// Faults stop: the calm phase begins.
  void stop() { stopped_ = true; }

  double rate(FaultKind kind) const { return rates_[static_cast<std::size_t>(kind)]; }
  std::uint64_t seed() const { return seed_; }
  const std::array<std::uint64_t, fault_kind_count>& counts() const { return counts_; }
  /// What struck, in order.
  const std::vector<FaultInstance>& struck() const { return struck_; }

 private:
  std::uint64_t seed_;
  Duration safety_;
  bool stopped_ = false;
  std::array<double, fault_kind_count> rates_{};  ///< chance an occasion, or times an hour
  std::array<std::uint64_t, fault_kind_count> occasions_{}, counts_{};
  std::optional<std::set<FaultInstance>> only_;
  std::vector<FaultInstance> struck_;
};

}  // namespace mlbot::shell::simulate
