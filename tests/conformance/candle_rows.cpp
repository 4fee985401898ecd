// Says in JSON, on one line, what the candle rows are after a random walk of confirmed candles, and the
// candles: what another implementation needs to compute the same. Arguments: how many candles, seed, "flat"
// for a market that does not move.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/prng.h"
#include "core/features/feature_hub.h"

int main(int argc, char** argv) {
  using namespace mlbot;
  if (argc < 3) {
    fmt::print(stderr, "usage: mlbot_candle_rows CANDLES SEED [flat]\n");
    return 2;
  }
  const bool flat = argc > 3 && std::string_view{argv[3]} == "flat";
  Prng random{static_cast<std::uint64_t>(std::atoll(argv[2]))};
  Instrument instrument;
  instrument.name = SymbolName{"BTCUSDT"};
  instrument.tick_size = *parse_e8("1");
  instrument.lot_step = *parse_e8("1");
  core::FeatureHub hub;
  hub.add(instrument);
  std::string candles;
  std::int64_t close = 60'000;
  Instant start = Instant::from_seconds(1'780'000'200);  // on a whole five minutes
  for (int n = std::atoi(argv[1]); n > 0; --n, start = start + std::chrono::minutes{1}) {
    const auto noise = [&](double size) {
      return flat ? 0 : static_cast<std::int64_t>(size * random.normal());
    };
    Kline kline{{0}, 1, start, {close}, {}, {}, {}, {}, 0, true};
    close += noise(40);
    kline.close = {close};
    kline.high = {std::max(kline.open.count, close) + std::abs(noise(25))};
    kline.low = {std::min(kline.open.count, close) - std::abs(noise(25))};
    kline.volume = {1 + static_cast<std::int64_t>(random.below(1'000))};
    kline.turnover = static_cast<double>(kline.volume.count * close);
    hub.advance(start + std::chrono::minutes{1});
    hub.on(start + std::chrono::minutes{1}, kline);
    candles += fmt::format("{}[{},{},{},{},{}]", candles.empty() ? "" : ",", kline.open.count,
                           kline.high.count, kline.low.count, close, kline.volume.count);
  }
  FeatureFrame frame;
  hub.read({0}, frame);
  std::string rows;
  for (const core::FeatureSpec& spec : core::feature_catalogue())
    if (spec.id >= 73 && spec.id <= 81 && frame.valid(spec.id - 1u))
      rows += fmt::format("{}\"{}\":{}", rows.empty() ? "" : ",", spec.name, frame.values[spec.id - 1u]);
  fmt::print("{{\"candles\":[{}],\"rows\":{{{}}}}}\n", candles, rows);
}
