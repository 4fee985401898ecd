// Liquidation by mark price, the insurance fund and deleveraging (reference 15.3).
//
// The sequence: orders are cancelled; then, a step every hundred milliseconds for as long as the margin does
// not suffice, the heaviest position is reduced at market to the limit of the next lower tier, and in the
// lowest tier taken over at its bankruptcy price. What was taken over is sold to the book for the insurance
// fund's account. When the fund has lost too much of its highest balance of these eight hours, the book is
// only asked for what costs the fund nothing, and the rest goes to the most profitable holders of the other
// side.
#include <algorithm>
#include <numeric>

#include "sim/engine.h"
#include "sim/risk_tiers.h"

namespace mlbot::sim {
namespace {

constexpr Duration step_interval = 100ms;
constexpr std::int64_t fund_keeps_percent = 70;  // of its highest balance; below, others are deleveraged
constexpr std::int64_t fund_window_s = 8 * 3600;

PriceTicks nearest_ticks(E8 price, const Instrument& instrument) {
  const std::int64_t tick = instrument.tick_size.count;
  return {std::max<std::int64_t>((price.count + tick / 2) / tick, 1)};
}
/// On the account's side of a price: a seller's tick is not below it, a buyer's not above.
PriceTicks no_worse_ticks(E8 price, Side side, const Instrument& instrument) {
  const std::int64_t tick = instrument.tick_size.count;
  return {side == Side::sell ? (price.count + tick - 1) / tick : price.count / tick};
}

/// The nearest price on the account's side that makes whole 1e-8 of every lot: so a position may be parted
/// among several takers without a digit getting lost.
E8 whole_money(E8 price, Side side, const Instrument& instrument) {
  const std::int64_t step = e8_per_unit / std::gcd(e8_per_unit, instrument.lot_step.count);
  return {(side == Side::sell ? (price.count + step - 1) / step : price.count / step) * step};
}

}  // namespace

void Exchange::Engine::check_margin(AccountId id) {
  Account& account = at(id);
  if (account.wallet.count < 0 && std::ranges::all_of(account.holdings, &Holdings::flat)) {
    // Lost more than was there, by an order that filled far from mark: the fund makes it good.
    change_fund(account.wallet);
    book_money(id, {.kind = TransactionKind::transfer_in, .cash_flow = -account.wallet});
    touch(id, SymbolId{}, wallet_only);
    return;
  }
  if (account.margin_mode == MarginMode::cross) {
    if (account.liquidating || std::ranges::all_of(account.holdings, &Holdings::flat)) return;
    const Standing now = standing(account);
    if (now.maintenance.count > 0 && now.equity <= now.maintenance) begin_liquidation({.account = id});
    return;
  }
  for (const SymbolState& symbol : symbols_) {
    for (Position& position : account.holdings[symbol.instrument.id.index].held()) {
      if (position.liquidating || !in_breach(account, symbol, position)) continue;
      if (add_margin_by_itself(id, symbol, position)) continue;
      begin_liquidation({id, symbol.instrument.id, position.index});
    }
  }
}

bool Exchange::Engine::add_margin_by_itself(AccountId id, const SymbolState& symbol, Position& position) {
  if (!position.auto_add_margin) return false;
  const E8 wish = isolated_margin(margin_terms(at(id), symbol, position));
  const E8 added = std::min(wish, wallet_row(id).available);
  if (added.count <= 0) return false;
  position.extra_margin = position.extra_margin + added;
  touch(id, symbol.instrument.id, position.index);
  return !in_breach(at(id), symbol, position);
}

void Exchange::Engine::begin_liquidation(Liquidating which) {
  Account& account = at(which.account);
  std::vector<OrderNumber> orders;
  for (const auto& [number, row] : account.open) {
    const bool isolated_other =
        which.symbol && (row.symbol != *which.symbol || row.position_index != which.position_index);
    if (!isolated_other) orders.push_back(number);
  }
  for (const OrderNumber number : orders) {
    if (!account.open.contains(number)) continue;  // the other leg of one that went before
    cancel_open(which.account, number, which.symbol ? "CancelByPrepareLiq" : "CancelAllBeforeLiq",
                "EC_PerCancelRequest");
  }
  mark_liquidating(which, true);
  which.due = now_ + step_interval;
  liquidating_.push_back(which);
  tell_touched();
}

void Exchange::Engine::mark_liquidating(const Liquidating& which, bool on) {
  Account& account = at(which.account);
  if (!which.symbol) account.liquidating = on;
  for (const SymbolState& symbol : symbols_) {
    const SymbolId id = symbol.instrument.id;
    if (which.symbol && id != *which.symbol) continue;
    for (Position& position : account.holdings[id.index].held()) {
      if (which.symbol && position.index != which.position_index) continue;
      if (position.liquidating == on || (on && position.size.count == 0)) continue;
      position.liquidating = on;
      touch(which.account, id, position.index);
    }
  }
}

void Exchange::Engine::go_on_liquidating() {
  for (std::size_t i = 0; i < liquidating_.size();) {
    if (liquidating_[i].due > now_) {
      ++i;
      continue;
    }
    const Liquidating which = liquidating_[i];
    Position* heaviest = still_in_breach(which);
    if (heaviest != nullptr) liquidate_a_step(which.account, *heaviest);
    if (still_in_breach(which) != nullptr) {
      liquidating_[i++].due = now_ + step_interval;
    } else {
      mark_liquidating(which, false);
      liquidating_.erase(liquidating_.begin() + static_cast<std::ptrdiff_t>(i));
      unchecked_.push_back(which.account);
    }
  }
  tell_touched();
}

Position* Exchange::Engine::still_in_breach(const Liquidating& which) {
  Account& account = at(which.account);
  if (which.symbol) {
    Position& position = account.position(*which.symbol, which.position_index);
    return in_breach(account, at(*which.symbol), position) ? &position : nullptr;
  }
  const Standing now = standing(account);
  if (now.maintenance.count == 0 || now.equity > now.maintenance) return nullptr;
  Position* heaviest = nullptr;
  E8 most;
  for (const SymbolState& symbol : symbols_) {
    for (Position& position : account.holdings[symbol.instrument.id.index].held()) {
      const E8 margin = maintenance(account, symbol, position);
      if (margin <= most) continue;
      most = margin;
      heaviest = &position;
    }
  }
  return heaviest;
}

E8 Exchange::Engine::left_for(const Account& account, const SymbolState& symbol,
                              const Position& position) const {
  if (account.margin_mode == MarginMode::isolated) {
    return own_margin(account, symbol, position) + unrealised(position, symbol);
  }
  const Standing now = standing(account);
  return multiply_divide(now.equity, maintenance(account, symbol, position), now.maintenance);
}

void Exchange::Engine::liquidate_a_step(AccountId account_id, Position& position) {
  Account& account = at(account_id);
  SymbolState& symbol = at(position.symbol);
  const MarginTerms terms = margin_terms(account, symbol, position);
  const RiskTier& now_in = tier(symbol, position);
  const Side side = position.closing_side();
  if (!now_in.lowest) {
    const RiskTier& lower = *(&now_in - 1);
    const E8 too_much = value_at(terms, symbol.mark_price) - lower.limit_value;
    const E8 lot_value = multiply(symbol.mark_price, symbol.instrument.lot_step);
    const Lots cut{std::min(too_much.count / std::max<std::int64_t>(lot_value.count, 1) + 1,
                            absolute(position.size).count)};
    const Lots before = position.size;
    const E8 worst =
        bankruptcy_price(terms, value_at(terms, symbol.mark_price), left_for(account, symbol, position));
    OrderRow& row = new_order(account_id, position.symbol, position.index, side, cut);
    row.type = OrderType::market;
    row.time_in_force = TimeInForce::ioc;
    row.reduce_only = true;
    row.create_type = "CreateByLiq";
    row.price = market_bound(symbol, side, no_worse_ticks(worst, side, symbol.instrument));
    const PositionSide held = position.side();
    work(account_id, row.number);
    if (position.size != before) {
      liquidated(position.symbol, {.at = now_,
                                   .liquidated = held,
                                   .size = absolute(before - position.size),
                                   .bankruptcy_price = worst});
      return;
    }
  }
  take_over(account_id, position);
}

void Exchange::Engine::take_over(AccountId account_id, Position& position) {
  Account& account = at(account_id);
  SymbolState& symbol = at(position.symbol);
  const MarginTerms terms = margin_terms(account, symbol, position);
  const E8 left = left_for(account, symbol, position);
  const Side side = position.closing_side();
  const E8 mark_value = value_at(terms, symbol.mark_price);
  const E8 price = whole_money(bankruptcy_price(terms, mark_value, left), side, symbol.instrument);
  const Lots size = absolute(position.size);
  const PositionSide held = position.side();
  // The fee is what is left of the margin then: the rate's share of the value, but for the last digit.
  const E8 gained = held == PositionSide::long_side ? value_at(terms, price) - mark_value
                                                    : mark_value - value_at(terms, price);
  pass_through(account_id, position, side, size,
               {.price = price,
                .kind = ExecutionKind::bust,
                .fee_rate = fee_rates(account, symbol).taker,
                .fee_most = std::max(left + gained, E8{})},
               "CreateByTakeOver_PassThrough");
  liquidated(symbol.instrument.id, {.at = now_, .liquidated = held, .size = size, .bankruptcy_price = price});
  dispose(symbol, held, size, price);
}

void Exchange::Engine::take_over(SymbolId symbol, const Liquidation& liquidation) {
  liquidated(symbol, liquidation);
  dispose(at(symbol), liquidation.liquidated, liquidation.size, liquidation.bankruptcy_price);
  tell_touched();
}

void Exchange::Engine::pass_through(AccountId account_id, Position& position, Side side, Lots size,
                                    const FillTerms& terms, std::string_view create_type) {
  OrderRow& row = new_order(account_id, position.symbol, position.index, side, size);
  row.type = OrderType::limit;
  row.time_in_force = TimeInForce::gtc;
  row.reduce_only = true;
  row.create_type = create_type;
  row.price = nearest_ticks(terms.price, at(position.symbol).instrument);
  settle_fill(account_id, row, size, terms);
  close_order(account_id, row.number, OrderStatus::filled, "UNKNOWN", "EC_NoError");
  after_position_change(account_id, position.symbol, position.index);
}

void Exchange::Engine::dispose(SymbolState& symbol, PositionSide held, Lots size, E8 price) {
  const Instrument& instrument = symbol.instrument;
  const Side side = held == PositionSide::long_side ? Side::sell : Side::buy;
  if (now_.seconds() / fund_window_s != fund_.peak_at.seconds() / fund_window_s) {
    fund_.peak = fund_.balance;
    fund_.peak_at = now_;
  }
  fund_.peak = std::max(fund_.peak, fund_.balance);
  const E8 may_lose = std::max(fund_.balance - E8{fund_.peak.count / 100 * fund_keeps_percent}, E8{});
  const E8 step = multiply_divide(may_lose, E8{e8_per_unit}, instrument.size(size));
  const E8 worst = side == Side::sell ? std::max(price - step, instrument.tick_size) : price + step;
  const PriceTicks limit = market_bound(symbol, side, no_worse_ticks(worst, side, instrument));
  E8 exchanged;
  ++symbol.cross_sequence;
  Lots left = size;
  while (left.count > 0) {
    fills_.clear();
    left = symbol.book.match(side, left, limit, fills_);
    if (fills_.empty()) break;
    for (const Fill& fill : fills_) exchanged = exchanged + instrument.notional(fill.price, fill.size);
    settle_makers(symbol, side, anonymous, false);
  }
  publish_prints(symbol);
  const E8 owed = multiply(instrument.size(size - left), price);
  change_fund(side == Side::sell ? exchanged - owed : owed - exchanged);
  if (left.count > 0) deleverage(symbol, held, left, price);
}

void Exchange::Engine::change_fund(E8 by) {
  if (by.count == 0) return;
  fund_.balance = fund_.balance + by;
  fund_.peak = std::max(fund_.peak, fund_.balance);
  fund_.changed = true;
}

void Exchange::Engine::tell_fund() {
  if (!fund_.changed || now_ < fund_.told_at + 1s) return;
  fund_.changed = false;
  fund_.told_at = now_;
  std::vector<InsurancePool> pools;
  for (const SymbolState& symbol : symbols_) pools.push_back({symbol.instrument.id, fund_.balance, now_});
  if (listener_ != nullptr) listener_->on_market(now_, InsurancePools{.list = pools});
}

void Exchange::Engine::deleverage(SymbolState& symbol, PositionSide held, Lots size, E8 price) {
  struct Candidate {
    double score;
    AccountId account;
    Position* position;
  };
  std::vector<Candidate> candidates;
  for (const AccountId holder : symbol.holders) {
    for (Position& position : at(holder).holdings[symbol.instrument.id.index].held()) {
      if (position.size.count == 0 || position.side() == held) continue;
      candidates.push_back({adl_score(holder, symbol, position), holder, &position});
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.account < b.account;
  });
  const Side side = held == PositionSide::long_side ? Side::buy : Side::sell;
  for (const Candidate& candidate : candidates) {
    if (size.count == 0) break;
    Position& position = *candidate.position;
    const Lots taken = std::min(size, absolute(position.size));
    position.deleveraged_until = now_ + step_interval;
    pass_through(candidate.account, position, side, taken,
                 {.price = price,
                  .kind = ExecutionKind::adl,
                  .liquidity = Liquidity::maker,
                  .fee_rate = fee_rates(at(candidate.account), symbol).maker},
                 "CreateByAdl_PassThrough");
    size = size - taken;
  }
  // What no account holds is taken over by the crowd's holders, whose books are not kept.
}

}  // namespace mlbot::sim
