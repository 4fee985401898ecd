// T9: any bytes as a market: crossed, empty and huge books, sizes and times beyond reason. Every row stays
// finite and inside its clamp, or is missing.
#include <cstdint>
#include <cstdlib>

#include "core/features/test_market.h"

namespace {

using namespace mlbot;
using namespace mlbot::core;
using namespace mlbot::core::testing;

/// Numbers out of the input; zeros when it ends.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_{data}, size_{size} {}
  bool left() const { return next_ < size_; }
  std::uint8_t byte() { return left() ? data_[next_++] : std::uint8_t{0}; }
  /// Mostly small, sometimes any of 64 bits.
  std::int64_t number() {
    const std::uint8_t kind = byte();
    if (kind < 200) return kind * 256 + byte();
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return static_cast<std::int64_t>(value);
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, next_ = 0;
};

TapedEvent event_of(Bytes& in, SymbolId symbol, Instant now, std::uint64_t& update_id) {
  switch (in.byte() % 7) {
    case 0: {
      TapedBook book{{symbol,
                      in.byte() % 2 ? UpdateKind::snapshot : UpdateKind::delta,
                      update_id += in.byte() % 8 ? 1u : 2u,
                      0,
                      now,
                      {},
                      {}},
                     {},
                     {}};
      for (int levels = in.byte() % 30; levels > 0; --levels)
        book.bids.push_back({{in.number()}, {in.number()}});
      for (int levels = in.byte() % 30; levels > 0; --levels)
        book.asks.push_back({{in.number()}, {in.number()}});
      return book;
    }
    case 1: {
      TapedTrades trades{symbol, {}};
      for (int n = in.byte() % 8; n > 0; --n)
        trades.list.push_back({now, {in.number()}, {in.number()}, in.byte() % 2 ? Side::buy : Side::sell});
      return trades;
    }
    case 2:
      return TapedLiquidations{symbol,
                               {{now,
                                 in.byte() % 2 ? PositionSide::long_side : PositionSide::short_side,
                                 {in.number()},
                                 {in.number()}}}};
    case 3:
      return Kline{symbol,
                   1,
                   Instant::from_seconds(now.seconds() / 60 * 60),
                   {in.number()},
                   {in.number()},
                   {in.number()},
                   {in.number()},
                   {in.number()},
                   static_cast<double>(in.number()),
                   in.byte() % 4 != 0};
    case 4: {
      Ticker ticker;
      ticker.symbol = symbol;
      ticker.kind = in.byte() % 2 ? UpdateKind::snapshot : UpdateKind::delta;
      if (in.byte() % 2) ticker.mark_price = E8{in.number()};
      if (in.byte() % 2) ticker.index_price = E8{in.number()};
      if (in.byte() % 2) ticker.open_interest = E8{in.number()};
      if (in.byte() % 2) ticker.funding_rate = E8{in.number()};
      if (in.byte() % 2) ticker.next_funding = Instant{in.number()};
      if (in.byte() % 2) ticker.funding_interval_hours = static_cast<std::int32_t>(in.number());
      return ticker;
    }
    case 5:
      return LinkChanged{Link::market, in.byte() % 2 ? LinkState::live : LinkState::down};
    default:
      return Second{};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Player player{{test_instrument(0, "BTCUSDT"), test_instrument(1, "DOGEUSDT", "0.00001", "1")}};
  Bytes in{data, size};
  Instant now = test_start;
  std::uint64_t update_id = 1;
  while (in.left()) {
    now = now + Duration{in.byte() % 16 ? in.byte() * 10'000'000ll : in.byte() * 60'000'000'000ll};
    const SymbolId symbol{static_cast<std::uint16_t>(in.byte() % 2)};
    player.play({now, event_of(in, symbol, now, update_id)});
    const FeatureFrame frame = player.frame(symbol.index);
    for (const FeatureSpec& spec : feature_catalogue()) {
      const double value = frame.values[spec.id - 1u];
      if (frame.valid(spec.id - 1u) ? !(value >= spec.clamp_low && value <= spec.clamp_high) : value == value)
        std::abort();
    }
  }
  return 0;
}
