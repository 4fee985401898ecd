// What an account may set: one-way or hedge, cross or isolated, leverage, margin, fees, a deposit.
#include <algorithm>

#include "sim/engine.h"
#include "sim/refusal.h"
#include "sim/risk_tiers.h"

namespace mlbot::sim {
namespace {

bool has_orders(const Account& account, SymbolId symbol) {
  return std::ranges::any_of(account.open,
                             [symbol](const auto& entry) { return entry.second.symbol == symbol; });
}

}  // namespace

Result<void, Refusal> Exchange::Engine::set_position_mode(AccountId account_id,
                                                          std::optional<SymbolId> symbol_id,
                                                          PositionMode mode) {
  if (symbol_id && symbol_id->index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  bool changes = !symbol_id && account.default_mode != mode;
  for (const SymbolState& symbol : symbols_) {
    const SymbolId id = symbol.instrument.id;
    if (symbol_id && id != *symbol_id) continue;
    Holdings& holdings = account.holdings[id.index];
    if (holdings.mode == mode) continue;
    if (symbol_id && !holdings.flat()) return refuse(110024, "you have an existing position, cannot switch");
    if (symbol_id && has_orders(account, id)) return refuse(110028, "you have active orders, cannot switch");
    if (!holdings.flat() || has_orders(account, id)) continue;
    const E8 leverage = holdings.held().front().leverage;
    holdings.mode = mode;
    for (Position& position : holdings.held()) position.leverage = leverage;
    changes = true;
  }
  if (!changes) return refuse(110025, "Position mode is not modified");
  if (!symbol_id) account.default_mode = mode;
  return {};
}

Result<void, Refusal> Exchange::Engine::set_margin_mode(AccountId account_id, MarginMode mode) {
  Account& account = at(account_id);
  if (account.margin_mode == mode) return {};
  if (!account.open.empty()) return refuse(3400045, "Set margin mode failed: active orders exist");
  for (const SymbolState& symbol : symbols_) {
    const std::span<const Position> held = account.holdings[symbol.instrument.id.index].held();
    if (mode == MarginMode::cross && held.front().leverage != held.back().leverage) {
      return refuse(3400045, "Set margin mode failed: long and short leverage differ");
    }
    const bool breaks = std::ranges::any_of(
        held, [&](const Position& position) { return in_breach(account, symbol, position); });
    if (mode == MarginMode::isolated && breaks) {
      return refuse(3400045, "Set margin mode failed: a position would be liquidated");
    }
  }
  account.margin_mode = mode;
  const WalletRow wallet = wallet_row(account_id);
  if (wallet.available.count < 0 || (mode == MarginMode::cross && wallet.maintenance_margin.count > 0 &&
                                     wallet.equity <= wallet.maintenance_margin)) {
    account.margin_mode = mode == MarginMode::cross ? MarginMode::isolated : MarginMode::cross;
    return refuse(3400045, "Set margin mode failed: available balance insufficient");
  }
  for (const SymbolState& symbol : symbols_) {
    for (Position& position : account.holdings[symbol.instrument.id.index].held()) {
      if (mode == MarginMode::cross) position.extra_margin = E8{};
      if (position.size.count != 0) touch(account_id, symbol.instrument.id, position.index);
    }
  }
  tell_touched();
  return {};
}

Result<void, Refusal> Exchange::Engine::set_leverage(AccountId account_id, SymbolId symbol_id, E8 buy,
                                                     E8 sell) {
  constexpr std::int64_t leverage_step = e8_per_unit / 100;
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  SymbolState& symbol = at(symbol_id);
  Holdings& holdings = account.holdings[symbol_id.index];
  const bool may_differ = holdings.mode == PositionMode::hedge && account.margin_mode == MarginMode::isolated;
  if (buy != sell && !may_differ) return refuse(10001, "params error: buy leverage must equal sell leverage");
  const std::span<Position> held = holdings.held();
  const std::array<E8, 2> before{held.front().leverage, held.back().leverage};
  const std::array<E8, 2> wanted{buy, sell};
  for (const E8 leverage : wanted) {
    if (leverage.count < e8_per_unit || leverage.count % leverage_step != 0) {
      return refuse(10001, "params error: leverage invalid");
    }
    if (leverage > symbol.tiers.front().max_leverage) {
      return refuse(110013, "cannot set leverage gt maxLeverage by risk limit");
    }
  }
  if (wanted == before) return refuse(110043, "leverage not modified");
  for (std::size_t i = 0; i < held.size(); ++i) {
    E8 largest;
    for (const Side side : {Side::buy, Side::sell}) {
      largest = std::max(largest, exposure(account, symbol, held[i].index, side, anonymous));
    }
    if (wanted[i] > tier_of(symbol.tiers, largest).max_leverage) {
      return refuse(110086, "leverage gt maxLeverage of the current risk limit");
    }
  }
  held.back().leverage = sell;
  held.front().leverage = buy;
  const bool smaller = buy < before[0] || sell < before[1];
  const bool poor = smaller && wallet_row(account_id).available.count < 0;
  const bool breaks =
      account.margin_mode == MarginMode::isolated &&
      std::ranges::any_of(held, [&](const Position& p) { return in_breach(account, symbol, p); });
  if (poor || breaks) {
    held.back().leverage = before[1];
    held.front().leverage = before[0];
    if (poor) return refuse(110007, "ab not enough for new leverage");
    return refuse(110011, "the position would be liquidated at once");
  }
  for (const Position& position : held) touch(account_id, symbol_id, position.index);
  tell_touched();
  return {};
}

Result<PositionRow, Refusal> Exchange::Engine::add_margin(AccountId account_id, SymbolId symbol_id,
                                                          std::uint8_t position_index, E8 margin) {
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  if (auto no = refuse_position_index(account, symbol_id, position_index)) return std::unexpected{*no};
  if (account.margin_mode != MarginMode::isolated) return refuse(10001, "add margin only in isolated mode");
  Position& position = account.position(symbol_id, position_index);
  if (position.size.count == 0) return refuse(110005, "position is zero, margin cannot be added");
  if (margin.count == 0) return refuse(110027, "margin not modified");
  if (margin.count > 0 && margin > wallet_row(account_id).available) {
    return refuse(110012, "available balance insufficient");
  }
  if (margin.count < 0) {
    // What leaves may be no more than was added, and must leave the initial margin at mark.
    const SymbolState& symbol = at(symbol_id);
    const E8 left = own_margin(account, symbol, position) + unrealised(position, symbol) + margin;
    const E8 needed = position_initial_margin(margin_terms(account, symbol, position), symbol.mark_price);
    if (position.extra_margin + margin < E8{} || left < needed) {
      return refuse(110014, "margin cannot be reduced by so much");
    }
  }
  position.extra_margin = position.extra_margin + margin;
  position.updated_at = now_;
  touch(account_id, symbol_id, position_index);
  tell_touched();
  return position_row(account_id, symbol_id, position_index);
}

Result<void, Refusal> Exchange::Engine::set_auto_add_margin(AccountId account_id, SymbolId symbol_id,
                                                            std::uint8_t position_index, bool on) {
  if (symbol_id.index >= symbols_.size()) return refuse(10001, "params error: symbol invalid");
  Account& account = at(account_id);
  if (auto no = refuse_position_index(account, symbol_id, position_index)) return std::unexpected{*no};
  if (account.margin_mode != MarginMode::isolated) {
    return refuse(110076, "auto add margin only in isolated mode");
  }
  account.position(symbol_id, position_index).auto_add_margin = on;
  touch(account_id, symbol_id, position_index);
  tell_touched();
  return {};
}

void Exchange::Engine::set_fees(AccountId account_id, FeeRates rates, E8 surcharge) {
  Account& account = at(account_id);
  account.fees = rates;
  account.surcharge = surcharge;
}

Result<void, Refusal> Exchange::Engine::deposit(AccountId account_id, E8 amount) {
  if (amount.count <= 0) return refuse(10001, "params error: amount invalid");
  book_money(account_id, {.kind = TransactionKind::transfer_in, .cash_flow = amount});
  touch(account_id, SymbolId{}, wallet_only);
  tell_touched();
  return {};
}

}  // namespace mlbot::sim
