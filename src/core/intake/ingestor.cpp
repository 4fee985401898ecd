#include "core/intake/ingestor.h"

#include <algorithm>

#include "base/planted.h"

namespace mlbot::core {

Ingestor::Ingestor(std::size_t book_depth) : book_depth_{book_depth} { fresh_.reserve(trades_max); }

void Ingestor::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.emplace_back(book_depth_);
}

void Ingestor::ask(Instant at, SymbolId symbol, Outbox& out) {
  Symbol& s = symbols_[symbol.index];
  if (s.asked_at.ns != INT64_MIN && at - s.asked_at < resubscribe_pause) return;
  s.asked_at = at;
  if (MLBOT_PLANTED(never_ask_for_a_book)) return;
  out.commands.push_back(ResubscribeBook{symbol});
}

BookChange Ingestor::on(Instant at, Instant received_at, const BookUpdate& update, Outbox& out) {
  if (!knows(update.symbol)) {
    ++counts_.refused;
    return BookChange::ignored;
  }
  Symbol& s = symbols_[update.symbol.index];
  const BookChange change = s.book.apply(update);
  switch (change) {
    case BookChange::applied:
      s.book_at = std::min(at, received_at);
      s.ever_synced = true;
      ++counts_.admitted;
      break;
    case BookChange::repeated:
      s.book_at = std::min(at, received_at);  // the venue says that the book is still this one
      ++counts_.repeated;
      break;
    case BookChange::gap:
    case BookChange::damaged:
      s.book.invalidate();
      ++counts_.gaps;
      ask(at, update.symbol, out);
      break;
    case BookChange::ignored:
      ++counts_.refused;
      ask(at, update.symbol, out);
      break;
  }
  return change;
}

Trades Ingestor::on(const Trades& trades) {
  fresh_.clear();
  if (!knows(trades.symbol)) {
    counts_.refused += trades.list.size();
    return {trades.symbol, {}};
  }
  Symbol& s = symbols_[trades.symbol.index];
  for (const Trade& trade : trades.list) {
    if (fresh_.size() == trades_max) {
      ++counts_.refused;
    } else if (trade.id.empty() ||
               s.trades.insert(trade.id)) {  // a print without an id has no twin to be told from
      fresh_.push_back(trade);
      ++counts_.admitted;
    } else {
      ++counts_.repeated;
    }
  }
  return {trades.symbol, fresh_};
}

bool Ingestor::admits(const Kline& kline) {
  if (!knows(kline.symbol)) {
    ++counts_.refused;
    return false;
  }
  Symbol& s = symbols_[kline.symbol.index];
  const auto end = s.intervals.begin() + static_cast<std::ptrdiff_t>(s.interval_count);
  auto interval = std::find_if(s.intervals.begin(), end,
                               [&](const Interval& i) { return i.minutes == kline.interval_minutes; });
  if (interval == end) {
    if (s.interval_count == interval_count_max) {
      ++counts_.refused;
      return false;
    }
    ++s.interval_count;
    *interval = {kline.interval_minutes, kline.start, Instant{INT64_MIN}};
  } else if (kline.confirmed ? kline.start <= interval->closed_start
                             : kline.start < interval->start || kline.start == interval->closed_start) {
    ++counts_.repeated;
    return false;
  }
  interval->start = std::max(interval->start, kline.start);
  if (kline.confirmed) interval->closed_start = kline.start;
  ++counts_.admitted;
  return true;
}

bool Ingestor::admits(const Ticker& ticker) {
  if (!knows(ticker.symbol)) {
    ++counts_.refused;
    return false;
  }
  Symbol& s = symbols_[ticker.symbol.index];
  if (ticker.kind == UpdateKind::delta && ticker.cross_sequence < s.ticker_sequence) {
    ++counts_.repeated;
    return false;
  }
  s.ticker_sequence =
      ticker.cross_sequence;  // equal numbers are news too: the index moves while nothing is matched
  ++counts_.admitted;
  return true;
}

bool Ingestor::admits(const Liquidations& liquidations) {
  if (!knows(liquidations.symbol)) {
    ++counts_.refused;
    return false;
  }
  Symbol& s = symbols_[liquidations.symbol.index];
  StateHash
      content;  // liquidations carry no id: a message that equals the one before it in everything is its twin
  for (const Liquidation& l : liquidations.list) {
    content.add(l.at.ns);
    content.add(static_cast<std::uint64_t>(l.liquidated));
    content.add(l.size.count);
    content.add(l.bankruptcy_price.count);
  }
  if (content.value() == s.liquidation_digest) {
    ++counts_.repeated;
    return false;
  }
  s.liquidation_digest = content.value();
  ++counts_.admitted;
  return true;
}

void Ingestor::on(Instant at, const LinkChanged& link) {
  if (link.link != Link::market) return;
  market_live_ = link.state == LinkState::live;
  switch (link.state) {
    case LinkState::down:
    case LinkState::connecting:
      invalidate_books();
      break;
    case LinkState::syncing:
    case LinkState::live:
      for (Symbol& s : symbols_)
        if (!s.book.synced()) s.asked_at = at;  // subscribing asked for the snapshot already
      break;
    case LinkState::stale:
      break;
  }
}

void Ingestor::on_timer(Instant now, Outbox& out) {
  if (!market_live_) return;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i)
    if (!symbols_[i].book.synced()) ask(now, {i}, out);
}

void Ingestor::invalidate_books() {
  if (MLBOT_PLANTED(keep_a_book_over_a_reconnect)) return;
  for (Symbol& s : symbols_) {
    s.book.invalidate();
    s.ticker_sequence = 0;
  }
}

void Ingestor::hash_into(StateHash& hash) const {
  for (const Symbol& s : symbols_) {
    s.book.hash_into(hash);
    hash.add(s.book_at.ns);
    hash.add(s.asked_at.ns);
    hash.add(std::uint64_t{s.ever_synced});
    hash.add(s.trades.inserted());
    for (std::size_t i = 0; i < s.interval_count; ++i) {
      hash.add(s.intervals[i].start.ns);
      hash.add(s.intervals[i].closed_start.ns);
    }
    hash.add(s.ticker_sequence);
    hash.add(s.liquidation_digest);
  }
  hash.add(std::uint64_t{market_live_});
  for (const std::uint64_t count : {counts_.admitted, counts_.repeated, counts_.gaps, counts_.refused})
    hash.add(count);
}

void Ingestor::save(ByteWriter& out) const {
  out.varint(symbols_.size());
  for (const Symbol& s : symbols_) {
    s.book.save(out);
    out.zigzag(s.book_at.ns);
    out.zigzag(s.asked_at.ns);
    out.u8(s.ever_synced);
    out.varint(s.trades.size());
    for (std::size_t age = s.trades.size(); age > 0; --age) out.text(s.trades.newest(age - 1).view());
    out.varint(s.trades.inserted());
    out.varint(s.interval_count);
    for (std::size_t i = 0; i < s.interval_count; ++i) {
      out.zigzag(s.intervals[i].minutes);
      out.zigzag(s.intervals[i].start.ns);
      out.zigzag(s.intervals[i].closed_start.ns);
    }
    out.varint(s.ticker_sequence);
    out.fixed64(s.liquidation_digest);
  }
  out.u8(market_live_);
  for (const std::uint64_t count : {counts_.admitted, counts_.repeated, counts_.gaps, counts_.refused})
    out.varint(count);
}

bool Ingestor::restore(ByteReader& in) {
  if (in.varint() != symbols_.size()) return false;
  for (Symbol& s : symbols_) {
    if (!s.book.restore(in)) return false;
    s.book_at = Instant{in.zigzag()};
    s.asked_at = Instant{in.zigzag()};
    s.ever_synced = in.u8() != 0;
    const std::uint64_t known = in.varint();
    if (known > remembered_trades) return false;
    for (std::uint64_t i = 0; i < known; ++i) {
      const std::string_view id = in.text();
      if (!in.ok() || !VenueId::fits(id)) return false;
      s.trades.insert(VenueId{id});
    }
    s.trades.resume(in.varint());
    s.interval_count = in.varint();
    if (!in.ok() || s.interval_count > interval_count_max) return false;
    for (std::size_t i = 0; i < s.interval_count; ++i) {
      s.intervals[i].minutes = static_cast<std::int32_t>(in.zigzag());
      s.intervals[i].start = Instant{in.zigzag()};
      s.intervals[i].closed_start = Instant{in.zigzag()};
    }
    s.ticker_sequence = in.varint();
    s.liquidation_digest = in.fixed64();
  }
  market_live_ = in.u8() != 0;
  for (std::uint64_t* count : {&counts_.admitted, &counts_.repeated, &counts_.gaps, &counts_.refused})
    *count = in.varint();
  return in.ok();
}

}  // namespace mlbot::core
