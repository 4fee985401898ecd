// Trading: Bybit's checks in Bybit's order, then price-time matching.
#include <algorithm>

#include "sim/engine.h"
#include "sim/margin.h"

namespace mlbot::sim {
namespace {

constexpr std::int64_t limit_ratio_x_percent = 1;  // priceLimitRatioX of BTCUSDT
constexpr std::int64_t limit_ratio_y_percent = 2;  // priceLimitRatioY
constexpr std::int64_t market_bound_percent = 5;   // of mark, beyond which a market order does not fill

std::unexpected<Refusal> refuse(std::int32_t code, std::string_view text) {
  return std::unexpected{Refusal{code, venue_text(text)}};
}
Refusal refusal(std::int32_t code, std::string_view text) { return {code, venue_text(text)}; }

bool crosses(Side side, PriceTicks price, PriceTicks other_best) {
  return side == Side::buy ? price >= other_best : price <= other_best;
}

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

}  // namespace

std::optional<Refusal> Exchange::Engine::refuse_parameters(const SymbolState& symbol,
                                                           const OrderRequest& request) const {
  const Instrument& instrument = symbol.instrument;
  const bool market = request.type == OrderType::market;
  if (request.type == OrderType::unknown || request.time_in_force == TimeInForce::unknown) {
    return refusal(10001, "params error: orderType or timeInForce invalid");
  }
  if (!is_id_text(request.client_id)) return refusal(10001, "params error: orderLinkId invalid");
  if (request.size.count <= 0) return refusal(10001, "params error: qty invalid");
  if (request.size < instrument.min_order) {
    return refusal(10001, "The number of contracts exceeds minimum limit allowed");
  }
  if (request.size > (market ? instrument.max_market_order : instrument.max_limit_order)) {
    return refusal(10001, "The number of contracts exceeds maximum limit allowed");
  }
  if (!market && request.price.count <= 0) return refusal(10001, "params error: price invalid");
  if (request.reduce_only && (request.stop_loss || request.take_profit)) {
    return refusal(10001, "params error: reduce-only order takes no TP/SL");
  }
  if (market) {
    const auto best = symbol.book.best(opposite(request.side));
    if (!best) return refusal(110118, "no price for the market order: book too thin");
  }
  if (!request.reduce_only) {
    const PriceTicks price = market ? *symbol.book.best(opposite(request.side)) : request.price;
    if (instrument.notional(price, request.size) < instrument.min_notional) {
      return refusal(110094,
                     "Order does not meet minimum order value " + to_text(instrument.min_notional) + "USDT");
    }
  }
  return std::nullopt;
}

std::optional<Refusal> Exchange::Engine::refuse_price(const SymbolState& symbol, Side side,
                                                      PriceTicks price) const {
  const E8 mark = symbol.mark_price;
  if (mark.count == 0) return std::nullopt;
  const E8 index = symbol.index_price.count == 0 ? mark : symbol.index_price;
  const E8 x = percent_of(mark, limit_ratio_x_percent), y = percent_of(mark, limit_ratio_y_percent);
  const E8 asked = symbol.instrument.price(price);
  const bool allowed = side == Side::buy ? asked <= std::min(mark + y, std::max(index, mark + x))
                                         : asked >= std::max(mark - y, std::min(index, mark - x));
  if (allowed) return std::nullopt;
  return refusal(110003, "Order price is out of permissible range");
}

std::optional<Refusal> Exchange::Engine::refuse_stops(const SymbolState& symbol,
                                                      const OrderRequest& request) const {
  const E8 base =
      request.type == OrderType::limit ? symbol.instrument.price(request.price) : symbol.mark_price;
  const int sign = sign_of(request.side);
  const auto beyond = [&](const StopLeg& leg) {
    return sign * (symbol.instrument.price(leg.trigger).count - base.count);
  };
  if (request.stop_loss && (request.stop_loss->trigger.count <= 0 || beyond(*request.stop_loss) >= 0)) {
    return refusal(10001, sign > 0 ? "StopLoss set for Buy position should lower than base_price"
                                   : "StopLoss set for Sell position should greater than base_price");
  }
  if (request.take_profit && (request.take_profit->trigger.count <= 0 || beyond(*request.take_profit) <= 0)) {
    return refusal(10001, sign > 0 ? "TakeProfit set for Buy position should be higher than base_price"
                                   : "TakeProfit set for Sell position should be lower than base_price");
  }
  return std::nullopt;
}

std::optional<Refusal> Exchange::Engine::refuse_position_index(const Account& account, SymbolId symbol,
                                                               std::uint8_t index) const {
  const bool hedge = account.holdings[symbol.index].mode == PositionMode::hedge;
  if (hedge ? index == 1 || index == 2 : index == 0) return std::nullopt;
  return refusal(10001, "position idx not match position mode");
}

bool Exchange::Engine::reduces(const Account& account, const OrderRequest& request) const {
  return request.reduce_only ||
         (request.position_index != 0 &&
          account.position(request.symbol, request.position_index).closed_by(request.side));
}

Result<Lots, Refusal> Exchange::Engine::reducible(const Account& account, const OrderRequest& request) const {
  if (!reduces(account, request)) return request.size;
  const Position& position = account.position(request.symbol, request.position_index);
  if (position.size.count == 0) {
    return refuse(110017, "current position is zero, cannot fix reduce-only order qty");
  }
  if ((position.size.count > 0) == (request.side == Side::buy)) {
    return refuse(110017, "reduce-only order has same side with current position");
  }
  Lots free = absolute(position.size);
  for (const auto& [number, row] : account.open) {
    const bool same = row.symbol == request.symbol && row.position_index == request.position_index;
    if (same && row.reduce_only && !row.is_held()) free = free - row.leaves();
  }
  if (free.count <= 0) return refuse(110017, "orderQty will be truncated to zero");
  return std::min(free, request.size);
}

std::optional<Refusal> Exchange::Engine::refuse_margin(AccountId account, const SymbolState& symbol,
                                                       std::uint8_t position_index, Side side, Lots opening,
                                                       PriceTicks price, E8 released) const {
  if (opening.count <= 0) return std::nullopt;
  const Position& position = at(account).position(symbol.instrument.id, position_index);
  const E8 needed = order_margin(symbol.instrument.notional(price, opening), side, position.leverage,
                                 symbol.instrument.fees.taker);
  if (needed <= wallet_row(account).available + released) return std::nullopt;
  return refusal(110007, "ab not enough for new order");
}

PriceTicks Exchange::Engine::market_bound(const SymbolState& symbol, Side side, PriceTicks collar) const {
  const E8 band = percent_of(symbol.mark_price, market_bound_percent);
  if (side == Side::buy) {
    const PriceTicks bound = ticks_down(symbol.mark_price + band, symbol.instrument);
    return collar.count > 0 ? std::min(bound, collar) : bound;
  }
  return std::max(ticks_up(symbol.mark_price - band, symbol.instrument), collar);
}

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
  places_[number] = {account, symbol};
  return row;
}

Result<VenueId, Refusal> Exchange::Engine::place(AccountId account, const OrderRequest& request) {
  if (request.symbol.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  SymbolState& symbol = at(request.symbol);
  Account& owner = at(account);
  if (auto no = refuse_parameters(symbol, request)) return std::unexpected{*no};
  if (!request.client_id.empty() && owner.client_ids.contains(request.client_id)) {
    return refuse(110072, "OrderLinkedID is duplicate");
  }
  if (auto no = refuse_position_index(owner, request.symbol, request.position_index)) {
    return std::unexpected{*no};
  }
  const bool reducing = reduces(owner, request);
  const auto size = reducible(owner, request);
  if (!size) return std::unexpected{size.error()};
  if (auto no = refuse_stops(symbol, request)) return std::unexpected{*no};
  const bool market = request.type == OrderType::market;
  if (!market) {
    if (auto no = refuse_price(symbol, request.side, request.price)) return std::unexpected{*no};
  }
  const auto active = std::ranges::count_if(owner.open, [&](const auto& entry) {
    return entry.second.symbol == request.symbol && !entry.second.is_held();
  });
  if (static_cast<std::size_t>(active) >= setup_.open_orders_max)
    return refuse(110020, "Too many active orders");
  if (!reducing) {
    const PriceTicks price = market ? *symbol.book.best(opposite(request.side)) : request.price;
    const Lots opening =
        opening_part(owner, request.symbol, request.position_index, request.side, *size, last_order_ + 1);
    if (auto no =
            refuse_margin(account, symbol, request.position_index, request.side, opening, price, E8{})) {
      return std::unexpected{*no};
    }
  }

  OrderRow& row = new_order(account, request.symbol, request.position_index, request.side, *size);
  row.client_id = request.client_id;
  row.type = request.type;
  row.time_in_force = market ? TimeInForce::ioc : request.time_in_force;
  row.price = market ? market_bound(symbol, request.side, request.price) : request.price;
  row.reduce_only = reducing;
  row.stop_loss = request.stop_loss;
  row.take_profit = request.take_profit;
  const VenueId id = row.venue_id;
  if (!row.client_id.empty()) owner.client_ids[row.client_id] = row.number;
  work(account, row.number);
  return id;
}

void Exchange::Engine::work(AccountId account, OrderNumber number) {
  OrderRow& row = at(account).open.at(number);
  const SymbolId symbol_id = row.symbol;
  SymbolState& symbol = at(symbol_id);
  const std::uint8_t position_index = row.position_index;
  touch(account, symbol_id, position_index);
  const auto other = symbol.book.best(opposite(row.side));
  const bool takes = other && crosses(row.side, row.price, *other);
  if (row.time_in_force == TimeInForce::post_only && takes) {
    close_order(account, number, OrderStatus::cancelled, "UNKNOWN", "EC_PostOnlyWillTakeLiquidity");
  } else if (row.time_in_force == TimeInForce::fok &&
             symbol.book.reachable(row.side, row.price, row.leaves()) < row.leaves()) {
    close_order(account, number, OrderStatus::cancelled, "UNKNOWN", "EC_NoEnoughQtyToFill");
  } else {
    working_ = number;
    trade(symbol, row.side, row.leaves(), row.price, number);
    working_ = anonymous;
    if (row.filled == row.size) {
      close_order(account, number, OrderStatus::filled, "UNKNOWN", "EC_NoError");
    } else if (row.time_in_force == TimeInForce::ioc || row.time_in_force == TimeInForce::fok) {
      close_order(account, number, OrderStatus::cancelled, "UNKNOWN",
                  row.filled.count == 0 ? "EC_NoImmediateQtyToFill" : "EC_CancelForNoFullFill");
    } else {
      symbol.book.rest(row.side, row.price, row.leaves(), number);
      book_changed(symbol);
      tell_order(account, row);
    }
    after_position_change(account, symbol_id, position_index);
  }
  tell_touched();
}

Lots Exchange::Engine::trade(SymbolState& symbol, Side taker_side, Lots size, PriceTicks limit,
                             OrderNumber taker) {
  ++symbol.cross_sequence;
  while (size.count > 0) {
    fills_.clear();
    size = symbol.book.match(taker_side, size, limit, fills_);
    if (fills_.empty()) break;
    settle_makers(symbol, taker_side, taker, false);
  }
  publish_prints(symbol);
  return size;
}

void Exchange::Engine::settle_makers(SymbolState& symbol, Side taker_side, OrderNumber taker, bool printed) {
  const std::vector<Fill> fills = std::exchange(fills_, {});  // consequences may match in their turn
  for (const Fill& fill : fills) {
    if (!printed) {
      prints_.push_back({.matched_at = now_,
                         .price = fill.price,
                         .size = fill.size,
                         .taker = taker_side,
                         .cross_sequence = symbol.cross_sequence,
                         .id = make_id()});
    }
    const auto place = places_.find(fill.maker);
    const bool known = place != places_.end();
    const AccountId maker_account = known ? place->second.account : AccountId{};
    const std::uint8_t maker_index =
        known ? at(maker_account).open.at(fill.maker).position_index : std::uint8_t{0};
    if (fill.maker != anonymous) fill_order(fill.maker, fill.price, fill.size, Liquidity::maker);
    if (taker != anonymous) fill_order(taker, fill.price, fill.size, Liquidity::taker);
    if (fill.maker != anonymous) after_position_change(maker_account, symbol.instrument.id, maker_index);
  }
  fills_.clear();
  book_changed(symbol);
}

void Exchange::Engine::publish_prints(SymbolState& symbol) {
  if (!prints_.empty()) symbol.feed.traded(prints_);
  prints_.clear();
}

void Exchange::Engine::book_changed(SymbolState& symbol) {
  symbol.moved = true;
  symbol.feed.book_changed(now_, ++symbol.cross_sequence);
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
  if (row.is_held()) return drop_stop(account, number, cancel_type);
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
  if (row.is_held()) return refuse(10001, "params error: use trading-stop for the stops of a position");
  SymbolState& symbol = at(symbol_id);
  const PriceTicks price = amendment.price.value_or(row.price);
  const Lots size = amendment.size.value_or(row.size);
  if (price == row.price && size == row.size) return refuse(10001, "order not modified");
  if (price.count <= 0) return refuse(10001, "params error: price invalid");
  if (size.count <= 0 || size > symbol.instrument.max_limit_order)
    return refuse(10001, "params error: qty invalid");
  if (size <= row.filled)
    return refuse(110064, "The modified order quantity should be greater than the filled quantity");
  if (row.reduce_only && size > row.size) return refuse(110017, "Reduce-only rule not satisfied");
  if (price != row.price) {
    if (auto no = refuse_price(symbol, row.side, price)) return std::unexpected{*no};
  }
  if (!row.reduce_only) {
    if (symbol.instrument.notional(price, size) < symbol.instrument.min_notional) {
      return refuse(110094, "Order does not meet minimum order value");
    }
    const std::uint8_t index = row.position_index;
    const Lots held = opening_part(at(account), symbol_id, index, row.side, row.leaves(), number);
    const E8 released = held.count > 0
                            ? order_margin(symbol.instrument.notional(row.price, held), row.side,
                                           at(account).position(row).leverage, symbol.instrument.fees.taker)
                            : E8{};
    const Lots opening = opening_part(at(account), symbol_id, index, row.side, size - row.filled, number);
    if (auto no = refuse_margin(account, symbol, index, row.side, opening, price, released))
      return std::unexpected{*no};
  }

  const VenueId id = row.venue_id;
  const bool keeps_place = price == row.price && size < row.size;
  row.updated_at = now_;
  if (keeps_place) {
    symbol.book.shrink(row.side, row.price, number, size - row.filled);
    row.size = size;
    book_changed(symbol);
    tell_order(account, row);
    touch(account, symbol_id, row.position_index);
    tell_touched();
  } else {
    symbol.book.remove(row.side, row.price, number);
    book_changed(symbol);
    row.price = price;
    row.size = size;
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
    return refuse(110001, "order not exists or too late to cancel");
  }
  const VenueId id = at(account).open.at(number).venue_id;
  cancel_open(account, number, "CancelByUser", "EC_PerCancelRequest");
  tell_touched();
  return id;
}

std::vector<VenueId> Exchange::Engine::cancel_all(AccountId account, const CancelScope& scope) {
  const auto meant = [&](const OrderRow& row) {
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
    if (scope.symbol && row.symbol != *scope.symbol) continue;
    if (meant(row)) chosen.push_back(number);
  }
  std::vector<VenueId> ids;
  for (const OrderNumber number : chosen) {
    ids.push_back(at(account).open.at(number).venue_id);
    cancel_open(account, number, "CancelByUser", "EC_PerCancelRequest");
  }
  tell_touched();
  return ids;
}

// ---- what markets do

void Exchange::Engine::add(SymbolId symbol_id, Side side, PriceTicks price, Lots size) {
  SymbolState& symbol = at(symbol_id);
  const auto other = symbol.book.best(opposite(side));
  if (other && crosses(side, price, *other)) size = trade(symbol, side, size, price, anonymous);
  if (size.count > 0) symbol.book.rest(side, price, size, anonymous);
  book_changed(symbol);
  tell_touched();
}

void Exchange::Engine::set_level(SymbolId symbol_id, Side side, PriceTicks price, Lots size) {
  SymbolState& symbol = at(symbol_id);
  if (symbol.book.anonymous_at(side, price) == size) return;
  if (size.count > 0) {
    // A recorded level beyond an account's order: the market went through it. One more tick makes "at" count
    // as well.
    const PriceTicks through = price - TickDistance{sign_of(side) * -1};
    ++symbol.cross_sequence;
    while (const auto fill = symbol.book.fill_through(side, through)) {
      fills_.assign(1, *fill);
      settle_makers(symbol, side, anonymous, false);
    }
    publish_prints(symbol);
    symbol.book.drop_crossed_anonymous(side, price);
  }
  symbol.book.set_anonymous(side, price, size);
  book_changed(symbol);
  tell_touched();
}

Lots Exchange::Engine::take(SymbolId symbol_id, Side side, Lots size, PriceTicks limit) {
  const Lots left = trade(at(symbol_id), side, size, limit, anonymous);
  tell_touched();
  return size - left;
}

void Exchange::Engine::print(SymbolId symbol_id, std::span<const Trade> trades) {
  SymbolState& symbol = at(symbol_id);
  ++symbol.cross_sequence;
  std::vector<Trade> told{trades.begin(), trades.end()};
  for (Trade& trade : told) {
    trade.cross_sequence = symbol.cross_sequence;
    if (trade.id.empty()) trade.id = make_id();
    if (trade.block || trade.price_improvement) continue;  // never in the visible book
    while (const auto fill = symbol.book.fill_through(trade.taker, trade.price)) {
      fills_.assign(1, *fill);
      settle_makers(symbol, trade.taker, anonymous, true);
    }
    Lots left = trade.size;
    while (left.count > 0) {
      fills_.clear();
      left = symbol.book.match_at(trade.taker, left, trade.price, fills_);
      if (fills_.empty()) break;
      settle_makers(symbol, trade.taker, anonymous, true);
    }
  }
  symbol.feed.traded(told);
  symbol.moved = true;
  tell_touched();
}

void Exchange::Engine::liquidated(SymbolId symbol, const Liquidation& liquidation) {
  at(symbol).feed.liquidated(liquidation, now_);
}

}  // namespace mlbot::sim
