// A market made for worlds that are many: a few events a second a symbol, a ladder of ten levels a side, and
// regimes. It moves by whole steps of the ladder, sweeps what stands in its way, and prints while it does, so
// that resting orders fill. What a fault wants of it (a gap, an empty side, silence) is asked from outside.
#pragma once

#include <memory>
#include <vector>

#include "shell/simulate/chance.h"
#include "sim/market.h"

namespace mlbot::shell::simulate {

/// Contracts of very different grids: ticks from 0.1 to 1e-7, lots from 0.001 to 1000. At most 8.
std::vector<Instrument> world_instruments(std::size_t count);

/// What a world does to its market.
struct MarketWishes {
  struct Symbol {
    std::int64_t gap_bps = 0;  ///< to be jumped at the next act; signed
    Instant silent_until{};
    Instant one_sided_until{};
    Side missing = Side::buy;
    Lots deleverage{};  ///< signed: as much of a position of this sign is to be deleveraged by the venue
  };
  std::vector<Symbol> symbols;
};

struct SparseSettings {
  double acts_per_s = 2;      ///< a symbol
  double step_chance = 0.35;  ///< that an act moves the touch
  double trend = 0;           ///< -1..1: which way
  double print_chance = 0.4;  ///< that an act prints at the touch
};

/// @param wishes  outlives the market; one entry a symbol.
std::unique_ptr<sim::Market> make_sparse_market(const std::vector<Instrument>& instruments,
                                                const SparseSettings& settings, std::uint64_t seed,
                                                Instant start, MarketWishes& wishes);

}  // namespace mlbot::shell::simulate
