// What the gate is shown of one instant: gathered by the router for each question, all of it.
//
// Why deny by default: a fact that nobody filled in stands at the value that refuses.
#pragma once

#include <optional>

#include "core/orders/approved.h"
#include "domain/command.h"
#include "domain/frame.h"
#include "domain/instrument.h"

namespace mlbot::core {

struct RiskView {
  Instant now;
  Instant decided_at{0};     ///< when the intent was decided
  std::uint64_t stamps = 0;  ///< RiskManager::stamps() when this was gathered: one view carries one entry
  const Instrument* instrument = nullptr;
  Mode mode = Mode::paper;
  TradingState state = TradingState::halted;
  TopOfBook top;        ///< as of the last frame
  Instant book_at;      ///< core time of the last message that moved the book
  E8 mid;               ///< last known; 0 when there never was one
  bool traded = false;  ///< configured to be entered
  bool side_allowed = false;
  bool account_known = false;
  Duration wallet_age = Duration::max();
  Duration mismatch{0};
  bool any_unknown = false;    ///< an order of this symbol
  Lots position;               ///< net
  std::optional<Lots> leg;     ///< hedge mode: of the position that the order's index names; else the net one
  Lots open_buys, open_sells;  ///< entries that may still fill: open, unknown, being cancelled or amended
  E8 other_exposure;           ///< worst case of all other symbols, quote units
  E8 equity;
  E8 daily_loss, drawdown;
  std::size_t open_orders = 0;                 ///< not over, of all symbols
  std::size_t open_orders_symbol = 0;          ///< of this one
  std::optional<PriceTicks> own_bid, own_ask;  ///< best prices of our own orders that may be resting
  double score_bps = 0;                        ///< what the model promised for this order
  /// Of the order that an amend speaks of, as the open lots above count it.
  struct {
    Side side = Side::buy;
    Lots size, filled;
    bool reduce_only = false;
  } amended;
};

/// What the account shows between two orders.
struct AccountView {
  Instant now;
  E8 equity, daily_loss, drawdown;
  Duration mismatch{0};         ///< the longest difference between account and books
  Duration proven_mismatch{0};  ///< the same, as far as it can be no matter of order
  Duration longest_unknown{0};
};

/// What the loaded bundle is. Nobody said so: no bundle.
struct ModelFacts {
  bool present = false;
  bool verified = false;           ///< its hash and golden rows were checked when it was loaded
  bool schema_equal = false;       ///< to the catalogue that makes the frames
  std::int64_t trained_at_ms = 0;  ///< UTC; 0 when it does not say
  std::int64_t expires_at_ms = 0;  ///< 0 never
};

/// Between which values a feature lay in training.
struct FeatureRange {
  double low = 0, high = 0;
};

/// What the controls ask of the coordinator: this state or a more restricted one.
struct RiskDemand {
  TradingState state = TradingState::active;
  bool flatten = false;
  bool latched = false;  ///< until a person resumes; else while it lasts, and the gate holds it by itself
  Refused why;           ///< of the most restricting control; meaningless while active
  bool any() const { return state != TradingState::active; }
};

}  // namespace mlbot::core
