#include "io/archive/market_memory.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/bytes.h"

namespace mlbot::io::archive {
namespace {

/// A recorder that goes on says its instruments again; a longer silence before it was a pause.
constexpr Duration unremarkable_silence = 5s;
constexpr std::uint64_t saved_version = 1;
constexpr std::uint64_t symbols_max = 65'536;

void write_side(ByteWriter& out, std::span<const BookLevel> side) {
  out.varint(side.size());
  for (const auto& level : side) {
    out.zigzag(level.price.count);
    out.zigzag(level.size.count);
  }
}

std::vector<BookLevel> read_side(ByteReader& in) {
  std::vector<BookLevel> side(std::min<std::uint64_t>(in.varint(), LevelBook::levels_max));
  for (auto& level : side) {
    level.price.count = in.zigzag();
    level.size.count = in.zigzag();
  }
  return side;
}

void write_instant(ByteWriter& out, std::optional<Instant> at) {
  out.u8(at ? 1 : 0);
  if (at) out.zigzag(at->ns);
}

std::optional<Instant> read_instant(ByteReader& in) {
  if (in.u8() == 0) return std::nullopt;
  return Instant{in.zigzag()};
}

std::string read_text(ByteReader& in) { return std::string{in.text()}; }

}  // namespace

MarketMemory::Symbol& MarketMemory::symbol(SymbolId id) {
  if (id.index >= symbols_.size()) symbols_.resize(id.index + std::size_t{1});
  return symbols_[id.index];
}

const Instrument* MarketMemory::instrument(SymbolId id) const {
  if (id.index >= symbols_.size() || !symbols_[id.index].instrument) return nullptr;
  return &*symbols_[id.index].instrument;
}

const Noticed& MarketMemory::see(const Stamped& event) {
  noticed_.gaps.clear();
  noticed_.book_row = false;
  noticed_.trade_is_new.clear();
  notice_hole(event);
  std::visit([&](const auto& what) { notice(event, what); }, event.what);
  last_ = event.sequence;
  last_at_ = event.at;
  return noticed_;
}

void MarketMemory::see(const journal::JournalGap& gap) { holes_.push_back(gap); }

void MarketMemory::notice_hole(const Stamped& event) {
  const auto lost = [&](Sequence after) {
    return event.sequence.number > after.number + 1 ? event.sequence.number - after.number - 1 : 0;
  };
  const auto when = [&](MissingSpan& span) {
    if (last_ != Sequence{}) span.begins = std::min(last_at_, event.at);
    span.ends = event.at;
  };
  for (const auto& hole : holes_) {
    MissingSpan span{.kind = "journal",
                     .symbol = {},
                     .begins = {},
                     .ends = {},
                     .missing = lost(last_),
                     .after = hole.after,
                     .before = hole.before == Sequence{} ? event.sequence : hole.before,
                     .segment = std::filesystem::path{hole.segment}.filename().string(),
                     .offset = hole.offset,
                     .bytes = hole.bytes,
                     .what = hole.what};
    when(span);
    noticed_.gaps.push_back(std::move(span));
  }
  if (holes_.empty() && lost(last_) > 0) {
    MissingSpan span{.kind = "journal",
                     .symbol = {},
                     .begins = {},
                     .ends = {},
                     .missing = lost(last_),
                     .after = last_,
                     .before = event.sequence,
                     .segment = {},
                     .what = "the journal does not hold these events"};
    when(span);
    noticed_.gaps.push_back(std::move(span));
  }
  holes_.clear();
}

void MarketMemory::open_gap(std::string kind, Instant since, std::string what) {
  if (!gap_) gap_ = OpenGap{std::move(kind), since, last_, std::move(what)};
}

void MarketMemory::close_gap_at(Instant at, Sequence before) {
  if (!gap_) return;
  if (at > gap_->since)
    noticed_.gaps.push_back({.kind = gap_->kind,
                             .symbol = {},
                             .begins = gap_->since,
                             .ends = at,
                             .after = gap_->after,
                             .before = before,
                             .segment = {},
                             .what = gap_->what});
  gap_.reset();
}

/// After a pause the market is there again with its first word; a link that went away says itself that it is
/// back.
void MarketMemory::market_speaks(const Stamped& event) {
  if (gap_ && gap_->kind == "pause") close_gap_at(event.at, event.sequence);
}

void MarketMemory::notice(const Stamped& event, const RunStarted&) {
  // Numbers of symbols begin anew; what was told of a name before may be told again.
  for (auto& known : symbols_)
    if (known.instrument)
      retired_.push_back({known.instrument->name, known.candle_due, std::move(known.trades)});
  symbols_.clear();
  if (last_ == Sequence{} || (gap_ && gap_->kind == "pause")) return;
  if (gap_) close_gap_at(last_at_, event.sequence);
  open_gap("pause", last_at_, "nothing was recorded between two runs");
}

void MarketMemory::notice(const Stamped& event, const InstrumentDefined& e) {
  if (last_ != Sequence{} && event.at - last_at_ > unremarkable_silence)
    open_gap("pause", last_at_, "nothing was recorded between two runs");
  Symbol& known = symbol(e.instrument.id);
  if (known.instrument && known.instrument->name != e.instrument.name) known = Symbol{};
  known.instrument = e.instrument;
  for (auto& before : retired_)
    if (before.name == e.instrument.name) {
      known.candle_due = before.candle_due;
      known.trades = std::move(before.trades);
    }
  std::erase_if(retired_, [&](const auto& before) { return before.name == e.instrument.name; });
  if (!known.trades) known.trades.emplace(trades_remembered);
  std::erase_if(early_trades_, [&](const auto& trade) {
    if (trade.first != e.instrument.name) return false;
    is_new(*known.trades, trade.second);
    return true;
  });
}

void MarketMemory::notice(const Stamped& event, const LinkChanged& e) {
  if (e.link != Link::market) return;
  if (e.state == LinkState::live)
    close_gap_at(event.at, event.sequence);
  else if (e.state == LinkState::down || e.state == LinkState::stale)
    open_gap("link", event.at, "the market link was not live");
}

void MarketMemory::notice(const Stamped& event, const BookUpdate& e) {
  market_speaks(event);
  Symbol& known = symbol(e.symbol);
  const bool whole = e.kind == UpdateKind::snapshot;
  const bool follows = known.book_synced && e.update_id == known.update_id + 1;
  if (whole) {
    if (known.book_gap && event.at > *known.book_gap && known.instrument)
      noticed_.gaps.push_back({.kind = "books",
                               .symbol = known.instrument->name,
                               .begins = *known.book_gap,
                               .ends = event.at,
                               .missing = known.deltas_lost,
                               .after = known.book_gap_after,
                               .before = event.sequence,
                               .segment = {},
                               .what = "deltas of the book never came"});
    known.book_gap.reset();
    known.deltas_lost = 0;
  } else if (known.book_synced && !follows) {
    known.book_gap = known.book_at;
    known.book_gap_after = last_;
    known.deltas_lost = e.update_id > known.update_id ? e.update_id - known.update_id - 1 : 0;
  }
  known.book_synced = whole || follows;
  known.update_id = e.update_id;
  if (!known.book_synced) return known.book.clear();
  known.book.apply(e);
  known.book_at = event.at;
  noticed_.book_row = event.at >= known.book_row_due;
  if (noticed_.book_row) known.book_row_due = event.at + book_interval_;
}

void MarketMemory::notice(const Stamped& event, const Trades& e) {
  market_speaks(event);
  Symbol& known = symbol(e.symbol);
  for (const auto& trade : e.list)
    noticed_.trade_is_new.push_back(trade.id.empty() || !known.trades ||
                                    is_new(*known.trades, {xxh64(trade.id.view()), event.sequence}));
}

bool MarketMemory::is_new(IdPrints& trades, const IdPrint& trade) {
  IdPrint* const before = trades.find(trade);
  if (before == nullptr) return trades.insert(trade);
  if (trade.told.number <= before->told.number + trades_repeat_within_events) return false;
  before->told = trade.told;
  return true;
}

void MarketMemory::notice(const Stamped& event, const Kline& e) {
  if (!e.confirmed || e.interval_minutes != 1) return;
  Symbol& known = symbol(e.symbol);
  // Only a candle of the stream shows that one before it never came; history that REST tells comes in any
  // order.
  const bool streamed = event.venue_time != Instant{};
  if (streamed && known.candle_due != Instant{} && e.start > known.candle_due && known.instrument)
    noticed_.gaps.push_back({.kind = "klines",
                             .symbol = known.instrument->name,
                             .begins = known.candle_due,
                             .ends = e.start,
                             .missing = static_cast<std::uint64_t>((e.start - known.candle_due) / 1min),
                             .after = last_,
                             .before = event.sequence,
                             .segment = {},
                             .what = "candles never came"});
  known.candle_due = std::max(known.candle_due, e.start + 1min);
}

std::vector<MissingSpan> MarketMemory::cut_open_gaps(Instant until) {
  std::vector<MissingSpan> out;
  if (gap_ && gap_->since < until) {
    out.push_back({.kind = gap_->kind,
                   .symbol = {},
                   .begins = gap_->since,
                   .ends = until,
                   .after = gap_->after,
                   .before = last_,
                   .segment = {},
                   .what = gap_->what});
    gap_->since = until;
  }
  for (auto& known : symbols_) {
    if (!known.book_gap || *known.book_gap >= until || !known.instrument) continue;
    out.push_back({.kind = "books",
                   .symbol = known.instrument->name,
                   .begins = *known.book_gap,
                   .ends = until,
                   .missing = std::exchange(known.deltas_lost, 0),
                   .after = known.book_gap_after,
                   .before = last_,
                   .segment = {},
                   .what = "deltas of the book never came"});
    known.book_gap = until;
  }
  return out;
}

void MarketMemory::know(const std::vector<Instrument>& instruments) {
  for (const auto& instrument : instruments) {
    Symbol& known = symbol(instrument.id);
    if (known.instrument) continue;
    known.instrument = instrument;
    known.trades.emplace(trades_remembered);
  }
}

void MarketMemory::remember_trade(std::string_view symbol_name, std::string_view id, Sequence told) {
  const IdPrint trade{xxh64(id), told};
  const auto is_of = [&](std::size_t i) {
    return i < symbols_.size() && symbols_[i].instrument && symbols_[i].trades &&
           symbols_[i].instrument->name.view() == symbol_name;
  };
  if (!is_of(remembered_for_))
    for (remembered_for_ = 0; remembered_for_ < symbols_.size() && !is_of(remembered_for_);)
      ++remembered_for_;
  if (remembered_for_ < symbols_.size())
    is_new(*symbols_[remembered_for_].trades, trade);
  else if (SymbolName::fits(symbol_name))
    early_trades_.push_back({SymbolName{symbol_name}, trade});
}

std::string MarketMemory::save() const {
  std::string bytes;
  ByteWriter out{bytes};
  out.varint(saved_version);
  out.varint(last_.number);
  out.zigzag(last_at_.ns);
  out.u8(gap_ ? 1 : 0);
  if (gap_) {
    out.text(gap_->kind);
    out.zigzag(gap_->since.ns);
    out.varint(gap_->after.number);
    out.text(gap_->what);
  }
  out.varint(retired_.size());
  for (const auto& before : retired_) {
    out.text(before.name.view());
    out.zigzag(before.candle_due.ns);
  }
  out.varint(symbols_.size());
  for (const auto& known : symbols_) {
    out.u8(known.instrument ? 1 : 0);
    if (!known.instrument) continue;
    out.varint(known.instrument->id.index);
    out.text(known.instrument->name.view());
    out.zigzag(known.instrument->tick_size.count);
    out.zigzag(known.instrument->lot_step.count);
    out.u8(known.book_synced ? 1 : 0);
    out.varint(known.update_id);
    out.varint(known.deltas_lost);
    out.zigzag(known.book_at.ns);
    write_instant(out, known.book_gap);
    out.varint(known.book_gap_after.number);
    out.zigzag(known.book_row_due.ns);
    out.zigzag(known.candle_due.ns);
    write_side(out, known.book.bids());
    write_side(out, known.book.asks());
  }
  return bytes;
}

bool MarketMemory::restore(std::string_view bytes) {
  ByteReader in{bytes};
  if (in.varint() != saved_version) return false;
  MarketMemory fresh{book_interval_};
  fresh.last_ = {in.varint()};
  fresh.last_at_ = {in.zigzag()};
  if (in.u8() != 0) {
    OpenGap gap;
    gap.kind = read_text(in);
    gap.since = {in.zigzag()};
    gap.after = {in.varint()};
    gap.what = read_text(in);
    fresh.gap_ = std::move(gap);
  }
  for (auto left = std::min<std::uint64_t>(in.varint(), symbols_max); left > 0 && in.ok(); --left) {
    const auto name = read_text(in);
    if (!SymbolName::fits(name)) return false;
    fresh.retired_.push_back({std::string_view{name}, Instant{in.zigzag()}, std::nullopt});
  }
  const auto count = std::min<std::uint64_t>(in.varint(), symbols_max);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    fresh.symbols_.emplace_back();
    Symbol& known = fresh.symbols_.back();
    if (in.u8() == 0) continue;
    Instrument instrument{.id = {static_cast<std::uint16_t>(in.varint())}};
    const auto name = read_text(in);
    if (!SymbolName::fits(name)) return false;
    instrument.name = std::string_view{name};
    instrument.tick_size = {in.zigzag()};
    instrument.lot_step = {in.zigzag()};
    known.instrument = instrument;
    known.trades.emplace(trades_remembered);
    known.book_synced = in.u8() != 0;
    known.update_id = in.varint();
    known.deltas_lost = in.varint();
    known.book_at = {in.zigzag()};
    known.book_gap = read_instant(in);
    known.book_gap_after = {in.varint()};
    known.book_row_due = {in.zigzag()};
    known.candle_due = {in.zigzag()};
    const auto bids = read_side(in), asks = read_side(in);
    known.book.apply(BookUpdate{.kind = UpdateKind::snapshot, .bids = bids, .asks = asks});
  }
  if (!in.ok()) return false;
  *this = std::move(fresh);
  return true;
}

}  // namespace mlbot::io::archive
