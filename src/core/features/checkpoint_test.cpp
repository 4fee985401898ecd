// A log cut into several runs gives what one run gives; a checkpoint that does not fit is refused.
#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

const std::vector<Instrument> pair_of_symbols{test_instrument(0, "BTCUSDT"),
                                              test_instrument(1, "DOGEUSDT", "0.00001", "1")};

MarketStyle lively() {
  MarketStyle style;
  style.seed_candles = 300;
  style.liquidation_bursts = true;
  return style;
}

std::uint64_t digest_of(const Player& player, std::uint16_t symbol) {
  return frame_digest(feature_schema_hash(), player.frame(symbol));
}

TEST(Checkpoint, ALogCutAnywhereGivesTheSameFrames) {
  for (std::uint64_t seed = 41; seed < 44; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Tape tape = troubled(random_tape(pair_of_symbols, seed, 1'800, lively()), pair_of_symbols, seed);
    Player whole{pair_of_symbols}, cut{pair_of_symbols};
    Prng random = Prng::stream(seed, "cut");
    int cuts = 0;
    for (std::size_t i = 0; i < tape.size(); ++i) {
      whole.play(tape[i]);
      cut.play(tape[i]);
      if (random.chance(0.002)) {
        cut.restart(tape[i].at);
        ASSERT_EQ(whole.state(), cut.state()) << "after event " << i;
        ++cuts;
      }
      if (i % 7 != 0) continue;
      for (const std::uint16_t symbol : {0, 1})
        ASSERT_EQ(digest_of(whole, symbol), digest_of(cut, symbol)) << "event " << i << ", cuts " << cuts;
    }
    EXPECT_GT(cuts, 10);
    EXPECT_EQ(whole.state(), cut.state());
  }
}

TEST(Checkpoint, DownTimeIsALostLink) {
  const Tape tape = random_tape(pair_of_symbols, 45, 2'400, lively());
  const Instant down = test_start + 1'500s, up = down + 40s;
  Player deaf{pair_of_symbols}, restarted{pair_of_symbols};
  std::size_t i = 0;
  for (; tape[i].at < down; ++i) {
    deaf.play(tape[i]);
    restarted.play(tape[i]);
  }
  const Instant last = tape[i - 1].at;
  deaf.play({last, LinkChanged{Link::market, LinkState::down}});
  OrderBook shadow[2]{OrderBook{200}, OrderBook{200}};
  for (const Taped& taped : tape)
    if (const auto* book = std::get_if<TapedBook>(&taped.what); book && taped.at < up) {
      BookUpdate update = book->update;
      update.bids = book->bids;
      update.asks = book->asks;
      shadow[update.symbol.index].apply(update);
    }
  deaf.hub().advance(up);
  restarted.restart(up);
  EXPECT_LT(restarted.frame().missing_count(), feature_count);
  for (Player* player : {&deaf, &restarted}) {
    player->play({up, LinkChanged{Link::market, LinkState::live}});
    for (const Instrument& instrument : pair_of_symbols) {
      const OrderBook& book = shadow[instrument.id.index];
      player->play({up, TapedBook{{instrument.id, UpdateKind::snapshot, book.update_id(), 0, up, {}, {}},
                                  {book.bids().begin(), book.bids().end()},
                                  {book.asks().begin(), book.asks().end()}}});
    }
  }
  for (; i < tape.size(); ++i) {
    if (tape[i].at < up) continue;
    deaf.play(tape[i]);
    restarted.play(tape[i]);
    for (const std::uint16_t symbol : {0, 1})
      ASSERT_EQ(digest_of(deaf, symbol), digest_of(restarted, symbol)) << "event " << i;
  }
}

TEST(Checkpoint, WhatDoesNotFitIsRefusedWithItsReason) {
  Player player{pair_of_symbols};
  player.play(random_tape(pair_of_symbols, 46, 300, lively()));
  const std::string checkpoint = player.hub().checkpoint();
  const Instant taken = test_start + 300s;
  const auto fault = [&](std::string_view bytes, Instant now) {
    FeatureHub hub;
    for (const auto& instrument : pair_of_symbols) hub.add(instrument);
    const auto restored = hub.restore(bytes, now);
    EXPECT_FALSE(restored);
    return restored ? CheckpointFault::damaged : restored.error().fault;
  };
  EXPECT_EQ(fault(checkpoint, taken + 30min + 1s), CheckpointFault::too_old);
  EXPECT_EQ(fault(checkpoint, taken - 1s), CheckpointFault::from_the_future);
  EXPECT_EQ(fault("", taken), CheckpointFault::damaged);
  EXPECT_EQ(fault(checkpoint.substr(0, checkpoint.size() / 2), taken), CheckpointFault::damaged);
  Prng random{47};
  for (int n = 0; n < 50; ++n) {
    std::string flipped = checkpoint;
    flipped[4 + random.below(flipped.size() - 4)] ^= static_cast<char>(1 << random.below(8));
    EXPECT_EQ(fault(flipped, taken), CheckpointFault::damaged);
  }

  FeatureHub hub;
  hub.add(test_instrument(0, "DOGEUSDT", "0.00001", "1"));
  hub.add(test_instrument(1, "BTCUSDT", "0.5"));
  EXPECT_EQ(hub.restore(checkpoint, taken).value(), 1u) << "another tick is another contract";
}

}  // namespace
}  // namespace mlbot::core
