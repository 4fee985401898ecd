// Out of everything, in the order that cannot hurt: entries off, orders away, positions closed by what only
// reduces, flat verified from two sources, and the stops last.
//
// A close that does not fill goes down the exit ladder: a market order with a tolerance, an order at the
// collar, one that rests and follows, and again from the top; never more than is held. The next waits for the
// end of the one before, but for one whose fate is unknown no longer than a second: an operator who says kill
// cannot wait until its absence is proved, and two orders that only reduce cannot do more than close. Flat
// means: our fills say so, and a snapshot of the account that was asked for afterwards says so too. Threads,
// clock: none. Allocation: only in add(). Source: reliability 5.2; docs/decisions/0079.
#pragma once

#include <vector>

#include "core/orders/order_router.h"

namespace mlbot::core {

class Closing {
 public:
  enum class Phase : std::uint8_t {
    off,
    closing,    ///< orders are taken back, positions are being closed
    verifying,  ///< our fills say flat; the account is asked
    done        ///< both say flat, the stops are off
  };
  void add() { attempts_.push_back(0); }

  /// Begins, or goes on when it is under way; the first step follows at once.
  void begin(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out);
  void step(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out);
  /// A person resumes: what was going on is left as it is.
  void stop() {
    phase_ = Phase::off;
    resume_later_ = false;
  }
  /// The last run was cut short while it closed: begin() is due when the account is known.
  void resume_later(bool wanted) { resume_later_ = wanted; }
  bool waits_to_resume() const { return resume_later_; }

  Phase phase() const { return phase_; }
  /// The cancel that takes the stops off may still be on its way: it would take that of a new position.
  bool stops_may_go(Instant now) const {
    return stops_off_at_.ns != INT64_MIN && now - stops_off_at_ < recv_window + recv_window_margin;
  }
  bool under_way() const { return phase_ == Phase::closing || phase_ == Phase::verifying; }
  void hash_into(StateHash& hash) const;

 private:
  bool close_positions(Instant now, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);

  Phase phase_ = Phase::off;
  bool resume_later_ = false;
  Instant flat_since_ = distant_future;
  Instant stops_off_at_{INT64_MIN};
  std::vector<std::uint8_t> attempts_;  ///< by symbol, closes that were sent
};

}  // namespace mlbot::core
