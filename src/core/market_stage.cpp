#include "core/market_stage.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace mlbot::core {
namespace {

constexpr std::size_t depth_levels = 10;
constexpr std::int64_t pulse_weight = 64;      ///< messages over which the time between them is averaged
constexpr std::uint64_t snapshot_version = 2;  ///< changes with the layout of any part but the features

}  // namespace

MarketStage::MarketStage(std::size_t book_depth) : ingestor_{book_depth} {}

void MarketStage::define(const Instrument& instrument) {
  if (instrument.id.index < instruments_.size()) {
    MLBOT_ASSERT(instruments_[instrument.id.index].name == instrument.name);
    instruments_[instrument.id.index] = instrument;
    return;
  }
  ingestor_.add(instrument);
  hub_.add(instrument);
  instruments_.push_back(instrument);
  frame_numbers_.push_back(0);
  pulses_.emplace_back();
}

void MarketStage::take(const Stamped& event, Outbox& out) {
  const Instant at = event.at;
  std::visit(Overloaded{
                 [&](const BookUpdate& e) {
                   const BookChange change = ingestor_.on(at, event.received_at, e, out);
                   if (!ingestor_.knows(e.symbol)) return;
                   hub_.on(at, e, change, ingestor_.book(e.symbol));
                   if (change != BookChange::applied) return;
                   Pulse& pulse = pulses_[e.symbol.index];
                   if (pulse.book_at.ns != 0)
                     pulse.book_period_ns +=
                         ((at - pulse.book_at).count() - pulse.book_period_ns) / pulse_weight;
                   pulse.book_at = at;
                 },
                 [&](const Trades& e) {
                   const Trades fresh = ingestor_.on(e);
                   if (!fresh.list.empty()) hub_.on(at, fresh);
                 },
                 [&](const Kline& e) {
                   if (!ingestor_.admits(e)) return;
                   hub_.on(at, e);
                   if (e.interval_minutes == 1 && e.confirmed)
                     pulses_[e.symbol.index].minute_volume = e.volume;
                 },
                 [&](const Ticker& e) {
                   if (ingestor_.admits(e)) hub_.on(at, e);
                 },
                 [&](const Liquidations& e) {
                   if (ingestor_.admits(e)) hub_.on(at, e);
                 },
                 [&](const LinkChanged& e) {
                   if (e.link != Link::market) return;
                   ingestor_.on(at, e);
                   hub_.on(at, e);
                 },
                 [&](const TimerFired&) {
                   ingestor_.on_timer(at, out);
                   hub_.advance(at);
                 },
                 [&](const InstrumentDefined& e) { define(e.instrument); },
                 [](const RunStarted&) {},
                 [](const ConfigChanged&) {},
                 [](const OrderNews&) {},
                 [](const Execution&) {},
                 [](const PositionNews&) {},
                 [](const WalletNews&) {},
                 [](const RequestAnswer&) {},
                 [](const AccountSnapshot&) {},
                 [](const OperatorCommand&) {},
                 [](const PriceLimit&) {},
                 [](const AdlAlerts&) {},
                 [](const InsurancePools&) {},
                 [](const FastExecution&) {},
                 [](const Transaction&) {},
                 [](const AccountModes&) {},
                 [](const ClockOffset&) {},
                 [](const MachineHealth&) {},
                 [](const GuardBeat&) {},
                 [](const SymbolStatus&) {},
                 [](const VenueStatus&) {},
                 [](const IntentCarried&) {},
             },
             event.what);
}

void MarketStage::warm(const Stamped& event) {
  unheard_.clear();
  take(event, unheard_);
  if (const auto symbol = market_symbol(event.what); symbol && ingestor_.knows(*symbol))
    hub_.take_triggers(*symbol);
}

Result<std::size_t, CheckpointError> MarketStage::restore(std::string_view checkpoint, Instant at) {
  auto restored = hub_.restore(checkpoint, at);
  if (restored) hub_.on(at, LinkChanged{Link::market, LinkState::down});
  return restored;
}

std::string MarketStage::snapshot() const {
  std::string text;
  ByteWriter out{text};
  out.varint(snapshot_version);
  out.varint(instruments_.size());
  for (const auto& instrument : instruments_) out.text(instrument.name.view());
  out.text(hub_.checkpoint());
  out.zigzag(hub_.now().ns);
  ingestor_.save(out);
  for (const std::uint64_t number : frame_numbers_) out.varint(number);
  for (const Pulse& pulse : pulses_) {
    out.zigzag(pulse.minute_volume.count);
    out.zigzag(pulse.book_at.ns);
    out.zigzag(pulse.book_period_ns);
  }
  out.zigzag(next_second_.ns);
  out.fixed64(xxh64(text));
  return text;
}

Result<void, CheckpointError> MarketStage::resume(std::string_view snapshot) {
  const auto damaged = [](std::string what) {
    return std::unexpected(
        CheckpointError{CheckpointFault::damaged, "snapshot of the market stage: " + std::move(what)});
  };
  if (snapshot.size() < 8) return damaged("it is cut short");
  const std::string_view body = snapshot.substr(0, snapshot.size() - 8);
  if (ByteReader{snapshot.substr(body.size())}.fixed64() != xxh64(body)) return damaged("checksum differs");
  ByteReader in{body};
  if (in.varint() != snapshot_version) return damaged("it is of another build");
  if (in.varint() != instruments_.size()) return damaged("it is of other symbols");
  for (const auto& instrument : instruments_)
    if (in.text() != instrument.name.view()) return damaged("it is of other symbols");
  const std::string_view features = in.text();
  const auto restored = hub_.restore(features, Instant{in.zigzag()});
  if (!restored) return std::unexpected(restored.error());
  if (!ingestor_.restore(in)) return damaged("the books do not read");
  for (std::uint64_t& number : frame_numbers_) number = in.varint();
  for (Pulse& pulse : pulses_) {
    pulse.minute_volume.count = in.zigzag();
    pulse.book_at.ns = in.zigzag();
    pulse.book_period_ns = in.zigzag();
  }
  next_second_ = Instant{in.zigzag()};
  if (!in.ok() || !in.done()) return damaged("it does not read");
  return {};
}

void MarketStage::start(Instant at) {
  next_second_ = Instant::from_seconds(at.seconds() + 1);
  const LinkChanged nothing_yet{Link::market, LinkState::down};
  ingestor_.on(at, nothing_yet);
  hub_.on(at, nothing_yet);
  pulses_.assign(pulses_.size(), {});  // a run that goes on from saved features starts with none either
}

MarketActivity MarketStage::activity(SymbolId symbol) const {
  const Pulse& pulse = pulses_[symbol.index];
  MarketActivity out{.bid_depth = {},
                     .ask_depth = {},
                     .lowest_bid = {},
                     .highest_ask = {},
                     .minute_volume = pulse.minute_volume,
                     .traded_5m = hub_.traded_notional(symbol, 300),
                     .book_period_ns = pulse.book_period_ns};
  const OrderBook& book = ingestor_.book(symbol);
  if (!book.synced()) return out;
  const auto depth = [](std::span<const BookLevel> side, PriceTicks& furthest) {
    Lots sum;
    for (const BookLevel& level : side.first(std::min(side.size(), depth_levels))) {
      sum = sum + level.size;
      furthest = level.price;
    }
    return sum;
  };
  out.bid_depth = depth(book.bids(), out.lowest_bid);
  out.ask_depth = depth(book.asks(), out.highest_ask);
  return out;
}

void MarketStage::publish(const Stamped& cause, SymbolId symbol, std::uint8_t triggers, Outbox& out) {
  FeatureFrame& frame = out.frames.emplace_back();
  frame.symbol = symbol;
  frame.number = ++frame_numbers_[symbol.index];
  frame.cause = cause.sequence;
  frame.at = cause.at;
  frame.triggers = triggers;
  frame.top = ingestor_.book(symbol).top();
  frame.book_at = ingestor_.book_at(symbol);
  frame.activity = activity(symbol);
  hub_.read(symbol, frame);
  frame.digest = frame_digest(feature_schema_hash(), frame);
}

void MarketStage::step(const Stamped& event, Outbox& out) {
  take(event, out);
  if (const auto symbol = market_symbol(event.what)) {
    if (!ingestor_.knows(*symbol)) return;
    if (const std::uint8_t triggers = hub_.take_triggers(*symbol)) publish(event, *symbol, triggers, out);
  } else if (std::holds_alternative<TimerFired>(event.what) && event.at >= next_second_) {
    next_second_ = Instant::from_seconds(event.at.seconds() + 1);
    for (std::uint16_t i = 0; i < instruments_.size(); ++i) {
      if (!ingestor_.ever_synced({i})) continue;
      const auto second = static_cast<std::uint8_t>(FrameTrigger::second);
      publish(event, {i}, static_cast<std::uint8_t>(second | hub_.take_triggers({i})), out);
    }
  }
}

void MarketStage::hash_into(StateHash& hash) const {
  ingestor_.hash_into(hash);
  hub_.hash_into(hash);
  for (const std::uint64_t number : frame_numbers_) hash.add(number);
  for (const Pulse& pulse : pulses_) {
    hash.add(pulse.minute_volume.count);
    hash.add(pulse.book_at.ns);
    hash.add(pulse.book_period_ns);
  }
  hash.add(next_second_.ns);
}

}  // namespace mlbot::core
