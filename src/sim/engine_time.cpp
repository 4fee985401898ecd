// What happens by itself: the market acts, marks move, stops go off, funding is paid, the public and the
// accounts hear.
#include <algorithm>

#include "sim/engine.h"
#include "sim/risk_tiers.h"

namespace mlbot::sim {

Exchange::Engine::Engine(const ExchangeSetup& setup, std::unique_ptr<Market> market, Listener* listener)
    : setup_{setup},
      market_{std::move(market)},
      listener_{listener},
      now_{setup.start},
      fund_{setup.insurance_fund, setup.insurance_fund, setup.start},
      chance_{Prng::stream(setup.seed, "cancel all")} {
  MLBOT_ASSERT(market_ != nullptr);
  for (std::size_t i = 0; i < setup_.instruments.size(); ++i) {
    const Instrument& instrument = setup_.instruments[i];
    MLBOT_ASSERT(instrument.id.index == i);
    const Prng chance = Prng::stream(setup_.seed, "feed " + instrument.name.str());
    symbols_.push_back({.instrument = instrument,
                        .book = {},
                        .feed = PublicFeed{instrument, setup_.feed, chance, now_},
                        .tiers = i < setup_.risk_tiers.size() && !setup_.risk_tiers[i].empty()
                                     ? setup_.risk_tiers[i]
                                     : risk_tiers_of(instrument),
                        .next_minute = minute_after(now_),
                        .next_funding = funding_after(now_, instrument)});
  }
}

Instant Exchange::Engine::next_event_at() const {
  Instant next = market_->next_at();
  if (!news_.empty()) next = std::min(next, news_.front().due);
  for (const SymbolState& symbol : symbols_) {
    next = std::min({next, symbol.feed.next_at(), symbol.next_minute, symbol.next_funding});
  }
  for (const Liquidating& which : liquidating_) next = std::min(next, which.due);
  if (fund_.changed) next = std::min(next, fund_.told_at + 1s);
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
  if (!liquidating_.empty()) go_on_liquidating();
  for (SymbolState& symbol : symbols_) {
    if (symbol.next_minute <= now_) let_minute_pass(symbol);
    if (symbol.next_funding > now_) continue;
    pay_funding(symbol);
    symbol.next_funding = funding_after(now_, symbol.instrument);
  }
  for (SymbolState& symbol : symbols_) {
    if (symbol.feed.next_at() <= now_) {
      const PriceLimits limits = symbol.feed.price_limits_due(now_) ? price_limits(symbol) : PriceLimits{};
      symbol.feed.tell(now_, symbol.book, ticker_row(symbol.instrument.id), limits, listener_);
    }
  }
  tell_fund();
  tell_news();
}

void Exchange::Engine::check_accounts() {
  accounts_need_check_ = false;
  check_stops();
  // Whoever traded or was paid, and whoever holds what has another mark price: nobody else's margin moved.
  std::vector<AccountId> due = std::exchange(unchecked_, {});
  for (SymbolState& symbol : symbols_) {
    if (std::exchange(symbol.mark_moved, false))
      due.insert(due.end(), symbol.holders.begin(), symbol.holders.end());
  }
  std::ranges::sort(due);
  const auto doubled = std::ranges::unique(due);
  due.erase(doubled.begin(), doubled.end());
  for (const AccountId account : due) check_margin(account);
  tell_touched();
}

void Exchange::Engine::tell_news() {
  while (!news_.empty() && news_.front().due <= now_) {
    const News news = news_.front();
    news_.pop_front();
    if (listener_ != nullptr) listener_->on_account(news.account, now_, news.event);
  }
}

}  // namespace mlbot::sim
