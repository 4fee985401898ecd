// Trading: Bybit's checks in Bybit's order (reference 11.1), then the order goes to the book or waits for its
// trigger.
#include <algorithm>

#include "sim/engine.h"
#include "sim/instruments.h"
#include "sim/margin.h"
#include "sim/refusal.h"

namespace mlbot::sim {
namespace {

constexpr std::int64_t market_bound_percent = 5;       // of mark, beyond which a market order does not fill
constexpr PriceTicks price_max{19'999'998};            // maxPrice of every linear contract on record
constexpr std::int64_t tolerance_ticks_max = 10'000;   // slippageTolerance of TickSize
constexpr std::int64_t tolerance_percent_max = 1'000;  // of Percent, in hundredths

E8 percent_of(E8 price, std::int64_t percent) { return {price.count / 100 * percent}; }

PriceTicks ticks_down(E8 price, const Instrument& instrument) {
  return {price.count / instrument.tick_size.count};
}
PriceTicks ticks_up(E8 price, const Instrument& instrument) {
  return {(price.count + instrument.tick_size.count - 1) / instrument.tick_size.count};
}

bool is_id_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

/// What the order would be, before it has a number and an id.
OrderRow wished(const OrderRequest& request) {
  OrderRow row;
  row.client_id = request.client_id;
  row.symbol = request.symbol;
  row.side = request.side;
  row.position_index = request.position_index;
  row.type = request.type;
  row.time_in_force = request.type == OrderType::market ? TimeInForce::ioc : request.time_in_force;
  row.price = request.price;
  row.size = request.size;
  row.reduce_only = request.reduce_only || request.close_on_trigger;
  row.close_on_trigger = request.close_on_trigger;
  row.trigger = request.trigger;
  row.self_match = request.self_match;
  row.slippage = request.slippage;
  row.stop_mode = request.stop_mode;
  row.stop_loss = request.stop_loss;
  row.take_profit = request.take_profit;
  return row;
}

/// What an amendment leaves of an attached leg.
std::optional<StopLeg> amended(std::optional<StopLeg> leg, const LegAmendment& change) {
  if (change.trigger && change.trigger->count == 0) return std::nullopt;
  if (!leg && !change.trigger) return leg;
  if (!leg) leg.emplace();
  leg->trigger = change.trigger.value_or(leg->trigger);
  leg->by = change.by.value_or(leg->by);
  if (change.limit) leg->limit = change.limit;
  return leg;
}

}  // namespace

// ---- checks

std::optional<Refusal> Exchange::Engine::refuse_parameters(const OrderRow& wish) const {
  const bool market = wish.type == OrderType::market;
  if (wish.type == OrderType::unknown || wish.time_in_force == TimeInForce::unknown) {
    return refusal(10001, "params error: orderType or timeInForce invalid");
  }
  if (!is_id_text(wish.client_id)) return refusal(10001, "params error: orderLinkId invalid");
  if (wish.size.count < 0 || (wish.size.count == 0 && !wish.close_on_trigger)) {
    return refusal(10001, "params error: qty invalid");
  }
  if (wish.price.count < 0 || (!market && wish.price.count == 0)) {
    return refusal(10001, "params error: price invalid");
  }
  const bool has_legs = wish.stop_loss || wish.take_profit;
  if (wish.reduce_only && has_legs) return refusal(10001, "params error: reduce-only order takes no TP/SL");
  if (wish.trigger && has_legs) {
    return refusal(110057, "TP/SL parameters are not allowed on a conditional order");
  }
  if (wish.slippage) {
    if (!market || has_legs || wish.trigger) {
      return refusal(10001, "params error: slippageTolerance is for plain market orders");
    }
    const std::int64_t most = wish.slippage->percent ? tolerance_percent_max : tolerance_ticks_max;
    if (wish.slippage->amount < 1 || wish.slippage->amount > most) {
      return wish.slippage->percent
                 ? refusal(110109, "slippage tolerance must be between 0.01 and 10 percent")
                 : refusal(110108, "slippage tolerance must be between 1 and 10000 ticks");
    }
  }
  return std::nullopt;
}

std::optional<Refusal> Exchange::Engine::refuse_filters(const SymbolState& symbol, const OrderRow& wish,
                                                        std::optional<PriceTicks> touch) const {
  const Instrument& instrument = symbol.instrument;
  const bool market = wish.type == OrderType::market;
  if (wish.size < instrument.min_order) {
    return refusal(10001, "The number of contracts exceeds minimum limit allowed");
  }
  const bool splits = market && wish.reduce_only && !wish.trigger;
  if (!splits && wish.size > (market ? instrument.max_market_order : instrument.max_limit_order)) {
    return refusal(10001, "The number of contracts exceeds maximum limit allowed");
  }
  if (wish.price > price_max) return refusal(110003, "Order price is out of permissible range");
  if (market && !wish.trigger && !touch) {
    return refusal(110118, "no price for the market order: book too thin");
  }
  if (wish.reduce_only) return std::nullopt;
  const PriceTicks price = !market ? wish.price : wish.trigger ? wish.trigger->price : *touch;
  if (instrument.notional(price, wish.size) < instrument.min_notional) {
    return refusal(110094,
                   "Order does not meet minimum order value " + to_text(instrument.min_notional) + "USDT");
  }
  return std::nullopt;
}

std::optional<Refusal> Exchange::Engine::refuse_position_index(const Account& account, SymbolId symbol,
                                                               std::uint8_t index) const {
  const bool hedge = account.holdings[symbol.index].mode == PositionMode::hedge;
  if (hedge ? index == 1 || index == 2 : index == 0) return std::nullopt;
  return refusal(10001, "position idx not match position mode");
}

Result<Lots, Refusal> Exchange::Engine::reducible(const Account& account, const OrderRow& wish) const {
  const Position& position = account.position(wish);
  if (position.size.count == 0) {
    return refuse(110017, "current position is zero, cannot fix reduce-only order qty");
  }
  if (position.closing_side() != wish.side) {
    return refuse(110017, "reduce-only order has same side with current position");
  }
  Lots free = absolute(position.size);
  if (wish.close_on_trigger) return free;  // the others make room
  for (const auto& [number, row] : account.open) {
    const bool same = row.symbol == wish.symbol && row.position_index == wish.position_index;
    if (same && row.reduce_only && !row.is_held()) free = free - row.leaves();
  }
  if (free.count <= 0) return refuse(110017, "orderQty will be truncated to zero");
  return free;
}

std::optional<Refusal> Exchange::Engine::refuse_count(const Account& account, const OrderRow& wish) const {
  if (wish.trigger) {
    if (count_held(account, wish.symbol, StopKind::stop) < setup_.conditional_orders_max) return std::nullopt;
    return refusal(110009, "too many conditional orders");
  }
  const auto active = std::ranges::count_if(account.open, [&](const auto& entry) {
    return entry.second.symbol == wish.symbol && !entry.second.is_held();
  });
  if (static_cast<std::size_t>(active) < setup_.open_orders_max) return std::nullopt;
  return refusal(110020, "Too many active orders");
}

// ---- prices

PriceLimits Exchange::Engine::price_limits(const SymbolState& symbol) const {
  const E8 mark = symbol.mark_price;
  if (mark.count == 0) return {};
  const E8 index = symbol.index_price.count == 0 ? mark : symbol.index_price;
  const E8 x = multiply(mark, setup_.price_limit_ratio_x), y = multiply(mark, setup_.price_limit_ratio_y);
  const E8 premium = symbol.premium.mean();
  const E8 highest = std::min(mark + y, std::max(index, mark + x + std::max(premium, E8{})));
  const E8 lowest = std::max(mark - y, std::min(index, mark - x + std::min(premium, E8{})));
  return {ticks_down(highest, symbol.instrument), ticks_up(lowest, symbol.instrument)};
}

Result<PriceTicks, Refusal> Exchange::Engine::bounded_price(const Account& account, const SymbolState& symbol,
                                                            Side side, PriceTicks price) const {
  const PriceLimits limits = price_limits(symbol);
  if (limits.highest_bid.count == 0) return price;
  const bool buys = side == Side::buy;
  if (buys ? price <= limits.highest_bid : price >= limits.lowest_ask) return price;
  if (account.moves_limit_price) return buys ? limits.highest_bid : limits.lowest_ask;
  return buys ? refuse(110121, "Order price is above the upper price limit")
              : refuse(110120, "Order price is below the lower price limit");
}

PriceTicks Exchange::Engine::market_bound(const SymbolState& symbol, Side side, PriceTicks collar) const {
  const E8 band = percent_of(symbol.mark_price, market_bound_percent);
  if (side == Side::buy) {
    const PriceTicks bound = ticks_down(symbol.mark_price + band, symbol.instrument);
    return collar.count > 0 ? std::min(bound, collar) : bound;
  }
  return std::max(ticks_up(symbol.mark_price - band, symbol.instrument), collar);
}

PriceTicks Exchange::Engine::tolerated(const SymbolState& symbol, Side side, PriceTicks best,
                                       const SlippageTolerance& tolerance) const {
  const int sign = sign_of(side);
  if (!tolerance.percent) return best + TickDistance{sign * tolerance.amount};
  const E8 touch = symbol.instrument.price(best);
  const E8 bound{touch.count + sign * (touch.count / 10'000 * tolerance.amount)};
  return side == Side::buy ? ticks_down(bound, symbol.instrument) : ticks_up(bound, symbol.instrument);
}

std::optional<PriceTicks> Exchange::Engine::market_price(const SymbolState& symbol,
                                                         const OrderRow& wish) const {
  const auto best = symbol.book.best(opposite(wish.side));
  if (!best || symbol.mark_price.count == 0) return best;
  const PriceTicks bound = market_bound(symbol, wish.side, PriceTicks{0});
  if (wish.side == Side::buy ? *best > bound : *best < bound) return std::nullopt;
  return best;
}

// ---- new orders

OrderRow& Exchange::Engine::new_order(AccountId account, SymbolId symbol, std::uint8_t position_index,
                                      Side side, Lots size) {
  const OrderNumber number = ++last_order_;
  OrderRow& row = at(account).open[number];
  row.number = number;
  row.venue_id = make_id();
  row.symbol = symbol;
  row.position_index = position_index;
  row.side = side;
  row.size = size;
  row.status = OrderStatus::open;
  row.created_at = row.updated_at = now_;
  if (const auto last = at(symbol).feed.last_price()) {
    row.last_price_on_created = at(symbol).instrument.price(*last);
  }
  places_[number] = {account, symbol};
  return row;
}

Result<VenueId, Refusal> Exchange::Engine::place(AccountId account, const OrderRequest& request) {
  if (request.symbol.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  SymbolState& symbol = at(request.symbol);
  Account& owner = at(account);
  OrderRow wish = wished(request);
  if (auto no = refuse_parameters(wish)) return std::unexpected{*no};
  if (!symbol.live) return refuse(110074, "This contract is not live");
  if (!wish.client_id.empty() && owner.client_ids.contains(wish.client_id)) {
    return refuse(110072, "OrderLinkedID is duplicate");
  }
  if (auto no = refuse_position_index(owner, wish.symbol, wish.position_index)) return std::unexpected{*no};
  if (owner.liquidating || owner.position(wish).liquidating) return refuse(110005, "position status error");
  // Closing a side of hedge mode never turns it round: reduce-only without the flag.
  wish.reduce_only |= wish.position_index != 0 && owner.position(wish).closed_by(wish.side);
  const bool market = wish.type == OrderType::market;
  if (wish.size.count == 0) {
    const auto all = reducible(owner, wish);
    if (!all) return std::unexpected{all.error()};
    wish.size =
        std::min(*all, market ? symbol.instrument.max_market_order : symbol.instrument.max_limit_order);
  }
  const auto touch = market ? market_price(symbol, wish) : std::nullopt;
  if (auto no = refuse_filters(symbol, wish, touch)) return std::unexpected{*no};
  if (wish.reduce_only) {
    const auto most = reducible(owner, wish);
    if (!most) return std::unexpected{most.error()};
    if (!wish.trigger) wish.size = std::min(wish.size, *most);
  }
  if (auto no = refuse_legs(symbol, wish)) return std::unexpected{*no};
  if (wish.trigger) {
    if (auto no = refuse_trigger(symbol, *wish.trigger)) return std::unexpected{*no};
  } else if (market) {
    wish.price = market_bound(
        symbol, wish.side, wish.slippage ? tolerated(symbol, wish.side, *touch, *wish.slippage) : wish.price);
  } else {
    const auto price = bounded_price(owner, symbol, wish.side, wish.price);
    if (!price) return std::unexpected{price.error()};
    wish.price = *price;
  }
  if (auto no = refuse_count(owner, wish)) return std::unexpected{*no};
  if (!wish.reduce_only && !wish.trigger) {
    const PriceTicks price = market ? *touch : wish.price;
    const Lots opening =
        opening_part(owner, wish.symbol, wish.position_index, wish.side, wish.size, last_order_ + 1);
    if (auto no =
            refuse_margin(account, symbol, wish.position_index, wish.side, opening, price, E8{}, anonymous)) {
      return std::unexpected{*no};
    }
  }

  const OrderNumber number = enter(account, wish).number;
  const VenueId id = owner.open.at(number).venue_id;
  if (wish.trigger) {
    hold_conditional(account, owner.open.at(number));
  } else {
    work_in_parts(account, number);
  }
  return id;
}

OrderRow& Exchange::Engine::enter(AccountId account, const OrderRow& wish) {
  OrderRow& row = new_order(account, wish.symbol, wish.position_index, wish.side, wish.size);
  const VenueId id = row.venue_id;
  const OrderNumber number = row.number;
  const E8 last_price = row.last_price_on_created;
  row = wish;
  row.venue_id = id;
  row.number = number;
  row.last_price_on_created = last_price;
  row.status = OrderStatus::open;
  row.created_at = row.updated_at = now_;
  if (!row.client_id.empty()) at(account).client_ids[row.client_id] = row.number;
  return row;
}

void Exchange::Engine::make_room(AccountId account_id, const OrderRow& closing) {
  Account& account = at(account_id);
  const SymbolState& symbol = at(closing.symbol);
  const auto cancel_newest = [&](auto&& meant) {
    for (auto entry = account.open.rbegin(); entry != account.open.rend(); ++entry) {
      const OrderRow& row = entry->second;
      if (row.number == closing.number || row.symbol != closing.symbol || row.is_held() || !meant(row))
        continue;
      cancel_open(account_id, row.number, "CancelByReduceOnly", "EC_NoError");
      return true;
    }
    return false;
  };
  // Its promise first: all reduce-only orders together never promise more than is held.
  Lots promised = closing.size;
  const auto promises = [&](const OrderRow& row) {
    return row.reduce_only && row.position_index == closing.position_index;
  };
  for (const auto& [number, row] : account.open) {
    if (row.symbol != closing.symbol || number == closing.number || row.is_held()) continue;
    if (promises(row)) promised = promised + row.leaves();
  }
  const Lots held = absolute(account.position(closing).size);
  while (promised > held) {
    Lots freed;
    if (!cancel_newest([&](const OrderRow& row) {
          if (promises(row)) freed = row.leaves();
          return promises(row);
        })) {
      break;
    }
    promised = promised - freed;
  }
  const E8 fee =
      multiply(symbol.instrument.notional(closing.price, closing.size), closing_rate(account, symbol));
  const auto holds_margin = [](const OrderRow& row) { return !row.reduce_only; };
  while (wallet_row(account_id).available < fee && cancel_newest(holds_margin)) {
  }
}

void Exchange::Engine::close_order(AccountId account, OrderNumber number, OrderStatus status,
                                   std::string_view cancel_type, std::string_view reject_reason) {
  constexpr std::size_t closed_kept = 2000;
  Account& owner = at(account);
  auto node = owner.open.extract(number);
  MLBOT_ASSERT(!node.empty());
  OrderRow& row = node.mapped();
  row.status = status;
  row.cancel_type = cancel_type;
  row.reject_reason = reject_reason;
  row.updated_at = now_;
  places_.erase(number);
  tell_order(account, row);
  owner.closed.push_back(row);
  if (owner.closed.size() > closed_kept) {
    if (!owner.closed.front().client_id.empty()) owner.client_ids.erase(owner.closed.front().client_id);
    owner.closed.pop_front();
  }
}

void Exchange::Engine::cancel_open(AccountId account, OrderNumber number, std::string_view cancel_type,
                                   std::string_view reject_reason) {
  const OrderRow& row = at(account).open.at(number);
  SymbolState& symbol = at(row.symbol);
  touch(account, row.symbol, row.position_index);
  if (row.is_held()) return drop_stop(account, number, cancel_type, reject_reason);
  symbol.book.remove(row.side, row.price, number);
  book_changed(symbol);
  close_order(account, number, OrderStatus::cancelled, cancel_type, reject_reason);
}

OrderNumber Exchange::Engine::find_open(AccountId account, const OrderKey& key) const {
  const Account& owner = at(account);
  if (!key.venue_id.empty()) {
    for (const auto& [number, row] : owner.open) {
      if (row.venue_id == key.venue_id) return number;
    }
    return anonymous;
  }
  const auto known = owner.client_ids.find(key.client_id);
  if (known == owner.client_ids.end() || !owner.open.contains(known->second)) return anonymous;
  return known->second;
}

Result<VenueId, Refusal> Exchange::Engine::amend(AccountId account, SymbolId symbol_id, const OrderKey& key,
                                                 const Amendment& amendment) {
  if (key.venue_id.empty() && key.client_id.empty()) {
    return refuse(10001, "params error: OrderId or orderLinkId is required");
  }
  const OrderNumber number = find_open(account, key);
  if (number == anonymous || at(account).open.at(number).symbol != symbol_id) {
    return refuse(110001, "order not exists or too late to replace");
  }
  OrderRow& row = at(account).open.at(number);
  if (row.is_held()) return amend_held(account, number, amendment);
  SymbolState& symbol = at(symbol_id);
  OrderRow wish = row;
  wish.price = amendment.price.value_or(row.price);
  wish.size = amendment.size.value_or(row.size);
  wish.stop_mode = amendment.stop_mode.value_or(row.stop_mode);
  wish.stop_loss = amended(row.stop_loss, amendment.stop_loss);
  wish.take_profit = amended(row.take_profit, amendment.take_profit);
  if (amendment.trigger_price || amendment.trigger_by) {
    return refuse(10001, "params error: triggerPrice of an order that is not conditional");
  }
  const bool legs_change = wish.stop_loss != row.stop_loss || wish.take_profit != row.take_profit ||
                           wish.stop_mode != row.stop_mode;
  if (wish.price == row.price && wish.size == row.size && !legs_change) {
    return refuse(10001, "order not modified");
  }
  if (wish.price.count <= 0) return refuse(10001, "params error: price invalid");
  if (wish.price > price_max) return refuse(110003, "Order price is out of permissible range");
  if (wish.size.count <= 0 || wish.size > symbol.instrument.max_limit_order) {
    return refuse(10001, "params error: qty invalid");
  }
  if (wish.size <= row.filled) {
    return refuse(110064, "The modified order quantity should be greater than the filled quantity");
  }
  if (row.reduce_only && wish.size > row.size) return refuse(110017, "Reduce-only rule not satisfied");
  if (legs_change) {
    if (row.reduce_only) return refuse(10001, "params error: reduce-only order takes no TP/SL");
    if (row.filled.count > 0) return refuse(110059, "TP/SL of a partially filled order cannot be changed");
    if (auto no = refuse_legs(symbol, wish)) return std::unexpected{*no};
  }
  if (wish.price != row.price) {
    const auto price = bounded_price(at(account), symbol, row.side, wish.price);
    if (!price) return std::unexpected{price.error()};
    wish.price = *price;
  }
  if (!row.reduce_only) {
    if (symbol.instrument.notional(wish.price, wish.size) < symbol.instrument.min_notional) {
      return refuse(110094, "Order does not meet minimum order value " +
                                to_text(symbol.instrument.min_notional) + "USDT");
    }
    const std::uint8_t index = row.position_index;
    const Lots held = opening_part(at(account), symbol_id, index, row.side, row.leaves(), number);
    const E8 released =
        held.count > 0 ? order_margin(symbol.instrument.notional(row.price, held), row.side,
                                      at(account).position(row).leverage, closing_rate(at(account), symbol))
                       : E8{};
    const Lots opening =
        opening_part(at(account), symbol_id, index, row.side, wish.size - row.filled, number);
    if (auto no = refuse_margin(account, symbol, index, row.side, opening, wish.price, released, number)) {
      return std::unexpected{*no};
    }
  }

  const VenueId id = row.venue_id;
  const bool keeps_place = wish.price == row.price && wish.size <= row.size;
  row.updated_at = now_;
  row.stop_mode = wish.stop_mode;
  row.stop_loss = wish.stop_loss;
  row.take_profit = wish.take_profit;
  if (keeps_place) {
    if (wish.size < row.size) {
      symbol.book.shrink(row.side, row.price, number, wish.size - row.filled);
      row.size = wish.size;
      book_changed(symbol);
    }
    tell_order(account, row);
    touch(account, symbol_id, row.position_index);
    tell_touched();
  } else {
    symbol.book.remove(row.side, row.price, number);
    book_changed(symbol);
    row.price = wish.price;
    row.size = wish.size;
    work(account, number);
  }
  return id;
}

Result<VenueId, Refusal> Exchange::Engine::cancel(AccountId account, SymbolId symbol, const OrderKey& key) {
  if (key.venue_id.empty() && key.client_id.empty()) {
    return refuse(10001, "params error: OrderId or orderLinkId is required");
  }
  const OrderNumber number = find_open(account, key);
  if (number == anonymous || at(account).open.at(number).symbol != symbol) {
    if (setup_.filled_twice_when_cancel_is_late) {
      if (const auto late = tell_filled_again(account, symbol, key)) return *late;
    }
    return refuse(110001, "order not exists or too late to cancel");
  }
  const VenueId id = at(account).open.at(number).venue_id;
  cancel_open(account, number, "CancelByUser", "EC_PerCancelRequest");
  tell_touched();
  return id;
}

std::optional<VenueId> Exchange::Engine::tell_filled_again(AccountId account, SymbolId symbol,
                                                           const OrderKey& key) {
  for (OrderRow& row : at(account).closed) {
    const bool meant = key.venue_id.empty() ? row.client_id == key.client_id : row.venue_id == key.venue_id;
    const bool untold = row.updated_at + setup_.feed.account_delay >= now_;
    if (!meant || row.symbol != symbol || row.status != OrderStatus::filled || !untold) continue;
    row.cancel_type = "CancelByUser";
    row.reject_reason = "EC_OrigClOrdIDDoesNotExist";
    tell_order(account, row);
    return row.venue_id;
  }
  return std::nullopt;
}

std::vector<VenueId> Exchange::Engine::cancel_all(AccountId account, const CancelScope& scope) {
  constexpr std::size_t cancelled_max = 500;
  const auto meant = [&](const OrderRow& row) {
    const Instrument& instrument = at(row.symbol).instrument;
    if (scope.symbol ? row.symbol != *scope.symbol
        : !scope.base_coin.empty()
            ? base_coin(instrument) != scope.base_coin
            : !scope.settle_coin.empty() && settle_coin(instrument) != scope.settle_coin) {
      return false;
    }
    switch (scope.filter) {
      case OrderFilter::orders:
        return !row.is_held();
      case OrderFilter::stop_orders:
        return row.is_held() && !(scope.only_plain_stops && belongs_to_position(row.stop));
      case OrderFilter::open_orders:
        return !belongs_to_position(row.stop);
      case OrderFilter::all:
        break;
    }
    return true;
  };
  std::vector<OrderNumber> chosen;
  for (const auto& [number, row] : at(account).open) {
    if (meant(row)) chosen.push_back(number);
  }
  if (chosen.size() > cancelled_max) {
    for (std::size_t i = 0; i < cancelled_max; ++i) {
      std::swap(chosen[i], chosen[i + chance_.below(chosen.size() - i)]);
    }
    chosen.resize(cancelled_max);
    std::ranges::sort(chosen);
  }
  std::vector<VenueId> ids;
  for (const OrderNumber number : chosen) {
    ids.push_back(at(account).open.at(number).venue_id);
    cancel_open(account, number, scope.cancel_type, "EC_PerCancelRequest");
  }
  tell_touched();
  return ids;
}

}  // namespace mlbot::sim
