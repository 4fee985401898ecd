// The first half of the core: intake -> book -> features. One for each shard of symbols.
//
// A FeatureFrame leaves when it is due: at each whole second for every symbol whose book was ever synced, and
// right after a message that made a sampling event. Threads: none.  Clock: none.  Allocation: only when a
// symbol is announced.
#pragma once

#include "core/features/feature_hub.h"
#include "core/intake/ingestor.h"

namespace mlbot::core {

class MarketStage {
 public:
  explicit MarketStage(std::size_t book_depth);

  /// A new symbol, or new terms for a known one. @pre  ids in order; a known id keeps its name.
  void define(const Instrument& instrument);

  /// Books and features move on; nothing else happens.
  void warm(const Stamped& event);
  /// The features as they stand, to go on from after a restart.
  std::string checkpoint() const { return hub_.checkpoint(); }
  /// Goes on from features that were taken at `at`: the link is down since. After the symbols were announced
  /// and before anything was heard. @error the features stay cold
  Result<std::size_t, CheckpointError> restore(std::string_view checkpoint, Instant at);
  /// The whole stage as it stands, to go on from as if nothing had been: for a process that is killed and
  /// started again behind a journal.
  std::string snapshot() const;
  /// Takes up what snapshot() wrote, after the same symbols were announced and before anything was heard.
  /// @error damaged, other_schema: this stage is of no use then, make another
  Result<void, CheckpointError> resume(std::string_view snapshot);
  /// The run begins: what was warmed is history, and books mean nothing until their next snapshot.
  void start(Instant at);
  /// Moves on by one input and appends the frames that became due to out.frames.
  void step(const Stamped& event, Outbox& out);

  const Ingestor& ingestor() const { return ingestor_; }
  const FeatureHub& features() const { return hub_; }
  std::size_t symbol_count() const { return instruments_.size(); }
  const Instrument& instrument(SymbolId symbol) const { return instruments_[symbol.index]; }
  /// The first whole second for which no frames were made yet.
  Instant next_second() const { return next_second_; }
  void hash_into(StateHash& hash) const;

 private:
  void take(const Stamped& event, Outbox& out);
  struct Pulse {
    Lots minute_volume;
    Instant book_at;
    std::int64_t book_period_ns = 0;
  };
  MarketActivity activity(SymbolId symbol) const;
  void publish(const Stamped& cause, SymbolId symbol, std::uint8_t triggers, Outbox& out);

  Ingestor ingestor_;
  FeatureHub hub_;
  std::vector<Instrument> instruments_;
  std::vector<std::uint64_t> frame_numbers_;  ///< last used, by symbol
  std::vector<Pulse> pulses_;
  Instant next_second_ = distant_future;
  Outbox unheard_;  ///< what warm-up would have asked for
};

}  // namespace mlbot::core
