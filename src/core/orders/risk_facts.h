// What the gate remembers by itself: counts of what was intended, sent, filled and closed, and the last word
// on market, venue, machine and guard. Rules read it (risk_rules_*.cpp); events and note_* calls write it.
//
// Invariant: an order counts from the moment it is stamped, whatever becomes of it. Counts of a day begin
// anew at 00:00 UTC and survive a restart in RunStarted::carried. Limits: `stamp_slots` order messages of the
// last minute, `request_slots` requests of the last second, `closing_slots` closings, `recent_slots` orders
// and `fill_slots` fills a symbol; the limits that are held against them end below
// (domain/risk_controls.cpp). Threads: none.  Clock: none.  Allocation: only at construction and in add().
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "base/state_hash.h"
#include "core/orders/risk_view.h"

namespace mlbot::core {

inline constexpr std::size_t stamp_slots = 1'200;
inline constexpr std::size_t request_slots = 64;
inline constexpr std::size_t closing_slots = 200;
inline constexpr std::size_t loss_slots = 20;
inline constexpr std::size_t recent_slots = 96;
inline constexpr std::size_t fill_slots = 64;
inline constexpr std::size_t unsent_slots = 64;
inline constexpr Duration fill_window = 60s;
inline constexpr Duration closing_window = 10min;
inline constexpr Duration naked_grace = 1s;  ///< news of a position and of its stop may overtake each other
inline constexpr Duration disk_look = 60s;   ///< the disk is watched this long before its rate means anything

/// Catalogue places of two rows that say more than their symbol's own frame shows: mark price against mid,
/// and the deviation of a minute over the last hour (core_test.cpp holds them to the catalogue).
inline constexpr std::size_t mark_gap_row = 22;
inline constexpr std::size_t hourly_deviation_row = 58;

/// Ids are "account-run-number" and only ever grow, so the newest one tells whether another was used before.
struct OrderIdMark {
  ClientOrderId id;

  /// True when `other` is of the same run with a higher number, or of a later run.
  bool precedes(const ClientOrderId& other) const;
};

/// Counts of one UTC day, by which a restart goes on.
struct DayCounts {
  std::int64_t day = -1;  ///< days since 1970
  std::uint32_t orders = 0, round_trips = 0, cancels = 0, fills = 0;
  bool operator==(const DayCounts&) const = default;
};

struct SymbolFacts {
  // the last frame
  bool seen = false;
  E8 mark;  ///< 0 unknown
  MarketActivity activity;
  double hourly_range_bps = 0;  ///< mean range of an hour; 0 unknown
  std::uint32_t missing = 0, outside = 0;
  bool finite = false;
  // the venue
  bool trading = true;
  std::uint8_t adl_rank = 0;
  E8 liquidation_price;                  ///< 0 none
  Instant naked_since = distant_future;  ///< a position without a stop, by the venue's word
  // rejections in a row
  RequestKind rejected = RequestKind::place;
  std::int32_t rejected_code = 0;
  std::uint32_t rejections = 0;
  Instant paused_until{INT64_MIN};
  // our own doings
  struct Sent {
    Instant at;
    Side side = Side::buy;
    PriceTicks price;
    Lots size;
  };
  struct Fill {
    Instant at;
    double bps = 0;  ///< from mark
  };
  Ring<Sent> recent{recent_slots};
  Ring<Fill> fills{fill_slots};  ///< falling: the first is the worst of the window
};

class RiskFacts {
 public:
  void add(SymbolId symbol);
  void start(const RunStarted& run);

  // ---- heard
  void on(Instant at, const RequestAnswer& answer, const RiskLimits& limits);
  void on(Instant at, const PositionNews& news);
  void on(Instant at, const MachineHealth& health);
  void on(Instant at, const GuardBeat& beat);
  void on(const ClockOffset& offset) { clock_offset = offset.offset; }
  void on(const SymbolStatus& status);
  void on(const VenueStatus& status) { maintenance = status.maintenance; }
  void on(const AccountModes& modes) { hedge = modes.hedge; }
  void see(const FeatureFrame& frame, const Instrument& instrument, const RiskLimits& limits,
           std::span<const FeatureRange> ranges);

  // ---- counted
  void stamped(Instant at, SymbolId symbol, const PlaceOrder& order);
  void counted_message(Instant at);
  void counted_request(Instant at);
  void cancelled(Instant at);
  void filled(Instant at, SymbolId symbol, E8 price, E8 mark);
  void closed(Instant at, E8 profit, const RiskLimits& limits);
  void roll_day(Instant at);
  void forget_old(Instant at);

  std::size_t messages_in_second(Instant now) const;
  /// As of the last forget_old().
  std::size_t messages_in_minute() const { return messages_.size(); }
  std::size_t requests_in_second(Instant now) const;
  /// In `closing_window`, as of the last forget_old().
  std::size_t closings_lately() const { return closings_.size(); }
  /// Worst of the last minute, bps from mark; 0 without fills.
  double worst_fill_bps(Instant now, SymbolId symbol) const;

  const SymbolFacts& of(SymbolId symbol) const { return symbols_[symbol.index]; }
  SymbolFacts& of(SymbolId symbol) { return symbols_[symbol.index]; }
  bool knows(SymbolId symbol) const { return symbol.index < symbols_.size(); }
  void hash_into(StateHash& hash) const;

  Instant clock{INT64_MIN};  ///< newest core time heard
  ModelFacts model;
  std::uint32_t model_trades = 0;  ///< closed positions of this model
  std::optional<Duration> clock_offset;
  bool maintenance = false;
  std::optional<bool> hedge;
  std::optional<MachineHealth> health;
  /// Hours until the disk is full at the rate seen so far; nothing while that is not known.
  std::optional<double> disk_hours_left;
  bool guard_seen = false;     ///< ever, in this run
  bool guard_present = false;  ///< by its last beat
  Instant guard_at{INT64_MIN};
  std::uint64_t guard_build = 0;
  bool guard_builds_differ = false;
  DayCounts day;
  Instant loss_pause_until{INT64_MIN};
  bool intent_open = false;
  OrderIdMark newest;                        ///< id of the last order that was stamped
  Ring<ClientOrderId> unsent{unsent_slots};  ///< stamped, not seen leaving yet

 private:
  std::vector<SymbolFacts> symbols_;
  Ring<Instant> messages_{stamp_slots};
  Ring<Instant> requests_{request_slots};
  Ring<Instant> closings_{closing_slots};
  Ring<Instant> losses_{loss_slots};  ///< of the present streak
  Instant disk_first_at_{INT64_MIN};
  std::uint64_t disk_first_free_ = 0;
};

}  // namespace mlbot::core
