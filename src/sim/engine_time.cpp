// What happens by itself: the market acts, marks move, stops go off, funding is paid, the public and the
// accounts hear.
#include <algorithm>

#include "sim/engine.h"

namespace mlbot::sim {
namespace {

E8 median(E8 a, E8 b, E8 c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

}  // namespace

Exchange::Engine::Engine(const ExchangeSetup& setup, std::unique_ptr<Market> market, Listener* listener)
    : setup_{setup},
      market_{std::move(market)},
      listener_{listener},
      now_{setup.start},
      chance_{Prng::stream(setup.seed, "cancel all")} {
  MLBOT_ASSERT(market_ != nullptr);
  for (std::size_t i = 0; i < setup_.instruments.size(); ++i) {
    const Instrument& instrument = setup_.instruments[i];
    MLBOT_ASSERT(instrument.id.index == i);
    const Prng chance = Prng::stream(setup_.seed, "feed " + instrument.name.str());
    symbols_.push_back({.instrument = instrument,
                        .book = {},
                        .feed = PublicFeed{instrument, setup_.feed, chance, now_},
                        .basis_at = now_,
                        .next_funding = funding_after(now_, instrument)});
  }
}

Instant Exchange::Engine::funding_after(Instant at, const Instrument& instrument) const {
  const std::int64_t interval_ns = std::int64_t{instrument.funding_interval_minutes} * 60'000'000'000;
  return {(at.ns / interval_ns + 1) * interval_ns};
}

Instant Exchange::Engine::next_event_at() const {
  Instant next = market_->next_at();
  if (!news_.empty()) next = std::min(next, news_.front().due);
  for (const SymbolState& symbol : symbols_) {
    next = std::min({next, symbol.feed.next_at(), symbol.next_funding});
  }
  if (accounts_need_check_) next = now_;
  return std::max(next, now_);
}

void Exchange::Engine::advance_to(Instant at) {
  MLBOT_ASSERT(at >= now_);
  for (Instant next = next_event_at(); next <= at; next = next_event_at()) {
    now_ = next;
    happen();
  }
  now_ = at;
}

void Exchange::Engine::happen() {
  if (market_->next_at() <= now_) market_->act(*this);
  for (SymbolState& symbol : symbols_) {
    if (symbol.moved) refresh_mark(symbol);
  }
  if (accounts_need_check_) check_accounts();
  for (SymbolState& symbol : symbols_) {
    if (symbol.next_funding > now_) continue;
    pay_funding(symbol);
    symbol.next_funding = funding_after(now_, symbol.instrument);
  }
  for (SymbolState& symbol : symbols_) {
    if (symbol.feed.next_at() <= now_) {
      symbol.feed.tell(now_, symbol.book, ticker_row(symbol.instrument.id), listener_);
    }
  }
  tell_news();
}

void Exchange::Engine::set_mark_price(SymbolId symbol_id, E8 price) {
  SymbolState& symbol = at(symbol_id);
  symbol.mark_given = true;
  if (symbol.mark_price == price) return;
  symbol.mark_price = price;
  accounts_need_check_ = true;
}

void Exchange::Engine::refresh_mark(SymbolState& symbol) {
  constexpr std::int64_t basis_memory_s = 150;  // mean age of the five-minute mean that Bybit takes
  symbol.moved = false;
  const auto bid = symbol.book.best(Side::buy), ask = symbol.book.best(Side::sell);
  if (!bid || !ask) return;
  const Instrument& instrument = symbol.instrument;
  const E8 mid{(instrument.price(*bid).count + instrument.price(*ask).count) / 2};
  if (symbol.mark_price.count > 0) symbol.premium.see(now_, mid - symbol.mark_price);
  if (symbol.mark_given) return;
  const E8 index = symbol.index_price.count == 0 ? mid : symbol.index_price;
  if (const std::int64_t seconds = (now_ - symbol.basis_at) / 1s; seconds > 0) {
    const std::int64_t weight = std::min(seconds, basis_memory_s);
    symbol.basis.count += (mid.count - index.count - symbol.basis.count) * weight / basis_memory_s;
    symbol.basis_at = symbol.basis_at + seconds * 1s;
  }
  // Bybit's reference 15.5: the median of index with the funding still to come, index with its usual basis,
  // last price.
  const std::int64_t left_s = (symbol.next_funding - now_) / 1s;
  const std::int64_t interval_s = std::int64_t{instrument.funding_interval_minutes} * 60;
  const E8 carry{multiply(index, symbol.funding_rate).count * left_s / interval_s};
  const auto last = symbol.feed.last_price();
  const E8 middle = median(index + carry, index + symbol.basis, last ? instrument.price(*last) : mid);
  const std::int64_t tick = instrument.tick_size.count;
  const E8 mark{(middle.count + tick / 2) / tick * tick};
  if (mark == symbol.mark_price) return;
  symbol.mark_price = mark;
  accounts_need_check_ = true;
}

void Exchange::Engine::check_accounts() {
  accounts_need_check_ = false;
  check_stops();
  for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
    const AccountId id{i};
    bool holds = false;
    for (std::size_t s = 0; s < symbols_.size(); ++s) {
      for (const Position& held : at(id).holdings[s].held()) {
        holds |= held.size.count != 0;
      }
    }
    if (!holds) continue;
    const WalletRow wallet = wallet_row(id);
    if (wallet.maintenance_margin.count > 0 && wallet.equity <= wallet.maintenance_margin) liquidate(id);
  }
}

void Exchange::Engine::tell_news() {
  while (!news_.empty() && news_.front().due <= now_) {
    const News news = news_.front();
    news_.pop_front();
    if (listener_ != nullptr) listener_->on_account(news.account, now_, news.event);
  }
}

}  // namespace mlbot::sim
