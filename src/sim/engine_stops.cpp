// What waits for a trigger: the stops of positions.
#include <algorithm>
#include <array>

#include "sim/engine.h"

namespace mlbot::sim {
namespace {

std::unexpected<Refusal> refuse(std::int32_t code, std::string_view text) {
  return std::unexpected{Refusal{code, venue_text(text)}};
}

}  // namespace

void Exchange::Engine::check_stops(AccountId id, const SymbolState& symbol, const Position& position) {
  if (position.size.count == 0) return;
  const auto passed = [&](OrderNumber stop) {
    if (stop == anonymous) return false;
    const Trigger& trigger = *at(id).open.at(stop).trigger;
    const std::int64_t distance = symbol.mark_price.count - symbol.instrument.price(trigger.price).count;
    return trigger.rising ? distance >= 0 : distance <= 0;
  };
  if (passed(position.stop_loss)) {
    trigger_stop(id, position.stop_loss);
  } else if (passed(position.take_profit)) {
    trigger_stop(id, position.take_profit);
  }
}

void Exchange::Engine::follow_position(AccountId account_id, SymbolId symbol, std::uint8_t position_index) {
  Account& account = at(account_id);
  const Position& position = account.position(symbol, position_index);
  for (const OrderNumber stop : {position.stop_loss, position.take_profit}) {
    if (stop == anonymous) continue;
    OrderRow& row = account.open.at(stop);
    if (position.size.count == 0 || row.side != position.closing_side()) {
      drop_stop(account_id, stop, "CancelByTpSlTsClear");
    } else {
      row.size = absolute(position.size);
    }
  }
}

void Exchange::Engine::set_stop(AccountId account_id, SymbolId symbol, std::uint8_t position_index,
                                StopKind kind, const StopLeg& leg) {
  Account& account = at(account_id);
  Position& position = account.position(symbol, position_index);
  OrderNumber& held = kind == StopKind::stop_loss ? position.stop_loss : position.take_profit;
  if (held != anonymous && account.open.at(held).side != position.closing_side()) {
    drop_stop(account_id, held, "CancelByTpSlTsClear");  // of the position before it turned round
  }
  if (held == anonymous) {
    OrderRow& row =
        new_order(account_id, symbol, position_index, position.closing_side(), absolute(position.size));
    row.type = OrderType::market;
    row.time_in_force = TimeInForce::ioc;
    row.status = OrderStatus::untriggered;
    row.reduce_only = true;
    row.stop = kind;
    row.create_type = kind == StopKind::stop_loss ? "CreateByStopLoss" : "CreateByTakeProfit";
    held = row.number;
  }
  OrderRow& row = account.open.at(held);
  row.trigger = Trigger{leg.trigger, leg.by, (kind == StopKind::take_profit) == (row.side == Side::sell)};
  row.size = absolute(position.size);
  row.updated_at = now_;
  tell_order(account_id, row);
  touch(account_id, symbol, position_index);
  accounts_need_check_ = true;
}

void Exchange::Engine::drop_stop(AccountId account_id, OrderNumber number, std::string_view cancel_type) {
  Account& account = at(account_id);
  Position& position = account.position(account.open.at(number));
  if (position.stop_loss == number) position.stop_loss = anonymous;
  if (position.take_profit == number) position.take_profit = anonymous;
  close_order(account_id, number, OrderStatus::deactivated, cancel_type, "EC_NoError");
}

void Exchange::Engine::trigger_stop(AccountId account_id, OrderNumber number) {
  Account& account = at(account_id);
  OrderRow& row = account.open.at(number);
  Position& position = account.position(row);
  if (position.stop_loss == number) position.stop_loss = anonymous;
  if (position.take_profit == number) position.take_profit = anonymous;
  row.status = OrderStatus::triggered;
  row.size = absolute(position.size);
  row.updated_at = now_;
  tell_order(account_id, row);
  row.price = market_bound(at(row.symbol), row.side, PriceTicks{0});
  row.status = OrderStatus::open;
  work(account_id, number);
}

Result<void, Refusal> Exchange::Engine::set_position_stop(AccountId account_id, SymbolId symbol_id,
                                                          const StopRequest& request) {
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  const SymbolState& symbol = at(symbol_id);
  if (auto no = refuse_position_index(account, symbol_id, request.position_index)) {
    return std::unexpected{*no};
  }
  const Position& position = account.position(symbol_id, request.position_index);
  if (position.size.count == 0) return refuse(10001, "can not set tp/sl/ts for zero position");
  struct Wish {
    StopKind kind;
    std::optional<StopLeg> leg;
    OrderNumber held;
    int beyond;  // sign of trigger - mark that is allowed
  };
  const int sign = position.size.count > 0 ? 1 : -1;
  const std::array wishes{Wish{StopKind::stop_loss, request.stop_loss, position.stop_loss, -sign},
                          Wish{StopKind::take_profit, request.take_profit, position.take_profit, sign}};
  bool changes = false;
  for (const Wish& wish : wishes) {
    if (!wish.leg) continue;
    const PriceTicks trigger = wish.leg->trigger;
    if (trigger.count < 0) return refuse(10001, "params error: trigger price invalid");
    if (trigger.count == 0) {
      changes |= wish.held != anonymous;
      continue;
    }
    const std::int64_t distance = symbol.instrument.price(trigger).count - symbol.mark_price.count;
    if (distance * wish.beyond <= 0) return refuse(10001, "the stop is set on the wrong side of base_price");
    changes |= wish.held == anonymous || account.open.at(wish.held).trigger->price != trigger;
  }
  if (!changes) return refuse(34040, "not modified");
  for (const Wish& wish : wishes) {
    if (!wish.leg) continue;
    if (wish.leg->trigger.count > 0) {
      set_stop(account_id, symbol_id, request.position_index, wish.kind, *wish.leg);
    } else if (wish.held != anonymous) {
      drop_stop(account_id, wish.held, "CancelByUser");
    }
  }
  touch(account_id, symbol_id, request.position_index);
  tell_touched();
  return {};
}

}  // namespace mlbot::sim
