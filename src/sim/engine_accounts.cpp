// Positions and money: what a fill does to them, the rows that keep account of it, and the news.
#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "sim/engine.h"

namespace mlbot::sim {

VenueId Exchange::Engine::make_id() {
  const std::uint64_t number = ++last_id_;
  const std::uint64_t mixed = xxh64(bytes_of(number), setup_.seed);
  return VenueId{fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", mixed >> 32, (mixed >> 16) & 0xffff,
                             mixed & 0xfff, 0x8000 | ((mixed >> 4) & 0x3fff), number)};
}

AccountId Exchange::Engine::open_account(std::string_view name, E8 wallet_balance) {
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    if (accounts_[i].name == name) return {i};
  }
  Account account{.name = std::string{name}};
  for (const SymbolState& symbol : symbols_) {
    Holdings flat;
    for (std::uint8_t index = 0; index < flat.positions.size(); ++index) {
      flat.positions[index].symbol = symbol.instrument.id;
      flat.positions[index].index = index;
      flat.positions[index].leverage = std::min(setup_.default_leverage, symbol.tiers.front().max_leverage);
    }
    account.holdings.push_back(flat);
  }
  accounts_.push_back(std::move(account));
  const AccountId id{static_cast<std::uint32_t>(accounts_.size() - 1)};
  book_money(id, {.kind = TransactionKind::transfer_in, .cash_flow = wallet_balance});
  return id;
}

void Exchange::Engine::touch(AccountId account, SymbolId symbol, std::uint8_t position_index) {
  const Touched entry{account, symbol, position_index};
  if (std::ranges::find(touched_, entry) == touched_.end()) touched_.push_back(entry);
}

void Exchange::Engine::tell_touched() {
  if (working_ != anonymous) return;  // the taker's own news come first
  for (const auto& [account, symbol, position_index] : touched_) {
    if (position_index == wallet_only) continue;
    const PositionRow row = position_row(account, symbol, position_index);
    news_.push_back({now_ + setup_.feed.account_delay, account,
                     PositionNews{.symbol = symbol,
                                  .position_index = position_index,
                                  .size = row.size,
                                  .entry_price = row.entry_price,
                                  .mark_price = row.mark_price,
                                  .stop_loss = row.stop_loss,
                                  .take_profit = row.take_profit,
                                  .leverage = row.leverage,
                                  .liquidation_price = row.liquidation_price,
                                  .realised_pnl = row.realised_pnl,
                                  .adl_rank = row.adl_rank,
                                  .cross_sequence = row.cross_sequence,
                                  .updated_at = now_}});
  }
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const AccountId account = touched_[i].account;
    const auto told = std::ranges::any_of(touched_.begin(), touched_.begin() + static_cast<std::ptrdiff_t>(i),
                                          [account](const auto& entry) { return entry.account == account; });
    if (told) continue;
    const WalletRow row = wallet_row(account);
    news_.push_back({now_ + setup_.feed.account_delay, account,
                     WalletNews{.equity = row.equity,
                                .wallet_balance = row.wallet_balance,
                                .available = row.available,
                                .unrealised_pnl = row.unrealised_pnl,
                                .initial_margin = row.initial_margin,
                                .maintenance_margin = row.maintenance_margin}});
  }
  touched_.clear();
}

void Exchange::Engine::tell_order(AccountId account, const OrderRow& row) {
  std::string_view reason;
  if (row.reject_reason != "EC_NoError") {
    reason = row.reject_reason;
  } else if (row.cancel_type != "UNKNOWN") {
    reason = row.cancel_type;
  }
  news_.push_back({now_ + setup_.feed.account_delay, account,
                   OrderNews{.symbol = row.symbol,
                             .client_id = row.client_id,
                             .venue_id = row.venue_id,
                             .side = row.side,
                             .type = row.type,
                             .time_in_force = row.time_in_force,
                             .status = row.status,
                             .price = row.price,
                             .size = row.size,
                             .filled = row.filled,
                             .average_price = average_price(row),
                             .reduce_only = row.reduce_only,
                             .conditional = row.stop != StopKind::none,
                             .trigger_price = row.trigger ? row.trigger->price : PriceTicks{},
                             .position_index = row.position_index,
                             .reason = venue_text(reason),
                             .updated_at = row.updated_at}});
}

E8 Exchange::Engine::average_price(const OrderRow& row) const {
  if (row.filled.count == 0) return {};
  return multiply_divide(row.filled_value, E8{e8_per_unit}, at(row.symbol).instrument.size(row.filled));
}

void Exchange::Engine::record(AccountId account, ExecutionRow row) {
  constexpr std::size_t executions_kept = 5000;
  news_.push_back({now_ + setup_.feed.account_delay, account, row.execution});
  auto& kept = at(account).executions;
  kept.push_back(std::move(row));
  if (kept.size() > executions_kept) kept.pop_front();
}

Exchange::Engine::Moved Exchange::Engine::move_position(Position& position, const Instrument& instrument,
                                                        Side side, Lots size, E8 price) {
  const int sign = sign_of(side);
  const bool reduces = position.size.count * sign < 0;
  Moved moved{.closed = reduces ? std::min(absolute(position.size), size) : Lots{0}};
  if (moved.closed.count > 0) {
    const Lots held = absolute(position.size);
    const auto closed_part = [&](E8 whole) {
      return moved.closed == held ? whole : multiply_divide(whole, E8{moved.closed.count}, E8{held.count});
    };
    moved.entry_cost = closed_part(position.entry_value);
    moved.open_fees = closed_part(position.open_fees);
    const E8 gained = multiply(price, instrument.size(moved.closed)) - moved.entry_cost;
    moved.realised = sign < 0 ? gained : -gained;  // selling closes a long
    position.extra_margin = position.extra_margin - closed_part(position.extra_margin);
    position.entry_value = position.entry_value - moved.entry_cost;
    position.open_fees = position.open_fees - moved.open_fees;
    position.size = position.size + Lots{sign * moved.closed.count};
  }
  const Lots opened = size - moved.closed;
  if (opened.count > 0) {
    if (position.size.count == 0) {
      position.realised = E8{};
      position.created_at = now_;
    }
    position.entry_value = position.entry_value + multiply(price, instrument.size(opened));
    position.size = position.size + Lots{sign * opened.count};
  }
  position.updated_at = now_;
  return moved;
}

void Exchange::Engine::book_money(AccountId account_id, TransactionRow row) {
  constexpr std::size_t transactions_kept = 5000;
  Account& account = at(account_id);
  row.change = row.cash_flow + row.funding - row.fee - row.surcharge;
  account.wallet = account.wallet + row.change;
  if (row.kind != TransactionKind::transfer_in) account.realised_ever = account.realised_ever + row.change;
  row.cash_balance = account.wallet;
  row.at = now_;
  account.transactions.push_back(row);
  if (account.transactions.size() > transactions_kept) account.transactions.pop_front();
}

void Exchange::Engine::note_closed_pnl(Account& account, const OrderRow& row, const Position& position,
                                       ExecutionKind kind, const Moved& moved, E8 close_fee, bool again) {
  constexpr std::size_t closed_pnl_kept = 2000;
  auto known = account.closed_pnl.rend();
  if (again)
    known = std::ranges::find(account.closed_pnl.rbegin(), known, row.venue_id, &ClosedPnlRow::order_id);
  const bool is_new = known == account.closed_pnl.rend();
  if (is_new) {
    account.closed_pnl.push_back({.symbol = row.symbol,
                                  .order_id = row.venue_id,
                                  .side = row.side,
                                  .order_type = row.type,
                                  .kind = kind,
                                  .leverage = position.leverage,
                                  .created_at = now_});
    if (account.closed_pnl.size() > closed_pnl_kept) account.closed_pnl.pop_front();
  }
  ClosedPnlRow& closed = is_new ? account.closed_pnl.back() : *known;
  const E8 exit =
      row.side == Side::sell ? moved.entry_cost + moved.realised : moved.entry_cost - moved.realised;
  closed.order_size = row.size;
  closed.order_price = row.price;
  closed.closed = closed.closed + moved.closed;
  closed.entry_value = closed.entry_value + moved.entry_cost;
  closed.exit_value = closed.exit_value + exit;
  const E8 coins = at(row.symbol).instrument.size(closed.closed);
  closed.average_entry = multiply_divide(closed.entry_value, E8{e8_per_unit}, coins);
  closed.average_exit = multiply_divide(closed.exit_value, E8{e8_per_unit}, coins);
  closed.open_fee = closed.open_fee + moved.open_fees;
  closed.close_fee = closed.close_fee + close_fee;
  closed.closed_pnl = closed.closed_pnl + moved.realised - moved.open_fees - close_fee;
  ++closed.fills;
  closed.updated_at = now_;
}

void Exchange::Engine::note_holder(AccountId account, SymbolState& symbol) {
  const bool holds = !at(account).holdings[symbol.instrument.id.index].flat();
  const auto place = std::ranges::lower_bound(symbol.holders, account);
  const bool known = place != symbol.holders.end() && *place == account;
  if (holds && !known) symbol.holders.insert(place, account);
  if (!holds && known) symbol.holders.erase(place);
}

Lots Exchange::Engine::settle_fill(AccountId account_id, OrderRow& row, Lots size, const FillTerms& terms) {
  Account& account = at(account_id);
  SymbolState& symbol = at(row.symbol);
  const Instrument& instrument = symbol.instrument;
  Position& position = account.position(row);
  const E8 value = multiply(instrument.size(size), terms.price);
  const E8 rate_of_surcharge = multiply(std::max(terms.fee_rate, E8{}), account.surcharge);
  E8 fee = multiply(value, terms.fee_rate);
  E8 surcharge = multiply(value, rate_of_surcharge);
  if (terms.fee_most) {
    fee = std::min(fee, *terms.fee_most);
    surcharge = std::min(surcharge, *terms.fee_most - fee);
  }
  const E8 paid = fee + surcharge;
  const Moved moved = move_position(position, instrument, row.side, size, terms.price);
  const Lots opened = size - moved.closed;
  const E8 paid_to_open =
      moved.closed.count == 0 ? paid : multiply_divide(paid, E8{opened.count}, E8{size.count});
  position.open_fees = position.open_fees + paid_to_open;
  position.realised = position.realised + moved.realised - paid;
  position.realised_ever = position.realised_ever + moved.realised - paid;
  position.cross_sequence = static_cast<std::int64_t>(symbol.cross_sequence);
  fees_collected_ = fees_collected_ + paid;

  row.filled = row.filled + size;
  row.filled_value = row.filled_value + value;
  row.fees = row.fees + paid;
  row.realised_pnl = row.realised_pnl + moved.realised;
  row.status = row.filled == row.size ? OrderStatus::filled : OrderStatus::part_filled;
  row.updated_at = now_;
  const VenueId execution_id = make_id();
  constexpr auto kind_of = [](ExecutionKind kind) {
    if (kind == ExecutionKind::adl) return TransactionKind::adl;
    return kind == ExecutionKind::bust ? TransactionKind::liquidation : TransactionKind::trade;
  };
  book_money(account_id, {.symbol = row.symbol,
                          .side = row.side,
                          .kind = kind_of(terms.kind),
                          .size = size,
                          .position = position.size,
                          .price = terms.price,
                          .fee = fee,
                          .fee_rate = terms.fee_rate,
                          .surcharge = surcharge,
                          .cash_flow = moved.realised,
                          .trade_id = execution_id,
                          .order_id = row.venue_id,
                          .client_id = row.client_id,
                          .cross_sequence = symbol.cross_sequence});
  if (moved.closed.count > 0) {
    note_closed_pnl(account, row, position, terms.kind, moved, paid - paid_to_open, row.filled != size);
  }
  record(account_id, {.execution = {.symbol = row.symbol,
                                    .kind = terms.kind,
                                    .client_id = row.client_id,
                                    .venue_id = row.venue_id,
                                    .execution_id = execution_id,
                                    .side = row.side,
                                    .price = terms.price,
                                    .size = size,
                                    .fee = fee,
                                    .realised_pnl = moved.realised,
                                    .liquidity = terms.liquidity,
                                    .at = now_},
                      .order_price = row.price,
                      .order_size = row.size,
                      .leaves = row.size - row.filled,
                      .order_type = row.type,
                      .stop = row.stop,
                      .create_type = row.create_type,
                      .value = value,
                      .fee_rate = terms.fee_rate,
                      .surcharge = surcharge,
                      .surcharge_rate = rate_of_surcharge,
                      .closed = moved.closed,
                      .mark_price = symbol.mark_price,
                      .cross_sequence = symbol.cross_sequence});
  note_holder(account_id, symbol);
  touch(account_id, row.symbol, position.index);
  unchecked_.push_back(account_id);
  accounts_need_check_ = true;
  return opened;
}

void Exchange::Engine::fill_order(OrderNumber number, PriceTicks price, Lots size, Liquidity liquidity) {
  const OrderPlace place = places_.at(number);
  Account& account = at(place.account);
  const SymbolState& symbol = at(place.symbol);
  OrderRow& row = account.open.at(number);
  const FeeRates rates = fee_rates(account, symbol);
  const Lots opened = settle_fill(place.account, row, size,
                                  {.price = symbol.instrument.price(price),
                                   .liquidity = liquidity,
                                   .fee_rate = liquidity == Liquidity::maker ? rates.maker : rates.taker});
  attach_stops(place.account, row, opened);
  if (number != working_) {
    if (row.filled == row.size) {
      close_order(place.account, number, OrderStatus::filled, "UNKNOWN", "EC_NoError");
    } else {
      tell_order(place.account, row);
    }
  }
}

void Exchange::Engine::after_position_change(AccountId account_id, SymbolId symbol_id,
                                             std::uint8_t position_index) {
  Account& account = at(account_id);
  Position& position = account.position(symbol_id, position_index);
  follow_position(account_id, symbol_id, position_index);
  std::vector<OrderNumber> reducing;
  for (const auto& [number, row] : account.open) {
    const bool resting = !row.is_held() && number != working_;
    const bool same = row.symbol == symbol_id && row.position_index == position_index;
    if (resting && same && row.reduce_only) reducing.push_back(number);
  }
  Lots free = absolute(position.size);
  for (const OrderNumber number : reducing) {
    OrderRow& row = account.open.at(number);
    const bool shrinks = position.size.count != 0 && row.side == position.closing_side();
    const Lots keeps = shrinks ? std::min(free, row.leaves()) : Lots{0};
    if (keeps.count == 0) {
      cancel_open(account_id, number, "CancelByReduceOnly", "EC_NoError");
    } else if (keeps < row.leaves()) {
      SymbolState& symbol = at(symbol_id);
      symbol.book.shrink(row.side, row.price, number, keeps);
      book_changed(symbol);
      row.size = row.filled + keeps;
      row.updated_at = now_;
      tell_order(account_id, row);
    }
    free = free - keeps;
  }
}

}  // namespace mlbot::sim
