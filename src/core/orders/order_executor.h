// Each order's life, from its id to its last fill.
//
// Takes in only what the RiskManager stamped, sends each create once, and believes the venue's evidence
// alone: silence for `answer_patience_order` makes an order outcome_unknown and asks; it is rejected only
// when a question that was put after the signed window had closed finds nothing. Fills are counted by
// execution id, in whatever order news arrive.
//
// Invariant: an order that is not over counts as exposure with all that is not filled; one that is over
// counts with what the venue says is filled and no execution has shown yet. Limits: `order_slots` orders of
// ours remembered, `foreign_slots` of others; when all slots hold orders that are not settled, full() is true
// and nothing new may be placed. The last `remembered_executions` executions are told from twins; what is
// older than the first forgotten one counts as a twin. Threads: none.  Clock: none.  Allocation: only at
// construction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/recent_set.h"
#include "base/state_hash.h"
#include "core/orders/approved.h"
#include "core/orders/order_id.h"
#include "core/orders/order_life.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr Duration answer_patience_order = 5s;
inline constexpr Duration recv_window = 5s;         ///< the venue refuses a request that is older than this
inline constexpr Duration recv_window_margin = 2s;  ///< clocks differ, and lists lag
inline constexpr std::size_t order_slots = 512;
inline constexpr std::size_t foreign_slots = 64;
inline constexpr std::size_t remembered_executions = 16'384;

struct Order {
  ClientOrderId id;  ///< empty for a foreign order without one
  VenueId venue_id;
  SymbolId symbol;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;
  PriceTicks price;
  Lots size;
  bool reduce_only = false;
  bool foreign = false;  ///< of another epoch, or not of this bot at all
  OrderState state = OrderState::in_flight;
  Lots filled;             ///< sum of distinct executions
  Lots filled_claimed;     ///< the highest the venue named in order news
  bool seen = false;       ///< the venue showed it: an empty answer is then a lagging list, no proof
  bool confirmed = false;  ///< by order news, not only by an answer
  bool cancel_wanted = false;
  std::optional<PriceTicks> amended_price;  ///< asked for, not yet confirmed
  Instant placed_at;
  Instant deadline = distant_future;  ///< when silence becomes news, or a question is put again
  Instant queried_at{INT64_MIN};
  Instant unknown_since{};
  Instant cancel_sent_at{INT64_MIN};
  Instant heard_at{INT64_MIN};    ///< core time of the last news or fill
  Instant updated_at{INT64_MIN};  ///< the venue's clock, of the newest news
  bool query_found = false;

  /// What may still be filled, or was and has not been shown: never negative.
  Lots open_size() const {
    const Lots rest = is_over(state) ? filled_claimed - filled : size - filled;
    return std::max(rest, Lots{0});
  }
  bool settled() const { return is_over(state) && filled >= filled_claimed; }
};

class OrderExecutor {
 public:
  OrderExecutor();

  void start(std::string_view account, std::uint32_t epoch);

  /// The id of the next order; the same until place() uses it.
  ClientOrderId next_id() const { return order_id(tag_, epoch_, next_counter()); }
  /// No slot is free: every one holds an order that is not settled.
  bool full() const { return next_counter() == 0; }

  /// @pre  !full(), and the order carries next_id().
  void place(Instant now, const Approved<PlaceOrder>& order, Outbox& out);
  /// @pre  the order is open and nothing is being amended.
  void amend(Instant now, const Approved<AmendOrder>& order, Outbox& out);
  /// Never blocked. Without effect on an order that is over.
  void cancel(Instant now, const ClientOrderId& id, Outbox& out);
  /// A foreign order, which may have no client id.
  void cancel_foreign(Instant now, const VenueId& venue_id, Outbox& out);
  /// One CancelAllOrders for each symbol that has an order which is not over; orders that reduce are kept if
  /// told so.
  enum class Keep : std::uint8_t { nothing, reducing };
  void cancel_all(Instant now, Keep keep, Outbox& out);

  void on(Instant now, const RequestAnswer& answer, Outbox& out);
  /// @return  an order that is not of this run and was not known before; nullptr otherwise.
  const Order* on(Instant now, const OrderNews& news, Outbox& out);
  /// @return  true when this execution was not seen before: the position moves by it.
  bool on(Instant now, const Execution& execution, Outbox& out);
  /// Remembers an execution without counting it: it is part of a position that was adopted.
  void note(const Execution& execution) { take(execution); }
  void on_timer(Instant now, Outbox& out);

  /// A whole account snapshot that was asked for at `asked_at` ended: our orders that it did not show are in
  /// doubt.
  void snapshot_ended(Instant now, Instant asked_at, Outbox& out);

  const Order* find(const ClientOrderId& id) const;
  /// Orders that are not settled, oldest first.
  std::size_t unsettled_count() const { return unsettled_.size(); }
  const Order& unsettled(std::size_t i) const { return slot(unsettled_[i]); }

  std::size_t open_count() const;
  /// Lots of entries that may still add to a position on this side.
  Lots open_entries(SymbolId symbol, Side side) const;
  bool any_unknown(SymbolId symbol) const;
  /// How long the longest unknown order has been so.
  Duration longest_unknown(Instant now) const;
  Instant next_deadline() const;
  std::uint64_t odd_pairs() const { return odd_pairs_; }
  std::uint64_t foreign_refused() const { return foreign_refused_; }
  void hash_into(StateHash& hash) const;

 private:
  Order& slot(std::uint32_t i) { return i < order_slots ? ours_[i] : foreign_[i - order_slots]; }
  const Order& slot(std::uint32_t i) const { return i < order_slots ? ours_[i] : foreign_[i - order_slots]; }
  std::uint64_t next_counter() const;
  Order* find_mutable(const ClientOrderId& id, const VenueId& venue_id);
  Order* adopt(Instant now, const OrderNews& news);
  void ask_to_cancel(Instant now, Order& order, Outbox& out);
  void tell(Instant now, Order& order, OrderSignal signal, Outbox& out);
  void doubt(Instant now, Order& order, Outbox& out);
  void query(Instant now, Order& order, Outbox& out);
  void send_cancel(Instant now, Order& order, Outbox& out);
  std::uint32_t number_of(const Order& order) const;
  void file(std::uint32_t slot_number);
  bool take(const Execution& execution);

  AccountTag tag_;
  std::uint32_t epoch_ = 0;
  std::uint64_t counter_ = 1;
  std::vector<Order> ours_, foreign_;
  std::vector<std::uint32_t> unsettled_;  ///< slot numbers
  RecentSet<VenueId> executions_{remembered_executions};
  Instant forgotten_until_{INT64_MIN};    ///< venue time of the newest execution that was forgotten
  std::vector<Instant> execution_times_;  ///< ring beside executions_
  std::uint64_t odd_pairs_ = 0;
  std::uint64_t foreign_refused_ = 0;
};

}  // namespace mlbot::core
