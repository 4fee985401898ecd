// T2: what a row is at t does not hang on anything that came after t, nor on having been read before. A log
// is cut at 1000 random places; what a hub that heard only the log up to the cut says there is what the hub
// that hears all of it said, to the bit. On five minutes every cut log is played from its first event. On two
// and a half hours, where the rows are warm, so are sixteen; a thousand others are played from a checkpoint,
// taken some minutes before the cut by a hub that heard only the log up to there and was never read.
#include <gtest/gtest.h>

#include <algorithm>
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

MarketStyle busy() {
  MarketStyle style;
  style.seed_candles = 400;
  style.liquidation_bursts = true;
  style.trades_per_second = 6;
  return style;
}

TEST(PrefixInvariance, AThousandCutsOfAMarketInWhichMostRowsAreWarm) {
  const std::uint64_t seed = 2'003;
  const int seconds = 9'000;
  const Tape base = random_tape(two_symbols, seed, seconds, busy());
  const Tape tape = with_incidents(2, base, random_incidents(seed, seconds, 700, 2), seed);
  const auto warm = static_cast<std::size_t>(
      std::find_if(tape.begin(), tape.end(), [](const Taped& t) { return t.at > test_start + 7'300s; }) -
      tape.begin());
  Prng random = Prng::stream(seed, "cuts");
  std::set<std::size_t> places;
  while (places.size() < 1'000) places.insert(warm + random.below(tape.size() - warm));

  Player whole{two_symbols}, unread{two_symbols};
  std::size_t played = 0, unread_played = 0, valid = 0, cuts = 0;
  std::string checkpoint;
  for (const std::size_t place : places) {
    while (played < place) whole.play(tape[played++]);
    if (cuts % 40 == 0) {
      while (unread_played < place - 1) unread.play(tape[unread_played++]);
      checkpoint = unread.hub().checkpoint();
    }
    Player cut = unread.continued(checkpoint, tape[unread_played - 1].at);
    for (std::size_t i = unread_played; i < place; ++i) cut.play(tape[i]);
    ASSERT_EQ(cut.state(), whole.state()) << "cut at " << place;
    for (const std::uint16_t symbol : {0, 1}) {
      ASSERT_EQ(digest(cut, symbol), digest(whole, symbol)) << "cut at " << place;
      valid += feature_count - whole.frame(symbol).missing_count();
    }
    ++cuts;
  }
  EXPECT_EQ(cuts, 1'000u);
  EXPECT_GT(valid, 2 * cuts * feature_count * 8 / 10) << "most rows are warm";
}

TEST(PrefixInvariance, CutsFromTheFirstEventOfAMarketInWhichEveryRowIsWarm) {
  const MarketStyle style = busy();
  const std::uint64_t seed = 2'002;
  const Tape base = random_tape(two_symbols, seed, 7'500, style);
  expect_prefixes(with_incidents(2, base, random_incidents(seed, 7'500, 1'900, 2), seed), 16, seed);
}

}  // namespace
}  // namespace mlbot::core
