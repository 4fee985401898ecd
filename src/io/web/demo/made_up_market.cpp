#include "io/web/demo/made_up_market.h"

#include <fmt/format.h>

#include <cmath>

namespace mlbot::io::web {
namespace {

struct Block {
  const char* engine;
  int count;
  std::array<const char*, 6> roots;
};
constexpr std::array blocks{
    Block{"price", 26, {"return", "range_place", "vwap_gap", "premium", "trend_slope", "fraction_diff"}},
    Block{"micro_liquidity",
          30,
          {"spread", "queue_share", "depth_slope", "impact_cost", "order_flow", "cancel_share"}},
    Block{"volatility_momentum", 28, {"realised_vol", "range_vol", "jump_share", "autocorr", "rsi", "macd"}},
    Block{"liquidation",
          24,
          {"long_liq", "short_liq", "liq_velocity", "liq_skew", "hawkes_rate", "cascade_state"}},
    Block{"time_context", 10, {"hour_sin", "hour_cos", "day_sin", "day_cos", "funding_left", "session"}},
    Block{"advanced_aggregator",
          24,
          {"trade_flow", "vpin", "kyle_impact", "microprice", "oi_change", "leader_return"}}};
constexpr std::array windows{"1s", "5s", "30s", "1m", "5m"};

E8 e8(double value) { return e8_from_double(value); }

}  // namespace

std::vector<FeatureText> made_up_features() {
  std::vector<FeatureText> list;
  for (const Block& block : blocks)
    for (int i = 0; i < block.count; ++i) {
      const char* window = windows[static_cast<std::size_t>(i) / block.roots.size()];
      const char* root = block.roots[static_cast<std::size_t>(i) % block.roots.size()];
      list.push_back(
          {static_cast<int>(list.size()) + 1, fmt::format("{}_{}", root, window), block.engine, "ratio",
           window,
           fmt::format("A made-up number that stands where {} over {} would stand; it walks about.", root,
                       window),
           "before its window is full"});
    }
  return list;
}

MadeUpMarket::MadeUpMarket(Dashboard& dashboard, std::uint64_t seed)
    : dashboard_{dashboard}, random_{Prng::stream(seed, "made_up_market")} {}

void MadeUpMarket::take(Instant at, Event what) {
  sequence_ = sequence_.next();
  dashboard_.take(Stamped{sequence_, at, at, at, std::move(what)});
}

void MadeUpMarket::open(Instant at) {
  take(at, RunStarted{.epoch = 7, .account = "demo", .model = "3fa9c2d771e04b5c9a12"});
  const auto add = [&](const char* name, double price, std::int64_t tick, std::int64_t lot) {
    One one;
    one.instrument.id = SymbolId{static_cast<std::uint16_t>(all_.size())};
    one.instrument.name = name;
    one.instrument.tick_size = E8{tick};
    one.instrument.lot_step = E8{lot};
    one.mid = price;
    one.seconds_until_order =
        all_.empty() ? 72 : 137;  // after twenty minutes one is held, one is being asked for
    for (double& value : one.values) value = random_.normal();
    all_.push_back(one);
    take(at, InstrumentDefined{one.instrument});
  };
  add("BTCUSDT", 61'800, 10'000'000, 100'000);
  add("ETHUSDT", 2'680, 1'000'000, 1'000'000);
  const std::array traded{SymbolId{0}, SymbolId{1}};
  take(at, ConfigChanged{.version = 3, .traded = traded});
  for (const Link link : {Link::market, Link::account, Link::orders})
    take(at, LinkChanged{link, LinkState::live});
  tell_wallet(at);
}

void MadeUpMarket::tell_wallet(Instant at) {
  E8 open_pnl;
  for (const One& one : all_)
    open_pnl = open_pnl + multiply(one.instrument.size(Lots{one.lots}), e8(one.mid) - one.entry);
  take(at, WalletNews{.equity = cash_ + open_pnl,
                      .wallet_balance = cash_,
                      .available = cash_,
                      .unrealised_pnl = open_pnl});
}

void MadeUpMarket::second(Instant at) {
  for (One& one : all_) {
    one.drift = 0.96 * one.drift + 0.04 * random_.normal();
    one.mid *= 1 + 1e-4 * (one.drift + 0.8 * random_.normal());
    const double tick = to_double(one.instrument.tick_size);
    const std::int64_t bid = static_cast<std::int64_t>(one.mid / tick);
    take(at, Ticker{.symbol = one.instrument.id,
                    .mark_price = e8(one.mid),
                    .funding_rate = E8{10'000},
                    .next_funding = at + std::chrono::hours{3}});

    FeatureFrame frame;
    frame.symbol = one.instrument.id;
    frame.number = ++frames_;
    frame.cause = sequence_;
    frame.at = frame.book_at = at;
    frame.top = {PriceTicks{bid}, PriceTicks{bid + 1}, Lots{900}, Lots{700}, true};
    for (std::size_t i = 0; i < feature_count; ++i) {
      one.values[i] = 0.9 * one.values[i] + 0.44 * random_.normal();
      const bool warm = i % 29 != 11;
      if (warm)
        frame.set(i, one.values[i] * (i % 7 == 0 ? 40 : i % 5 == 0 ? 0.02 : 1));
      else
        frame.set_missing(i);
    }
    frame.digest = frame_digest(42, frame);
    dashboard_.take(frame);

    Decision decision{.symbol = one.instrument.id, .cause = sequence_, .frame = frame.number, .at = at};
    decision.side = one.drift > 0 ? Side::buy : Side::sell;
    decision.expected_bps = 20 * std::abs(one.drift);
    decision.cost_bps = 4.1;
    decision.edge_bps = decision.expected_bps - decision.cost_bps - 1.2;
    decision.reason = decision.edge_bps < 0 ? ReasonCode::edge_below_zero : ReasonCode::edge_below_min;
    if (one.lots != 0) decision.reason = ReasonCode::position_open;
    if (one.working.empty() && --one.seconds_until_order <= 0) {
      order(at, one, decision);
      continue;
    }
    if (random_.chance(0.02)) decision.reason = ReasonCode::spread_wide;
    dashboard_.take(decision);
    if (!one.working.empty() && --one.seconds_until_fill <= 0) fill(at, one);
  }
  tell_wallet(at);
}

void MadeUpMarket::order(Instant at, One& one, Decision decision) {
  const bool entry = one.lots == 0;
  one.working = ClientOrderId{fmt::format("m7-{}", ++ids_)};
  one.working_side = entry ? decision.side : (one.lots > 0 ? Side::sell : Side::buy);
  one.working_price = PriceTicks{static_cast<std::int64_t>(one.mid / to_double(one.instrument.tick_size))};
  one.seconds_until_fill = 8;
  const std::int64_t stop_distance = one.working_price.count / 100 * sign_of(one.working_side);
  const Lots size = entry ? Lots{20} : absolute(Lots{one.lots});
  decision.reason = entry ? ReasonCode::order_entry : ReasonCode::order_exit;
  decision.side = one.working_side;
  decision.price = one.working_price;
  decision.size = size;
  decision.order = one.working;
  dashboard_.take(decision);
  PlaceOrder place{.id = one.working,
                   .symbol = one.instrument.id,
                   .side = one.working_side,
                   .price = one.working_price,
                   .size = size,
                   .reduce_only = !entry};
  if (entry) place.stop_loss = PriceTicks{one.working_price.count - stop_distance};
  dashboard_.take(StampedCommand{sequence_, at, place});
  take(at, OrderNews{.symbol = one.instrument.id,
                     .client_id = one.working,
                     .venue_id = VenueId{fmt::format("v{}", ids_)},
                     .side = one.working_side,
                     .status = OrderStatus::open,
                     .price = one.working_price,
                     .size = size,
                     .reduce_only = !entry,
                     .updated_at = at});
}

void MadeUpMarket::fill(Instant at, One& one) {
  const bool entry = one.lots == 0;
  const Lots size = entry ? Lots{20} : absolute(Lots{one.lots});
  const E8 price = one.instrument.price(one.working_price);
  const E8 fee = multiply(one.instrument.notional(one.working_price, size), E8{20'000});
  const E8 pnl = entry ? E8{} : multiply(one.instrument.size(Lots{one.lots}), price - one.entry);
  take(at, Execution{.symbol = one.instrument.id,
                     .client_id = one.working,
                     .venue_id = VenueId{fmt::format("v{}", ids_)},
                     .execution_id = VenueId{fmt::format("e{}", ++ids_)},
                     .side = one.working_side,
                     .price = price,
                     .size = size,
                     .fee = fee,
                     .realised_pnl = pnl,
                     .liquidity = Liquidity::maker,
                     .at = at});
  take(at, OrderNews{.symbol = one.instrument.id,
                     .client_id = one.working,
                     .side = one.working_side,
                     .status = OrderStatus::filled,
                     .price = one.working_price,
                     .size = size,
                     .filled = size});
  cash_ = cash_ + pnl - fee;
  one.lots = entry ? sign_of(one.working_side) * size.count : 0;
  one.entry = entry ? price : E8{};
  one.seconds_until_order = entry ? 90 : 45;
  one.working = ClientOrderId{};
  PositionNews position{.symbol = one.instrument.id,
                        .size = Lots{one.lots},
                        .entry_price = one.entry,
                        .mark_price = e8(one.mid),
                        .updated_at = at};
  if (one.lots != 0) position.stop_loss = e8(to_double(price) * (one.lots > 0 ? 0.99 : 1.01));
  take(at, position);
}

std::vector<ServiceView> MadeUpMarket::services(Instant now) const {
  return {
      {"market_link", "running", "", {{"messages", sequence_.number * 41}, {"reconnects", 0}}, now - 40ms},
      {"ingestor", "running", "", {{"admitted", sequence_.number * 41}, {"gaps", 0}}, now - 40ms},
      {"feature_hub", "running", "", {{"frames", frames_}}, now - 400ms},
      {"trading_coordinator", "running", "", {{"decisions", frames_}, {"orders", ids_}}, now - 400ms},
      {"order_link", "running", "", {{"requests", ids_}}, now - 5s},
      {"archiver",
       "stalled",
       "made up: the disk is slow, 812 rows wait",
       {{"rows", frames_ * 12}},
       now - 14s},
      {"journal", "running", "", {{"bytes", sequence_.number * 977}}, now - 40ms}};
}

}  // namespace mlbot::io::web
