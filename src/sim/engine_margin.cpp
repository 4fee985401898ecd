// Margin: what positions and orders hold, when an account may open more, and the rows that show it.
#include <algorithm>

#include "sim/engine.h"
#include "sim/refusal.h"
#include "sim/risk_tiers.h"

namespace mlbot::sim {

FeeRates Exchange::Engine::fee_rates(const Account& account, const SymbolState& symbol) const {
  return account.fees.value_or(symbol.instrument.fees);
}

E8 Exchange::Engine::closing_rate(const Account& account, const SymbolState& symbol) const {
  const E8 taker = fee_rates(account, symbol).taker;
  return account.surcharge.count == 0 ? taker : taker + multiply(taker, account.surcharge);
}

MarginTerms Exchange::Engine::margin_terms(const Account& account, const SymbolState& symbol,
                                           const Position& position) const {
  return {position.side(), symbol.instrument.size(absolute(position.size)), position.entry_value,
          position.leverage, closing_rate(account, symbol)};
}

const RiskTier& Exchange::Engine::tier(const SymbolState& symbol, const Position& position) const {
  return tier_of(symbol.tiers, multiply(symbol.instrument.size(absolute(position.size)), symbol.mark_price));
}

E8 Exchange::Engine::unrealised(const Position& position, const SymbolState& symbol) const {
  const E8 gained =
      multiply(symbol.mark_price, symbol.instrument.size(absolute(position.size))) - position.entry_value;
  return position.size.count >= 0 ? gained : -gained;
}

E8 Exchange::Engine::maintenance(const Account& account, const SymbolState& symbol,
                                 const Position& position) const {
  if (position.size.count == 0) return {};
  return position_maintenance_margin(margin_terms(account, symbol, position), symbol.mark_price,
                                     tier(symbol, position));
}

E8 Exchange::Engine::own_margin(const Account& account, const SymbolState& symbol,
                                const Position& position) const {
  if (position.size.count == 0) return {};
  return isolated_margin(margin_terms(account, symbol, position)) + position.extra_margin;
}

Exchange::Engine::Standing Exchange::Engine::standing(const Account& account) const {
  Standing out{.equity = account.wallet};
  for (const SymbolState& symbol : symbols_) {
    for (const Position& position : account.holdings[symbol.instrument.id.index].held()) {
      if (position.size.count == 0) continue;
      out.equity = out.equity + unrealised(position, symbol);
      out.maintenance = out.maintenance + maintenance(account, symbol, position);
    }
  }
  return out;
}

bool Exchange::Engine::in_breach(const Account& account, const SymbolState& symbol,
                                 const Position& position) const {
  if (position.size.count == 0) return false;
  return own_margin(account, symbol, position) + unrealised(position, symbol) <=
         maintenance(account, symbol, position);
}

// ---- orders

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

template <class Visit>
void Exchange::Engine::each_opening(const Account& account, Visit&& visit) const {
  std::vector<Lots> closable;  // by symbol, made when needed: what orders of the other side may still close
  for (const auto& [number, row] : account.open) {
    if (row.is_held() || row.reduce_only) continue;
    Lots opening = row.leaves();
    if (account.position(row).closed_by(row.side)) {
      if (closable.empty()) {
        for (const Holdings& holdings : account.holdings) {
          const bool one_way = holdings.mode == PositionMode::one_way;
          closable.push_back(one_way ? absolute(holdings.positions[0].size) : Lots{0});
        }
      }
      Lots& left = closable[row.symbol.index];
      const Lots closing = std::min(left, opening);
      left = left - closing;
      opening = opening - closing;
    }
    if (opening.count > 0) visit(row, opening);
  }
}

E8 Exchange::Engine::orders_margin(const Account& account) const {
  E8 sum;
  each_opening(account, [&](const OrderRow& row, Lots opening) {
    const SymbolState& symbol = at(row.symbol);
    sum = sum + order_margin(symbol.instrument.notional(row.price, opening), row.side,
                             account.position(row).leverage, closing_rate(account, symbol));
  });
  return sum;
}

E8 Exchange::Engine::exposure(const Account& account, const SymbolState& symbol, std::uint8_t position_index,
                              Side side, OrderNumber except) const {
  const SymbolId id = symbol.instrument.id;
  const Position& position = account.position(id, position_index);
  E8 value;
  if (!position.closed_by(side)) {
    value = multiply(symbol.instrument.size(absolute(position.size)), symbol.mark_price);
  }
  each_opening(account, [&](const OrderRow& row, Lots opening) {
    const bool counts = row.symbol == id && row.position_index == position_index && row.side == side;
    if (counts && row.number != except) value = value + symbol.instrument.notional(row.price, opening);
  });
  return value;
}

std::optional<Refusal> Exchange::Engine::refuse_margin(AccountId account_id, const SymbolState& symbol,
                                                       std::uint8_t position_index, Side side, Lots opening,
                                                       PriceTicks price, E8 released,
                                                       OrderNumber number) const {
  if (opening.count <= 0) return std::nullopt;
  const Account& account = at(account_id);
  const Position& position = account.position(symbol.instrument.id, position_index);
  const E8 value = symbol.instrument.notional(price, opening);
  const E8 total = exposure(account, symbol, position_index, side, number) + value;
  if (total > symbol.tiers.back().limit_value) {
    return refusal(110089, "Exceeds the maximum risk limit level");
  }
  if (position.leverage > tier_of(symbol.tiers, total).max_leverage) {
    return refusal(110090, "Order placement failed as your position may exceed the max limit");
  }
  const E8 needed = order_margin(value, side, position.leverage, closing_rate(account, symbol));
  if (needed <= wallet_row(account_id).available + released) return std::nullopt;
  return refusal(110007, "ab not enough for new order");
}

// ---- rows

PositionRow Exchange::Engine::position_row(AccountId account_id, SymbolId symbol_id,
                                           std::uint8_t index) const {
  const Account& account = at(account_id);
  const SymbolState& symbol = at(symbol_id);
  const Instrument& instrument = symbol.instrument;
  const Position& position = account.position(symbol_id, index);
  PositionRow row{.symbol = symbol_id,
                  .position_index = index,
                  .size = position.size,
                  .mark_price = symbol.mark_price,
                  .leverage = position.leverage,
                  .margin_mode = account.margin_mode,
                  .auto_add_margin = position.auto_add_margin,
                  .tier = tier(symbol, position),
                  .realised_pnl = position.realised,
                  .realised_pnl_ever = position.realised_ever,
                  .cross_sequence = position.cross_sequence,
                  .created_at = position.created_at,
                  .updated_at = position.updated_at};
  if (position.liquidating) row.status = PositionStatus::liquidating;
  if (now_ < position.deleveraged_until) row.status = PositionStatus::deleveraging;
  if (position.size.count == 0) return row;
  const MarginTerms terms = margin_terms(account, symbol, position);
  row.entry_price = multiply_divide(position.entry_value, E8{e8_per_unit}, terms.size);
  row.value = position.entry_value;
  row.mark_value = value_at(terms, symbol.mark_price);
  row.unrealised_pnl = unrealised(position, symbol);
  row.initial_margin = position_initial_margin(terms, symbol.mark_price);
  row.maintenance_margin = position_maintenance_margin(terms, symbol.mark_price, row.tier);
  row.initial_margin_by_mark = position_initial_margin(terms, symbol.mark_price, true);
  row.maintenance_margin_by_mark = position_maintenance_margin(terms, symbol.mark_price, row.tier, true);
  row.break_even_price = break_even_price(terms, position.realised);
  show_stops(account, position, instrument, row);
  if (account.margin_mode == MarginMode::isolated) {
    row.balance = own_margin(account, symbol, position);
    row.bankruptcy_price = bankruptcy_price(terms, position.entry_value, row.balance);
    row.liquidation_price = isolated_liquidation_price(terms, position.extra_margin, row.tier);
  } else {
    const Standing now = standing(account);
    row.liquidation_price = cross_liquidation_price(terms, symbol.mark_price, now.equity - now.maintenance);
  }
  return row;
}

void Exchange::Engine::show_stops(const Account& account, const Position& position,
                                  const Instrument& instrument, PositionRow& row) const {
  const auto trigger_of = [&](OrderNumber stop) {
    return stop == anonymous ? E8{} : instrument.price(account.open.at(stop).trigger->price);
  };
  row.stop_loss = trigger_of(position.stop_loss);
  row.take_profit = trigger_of(position.take_profit);
  if (position.trailing != anonymous) {
    row.trailing_stop = instrument.price(PriceTicks{account.open.at(position.trailing).trailing.count});
  }
}

WalletRow Exchange::Engine::wallet_row(AccountId account_id) const {
  const Account& account = at(account_id);
  WalletRow row{.wallet_balance = account.wallet, .realised_pnl_ever = account.realised_ever};
  E8 set_aside;  // by isolated positions
  for (const SymbolState& symbol : symbols_) {
    for (const Position& position : account.holdings[symbol.instrument.id.index].held()) {
      if (position.size.count == 0) continue;
      const MarginTerms terms = margin_terms(account, symbol, position);
      row.unrealised_pnl = row.unrealised_pnl + unrealised(position, symbol);
      row.position_margin = row.position_margin + position_initial_margin(terms, symbol.mark_price);
      row.maintenance_margin = row.maintenance_margin + maintenance(account, symbol, position);
      set_aside = set_aside + own_margin(account, symbol, position);
    }
  }
  row.order_margin = orders_margin(account);
  row.initial_margin = row.position_margin + row.order_margin;
  row.equity = row.wallet_balance + row.unrealised_pnl;
  row.available = account.margin_mode == MarginMode::cross
                      ? row.equity - row.initial_margin
                      : row.wallet_balance - set_aside - row.order_margin;
  row.initial_margin_rate = rate_cut_to_four(row.initial_margin, row.equity);
  row.maintenance_margin_rate = rate_cut_to_four(row.maintenance_margin, row.equity);
  return row;
}

Result<WalletRow, Refusal> Exchange::Engine::wallet_with(AccountId account_id,
                                                         const OrderRequest& request) const {
  if (request.symbol.index >= symbols_.size())
    return std::unexpected{refusal(10001, "params error: symbol invalid")};
  const Account& account = at(account_id);
  if (account.margin_mode == MarginMode::isolated)
    return std::unexpected{refusal(10001, "pre-check is not for isolated margin")};
  if (auto no = refuse_position_index(account, request.symbol, request.position_index))
    return std::unexpected{*no};
  const SymbolState& symbol = at(request.symbol);
  const Instrument& instrument = symbol.instrument;
  const PriceTicks at_mark{symbol.mark_price.count / instrument.tick_size.count};
  const PriceTicks price = request.type == OrderType::market ? at_mark : request.price;
  const Lots opening = request.reduce_only || request.trigger
                           ? Lots{}
                           : opening_part(account, request.symbol, request.position_index, request.side,
                                          request.size, last_order_ + 1);
  if (auto no = refuse_margin(account_id, symbol, request.position_index, request.side, opening, price, E8{},
                              anonymous)) {
    return std::unexpected{*no};
  }
  WalletRow row = wallet_row(account_id);
  const E8 value = instrument.notional(price, opening);
  const E8 leverage = account.position(request.symbol, request.position_index).leverage;
  const E8 margin = order_margin(value, request.side, leverage, closing_rate(account, symbol));
  row.order_margin = row.order_margin + margin;
  row.initial_margin = row.initial_margin + margin;
  row.available = row.available - margin;
  row.maintenance_margin =
      row.maintenance_margin + multiply(value, tier_of(symbol.tiers, value).maintenance_rate);
  row.initial_margin_rate = rate_cut_to_four(row.initial_margin, row.equity);
  row.maintenance_margin_rate = rate_cut_to_four(row.maintenance_margin, row.equity);
  return row;
}

std::uint8_t Exchange::Engine::adl_rank(AccountId account_id, SymbolId symbol_id, std::uint8_t index) const {
  const Position& asked = at(account_id).position(symbol_id, index);
  if (asked.size.count == 0) return 0;
  const double score = adl_score(account_id, at(symbol_id), asked);
  std::size_t side = 0, below = 0;
  for (const AccountId holder : at(symbol_id).holders) {
    for (const Position& position : at(holder).holdings[symbol_id.index].held()) {
      if (position.size.count == 0 || position.side() != asked.side()) continue;
      ++side;
      below += adl_score(holder, at(symbol_id), position) < score ? 1 : 0;
    }
  }
  return static_cast<std::uint8_t>(1 + below * 5 / side);
}

double Exchange::Engine::adl_score(AccountId account_id, const SymbolState& symbol,
                                   const Position& position) const {
  const Account& account = at(account_id);
  const double value =
      to_double(multiply(symbol.instrument.size(absolute(position.size)), symbol.mark_price));
  const double profit = to_double(unrealised(position, symbol)) / to_double(position.entry_value);
  const E8 backing = account.margin_mode == MarginMode::cross
                         ? standing(account).equity
                         : own_margin(account, symbol, position) + unrealised(position, symbol);
  const double leverage = value / std::max(to_double(backing), 1e-8);
  return profit > 0 ? profit * leverage : profit / leverage;
}

}  // namespace mlbot::sim
