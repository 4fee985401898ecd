// The catalogue's own promises, and the hub as the core sees it.
#include "core/features/feature_hub.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/features/feature_catalogue_markdown.h"
#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

TEST(FeatureCatalogue, CountsByEngineMirrorAndLookahead) {
  std::map<Engine, int> engines;
  std::map<char, int> lookahead, mirror;
  for (const FeatureSpec& spec : feature_catalogue()) {
    ++engines[spec.engine];
    ++lookahead[spec.lookahead];
    ++mirror[spec.mirror.front()];
  }
  EXPECT_EQ(engines, (std::map<Engine, int>{{Engine::price, 26},
                                            {Engine::micro_liquidity, 30},
                                            {Engine::volatility_momentum, 28},
                                            {Engine::liquidation, 24},
                                            {Engine::time_context, 10},
                                            {Engine::advanced_aggregator, 24}}));
  EXPECT_EQ(lookahead, (std::map<char, int>{{'A', 100}, {'B', 31}, {'C', 1}, {'D', 10}}));
  EXPECT_EQ(mirror, (std::map<char, int>{{'O', 63}, {'E', 59}, {'P', 16}, {'N', 4}}));
}

TEST(FeatureCatalogue, EveryRowSaysAllOfIt) {
  for (const FeatureSpec& spec : feature_catalogue()) {
    for (const auto words : {spec.name, spec.unit, spec.window, spec.definition, spec.undefined, spec.source})
      EXPECT_FALSE(words.empty()) << spec.id;
    EXPECT_LT(spec.clamp_low, spec.clamp_high) << spec.name;
    EXPECT_EQ(feature_index(spec.name), spec.id - 1u);
  }
  EXPECT_EQ(feature_index("no_such_row"), std::nullopt);
}

/// Where a row's value comes from in the mirrored market.
std::size_t mirror_partner(const FeatureSpec& spec) {
  if (spec.mirror == "O" || spec.mirror == "E") return spec.id;
  return static_cast<std::size_t>(std::stoi(std::string{spec.mirror.substr(2)}));
}

TEST(FeatureCatalogue, MirroringTwiceGivesTheRowBack) {
  for (const FeatureSpec& spec : feature_catalogue()) {
    const FeatureSpec& partner = feature_catalogue()[mirror_partner(spec) - 1];
    EXPECT_EQ(mirror_partner(partner), spec.id) << spec.name;
    EXPECT_EQ(partner.mirror.front(), spec.mirror.front()) << spec.name;
    const bool negated = spec.mirror.front() == 'O' || spec.mirror.front() == 'N';
    EXPECT_EQ(partner.clamp_low, negated ? -spec.clamp_high : spec.clamp_low) << spec.name;
  }
}

TEST(FeatureCatalogue, PrintsEveryRowOnOnePage) {
  const std::string page = feature_catalogue_markdown();
  for (const FeatureSpec& spec : feature_catalogue())
    EXPECT_NE(page.find("| `" + std::string{spec.name} + "` |"), std::string::npos) << spec.name;
}

using testing::Player;
using testing::Tape;
using testing::value_of;

const std::vector<Instrument> two_symbols{testing::test_instrument(0, "BTCUSDT"), testing::test_instrument(1, "ETHUSDT")};

TEST(FeatureHub, EveryRowIsThereAfterTwoHours) {
  testing::MarketStyle style;
  style.seed_candles = 400;
  style.liquidation_bursts = true;
  style.trades_per_second = 8;
  Player player{two_symbols};
  player.play(testing::random_tape(two_symbols, 11, 7'500, style));
  const FeatureFrame frame = player.frame();
  for (const FeatureSpec& spec : feature_catalogue()) EXPECT_TRUE(frame.valid(spec.id - 1u)) << spec.name;
}

}  // namespace
}  // namespace mlbot::core
