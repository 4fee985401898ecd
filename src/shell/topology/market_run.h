// Where the market's present run begins in the ingest's journal, so that a stage that starts need not read
// the journal from its beginning.
//
// The ingest writes the file when a run has begun; whoever starts waits for it. Threads: any.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/event.h"

namespace mlbot::shell {

struct MarketRun {
  RunStarted start;
  Sequence first;  ///< of RunStarted
  Instant at;      ///< core time of it
  std::vector<Instrument> instruments;
};

struct TopologyError {
  std::string what;  ///< names the place and the remedy
};

/// "state/market.run": the first sequence of the present run, and of each that an ingest began before it.
std::string market_run_file(const std::string& state_directory);
/// @error the file cannot be written
Result<void, TopologyError> write_market_run(const std::string& file, Sequence first);
/// The first sequences of all runs that an ingest began here: their journal names no frames.
std::set<Sequence> ingest_runs(const std::string& file);
/// The present run as the journal has it. @error no run yet, or the journal does not hold it (any more)
Result<MarketRun, TopologyError> read_market_run(const std::string& file, const std::string& journal);

}  // namespace mlbot::shell
