// The frames of a market whose journal names none: where the stages are processes of their own, the ingest's
// journal has events only, and its archive makes the frames again from them (docs/decisions/0066).
//
// The runs of an ingest are those that STATE/market.run lists. Each is gone through from its beginning,
// warmed as the feature stages warm, so its frames are bit for bit those that they publish; or from a
// snapshot, as the feature stages keep it. Threads: none.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/market_stage.h"
#include "shell/journal_source.h"
#include "shell/topology/market_run.h"

namespace mlbot::shell {

/// How a market stage of this run warms. @return nothing where it starts cold
Result<std::optional<WarmStart>, SourceError> warm_start_of(const MarketRun& run, const std::string& journal);

class FrameMaker {
 public:
  FrameMaker(std::string market_run_file, std::string journal)
      : file_{std::move(market_run_file)}, journal_{std::move(journal)} {}

  /// Where the journal must be read from so that nothing behind `resume` lacks its frames: behind the
  /// snapshot that was taken up, the beginning of the ingest's run that `resume` lies in, or `resume` itself.
  Sequence begin_at(Sequence resume) const;

  /// All that the next frames depend on, behind the last event that was taken, with its checksum.
  /// @return "" while no run's frames are made: there is nothing to go on from
  std::string snapshot() const;
  /// Before the first event: goes on from what snapshot() wrote. Events up to there are passed over.
  /// @return the event behind which it was taken
  /// @error damaged, or of another feature catalogue; nothing has changed then
  Result<Sequence, SourceError> resume(std::string_view snapshot);

  /// Every event of the journal, in order.
  /// @return the frames that it made due; valid until the next call
  std::span<const FeatureFrame> step(const Stamped& event);
  /// Why a run has no frames: its history cannot be read any more. "" where all is well.
  const std::string& trouble() const { return trouble_; }

 private:
  void begin();

  std::string file_, journal_;
  MarketRun run_;         ///< whose opening is being read, or whose frames are made
  bool opening_ = false;  ///< its contracts are not all known yet
  Sequence after_;        ///< the last event taken
  bool resumed_ = false;  ///< from a snapshot
  std::unique_ptr<core::MarketStage> stage_;
  Outbox out_;
  std::string trouble_;
};

}  // namespace mlbot::shell
