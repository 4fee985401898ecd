// The gate against twins that know nothing of it: exposure counted anew with big integers on random paths,
// and random orders before random accounts judged by a list of plain conditions.
#include <map>
#include <set>

#include "base/prng.h"
#include "core/orders/risk_desk.h"

namespace mlbot::core {
namespace {

using Big = __int128;

/// |lots| at this price, in units of 1e-16 USDT, nothing rounded.
Big value(const Instrument& instrument, E8 price, Big lots) {
  return (lots < 0 ? -lots : lots) * instrument.lot_step.count * price.count;
}
Big exact(E8 amount) { return Big{amount.count} * e8_per_unit; }

/// Three symbols, orders that fill, vanish, stay unknown or are amended in any order: what could come to be
/// held at worst never exceeds a limit, not for one event, and no limit on orders is passed either.
TEST(RiskProperty, NoSequenceOfStampsCanExceedALimit) {
  struct Order {
    Side side;
    std::int64_t size, filled, price;
  };
  struct Symbol {
    Instrument instrument;
    std::int64_t position = 0;
    std::vector<Order> orders;
  };
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Prng chance = Prng::stream(seed, "risk_path");
    RiskDesk desk;
    std::vector<Symbol> symbols(3);
    for (std::uint16_t i = 0; i < 3; ++i) {
      symbols[i].instrument = desk.instrument;
      symbols[i].instrument.id = {i};
      if (i > 0) desk.risk.add(symbols[i].instrument);
    }
    const auto open = [](const Symbol& s, Side side) {
      std::int64_t sum = 0;
      for (const Order& o : s.orders)
        if (o.side == side) sum += o.size - o.filled;
      return sum;
    };
    std::size_t stamped = 0, amended = 0;
    std::vector<Instant> sent;
    for (int step = 0; step < 800; ++step) {
      desk.wait(Duration{static_cast<std::int64_t>(chance.below(400'000'000))});
      Symbol& s = symbols[chance.below(3)];
      RiskView& view = desk.view;
      view.instrument = &s.instrument;
      view.equity = usdt(2'000 + static_cast<std::int64_t>(chance.below(30'000)));
      desk.frame.symbol = s.instrument.id;
      desk.show();
      view.position = {s.position};
      view.open_buys = {open(s, Side::buy)};
      view.open_sells = {open(s, Side::sell)};
      view.open_orders_symbol = s.orders.size();
      view.open_orders = 0;
      view.other_exposure = {};
      for (const Symbol& other : symbols) {
        view.open_orders += other.orders.size();
        if (&other == &s) continue;
        view.other_exposure =
            view.other_exposure + worst_notional(other.instrument, view.mid, {other.position},
                                                 {open(other, Side::buy)}, {open(other, Side::sell)});
      }
      const auto own = chance.below(10);
      bool passed = false;
      if (own < 6) {
        desk.order.symbol = s.instrument.id;
        desk.order.side = chance.chance(0.5) ? Side::buy : Side::sell;
        desk.order.price = {1'000'000 + static_cast<std::int64_t>(chance.below(20)) - 10};
        desk.order.stop_loss = PriceTicks{desk.order.side == Side::buy ? 995'000 : 1'005'000};
        desk.order.size = {2 + static_cast<std::int64_t>(chance.below(20))};
        if (chance.chance(0.5)) desk.order.size = std::max(Lots{2}, desk.risk.room(desk.order, view));
        passed = desk.ask().has_value();
        if (passed) s.orders.push_back({desk.order.side, desk.order.size.count, 0, desk.order.price.count});
        stamped += passed;
      } else if (own < 8 && !s.orders.empty()) {
        Order& o = s.orders[chance.below(s.orders.size())];
        const auto size = 2 + static_cast<std::int64_t>(chance.below(20));
        view.amended = {o.side, {o.size}, {o.filled}, false};
        view.stamps = desk.risk.stamps();
        passed = desk.risk.judge(AmendOrder{"x", s.instrument.id, {o.price}, {size}}, view).has_value();
        if (passed) o.size = std::max(o.size, size);  // until the venue confirms
        amended += passed;
      } else if (!s.orders.empty()) {
        const auto i = chance.below(s.orders.size());
        Order& o = s.orders[i];
        const auto lots =
            static_cast<std::int64_t>(chance.below(static_cast<std::uint64_t>(o.size - o.filled) + 1));
        o.filled += lots;
        s.position += sign_of(o.side) * lots;
        if (o.filled == o.size || chance.chance(0.4))
          s.orders.erase(s.orders.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (!passed) continue;
      // After each stamp, all of it again from nothing.
      Big total = 0;
      for (const Symbol& each : symbols) {
        const Big buys = open(each, Side::buy), sells = open(each, Side::sell);
        const Big worst = std::max(value(each.instrument, view.mid, each.position + buys),
                                   value(each.instrument, view.mid, each.position - sells));
        total += worst;
        if (&each != &s) continue;
        ASSERT_LE(worst, exact(desk.limits.max_symbol_notional)) << "seed " << seed << " step " << step;
        ASSERT_LE(2 * worst, exact(view.equity)) << "half of equity; seed " << seed << " step " << step;
      }
      ASSERT_LE(total, exact(desk.limits.max_total_notional)) << "seed " << seed << " step " << step;
      ASSERT_LE(total, exact(view.equity)) << "seed " << seed << " step " << step;
      ASSERT_LE(s.orders.size(), desk.limits.max_open_orders_symbol) << "seed " << seed << " step " << step;
      sent.push_back(view.now);
      const auto since = [&](Duration window) {
        return std::count_if(sent.begin(), sent.end(), [&](Instant at) { return view.now - at < window; });
      };
      ASSERT_LE(since(1s), desk.limits.max_orders_per_second) << "seed " << seed << " step " << step;
      ASSERT_LE(since(60s), desk.limits.max_orders_per_minute) << "seed " << seed << " step " << step;
    }
    EXPECT_GT(stamped, 20u) << "seed " << seed << ": a path without orders proves little";
    EXPECT_GT(amended, 2u) << "seed " << seed;
  }
}

/// room() is exact: what it names passes the rules of size, one lot more does not.
TEST(RiskProperty, RoomIsTheEdgeOfTheRulesOfSize) {
  const std::uint64_t seed = 11;
  Prng chance = Prng::stream(seed, "room");
  const std::set<Control> of_size{Control::order_quantity,  Control::order_value,
                                  Control::symbol_exposure, Control::total_exposure,
                                  Control::leverage,        Control::liquidation_distance,
                                  Control::book_sanity,     Control::model_ramp};
  int edges = 0;
  for (int i = 0; i < 4'000; ++i) {
    RiskDesk desk;
    desk.instrument.min_notional = {};
    desk.instrument.min_order = {1};
    const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(chance.below(n)); };
    desk.limits.max_leverage_pct = 10 + static_cast<std::uint32_t>(below(300));
    desk.limits.liquidation_distance_bps = 500 + static_cast<std::uint32_t>(below(8'000));
    desk.limits.ramp_in_paper = chance.chance(0.2);
    desk.restart_with_limits();
    desk.view.equity = usdt(500 + below(20'000));
    desk.view.position = {below(60) - 30};
    desk.view.open_buys = {below(15)};
    desk.view.open_sells = {below(15)};
    desk.view.other_exposure = usdt(below(6'000));
    desk.view.top.ask_size = desk.view.top.bid_size = {20 + below(400)};
    desk.frame.activity.minute_volume = {chance.chance(0.5) ? 0 : 100 + below(2'000)};
    desk.show();
    desk.order.side = chance.chance(0.5) ? Side::buy : Side::sell;
    desk.order.price = {1'000'000 + below(10)};
    desk.order.stop_loss = PriceTicks{desk.order.side == Side::buy ? 995'000 : 1'005'000};
    desk.order.size = {800};
    const Lots room = desk.risk.room(desk.order, desk.view);
    if (room.count > 0) {
      desk.order.size = room;
      const auto verdict = desk.ask();
      // The other side's worst case may be beyond the limit already; then no size helps.
      if (!verdict) {
        const Lots other = desk.order.side == Side::buy ? desk.view.open_sells - desk.view.position
                                                        : desk.view.position + desk.view.open_buys;
        EXPECT_TRUE(of_size.contains(verdict.error().control)) << to_text(verdict.error());
        EXPECT_GT(other.count, 0) << "seed " << seed << " case " << i << ": " << to_text(verdict.error());
        continue;
      }
      ++edges;
      desk.wait(2s);
      desk.show();
    }
    desk.order.size = {room.count + 1};
    const auto more = desk.ask();
    ASSERT_FALSE(more) << "seed " << seed << " case " << i << ": " << desk.order.size.count << " lots";
    EXPECT_TRUE(of_size.contains(more.error().control)) << to_text(more.error());
  }
  EXPECT_GT(edges, 500);
}

/// Random order, random account: the gate refuses exactly when a plain condition is broken, and names one
/// that is.
TEST(RiskProperty, AgreesWithAListOfPlainConditions) {
  const std::uint64_t seed = 5;
  Prng chance = Prng::stream(seed, "oracle");
  std::map<Control, int> refusals;
  int stamped = 0;
  for (int i = 0; i < 30'000; ++i) {
    RiskDesk desk;
    RiskView& v = desk.view;
    PlaceOrder& o = desk.order;
    const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(chance.below(n)); };
    const auto seldom = [&] { return chance.chance(0.02); };
    std::set<Control> broken;
    const auto breaks = [&](bool condition, Control control) {
      if (condition) broken.insert(control);
    };
    o.reduce_only = chance.chance(0.25);
    o.side = chance.chance(0.5) ? Side::buy : Side::sell;
    o.type = chance.chance(0.2) ? OrderType::market : OrderType::limit;
    o.size = {1 + below(22)};
    o.price = {1'000'000 + (below(2) ? below(40) - 20 : below(30'000) - 15'000)};
    const int sign = sign_of(o.side);
    const std::int64_t distance = seldom() ? below(40'000) - 20'000 : 1 + below(11'000);
    o.stop_loss = seldom() ? std::nullopt : std::optional{PriceTicks{o.price.count - sign * distance}};
    v.state = seldom() ? TradingState{static_cast<std::uint8_t>(below(7))} : TradingState::active;
    v.mode = seldom() ? Mode::shadow : Mode::paper;
    v.traded = !seldom();
    v.side_allowed = !seldom();
    v.account_known = !seldom();
    v.any_unknown = seldom();
    v.wallet_age = Duration{std::chrono::seconds{below(92)}};
    v.mismatch = seldom() ? Duration{std::chrono::milliseconds{below(2'000)}} : Duration{0};
    v.book_at = v.now - std::chrono::milliseconds{below(3'550)};
    v.decided_at = v.now - std::chrono::milliseconds{below(305)};
    v.position = {below(50) - 25};
    v.open_buys = {below(12)};
    v.open_sells = {below(12)};
    v.other_exposure = usdt(below(4'500));
    v.equity = usdt(6'000 + below(10'000));
    v.daily_loss = usdt(below(52));
    v.drawdown = usdt(seldom() ? below(300) : 0);
    v.open_orders = static_cast<std::size_t>(below(9));
    v.open_orders_symbol = static_cast<std::size_t>(below(5));
    v.score_bps = static_cast<double>(below(505));
    v.top.ask_size = v.top.bid_size = {50 + below(400)};
    v.top.synced = !seldom();
    if (seldom()) v.own_ask = PriceTicks{1'000'000 + below(10)};
    if (seldom()) desk.hear(SymbolStatus{{0}, false});
    if (seldom()) desk.hear(ClockOffset{std::chrono::milliseconds{below(500)}, {}});

    const Instrument& in = desk.instrument;
    const RiskLimits& l = desk.limits;
    const auto lot_value = [&](std::int64_t price_ticks) {
      return Big{price_ticks} * in.tick_size.count * in.lot_step.count;
    };
    const bool market = o.type == OrderType::market;
    const std::int64_t off = o.price.count - 1'000'000;  // ticks, of 1e6: 100 ticks a bp
    breaks(o.size < in.min_order, Control::order_quantity);
    breaks(market && sign * off > 100 * (o.reduce_only ? l.flatten_slippage_bps : l.market_slippage_bps),
           Control::market_slippage);
    if (o.reduce_only) {
      breaks(o.size.count > -sign * v.position.count, Control::symbol_exposure);
      breaks(!market && sign * off > 100 * std::int64_t{l.exit_collar_bps}, Control::price_collar);
    } else {
      const bool lets_in = v.state == TradingState::active || v.state == TradingState::degraded;
      breaks(v.mode == Mode::shadow || !lets_in, Control::trading_state);
      breaks(!v.traded || !v.side_allowed, Control::allowed_instruments);
      breaks(!v.account_known || v.mismatch > 1s || v.wallet_age > 90s, Control::reconciliation);
      breaks(v.any_unknown, Control::unknown_orders);
      breaks(!v.top.synced || v.now - v.book_at > 3'500ms, Control::freshness);
      breaks(v.now - v.decided_at > 300ms, Control::decision_ttl);
      breaks(v.score_bps > 500, Control::model_validity);
      breaks(!desk.trades_now(), Control::venue_status);
      breaks(desk.offset_now() > 250ms, Control::clock_offset);
      breaks(v.daily_loss >= usdt(50) || v.daily_loss.count * 100 >= (v.equity + v.daily_loss).count,
             Control::daily_loss);
      breaks(v.drawdown >= usdt(200) || v.drawdown.count * 20 >= (v.equity + v.drawdown).count,
             Control::drawdown);
      breaks(v.open_orders >= 8 || v.open_orders_symbol >= 4, Control::open_orders);
      const Big worth = lot_value(o.price.count) * o.size.count;
      const Big half = v.state == TradingState::degraded ? 2 : 1;
      breaks(worth < exact(in.min_notional) || half * worth > exact(l.max_order_notional) ||
                 half * 5 * worth > exact(v.equity),
             Control::order_value);
      const Big buys = v.open_buys.count + (sign > 0 ? o.size.count : 0);
      const Big sells = v.open_sells.count + (sign < 0 ? o.size.count : 0);
      const Big one = lot_value(std::max<std::int64_t>(1'000'000, o.price.count));
      const auto size = [](Big x) { return x < 0 ? -x : x; };
      const Big worst = one * std::max(size(v.position.count + buys), size(v.position.count - sells));
      breaks(worst > exact(l.max_symbol_notional) || 2 * worst > exact(v.equity), Control::symbol_exposure);
      const Big all = worst + exact(v.other_exposure);
      breaks(all > exact(l.max_total_notional) || all > exact(v.equity), Control::total_exposure);
      breaks(o.size.count * 5 > v.top.ask_size.count, Control::book_sanity);
      const bool good_stop = o.stop_loss && distance > 0 && distance * 10'000 <= 100 * o.price.count;
      breaks(!good_stop, Control::stop_attached);
      const std::int64_t beyond = sign * off - 1;
      breaks(std::abs(off) > 5'000 || beyond > 1'000, Control::price_collar);
      breaks(sign > 0 && v.own_ask && o.price >= *v.own_ask, Control::self_match);
    }
    const auto verdict = desk.ask();
    ASSERT_EQ(verdict.has_value(), broken.empty())
        << "seed " << seed << " case " << i << ": "
        << (verdict ? "stamped although " + control_label(*broken.begin()) + " is broken"
                    : to_text(verdict.error()));
    if (verdict) {
      ++stamped;
      continue;
    }
    ASSERT_TRUE(broken.contains(verdict.error().control))
        << "seed " << seed << " case " << i << ": " << to_text(verdict.error());
    ++refusals[verdict.error().control];
  }
  EXPECT_GT(stamped, 500);
  EXPECT_GE(refusals.size(), 15u);
}

}  // namespace
}  // namespace mlbot::core
