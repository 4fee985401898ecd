// The ends of a message's way: bytes from the socket to an applied book, and a command to signed bytes.
#include <benchmark/benchmark.h>

#include <vector>

#include "base/prng.h"
#include "core/book/order_book.h"
#include "percentiles.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/signing.h"

namespace mlbot {
namespace {

Instrument bitcoin() {
  return {.id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001"), .min_order = {1},
          .max_limit_order = {1'190'000}, .max_market_order = {500'000}, .min_notional = *parse_e8("5"),
          .max_leverage = *parse_e8("100"), .maintenance_margin = *parse_e8("0.005"), .fees = {}};
}

/// A 200-level book, then deltas that change ten levels a side among the best fifty.
struct Frames {
  BookUpdate snapshot{};
  std::vector<BookLevel> bids, asks;
  std::vector<std::string> deltas;

  explicit Frames(const Instrument& instrument) {
    for (int i = 0; i < 200; ++i) {
      bids.push_back({{600'000 - i}, {100 + i}});
      asks.push_back({{600'001 + i}, {100 + i}});
    }
    snapshot = {{0}, UpdateKind::snapshot, 1, 1, Instant::from_ms(1), bids, asks};
    Prng rng{5};
    for (std::uint64_t u = 2; u < 1'002; ++u) {
      std::vector<BookLevel> changed_bids, changed_asks;
      for (int i = 0; i < 10; ++i) {
        changed_bids.push_back({{600'000 - i * 5 - static_cast<std::int64_t>(rng.below(5))}, {1 + static_cast<std::int64_t>(rng.below(900))}});
        changed_asks.push_back({{600'001 + i * 5 + static_cast<std::int64_t>(rng.below(5))}, {1 + static_cast<std::int64_t>(rng.below(900))}});
      }
      const BookUpdate delta{{0}, UpdateKind::delta, u, u, Instant::from_ms(1'700'000'000'000), changed_bids, changed_asks};
      venue::bybit::encode_book(instrument, delta, 50, Instant::from_ms(1'700'000'000'001), deltas.emplace_back());
      deltas.back().reserve(deltas.back().size() + 64);  // spare bytes behind the message, as the socket's buffer has
    }
  }
};

void frame_bytes_to_applied_book(benchmark::State& state) {
  const auto instrument = bitcoin();
  const venue::bybit::InstrumentTable table{std::span{&instrument, 1}};
  const Frames frames{instrument};
  venue::bybit::DecodeScratch scratch;
  core::OrderBook book;
  std::size_t next = frames.deltas.size();
  const auto begin_again = [&] {
    if (next != frames.deltas.size()) return;
    book.invalidate();
    book.apply(frames.snapshot);
    next = 0;
  };
  const auto take = [&] {
    const auto message = venue::bybit::decode_public(venue::bybit::PaddedText{frames.deltas[next++]}, table, scratch);
    const auto& news = std::get<venue::bybit::MarketNews>(*message);
    if (book.apply(std::get<BookUpdate>(news.event)) != core::BookChange::applied) state.SkipWithError("the book broke");
  };
  for (auto _ : state) {
    begin_again();
    take();
  }
  bench::Percentiles percentiles;
  for (int i = 0; i < 200'000; ++i) {
    begin_again();
    percentiles.time(take);
  }
  percentiles.report(state);
}
BENCHMARK(frame_bytes_to_applied_book);

void command_to_signed_bytes(benchmark::State& state) {
  const auto instrument = bitcoin();
  venue::bybit::RequestSigner signer{"canary-key", "canary-secret", 5s};
  const PlaceOrder order{.id = "102a6837-1-1", .symbol = {0}, .side = Side::buy, .price = {600'000}, .size = {15}, .stop_loss = PriceTicks{594'000}};
  Instant at = Instant::from_ms(1'700'000'000'000);
  for (auto _ : state) {
    const auto body = venue::bybit::encode_place(order, instrument);
    auto headers = signer.headers(at, body);
    benchmark::DoNotOptimize(headers);
    at = at + 1ms;
  }
}
BENCHMARK(command_to_signed_bytes);

}  // namespace
}  // namespace mlbot
