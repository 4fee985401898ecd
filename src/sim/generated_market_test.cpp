// The generated market keeps its promises: the feed is whole, the same seed gives the same bytes, and an
// honest model finds in it what docs/explanation/generated-market.md says, and nothing when the effects are
// off.
#include "sim/generated_market.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "base/digest.h"
#include "base/exact_math.h"
#include "sim/instruments.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

Exchange make_exchange(std::uint64_t seed, const std::vector<GeneratedSettings>& settings,
                       Listener* listener) {
  const auto instruments = default_instruments();
  return {{.instruments = instruments, .start = test_start, .seed = seed},
          make_generated_market(instruments, settings, seed, test_start),
          listener};
}

// ---- the feed

/// Builds each book from nothing but what was published, and notes what no feed may do.
class Reader final : public Listener {
 public:
  std::array<std::map<std::int64_t, Lots>, 2> bids, asks;
  std::array<std::uint64_t, 2> update_id{};
  std::array<Instant, 2> book_at{};
  std::array<Kline, 2> candle{};
  std::array<bool, 2> ticker_known{};
  Instant last;
  int faults = 0;

  void on_market(Instant at, const Event& event) override {
    faults += at < last ? 1 : 0;
    last = at;
    if (const auto* update = std::get_if<BookUpdate>(&event)) on(at, *update);
    if (const auto* ticker = std::get_if<Ticker>(&event)) {
      auto& known = ticker_known[ticker->symbol.index];
      faults += known == (ticker->kind == UpdateKind::snapshot) ? 1 : 0;
      known = true;
    }
    if (const auto* kline = std::get_if<Kline>(&event)) {
      Kline& before = candle[kline->symbol.index];
      const bool next = kline->start.ns == before.start.ns + 60'000'000'000;
      faults += before.start.ns != 0 && kline->start != before.start && !(next && before.confirmed) ? 1 : 0;
      faults += kline->low > kline->open || kline->high < kline->close ? 1 : 0;
      before = *kline;
    }
  }
  void on_account(AccountId, Instant, const Event&) override {}

 private:
  void on(Instant at, const BookUpdate& update) {
    const auto s = update.symbol.index;
    const bool first = update_id[s] == 0;
    faults += first != (update.kind == UpdateKind::snapshot) ? 1 : 0;
    faults += update.update_id != update_id[s] + 1 ? 1 : 0;
    faults += !first && at - book_at[s] < 20ms ? 1 : 0;
    faults += update.bids.empty() && update.asks.empty() ? 1 : 0;
    update_id[s] = update.update_id;
    book_at[s] = at;
    for (const BookLevel& level : update.bids) apply(bids[s], -level.price.count, level.size);
    for (const BookLevel& level : update.asks) apply(asks[s], level.price.count, level.size);
    faults += bids[s].size() > 50 || asks[s].size() > 50 ? 1 : 0;
  }
  void apply(std::map<std::int64_t, Lots>& side, std::int64_t key, Lots size) {
    if (size.count == 0) {
      faults += side.erase(key) == 0 ? 1 : 0;
    } else {
      side[key] = size;
    }
  }
};

TEST(GeneratedMarket, WhoAppliesEveryDeltaHoldsThePublishedBook) {
  Reader reader;
  Exchange exchange = make_exchange(3, default_generated_settings(), &reader);
  for (int minute = 1; minute <= 30; ++minute) {
    exchange.advance_to(test_start + minute * 60s);
    for (const std::uint16_t s : {0, 1}) {
      const BookRow book = exchange.book(SymbolId{s}, 50);
      ASSERT_EQ(book.update_id, reader.update_id[s]);
      ASSERT_EQ(book.bids.size(), reader.bids[s].size());
      ASSERT_EQ(book.asks.size(), reader.asks[s].size());
      for (const BookLevel& level : book.bids) ASSERT_EQ(reader.bids[s].at(-level.price.count), level.size);
      for (const BookLevel& level : book.asks) ASSERT_EQ(reader.asks[s].at(level.price.count), level.size);
      ASSERT_LT(book.bids[0].price, book.asks[0].price);
      ASSERT_EQ(book.bids.size(), 50U);
    }
  }
  EXPECT_EQ(reader.faults, 0);
}

TEST(GeneratedMarket, TheSameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  const auto run = [](std::uint64_t seed) {
    Notes notes;
    Exchange exchange = make_exchange(seed, default_generated_settings(), &notes);
    const AccountId trader = exchange.open_account("trader", *parse_e8("10000"));
    for (int second = 1; second <= 600; ++second) {
      exchange.advance_to(test_start + second * 1s);
      if (second % 10 != 0) continue;
      (void)exchange.place(trader, {.symbol = SymbolId{0},
                                    .side = second % 20 == 0 ? Side::buy : Side::sell,
                                    .type = OrderType::market,
                                    .size = Lots{2}});
    }
    return xxh64(notes.bytes);
  };
  EXPECT_EQ(run(11), run(11));
  EXPECT_NE(run(11), run(12));
}

TEST(GeneratedMarket, HowFarTimeIsMovedAtOnceChangesNothing) {
  const auto run = [](Duration stride) {
    Notes notes;
    Exchange exchange = make_exchange(5, default_generated_settings(), &notes);
    for (Instant at = test_start; at < test_start + 120s; at = at + stride) exchange.advance_to(at);
    exchange.advance_to(test_start + 120s);
    return xxh64(notes.bytes);
  };
  EXPECT_EQ(run(120s), run(7ms));
}

TEST(GeneratedMarket, EventRatesAreModerate) {
  Notes notes;
  Exchange exchange = make_exchange(7, default_generated_settings(), &notes);
  exchange.advance_to(test_start + 3600s);
  constexpr int symbol_seconds = 2 * 3600;
  const auto rate = [&](const char* kind) { return static_cast<double>(notes.kinds[kind]) / symbol_seconds; };
  fmt::print(
      "  a second and symbol: {:.1f} book deltas, {:.1f} trade messages, {:.1f} tickers, {:.1f} candles\n",
      rate("book"), rate("trades"), rate("ticker"), rate("kline"));
  EXPECT_GT(notes.kinds["book"], 3 * symbol_seconds);
  EXPECT_LT(notes.kinds["book"], 6 * symbol_seconds);
  EXPECT_GT(notes.kinds["trades"], 1 * symbol_seconds);
  EXPECT_LT(notes.kinds["trades"], 3 * symbol_seconds);
  EXPECT_NEAR(notes.kinds["ticker"], 2 * symbol_seconds, 0.1 * symbol_seconds);
  EXPECT_NEAR(notes.kinds["kline"], symbol_seconds, 0.05 * symbol_seconds);
}

// ---- what can be learnt

struct Second {
  double log_mid = 0;
  double bought = 0, sold = 0;  // taker orders
  double queue_imbalance = 0;
  double long_liquidated = 0, short_liquidated = 0;
};

/// One row a second for each symbol, from the public feed alone.
class Tape final : public Listener {
 public:
  std::array<std::vector<Second>, 2> rows;

  void on_market(Instant, const Event& event) override {
    if (const auto* trades = std::get_if<Trades>(&event)) {
      Second& row = now_[trades->symbol.index];
      (trades->list[0].taker == Side::buy ? row.bought : row.sold) += 1;
    } else if (const auto* list = std::get_if<Liquidations>(&event)) {
      Second& row = now_[list->symbol.index];
      for (const Liquidation& one : list->list) {
        (one.liquidated == PositionSide::long_side ? row.long_liquidated : row.short_liquidated) += 1;
      }
    }
  }
  void on_account(AccountId, Instant, const Event&) override {}
  void close_second(const Exchange& exchange) {
    for (const std::uint16_t s : {0, 1}) {
      const TickerRow ticker = exchange.ticker(SymbolId{s});
      const auto bid = static_cast<double>(ticker.bid_size.count),
                 ask = static_cast<double>(ticker.ask_size.count);
      now_[s].log_mid = exact::log(static_cast<double>(ticker.bid.count + ticker.ask.count));
      now_[s].queue_imbalance = (bid - ask) / (bid + ask);
      rows[s].push_back(std::exchange(now_[s], {}));
    }
  }

 private:
  std::array<Second, 2> now_;
};

constexpr std::size_t input_count = 5;
using Inputs = std::array<double, input_count>;
constexpr int horizon_s = 120;

double return_bps(const std::vector<Second>& rows, std::size_t from, std::size_t to) {
  return (rows[to].log_mid - rows[from].log_mid) * 1e4;
}

/// Constant, taker imbalance of 30 s, return of 60 s, mean queue imbalance of 30 s, liquidated longs less
/// shorts of 60 s.
Inputs inputs_at(const std::vector<Second>& rows, std::size_t t) {
  double bought = 0, sold = 0, queue = 0, forced = 0;
  for (std::size_t i = t - 29; i <= t; ++i) {
    bought += rows[i].bought;
    sold += rows[i].sold;
    queue += rows[i].queue_imbalance;
  }
  for (std::size_t i = t - 59; i <= t; ++i) forced += rows[i].long_liquidated - rows[i].short_liquidated;
  const double flow = bought + sold > 0 ? (bought - sold) / (bought + sold) : 0;
  return {1, flow, return_bps(rows, t - 60, t), queue / 30, forced};
}

/// Ordinary least squares by elimination of the normal equations.
Inputs fit(const std::vector<Second>& rows, std::size_t begin, std::size_t end) {
  std::array<std::array<double, input_count + 1>, input_count> m{};
  for (std::size_t t = begin; t < end; t += 3) {
    const Inputs x = inputs_at(rows, t);
    for (std::size_t i = 0; i < input_count; ++i) {
      for (std::size_t j = 0; j < input_count; ++j) m[i][j] += x[i] * x[j];
      m[i][input_count] += x[i] * return_bps(rows, t, t + horizon_s);
    }
  }
  Inputs out{};
  for (std::size_t p = 0; p < input_count; ++p) {
    if (m[p][p] == 0) continue;
    for (std::size_t r = 0; r < input_count; ++r) {
      if (r == p) continue;
      const double factor = m[r][p] / m[p][p];
      for (std::size_t c = p; c <= input_count; ++c) m[r][c] -= factor * m[p][c];
    }
  }
  for (std::size_t p = 0; p < input_count; ++p) out[p] = m[p][p] == 0 ? 0 : m[p][input_count] / m[p][p];
  return out;
}

struct Verdict {
  double return_sd = 0, prediction_sd = 0;  // bps over 120 s
  double traded_share = 0, net_bps = 0;     // of held-out seconds; mean of what was traded, after 11 bps
};

/// First half of the day to learn from, second half to be judged by.
Verdict judge(const std::vector<Second>& rows) {
  constexpr double cost_bps = 11;
  const std::size_t middle = rows.size() / 2, warm = 600;
  const Inputs weights = fit(rows, warm, middle - horizon_s);
  Verdict out;
  double count = 0, traded = 0;
  for (std::size_t t = middle + warm; t + horizon_s < rows.size(); ++t) {
    const Inputs x = inputs_at(rows, t);
    double predicted = 0;
    for (std::size_t i = 0; i < input_count; ++i) predicted += weights[i] * x[i];
    const double came = return_bps(rows, t, t + horizon_s);
    out.return_sd += came * came;
    out.prediction_sd += predicted * predicted;
    count += 1;
    if (std::abs(predicted) <= cost_bps) continue;
    traded += 1;
    out.net_bps += (predicted > 0 ? came : -came) - cost_bps;
  }
  out.return_sd = std::sqrt(out.return_sd / count);
  out.prediction_sd = std::sqrt(out.prediction_sd / count);
  out.traded_share = traded / count;
  if (traded > 0) out.net_bps /= traded;
  return out;
}

/// The figures that docs/explanation/generated-market.md prints.
void show(const Verdict& verdict) {
  fmt::print(
      "  120 s: return sd {:.1f} bps, prediction sd {:.1f} bps; above 11 bps {:.1f} % of seconds, net "
      "{:+.1f} bps\n",
      verdict.return_sd, verdict.prediction_sd, 100 * verdict.traded_share, verdict.net_bps);
}

Tape generate_tape(int hours, std::uint64_t seed, const std::vector<GeneratedSettings>& settings) {
  Tape tape;
  Exchange exchange = make_exchange(seed, settings, &tape);
  for (int second = 1; second <= hours * 3600; ++second) {
    exchange.advance_to(test_start + second * 1s);
    tape.close_second(exchange);
  }
  return tape;
}

TEST(GeneratedMarket, AnHonestModelBeatsCostsOnHeldOutHours) {
  const Tape tape = generate_tape(24, 2, default_generated_settings());
  for (const auto& rows : tape.rows) {
    const Verdict verdict = judge(rows);
    show(verdict);
    EXPECT_GT(verdict.return_sd, 22);
    EXPECT_LT(verdict.return_sd, 36);
    EXPECT_GT(verdict.prediction_sd, 7);
    EXPECT_GT(verdict.traded_share, 0.10);
    EXPECT_LT(verdict.traded_share, 0.35);
    EXPECT_GT(verdict.net_bps, 2);
  }
}

TEST(GeneratedMarket, WithoutEffectsThereIsNothingToFind) {
  const Tape tape = generate_tape(24, 2, effects_off(default_generated_settings()));
  for (const auto& rows : tape.rows) {
    const Verdict verdict = judge(rows);
    show(verdict);
    EXPECT_LT(verdict.prediction_sd, 4);
    EXPECT_LT(verdict.traded_share, 0.02);
    EXPECT_LT(verdict.net_bps * verdict.traded_share, 0.05);
  }
}

TEST(GeneratedMarket, PricesComeBackAfterACascade) {
  double rebound_bps = 0;
  int cascades = 0;
  const Tape tape = generate_tape(24, 2, default_generated_settings());
  for (const auto& rows : tape.rows) {
    std::size_t last = 0;
    for (std::size_t t = 600; t + 300 < rows.size(); ++t) {
      double forced = 0, sided = 0;
      for (std::size_t i = t - 29; i <= t; ++i) {
        forced += rows[i].long_liquidated + rows[i].short_liquidated;
        sided += rows[i].long_liquidated - rows[i].short_liquidated;
      }
      if (forced < 6 || t < last + 300) continue;
      last = t;
      ++cascades;
      rebound_bps += (sided > 0 ? 1 : -1) * return_bps(rows, t + 20, t + 240);
    }
  }
  fmt::print("  {:.1f} cascades an hour and symbol, {:+.1f} bps on the way back\n", cascades / 48.0,
             rebound_bps / cascades);
  EXPECT_GT(cascades, 2 * 24 * 2) << "several an hour in each symbol";
  EXPECT_GT(rebound_bps / cascades, 5);
}

TEST(GeneratedMarket, TheFollowerFollowsWithinSeconds) {
  const Tape tape = generate_tape(3, 4, default_generated_settings());
  const auto correlation = [&](std::size_t lag) {
    double xy = 0, xx = 0, yy = 0;
    for (std::size_t t = 600; t + 10 < tape.rows[0].size(); ++t) {
      const double x = return_bps(tape.rows[0], t - 1, t), y = return_bps(tape.rows[1], t - 1 + lag, t + lag);
      xy += x * y;
      xx += x * x;
      yy += y * y;
    }
    return xy / std::sqrt(xx * yy);
  };
  EXPECT_GT(correlation(1), 0.12);
  EXPECT_GT(correlation(3), 0.06);
  EXPECT_LT(correlation(10), correlation(1) / 2);
}

}  // namespace
}  // namespace mlbot::sim
