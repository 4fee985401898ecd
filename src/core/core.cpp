#include "core/core.h"

#include <algorithm>

#include "core/market_stage.h"
#include "core/trade_stage.h"

namespace mlbot::core {

struct Core::Parts {
  explicit Parts(const CoreSetup& setup) : market{setup.book_depth}, trade{setup.bundle} {}

  MarketStage market;
  TradeStage trade;
  bool running = false;
  Sequence last_sequence;
  Instant now{INT64_MIN};
};

Core::Core(const CoreSetup& setup) : parts_{std::make_unique<Parts>(setup)} {}
Core::~Core() = default;
Core::Core(Core&&) noexcept = default;

void Core::warm(const Stamped& event) {
  Parts& p = *parts_;
  MLBOT_ASSERT(!p.running);
  MLBOT_ASSERT(event.at >= p.now);
  p.now = event.at;
  if (const auto* defined = std::get_if<InstrumentDefined>(&event.what)) p.trade.define(defined->instrument);
  p.market.warm(event);
}

Result<std::size_t, CheckpointError> Core::restore_features(std::string_view checkpoint, Instant at) {
  MLBOT_ASSERT(!parts_->running);
  parts_->now = std::max(parts_->now, at);
  return parts_->market.restore(checkpoint, at);
}
std::string Core::feature_checkpoint() const { return parts_->market.checkpoint(); }
std::vector<VoidRow> Core::void_rows(SymbolId symbol) const {
  return parts_->market.features().void_rows(symbol);
}

void Core::step(const Stamped& event, Outbox& out) {
  Parts& p = *parts_;
  MLBOT_ASSERT(p.running
                   ? event.sequence == p.last_sequence.next()          // nothing lost, nothing twice,
                   : std::holds_alternative<RunStarted>(event.what));  // and nothing before the beginning
  MLBOT_ASSERT(event.at >= p.now);                                     // time does not run back
  if (!p.running) p.market.start(event.at);
  p.running = true;
  p.last_sequence = event.sequence;
  p.now = event.at;
  const std::size_t frames_before = out.frames.size();
  p.market.step(event, out);
  p.trade.step(event, out);
  for (std::size_t i = frames_before; i < out.frames.size(); ++i) p.trade.step(out.frames[i], out);
}

Instant Core::next_wakeup() const {
  if (!parts_->running) return distant_future;
  return std::min(parts_->market.next_second(), std::max(parts_->trade.next_deadline(), parts_->now));
}

Core::Overview Core::overview() const { return parts_->trade.overview(); }
Carried Core::carried() const { return parts_->trade.carried(); }

Lots Core::believed_position(SymbolId symbol) const { return parts_->trade.router().positions().net(symbol); }

std::optional<E8> Core::believed_wallet() const {
  const Ledger& ledger = parts_->trade.router().positions().ledger();
  if (!ledger.is_open()) return std::nullopt;
  return ledger.cash();
}

Lots Core::believed_open(SymbolId symbol, Side side) const {
  return parts_->trade.router().executor().open_entries(symbol, side);
}

std::uint64_t Core::state_hash() const {
  StateHash hash;
  hash.add(parts_->last_sequence.number);
  hash.add(parts_->now.ns);
  parts_->market.hash_into(hash);
  parts_->trade.hash_into(hash);
  return hash.value();
}

}  // namespace mlbot::core
