// Why a row is void and until when: from what the row declares that it needs, and from how its inputs stand.
// Threads, clock: none.  Cost: a walk over the window for each window that is not covered; for people, not
// for every frame.
#pragma once

#include <optional>
#include <string>

#include "core/features/feature_hub.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

/// How one symbol's inputs stand.
struct Standing {
  const SymbolMarket* market = nullptr;
  double book_held_s = 0;  ///< in which a book was known
  int levels = 0;          ///< of the thinner side
  std::int64_t premiums = 0, scored_minutes = 0;
};

struct Unmet {
  std::string cause;  ///< the first need that is not met
  std::optional<Instant>
      until;  ///< when all can be met if input stays good; nothing where that hangs on news
};

/// Nothing when every need is met.
/// @param leader  nullptr where there is none or it is silent.
std::optional<Unmet> unmet_need(const Needs& needs, const Standing& own, const Standing* leader);

}  // namespace mlbot::core
