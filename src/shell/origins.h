// Who wrote a journal, from which event on: a live venue, a generated market, or a recorded one. One line
// each, "SEQUENCE WORD", in a small file beside the journal; without it everything is live.
#pragma once

#include <string>
#include <vector>

#include "io/archive/event_rows.h"

namespace mlbot::shell {

/// Before the first event of a run is written.
/// @return an error text when the disk refuses
Result<void, std::string> note_origin(const std::string& file, Sequence first, const std::string& source);
std::vector<io::archive::Origin> read_origins(const std::string& file);
/// By the venue of a run, and for the embedded exchange by the name of its market.
std::string source_of_market(const std::string& venue, const std::string& market);

}  // namespace mlbot::shell
