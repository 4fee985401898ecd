#include "core/features/history.h"

#include <algorithm>

namespace mlbot::core {
namespace {

constexpr std::size_t far_levels = 50, near_levels = 20;
constexpr std::int64_t norm_life_s = 900;

/// The items of a list sorted by `at` that came in [begin, end).
template <class Item>
std::pair<typename std::vector<Item>::const_iterator, typename std::vector<Item>::const_iterator> between(
    const std::vector<Item>& items, Instant begin, Instant end) {
  const auto earlier = [](const Item& item, Instant at) { return item.at < at; };
  return {std::lower_bound(items.begin(), items.end(), begin, earlier),
          std::lower_bound(items.begin(), items.end(), end, earlier)};
}

/// The last item at or before t; nullptr where there is none.
template <class Item>
const Item* last_at(const std::vector<Item>& items, Instant t) {
  const auto after = std::upper_bound(items.begin(), items.end(), t,
                                      [](Instant at, const Item& item) { return at < item.at; });
  return after == items.begin() ? nullptr : &*std::prev(after);
}

std::vector<BookLevel> best_levels(std::span<const BookLevel> side) {
  std::vector<BookLevel> out{side.begin(),
                             side.begin() + static_cast<std::ptrdiff_t>(std::min(side.size(), far_levels))};
  for (BookLevel& level : out) level.size = {std::min(level.size.count, plausible_max)};
  return out;
}

}  // namespace

void History::advance(Instant at, Instant heard) {
  const std::int64_t second = cell_of(at, second_ns);
  if (!open_second_) open_second_ = second;
  for (; *open_second_ < second; ++*open_second_) {
    Second closed{*open_second_, mid2_before(Instant::from_seconds(*open_second_ + 1))};
    closed.live = live(closed.index, heard);
    const double before = seconds_.empty() ? missing : seconds_.back().mid2;
    if (closed.mid2 > 0 && before > 0) closed.return_bps = 1e4 * ln(closed.mid2 / before);
    closed.lived = (seconds_.empty() ? 0 : seconds_.back().lived) + closed.live;
    const auto [first, last] = between(prints_, closed.end() - 1s, closed.end());
    for (auto print = first; print != last; ++print) {
      closed.traded += print->notional;
      closed.orders += print->new_order;
    }
    seconds_.push_back(closed);
    seconds_.back().volume_rate = volume_rate(closed.end());
  }
  for (; thinned_ + 1 < books_.size() && books_[thinned_ + 1].at < at - 60s; ++thinned_)
    for (auto* side : {&books_[thinned_].bids, &books_[thinned_].asks})
      if (side->size() > near_levels) {
        side->resize(near_levels);
        side->shrink_to_fit();
      }
}

bool History::live(std::int64_t second, Instant heard) const {
  const Instant begin = Instant::from_seconds(second), end = begin + 1s;
  if ((end - heard).count() > silence_ns) return false;
  bool good = false;
  for (auto state = states_.rbegin(); state != states_.rend(); ++state) {
    if (state->first >= end) continue;
    if (state->first < begin) {
      good = state->second;
      break;
    }
    if (!state->second) return false;
  }
  return good;
}

void History::note_state(Instant at, bool good) {
  if (states_.empty() || states_.back().second != good) states_.emplace_back(at, good);
}

void History::on(Instant at, const BookUpdate& update, BookChange change, const OrderBook& book) {
  if (change == BookChange::repeated) return;
  if (change != BookChange::applied || !book.two_sided() || book.top().bid.count <= 0 ||
      book.top().ask.count > plausible_max)
    return lose_book(at);
  books_.push_back({at, update.matched_at, ++order_, true, update.kind == UpdateKind::delta,
                    best_levels(book.bids()), best_levels(book.asks())});
  note_state(at, link_live_);
}

void History::lose_book(Instant at) {
  books_.push_back({at, at, ++order_, false, false, {}, {}});
  note_state(at, false);
}

void History::on_link(Instant at, bool live) {
  link_live_ = live;
  if (!live)
    lose_book(at);
  else
    note_state(at, book(at) != nullptr);
}

void History::on(Instant at, const Trades& trades) {
  const double mid2_now = mid2(at);
  const double spread_now = book(at) ? book(at)->spread_ticks() : missing;
  const Trade* before = nullptr;
  for (const Trade& trade : trades.list) {
    if (!is_print(trade)) continue;
    prints_.push_back(
        {at, ++order_, trade, mid2_now, spread_now, !before || !same_order(*before, trade),
         static_cast<double>(trade.price.count) * tick() * (static_cast<double>(trade.size.count) * lot())});
    before = &trade;
  }
}

void History::on(Instant at, const Kline& kline) {
  const bool sound = kline.low.count > 0 && kline.low <= std::min(kline.open, kline.close) &&
                     kline.high >= std::max(kline.open, kline.close) && kline.high.count <= plausible_max;
  if (!kline.confirmed || kline.interval_minutes != 1 || !sound) return;
  if (!candles_.empty()) {
    if (kline.start >= candles_.front().candle.start && kline.start <= candles_.back().candle.start) return;
    if (kline.start != candles_.back().candle.start + 60s) candles_.clear();
  }
  candles_.push_back({at, kline});
  const std::int64_t life = life_s(at);
  const bool settled = !seeds_.empty() && life_s(seeds_.back().at) > 0;
  if (settled || life >= norm_life_s || candles_.size() < 60) return;
  double turnover = 0;
  for (std::size_t age = 1; age <= 60; ++age) turnover += candles_[candles_.size() - age].candle.turnover;
  seeds_.push_back({at, turnover / 3600});
}

void History::on(Instant at, const Ticker& news) {
  Ticker now = tickers_.empty() || news.kind == UpdateKind::snapshot ? Ticker{} : tickers_.back().ticker;
  const auto take = [](auto& field, const auto& told) {
    if (told) field = told;
  };
  take(now.last_price, news.last_price);
  take(now.mark_price, news.mark_price);
  take(now.index_price, news.index_price);
  take(now.open_interest, news.open_interest);
  take(now.open_interest_value, news.open_interest_value);
  take(now.turnover_24h, news.turnover_24h);
  take(now.funding_rate, news.funding_rate);
  take(now.next_funding, news.next_funding);
  take(now.funding_interval_hours, news.funding_interval_hours);
  tickers_.push_back({at, now});
}

void History::on(Instant at, const Liquidations& liquidations) {
  for (const Liquidation& one : liquidations.list) {
    if (one.size.count <= 0) continue;
    const Ticker* ticker = last_ticker(at);
    const double mid = mid2(at) * 0.5 * tick();
    const double price = ticker && ticker->mark_price ? to_double(*ticker->mark_price)
                         : mid > 0                    ? mid
                                                      : to_double(one.bankruptcy_price);
    const auto lots = static_cast<double>(std::min(one.size.count, plausible_max));
    forced_.push_back({at, one.liquidated == PositionSide::long_side, lots * lot() * std::max(price, 0.0)});
  }
}

const History* History::leader(Instant t) const {
  if (!leader_ || leader_->heard_at_.ns == 0 || t > leader_->heard_at_ + 5s) return nullptr;
  return leader_;
}

const History::Book* History::book(Instant t) const {
  const Book* last = last_at(books_, t);
  return last && last->sound ? last : nullptr;
}

double History::mid2(Instant t) const { return mid2_before(Instant{t.ns + 1}); }

double History::mid2_before(Instant t) const {
  auto book = std::lower_bound(books_.begin(), books_.end(), t,
                               [](const Book& one, Instant at) { return one.at < at; });
  while (book != books_.begin())
    if ((--book)->sound) return book->mid2();
  return missing;
}

double History::move(Instant t, int seconds, std::int64_t grid_ns) const {
  if (!covered(t, seconds)) return missing;
  return mid2(t) / mid2_before(window_begin(t, seconds, grid_ns));
}

std::vector<History::Second>::const_iterator History::last_closed(Instant t) const {
  return std::lower_bound(seconds_.begin(), seconds_.end(), cell_of(t, second_ns),
                          [](const Second& second, std::int64_t index) { return second.index < index; });
}

const History::Second* History::closed(Instant t, int back) const {
  const auto end = last_closed(t);
  return end - seconds_.begin() >= back ? &*(end - back) : nullptr;
}

bool History::covered(Instant t, int seconds) const {
  return over_seconds(t, seconds, [](const Second& second) { return second.live; }) >= 0.98 * seconds - 1e-9;
}

std::int64_t History::life_s(Instant t) const {
  const auto end = last_closed(t);
  return end == seconds_.begin() ? 0 : std::prev(end)->lived;
}

double History::sigma(Instant t) const {
  if (life_s(t) < norm_life_s) return missing;
  const double mean =
      live_mean(t, 1800, [](const Second& second) { return second.return_bps * second.return_bps; });
  return std::max(0.05, std::sqrt(60 * mean));
}

double History::volume_estimate(Instant t) const {
  const Seed* seed = last_at(seeds_, t);
  if (!seed) return live_mean(t, 3600, [](const Second& second) { return second.traded; });
  // As if the seed had been traded in every second before it.
  const double keep = exact::exp(-1.0 / 3600);
  double sum = 0, weight = 1;
  for (auto second = last_closed(t); second != seconds_.begin() && std::prev(second)->end() > seed->at;) {
    --second;
    if (!second->live) continue;
    sum += weight * (1 - keep) * second->traded;
    weight *= keep;
  }
  return sum + weight * seed->volume_rate;
}

double History::volume_rate(Instant t) const {
  const Seed* seed = last_at(seeds_, t);
  const Second* newest = closed(t, 1);
  if (newest && newest->volume_rate > 0 && (!seed || seed->at < newest->end())) return newest->volume_rate;
  return seed || life_s(t) >= norm_life_s ? std::max(1.0, volume_estimate(t)) : missing;
}

double History::order_rate(Instant t) const {
  if (life_s(t) < norm_life_s) return missing;
  return std::max(0.01, live_mean(t, 3600, [](const Second& second) { return second.orders; }));
}

double History::order_size_estimate(Instant t) const {
  if (life_s(t) == 0) return missing;
  const double orders = live_mean(t, 3600, [](const Second& second) { return second.orders; });
  return std::max(1.0, std::max(1.0, volume_estimate(t)) / std::max(0.01, orders));
}

double History::order_size(Instant t) const {
  if (life_s(t) < norm_life_s) return missing;
  return std::max(1.0, volume_rate(t) / order_rate(t));
}

const Ticker* History::last_ticker(Instant t) const {
  const Told* told = last_at(tickers_, t);
  return told ? &told->ticker : nullptr;
}

bool History::ticker_fresh(Instant heard, Instant t) const {
  const Told* told = last_at(tickers_, heard);
  return told && t <= told->at + 10s;
}

const Ticker* History::fresh_ticker(Instant t) const { return ticker_fresh(t, t) ? last_ticker(t) : nullptr; }

bool History::candles_fresh(Instant t) const {
  return !candles_.empty() && t < candles_.back().candle.start + 180s;
}

// ---- all symbols

void Histories::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == histories_.size());
  histories_.push_back(std::make_unique<History>(instrument));
  if (link_live_) histories_.back()->on_link(now_, true);
  if (now_.ns != 0) histories_.back()->advance(now_, now_);
  const auto named = [&](std::string_view name) -> const History* {
    for (const auto& history : histories_)
      if (history->instrument().name.view() == name) return history.get();
    return nullptr;
  };
  for (auto& history : histories_)
    history->follow(named(history->instrument().name.view() == "BTCUSDT" ? "ETHUSDT" : "BTCUSDT"));
}

void Histories::advance(Instant now) {
  const Instant heard = now_;
  if (now <= heard) return;
  now_ = now;
  for (auto& history : histories_) history->advance(now, heard);
}

History& Histories::open(Instant at, SymbolId symbol) {
  advance(at);
  if (!link_heard_ && !link_live_) set_link(true);
  History& history = *histories_[symbol.index];
  history.on_heard(now_);
  return history;
}

void Histories::set_link(bool live) {
  link_live_ = live;
  for (auto& history : histories_) history->on_link(now_, live);
}

void Histories::on(Instant at, const LinkChanged& link) {
  advance(at);
  if (link.link != Link::market) return;
  link_heard_ = true;
  set_link(link.state == LinkState::live);
}

double Histories::value(SymbolId symbol, std::size_t position) const {
  return slow_rows()[position](of(symbol), now_);
}

}  // namespace mlbot::core
