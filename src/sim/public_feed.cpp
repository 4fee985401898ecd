#include "sim/public_feed.h"

#include <algorithm>

#include "sim/saving.h"

namespace mlbot::sim {
namespace {

constexpr std::size_t candles_kept = 1440;
constexpr std::size_t prints_kept = 1000;
constexpr std::int64_t minute_ns = 60'000'000'000;

Instant minute_of(Instant at) { return {at.ns - at.ns % minute_ns}; }

template <class T>
std::vector<T> tail(const std::deque<T>& from, std::size_t limit) {
  const std::size_t count = std::min(limit, from.size());
  return {from.end() - static_cast<std::ptrdiff_t>(count), from.end()};
}

}  // namespace

template <class Io>
static void fields(Io& io, Kline& candle) {
  fields(io, candle.symbol);
  io(candle.start.ns);
  for (PriceTicks* price : {&candle.open, &candle.high, &candle.low, &candle.close}) fields(io, *price);
  fields(io, candle.volume);
  io(candle.turnover);
  io(candle.confirmed);
}

template <class Io>
static void fields(Io& io, Trade& print) {
  fields(io, print.matched_at);
  fields(io, print.price);
  fields(io, print.size);
  choice(io, print.taker, Side::sell);
  io(print.block);
  io(print.price_improvement);
  io(print.cross_sequence);
  fields(io, print.id);
}

PublicFeed::PublicFeed(const Instrument& instrument, const FeedSettings& settings, Prng chance, Instant start)
    : instrument_{instrument},
      settings_{settings},
      chance_{chance},
      book_{instrument.id, settings.book_depth, start} {
  for (const std::size_t depth : settings_.more_depths) more_.emplace_back(instrument.id, depth, start);
  std::ranges::sort(more_, {}, &DepthFeed::depth);
  ticker_at_ = start + settings_.ticker_interval_min;
  kline_at_ = start + settings_.kline_interval;
  if (settings_.price_limit_interval > Duration{}) limits_at_ = start + settings_.price_limit_interval;
}

Duration PublicFeed::between(Duration low, Duration high) {
  return low + Duration{static_cast<std::int64_t>(
                   chance_.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}

void PublicFeed::book_changed(Instant at, std::uint64_t cross_sequence) {
  book_.book_changed(at, cross_sequence);
  for (DepthFeed& feed : more_) feed.book_changed(at, cross_sequence);
}

void PublicFeed::traded(std::span<const Trade> prints) {
  for (const Trade& print : prints) {
    waiting_.push_back(print);
    recent_.push_back(print);
    if (recent_.size() > prints_kept) recent_.pop_front();
    if (print.block) continue;
    last_price_ = print.price;
    if (candles_.empty()) {
      candles_.push_back({.symbol = instrument_.id,
                          .start = minute_of(print.matched_at),
                          .open = print.price,
                          .high = print.price,
                          .low = print.price,
                          .close = print.price});
    }
    Kline& candle = candles_.back();
    candle.high = std::max(candle.high, print.price);
    candle.low = std::min(candle.low, print.price);
    candle.close = print.price;
    candle.volume = candle.volume + print.size;
    candle.turnover += to_double(instrument_.notional(print.price, print.size));
  }
  message_ends_.push_back(waiting_.size());
}

void PublicFeed::liquidated(const Liquidation& liquidation, Instant now) {
  liquidations_.push_back(liquidation);
  if (liquidations_at_ == distant_future) liquidations_at_ = now + settings_.liquidation_interval;
}

Instant PublicFeed::next_at() const {
  Instant next = std::min({ticker_at_, kline_at_, liquidations_at_, limits_at_, book_.next_at()});
  for (const DepthFeed& feed : more_) next = std::min(next, feed.next_at());
  if (!waiting_.empty()) next = Instant{};  // at once
  if (!candles_.empty()) next = std::min(next, Instant{candles_.back().start.ns + minute_ns});
  return next;
}

void PublicFeed::tell(Instant now, const QueueBook& book, const TickerRow& ticker, const PriceLimits& limits,
                      Listener* listener) {
  tell_trades(now, listener);
  tell_book(now, book, listener);
  if (now >= liquidations_at_) tell_liquidations(now, listener);
  roll_candle(now, listener);
  if (now >= kline_at_) tell_kline(now, listener);
  if (now >= ticker_at_) tell_ticker(now, ticker, listener);
  if (price_limits_due(now)) tell_price_limits(now, limits, listener);
}

void PublicFeed::tell_trades(Instant now, Listener* listener) {
  std::size_t begin = 0;
  for (const std::size_t end : message_ends_) {
    const std::span<const Trade> list{waiting_.data() + begin, end - begin};
    if (listener != nullptr) listener->on_market(now, Trades{instrument_.id, list});
    begin = end;
  }
  waiting_.clear();
  message_ends_.clear();
}

void PublicFeed::tell_book(Instant now, const QueueBook& book, Listener* listener) {
  const bool told = book_.tell(now, book, [&](const BookUpdate& update) {
    if (listener != nullptr) listener->on_market(now, update);
  });
  if (told) book_.wait_until(now + between(settings_.book_interval_min, settings_.book_interval_max));
  for (DepthFeed& feed : more_) {
    const bool more_told = feed.tell(now, book, [&](const BookUpdate& update) {
      if (listener != nullptr) listener->on_book(feed.depth(), now, update);
    });
    if (more_told) feed.wait_until(now + interval_of_depth(feed.depth()));
  }
}

const BookRow& PublicFeed::published_book(std::size_t depth) const {
  const DepthFeed* best = &book_;
  for (const DepthFeed& feed : more_) {
    const bool enough = feed.depth() >= depth;
    if (best->depth() < depth ? feed.depth() > best->depth() : enough && feed.depth() < best->depth()) {
      best = &feed;
    }
  }
  return best->published();
}

void PublicFeed::restart(Instant now) {
  book_.begin_anew(now, true);
  for (DepthFeed& feed : more_) feed.begin_anew(now, true);
}

void PublicFeed::tell_liquidations(Instant now, Listener* listener) {
  if (listener != nullptr) listener->on_market(now, Liquidations{instrument_.id, liquidations_});
  liquidations_.clear();
  liquidations_at_ = distant_future;
}

void PublicFeed::tell_price_limits(Instant now, const PriceLimits& limits, Listener* listener) {
  limits_at_ = now + settings_.price_limit_interval;
  if (limits == told_limits_) return;
  told_limits_ = limits;
  if (listener == nullptr) return;
  listener->on_market(now, PriceLimit{.symbol = instrument_.id,
                                      .highest_buy = instrument_.price(limits.highest_bid),
                                      .lowest_sell = instrument_.price(limits.lowest_ask)});
}

void PublicFeed::tell_ticker(Instant now, const TickerRow& row, Listener* listener) {
  ticker_at_ = now + between(settings_.ticker_interval_min, settings_.ticker_interval_max);
  if (row.last_price.count == 0) return;  // nothing is known before the first book
  const Ticker full{.symbol = instrument_.id,
                    .kind = UpdateKind::snapshot,
                    .cross_sequence = row.cross_sequence,
                    .last_price = row.last_price,
                    .mark_price = row.mark_price,
                    .index_price = row.index_price,
                    .open_interest = row.open_interest,
                    .open_interest_value = row.open_interest_value,
                    .turnover_24h = row.turnover_24h,
                    .funding_rate = row.funding_rate,
                    .next_funding = row.next_funding,
                    .funding_interval_hours = row.funding_interval_hours};
  Ticker out = full;
  if (told_ticker_) {
    out.kind = UpdateKind::delta;
    const auto keep_changed = [](auto& value, const auto& before) {
      if (value == before) value.reset();
    };
    keep_changed(out.last_price, told_ticker_->last_price);
    keep_changed(out.mark_price, told_ticker_->mark_price);
    keep_changed(out.index_price, told_ticker_->index_price);
    keep_changed(out.open_interest, told_ticker_->open_interest);
    keep_changed(out.open_interest_value, told_ticker_->open_interest_value);
    keep_changed(out.turnover_24h, told_ticker_->turnover_24h);
    keep_changed(out.funding_rate, told_ticker_->funding_rate);
    keep_changed(out.next_funding, told_ticker_->next_funding);
    keep_changed(out.funding_interval_hours, told_ticker_->funding_interval_hours);
    const bool changed = out.last_price || out.mark_price || out.index_price || out.open_interest ||
                         out.open_interest_value || out.turnover_24h || out.funding_rate ||
                         out.next_funding || out.funding_interval_hours;
    if (!changed) return;
  }
  told_ticker_ = full;
  if (listener != nullptr) listener->on_market(now, out);
}

void PublicFeed::tell_kline(Instant now, Listener* listener) {
  kline_at_ = now + settings_.kline_interval;
  if (!candles_.empty() && listener != nullptr) listener->on_market(now, candles_.back());
}

void PublicFeed::roll_candle(Instant now, Listener* listener) {
  while (!candles_.empty() && now.ns >= candles_.back().start.ns + minute_ns) {
    Kline& done = candles_.back();
    done.confirmed = true;
    if (listener != nullptr) listener->on_market(now, done);
    const Kline next{.symbol = instrument_.id,
                     .start = Instant{done.start.ns + minute_ns},
                     .open = done.close,
                     .high = done.close,
                     .low = done.close,
                     .close = done.close};
    candles_.push_back(next);
    if (candles_.size() > candles_kept) candles_.pop_front();
    sum_closed_candles();
  }
}

void PublicFeed::sum_closed_candles() {
  closed_turnover_ = closed_volume_ = 0;
  if (candles_.empty()) return;
  closed_high_ = candles_.front().high;
  closed_low_ = candles_.front().low;
  for (std::size_t i = 0; i + 1 < candles_.size(); ++i) {
    closed_turnover_ += candles_[i].turnover;
    closed_volume_ += instrument_.size_double(candles_[i].volume);
    closed_high_ = std::max(closed_high_, candles_[i].high);
    closed_low_ = std::min(closed_low_, candles_[i].low);
  }
}

double PublicFeed::turnover_24h() const {
  return closed_turnover_ + (candles_.empty() ? 0 : candles_.back().turnover);
}
double PublicFeed::volume_24h() const {
  return closed_volume_ + (candles_.empty() ? 0 : instrument_.size_double(candles_.back().volume));
}
std::optional<PriceTicks> PublicFeed::open_24h_ago() const {
  if (candles_.empty()) return std::nullopt;
  return candles_.front().open;
}
std::optional<PriceTicks> PublicFeed::high_24h() const {
  if (candles_.empty()) return std::nullopt;
  if (candles_.size() == 1) return candles_.back().high;
  return std::max(closed_high_, candles_.back().high);
}
std::optional<PriceTicks> PublicFeed::low_24h() const {
  if (candles_.empty()) return std::nullopt;
  if (candles_.size() == 1) return candles_.back().low;
  return std::min(closed_low_, candles_.back().low);
}

std::vector<Kline> PublicFeed::klines(std::size_t limit) const { return tail(candles_, limit); }
std::vector<Trade> PublicFeed::recent_trades(std::size_t limit) const { return tail(recent_, limit); }

void PublicFeed::save(ByteWriter& out, Instant now) const {
  Saver io{out, now};
  PublicFeed copy = *this;
  std::int64_t minute = minute_of(now).ns;
  io(minute);
  fields(io, copy.chance_);
  list(io, copy.candles_, candles_kept);
  list(io, copy.recent_, prints_kept);
  fields(io, copy.last_price_);
  Instant book_at = book_.not_before();
  for (Instant* time : {&book_at, &copy.ticker_at_, &copy.kline_at_}) io(*time);
}

void PublicFeed::restore(ByteReader& in, Instant now) {
  Loader io{in, now};
  std::int64_t minute = 0;
  io(minute);
  fields(io, chance_);
  list(io, candles_, candles_kept);
  list(io, recent_, prints_kept);
  fields(io, last_price_);
  Instant book_at;
  for (Instant* time : {&book_at, &ticker_at_, &kline_at_}) io(*time);
  book_.wait_until(book_at);
  for (Kline& candle : candles_) candle.start.ns += minute_of(now).ns - minute;
  if (limits_at_ != distant_future) limits_at_ = now + settings_.price_limit_interval;
  book_.begin_anew(now, false);
  for (DepthFeed& feed : more_) {
    feed.begin_anew(now, false);
    feed.wait_until(now);
  }
  sum_closed_candles();
}

}  // namespace mlbot::sim
