// T2: what a row is at t does not hang on anything that came after t. The log is cut at 1000 random places
// and played anew up to each; the vectors at the cut are those of the whole log, to the bit.
#include <gtest/gtest.h>

#include <set>

#include "core/features/test_incidents.h"

namespace mlbot::core {
namespace {

using namespace testing;

const std::vector<Instrument> two_symbols{test_instrument(0, "BTCUSDT"),
                                          test_instrument(1, "DOGEUSDT", "0.00001", "1")};

std::uint64_t digest(const Player& player, std::uint16_t symbol) {
  return frame_digest(feature_schema_hash(), player.frame(symbol));
}

/// Digests of both symbols after the first `events` of the tape, read only there.
std::array<std::uint64_t, 2> at_the_cut(const Tape& tape, std::size_t events) {
  Player player{two_symbols};
  for (std::size_t i = 0; i < events; ++i) player.play(tape[i]);
  return {digest(player, 0), digest(player, 1)};
}

void expect_prefixes(const Tape& tape, std::size_t cuts, std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Prng random = Prng::stream(seed, "cuts");
  std::set<std::size_t> places;
  while (places.size() < cuts) places.insert(1 + random.below(tape.size()));
  Player whole{two_symbols};
  std::size_t played = 0;
  for (const std::size_t place : places) {
    while (played < place) whole.play(tape[played++]);
    ASSERT_EQ(at_the_cut(tape, place), (std::array{digest(whole, 0), digest(whole, 1)}))
        << "cut at " << place;
  }
}

TEST(PrefixInvariance, AThousandCutsOfAnEventfulFiveMinutes) {
  MarketStyle style;
  style.seed_candles = 300;
  const std::uint64_t seed = 2'001;
  const Tape base = random_tape(two_symbols, seed, 300, style);
  expect_prefixes(with_incidents(2, base, random_incidents(seed, 300, 45, 2), seed), 1'000, seed);
}

TEST(PrefixInvariance, CutsOfAMarketInWhichEveryRowIsWarm) {
  MarketStyle style;
  style.seed_candles = 400;
  style.liquidation_bursts = true;
  style.trades_per_second = 6;
  const std::uint64_t seed = 2'002;
  const Tape base = random_tape(two_symbols, seed, 7'500, style);
  expect_prefixes(with_incidents(2, base, random_incidents(seed, 7'500, 1'900, 2), seed), 16, seed);
}

}  // namespace
}  // namespace mlbot::core
