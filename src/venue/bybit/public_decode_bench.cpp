// What a frame costs: bytes to BookUpdate, bytes to Trades, each beside the bare parser walking the same
// bytes.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "base/prng.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"

namespace mlbot::venue::bybit {
namespace {

const InstrumentTable& table() {
  static const InstrumentTable made{std::vector{Instrument{
      .id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")}}};
  return made;
}

/// A delta of ten levels a side, prices of six and sizes of one to five digits, as recorded ones have.
std::string book_delta() {
  Prng rng{1};
  std::vector<BookLevel> bids, asks;
  for (int i = 0; i < 10; ++i) {
    bids.push_back({{714'238 - 3 * i}, {static_cast<std::int64_t>(rng.below(3000))}});
    asks.push_back({{714'240 + 3 * i}, {static_cast<std::int64_t>(rng.below(3000))}});
  }
  std::string out;
  encode_book(
      table()[{0}],
      {{0}, UpdateKind::delta, 10'132'541, 546'137'962'186, Instant::from_ms(1'773'386'409'404), bids, asks},
      50, Instant::from_ms(1'773'386'409'407), out);
  return out;
}
std::string one_trade() {
  const std::vector list{Trade{Instant::from_ms(1'786'540'363'843),
                               {639'761},
                               {15},
                               Side::buy,
                               false,
                               false,
                               760'579'112'851,
                               "e799c7b7-1ccc-53d9-b84a-fb7a460397bc"}};
  TickTrail trail;
  std::string out;
  encode_trades(table()[{0}], {{0}, list}, trail, Instant::from_ms(1'786'540'363'844), out);
  return out;
}

void decode(benchmark::State& state, const std::string& frame) {
  const simdjson::padded_string bytes{frame};
  DecodeScratch scratch;
  for (auto _ : state) {
    auto message = decode_public(PaddedText{{bytes.data(), frame.size()}}, table(), scratch);
    benchmark::DoNotOptimize(message);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(frame.size()));
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
/// Visits every scalar without reading it as a number.
void bare(benchmark::State& state, const std::string& frame) {
  const simdjson::padded_string bytes{frame};
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    auto document = parser.iterate(bytes);
    for (auto field : document.get_object().value_unsafe()) walk(field.value().value_unsafe());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(frame.size()));
}

BENCHMARK_CAPTURE(decode, book_delta_10_and_10, book_delta());
BENCHMARK_CAPTURE(bare, book_delta_10_and_10, book_delta());
BENCHMARK_CAPTURE(decode, one_trade, one_trade());
BENCHMARK_CAPTURE(bare, one_trade, one_trade());

}  // namespace
}  // namespace mlbot::venue::bybit
