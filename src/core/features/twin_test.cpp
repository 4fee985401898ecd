// Every row against its definition over raw events, and every kept value against one computed anew: on random
// markets that lose links, messages, sides of the book and time.
#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

const std::vector<Instrument> pair_of_symbols{test_instrument(0, "BTCUSDT"),
                                              test_instrument(1, "DOGEUSDT", "0.00001", "1")};

struct Path {
  const char* name;
  int seconds;
  int every;  ///< seconds between comparisons
  MarketStyle style;
  bool troubled = true;
};

/// Largest difference of each row, relative to 1 + |definition|.
void compare(const Path& path, std::uint64_t seed) {
  SCOPED_TRACE(std::string{path.name} + ", seed " + std::to_string(seed));
  Tape tape = random_tape(pair_of_symbols, seed, path.seconds, path.style);
  if (path.troubled) tape = troubled(tape, pair_of_symbols, seed);
  Histories twin;
  Player player{pair_of_symbols, &twin};
  Prng random = Prng::stream(seed, "compare");
  std::int64_t last_s = 0;
  std::map<std::string_view, int> told;
  for (const Taped& taped : tape) {
    player.play(taped);
    const std::int64_t age = taped.at.seconds() - test_start.seconds();
    const bool whole = std::holds_alternative<Second>(taped.what);
    if (age - last_s < path.every || (!whole && random.chance(0.7))) continue;
    last_s = age;
    const SymbolId symbol{static_cast<std::uint16_t>(random.below(2))};
    const FeatureFrame frame = player.frame(symbol.index);
    for (const FeatureSpec& spec : feature_catalogue()) {
      const std::size_t position = spec.id - 1u;
      double expected = twin.value(symbol, position);
      const double value = frame.values[position];
      if (std::isfinite(expected)) {
        expected = std::clamp(expected, spec.clamp_low, spec.clamp_high);
        if (std::abs(value - expected) <= 1e-9 * (1 + std::abs(expected))) continue;
      } else if (!frame.valid(position)) {
        continue;
      }
      if (++told[spec.name] == 1)
        ADD_FAILURE() << spec.name << " of symbol " << symbol.index << " after " << age << " s is " << value
                      << ", by its definition " << expected;
    }
  }
}

TEST(Twin, EveryRowEqualsItsDefinition) {
  MarketStyle usual;
  usual.seed_candles = 300;
  usual.liquidation_bursts = true;
  compare({"usual", 4'200, 97, usual}, 21);
  MarketStyle sparse;
  sparse.books_per_second = 0.3;
  sparse.trades_per_second = 0.05;
  sparse.liquidations_per_second = 0.01;
  compare({"sparse, thin and unseeded", 3'000, 61, sparse}, 22);
  MarketStyle thin;
  thin.levels = 14;
  thin.seed_candles = 59;
  compare({"thin", 1'500, 31, thin}, 23);
  compare({"untroubled", 1'200, 43, usual, false}, 24);
}

TEST(Twin, WhatIsKeptEqualsWhatIsComputedAnew) {
  for (std::uint64_t seed = 31; seed < 35; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MarketStyle style;
    style.seed_candles = seed % 2 ? 320 : 0;
    style.liquidation_bursts = true;
    const Tape tape = troubled(random_tape(pair_of_symbols, seed, 1'500, style), pair_of_symbols, seed);
    Player player{pair_of_symbols};
    Prng random = Prng::stream(seed, "compare");
    for (const Taped& taped : tape) {
      player.play(taped);
      if (random.chance(0.5)) continue;
      const SymbolId symbol{static_cast<std::uint16_t>(random.below(2))};
      FeatureFrame kept, anew;
      player.hub().read(symbol, kept);
      player.hub().read_afresh(symbol, anew);
      for (const FeatureSpec& spec : feature_catalogue())
        ASSERT_EQ(std::bit_cast<std::uint64_t>(kept.values[spec.id - 1u]),
                  std::bit_cast<std::uint64_t>(anew.values[spec.id - 1u]))
            << spec.name << " does not say all that can change it";
    }
  }
}

}  // namespace
}  // namespace mlbot::core
