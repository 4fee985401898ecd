// The frames that are many, read in one pass: a book exactly as the venue has written it for years.
//
// A second way to the same answer, never to another one: whatever is not letter for letter in the known
// shape, key order and spacing included, is left to the parser. A test holds the two against each other on
// random and torn frames.
#pragma once

#include "venue/bybit/public_decode.h"

namespace mlbot::venue::bybit {

/// False when the frame is anything but a plain book of a known symbol; the levels in the scratch are then
/// meaningless.
bool scan_book(std::string_view frame, const InstrumentTable& table, DecodeScratch& scratch,
               MarketNews& news);

}  // namespace mlbot::venue::bybit
