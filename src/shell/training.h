// From a journal to a bundle in the store: the core runs over the recorded market, its frames become rows,
// the lab trains.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/instrument.h"
#include "shell/journal_source.h"

namespace mlbot::shell {

struct TrainingRequest {
  std::string journal;  ///< directory
  std::string models;   ///< directory of the store
  std::vector<Instrument> instruments;
  JournalMarket::Range range;
  /// Hours without a clean certificate of the archive beside the journal are trained on, too.
  bool allow_gaps = false;
  Duration horizon = 120s;
  int rounds = 0;               ///< 0: the trainer's default
  Duration max_age = 21 * 24h;  ///< of the model
  Instant trained_at;
  std::string alias;   ///< pointed at the new bundle; empty leaves aliases alone
  std::string report;  ///< HTML file; empty: MODELS/reports/HASH.html
};
struct TrainingOutcome {
  std::string content_hash;
  std::size_t rows = 0;
  Json metrics;
  std::string report;  ///< path written
};
/// @param progress  what is done, done, total
/// @error SourceError names the journal, the store or what the trainer said.
Result<TrainingOutcome, SourceError> train_model(
    const TrainingRequest& request, const std::function<void(const std::string&, double, double)>& progress);

}  // namespace mlbot::shell
