// The books of all published depths as their subscribers have them: what a new subscriber gets first, and
// what REST shows.
//
// Invariant: a book here is what the frames sent so far add up to. Memory: two sides of `depth` levels for
// each symbol and depth.
#pragma once

#include <map>
#include <utility>

#include "sim/rows.h"

namespace mlbot::shell {

class DepthBooks {
 public:
  void apply(std::size_t depth, const BookUpdate& update);
  /// Null before the first snapshot.
  const sim::BookRow* find(SymbolId symbol, std::size_t depth) const;

 private:
  std::map<std::pair<std::uint16_t, std::size_t>, sim::BookRow> books_;
};

}  // namespace mlbot::shell
