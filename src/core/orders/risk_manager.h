// Every rule, asked last. What no rule allows does not leave: deny by default.
//
// Exposure is counted at its worst: what is held, and every order that is open, unknown or being cancelled,
// all filled on the same side. An order that only shrinks a position passes the rules that guard against
// getting in, never those that guard against nonsense (price, size, rate).
//
// Limits: `rate_window` remembers at most `rate_slots` order messages of the last minute; a limit above that
// is cut to it. Threads: none.  Clock: none.  Allocation: only at construction.
#pragma once

#include "base/result.h"
#include "base/ring.h"
#include "base/state_hash.h"
#include "core/orders/approved.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr std::size_t rate_slots = 1'200;

/// All that the rules look at, gathered by the router at the instant of the question.
struct RiskView {
  Instant now;
  const Instrument* instrument = nullptr;
  Mode mode = Mode::paper;
  TradingState state = TradingState::halted;
  TopOfBook top;        ///< as of the last frame
  Instant book_at;      ///< core time of the last message that moved the book
  E8 mid;               ///< last known; 0 when there never was one
  bool traded = false;  ///< configured to be entered
  bool side_allowed = false;
  bool account_known = false;
  Duration wallet_age{0};
  Duration wallet_age_max{0};
  Duration mismatch{0};
  Duration mismatch_tolerance{0};
  bool any_unknown = false;
  Lots position;
  Lots open_buys, open_sells;  ///< entries that may still fill
  E8 other_exposure;           ///< worst case of all other symbols, quote units
  E8 daily_loss, drawdown;
  std::size_t open_orders = 0;
};

class RiskManager {
 public:
  RiskManager();

  void configure(const RiskLimits& limits) { limits_ = limits; }
  const RiskLimits& limits() const { return limits_; }

  /// Stamps the order, which counts against the rate from then on, or names the first rule that it breaks.
  Result<Approved<PlaceOrder>, Refused> judge(const PlaceOrder& order, const RiskView& view);
  /// A new price for an order that is open; its size is in the view's open orders already.
  Result<Approved<AmendOrder>, Refused> judge(const AmendOrder& order, const RiskView& view);

  void hash_into(StateHash& hash) const;

 private:
  std::optional<Refused> entry_rules(const PlaceOrder& order, const RiskView& view) const;
  std::optional<Refused> order_rules(const PlaceOrder& order, const RiskView& view) const;
  std::optional<Refused> collar_rule(PriceTicks price, const RiskView& view) const;
  std::optional<Refused> rate_rule(const RiskView& view, bool shrinks);

  RiskLimits limits_;
  Ring<Instant> sent_{rate_slots};
};

/// Worst notional that a symbol can come to, quote units: |position + all buys| or |position - all sells|.
E8 worst_notional(const Instrument& instrument, E8 mid, Lots position, Lots buys, Lots sells);

}  // namespace mlbot::core
