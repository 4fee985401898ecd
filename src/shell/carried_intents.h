// Orders of the last run whose end its journal does not show: what a start tells the core, so that each is
// asked for before anything else is sent.
//
// Only the journal's last minute is read. What was placed earlier had its signed window closed before the
// journal ended: it is in the venue's list of open orders, which every start reads, or it is over. Ids that
// were leased and are not in the journal are of commands that never left, or of a tail that a power cut took:
// these, too, are found in that list, and known by their epoch. The same holds of what an earlier life
// carried already; and what a life asked for and was told is not there is over (IntentTracker).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "domain/record.h"
#include "io/journal/journal.h"

namespace mlbot::shell {

inline constexpr Duration carried_intents_window = 60s;

/// @param instruments  of the run that begins; intents on other symbols are left out.
/// @param found        what opening the journal found: nothing behind its last event is read.
/// @error what is in the way of reading.
Result<std::vector<IntentCarried>, std::string> carried_intents(const std::string& journal_directory,
                                                                const std::vector<Instrument>& instruments,
                                                                const io::journal::Recovery& found);

}  // namespace mlbot::shell
