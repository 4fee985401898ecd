#include "core/orders/ledger.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/digest.h"

namespace mlbot::core {
namespace {

constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();

std::size_t table_size(std::size_t capacity) {
  std::size_t size = 1;
  while (size < 2 * capacity) size *= 2;
  return size;
}

constexpr std::size_t at(Book book) { return static_cast<std::size_t>(book); }

E8 cash_of(const MoneyMove& move) { return move.realised - move.fee - move.funding; }

}  // namespace

Ledger::Ledger(std::size_t remembered)
    : postings_(remembered), next_(remembered, nothing), heads_(table_size(remembered), nothing) {}

std::size_t Ledger::bucket(const VenueId& id) const { return xxh64(id.view()) & (heads_.size() - 1); }

Ledger::Posting* Ledger::find(const VenueId& id) {
  for (std::uint32_t i = heads_[bucket(id)]; i != nothing; i = next_[i])
    if (postings_[i].id == id) return &postings_[i];
  return nullptr;
}

/// Room for one more posting; the oldest goes when there is none. Nothing when it may be a twin of one that
/// went.
Ledger::Posting* Ledger::add(const VenueId& id, Instant venue_time) {
  if (venue_time <= forgotten_until_) return nullptr;
  Posting& slot = postings_[write_];
  if (size_ == postings_.size()) {
    std::uint32_t* link = &heads_[bucket(slot.id)];
    while (*link != write_) link = &next_[*link];
    *link = next_[write_];
    forgotten_until_ = std::max(forgotten_until_, slot.at);
    if (!slot.by_log) --unconfirmed_;
  } else {
    ++size_;
  }
  slot = {.id = id, .at = venue_time, .move = {}, .cash = {}};
  ++unconfirmed_;
  std::uint32_t& head = heads_[bucket(id)];
  next_[write_] = head;
  head = static_cast<std::uint32_t>(write_);
  write_ = (write_ + 1) % postings_.size();
  return &slot;
}

/// One posting: it takes from one book what it gives to another.
void Ledger::enter(const Amounts& amounts) {
  E8 sum;
  for (std::size_t i = 0; i < book_count; ++i) sum = sum + amounts[i];
  MLBOT_ASSERT(sum.count == 0);
  for (std::size_t i = 0; i < book_count; ++i) balances_[i] = balances_[i] + amounts[i];
  ++made_;
}

/// A fill is told before the wallet that holds it.
E8 Ledger::moved_since(Instant venue_time) const {
  E8 since;
  for (std::size_t i = 0; i < size_; ++i)
    if (postings_[i].at > venue_time) since = since + postings_[i].cash;
  return since;
}

void Ledger::open(Instant venue_time, E8 wallet_balance) {
  if (open_) return;
  open_ = true;
  found_at_ = venue_time;
  const E8 found = wallet_balance + moved_since(venue_time) - cash();
  Amounts amounts{};
  amounts[at(Book::cash)] = found;
  amounts[at(Book::opening)] = -found;
  enter(amounts);
}

void Ledger::settle(Instant venue_time, E8 wallet_balance) {
  MLBOT_ASSERT(open_);
  found_at_ = std::max(found_at_, venue_time);
  const E8 lacking = wallet_balance + moved_since(venue_time) - cash();
  if (lacking.count == 0) return;
  ++differences_;
  Amounts amounts{};
  amounts[at(Book::cash)] = lacking;
  amounts[at(Book::difference)] = -lacking;
  enter(amounts);
}

Ledger::Told Ledger::post(const VenueId& execution_id, Instant venue_time, const MoneyMove& move) {
  Posting* known = find(execution_id);
  if (known && known->by_execution) return Told::twin;
  Amounts amounts{};
  amounts[at(Book::positions)] = move.cost;
  amounts[at(Book::contracts)] = -move.cost;
  if (known) {  // the log was faster: the money is posted as the venue has it
    known->by_execution = true;
    if (known->move.realised != move.realised || known->move.funding != move.funding) ++differences_;
    enter(amounts);
    return Told::second;
  }
  Posting* posting = add(execution_id, venue_time);
  if (!posting) return Told::twin;
  posting->by_execution = true;
  posting->move = move;
  if (in_found(venue_time)) {
    enter(amounts);
    return Told::first;
  }
  posting->cash = cash_of(move);
  amounts[at(Book::cash)] = posting->cash;
  amounts[at(Book::realised_pnl)] = -move.realised;
  amounts[at(Book::fees)] = move.fee;
  amounts[at(Book::funding)] = move.funding;
  enter(amounts);
  return Told::first;
}

Ledger::Told Ledger::post(const Transaction& row) {
  const bool is_transfer =
      row.kind == TransactionKind::transfer_in || row.kind == TransactionKind::transfer_out;
  const VenueId& id = row.execution_id.empty() ? row.id : row.execution_id;
  Posting* posting = find(id);
  if (posting && posting->by_log) return Told::twin;
  const Told told = posting ? Told::second : Told::first;
  // The fee includes what the row leaves unsaid: surcharges are in `change` alone.
  const E8 fee = row.cash_flow + row.funding - row.change;
  Amounts amounts{};
  if (posting) {
    const E8 more_fee = fee - posting->move.fee;
    const E8 otherwise = row.change - cash_of(posting->move) + more_fee;
    const E8 more_cash = in_found(posting->at) ? E8{} : otherwise - more_fee;
    posting->cash = posting->cash + more_cash;
    amounts[at(Book::cash)] = more_cash;
    amounts[at(Book::fees)] = more_fee;
    amounts[at(Book::difference)] = -(more_cash + more_fee);
    if (otherwise.count != 0) ++differences_;
  } else {
    if (!open_ || in_found(row.at)) return Told::twin;
    posting = add(id, row.at);
    if (!posting) return Told::twin;
    const bool is_other = row.kind == TransactionKind::other;
    posting->move = {.realised = row.cash_flow, .fee = fee, .funding = -row.funding, .cost = {}};
    posting->cash = row.change;
    amounts[at(Book::cash)] = row.change;
    amounts[at(Book::fees)] = fee;
    amounts[at(Book::funding)] = -row.funding;
    amounts[at(is_transfer ? Book::transfers : is_other ? Book::other : Book::realised_pnl)] = -row.cash_flow;
  }
  posting->by_log = true;
  --unconfirmed_;
  enter(amounts);
  return told;
}

void Ledger::hash_into(StateHash& hash) const {
  for (const E8 balance : balances_) hash.add(balance.count);
  for (const std::uint64_t count :
       {made_, differences_, std::uint64_t{size_}, std::uint64_t{write_}, std::uint64_t{unconfirmed_}})
    hash.add(count);
  hash.add(forgotten_until_.ns);
  hash.add(found_at_.ns);
  hash.add(std::uint64_t{open_});
}

}  // namespace mlbot::core
