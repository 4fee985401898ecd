#include "domain/route.h"

namespace mlbot {

std::string_view word(RouteKind value) {
  constexpr std::array<std::string_view, route_kind_count> words{"cross", "rest",   "iceberg",
                                                                 "twap",  "ladder", "market"};
  return words[static_cast<std::size_t>(value)];
}

}  // namespace mlbot
