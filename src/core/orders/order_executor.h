// Each order's life, from its id to its last fill.
//
// Takes in only what the RiskManager stamped, sends each create once, and believes the venue's evidence
// alone: silence for `answer_patience_order` makes an order outcome_unknown and asks; it is called absent
// only when a question that was put after the signed window had closed, and longer ago than lists lag, finds
// nothing, and the position agrees. Fills are counted by execution id, in whatever order news arrive.
//
// Invariants: an order that is not over counts as exposure with all that is not filled, at the larger of its
// size and the size it is being amended to; one that is over counts with what the venue says is filled and no
// execution has shown yet. One intent takes one id and makes one create. Orders of earlier runs are known by
// their ids: they are counted, and entries among them are taken back.
// Limits: `OrderRoom`; when all slots hold orders that are not settled, full() is true and nothing new may be
// placed. The last executions are told from twins; what is older than the first forgotten one counts as a
// twin. Threads: none.  Clock: none.  Allocation: only at construction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/recent_set.h"
#include "base/state_hash.h"
#include "core/orders/approved.h"
#include "core/orders/order.h"
#include "core/orders/order_id.h"
#include "domain/outbox.h"

namespace mlbot::core {

/// How many orders of ours and of others are remembered, how many executions, and how many of these may wait
/// for the order they belong to.
struct OrderRoom {
  std::size_t own = order_slots;
  std::size_t foreign = foreign_slots;
  std::size_t executions = remembered_executions;
  std::size_t orphans = 64;
};

/// Whether our fills make the position that the venue shows.
enum class PositionEvidence : std::uint8_t { agrees, differs };

/// K16: one intent, one id, one order at the venue.
struct OrderCounts {
  std::uint64_t intents = 0;  ///< approved and placed
  std::uint64_t ids = 0;      ///< used by them
  std::uint64_t creates = 0;  ///< commands that left
  std::uint64_t orders = 0;   ///< different orders that the venue showed under ids of this run
  bool operator==(const OrderCounts&) const = default;
};

class OrderExecutor {
 public:
  explicit OrderExecutor(const OrderRoom& room = {});

  void start(std::string_view account, std::uint32_t epoch);

  /// The id of the next order; the same until place() uses it.
  ClientOrderId next_id() const { return order_id(tag_, epoch_, next_counter()); }
  /// No slot is free: every one holds an order that is not settled.
  bool full() const { return next_counter() == 0; }

  /// @pre  !full(), and the order carries next_id().
  void place(Instant now, const Approved<PlaceOrder>& order, Outbox& out);
  /// @pre  the order is open and nothing is being amended.
  void amend(Instant now, const Approved<AmendOrder>& order, Outbox& out);
  /// The stop that the venue holds for a position; whether it took it is the position's news, not an order's.
  void set_stop(const Approved<SetPositionStop>& stop, Outbox& out);
  /// Never blocked. Without effect on an order that is over.
  void cancel(Instant now, const ClientOrderId& id, Outbox& out);
  /// A foreign order, which may have no client id.
  void cancel_foreign(Instant now, const VenueId& venue_id, Outbox& out);
  /// One CancelAllOrders for each symbol that has an order which is not over; orders that reduce are kept if
  /// told so.
  enum class Keep : std::uint8_t { nothing, reducing };
  void cancel_all(Instant now, Keep keep, Outbox& out);
  /// An order that an earlier run meant to send and whose end its journal does not show: unknown, asked for.
  /// @param intent  price and size as last asked for, by the create or by an amend; the larger size.
  void carry(Instant now, const IntentCarried& intent, Outbox& out);

  void on(Instant now, const RequestAnswer& answer, Outbox& out,
          PositionEvidence position = PositionEvidence::agrees);
  /// @return  an order that nobody of us made and that was not known before; nullptr otherwise.
  const Order* on(Instant now, const OrderNews& news, Outbox& out);
  /// @return  true when this execution was not seen before: the position moves by it.
  bool on(Instant now, const Execution& execution, Outbox& out);
  /// A fill told early, often without our id. It says which order it belongs to and that there is news to
  /// come; it is never a fill (docs/decisions/0021).
  void on(Instant now, const FastExecution& hint);
  void on_timer(Instant now, Outbox& out);

  /// A whole account snapshot that was asked for at `asked_at` ended: our orders that it did not show are in
  /// doubt; fills that the venue claims and nobody shows are settled when the position has agreed for long.
  template <class EvidenceOf>
  void snapshot_ended(Instant now, Instant asked_at, Outbox& out, EvidenceOf&& evidence_of);

  /// Ours of this run or of an earlier one; nullptr for what is not remembered.
  const Order* find(const ClientOrderId& id) const;
  /// The order that an execution belongs to, as far as it is known.
  const Order* find(const Execution& execution) const;
  /// Orders that are not settled, oldest first.
  std::size_t unsettled_count() const { return unsettled_.size(); }
  const Order& unsettled(std::size_t i) const { return slot(unsettled_[i]); }

  std::size_t open_count() const;
  std::size_t open_count(SymbolId symbol) const;
  /// Lots of entries that may still add to a position on this side.
  Lots open_entries(SymbolId symbol, Side side) const;
  bool any_unknown(SymbolId symbol) const;
  /// How long the longest unknown order has been so.
  Duration longest_unknown(Instant now) const;
  Instant next_deadline() const;

  const OrderCounts& counts() const { return counts_; }
  /// Pairs of state and news that the table does not know.
  std::uint64_t odd_pairs() const { return odd_pairs_; }
  /// Orders of others that no slot was left for: exposure is not known then.
  std::uint64_t foreign_refused() const { return foreign_refused_; }
  /// Times that the venue showed another price than ours (H13).
  std::uint64_t moved_prices() const { return moved_prices_; }
  /// An id of a later run than this was seen: another instance trades, or our disk is of yesterday.
  bool superseded() const { return superseded_; }
  void hash_into(StateHash& hash) const;

 private:
  struct Orphan {
    VenueId order;
    Lots size;
  };
  Order& slot(std::uint32_t i) { return i < ours_.size() ? ours_[i] : foreign_[i - ours_.size()]; }
  const Order& slot(std::uint32_t i) const {
    return i < ours_.size() ? ours_[i] : foreign_[i - ours_.size()];
  }
  std::uint64_t next_counter() const;
  const Order* known(const ClientOrderId& id, const VenueId& venue_id) const;
  Order* known(const ClientOrderId& id, const VenueId& venue_id) {
    return const_cast<Order*>(std::as_const(*this).known(id, venue_id));
  }
  Order* free_foreign();
  const Order* adopt(Instant now, const OrderNews& news, Outbox& out);
  void learn_venue_id(Instant now, Order& order, const VenueId& venue_id, Outbox& out);
  Lots claim_orphans(const VenueId& venue_id);
  void take_part(Instant now, Order& order, const OrderNews& news, Outbox& out);
  void take_word(Instant now, Order& order, const OrderNews& news, Outbox& out);
  void answered_query(Instant now, Order& order, const RequestAnswer& answer, PositionEvidence position,
                      Outbox& out);
  void ask_to_cancel(Instant now, Order& order, Outbox& out);
  void tell(Instant now, Order& order, OrderSignal signal, Outbox& out);
  void doubt(Instant now, Order& order, Outbox& out);
  void query(Instant now, Order& order, Outbox& out);
  void send_cancel(Instant now, Order& order, Outbox& out);
  void repeat_cancel(Instant now, Order& order, Outbox& out);
  std::uint32_t number_of(const Order& order) const;
  void file(std::uint32_t slot_number);
  bool take(const Execution& execution);
  void vouch(Instant now, Instant asked_at, PositionEvidence evidence, Order& order, Outbox& out);

  AccountTag tag_;
  std::uint32_t epoch_ = 0;
  std::uint64_t counter_ = 1;
  std::vector<Order> ours_, foreign_;
  std::vector<std::uint32_t> unsettled_;  ///< slot numbers
  RecentSet<VenueId> executions_;
  Instant forgotten_until_{INT64_MIN};    ///< venue time of the newest execution that was forgotten
  std::vector<Instant> execution_times_;  ///< ring beside executions_
  std::vector<Orphan> orphans_;           ///< ring: fills of orders whose venue id is not known yet
  std::size_t next_orphan_ = 0;
  OrderCounts counts_;
  std::uint64_t odd_pairs_ = 0;
  std::uint64_t foreign_refused_ = 0;
  std::uint64_t moved_prices_ = 0;
  bool superseded_ = false;
};

template <class EvidenceOf>
void OrderExecutor::snapshot_ended(Instant now, Instant asked_at, Outbox& out, EvidenceOf&& evidence_of) {
  for (std::size_t i = unsettled_.size(); i-- > 0;) {  // backwards: what settles leaves the list
    Order& order = slot(unsettled_[i]);
    vouch(now, asked_at, evidence_of(order.symbol), order, out);
  }
}

}  // namespace mlbot::core
