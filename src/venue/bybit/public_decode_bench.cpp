// What a frame costs, by its size: bytes to BookUpdate or Trades, each beside simdjson's On-Demand walking
// the same bytes without reading a number, in the same run. A thousand different frames go round, so that no
// branch is learnt by heart.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "base/prng.h"
#include "percentiles.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"

namespace mlbot::venue::bybit {
namespace {

constexpr std::size_t frame_count = 1'000;

const InstrumentTable& table() {
  static const InstrumentTable made{std::vector{Instrument{
      .id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")}}};
  return made;
}

using Frames = std::vector<simdjson::padded_string>;

/// Deltas of so many levels a side, prices of six and sizes of one to five digits, a third of them deletes.
Frames book_deltas(int levels) {
  Prng rng{1};
  Frames frames;
  for (std::size_t f = 0; f < frame_count; ++f) {
    std::vector<BookLevel> bids, asks;
    const auto size = [&] {
      return Lots{rng.chance(0.3) ? 0 : static_cast<std::int64_t>(rng.below(30'000))};
    };
    for (int i = 0; i < levels; ++i) {
      bids.push_back({{714'238 - 3 * i}, size()});
      asks.push_back({{714'240 + 3 * i}, size()});
    }
    std::string out;
    encode_book(table()[{0}],
                {{0},
                 UpdateKind::delta,
                 10'132'541 + f,
                 546'137'962'186 + f,
                 Instant::from_ms(1'773'386'409'404),
                 bids,
                 asks},
                50, Instant::from_ms(1'773'386'409'407), out);
    frames.emplace_back(out);
  }
  return frames;
}

Frames trades(int count) {
  Prng rng{2};
  Frames frames;
  for (std::size_t f = 0; f < frame_count; ++f) {
    std::vector<Trade> list;
    for (int i = 0; i < count; ++i) {
      std::string id = "e799c7b7-1ccc-53d9-b84a-fb7a460397bc";
      for (char& c : id)
        if (c != '-') c = "0123456789abcdef"[rng.below(16)];
      list.push_back({Instant::from_ms(1'786'540'363'843),
                      {639'761 + static_cast<std::int64_t>(rng.below(100))},
                      {1 + static_cast<std::int64_t>(rng.below(2'000))},
                      rng.chance(0.5) ? Side::buy : Side::sell,
                      false,
                      false,
                      760'579'112'851 + f,
                      VenueId{id}});
    }
    TickTrail trail;
    std::string out;
    encode_trades(table()[{0}], {{0}, list}, trail, Instant::from_ms(1'786'540'363'844), out);
    frames.emplace_back(out);
  }
  return frames;
}

/// Runs `read` over the frames in turn, twice: in a tight loop for the mean, and timed one by one.
template <class Read>
void measure(benchmark::State& state, const Frames& frames, Read&& read) {
  std::size_t next = 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    read(frames[next]);
    bytes += static_cast<std::int64_t>(frames[next].size());
    next = (next + 1) % frames.size();
  }
  state.SetBytesProcessed(bytes);
  bench::Percentiles percentiles;
  for (int i = 0; i < 200'000; ++i)
    percentiles.time([&] { read(frames[static_cast<std::size_t>(i) % frames.size()]); });
  percentiles.report(state);
}

void decode(benchmark::State& state, const Frames& frames) {
  DecodeScratch scratch;
  measure(state, frames, [&](const simdjson::padded_string& bytes) {
    auto message = decode_public(PaddedText{{bytes.data(), bytes.size()}}, table(), scratch);
    benchmark::DoNotOptimize(message);
  });
  if (scratch.fallback_frames != 0) state.SkipWithError("the scanner left frames to the parser");
}

void walk(simdjson::ondemand::value value) {
  switch (value.type().value_unsafe()) {
    case simdjson::ondemand::json_type::object:
      for (auto field : value.get_object().value_unsafe()) walk(field.value().value_unsafe());
      break;
    case simdjson::ondemand::json_type::array:
      for (auto item : value.get_array().value_unsafe()) walk(item.value_unsafe());
      break;
    default:
      benchmark::DoNotOptimize(value.raw_json_token());
  }
}
void bare(benchmark::State& state, const Frames& frames) {
  simdjson::ondemand::parser parser;
  measure(state, frames, [&](const simdjson::padded_string& bytes) {
    auto document = parser.iterate(bytes);
    for (auto field : document.get_object().value_unsafe()) walk(field.value().value_unsafe());
  });
}

BENCHMARK_CAPTURE(decode, book_1_and_1, book_deltas(1));
BENCHMARK_CAPTURE(bare, book_1_and_1, book_deltas(1));
BENCHMARK_CAPTURE(decode, book_10_and_10, book_deltas(10));
BENCHMARK_CAPTURE(bare, book_10_and_10, book_deltas(10));
BENCHMARK_CAPTURE(decode, book_50_and_50, book_deltas(50));
BENCHMARK_CAPTURE(bare, book_50_and_50, book_deltas(50));
BENCHMARK_CAPTURE(decode, book_200_and_200, book_deltas(200));
BENCHMARK_CAPTURE(bare, book_200_and_200, book_deltas(200));
BENCHMARK_CAPTURE(decode, one_trade, trades(1));
BENCHMARK_CAPTURE(bare, one_trade, trades(1));
BENCHMARK_CAPTURE(decode, ten_trades, trades(10));
BENCHMARK_CAPTURE(bare, ten_trades, trades(10));

}  // namespace
}  // namespace mlbot::venue::bybit
