// A trade stage's own journal run again: its events and whole frames, in the order in which it took them,
// through the same trade core. What each input gave rise to stands behind it and must come out again, byte
// for byte.
#pragma once

#include <string>

#include "core/models/bundle.h"
#include "shell/journal_source.h"
#include "shell/run_digest.h"

namespace mlbot::shell {

struct TradeReplay {
  RunDigest digest;            ///< of all that was made; frames are those taken
  std::uint64_t compared = 0;  ///< commands, decisions, ways and fills
  std::string difference;      ///< the first; empty when all is equal
};

/// True of a journal whose first word on the market is a whole frame, not a market event.
Result<bool, SourceError> is_of_trade_stage(const std::string& journal);

/// What the last input of a run that was killed gave rise to may be missing.
/// @param bundle     as the run had it, or null
/// @param from,until events; what they and the frames between them gave rise to is compared
Result<TradeReplay, SourceError> replay_trade(const std::string& journal, const JournalSummary::Run& run,
                                              const models::Bundle* bundle, Sequence from, Sequence until);

}  // namespace mlbot::shell
