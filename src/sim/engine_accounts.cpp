// Positions and money: fills, margin, funding, liquidation, and the news of all that.
#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "sim/engine.h"
#include "sim/margin.h"
#include "sim/refusal.h"

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
  Account account{.name = std::string{name}, .wallet = wallet_balance};
  for (const SymbolState& symbol : symbols_) {
    Holdings flat;
    for (std::uint8_t index = 0; index < flat.positions.size(); ++index) {
      flat.positions[index].index = index;
      flat.positions[index].leverage = std::min(setup_.default_leverage, symbol.instrument.max_leverage);
    }
    account.holdings.push_back(flat);
  }
  accounts_.push_back(std::move(account));
  return {static_cast<std::uint32_t>(accounts_.size() - 1)};
}

void Exchange::Engine::touch(AccountId account, SymbolId symbol, std::uint8_t position_index) {
  const Touched entry{account, symbol, position_index};
  if (std::ranges::find(touched_, entry) == touched_.end()) touched_.push_back(entry);
}

void Exchange::Engine::tell_touched() {
  if (working_ != anonymous) return;  // the taker's own news come first
  for (const auto& [account, symbol, position_index] : touched_) {
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

std::pair<E8, Lots> Exchange::Engine::move_position(Position& position, const Instrument& instrument,
                                                    Side side, Lots size, E8 price) {
  const int sign = sign_of(side);
  const bool reduces = position.size.count * sign < 0;
  const Lots closed = reduces ? std::min(absolute(position.size), size) : Lots{0};
  E8 pnl;
  if (closed.count > 0) {
    const Lots held = absolute(position.size);
    const E8 cost = closed == held ? position.entry_value
                                   : multiply_divide(position.entry_value, E8{closed.count}, E8{held.count});
    const E8 gained = multiply(price, instrument.size(closed)) - cost;
    pnl = sign < 0 ? gained : -gained;  // selling closes a long
    position.entry_value = position.entry_value - cost;
    position.size = position.size + Lots{sign * closed.count};
    position.realised = position.realised + pnl;
    position.realised_ever = position.realised_ever + pnl;
  }
  const Lots opened = size - closed;
  if (opened.count > 0) {
    if (position.size.count == 0) {
      position.realised = E8{};
      position.created_at = now_;
    }
    position.entry_value = position.entry_value + multiply(price, instrument.size(opened));
    position.size = position.size + Lots{sign * opened.count};
  }
  position.updated_at = now_;
  return {pnl, closed};
}

void Exchange::Engine::fill_order(OrderNumber number, PriceTicks price, Lots size, Liquidity liquidity) {
  const OrderPlace place = places_.at(number);
  Account& account = at(place.account);
  SymbolState& symbol = at(place.symbol);
  const Instrument& instrument = symbol.instrument;
  OrderRow& row = account.open.at(number);
  Position& position = account.position(row);

  const E8 rate = liquidity == Liquidity::maker ? instrument.fees.maker : instrument.fees.taker;
  const E8 value = instrument.notional(price, size);
  const E8 fee = multiply(value, rate);
  const auto [pnl, closed] = move_position(position, instrument, row.side, size, instrument.price(price));
  position.realised = position.realised - fee;
  position.realised_ever = position.realised_ever - fee;
  position.cross_sequence = static_cast<std::int64_t>(symbol.cross_sequence);
  account.wallet = account.wallet + pnl - fee;
  account.realised_ever = account.realised_ever + pnl - fee;

  row.filled = row.filled + size;
  row.filled_value = row.filled_value + value;
  row.fees = row.fees + fee;
  row.realised_pnl = row.realised_pnl + pnl;
  row.status = row.filled == row.size ? OrderStatus::filled : OrderStatus::part_filled;
  row.updated_at = now_;
  record(place.account, {.execution = {.symbol = place.symbol,
                                       .kind = ExecutionKind::trade,
                                       .client_id = row.client_id,
                                       .venue_id = row.venue_id,
                                       .execution_id = make_id(),
                                       .side = row.side,
                                       .price = instrument.price(price),
                                       .size = size,
                                       .fee = fee,
                                       .realised_pnl = pnl,
                                       .liquidity = liquidity,
                                       .at = now_},
                         .order_price = row.price,
                         .order_size = row.size,
                         .leaves = row.size - row.filled,
                         .order_type = row.type,
                         .stop = row.stop,
                         .create_type = row.create_type,
                         .value = value,
                         .fee_rate = rate,
                         .closed = closed,
                         .mark_price = symbol.mark_price,
                         .cross_sequence = symbol.cross_sequence});
  touch(place.account, place.symbol, position.index);
  accounts_need_check_ = true;

  attach_stops(place.account, row, size - closed);
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

// ---- settings

Result<void, Refusal> Exchange::Engine::set_position_mode(AccountId account_id,
                                                          std::optional<SymbolId> symbol_id,
                                                          PositionMode mode) {
  if (symbol_id && symbol_id->index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  const auto has_orders = [&](SymbolId symbol) {
    return std::ranges::any_of(account.open,
                               [&](const auto& entry) { return entry.second.symbol == symbol; });
  };
  bool changes = !symbol_id && account.default_mode != mode;
  for (const SymbolState& symbol : symbols_) {
    const SymbolId id = symbol.instrument.id;
    if (symbol_id && id != *symbol_id) continue;
    Holdings& holdings = account.holdings[id.index];
    if (holdings.mode == mode) continue;
    if (symbol_id && !holdings.flat()) return refuse(110024, "you have an existing position, cannot switch");
    if (symbol_id && has_orders(id)) return refuse(110028, "you have active orders, cannot switch");
    if (!holdings.flat() || has_orders(id)) continue;
    const E8 leverage = holdings.held().front().leverage;
    holdings.mode = mode;
    for (Position& position : holdings.held()) position.leverage = leverage;
    changes = true;
  }
  if (!changes) return refuse(110025, "Position mode is not modified");
  if (!symbol_id) account.default_mode = mode;
  return {};
}

Result<void, Refusal> Exchange::Engine::set_leverage(AccountId account_id, SymbolId symbol_id, E8 leverage) {
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  const std::span<Position> held = at(account_id).holdings[symbol_id.index].held();
  if (leverage < E8{e8_per_unit} || leverage > at(symbol_id).instrument.max_leverage) {
    return refuse(110013, "cannot set leverage gt maxLeverage by risk limit");
  }
  const E8 before = held.front().leverage;
  if (leverage == before) return refuse(110043, "leverage not modified");
  for (Position& position : held) position.leverage = leverage;
  if (leverage < before && wallet_row(account_id).available.count < 0) {
    for (Position& position : held) position.leverage = before;
    return refuse(110007, "ab not enough for new leverage");
  }
  for (const Position& position : held) touch(account_id, symbol_id, position.index);
  tell_touched();
  return {};
}

// ---- margin

E8 Exchange::Engine::unrealised(const Position& position, const SymbolState& symbol) const {
  const E8 gained =
      multiply(symbol.mark_price, symbol.instrument.size(absolute(position.size))) - position.entry_value;
  return position.size.count >= 0 ? gained : -gained;
}

Lots Exchange::Engine::opening_part(const Account& account, SymbolId symbol, std::uint8_t position_index,
                                    Side side, Lots size, OrderNumber number) const {
  const Position& position = account.position(symbol, position_index);
  if (position_index != 0) return position.closed_by(side) ? Lots{0} : size;
  Lots closable = position.closed_by(side) ? absolute(position.size) : Lots{0};
  for (const auto& [older, row] : account.open) {
    if (older >= number || closable.count <= 0) break;
    const bool counts = row.symbol == symbol && row.side == side && !row.is_held() && !row.reduce_only;
    if (counts) closable = closable - row.leaves();
  }
  return size - std::clamp(closable, Lots{0}, size);
}

E8 Exchange::Engine::orders_margin(const Account& account) const {
  E8 sum;
  for (const auto& [number, row] : account.open) {
    if (row.is_held() || row.reduce_only) continue;
    const Lots opening =
        opening_part(account, row.symbol, row.position_index, row.side, row.leaves(), number);
    if (opening.count == 0) continue;
    const Instrument& instrument = at(row.symbol).instrument;
    sum = sum + order_margin(instrument.notional(row.price, opening), row.side,
                             account.position(row).leverage, instrument.fees.taker);
  }
  return sum;
}

// ---- funding and liquidation

void Exchange::Engine::pay_funding(const SymbolState& symbol) {
  const Instrument& instrument = symbol.instrument;
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    for (Position& position : accounts_[i].holdings[instrument.id.index].held()) {
      if (position.size.count != 0) pay_funding(symbol, {i}, position);
    }
  }
  accounts_need_check_ = true;
  tell_touched();
}

void Exchange::Engine::pay_funding(const SymbolState& symbol, AccountId account_id, Position& position) {
  const Instrument& instrument = symbol.instrument;
  Account& account = at(account_id);
  const Lots size = absolute(position.size);
  const E8 value = multiply(symbol.mark_price, instrument.size(size));
  const E8 due = multiply(value, symbol.funding_rate);
  const E8 paid = position.size.count > 0 ? due : -due;
  account.wallet = account.wallet - paid;
  account.realised_ever = account.realised_ever - paid;
  position.realised = position.realised - paid;
  position.realised_ever = position.realised_ever - paid;
  const Side side = position.size.count > 0 ? Side::buy : Side::sell;
  const std::string id = fmt::format("{}-{}-{}-{}", symbol.next_funding.seconds(), instrument.name.view(),
                                     last_id_, side == Side::buy ? "Buy" : "Sell");
  record(account_id, {.execution = {.symbol = instrument.id,
                                    .kind = ExecutionKind::funding,
                                    .venue_id = VenueId{std::string_view{id}.substr(0, VenueId::capacity)},
                                    .execution_id = make_id(),
                                    .side = side,
                                    .price = symbol.mark_price,
                                    .size = size,
                                    .fee = paid,
                                    .at = now_},
                      .order_type = OrderType::unknown,
                      .value = value,
                      .fee_rate = symbol.funding_rate,
                      .mark_price = symbol.mark_price,
                      .cross_sequence = symbol.cross_sequence});
  touch(account_id, instrument.id, position.index);
}

void Exchange::Engine::liquidate(AccountId account_id) {
  Account& account = at(account_id);
  std::vector<OrderNumber> orders;
  for (const auto& [number, row] : account.open) orders.push_back(number);
  for (const OrderNumber number : orders) {
    cancel_open(account_id, number, "CancelAllBeforeLiq", "EC_PerCancelRequest");
  }
  // The position that asks for most margin goes first; what the wallet still bears may stay.
  for (;;) {
    const WalletRow wallet = wallet_row(account_id);
    if (wallet.maintenance_margin.count == 0 || wallet.equity > wallet.maintenance_margin) break;
    PositionRow heaviest;
    for (const SymbolState& symbol : symbols_) {
      const SymbolId id = symbol.instrument.id;
      for (const Position& position : account.holdings[id.index].held()) {
        const PositionRow row = position_row(account_id, id, position.index);
        if (row.maintenance_margin > heaviest.maintenance_margin) heaviest = row;
      }
    }
    take_over(account_id, heaviest.symbol, heaviest.position_index);
  }
  tell_touched();
}

void Exchange::Engine::take_over(AccountId account_id, SymbolId symbol_id, std::uint8_t position_index) {
  Account& account = at(account_id);
  SymbolState& symbol = at(symbol_id);
  const Instrument& instrument = symbol.instrument;
  Position& position = account.position(symbol_id, position_index);
  const Lots size = absolute(position.size);
  const Side side = position.closing_side();
  const PositionSide held = position.side();

  // At the bankruptcy price nothing is left of the account: what equity there is pays for the distance and
  // the fee.
  const E8 quantity = instrument.size(size);
  const E8 mark_value = multiply(symbol.mark_price, quantity);
  const E8 equity = std::max(wallet_row(account_id).equity, E8{});
  const E8 distance = std::max(equity - multiply(mark_value, instrument.fees.taker), E8{});
  const E8 step = multiply_divide(distance, E8{e8_per_unit}, quantity);
  const E8 bankruptcy =
      std::max(held == PositionSide::long_side ? symbol.mark_price - step : symbol.mark_price + step,
               instrument.tick_size);
  const E8 value = multiply(bankruptcy, quantity);
  const E8 fee = multiply(value, instrument.fees.taker);
  const auto [pnl, closed] = move_position(position, instrument, side, size, bankruptcy);
  position.realised = position.realised - fee;
  position.realised_ever = position.realised_ever - fee;
  account.realised_ever = account.realised_ever + pnl - fee;
  account.wallet = account.wallet + pnl - fee;
  const bool all_flat = std::ranges::all_of(account.holdings, &Holdings::flat);
  if (all_flat && account.wallet.count < 0) {
    insurance_fund_ = insurance_fund_ + account.wallet;
    account.wallet = E8{};
  }
  record(account_id, {.execution = {.symbol = symbol_id,
                                    .kind = ExecutionKind::bust,
                                    .venue_id = make_id(),
                                    .execution_id = make_id(),
                                    .side = side,
                                    .price = bankruptcy,
                                    .size = size,
                                    .fee = fee,
                                    .realised_pnl = pnl,
                                    .liquidity = Liquidity::taker,
                                    .at = now_},
                      .order_size = size,
                      .order_type = OrderType::market,
                      .value = value,
                      .fee_rate = instrument.fees.taker,
                      .closed = closed,
                      .mark_price = symbol.mark_price,
                      .cross_sequence = symbol.cross_sequence});
  touch(account_id, symbol_id, position_index);
  liquidated(symbol_id, {.at = now_, .liquidated = held, .size = size, .bankruptcy_price = bankruptcy});
  trade(symbol, side, size, market_bound(symbol, side, PriceTicks{0}), anonymous);
}

}  // namespace mlbot::sim
