#include "sim/public_feed.h"

#include <algorithm>

#include "sim/saving.h"

namespace mlbot::sim {
namespace {

constexpr std::size_t candles_kept = 1440;
constexpr std::size_t prints_kept = 1000;
constexpr std::int64_t minute_ns = 60'000'000'000;

Instant minute_of(Instant at) { return {at.ns - at.ns % minute_ns}; }

/// What turns `before` into `after`, best first: gone prices as size 0, new and changed ones as they are.
void difference(Side side, const std::vector<BookLevel>& before, const std::vector<BookLevel>& after,
                std::vector<BookLevel>& out) {
  out.clear();
  const auto better = [side](PriceTicks a, PriceTicks b) { return side == Side::buy ? a > b : a < b; };
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    if (j == after.size() || (i < before.size() && better(before[i].price, after[j].price))) {
      out.push_back({before[i++].price, Lots{0}});
    } else if (i == before.size() || better(after[j].price, before[i].price)) {
      out.push_back(after[j++]);
    } else {
      if (before[i].size != after[j].size) out.push_back(after[j]);
      ++i;
      ++j;
    }
  }
}

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
    : instrument_{instrument}, settings_{settings}, chance_{chance}, book_not_before_{start} {
  ticker_at_ = start + settings_.ticker_interval_min;
  kline_at_ = start + settings_.kline_interval;
}

Duration PublicFeed::between(Duration low, Duration high) {
  return low + Duration{static_cast<std::int64_t>(
                   chance_.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}

void PublicFeed::book_changed(Instant at, std::uint64_t cross_sequence) {
  book_dirty_ = true;
  book_changed_at_ = at;
  book_sequence_ = cross_sequence;
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
  Instant next = std::min({ticker_at_, kline_at_, liquidations_at_});
  if (book_dirty_) next = std::min(next, std::max(book_not_before_, book_changed_at_));
  if (!waiting_.empty()) next = Instant{};  // at once
  if (!candles_.empty()) next = std::min(next, Instant{candles_.back().start.ns + minute_ns});
  return next;
}

void PublicFeed::tell(Instant now, const QueueBook& book, const TickerRow& ticker, Listener* listener) {
  tell_trades(now, listener);
  if (book_dirty_ && now >= book_not_before_) tell_book(now, book, listener);
  if (now >= liquidations_at_) tell_liquidations(now, listener);
  roll_candle(now, listener);
  if (now >= kline_at_) tell_kline(now, listener);
  if (now >= ticker_at_) tell_ticker(now, ticker, listener);
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
  book_dirty_ = false;
  book.levels(Side::buy, settings_.book_depth, bids_);
  book.levels(Side::sell, settings_.book_depth, asks_);
  BookUpdate update{.symbol = instrument_.id,
                    .kind = UpdateKind::snapshot,
                    .update_id = published_.update_id + 1,
                    .cross_sequence = book_sequence_,
                    .matched_at = book_changed_at_,
                    .bids = bids_,
                    .asks = asks_};
  if (!book_snapshot_due_) {
    difference(Side::buy, published_.bids, bids_, bid_changes_);
    difference(Side::sell, published_.asks, asks_, ask_changes_);
    if (bid_changes_.empty() && ask_changes_.empty()) return;
    update.kind = UpdateKind::delta;
    update.bids = bid_changes_;
    update.asks = ask_changes_;
  }
  book_snapshot_due_ = false;
  published_.bids = bids_;
  published_.asks = asks_;
  published_.update_id = update.update_id;
  published_.cross_sequence = update.cross_sequence;
  published_.matched_at = update.matched_at;
  book_not_before_ = now + between(settings_.book_interval_min, settings_.book_interval_max);
  if (listener != nullptr) listener->on_market(now, update);
}

void PublicFeed::tell_liquidations(Instant now, Listener* listener) {
  if (listener != nullptr) listener->on_market(now, Liquidations{instrument_.id, liquidations_});
  liquidations_.clear();
  liquidations_at_ = distant_future;
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
  for (Instant* time : {&copy.book_not_before_, &copy.ticker_at_, &copy.kline_at_}) io(*time);
}

void PublicFeed::restore(ByteReader& in, Instant now) {
  Loader io{in, now};
  std::int64_t minute = 0;
  io(minute);
  fields(io, chance_);
  list(io, candles_, candles_kept);
  list(io, recent_, prints_kept);
  fields(io, last_price_);
  for (Instant* time : {&book_not_before_, &ticker_at_, &kline_at_}) io(*time);
  for (Kline& candle : candles_) candle.start.ns += minute_of(now).ns - minute;
  book_dirty_ = book_snapshot_due_ = true;
  book_changed_at_ = now;
  sum_closed_candles();
}

}  // namespace mlbot::sim
