// The frames that are many, read in one pass: books and trades exactly as the venue has written them for
// years.
//
// A second way to the same answer, never to another one: whatever is not letter for letter in the known
// shape, key order and spacing included, is left to the parser. Random and torn frames and a fuzz target hold
// the two against each other.
#pragma once

#include "venue/bybit/public_decode.h"

namespace mlbot::venue::bybit {

/// False when the frame is anything but a plain book or plain trades of a known symbol; what lies in the
/// scratch is then meaningless.
bool scan_frame(PaddedText frame, const InstrumentTable& table, DecodeScratch& scratch, MarketNews& news);

}  // namespace mlbot::venue::bybit
