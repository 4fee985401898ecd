#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/prng.h"
#include "domain/record.h"

namespace mlbot {
namespace {

Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'190'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5"),
          .max_leverage = *parse_e8("100"),
          .maintenance_margin = *parse_e8("0.005"),
          .fees = {}};
}

/// Encoding, decoding and encoding again gives the same bytes: views compare by what they show.
void expect_round_trip(const Record& record) {
  std::string first, second;
  encode(record, first);
  RecordScratch scratch;
  const auto back = decode(first, scratch);
  ASSERT_TRUE(back) << back.error().what << " at " << back.error().position;
  encode(*back, second);
  EXPECT_EQ(first, second);
  EXPECT_EQ(back->index(), record.index());
  for (std::size_t cut = 0; cut < first.size(); ++cut)
    EXPECT_FALSE(decode(std::string_view{first}.substr(0, cut), scratch))
        << "torn at " << cut << " of " << first.size();
}

TEST(Codec, EveryEventAndCommandComesBack) {
  const std::vector<BookLevel> bids{{{714238}, {1000}}, {{714237}, {0}}}, asks{{{714239}, {5}}};
  const std::vector<Trade> trades{{Instant::from_ms(5), {714238}, {3}, Side::sell, false, true, 9, "t-1"}};
  const std::vector<AdlAlert> alerts{{{1}, -5421.3, -0.1, -0.3, -0.25}, {{2}, 7, 0, -0.3, -0.25}};
  const std::vector<InsurancePool> pools{{{2}, {5'000}, Instant::from_ms(7)}};
  const std::vector<Liquidation> liquidations{{Instant::from_ms(6), PositionSide::short_side, {7}, {100}}};
  const std::vector<SymbolId> symbols{{0}, {3}};
  const std::vector<Event> events{
      RunStarted{.mode = Mode::live,
                 .epoch = 7,
                 .account = "main",
                 .model = "abc",
                 .schema_hash = 1,
                 .warm_from = 2,
                 .carried = {.state = TradingState::halted,
                             .stopped_by = ReasonCode::drawdown,
                             .day = 20'000,
                             .day_equity = {7},
                             .peak_equity = {9},
                             .orders_today = 3,
                             .round_trips_today = 1,
                             .model_trades = 200}},
      InstrumentDefined{bitcoin()},
      ConfigChanged{.version = 3, .risk = {}, .decision = {}, .traded = symbols},
      BookUpdate{{1}, UpdateKind::delta, 5, 6, Instant::from_ms(7), bids, asks},
      Trades{{1}, trades},
      Kline{.symbol = {1},
            .start = Instant::from_ms(60'000),
            .open = {1},
            .high = {4},
            .low = {1},
            .close = {2},
            .volume = {9},
            .turnover = 1.5,
            .confirmed = true},
      Ticker{.symbol = {2}, .kind = UpdateKind::delta, .mark_price = E8{5}, .funding_rate = E8{-3}},
      Liquidations{{1}, liquidations},
      OrderNews{.client_id = "r1-1",
                .status = OrderStatus::part_filled,
                .trigger_price = {7},
                .position_index = 2,
                .reason = "EC_NoError"},
      Execution{.kind = ExecutionKind::funding, .execution_id = "e1", .fee = {-5}},
      PositionNews{.size = {-5}, .stop_loss = {3}, .adl_rank = 4},
      WalletNews{.equity = {5}},
      RequestAnswer{.request = RequestKind::cancel,
                    .outcome = RequestOutcome::refused,
                    .code = 110001,
                    .text = "order not exists"},
      AccountSnapshot{SnapshotPhase::failed},
      LinkChanged{Link::account, LinkState::live},
      TimerFired{Instant::from_ms(9)},
      OperatorCommand{OperatorVerb::unlock, "cli", "the stop was a drill"},
      PriceLimit{{1}, {7'000'000}, {6'000'000}},
      AdlAlerts{alerts},
      InsurancePools{pools},
      FastExecution{.execution_id = "e1", .side = Side::sell, .price = {5}, .size = {6}},
      Transaction{.id = "t1",
                  .symbol = SymbolId{1},
                  .kind = TransactionKind::funding,
                  .execution_id = "e1",
                  .funding = {-5},
                  .change = {-5},
                  .balance_after = {1'000},
                  .at = Instant::from_ms(3)},
      AccountModes{MarginMode::isolated, true, false},
      ClockOffset{-3ms, 400us},
      MachineHealth{1'000, 2'000, 3ms},
      GuardBeat{true, 77},
      SymbolStatus{{1}, false},
      VenueStatus{true, "upgrade"},
      IntentCarried{.id = "r0-9",
                    .symbol = {1},
                    .side = Side::sell,
                    .price = {5},
                    .size = {6},
                    .reduce_only = true,
                    .position_index = 2,
                    .placed_at = Instant::from_ms(9)}};
  std::vector<bool> seen(std::variant_size_v<Event>);
  for (const auto& event : events) {
    seen[event.index()] = true;
    expect_round_trip(
        Stamped{{42}, Instant::from_ms(1000), Instant::from_ms(999), Instant::from_ms(998), event});
    expect_round_trip(Stamped{{43}, Instant::from_ms(1000), Instant::from_ms(1000), {}, event});
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0) << "an event has no round-trip test";

  const std::vector<Command> commands{
      PlaceOrder{
          .id = "r1-1", .price = {5}, .size = {6}, .stop_loss = PriceTicks{4}, .take_profit = PriceTicks{9}},
      AmendOrder{"r1-1", {1}, {2}, {3}},
      CancelOrder{"r1-1", {}, {1}},
      CancelAllOrders{{1}, true},
      SetPositionStop{{1}, 0, {4}, PriceTicks{9}},
      QueryOrder{"r1-1", {1}},
      QueryAccount{},
      ResubscribeBook{{2}}};
  for (const auto& command : commands) expect_round_trip(StampedCommand{{9}, Instant::from_ms(1), command});
  expect_round_trip(Decision{
      .symbol = {1}, .cause = {3}, .frame = 4, .reason = ReasonCode::cooldown, .expected_bps = -2.5});
  FeatureFrame frame;
  frame.set(141, -0.25);
  frame.set_missing(0);
  expect_round_trip(frame);
  const std::vector<StreamPlace> places{{{11}, 0}, {{12}, StreamPlace::control_stream}, {{12}, 3}};
  expect_round_trip(StreamIndex{{10}, {12}, Instant::from_ms(7), places});
}

TEST(Codec, AnIndexOfStreamsNamesNothingBehindItsEnd) {
  const std::vector<StreamPlace> places{{{11}, 0}, {{13}, 1}};
  std::string bytes;
  encode(Record{StreamIndex{{10}, {12}, {}, places}}, bytes);
  RecordScratch scratch;
  EXPECT_FALSE(decode(bytes, scratch));
}

/// Records are gathered in pieces before they are handed over: whatever their length, the bytes are those of
/// their fields one by one.
TEST(Codec, ABookOfAnyDepthIsTheBytesOfItsFields) {
  auto random = Prng::stream(8, "levels");
  for (std::size_t depth = 0; depth < 500; depth = depth * 5 / 4 + 1) {
    std::vector<BookLevel> bids, asks;
    for (std::size_t i = 0; i < depth; ++i) {
      bids.push_back({{static_cast<std::int64_t>(random.next() >> 20)}, {static_cast<std::int64_t>(i)}});
      asks.push_back({{714'238}, {static_cast<std::int64_t>(random.next() >> 1)}});
    }
    const Instant at{1'781'222'400'000'000'000};
    const Stamped event{
        {9}, at, at + 1ms, {}, BookUpdate{{3}, UpdateKind::delta, 5, 6, at - 2ms, bids, asks}};
    std::string fields, bytes;
    ByteWriter writer{fields};
    writer.u8(3);  // format
    writer.u8(0);  // an event
    writer.varint(9);
    writer.zigzag(at.ns);
    writer.zigzag(1'000'000);
    writer.zigzag(INT64_MIN);
    writer.u8(static_cast<std::uint8_t>(event.what.index()));
    writer.varint(3);
    writer.u8(static_cast<std::uint8_t>(UpdateKind::delta));
    writer.varint(5);
    writer.varint(6);
    writer.zigzag(at.ns - 2'000'000);
    for (const auto* side : {&bids, &asks}) {
      writer.varint(side->size());
      std::int64_t last = 0;
      for (const auto& level : *side) {
        writer.zigzag(level.price.count - last);
        writer.varint(static_cast<std::uint64_t>(level.size.count));
        last = level.price.count;
      }
    }
    encode(event, bytes);
    ASSERT_EQ(bytes, fields) << depth;
    expect_round_trip(event);
  }
}

TEST(Codec, PricesAtBothEndsComeBack) {
  const std::vector<BookLevel> levels{{{INT64_MIN}, {1}}, {{INT64_MAX}, {2}}, {{-1}, {3}}};
  expect_round_trip(Stamped{{1}, {}, {}, {}, BookUpdate{{1}, UpdateKind::delta, 5, 6, {}, levels, levels}});
}

TEST(Codec, DamagedBytesAreAnErrorNeverACrash) {
  std::string bytes;
  const std::vector<BookLevel> levels(50, BookLevel{{700'000}, {10}});
  encode(Stamped{{1}, {}, {}, {}, BookUpdate{{1}, UpdateKind::delta, 5, 6, {}, levels, levels}}, bytes);
  Prng rng{99};
  RecordScratch scratch;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes;
    for (int flips = 0; flips < 3; ++flips)
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.next());
    refused += !decode(damaged, scratch);
  }
  EXPECT_GT(refused, 100);
}

TEST(Frame, DigestSeesEveryValueAndEveryGap) {
  FeatureFrame a;
  for (std::size_t i = 0; i < feature_count; ++i) a.set(i, static_cast<double>(i));
  const auto digest = frame_digest(1, a);
  for (std::size_t i = 0; i < feature_count; ++i) {
    FeatureFrame b = a;
    b.set(i, std::nextafter(b.values[i], 1e9));
    EXPECT_NE(frame_digest(1, b), digest) << i;
    b.set_missing(i);
    EXPECT_NE(frame_digest(1, b), digest) << i;
    EXPECT_EQ(b.missing_count(), 1u);
  }
  FeatureFrame minus_zero = a;
  minus_zero.set(0, -0.0);
  EXPECT_EQ(frame_digest(1, minus_zero), digest);
  EXPECT_NE(frame_digest(2, a), digest);
}

TEST(Instrument, GridIsExact) {
  const auto btc = bitcoin();
  EXPECT_EQ(btc.ticks("71423.80")->count, 714238);
  EXPECT_FALSE(btc.ticks("71423.85"));
  EXPECT_EQ(btc.lots("0.001")->count, 1);
  EXPECT_EQ(btc.price_text({714238}), "71423.8");
  EXPECT_EQ(to_text(btc.notional({714238}, {10})), "714.238");
}

TEST(Reason, NamesAreUniqueAndComeBack) {
  for (int i = 0; i < reason_code_count; ++i) {
    const auto code = static_cast<ReasonCode>(i);
    EXPECT_EQ(reason_from(to_string(code)), code);
  }
}

}  // namespace
}  // namespace mlbot
