// The door of the exchange and its views; the work is done in Engine.
#include "sim/exchange.h"

#include <algorithm>

#include "sim/engine.h"

namespace mlbot::sim {
namespace {

template <class Row>
std::vector<Row> newest(const std::deque<Row>& rows, std::size_t limit) {
  const std::size_t count = std::min(limit, rows.size());
  return {rows.rbegin(), rows.rbegin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

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
Result<void, Refusal> Exchange::set_leverage(AccountId account, SymbolId symbol, E8 buy, E8 sell) {
  return engine_->set_leverage(account, symbol, buy, sell);
}
Result<void, Refusal> Exchange::set_margin_mode(AccountId account, MarginMode mode) {
  return engine_->set_margin_mode(account, mode);
}
Result<PositionRow, Refusal> Exchange::add_margin(AccountId account, SymbolId symbol,
                                                  std::uint8_t position_index, E8 margin) {
  return engine_->add_margin(account, symbol, position_index, margin);
}
Result<void, Refusal> Exchange::set_auto_add_margin(AccountId account, SymbolId symbol,
                                                    std::uint8_t position_index, bool on) {
  return engine_->set_auto_add_margin(account, symbol, position_index, on);
}
void Exchange::set_fees(AccountId account, FeeRates rates, E8 surcharge_share) {
  engine_->set_fees(account, rates, surcharge_share);
}
Result<void, Refusal> Exchange::deposit(AccountId account, E8 amount) {
  return engine_->deposit(account, amount);
}

void Exchange::set_limit_price_action(AccountId account, bool moves) {
  engine_->at(account).moves_limit_price = moves;
}
bool Exchange::moves_limit_price(AccountId account) const { return engine_->at(account).moves_limit_price; }
void Exchange::set_live(SymbolId symbol, bool live) { engine_->at(symbol).live = live; }
void Exchange::set_order_sizes(SymbolId symbol, Lots smallest, Lots largest_limit, Lots largest_market) {
  Instrument& instrument = engine_->at(symbol).instrument;
  instrument.min_order = smallest;
  instrument.max_limit_order = largest_limit;
  instrument.max_market_order = largest_market;
  engine_->setup_.instruments[symbol.index] = instrument;
}
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
  return newest(engine_->at(account).executions, limit);
}
PositionRow Exchange::position(AccountId account, SymbolId symbol) const {
  return positions(account, symbol).front();
}
std::vector<PositionRow> Exchange::positions(AccountId account, SymbolId symbol) const {
  std::vector<PositionRow> rows;
  for (const Position& position : engine_->at(account).holdings[symbol.index].held()) {
    rows.push_back(engine_->position_row(account, symbol, position.index));
    rows.back().adl_rank = engine_->adl_rank(account, symbol, position.index);
  }
  return rows;
}
PositionMode Exchange::position_mode(AccountId account, SymbolId symbol) const {
  return engine_->at(account).holdings[symbol.index].mode;
}
MarginMode Exchange::margin_mode(AccountId account) const { return engine_->at(account).margin_mode; }
FeeRates Exchange::fee_rates(AccountId account, SymbolId symbol) const {
  return engine_->fee_rates(engine_->at(account), engine_->at(symbol));
}
std::vector<ClosedPnlRow> Exchange::closed_pnl(AccountId account, std::size_t limit) const {
  return newest(engine_->at(account).closed_pnl, limit);
}
std::vector<TransactionRow> Exchange::transactions(AccountId account, std::size_t limit) const {
  return newest(engine_->at(account).transactions, limit);
}
std::span<const RiskTier> Exchange::risk_tiers(SymbolId symbol) const { return engine_->at(symbol).tiers; }
std::vector<FundingRow> Exchange::funding_history(SymbolId symbol, std::size_t limit) const {
  return newest(engine_->at(symbol).funding_history, limit);
}
std::vector<OpenInterestRow> Exchange::open_interest_history(SymbolId symbol, std::size_t limit) const {
  return newest(engine_->at(symbol).open_interest_history, limit);
}
E8 Exchange::funding_cap(SymbolId symbol) const { return sim::funding_cap(engine_->at(symbol).instrument); }
E8 Exchange::insurance_fund() const { return engine_->fund_.balance; }
VenueMoney Exchange::venue_money() const {
  const InsuranceFund& fund = engine_->fund_;
  return {fund.balance, fund.peak, engine_->fees_collected_, engine_->funding_balance_};
}
WalletRow Exchange::wallet(AccountId account) const { return engine_->wallet_row(account); }
Result<WalletRow, Refusal> Exchange::wallet_with(AccountId account, const OrderRequest& request) const {
  return engine_->wallet_with(account, request);
}

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
