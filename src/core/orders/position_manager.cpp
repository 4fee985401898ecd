#include "core/orders/position_manager.h"

#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"

namespace mlbot::core {
namespace {

/// value * part / whole, rounded toward zero; exact in between.
std::int64_t share(std::int64_t value, std::int64_t part, std::int64_t whole) {
  return static_cast<std::int64_t>(static_cast<__int128>(value) * part / whole);
}

/// The same, rounded half away from zero: as the venue computes the cost of a closed part. @pre whole > 0.
E8 rounded_share(E8 value, std::int64_t part, std::int64_t whole) {
  const __int128 product = static_cast<__int128>(value.count) * part;
  const __int128 half = product < 0 ? -static_cast<__int128>(whole) / 2 : static_cast<__int128>(whole) / 2;
  return {static_cast<std::int64_t>((product + half) / whole)};
}

/// By the venue's clock: a fill may be told late, by a list, and a word that is newer than it came before.
bool word_is_newer(const Position& p) { return p.told_at.ns != INT64_MIN && p.told_of > p.last_fill_of; }
/// The venue's word on a position as it is since the last fill.
bool is_told(const Position& p) {
  return (p.told_at >= p.last_fill_at || word_is_newer(p)) && p.told_size == p.size;
}
/// Our fills lag behind the venue's: what it holds wins where ours would lose.
bool is_turned_there(const Position& p) {
  return word_is_newer(p) && (p.size.count > 0 ? p.told_size.count < 0 : p.told_size.count > 0);
}
/// When the account is asked what it holds, because nothing was heard since the last fill.
Instant word_due(const Position& p) {
  if (is_told(p) || p.word_asked_at >= p.last_fill_at) return distant_future;
  return p.last_fill_at + stop_ask_after;
}
/// When the stop is set anew, unless the venue shows it before.
Instant repair_due(const Position& p) {
  const Instant due = p.last_fill_at + (is_told(p) ? stop_ask_after : stop_repair_after);
  return p.stop_asked_at.ns == INT64_MIN ? due : std::max(due, p.stop_asked_at + stop_retry);
}

Side side_of(const Position& p) { return p.size.count > 0 ? Side::buy : Side::sell; }

}  // namespace

void PositionManager::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == legs_.size());
  instruments_.push_back(instrument);
  legs_.emplace_back();
  mids_.emplace_back();
  noted_.reserve(noted_max);
}

std::uint8_t PositionManager::held_index(SymbolId symbol) const {
  const Legs& legs = legs_[symbol.index];
  std::uint8_t held = mode_ == PositionMode::one_way ? 0 : 1;
  for (std::uint8_t i = 0; i < position_indices; ++i)
    if (absolute(legs[i].size) > absolute(legs[held].size)) held = i;
  return held;
}

Lots PositionManager::closable(SymbolId symbol, std::uint8_t index) const {
  const Position& p = position(symbol, index);
  if (p.told_at < p.last_fill_at || p.told_at.ns == INT64_MIN) return p.size;
  if (p.size.count > 0) return std::clamp(p.told_size, Lots{0}, p.size);
  return std::clamp(p.told_size, p.size, Lots{0});
}

Lots PositionManager::net(SymbolId symbol) const {
  Lots sum;
  for (const Position& p : legs_[symbol.index]) sum = sum + p.size;
  return sum;
}

void PositionManager::on(Instant at, const Execution& execution, std::uint8_t index) {
  Position& p = leg(execution.symbol, index);
  if (MLBOT_PLANTED(forget_deleveraging) && execution.kind == ExecutionKind::adl) return;
  if (execution.kind == ExecutionKind::other) return;
  if (execution.kind == ExecutionKind::funding && !MLBOT_PLANTED(count_funding_as_a_trade)) {
    if (MLBOT_PLANTED(forget_funding)) return;
    if (ledger_.post(execution.execution_id, execution.at,
                     {.realised = {},
                      .fee = {},
                      .funding = MLBOT_PLANTED(funding_with_the_wrong_sign) ? -execution.fee : execution.fee,
                      .cost = {}}) == Ledger::Told::first)
      p.funding = p.funding + execution.fee;
    return;
  }
  if (execution.at <= p.adopted_of && !MLBOT_PLANTED(adopt_old_fills_again))
    return;  // late news of what was adopted; the log tells its money
  const Instrument& instrument = instruments_[execution.symbol.index];
  const std::int64_t change =
      (MLBOT_PLANTED(count_sells_as_buys) ? 1 : sign_of(execution.side)) * execution.size.count;
  const std::int64_t before = p.size.count;
  const E8 cost_before = p.cost, realised_before = p.realised;
  p.fees = p.fees + execution.fee;
  std::int64_t opening = change;
  if (before != 0 && (before > 0) != (change > 0)) {
    const std::int64_t held = std::abs(before), closing = std::min(held, std::abs(change));
    const E8 cost = closing == held ? p.cost : rounded_share(p.cost, closing, held);
    const E8 proceeds = multiply(execution.price, instrument.size({before > 0 ? closing : -closing}));
    p.realised = p.realised + (proceeds - cost);
    if (MLBOT_PLANTED(round_profit_to_cents)) p.realised.count = p.realised.count / 1'000'000 * 1'000'000;
    p.cost = p.cost - cost;
    opening = change > 0 ? change - closing : change + closing;
    p.reduced = true;
  }
  p.cost = p.cost + multiply(execution.price, instrument.size({opening}));
  p.size = Lots{before + change};
  if (MLBOT_PLANTED(no_position_is_ever_turned) && before != 0 && (before > 0) != (p.size.count > 0))
    p.size = {};
  p.last_fill_at = at;
  p.last_fill_of = std::max(p.last_fill_of, execution.at);
  p.stop_verified = false;
  const bool flipped = before != 0 && p.size.count != 0 && (before > 0) != (p.size.count > 0);
  if (before == 0 || flipped) {
    p.opened_at = at;
    p.stop_refusals = 0;
    p.adopted = p.reduced = false;
    p.stop = {};
    p.best = {};
    p.stop_asked_at = Instant{INT64_MIN};
  }
  if (p.size.count == 0 || flipped) {
    p.closed_at = at;
    ++p.closings;
  }
  ledger_.post(execution.execution_id, execution.at,
               {.realised = p.realised - realised_before,
                .fee = MLBOT_PLANTED(forget_fees) ? E8{} : execution.fee,
                .funding = {},
                .cost = p.cost - cost_before});
}

void PositionManager::on(Instant at, const PositionNews& news) {
  if (news.symbol.index >= legs_.size() || news.position_index >= position_indices) return;
  if (MLBOT_PLANTED(never_hear_of_positions)) return;
  Position& p = leg(news.symbol, news.position_index);
  if (p.told_at.ns != INT64_MIN && news.updated_at < p.told_of) return;  // overtaken
  p.told_at = at;
  p.told_size = news.size;
  p.told_entry = news.entry_price;
  p.told_mark = news.mark_price;
  p.told_stop = news.stop_loss;
  p.told_take_profit = news.take_profit;
  p.told_of = news.updated_at;
}

void PositionManager::on(const Transaction& row) {
  if (ledger_.post(row) != Ledger::Told::first || row.kind != TransactionKind::funding || !row.symbol) return;
  if (row.symbol->index < legs_.size()) {  // no execution told of it yet
    Position& p = leg(*row.symbol, held_index(*row.symbol));
    p.funding = p.funding - row.funding;
  }
}

void PositionManager::note(const Execution& execution) {
  if (execution.symbol.index < legs_.size() && noted_.size() < noted_max) noted_.push_back(execution);
}

void PositionManager::adopt(Instant at, SymbolId symbol, const VenuePosition& venue, Instant of) {
  const Position& p = position(symbol, 0);
  const bool told = p.told_at.ns != INT64_MIN && p.told_size == venue.size;
  const Instant as_of = told ? p.told_of : of.ns == 0 ? distant_future : of;
  take_over(at, symbol, 0, venue.size, venue.entry_price, venue.mark_price, venue.stop_loss, as_of);
}

void PositionManager::adopt_told(Instant at) {
  for (std::uint16_t i = 0; i < legs_.size(); ++i)
    for (std::uint8_t index = 0; index < position_indices; ++index) {
      const Position p = legs_[i][index];
      if (p.told_at.ns != INT64_MIN)
        take_over(at, {i}, index, p.told_size, p.told_entry, p.told_mark, p.told_stop, p.told_of);
    }
}

void PositionManager::take_over(Instant at, SymbolId symbol, std::uint8_t index, Lots size, E8 entry, E8 mark,
                                E8 stop, Instant of) {
  Position& p = leg(symbol, index);
  const Instrument& instrument = instruments_[symbol.index];
  if (MLBOT_PLANTED(adopt_nothing_at_the_start)) size = Lots{};
  p.size = size;
  p.cost = multiply(entry, instrument.size(size));
  p.opened_at = at;
  p.last_fill_at = p.told_at.ns != INT64_MIN && p.told_size == size ? p.told_at : at;
  p.adopted = size.count != 0;
  if (stop.count > 0) p.stop = {stop.count / instrument.tick_size.count};
  if (mids_[symbol.index].count == 0) mids_[symbol.index] = mark;
  if (of == distant_future) return;  // which of the fills it holds nobody says: all of them
  p.adopted_of = of;
  for (const Execution& fill : noted_)  // younger than the list; charges are in the wallet, or the log tells
    if (fill.symbol == symbol && fill.kind != ExecutionKind::funding &&
        position_index(fill, nullptr, mode_) == index)
      on(at, fill, index);
}

std::optional<E8> PositionManager::average_entry(SymbolId symbol, std::uint8_t index) const {
  const Position& p = position(symbol, index);
  if (p.size.count == 0) return std::nullopt;
  return E8{share(p.cost.count, e8_per_unit, instruments_[symbol.index].size(p.size).count)};
}

E8 PositionManager::unrealised(SymbolId symbol) const {
  const E8 mid = mids_[symbol.index];
  E8 sum;
  if (mid.count == 0) return sum;
  for (const Position& p : legs_[symbol.index])
    if (p.size.count != 0) sum = sum + multiply(mid, instruments_[symbol.index].size(p.size)) - p.cost;
  return sum;
}

E8 PositionManager::profit() const {
  E8 sum;
  for (std::uint16_t i = 0; i < legs_.size(); ++i) {
    for (const Position& p : legs_[i]) sum = sum + p.realised - p.fees - p.funding;
    sum = sum + unrealised({i});
  }
  return sum;
}

PriceTicks PositionManager::stop_price(SymbolId symbol, Side entry_side, E8 entry,
                                       std::uint32_t distance_bps) const {
  const std::int64_t tick = instruments_[symbol.index].tick_size.count;
  const std::int64_t distance =
      share(entry.count, distance_bps, 10'000) * (MLBOT_PLANTED(a_stop_that_is_too_far) ? 3 : 1);
  if (MLBOT_PLANTED(a_stop_on_the_wrong_side)) return {(entry.count + distance) / tick};
  if (entry_side == Side::buy) return {std::max<std::int64_t>(1, (entry.count - distance + tick - 1) / tick)};
  return {(entry.count + distance) / tick};
}

std::optional<PriceTicks> PositionManager::take_profit_price(SymbolId symbol, Side entry_side,
                                                             E8 entry) const {
  if (exits_.take_profit_bps == 0) return std::nullopt;
  return stop_price(symbol, opposite(entry_side), entry, exits_.take_profit_bps);
}

double PositionManager::gain_bps(SymbolId symbol, std::uint8_t index) const {
  const E8 entry = *average_entry(symbol, index);
  const E8 mid = mids_[symbol.index];
  if (mid.count == 0) return 0;
  const double gain = 1e4 * to_double(mid - entry) / to_double(entry);
  return position(symbol, index).size.count > 0 ? gain : -gain;
}

// ---- stops

/// Towards the price, never away from it.
void PositionManager::tighten(SymbolId symbol, std::uint8_t index, PriceTicks stop) {
  Position& p = leg(symbol, index);
  const bool tighter = p.stop.count == 0 || (p.size.count > 0 ? stop > p.stop : stop < p.stop);
  if (!tighter) return;
  p.stop = stop;
  p.stop_verified = false;
}

void PositionManager::mark(SymbolId symbol, E8 mid) {
  mids_[symbol.index] = mid;
  for (Position& p : legs_[symbol.index]) {
    if (p.size.count == 0) continue;
    const bool better = p.best.count == 0 || (p.size.count > 0 ? mid > p.best : mid < p.best);
    if (better) p.best = mid;
  }
}

void PositionManager::trail(SymbolId symbol, std::uint8_t index) {
  const Position& p = position(symbol, index);
  if (exits_.trailing_distance_bps == 0 || p.best.count == 0) return;
  const E8 entry = *average_entry(symbol, index);
  const double best_gain = sign_of(side_of(p)) * 1e4 * to_double(p.best - entry) / to_double(entry);
  if (best_gain < exits_.trailing_start_bps) return;
  const PriceTicks wanted = stop_price(symbol, side_of(p), p.best, exits_.trailing_distance_bps);
  // An eighth of the distance at least: a stop that moves with every tick spends the request budget.
  const std::int64_t step = share(p.best.count, exits_.trailing_distance_bps, 80'000);
  const std::int64_t moved = sign_of(side_of(p)) * (wanted.count - p.stop.count);
  if (moved * instruments_[symbol.index].tick_size.count >= step) tighten(symbol, index, wanted);
}

void PositionManager::verify(Instant now, SymbolId symbol, std::uint8_t index,
                             std::uint32_t stop_distance_bps, Outbox& out,
                             std::vector<SetPositionStop>& wishes) {
  if (MLBOT_PLANTED(never_look_after_a_stop)) return;
  Position& p = leg(symbol, index);
  const Instrument& instrument = instruments_[symbol.index];
  const E8 entry = *average_entry(symbol, index);
  tighten(symbol, index, stop_price(symbol, side_of(p), entry, stop_distance_bps));
  trail(symbol, index);
  const bool told = is_told(p);
  if (told && p.told_stop.count > 0) {
    const E8 wanted = instrument.price(p.stop);
    const bool holds = p.size.count > 0 ? p.told_stop >= wanted : p.told_stop <= wanted;
    if (holds) {  // tighter than ours is somebody's deliberate word, and kept
      p.stop = {p.told_stop.count / instrument.tick_size.count};
      p.stop_verified = true;
      p.stop_refusals = 0;
      return;
    }
  }
  if (now >= word_due(p)) {
    p.word_asked_at = now;
    out.commands.push_back(QueryAccount{});
  }
  if (now < repair_due(p) || is_turned_there(p)) return;
  p.stop_asked_at = now;
  wishes.push_back({symbol, index, p.stop, take_profit_price(symbol, side_of(p), entry)});
}

void PositionManager::on_stop_refused(SymbolId symbol) {
  for (Position& p : legs_[symbol.index]) {
    // Refused because there is nothing to protect is no refusal of a stop.
    const bool asked = p.stop_asked_at.ns != INT64_MIN && !p.stop_verified;
    if (p.size.count != 0 && is_told(p) && asked) ++p.stop_refusals;
  }
}

/// What the venue holds is what can be lost: until the difference is explained its own figures set the stop.
void PositionManager::protect_as_told(Instant now, SymbolId symbol, std::uint32_t stop_distance_bps,
                                      std::vector<SetPositionStop>& wishes) {
  Position& p = leg(symbol, 0);
  if (p.told_size.count == 0 || p.told_stop.count > 0) return;
  if (p.stop_asked_at.ns != INT64_MIN && now < p.stop_asked_at + stop_retry) return;
  const Side side = p.told_size.count > 0 ? Side::buy : Side::sell;
  // A stop that the price has passed already would be refused.
  const E8 from = p.told_mark.count == 0 ? p.told_entry
                  : side == Side::buy    ? std::min(p.told_entry, p.told_mark)
                                         : std::max(p.told_entry, p.told_mark);
  p.stop_asked_at = now;
  wishes.push_back({symbol, 0, stop_price(symbol, side, from, stop_distance_bps), std::nullopt});
}

void PositionManager::on_timer(Instant now, const AccountMonitor& monitor, std::uint32_t stop_distance_bps,
                               Outbox& out, std::vector<SetPositionStop>& wishes) {
  for (std::uint16_t i = 0; i < legs_.size(); ++i) {
    if (mode_ == PositionMode::one_way && monitor.mismatch(now, {i}) > mismatch_tolerance) {
      protect_as_told(now, {i}, stop_distance_bps, wishes);
      continue;
    }
    for (std::uint8_t index = 0; index < position_indices; ++index)
      if (legs_[i][index].size.count != 0) verify(now, {i}, index, stop_distance_bps, out, wishes);
  }
}

Instant PositionManager::next_deadline() const {
  Instant earliest = distant_future;
  for (const Legs& legs : legs_)
    for (const Position& p : legs) {
      if (p.size.count == 0 || p.stop_verified) continue;
      earliest = std::min({earliest, word_due(p), repair_due(p)});
    }
  return earliest;
}

bool PositionManager::all_protected() const {
  return std::ranges::all_of(legs_, [](const Legs& legs) {
    return std::ranges::all_of(legs, [](const Position& p) { return p.size.count == 0 || p.stop_verified; });
  });
}

// ---- exits

ExitWish PositionManager::half_of(SymbolId symbol) const {
  const Position& p = position(symbol, held_index(symbol));
  MLBOT_ASSERT(p.size.count != 0);
  const Lots held = absolute(p.size), half{(held.count + 1) / 2};
  const Lots least = instruments_[symbol.index].min_order;
  const bool in_part = half >= least && held - half >= least;
  return {.reason = ExitReason::partial, .size = in_part ? half : held, .side = opposite(side_of(p))};
}

std::optional<ExitWish> PositionManager::exit_wish(Instant now, SymbolId symbol, Duration horizon) const {
  const std::uint8_t index = held_index(symbol);
  const Position& p = position(symbol, index);
  if (p.size.count == 0) return std::nullopt;
  const Instrument& instrument = instruments_[symbol.index];
  const Lots held = absolute(p.size);
  ExitWish wish{.size = held, .side = opposite(side_of(p)), .urgent = true};
  const E8 mid = mids_[symbol.index];
  const auto say = [&](ExitReason reason) {
    wish.reason = reason;
    return std::optional{wish};
  };
  if (p.stop_refusals >= stop_refusals_max) return say(ExitReason::unprotectable);
  const E8 stop = instrument.price(p.stop);
  if (p.stop.count > 0 && mid.count > 0 && (p.size.count > 0 ? mid < stop : mid > stop))
    return say(ExitReason::stop_passed);
  const double gain = gain_bps(symbol, index);
  if (exits_.take_profit_bps > 0 && gain >= exits_.take_profit_bps) return say(ExitReason::take_profit);
  wish.urgent = false;
  const Duration longest =
      exits_.hold_ms_max > 0 ? Duration{std::chrono::milliseconds{exits_.hold_ms_max}} : horizon;
  if (longest.count() > 0 && now - p.opened_at >= longest) return say(ExitReason::time);
  if (exits_.partial_at_bps > 0 && !p.reduced && gain >= exits_.partial_at_bps) {
    wish.size = {share(held.count, exits_.partial_percent, 100)};
    // A part that is too small to be sent, or that leaves too little to be closed later, is none.
    if (wish.size >= instrument.min_order && held - wish.size >= instrument.min_order)
      return say(ExitReason::partial);
  }
  return std::nullopt;
}

void PositionManager::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(mode_));
  for (std::uint16_t i = 0; i < legs_.size(); ++i) {
    hash.add(mids_[i].count);
    for (const Position& p : legs_[i]) {
      for (const std::int64_t number : {p.size.count, p.stop.count, p.told_size.count}) hash.add(number);
      for (const E8 amount : {p.cost, p.realised, p.fees, p.funding, p.best, p.told_entry, p.told_mark,
                              p.told_stop, p.told_take_profit})
        hash.add(amount.count);
      for (const Instant at : {p.opened_at, p.last_fill_at, p.last_fill_of, p.closed_at, p.stop_asked_at,
                               p.told_at, p.told_of, p.adopted_of, p.word_asked_at})
        hash.add(at.ns);
      hash.add(std::uint64_t{p.stop_refusals} << 3 | std::uint64_t{p.adopted} << 2 |
               std::uint64_t{p.reduced} << 1 | std::uint64_t{p.stop_verified});
      hash.add(std::uint64_t{p.closings});
    }
  }
  hash.add(std::uint64_t{noted_.size()});
  ledger_.hash_into(hash);
}

}  // namespace mlbot::core
