// T10: rows worked out by hand on markets small enough to follow with a pencil. Each expected value is the
// catalogue's formula with the story's own numbers put in. Five rows have their case beside their engines:
// fracdiff_logp_1m in price_engine_test, cascade_state, cascade_dir and cascade_age_log in
// liquidation_engine_test, vpin_50 in advanced_aggregator_test. With them every row has one, and the test
// says so.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

struct HandCase {
  std::string_view row;
  double expected;
};

/// @return  how many rows; each is compared to 1e-9
std::set<std::string_view> check(const FeatureFrame& frame, const std::vector<HandCase>& cases) {
  std::set<std::string_view> rows;
  for (const HandCase& one : cases) {
    EXPECT_NEAR(value_of(frame, one.row), one.expected, 1e-9 * (1 + std::abs(one.expected))) << one.row;
    EXPECT_TRUE(rows.insert(one.row).second) << one.row;
  }
  return rows;
}

double bps(double to, double from) { return 1e4 * std::log(to / from); }
double slog(double x) { return std::copysign(std::log1p(std::abs(x)), x); }

// Ticks and lots of 1, so that prices are quote units and sizes are coins.
std::vector<Instrument> plain() {
  return {test_instrument(0, "BTCUSDT", "1", "1"), test_instrument(1, "SOLUSDT", "1", "1")};
}

/// Twenty levels a side, two ticks apart, ten coins each but for thirty at the best bid: 999 x 30, 997 x 10
/// ... against 1001 x 10, 1003 x 10 ... Sixty candles of 60 000 make the typical volume 1000 a second. It is
/// 06:03:45 of Monday, 15 June 2026; funding is due in one of its four hours.
std::set<std::string_view> a_still_book() {
  using namespace std::chrono;
  const sys_days monday{2026y / June / 15};
  const Instant now = Instant::from_seconds(monday.time_since_epoch() / 1s + 6 * 3'600 + 225);
  Player player{plain()};
  const Instant minute = Instant::from_seconds(now.seconds() / 60 * 60);
  for (int n = 60; n > 0; --n)
    player.play({now, Kline{{0}, 1, minute - n * 60s, {1000}, {1000}, {1000}, {1000}, {60}, 60'000, true}});
  TapedBook book{{{0}, UpdateKind::snapshot, 2, 0, now, {}, {}}, {}, {}};
  for (std::int64_t k = 0; k < 20; ++k) {
    book.bids.push_back({{999 - 2 * k}, {k == 0 ? 30 : 10}});
    book.asks.push_back({{1001 + 2 * k}, {10}});
  }
  player.play({now, book});
  Ticker ticker;
  ticker.mark_price = *parse_e8("1001");
  ticker.index_price = *parse_e8("998");
  ticker.open_interest_value = 5e6;
  ticker.turnover_24h = 1e7;
  ticker.funding_rate = *parse_e8("0.0001");
  ticker.funding_interval_hours = 4;
  ticker.next_funding = now + 1h;
  player.play({now, ticker});
  const double decay = (1 - std::exp(-2.0)) / (1 - std::exp(-0.1));  // of twenty weights e^(-k/10)
  const double buy = bps(1001, 1000), sell = bps(1000, 999);         // 10 000 fit into the best levels
  const double turn = 2 * std::numbers::pi, of_day = 21'825.0;
  return check(player.frame(), {{"log_spread_bps", std::log(20)},
                                {"log2_spread_ticks", 1},
                                {"queue_imb_l1", (30.0 - 10) / 40},
                                {"queue_imb_l5", (70.0 - 50) / 120},
                                {"queue_imb_l20", (220.0 - 200) / 420},
                                {"queue_imb_decay50", 20 / (20 * decay + 20)},
                                {"bid_depth_slope", std::log(215'980.0 / 69'730) / std::log(39.0 / 9)},
                                {"ask_depth_slope", std::log(204'000.0 / 50'250) / std::log(39.0 / 9)},
                                {"impact_buy_bps", buy},
                                {"impact_sell_bps", sell},
                                {"impact_asym", (buy - sell) / (buy + sell)},
                                {"level_gap_log", std::log(2)},
                                {"microprice_l5_dev", 120'020.0 / 120 - 1000},
                                {"mark_mid_gap", bps(1001, 1000)},
                                {"premium_bps", bps(1000, 998)},
                                {"oi_turnover_log", std::log(0.5)},
                                {"funding_8h_bps", 2},
                                {"funding_time_frac", 0.25},
                                {"funding_kernel", std::exp(-6) - std::exp(-18)},
                                {"tod_sin", std::sin(turn * of_day / 86'400)},
                                {"tod_cos", std::cos(turn * of_day / 86'400)},
                                {"dow_sin", std::sin(turn * of_day / 604'800)},
                                {"dow_cos", std::cos(turn * of_day / 604'800)},
                                {"qhour_sin", 1},
                                {"qhour_cos", 0},
                                {"minute_frac", 0.75},
                                {"us_equity_session", 0}});
}

/// An hour and a hundred seconds that end at T. The mid of BTCUSDT is 1000, and at so many seconds before T
/// becomes: 1812.5: 1002, 612.5: 1004, 112.5: 1003, 46.5: 1008, 12.5: 1010, 2.5: 1012, 0.5: 1011, with a
/// spread of 2 and ten coins at the touch; with the last a spread of 4, thirty bid and twenty asked. SOLUSDT
/// is 500 and 504 from 46.5 on. Trades, liquidations, tickers and candles are told below.
std::set<std::string_view> an_hour(std::set<std::string_view>& of_the_follower) {
  constexpr double life = 3'700;
  const Instant end = test_start + 3'700s;
  const auto ago = [&](double seconds) { return end - Duration{std::llround(seconds * 1e9)}; };
  Tape tape;
  std::uint64_t id = 1;
  const auto book = [&](double at, std::uint16_t symbol, std::int64_t mid, std::int64_t half,
                        std::int64_t bid, std::int64_t ask) {
    tape.push_back({ago(at), TapedBook{{{symbol}, UpdateKind::snapshot, ++id, 0, ago(at), {}, {}},
                                       {{{mid - half}, {bid}}},
                                       {{{mid + half}, {ask}}}}});
  };
  const std::vector<std::pair<double, double>> mids{{3'700, 1000}, {1'812.5, 1002}, {612.5, 1004},
                                                    {112.5, 1003}, {46.5, 1008},    {12.5, 1010},
                                                    {2.5, 1012},   {0.5, 1011}};
  for (const auto& [at, mid] : mids)
    book(at, 0, static_cast<std::int64_t>(mid), at > 1 ? 1 : 2, at > 1 ? 10 : 30, at > 1 ? 10 : 20);
  book(3'700, 1, 500, 1, 10, 10);
  book(46.5, 1, 504, 1, 10, 10);
  const auto trade = [&](double at, std::int64_t price, std::int64_t size, Side taker) {
    tape.push_back({ago(at), TapedTrades{{0}, {{ago(at), {price}, {size}, taker, false, false, ++id}}}});
  };
  trade(2'000.5, 1001, 10, Side::buy);
  trade(400.5, 1003, 20, Side::sell);
  trade(40.5, 1009, 30, Side::buy);
  trade(15.5, 1007, 10, Side::sell);
  trade(2.25, 1013, 5, Side::buy);
  const auto liquidation = [&](double at, PositionSide side, std::int64_t size) {  // at a mark of 1000
    tape.push_back({ago(at), TapedLiquidations{{0}, {{ago(at), side, {size}, {1}}}}});
  };
  liquidation(1'000.5, PositionSide::long_side, 1);
  liquidation(200.5, PositionSide::short_side, 2);
  liquidation(50.5, PositionSide::long_side, 4);
  liquidation(3.5, PositionSide::short_side, 10);
  for (int at = 3'700; at > 0;
       at -= 5) {  // open interest 1000, 1020, 1030; funding 1 and then 2 hundredths of a %
    Ticker ticker;
    ticker.mark_price = *parse_e8("1000");
    ticker.index_price = *parse_e8("1005");
    ticker.open_interest = *parse_e8(at > 2'000 ? "1000" : at > 100 ? "1020" : "1030");
    ticker.funding_rate = *parse_e8(at > 100 ? "0.0001" : "0.0002");
    ticker.funding_interval_hours = 8;
    tape.push_back({ago(at), ticker});
  }
  for (int at = 100 + 14 * 60; at > 40; at -= 60)  // fifteen candles from 990 to 1010
    tape.push_back({ago(at - 60), Kline{{0}, 1, ago(at), {1000}, {1010}, {990}, {1000}, {10}, 10'000, true}});
  for (int at = 3'699; at >= 0; --at) tape.push_back({ago(at), Second{}});
  std::multimap<Instant, Taped> in_order;
  for (const Taped& taped : tape) in_order.emplace(taped.at, taped);
  Player player{plain()};
  for (const auto& [at, taped] : in_order) player.play(taped);

  // One-second returns, and five-second ones of the last fifteen minutes: e is f and g together.
  const double z = bps(1002, 1000), a = bps(1004, 1002), b = bps(1003, 1004), c = bps(1008, 1003),
               d = bps(1010, 1008), f = bps(1012, 1010), g = bps(1011, 1012), e = bps(1011, 1010);
  const auto fade = [](double age, double tau) { return std::exp(-age / tau); };
  const auto weights = [&](double tau) {  // of the 3699 live seconds
    return (1 - fade(life - 1, tau)) / (1 - fade(1, tau));
  };
  const double sigma_bar =
      std::sqrt(60 *
                (z * z * fade(1'812, 1'800) + a * a * fade(612, 1'800) + b * b * fade(112, 1'800) +
                 c * c * fade(46, 1'800) + d * d * fade(12, 1'800) + f * f * fade(2, 1'800) + g * g) /
                weights(1'800));
  const auto volume_then =
      [&](double back) {  // typical volume so many seconds before T, the second's own in it
        double sum = 0;
        for (const auto& [age, quote] : std::initializer_list<std::pair<double, double>>{
                 {2'000, 10'010}, {400, 20'060}, {40, 30'270}, {15, 10'070}, {2, 5'065}})
          if (age >= back) sum += quote * fade(age - back, 3'600);
        return sum * (1 - fade(1, 3'600)) / (1 - fade(life - 1 - back, 3'600));
      };
  const double volume = volume_then(0);
  const double orders = 0.01;  // five in an hour are fewer: the floor
  const double order_size = volume / orders;
  const auto held = [&](double tau) {  // time-weighted mean of ln m
    double sum = 0;
    for (std::size_t i = 0; i < mids.size(); ++i) {
      const double until = i + 1 < mids.size() ? mids[i + 1].first : 0;
      sum += std::log(mids[i].second) * (fade(until, tau) - fade(mids[i].first, tau));
    }
    return sum / (1 - fade(life, tau));
  };
  const auto mark = [&](double at, double quote) {  // in orders of the last whole second before it
    return std::sqrt(quote * orders / volume_then(std::ceil(at)));
  };
  const auto marks_long = [&](double tau) {
    return mark(1'000.5, 1'000) * fade(1'000.5, tau) + mark(50.5, 4'000) * fade(50.5, tau);
  };
  const auto marks_short = [&](double tau) {
    return mark(200.5, 2'000) * fade(200.5, tau) + mark(3.5, 10'000) * fade(3.5, tau);
  };
  const double excited = marks_long(10) + marks_short(10), usual = (marks_long(120) + marks_short(120)) / 12;
  const double parkinson = 1e4 * std::log(1010.0 / 990) / std::sqrt(4 * std::numbers::ln2);
  const double half_second = (1 - fade(0.5, 300)) / (1 - fade(life, 300));
  const double s30 = 2 * (d * d + f * f + g * g), s300 = (b * b + c * c + d * d + f * f + g * g) / 5;
  const double s900 = (s300 * 5 + a * a) / 15, s3600 = (s900 * 15 + z * z) / 60;
  const double squares = a * a + b * b + c * c + d * d + e * e;
  const double fourths = std::pow(a, 4) + std::pow(b, 4) + std::pow(c, 4) + std::pow(d, 4) + std::pow(e, 4);
  // Twelve windows see a alone, twelve b; of the last ten seven see c, two c and d, one all three.
  const double wide = 12 * a * a + 12 * b * b + 7 * c * c + 2 * (c + d) * (c + d) + (c + d + e) * (c + d + e);
  // The last whole minute ended 40 s ago.
  const double minutes[4] = {std::log(c * c), std::log(b * b), std::log(a * a), std::log(z * z)};
  double mean = 56 * std::log(1e-4) / 60, spread = 0;
  for (const double x : minutes) mean += x / 60;
  for (const double x : minutes) spread += (x - mean) * (x - mean) / 59;
  spread += 56 * std::pow(std::log(1e-4) - mean, 2) / 59;
  const double quoted = [&] {  // time-weighted mean of the spread in bps
    double sum = 0;
    for (std::size_t i = 0; i < mids.size(); ++i) {
      const double until = i + 1 < mids.size() ? mids[i + 1].first : 0;
      sum += (i + 1 < mids.size() ? 2e4 : 4e4) / mids[i].second * (fade(until, 30) - fade(mids[i].first, 30));
    }
    return sum / (1 - fade(life, 30));
  }();
  const double paid = (10'070 * 2 * bps(1008, 1007) + 5'065 * 2 * bps(1013, 1012)) / 15'135;
  const double flows[3] = {30'270 / volume_then(40), -10'070 / volume_then(15), 5'065 / volume_then(2)};
  const double flow = (flows[0] + flows[1] + flows[2]) / 300, drift = (b + c + d + f + g) / 300;
  const double together = flows[2] * f / 300 - flow * drift;
  const double variance =
      (flows[0] * flows[0] + flows[1] * flows[1] + flows[2] * flows[2]) / 300 - flow * flow;
  const double buys = fade(2'000.5, 5) + fade(40.5, 5) + fade(2.25, 5),
               sells = fade(400.5, 5) + fade(15.5, 5);

  of_the_follower = check(player.frame(1),
                          {{"leader_ret_5s", e},
                           {"leader_gap_1m", bps(1011, 1003) / sigma_bar -
                                                 bps(504, 500) / std::sqrt(60 * std::pow(bps(504, 500), 2) *
                                                                           fade(46, 1'800) / weights(1'800))},
                           {"leader_corr_15m", c / std::sqrt(squares)},
                           {"liq_leader_signed_1m", slog(6'000 / (0.6 * volume))},
                           {"leader_ofi_5s", 0}});
  return check(player.frame(0),
               {{"ret_1s", g},
                {"ret_5s", e},
                {"ret_30s", bps(1011, 1008)},
                {"ret_1m", bps(1011, 1003)},
                {"ret_5m", bps(1011, 1004)},
                {"ret_15m", bps(1011, 1002)},
                {"ret_1h", bps(1011, 1000)},
                {"ret_z_1m", bps(1011, 1003) / sigma_bar},
                {"ret_z_5m", bps(1011, 1004) / (sigma_bar * std::sqrt(5))},
                {"ret_z_15m", bps(1011, 1002) / (sigma_bar * std::sqrt(15))},
                {"range_pos_5m", 2 * 8.0 / 9 - 1},
                {"range_pos_1h", 2 * 11.0 / 12 - 1},
                {"drawdown_15m", g},
                {"drawup_15m", bps(1011, 1002)},
                {"vwap_dev_1m", bps(1011, 45'405.0 / 45)},
                {"vwap_dev_15m", bps(1011, 65'465.0 / 65)},
                {"vwap_dev_1h", bps(1011, 75'475.0 / 75)},
                {"buy_vwap_dev_30s", bps(1013, 1011)},
                {"sell_vwap_dev_30s", bps(1007, 1011)},
                {"last_trade_dev", 1},
                {"ema_gap_1m_5m", 1e4 * (held(60) - held(300))},
                {"ema_gap_5m_1h", 1e4 * (held(300) - held(3'600))},
                {"spread_rel_5m", std::log(4 / (2 + 2 * half_second))},
                {"bid_l1_rel", std::log(31 / (11 + 20 * half_second))},
                {"ask_l1_rel", std::log(21 / (11 + 10 * half_second))},
                {"log_rv_30s", std::log(std::sqrt(s30))},
                {"log_rv_5m", std::log(std::sqrt(s300))},
                {"log_rv_1h", std::log(std::sqrt(s3600))},
                {"rv_ratio_30s_15m", std::log(std::sqrt(s30 / s900))},
                {"rv_ratio_5m_1h", std::log(std::sqrt(s300 / s3600))},
                {"jump_share_15m", 1},
                {"semivar_asym_15m", 1 - 2 * b * b / squares},
                {"log_rq_ratio_15m", std::log(60 * fourths / (squares * squares))},
                {"range_vol_ratio_15m", std::log(parkinson / std::sqrt(s900))},
                {"vol_of_vol_1h", std::sqrt(spread)},
                {"ret_autocorr_5m", 0},
                {"log_variance_ratio_15m", std::log(wide / 169 / (12 * squares / 180))},
                {"efficiency_ratio_5m", bps(1011, 1004) / (c + d + f - b - g)},
                {"mid_run_signed", -std::log(2)},
                {"liq_long_rel_5s", 0},
                {"liq_long_rel_1m", std::log1p(4'000 / (volume * 60))},
                {"liq_long_rel_5m", std::log1p(4'000 / (volume * 300))},
                {"liq_short_rel_5s", std::log1p(10'000 / (volume * 5))},
                {"liq_short_rel_1m", std::log1p(10'000 / (volume * 60))},
                {"liq_short_rel_5m", std::log1p(12'000 / (volume * 300))},
                {"liq_total_rel_1h", std::log1p(100 * 17'000 / (volume * 3'600))},
                {"liq_imb_1m", 6'000 / (14'000 + 0.6 * volume)},
                {"liq_imb_15m", 8'000 / (16'000 + 9 * volume)},
                {"liq_share_1m", 14'000.0 / 45'405},
                {"liq_count_1m", std::log(3)},
                {"liq_velocity", std::log((2'000 + 1e-3 * volume) / (14'000.0 / 60 + 1e-3 * volume))},
                {"liq_accel_30s", 10'000 / (10'000 + 0.3 * volume)},
                {"liq_max_rel_5m", std::log1p(10'000 / order_size)},
                {"liq_gap_log_s", std::log(4)},
                {"liq_hawkes_long_10s", std::log1p(marks_long(10))},
                {"liq_hawkes_short_10s", std::log1p(marks_short(10))},
                {"liq_hawkes_ratio", std::log((excited + 0.05) / (usual + 0.05))},
                {"tfi_5s", 1},
                {"tfi_30s", (5'065.0 - 10'070) / 15'135},
                {"tfi_5m", (30'270.0 - 10'070 + 5'065) / 45'405},
                {"signed_flow_rel_30s", slog((5'065 - 10'070) / (volume * 30))},
                {"trade_rate_rel_5s", std::log(0.3 / (orders + 0.1))},
                {"trade_size_rel_30s", std::log(15'135 / 2.0 / order_size)},
                {"trade_hawkes_imb_5s", (buys - sells) / (buys + sells + 1)},
                {"markout_5s_1m", -10'070 * d / 40'340},
                {"eff_spread_ratio_30s", paid / quoted},
                {"kyle_lambda_5m", together / variance},
                {"oi_chg_5m", bps(1030, 1020)},
                {"oi_chg_1h", bps(1030, 1000)},
                {"funding_chg_1h_bps", 1}});
}

/// Twenty levels of a hundred coins a side, one tick apart around 1000. After 70 s the best ask grows by 40,
/// after 83 s it loses them, after 87 s the best bid grows by 50, and then is read.
std::set<std::string_view> a_queue() {
  Player player{plain()};
  TapedBook whole{{{0}, UpdateKind::snapshot, 2, 0, test_start, {}, {}}, {}, {}};
  for (std::int64_t k = 0; k < 20; ++k) {
    whole.bids.push_back({{999 - k}, {100}});
    whole.asks.push_back({{1001 + k}, {100}});
  }
  player.play({test_start, whole});
  std::uint64_t id = 2;
  const auto news = [&](int second, std::vector<BookLevel> bids, std::vector<BookLevel> asks) {
    const Instant at = test_start + std::chrono::seconds{second};
    player.play({at, TapedBook{{{0}, UpdateKind::delta, ++id, 0, at, {}, {}}, bids, asks}});
  };
  for (int second = 1; second <= 87; ++second) {
    player.play({test_start + std::chrono::seconds{second}, Second{}});
    if (second == 70) news(second, {}, {{{1001}, {140}}});
    if (second == 83) news(second, {}, {{{1001}, {100}}});
    if (second == 87) news(second, {{{999}, {150}}}, {});
  }
  // Half of 40 more, for 13 s that ended 4 s ago; and the lot that keeps it from zero.
  const double depth =
      101 + 20 * (std::exp(-4.0 / 300) - std::exp(-17.0 / 300)) / (1 - std::exp(-87.0 / 300));
  return check(player.frame(), {{"ofi_l1_1s", slog(50 / depth)},
                                {"ofi_l1_5s", slog(90 / depth)},
                                {"ofi_l1_30s", slog(50 / depth)},
                                {"ofi_ml5_5s", slog(90 / depth / 5)},
                                {"ofi_ml10_30s", slog(50 / depth / 10)},
                                {"ofi_accel_5s", slog(90 / depth)},
                                {"bid_cancel_share_5s", 0},
                                {"ask_cancel_share_5s", 1},
                                {"add_imb_5s", 1},
                                {"cancel_imb_5s", 1},
                                {"depletion_imb_30s", 0},
                                {"replenish_log_ratio_30s", std::log(91)},
                                {"microprice_lead_1s", bps(1000.2, 1000)}});
}

Player candles(int count, auto candle) {
  Player player{plain()};
  for (int n = 0; n < count; ++n) {
    Kline kline = candle(n);
    kline.start = test_start + n * 60s;
    kline.confirmed = true;
    player.play({kline.start + 60s, kline});
  }
  return player;
}

/// A hundred candles, each one tick above the one before; the last closes at 1100.
std::set<std::string_view> a_ladder() {
  const Player player = candles(100, [](int n) {
    const std::int64_t close = 1001 + n;
    return Kline{{0}, 1, {}, {close - 1}, {close}, {close - 1}, {close}, {10}, 10'000};
  });
  const double deviation = std::sqrt((20 * 20 - 1) / 12.0);  // of twenty numbers in a row
  return check(player.frame(), {{"rsi_14_1m", 1},
                                {"rsi_14_5m", 1},
                                {"macd_hist_atr_1m", 0},  // 7 ticks and as much signal
                                {"bb_z_20_1m", 9.5 / deviation},
                                {"log_bb_width_20_1m", std::log(4e4 * deviation / 1090.5)},
                                {"log_atr_14_1m", std::log(1e4 / 1100)},
                                {"adx_14_1m", 1},
                                {"di_diff_14_1m", 1},
                                {"mfi_14_1m", 1},
                                {"obv_flow_15m", 1}});
}

/// Candles that open and close at 1000 and reach from 990 to 1010.
std::set<std::string_view> the_same_candle() {
  const Player player =
      candles(40, [](int) { return Kline{{0}, 1, {}, {1000}, {1010}, {990}, {1000}, {10}, 10'000}; });
  const double range = std::pow(std::log(1010.0 / 990), 2);
  const double inner = std::pow(std::log(1.01), 2) + std::pow(std::log(0.99), 2);
  const double k = 0.34 / (1.34 + 31.0 / 29);
  return check(player.frame(),
               {{"log_parkinson_15m", std::log(1e4 * std::sqrt(range / (4 * std::numbers::ln2)))},
                {"log_garman_klass_15m", std::log(1e4 * std::sqrt(range / 2))},
                {"log_rogers_satchell_15m", std::log(1e4 * std::sqrt(inner))},
                {"log_yang_zhang_30m", std::log(1e4 * std::sqrt((1 - k) * inner))}});
}

/// Closes of 1000 and 1002 in turn; the last fifteen of 260 candles turn over half as much.
std::set<std::string_view> thinning_candles() {
  const Player player = candles(260, [](int n) {
    const std::int64_t close = n % 2 ? 1002 : 1000;
    return Kline{{0}, 1, {}, {close}, {close}, {close}, {close}, {10}, n < 245 ? 10'000.0 : 5'000.0};
  });
  return check(player.frame(), {{"amihud_rel_15m", std::log(2.0 * 240 / (225 + 2 * 15))}});
}

/// Twenty levels of ten coins a side around 1000, read after 1801 s. The first second is not whole; the next
/// 900 have one book message each and an index of 1000, the last 900 three messages each and an index of
/// 998. A quarter of a second into these all sizes become twenty.
std::set<std::string_view> a_busier_market() {
  Player player{plain()};
  std::uint64_t id = 1;
  const auto book = [&](Instant at, UpdateKind kind, std::int64_t size) {
    TapedBook news{{{0}, kind, ++id, 0, at, {}, {}}, {}, {}};
    for (std::int64_t k = 0; k < 20; ++k) {
      news.bids.push_back({{999 - k}, {size}});
      news.asks.push_back({{1001 + k}, {size}});
    }
    player.play({at, news});
  };
  book(test_start, UpdateKind::snapshot, 10);
  for (int second = 1; second <= 1'800; ++second) {
    const bool busier = second > 900;
    const Instant at = test_start + std::chrono::seconds{second};
    Ticker ticker;
    ticker.index_price = *parse_e8(busier ? "998" : "1000");
    player.play({at, ticker});
    for (int n = 1; n <= (busier ? 3 : 1); ++n) book(at + n * 250ms, UpdateKind::delta, busier ? 20 : 10);
  }
  player.play({test_start + 1'801s, Second{}});
  // In the norms of an hour a second of the first half weighs p of one 900 s later: the mean rate is
  // (p + 3) / (p + 1); the premium x has the mean x / (1 + p) and the deviation x sqrt(p) / (1 + p).
  const double p = std::exp(-900.0 / 3'600);
  const double doubled = (1 - std::exp(-899.75 / 3'600)) / (1 - std::exp(-1'801.0 / 3'600));
  return check(player.frame(), {{"premium_z_1h", std::sqrt(p)},
                                {"depth_rel_l20", std::log(2 / (1 + doubled))},
                                {"book_rate_rel_1s", std::log(4 / ((p + 3) / (p + 1) + 1))}});
}

/// The touch moves up a tick each second for twenty seconds, and then every other second for twenty more.
std::set<std::string_view> a_slowing_quote() {
  Player player{plain()};
  std::int64_t price = 1000;
  const auto move = [&](int second) {
    const Instant at = test_start + std::chrono::seconds{second};
    const auto id = static_cast<std::uint64_t>(++price);
    player.play({at, TapedBook{{{0}, UpdateKind::snapshot, id, 0, at, {}, {}},
                               {{{price - 1}, {10}}},
                               {{{price + 1}, {10}}}}});
  };
  for (int second = 0; second <= 20; ++second) move(second);
  for (int second = 22; second <= 40; second += 2) move(second);
  const double q = std::exp(-20.0 / 30);  // what the first twenty seconds weigh beside the last
  return check(player.frame(), {{"quote_life_log_ms", std::log(1e3 * (q + 2) / (q + 1))}});
}

/// A hundred and one buys, then a hundred orders of the other side in turn: a hundred products of 1, worth
/// half of the hundred of -1 that came after them.
std::set<std::string_view> takers_in_turn() {
  Player player{plain()};
  for (std::uint64_t n = 1; n <= 201; ++n) {
    const Instant at = test_start + std::chrono::seconds{n};
    const Side taker = n > 101 && n % 2 == 0 ? Side::sell : Side::buy;
    player.play({at, TapedTrades{{0}, {{at, {1000}, {1}, taker, false, false, n}}}});
  }
  return check(player.frame(), {{"trade_sign_acf", (0.5 - 1) / (0.5 + 1)}});
}

/// A mid of 1000 and 1002 in turn, and 1000 traded, each second. An hour without liquidations; an hour with
/// one of 600 a minute; 5.5 s later three longs of 1200 each at a mid of 1002, which 4 s later is 998.
std::set<std::string_view> a_cascade() {
  Player player{plain()};
  for (int n = 60; n > 0; --n)
    player.play({test_start,
                 Kline{{0}, 1, test_start - n * 60s, {1000}, {1000}, {1000}, {1000}, {60}, 60'000, true}});
  std::uint64_t id = 1;
  const auto book = [&](Instant at, std::int64_t mid) {
    player.play({at, TapedBook{{{0}, UpdateKind::snapshot, ++id, 0, at, {}, {}},
                               {{{mid - 1}, {10}}},
                               {{{mid + 1}, {10}}}}});
  };
  const auto longs_out = [&](Instant at, std::size_t count, std::int64_t size) {
    player.play({at, TapedLiquidations{{0}, {count, Liquidation{at, PositionSide::long_side, {size}, {1}}}}});
  };
  Ticker ticker;
  ticker.mark_price = *parse_e8("600");
  player.play({test_start, ticker});
  for (int second = 0; second <= 7'209; ++second) {
    const Instant at = test_start + std::chrono::seconds{second};
    book(at, second % 2 ? 1002 : 1000);
    player.play({at, TapedTrades{{0}, {{at, {1000}, {1}, Side::buy, false, false, ++id}}}});
    if (second >= 3'600 && second < 7'200 && second % 60 == 30) longs_out(at + 500ms, 1, 1);
    if (second == 7'205) longs_out(at + 500ms, 3, 2);
  }
  book(test_start + 7'209s + 500ms, 998);
  // The score's y is ln 1 in the first sixty minutes and ln 2 in the next, which halve their weight in six
  // hours: the mean is ln 2 / (1 + p), the deviation ln 2 sqrt(p) / (1 + p). Now 4200 of 60 000 make it ln 8.
  const double p = std::exp2(-60.0 / 360);
  const double sigma_bar = std::sqrt(60) * bps(1002, 1000);
  return check(player.frame(), {{"liq_z_1m", (3 - 1 / (1 + p)) * (1 + p) / std::sqrt(p)},
                                {"cascade_move_z", bps(998, 1002) / (sigma_bar * std::sqrt(4.0 / 60))}});
}

TEST(HandCases, ComeOutAsThePencilSays) {
  std::set<std::string_view> rows, follower;
  for (const auto& some :
       {a_still_book(), an_hour(follower), a_queue(), a_ladder(), the_same_candle(), thinning_candles(),
        a_busier_market(), a_slowing_quote(), takers_in_turn(), a_cascade()})
    rows.insert(some.begin(), some.end());
  rows.insert(follower.begin(), follower.end());
  EXPECT_EQ(rows.size(), 137u);
  for (const std::string_view beside_its_engine :
       {"fracdiff_logp_1m", "cascade_state", "cascade_dir", "cascade_age_log", "vpin_50"})
    EXPECT_TRUE(rows.insert(beside_its_engine).second) << beside_its_engine;
  std::cout << rows.size() << " of " << feature_count << " rows have a case worked by hand\n";
  for (const FeatureSpec& spec : feature_catalogue())
    EXPECT_TRUE(rows.contains(spec.name)) << spec.name << " has no case worked by hand";
  EXPECT_EQ(rows.size(), 142u);
}

}  // namespace
}  // namespace mlbot::core
