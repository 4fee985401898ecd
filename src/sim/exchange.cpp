// The door of the exchange and its views; the work is done in Engine.
#include "sim/exchange.h"

#include <algorithm>

#include "sim/engine.h"
#include "sim/margin.h"

namespace mlbot::sim {

Exchange::Exchange(const ExchangeSetup& setup, std::unique_ptr<Market> market, Listener* listener)
    : engine_{std::make_unique<Engine>(setup, std::move(market), listener)} {}
Exchange::~Exchange() = default;
Exchange::Exchange(Exchange&&) noexcept = default;

AccountId Exchange::open_account(std::string_view name, E8 wallet_balance) {
  return engine_->open_account(name, wallet_balance);
}
std::optional<AccountId> Exchange::find_account(std::string_view name) const {
  const auto found = std::ranges::find(engine_->accounts_, name, &Account::name);
  if (found == engine_->accounts_.end()) return std::nullopt;
  return AccountId{static_cast<std::uint32_t>(found - engine_->accounts_.begin())};
}

Instant Exchange::now() const { return engine_->now(); }
Instant Exchange::next_event_at() const { return engine_->next_event_at(); }
void Exchange::advance_to(Instant at) { engine_->advance_to(at); }

Result<VenueId, Refusal> Exchange::place(AccountId account, const OrderRequest& request) {
  return engine_->place(account, request);
}
Result<VenueId, Refusal> Exchange::amend(AccountId account, SymbolId symbol, const OrderKey& key,
                                         const Amendment& amendment) {
  return engine_->amend(account, symbol, key, amendment);
}
Result<VenueId, Refusal> Exchange::cancel(AccountId account, SymbolId symbol, const OrderKey& key) {
  return engine_->cancel(account, symbol, key);
}
std::vector<VenueId> Exchange::cancel_all(AccountId account, const CancelScope& scope) {
  return engine_->cancel_all(account, scope);
}
Result<void, Refusal> Exchange::set_position_stop(AccountId account, SymbolId symbol,
                                                  const StopRequest& request) {
  return engine_->set_position_stop(account, symbol, request);
}
Result<void, Refusal> Exchange::set_position_mode(AccountId account, std::optional<SymbolId> symbol,
                                                  PositionMode mode) {
  return engine_->set_position_mode(account, symbol, mode);
}
Result<void, Refusal> Exchange::set_leverage(AccountId account, SymbolId symbol, E8 leverage) {
  return engine_->set_leverage(account, symbol, leverage);
}

void Exchange::set_limit_price_action(AccountId account, bool moves) {
  engine_->at(account).moves_limit_price = moves;
}
bool Exchange::moves_limit_price(AccountId account) const { return engine_->at(account).moves_limit_price; }
void Exchange::set_live(SymbolId symbol, bool live) { engine_->at(symbol).live = live; }
bool Exchange::live(SymbolId symbol) const { return engine_->at(symbol).live; }
void Exchange::restart_feed() {
  for (SymbolState& symbol : engine_->symbols_) symbol.feed.restart(engine_->now());
}
PriceLimits Exchange::price_limits(SymbolId symbol) const {
  return engine_->price_limits(engine_->at(symbol));
}

std::span<const Instrument> Exchange::instruments() const { return engine_->setup_.instruments; }
std::optional<SymbolId> Exchange::find_symbol(std::string_view name) const {
  for (const Instrument& instrument : engine_->setup_.instruments) {
    if (instrument.name.view() == name) return instrument.id;
  }
  return std::nullopt;
}

std::vector<OrderRow> Exchange::open_orders(AccountId account) const {
  std::vector<OrderRow> out;
  for (const auto& [number, row] : engine_->at(account).open) out.push_back(row);
  return out;
}
std::vector<OrderRow> Exchange::closed_orders(AccountId account, std::size_t limit) const {
  const auto& closed = engine_->at(account).closed;
  const std::size_t count = std::min(limit, closed.size());
  return {closed.rbegin(), closed.rbegin() + static_cast<std::ptrdiff_t>(count)};
}
std::optional<OrderRow> Exchange::find_order(AccountId account, const OrderKey& key) const {
  const Account& owner = engine_->at(account);
  if (const OrderNumber open = engine_->find_open(account, key); open != anonymous)
    return owner.open.at(open);
  const auto found = std::ranges::find_if(owner.closed, [&](const OrderRow& row) {
    return key.venue_id.empty() ? !key.client_id.empty() && row.client_id == key.client_id
                                : row.venue_id == key.venue_id;
  });
  if (found == owner.closed.end()) return std::nullopt;
  return *found;
}
std::vector<ExecutionRow> Exchange::executions(AccountId account, std::size_t limit) const {
  const auto& rows = engine_->at(account).executions;
  const std::size_t count = std::min(limit, rows.size());
  return {rows.rbegin(), rows.rbegin() + static_cast<std::ptrdiff_t>(count)};
}
PositionRow Exchange::position(AccountId account, SymbolId symbol) const {
  const Holdings& holdings = engine_->at(account).holdings[symbol.index];
  return engine_->position_row(account, symbol, holdings.held().front().index);
}
std::vector<PositionRow> Exchange::positions(AccountId account, SymbolId symbol) const {
  std::vector<PositionRow> rows;
  for (const Position& position : engine_->at(account).holdings[symbol.index].held()) {
    rows.push_back(engine_->position_row(account, symbol, position.index));
  }
  return rows;
}
PositionMode Exchange::position_mode(AccountId account, SymbolId symbol) const {
  return engine_->at(account).holdings[symbol.index].mode;
}
WalletRow Exchange::wallet(AccountId account) const { return engine_->wallet_row(account); }

BookRow Exchange::book(SymbolId symbol, std::size_t depth) const {
  BookRow out = engine_->at(symbol).feed.published_book(depth);
  if (out.bids.size() > depth) out.bids.resize(depth);
  if (out.asks.size() > depth) out.asks.resize(depth);
  return out;
}
TickerRow Exchange::ticker(SymbolId symbol) const { return engine_->ticker_row(symbol); }
std::vector<Kline> Exchange::klines(SymbolId symbol, std::size_t limit) const {
  return engine_->at(symbol).feed.klines(limit);
}
std::vector<Trade> Exchange::recent_trades(SymbolId symbol, std::size_t limit) const {
  return engine_->at(symbol).feed.recent_trades(limit);
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
                  .realised_pnl = position.realised,
                  .realised_pnl_ever = position.realised_ever,
                  .cross_sequence = position.cross_sequence,
                  .created_at = position.created_at,
                  .updated_at = position.updated_at};
  if (position.size.count == 0) return row;
  const E8 quantity = instrument.size(absolute(position.size));
  row.entry_price = multiply_divide(position.entry_value, E8{e8_per_unit}, quantity);
  row.value = multiply(symbol.mark_price, quantity);
  row.unrealised_pnl = unrealised(position, symbol);
  row.initial_margin = position_initial_margin(quantity, symbol.mark_price, position.entry_value,
                                               position.side(), position.leverage, instrument.fees.taker);
  row.maintenance_margin =
      position_maintenance_margin(quantity, symbol.mark_price, position.entry_value, position.side(),
                                  position.leverage, instrument.fees.taker, instrument.maintenance_margin);
  const auto trigger_of = [&](OrderNumber stop) {
    return stop == anonymous ? E8{} : instrument.price(account.open.at(stop).trigger->price);
  };
  row.stop_loss = trigger_of(position.stop_loss);
  row.take_profit = trigger_of(position.take_profit);
  if (position.trailing != anonymous) {
    row.trailing_stop = instrument.price(PriceTicks{account.open.at(position.trailing).trailing.count});
  }

  // Reference 15.3, cross margin: exact while this is the only position.
  E8 equity = account.wallet, maintenance;
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    for (const Position& other : account.holdings[i].held()) {
      if (other.size.count == 0) continue;
      const Instrument& traded = symbols_[i].instrument;
      equity = equity + unrealised(other, symbols_[i]);
      maintenance =
          maintenance + position_maintenance_margin(traded.size(absolute(other.size)), symbols_[i].mark_price,
                                                    other.entry_value, other.side(), other.leverage,
                                                    traded.fees.taker, traded.maintenance_margin);
    }
  }
  const E8 step = multiply_divide(equity - maintenance, E8{e8_per_unit}, quantity);
  const E8 price = position.size.count > 0 ? symbol.mark_price - step : symbol.mark_price + step;
  row.liquidation_price = std::max(price, E8{});
  return row;
}

WalletRow Exchange::Engine::wallet_row(AccountId account_id) const {
  const Account& account = at(account_id);
  WalletRow row{.wallet_balance = account.wallet, .realised_pnl_ever = account.realised_ever};
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    for (const Position& position : account.holdings[i].held()) {
      if (position.size.count == 0) continue;
      const SymbolState& symbol = symbols_[i];
      const Instrument& instrument = symbol.instrument;
      const E8 quantity = instrument.size(absolute(position.size));
      row.unrealised_pnl = row.unrealised_pnl + unrealised(position, symbol);
      row.position_margin =
          row.position_margin + position_initial_margin(quantity, symbol.mark_price, position.entry_value,
                                                        position.side(), position.leverage,
                                                        instrument.fees.taker);
      row.maintenance_margin = row.maintenance_margin +
                               position_maintenance_margin(
                                   quantity, symbol.mark_price, position.entry_value, position.side(),
                                   position.leverage, instrument.fees.taker, instrument.maintenance_margin);
    }
  }
  row.order_margin = orders_margin(account);
  row.initial_margin = row.position_margin + row.order_margin;
  row.equity = row.wallet_balance + row.unrealised_pnl;
  row.available = row.equity - row.initial_margin;
  return row;
}

TickerRow Exchange::Engine::ticker_row(SymbolId symbol_id) const {
  const SymbolState& symbol = at(symbol_id);
  const Instrument& instrument = symbol.instrument;
  TickerRow row{.mark_price = symbol.mark_price,
                .index_price = symbol.index_price.count == 0 ? symbol.mark_price : symbol.index_price,
                .open_interest = symbol.open_interest,
                .funding_rate = symbol.funding_rate,
                .turnover_24h = symbol.feed.turnover_24h(),
                .volume_24h = symbol.feed.volume_24h(),
                .next_funding = symbol.next_funding,
                .funding_interval_hours = instrument.funding_interval_minutes / 60,
                .cross_sequence = symbol.cross_sequence};
  const auto last = symbol.feed.last_price();
  row.last_price = last ? instrument.price(*last) : symbol.mark_price;
  row.open_interest_value = to_double(row.open_interest) * to_double(row.mark_price);
  const auto& book = symbol.feed.published_book();
  if (!book.bids.empty()) {
    row.bid = book.bids.front().price;
    row.bid_size = book.bids.front().size;
  }
  if (!book.asks.empty()) {
    row.ask = book.asks.front().price;
    row.ask_size = book.asks.front().size;
  }
  const auto price_or_last = [&](std::optional<PriceTicks> ticks) {
    return ticks ? instrument.price(*ticks) : row.last_price;
  };
  row.price_24h_ago = price_or_last(symbol.feed.open_24h_ago());
  row.high_24h = price_or_last(symbol.feed.high_24h());
  row.low_24h = price_or_last(symbol.feed.low_24h());
  return row;
}

}  // namespace mlbot::sim
