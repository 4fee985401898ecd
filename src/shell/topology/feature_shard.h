// A market stage over some of the symbols: its own, and the two that lead all others.
//
// Inside, symbols are numbered anew, so that its memory grows with its own part of the market; frames leave
// with the market's numbers, and are bit for bit those of a stage over all symbols. Threads: none.
// Clock: none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/market_stage.h"
#include "shell/topology/market_run.h"
#include "shell/topology/shard.h"

namespace mlbot::shell {

class FeatureShard {
 public:
  FeatureShard(Shard shard, const std::vector<Instrument>& all);

  /// The stage's symbols under its own numbers, for a history that is renumbered by name.
  const std::vector<Instrument>& instruments() const { return instruments_; }
  core::MarketStage& stage() { return *stage_; }
  /// Whether events of this place move the stage.
  bool wants(std::uint16_t place) const;

  /// One event of the market, in order. Frames of own symbols are appended to `frames`.
  /// @error the run's symbols are others than this shard was made with: make another
  Result<void, TopologyError> step(const Stamped& event, std::vector<FeatureFrame>& frames);

  /// The stage as it stands behind event `after`.
  std::string snapshot(Sequence after) const;
  /// @return the event behind which the snapshot was taken. @error the snapshot is of no use; make another
  /// shard
  Result<Sequence, TopologyError> resume(std::string_view snapshot);

 private:
  static constexpr std::uint16_t unknown = 0xffff;

  Shard shard_;
  std::vector<Instrument> all_;          ///< of the market
  std::vector<Instrument> instruments_;  ///< of the stage
  std::vector<std::uint16_t> local_;     ///< market number -> stage number, or unknown
  std::vector<SymbolId> market_;         ///< and back
  std::unique_ptr<core::MarketStage> stage_;
  Outbox out_;
};

}  // namespace mlbot::shell
