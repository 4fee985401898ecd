// T8: seconds without a market void exactly the rows that looked at them, for exactly as long as the windows
// hold them; and what is said of a void row, its cause and until when, comes true.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/features/test_incidents.h"

namespace mlbot::core {
namespace {

using namespace testing;

const std::vector<Instrument> pair_of_symbols{test_instrument(0, "BTCUSDT"), test_instrument(1, "ETHUSDT")};
constexpr int gap_begins_s = 7'400;  // past the two hours that some rows need

MarketStyle warm_style() {
  MarketStyle style;
  style.seed_candles = 400;
  style.trades_per_second = 6;
  style.books_per_second = 3;
  return style;
}

/// A market that is deaf for so many seconds, and how long it goes on.
Tape market_with_gap(int gap_s, int seconds) {
  return with_incidents(2, random_tape(pair_of_symbols, 81, seconds, warm_style()),
                        {{Incident::outage, test_start + std::chrono::seconds{gap_begins_s}, gap_s, {}}}, 81);
}

/// Whether a second is live, by the tape: it began in the gap or touches it, or came before the books.
bool live(std::int64_t second, int gap_s) {
  return second > 0 && (second < gap_begins_s || second > gap_begins_s + gap_s);
}
bool covered(std::int64_t age_s, int window_s, int gap_s) {
  int count = 0;
  for (std::int64_t second = age_s - window_s; second < age_s; ++second) count += live(second, gap_s);
  return 100 * count >= 98 * window_s;
}
bool windows_covered(const Needs& needs, std::int64_t age_s, int gap_s) {
  return covered(age_s, needs.covered_s, gap_s) && covered(age_s, needs.also_covered_s, gap_s) &&
         covered(age_s, needs.leader_covered_s, gap_s);
}

/// Rows that compare the ticker of now with that of one second of the past, so far back; 0 for the others.
/// They hang on those two tickers, each at most 10 s old when looked at, not on the share of a window.
int ticker_lag_s(const FeatureSpec& spec) {
  return spec.name == "oi_chg_5m"                                        ? 300
         : spec.name == "oi_chg_1h" || spec.name == "funding_chg_1h_bps" ? 3'600
                                                                         : 0;
}
/// Whether a ticker of the symbol came in the ten seconds before.
bool ticker_known(const std::vector<Instant>& heard, Instant at) {
  const auto after = std::upper_bound(heard.begin(), heard.end(), at);
  return after != heard.begin() && at - *std::prev(after) <= 10s;
}

class GapPoison : public ::testing::TestWithParam<int> {};

TEST_P(GapPoison, VoidsExactlyTheRowsWhoseWindowsSawTooLittle) {
  const int gap_s = GetParam();
  const int seconds = gap_begins_s + gap_s + (gap_s >= 80 ? 3'700 : 1'000);
  Player player{pair_of_symbols};
  player.play({test_start, LinkChanged{Link::market, LinkState::live}});
  std::map<std::string_view, int> told;
  std::size_t checked = 0, voids = 0;
  std::vector<Instant> tickers;
  for (const Taped& taped : market_with_gap(gap_s, seconds)) {
    player.play(taped);
    if (const auto* ticker = std::get_if<Ticker>(&taped.what); ticker && ticker->symbol == SymbolId{1})
      tickers.push_back(taped.at);
    const std::int64_t age_s = (taped.at - test_start).count() / second_ns;
    if (!std::holds_alternative<Second>(taped.what) || age_s < gap_begins_s - 1) continue;
    const bool near = age_s < gap_begins_s + gap_s + 70;
    if (age_s > gap_begins_s - 1 && (age_s < gap_begins_s + gap_s + 3 || (!near && age_s % 29 != 0)))
      continue;
    const FeatureFrame frame = player.frame(1);
    for (const FeatureSpec& spec : feature_catalogue()) {
      const std::size_t row = spec.id - 1u;
      if (age_s < gap_begins_s) {
        EXPECT_TRUE(frame.valid(row)) << spec.name << " is not warm before the gap";
        continue;
      }
      const int lag_s = ticker_lag_s(spec);
      const bool expected = lag_s == 0
                                ? windows_covered(spec.needs, age_s, gap_s)
                                : ticker_known(tickers, taped.at) &&
                                      ticker_known(tickers, taped.at - std::chrono::seconds{lag_s} - 1ns);
      ++checked;
      voids += !expected;
      if (frame.valid(row) != expected && ++told[spec.name] == 1)
        ADD_FAILURE() << spec.name << " is " << (expected ? "void" : "valid") << " " << age_s - gap_begins_s
                      << " s after the gap of " << gap_s << " s began";
    }
  }
  EXPECT_GT(checked, 10'000u);
  EXPECT_GT(voids, 100u);
}

INSTANTIATE_TEST_SUITE_P(Seconds, GapPoison, ::testing::Values(1, 7, 60, 80, 600));

TEST(VoidRows, SayWhyAndUntilWhenAndItComesTrue) {
  Player player{pair_of_symbols};
  player.play({test_start, LinkChanged{Link::market, LinkState::live}});
  std::map<std::uint16_t, Instant> promised;
  std::size_t kept = 0;
  for (const Taped& taped : market_with_gap(60, gap_begins_s + 2'000)) {
    player.play(taped);
    const std::int64_t age_s = (taped.at - test_start).count() / second_ns;
    if (!std::holds_alternative<Second>(taped.what) || age_s < gap_begins_s + 20) continue;
    const auto voids = player.hub().void_rows({1});
    const FeatureFrame frame = player.frame(1);
    EXPECT_EQ(voids.size(), frame.missing_count());
    if (age_s == gap_begins_s + 30)
      for (const VoidRow& row : voids) {
        const FeatureSpec& spec = feature_catalogue()[row.id - 1u];
        EXPECT_FALSE(row.until && spec.needs.covered_s > 0)
            << spec.name << ": nobody knows when the link comes back";
        if (spec.name == "queue_imb_l1") {
          EXPECT_EQ(row.cause, "market link not live");
        }
        if (spec.name == "premium_bps") {
          EXPECT_TRUE(row.cause.starts_with("ticker stale: ")) << row.cause;
        }
      }
    if (age_s == gap_begins_s + 65)
      for (const VoidRow& row : voids) {
        const FeatureSpec& spec = feature_catalogue()[row.id - 1u];
        if (spec.needs.covered_s == 0) continue;
        ASSERT_TRUE(row.until) << spec.name << ": " << row.cause;
        promised[row.id] = *row.until;
        EXPECT_NE(row.cause.find("window of"), std::string::npos) << spec.name << ": " << row.cause;
        if (spec.name == "ret_15m") {
          EXPECT_EQ(row.cause, "window of 900 s not covered: 61 s gap at 22:33:20") << spec.name;
        }
      }
    for (const auto& [id, until] : promised) {
      const FeatureSpec& spec = feature_catalogue()[id - 1u];
      kept += taped.at == until;
      EXPECT_EQ(frame.valid(id - 1u), taped.at >= until) << spec.name << " at " << age_s;
    }
  }
  EXPECT_GT(promised.size(), 30u);
  EXPECT_EQ(kept, promised.size());
}

TEST(VoidRows, AColdStartCountsUp) {
  Player player{pair_of_symbols};
  for (const Taped& taped : random_tape(pair_of_symbols, 82, 130, {})) player.play(taped);
  std::map<std::string_view, VoidRow> voids;
  for (const VoidRow& row : player.hub().void_rows({0}))
    voids.insert({feature_catalogue()[row.id - 1u].name, row});
  EXPECT_EQ(voids.at("ret_5m").cause, "warming up: 129 of 300 s");
  EXPECT_EQ(voids.at("ret_5m").until, test_start + 295s)
      << "98 % of 300 s, and the first second was no live one";
  EXPECT_EQ(voids.at("ret_z_1m").cause, "warming up: 129 of 900 s of life");
  EXPECT_EQ(voids.at("rsi_14_1m").cause, "warming up: 2 of 60 candles");
  EXPECT_EQ(voids.at("liq_z_1m").cause, "warming up: 129 of 900 s of life, or 60 candles");
  EXPECT_EQ(voids.count("ret_30s"), 0u);
}

}  // namespace
}  // namespace mlbot::core
