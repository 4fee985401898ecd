// Price-time matching: what a new or moved order meets, and what markets do to a book.
#include <algorithm>

#include "sim/engine.h"

namespace mlbot::sim {
namespace {

bool crosses(Side side, PriceTicks price, PriceTicks other_best) {
  return side == Side::buy ? price >= other_best : price <= other_best;
}

}  // namespace

void Exchange::Engine::work(AccountId account, OrderNumber number) {
  OrderRow& row = at(account).open.at(number);
  const SymbolId symbol_id = row.symbol;
  SymbolState& symbol = at(symbol_id);
  const std::uint8_t position_index = row.position_index;
  touch(account, symbol_id, position_index);
  const auto other = symbol.book.best(opposite(row.side));
  const bool takes = other && crosses(row.side, row.price, *other);
  const std::vector<OrderNumber> own = takes ? own_makers(account, row) : std::vector<OrderNumber>{};
  if (row.time_in_force == TimeInForce::post_only && takes) {
    close_order(account, number, OrderStatus::cancelled, "UNKNOWN", "EC_PostOnlyWillTakeLiquidity");
  } else if (row.time_in_force == TimeInForce::fok && !fills_whole(symbol, row, own)) {
    close_order(account, number, OrderStatus::cancelled, "UNKNOWN", "EC_CancelForNoFullFill");
  } else {
    working_ = number;
    trade(symbol, row.side, row.leaves(), row.price, number, own);
    working_ = anonymous;
    if (row.filled == row.size) {
      close_order(account, number, OrderStatus::filled, "UNKNOWN", "EC_NoError");
    } else if (!row.smp_order_id.empty()) {
      close_order(account, number, OrderStatus::cancelled, "CancelBySmp", "EC_NoError");
    } else if (row.time_in_force == TimeInForce::ioc || row.time_in_force == TimeInForce::fok) {
      close_order(account, number, OrderStatus::cancelled, "UNKNOWN",
                  row.filled.count == 0 ? "EC_NoImmediateQtyToFill" : "EC_NoEnoughQtyToFill");
    } else {
      symbol.book.rest(row.side, row.price, row.leaves(), number);
      book_changed(symbol);
      tell_order(account, row);
    }
    after_position_change(account, symbol_id, position_index);
  }
  tell_touched();
}

void Exchange::Engine::work_in_parts(AccountId account_id, OrderNumber number) {
  Account& account = at(account_id);
  OrderRow& first = account.open.at(number);
  const Lots most = at(first.symbol).instrument.max_market_order;
  if (first.close_on_trigger) make_room(account_id, first);
  const bool splits = first.type == OrderType::market && first.reduce_only && first.size > most;
  if (!splits) return work(account_id, number);
  const OrderRow pattern = first;
  Lots left = first.size - most;
  first.size = most;
  work(account_id, number);
  while (left.count > 0) {
    const Position& position = account.position(pattern);
    if (position.size.count == 0 || position.closing_side() != pattern.side) return;
    OrderRow& part = new_order(account_id, pattern.symbol, pattern.position_index, pattern.side,
                               std::min({left, most, absolute(position.size)}));
    left = left - most;
    part.type = pattern.type;
    part.time_in_force = pattern.time_in_force;
    part.price = pattern.price;
    part.reduce_only = true;
    part.close_on_trigger = pattern.close_on_trigger;
    part.stop = pattern.stop;
    part.trigger = pattern.trigger;
    part.create_type = pattern.create_type;
    part.self_match = pattern.self_match;
    part.slippage = pattern.slippage;
    work(account_id, part.number);
  }
}

// ---- meeting one's own orders

std::vector<OrderNumber> Exchange::Engine::own_makers(AccountId account, const OrderRow& taker) const {
  std::vector<OrderNumber> own;
  if (taker.self_match == SelfMatch::none) return own;
  for (const auto& [number, row] : at(account).open) {
    const bool meets = row.symbol == taker.symbol && row.side != taker.side && !row.is_held();
    if (meets && number != taker.number) own.push_back(number);
  }
  return own;
}

bool Exchange::Engine::fills_whole(const SymbolState& symbol, const OrderRow& taker,
                                   std::span<const OrderNumber> own) const {
  const bool ends_at_own = taker.self_match != SelfMatch::cancel_maker;
  return symbol.book.reachable(taker.side, taker.price, taker.leaves(), own, ends_at_own) >= taker.leaves();
}

bool Exchange::Engine::prevents_self_match(OrderNumber taker, OrderNumber maker) {
  const AccountId account = places_.at(taker).account;
  OrderRow& incoming = at(account).open.at(taker);
  OrderRow& resting = at(account).open.at(maker);
  const bool taker_goes = incoming.self_match != SelfMatch::cancel_maker;
  if (taker_goes) incoming.smp_order_id = resting.venue_id;
  if (incoming.self_match != SelfMatch::cancel_taker) {
    resting.smp_order_id = incoming.venue_id;
    cancel_open(account, maker, "CancelBySmp", "EC_NoError");
  }
  return taker_goes;
}

// ---- matching

Lots Exchange::Engine::trade(SymbolState& symbol, Side taker_side, Lots size, PriceTicks limit,
                             OrderNumber taker, std::span<const OrderNumber> own) {
  ++symbol.cross_sequence;
  while (size.count > 0) {
    fills_.clear();
    size = symbol.book.match(taker_side, size, limit, fills_, own);
    if (!fills_.empty()) {
      settle_makers(symbol, taker_side, taker, false);
      continue;
    }
    const OrderNumber met = own.empty() ? anonymous : symbol.book.first_met(taker_side, limit);
    if (met == anonymous || prevents_self_match(taker, met)) break;
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
  if (prints_.empty()) return;
  symbol.feed.traded(prints_);
  last_price_moved(symbol, prints_);
  prints_.clear();
}

void Exchange::Engine::book_changed(SymbolState& symbol) {
  symbol.moved = true;
  symbol.feed.book_changed(now_, ++symbol.cross_sequence);
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
  last_price_moved(symbol, told);
  symbol.moved = true;
  tell_touched();
}

void Exchange::Engine::liquidated(SymbolId symbol, const Liquidation& liquidation) {
  at(symbol).feed.liquidated(liquidation, now_);
}

}  // namespace mlbot::sim
