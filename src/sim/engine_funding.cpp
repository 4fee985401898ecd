// Mark price, funding and open interest: what the venue works out from the market by the clock.
#include <algorithm>

#include <fmt/format.h>

#include "sim/engine.h"

namespace mlbot::sim {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t open_interest_grid_ns = 5 * minute_ns;
constexpr std::uint32_t first_user = 592'324;  // numbers of accounts in the ids of funding rows
constexpr std::size_t funding_kept = 200;
constexpr std::size_t open_interest_kept = 2016;  // a week

}  // namespace

void Exchange::Engine::set_mark_price(SymbolId symbol_id, E8 price) {
  SymbolState& symbol = at(symbol_id);
  symbol.mark_given = true;
  move_mark(symbol, price);
}

void Exchange::Engine::move_mark(SymbolState& symbol, E8 price) {
  if (symbol.mark_price == price) return;
  symbol.mark_price = price;
  symbol.mark_moved = true;
  accounts_need_check_ = true;
}

void Exchange::Engine::set_funding_rate(SymbolId symbol_id, E8 rate) {
  SymbolState& symbol = at(symbol_id);
  symbol.funding_given = true;
  symbol.funding_rate = rate;
}

void Exchange::Engine::refresh_mark(SymbolState& symbol) {
  symbol.moved = false;
  const auto bid = symbol.book.best(Side::buy), ask = symbol.book.best(Side::sell);
  if (!bid || !ask) return;
  const Instrument& instrument = symbol.instrument;
  const E8 mid{(instrument.price(*bid).count + instrument.price(*ask).count) / 2};
  if (symbol.mark_price.count > 0) symbol.premium.see(now_, mid - symbol.mark_price);
  if (symbol.mark_given) return;
  const E8 index = symbol.index_price.count == 0 ? mid : symbol.index_price;
  symbol.basis.sample(now_, mid - index);
  // Reference 15.5: the median of index with the funding still to come, index with its basis of five minutes,
  // last price.
  const std::int64_t left_s = (symbol.next_funding - now_) / 1s;
  const std::int64_t interval_s = std::int64_t{instrument.funding_interval_minutes} * 60;
  const E8 carry{multiply(index, symbol.funding_rate).count * left_s / interval_s};
  const auto last = symbol.feed.last_price();
  const E8 middle = median(index + carry, index + symbol.basis.mean(), last ? instrument.price(*last) : mid);
  const std::int64_t tick = instrument.tick_size.count;
  move_mark(symbol, E8{(middle.count + tick / 2) / tick * tick});
}

void Exchange::Engine::let_minute_pass(SymbolState& symbol) {
  const Instrument& instrument = symbol.instrument;
  if (!symbol.funding_given && symbol.index_price.count > 0) {
    const E8 value = impact_notional(instrument);
    const auto& book = symbol.feed.published_book();
    symbol.premium_index.add(premium_index(impact_price(book.bids, value, instrument),
                                           impact_price(book.asks, value, instrument), symbol.index_price));
    symbol.funding_rate = funding_rate(symbol.premium_index.mean(), instrument);
  }
  if (symbol.next_minute.ns % open_interest_grid_ns == 0) {
    symbol.open_interest_history.push_back({symbol.next_minute, symbol.open_interest});
    if (symbol.open_interest_history.size() > open_interest_kept) symbol.open_interest_history.pop_front();
  }
  symbol.next_minute = minute_after(now_);
}

Instant Exchange::Engine::minute_after(Instant at) { return {(at.ns / minute_ns + 1) * minute_ns}; }

Instant Exchange::Engine::funding_after(Instant at, const Instrument& instrument) {
  const std::int64_t interval_ns = std::int64_t{instrument.funding_interval_minutes} * minute_ns;
  return {(at.ns / interval_ns + 1) * interval_ns};
}

void Exchange::Engine::pay_funding(SymbolState& symbol) {
  const std::vector<AccountId> holders = symbol.holders;
  for (const AccountId holder : holders) {
    for (Position& position : at(holder).holdings[symbol.instrument.id.index].held()) {
      if (position.size.count != 0) pay_funding(symbol, holder, position);
    }
  }
  symbol.funding_history.push_back({symbol.next_funding, symbol.funding_rate});
  if (symbol.funding_history.size() > funding_kept) symbol.funding_history.pop_front();
  symbol.premium_index.begin_anew();
  accounts_need_check_ = true;
  tell_touched();
}

void Exchange::Engine::pay_funding(const SymbolState& symbol, AccountId account_id, Position& position) {
  const Instrument& instrument = symbol.instrument;
  const Lots size = absolute(position.size);
  const E8 value = multiply(symbol.mark_price, instrument.size(size));
  const E8 due = multiply(value, symbol.funding_rate);
  const E8 paid = position.size.count > 0 ? due : -due;
  const E8 signed_rate = position.size.count > 0 ? symbol.funding_rate : -symbol.funding_rate;
  position.realised = position.realised - paid;
  position.realised_ever = position.realised_ever - paid;
  funding_balance_ = funding_balance_ + paid;
  const Side side = position.size.count > 0 ? Side::buy : Side::sell;
  const std::string id = fmt::format("{}-{}-{}-{}", symbol.next_funding.seconds(), instrument.name.view(),
                                     first_user + account_id.index, side == Side::buy ? "Buy" : "Sell");
  const VenueId order_id{std::string_view{id}.substr(0, VenueId::capacity)};
  const VenueId execution_id = make_id();
  book_money(account_id, {.symbol = instrument.id,
                          .side = side,
                          .kind = TransactionKind::settlement,
                          .size = size,
                          .position = position.size,
                          .price = symbol.mark_price,
                          .funding = -paid,
                          .fee_rate = signed_rate,
                          .trade_id = execution_id,
                          .order_id = order_id});
  if (Account& account = at(account_id); account.margin_mode == MarginMode::isolated) {
    // What the free balance cannot bear is taken from the position's own margin.
    const E8 available = wallet_row(account_id).available;
    if (available.count < 0) {
      position.extra_margin = position.extra_margin + std::max(available, -std::max(paid, E8{}));
    }
  }
  record(account_id, {.execution = {.symbol = instrument.id,
                                    .kind = ExecutionKind::funding,
                                    .venue_id = order_id,
                                    .execution_id = execution_id,
                                    .side = side,
                                    .price = symbol.mark_price,
                                    .size = size,
                                    .fee = paid,
                                    .at = now_},
                      .order_type = OrderType::unknown,
                      .value = value,
                      .fee_rate = signed_rate,
                      .mark_price = symbol.mark_price,
                      .cross_sequence = symbol.cross_sequence});
  unchecked_.push_back(account_id);
  touch(account_id, instrument.id, position.index);
}

}  // namespace mlbot::sim
