// What waits for a trigger: conditional orders, the stops of positions, trailing stops.
//
// A held order is in its account's list `held`, stands in no book and holds no margin. Last prices are looked
// at print by print, mark and index when accounts are checked. Whoever is reached is noted in due_ and set
// off from happen(), never in the midst of a match. Cost: the held orders of all accounts for every print.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sim/engine.h"
#include "sim/refusal.h"

namespace mlbot::sim {
namespace {

std::string_view word_of(PriceSource by) {
  switch (by) {
    case PriceSource::index:
      return "IndexPrice";
    case PriceSource::mark:
      return "MarkPrice";
    case PriceSource::last:
      break;
  }
  return "LastPrice";
}

/// The venue's refusals print prices as whole numbers, ten thousand a quote unit.
std::int64_t scaled(E8 price) { return price.count / 10'000; }

bool takes_profit(StopKind kind) {
  return kind == StopKind::take_profit || kind == StopKind::partial_take_profit;
}

bool is_partial(StopKind kind) {
  return kind == StopKind::partial_stop_loss || kind == StopKind::partial_take_profit;
}

std::string_view create_type_of(StopKind kind) {
  switch (kind) {
    case StopKind::stop:
      return "CreateByStopOrder";
    case StopKind::stop_loss:
      return "CreateByStopLoss";
    case StopKind::take_profit:
      return "CreateByTakeProfit";
    case StopKind::partial_stop_loss:
      return "CreateByPartialStopLoss";
    case StopKind::partial_take_profit:
      return "CreateByPartialTakeProfit";
    case StopKind::trailing:
      return "CreateByTrailingStop";
    case StopKind::none:
      break;
  }
  return "CreateByUser";
}

}  // namespace

// ---- prices and triggers

E8 Exchange::Engine::source_price(const SymbolState& symbol, PriceSource by) const {
  if (by == PriceSource::index && symbol.index_price.count > 0) return symbol.index_price;
  const auto last = symbol.feed.last_price();
  if (by == PriceSource::last && last) return symbol.instrument.price(*last);
  return symbol.mark_price;
}

bool Exchange::Engine::reached(const OrderRow& row) const {
  if (!row.trigger) return false;
  const SymbolState& symbol = at(row.symbol);
  const E8 now = source_price(symbol, row.trigger->by);
  const E8 asked = symbol.instrument.price(row.trigger->price);
  return now.count > 0 && (row.trigger->rising ? now >= asked : now <= asked);
}

void Exchange::Engine::set_off_soon(OrderNumber number) {
  if (std::ranges::find(due_, number) == due_.end()) due_.push_back(number);
  accounts_need_check_ = true;
}

void Exchange::Engine::last_price_moved(const SymbolState& symbol, std::span<const Trade> prints) {
  for (Account& account : accounts_) {
    for (const OrderNumber number : account.held) {
      OrderRow& row = account.open.at(number);
      if (row.symbol != symbol.instrument.id) continue;
      for (const Trade& print : prints) {
        if (print.block) continue;
        if (row.stop == StopKind::trailing) trail(row, print.price);
        if (!row.trigger || row.trigger->by != PriceSource::last) continue;
        const PriceTicks price = row.trigger->price;
        if (row.trigger->rising ? print.price >= price : print.price <= price) set_off_soon(number);
      }
    }
  }
}

void Exchange::Engine::trail(OrderRow& row, PriceTicks last) const {
  const int sign = -sign_of(row.side);  // +1 guards a long: a sell below the highest price
  if (row.active_price) {
    if ((last - *row.active_price).count * sign < 0) return;
    row.active_price.reset();
  }
  const PriceTicks trigger = last - TickDistance{sign * row.trailing.count};
  if (row.trigger && (trigger - row.trigger->price).count * sign <= 0) return;
  row.trigger = Trigger{trigger, PriceSource::last, sign < 0};
}

void Exchange::Engine::check_stops() {
  for (const Account& account : accounts_) {
    for (const OrderNumber number : account.held) {
      const OrderRow& row = account.open.at(number);
      if (row.trigger && row.trigger->by != PriceSource::last && reached(row)) set_off_soon(number);
    }
  }
  while (!due_.empty()) {
    const OrderNumber number = due_.front();
    due_.erase(due_.begin());
    const auto place = places_.find(number);
    if (place != places_.end()) trigger_stop(place->second.account, number);
  }
}

// ---- holding and letting go

void Exchange::Engine::hold(AccountId account, OrderRow& row) {
  row.status = OrderStatus::untriggered;
  at(account).held.push_back(row.number);
  tell_order(account, row);
  touch(account, row.symbol, row.position_index);
  if (reached(row)) set_off_soon(row.number);
}

void Exchange::Engine::let_go(AccountId account_id, OrderNumber number) {
  Account& account = at(account_id);
  std::erase(account.held, number);
  std::erase(due_, number);
  Position& position = account.position(account.open.at(number));
  for (OrderNumber* slot : {&position.stop_loss, &position.take_profit, &position.trailing}) {
    if (*slot == number) *slot = anonymous;
  }
}

void Exchange::Engine::drop_stop(AccountId account, OrderNumber number, std::string_view cancel_type,
                                 std::string_view reject_reason) {
  let_go(account, number);
  close_order(account, number, OrderStatus::deactivated, cancel_type, reject_reason);
}

void Exchange::Engine::follow_position(AccountId account_id, SymbolId symbol, std::uint8_t position_index) {
  Account& account = at(account_id);
  if (account.held.empty()) return;
  const Position& position = account.position(symbol, position_index);
  const Lots size = absolute(position.size);
  for (const OrderNumber number : std::vector<OrderNumber>{account.held}) {
    OrderRow& row = account.open.at(number);
    if (row.symbol != symbol || row.position_index != position_index || !belongs_to_position(row.stop))
      continue;
    if (size.count == 0 || row.side != position.closing_side()) {
      drop_stop(account_id, number, "CancelByTpSlTsClear", "EC_NoError");
    } else {
      row.size = is_partial(row.stop) ? std::min(row.size, size) : size;
    }
  }
}

void Exchange::Engine::drop_other_leg(AccountId account_id, const OrderRow& row) {
  const Account& account = at(account_id);
  const Position& position = account.position(row);
  OrderNumber other = row.other_leg;
  if (row.stop == StopKind::stop_loss) other = position.take_profit;
  if (row.stop == StopKind::take_profit) other = position.stop_loss;
  const auto found = account.open.find(other);
  if (found == account.open.end() || !found->second.is_held()) return;
  drop_stop(
      account_id, other,
      takes_profit(row.stop) ? "CancelByOCOSlCanceledByTpTriggered" : "CancelByOCOTpCanceledBySlTriggered",
      "EC_NoError");
}

void Exchange::Engine::trigger_stop(AccountId account_id, OrderNumber number) {
  Account& account = at(account_id);
  OrderRow& row = account.open.at(number);
  const SymbolState& symbol = at(row.symbol);
  const Lots held = absolute(account.position(row).size);
  if (belongs_to_position(row.stop)) row.size = is_partial(row.stop) ? std::min(row.size, held) : held;
  row.status = OrderStatus::triggered;
  row.updated_at = now_;
  tell_order(account_id, row);
  drop_other_leg(account_id, row);
  let_go(account_id, number);
  touch(account_id, row.symbol, row.position_index);

  const auto give_up = [&](std::string_view cancel_type, std::string_view reason) {
    close_order(account_id, number, OrderStatus::cancelled, cancel_type, reason);
    tell_touched();
  };
  if (row.type == OrderType::market) {
    row.price = market_bound(symbol, row.side, PriceTicks{0});
  } else if (const auto price = bounded_price(account, symbol, row.side, row.price)) {
    row.price = *price;
  } else {
    return give_up("UNKNOWN", "EC_LimitOrderInvalidPrice");
  }
  if (row.reduce_only) {
    const auto most = reducible(account, row);
    if (!most) return give_up("CancelByReduceOnly", "EC_NoError");
    row.size = std::min(row.size, *most);
  } else {
    const auto best = symbol.book.best(opposite(row.side));
    const PriceTicks price = row.type == OrderType::market && best ? *best : row.price;
    const Lots opening = opening_part(account, row.symbol, row.position_index, row.side, row.size, number);
    if (refuse_margin(account_id, symbol, row.position_index, row.side, opening, price, E8{}, number)) {
      return give_up("UNKNOWN", "EC_Others");  // it held no margin until now
    }
  }
  row.status = OrderStatus::open;
  work_in_parts(account_id, number);
}

// ---- the stops of a position

OrderRow& Exchange::Engine::new_stop(AccountId account_id, const Position& position, SymbolId symbol,
                                     StopKind kind, Lots size) {
  OrderRow& row = new_order(account_id, symbol, position.index, position.closing_side(), size);
  row.type = OrderType::market;
  row.time_in_force = TimeInForce::ioc;
  row.reduce_only = row.close_on_trigger = true;
  row.stop = kind;
  row.stop_mode = is_partial(kind) ? StopMode::partial : StopMode::full;
  row.create_type = create_type_of(kind);
  return row;
}

void Exchange::Engine::set_stop(AccountId account_id, SymbolId symbol, std::uint8_t position_index,
                                StopKind kind, const StopLeg& leg) {
  Account& account = at(account_id);
  Position& position = account.position(symbol, position_index);
  OrderNumber& slot = kind == StopKind::stop_loss ? position.stop_loss : position.take_profit;
  if (slot != anonymous && account.open.at(slot).side != position.closing_side()) {
    drop_stop(account_id, slot, "CancelByTpSlTsClear", "EC_NoError");  // of the position before it turned
  }
  const bool fresh = slot == anonymous;
  OrderRow& row =
      fresh ? new_stop(account_id, position, symbol, kind, absolute(position.size)) : account.open.at(slot);
  slot = row.number;
  row.trigger = Trigger{leg.trigger, leg.by, takes_profit(kind) == (row.side == Side::sell)};
  row.size = absolute(position.size);
  row.updated_at = now_;
  if (fresh) return hold(account_id, row);
  rearm(account_id, row);
}

void Exchange::Engine::rearm(AccountId account, OrderRow& row) {
  row.updated_at = now_;
  std::erase(due_, row.number);
  if (reached(row)) set_off_soon(row.number);
  tell_order(account, row);
  touch(account, row.symbol, row.position_index);
}

std::size_t Exchange::Engine::count_held(const Account& account, SymbolId symbol, StopKind kind) const {
  return static_cast<std::size_t>(std::ranges::count_if(account.held, [&](OrderNumber number) {
    const OrderRow& row = account.open.at(number);
    return row.symbol == symbol && row.stop == kind;
  }));
}

OrderNumber Exchange::Engine::add_partial_stop(AccountId account_id, SymbolId symbol,
                                               std::uint8_t position_index, StopKind kind, const StopLeg& leg,
                                               Lots size) {
  Account& account = at(account_id);
  if (count_held(account, symbol, kind) >= setup_.partial_stops_max) return anonymous;
  OrderRow& row = new_stop(account_id, account.position(symbol, position_index), symbol, kind, size);
  row.trigger = Trigger{leg.trigger, leg.by, takes_profit(kind) == (row.side == Side::sell)};
  if (leg.limit) {
    row.type = OrderType::limit;
    row.time_in_force = TimeInForce::gtc;
    row.price = *leg.limit;
  }
  hold(account_id, row);
  return row.number;
}

void Exchange::Engine::link_legs(AccountId account_id, OrderNumber stop_loss, OrderNumber take_profit) {
  if (stop_loss == anonymous || take_profit == anonymous) return;
  at(account_id).open.at(stop_loss).other_leg = take_profit;
  at(account_id).open.at(take_profit).other_leg = stop_loss;
}

void Exchange::Engine::attach_stops(AccountId account_id, OrderRow& row, Lots opened) {
  if (opened.count <= 0 || (!row.stop_loss && !row.take_profit)) return;
  Account& account = at(account_id);
  const bool position_is_new = absolute(account.position(row).size) == opened;
  if (row.stop_mode == StopMode::full) {
    if (row.stops_set && !position_is_new) return;
    row.stops_set = true;
    if (row.stop_loss) {
      set_stop(account_id, row.symbol, row.position_index, StopKind::stop_loss, *row.stop_loss);
    }
    if (row.take_profit) {
      set_stop(account_id, row.symbol, row.position_index, StopKind::take_profit, *row.take_profit);
    }
    return;
  }
  const auto grow = [&](OrderNumber& number, StopKind kind, const std::optional<StopLeg>& leg) {
    if (!leg) return;
    const auto held = account.open.find(number);
    if (held == account.open.end() || !held->second.is_held()) {
      number = add_partial_stop(account_id, row.symbol, row.position_index, kind, *leg, opened);
    } else {
      held->second.size = held->second.size + opened;
      rearm(account_id, held->second);
    }
  };
  grow(row.stop_loss_order, StopKind::partial_stop_loss, row.stop_loss);
  grow(row.take_profit_order, StopKind::partial_take_profit, row.take_profit);
  if (row.stop_loss && row.take_profit) link_legs(account_id, row.stop_loss_order, row.take_profit_order);
}

std::optional<Refusal> Exchange::Engine::refuse_leg(StopKind kind, Side entry, const StopLeg& leg,
                                                    StopMode mode, E8 trigger, E8 base) const {
  if (leg.trigger.count <= 0) return refusal(10001, "params error: trigger price invalid");
  if (leg.limit && mode == StopMode::full) {
    return refusal(110060, "a limit TP/SL order is only allowed in Partial mode");
  }
  if (leg.limit && leg.limit->count <= 0) return refusal(10001, "params error: tp/sl limit price invalid");
  const bool above = takes_profit(kind) == (entry == Side::buy);
  if (base.count == 0 || (above ? trigger > base : trigger < base)) return std::nullopt;
  return refusal(10001, fmt::format("{}:{} set for {} position should {} base_price:{}??{}",
                                    takes_profit(kind) ? "TakeProfit" : "StopLoss", scaled(trigger),
                                    entry == Side::buy ? "Buy" : "Sell",
                                    takes_profit(kind) ? (above ? "be higher than" : "be lower than")
                                                       : (above ? "greater than" : "lower than"),
                                    scaled(base), word_of(leg.by)));
}

std::optional<Refusal> Exchange::Engine::refuse_legs(const SymbolState& symbol, const OrderRow& entry) const {
  for (const StopKind kind : {StopKind::stop_loss, StopKind::take_profit}) {
    const auto& leg = kind == StopKind::stop_loss ? entry.stop_loss : entry.take_profit;
    if (!leg) continue;
    const E8 base =
        entry.type == OrderType::limit ? symbol.instrument.price(entry.price) : source_price(symbol, leg->by);
    if (auto no = refuse_leg(kind, entry.side, *leg, entry.stop_mode, symbol.instrument.price(leg->trigger),
                             base)) {
      return no;
    }
  }
  return std::nullopt;
}

std::optional<Refusal> Exchange::Engine::refuse_trigger(const SymbolState& symbol,
                                                        const Trigger& trigger) const {
  if (trigger.price.count <= 0) return refusal(10001, "params error: trigger price invalid");
  const E8 now = source_price(symbol, trigger.by), asked = symbol.instrument.price(trigger.price);
  if (now.count == 0 || (trigger.rising ? asked > now : asked < now)) return std::nullopt;
  return refusal(trigger.rising ? 110092 : 110093,
                 fmt::format("expect {}, but trigger_price[{}] {} current[{}]??{}",
                             trigger.rising ? "Rising" : "Falling", scaled(asked),
                             trigger.rising ? "<=" : ">=", scaled(now), word_of(trigger.by)));
}

// ---- trading-stop

Result<void, Refusal> Exchange::Engine::set_position_stop(AccountId account_id, SymbolId symbol_id,
                                                          const StopRequest& request) {
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  if (auto no = refuse_position_index(account, symbol_id, request.position_index)) {
    return std::unexpected{*no};
  }
  const Position& position = account.position(symbol_id, request.position_index);
  if (position.size.count == 0) return refuse(10001, "can not set tp/sl/ts for zero position");
  if (auto no = refuse_stop_request(account, at(symbol_id), position, request)) return std::unexpected{*no};

  bool changes = set_trailing(account_id, symbol_id, position, request);
  if (request.mode == StopMode::partial) {
    std::array<OrderNumber, 2> made{};
    for (const bool profit : {false, true}) {
      const auto& leg = profit ? request.take_profit : request.stop_loss;
      if (!leg || leg->trigger.count == 0) continue;
      made[profit] = add_partial_stop(account_id, symbol_id, request.position_index,
                                      profit ? StopKind::partial_take_profit : StopKind::partial_stop_loss,
                                      *leg, *request.size);
      changes = true;
    }
    link_legs(account_id, made[0], made[1]);
  } else {
    for (const StopKind kind : {StopKind::stop_loss, StopKind::take_profit}) {
      const bool loss = kind == StopKind::stop_loss;
      const auto& leg = loss ? request.stop_loss : request.take_profit;
      const OrderNumber held = loss ? position.stop_loss : position.take_profit;
      if (!leg || (leg->trigger.count == 0 && held == anonymous)) continue;
      if (leg->trigger.count == 0) {
        drop_stop(account_id, held, "CancelByUser", "EC_PerCancelRequest");
      } else {
        if (held != anonymous) {
          const Trigger& now = *account.open.at(held).trigger;
          if (now.price == leg->trigger && now.by == leg->by) continue;
        }
        set_stop(account_id, symbol_id, request.position_index, kind, *leg);
      }
      changes = true;
    }
  }
  if (!changes) return refuse(34040, "not modified");
  account.position(symbol_id, request.position_index).updated_at = now_;
  touch(account_id, symbol_id, request.position_index);
  tell_touched();
  return {};
}

std::optional<Refusal> Exchange::Engine::refuse_stop_request(const Account& account,
                                                             const SymbolState& symbol,
                                                             const Position& position,
                                                             const StopRequest& request) const {
  const Instrument& instrument = symbol.instrument;
  const Side entry = opposite(position.closing_side());
  const bool partial = request.mode == StopMode::partial;
  for (const bool profit : {false, true}) {
    const auto& leg = profit ? request.take_profit : request.stop_loss;
    if (!leg || leg->trigger.count == 0) continue;
    const StopKind kind = profit ? StopKind::partial_take_profit : StopKind::partial_stop_loss;
    if (auto no = refuse_leg(kind, entry, *leg, request.mode, instrument.price(leg->trigger),
                             source_price(symbol, leg->by))) {
      return no;
    }
    if (!partial) continue;
    if (!request.size || *request.size < instrument.min_order) {
      return refusal(10001, "params error: tpSize or slSize invalid");
    }
    if (*request.size > absolute(position.size)) {
      return refusal(110058, "TP/SL size is larger than the position");
    }
    if (count_held(account, instrument.id, kind) >= setup_.partial_stops_max) {
      return refusal(110061, "too many partial TP/SL orders");
    }
  }
  if (request.trailing && request.trailing->count != 0) {
    const auto distance = instrument.ticks(*request.trailing);
    if (request.trailing->count < 0 || !distance) return refusal(10001, "params error: trailingStop invalid");
    const E8 last = source_price(symbol, PriceSource::last);
    if (instrument.price(*distance) >= last) return refusal(10001, "trailingStop is larger than the price");
    if (request.active_price && request.active_price->count > 0) {
      const std::int64_t ahead = instrument.price(*request.active_price).count - last.count;
      if (ahead * sign_of(entry) <= 0) {
        return refusal(
            10001,
            fmt::format("TrailingStop:{} set for {} position should {} base_price:{}??LastPrice",
                        scaled(instrument.price(*request.active_price)), entry == Side::buy ? "Buy" : "Sell",
                        entry == Side::buy ? "be higher than" : "be lower than", scaled(last)));
      }
    }
  }
  return std::nullopt;
}

bool Exchange::Engine::set_trailing(AccountId account_id, SymbolId symbol_id, const Position& position,
                                    const StopRequest& request) {
  if (!request.trailing) return false;
  const OrderNumber held = position.trailing;
  if (request.trailing->count == 0) {
    if (held != anonymous) drop_stop(account_id, held, "CancelByUser", "EC_PerCancelRequest");
    return held != anonymous;
  }
  const TickDistance distance{at(symbol_id).instrument.ticks(*request.trailing)->count};
  const bool waits = request.active_price && request.active_price->count > 0;
  if (held != anonymous) {
    const OrderRow& row = at(account_id).open.at(held);
    if (row.trailing == distance && (!waits || row.active_price == request.active_price)) return false;
  }
  OrderRow& row = held != anonymous ? at(account_id).open.at(held)
                                    : new_stop(account_id, position, symbol_id, StopKind::trailing,
                                               absolute(position.size));
  at(account_id).position(row).trailing = row.number;
  row.trailing = distance;
  row.trigger.reset();
  row.active_price.reset();
  if (waits) row.active_price = request.active_price;
  if (const auto last = at(symbol_id).feed.last_price()) trail(row, *last);
  if (held == anonymous) {
    hold(account_id, row);
  } else {
    rearm(account_id, row);
  }
  return true;
}

// ---- conditional orders

void Exchange::Engine::hold_conditional(AccountId account, OrderRow& row) {
  row.stop = StopKind::stop;
  row.create_type = create_type_of(row.stop);
  hold(account, row);
  tell_touched();
}

Result<VenueId, Refusal> Exchange::Engine::amend_held(AccountId account_id, OrderNumber number,
                                                      const Amendment& amendment) {
  const Account& account = at(account_id);
  OrderRow& row = at(account_id).open.at(number);
  const SymbolState& symbol = at(row.symbol);
  if (amendment.stop_loss.asks() || amendment.take_profit.asks()) {
    return refuse(110057, "TP/SL parameters are not allowed on a conditional order");
  }
  if (row.stop == StopKind::trailing) {
    return refuse(10001, "params error: a trailing stop is changed by trading-stop");
  }
  Trigger trigger = *row.trigger;
  trigger.price = amendment.trigger_price.value_or(trigger.price);
  trigger.by = amendment.trigger_by.value_or(trigger.by);
  const PriceTicks price = amendment.price.value_or(row.price);
  const Lots size = amendment.size.value_or(row.size);
  if (price != row.price && (row.type == OrderType::market || price.count <= 0)) {
    return refuse(10001, "params error: price invalid");
  }
  const bool whole = belongs_to_position(row.stop) && !is_partial(row.stop);
  if (size != row.size) {
    const Lots most = row.type == OrderType::market ? symbol.instrument.max_market_order
                                                    : symbol.instrument.max_limit_order;
    if (whole || size < symbol.instrument.min_order || size > most) {
      return refuse(10001, "params error: qty invalid");
    }
    if (is_partial(row.stop) && size > absolute(account.position(row).size)) {
      return refuse(110058, "TP/SL size is larger than the position");
    }
  }
  if (trigger == *row.trigger && price == row.price && size == row.size) {
    return refuse(10001, "order not modified");
  }
  if (trigger != *row.trigger) {
    if (auto no = refuse_trigger(symbol, trigger)) return std::unexpected{*no};
  }
  row.trigger = trigger;
  row.price = price;
  row.size = size;
  rearm(account_id, row);
  tell_touched();
  return row.venue_id;
}

}  // namespace mlbot::sim
