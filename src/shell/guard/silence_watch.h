// How long the bot was not heard, and what that calls for. Time is given; nothing is measured here.
//
//   nobody ──heard──► present ──cancel_after──► silent ──act_after──► abandoned
//      ▲                 ▲  └─ left ─► nobody      │                     │
//      └── before the first beat    └──────────── heard ────────────────┘
//
// A bot that left said so: its entries are taken back once more and nothing else happens. A guard that starts
// and knows from its own file that a bot was present counts from its start. Threads, clock: none.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace mlbot::shell {

enum class Presence {
  nobody,    ///< no bot since the start, or it left cleanly
  present,   ///< heard within `cancel_after`
  silent,    ///< entries are taken back
  abandoned  ///< and the policy is carried out
};
std::string_view word(Presence presence);

struct SilenceLimits {
  Duration cancel_after = 3s, act_after = 30s;
};

class SilenceWatch {
 public:
  /// @param expected  a bot was present when the last guard ended: it is missed from `now` on.
  SilenceWatch(SilenceLimits limits, bool expected, Instant now) : limits_{limits} {
    if (expected) heard_at_ = now;
  }

  void heard(Instant now) { heard_at_ = now; }
  void left() { heard_at_.reset(); }
  Presence at(Instant now) const;
  /// Since the last beat; zero while nobody is expected.
  Duration silence(Instant now) const { return heard_at_ ? now - *heard_at_ : Duration{0}; }
  bool expects_somebody() const { return heard_at_.has_value(); }

 private:
  SilenceLimits limits_;
  std::optional<Instant> heard_at_;
};

}  // namespace mlbot::shell
