// T2, T3 and T9 on a market that really was: three hours of two recorded contracts, imported. Every row
// equals its definition over the raw events and stays inside its clamp; a hub that heard only the log up to a
// random cut says there, to the bit, what the hub that hears all of it said.
#include <gtest/gtest.h>

#include <map>

#include "core/features/test_market.h"
#include "integration/process.h"
#include "io/journal/journal.h"

namespace mlbot {
namespace {

using namespace core;
using namespace core::testing;

struct Recording {
  std::vector<Instrument> instruments;
  Tape tape;
};

/// The market of an imported journal, with a timer at each whole second.
Recording recording_of(const std::string& journal) {
  Recording out;
  auto reader = io::journal::JournalReader::open(journal);
  EXPECT_TRUE(reader);
  while (reader) {
    const auto item = (*reader)->next();
    EXPECT_TRUE(item);
    if (!item || *item == nullptr) break;
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record ? std::get_if<Stamped>(record) : nullptr;
    if (event == nullptr) continue;
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      out.instruments.push_back(defined->instrument);
      continue;
    }
    if (!out.tape.empty())
      for (std::int64_t second = out.tape.back().at.seconds() + 1; second <= event->at.seconds(); ++second)
        out.tape.push_back({Instant::from_seconds(second), Second{}});
    if (const auto* book = std::get_if<BookUpdate>(&event->what)) {
      out.tape.push_back(
          {event->at,
           TapedBook{*book, {book->bids.begin(), book->bids.end()}, {book->asks.begin(), book->asks.end()}}});
    } else if (const auto* trades = std::get_if<Trades>(&event->what)) {
      out.tape.push_back(
          {event->at, TapedTrades{trades->symbol, {trades->list.begin(), trades->list.end()}}});
    } else if (const auto* kline = std::get_if<Kline>(&event->what)) {
      out.tape.push_back({event->at, *kline});
    } else if (const auto* ticker = std::get_if<Ticker>(&event->what)) {
      out.tape.push_back({event->at, *ticker});
    }
  }
  return out;
}

std::uint64_t digest(const Player& player, std::uint16_t symbol) {
  return frame_digest(feature_schema_hash(), player.frame(symbol));
}

TEST(RecordedFeatures, EqualTheirDefinitionsStayInRangeAndKnowNothingOfTheFuture) {
  const char* shared = std::getenv("MLBOT_SHARED");
  const std::string data =
      (shared != nullptr ? std::string{shared} : std::string{MLBOT_SOURCE_DIR "/../shared"}) + "/data";
  if (!std::filesystem::exists(data))
    GTEST_SKIP() << "no recorded markets at " << data << "; set MLBOT_SHARED to the folder that holds data/";
  testing_support::TemporaryDirectory directory;
  const auto imported = directory / "imported";
  const auto result = testing_support::run_mlbot(
      directory, {"data", "import", data + "/hyperliquid_perp", "--coins", "AVAX,DOGE", "--from",
                  "2026-06-13", "--until", "2026-06-13T03:00:00Z", "--to", imported, "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto [instruments, tape] = recording_of(imported + "/journal");
  ASSERT_EQ(instruments.size(), 2u);
  ASSERT_GT(tape.size(), 10'000u);

  Histories twin;
  Player whole{instruments, &twin}, unread{instruments};
  Prng random = Prng::stream(91, "cuts");
  std::map<std::string_view, int> told;
  std::size_t compared = 0, valid = 0, cuts = 0, unread_played = 0;
  std::string checkpoint;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    whole.play(tape[i]);
    if (i + 1 == unread_played + tape.size() / 40) {  // every four and a half minutes
      while (unread_played < i) unread.play(tape[unread_played++]);
      checkpoint = unread.hub().checkpoint();
    }
    if (!checkpoint.empty() && random.chance(1'200.0 / static_cast<double>(tape.size()))) {
      Player cut = unread.continued(checkpoint, tape[unread_played - 1].at);
      for (std::size_t n = unread_played; n <= i; ++n) cut.play(tape[n]);
      for (const std::uint16_t symbol : {0, 1})
        ASSERT_EQ(digest(cut, symbol), digest(whole, symbol)) << "cut at " << i;
      ++cuts;
    }
    if (!random.chance(300.0 / static_cast<double>(tape.size()))) continue;
    const SymbolId symbol{static_cast<std::uint16_t>(random.below(2))};
    const FeatureFrame frame = whole.frame(symbol.index);
    for (const FeatureSpec& spec : feature_catalogue()) {
      const std::size_t row = spec.id - 1u;
      const double value = frame.values[row];
      double expected = twin.value(symbol, row);
      ++compared;
      valid += frame.valid(row);
      if (frame.valid(row)) {
        ASSERT_TRUE(value >= spec.clamp_low && value <= spec.clamp_high) << spec.name << " is " << value;
      }
      if (std::isfinite(expected)) {
        expected = std::clamp(expected, spec.clamp_low, spec.clamp_high);
        if (std::abs(value - expected) <= 1e-9 * (1 + std::abs(expected))) continue;
      } else if (!frame.valid(row)) {
        continue;
      }
      if (++told[spec.name] == 1)
        ADD_FAILURE() << spec.name << " of " << instruments[symbol.index].name.view() << " at event " << i
                      << " is " << value << ", by its definition " << expected;
    }
  }
  EXPECT_GT(cuts, 1'000u);
  EXPECT_GT(compared, 200u * feature_count);
  EXPECT_GT(valid, compared / 2);
  std::cout << tape.size() << " events, " << cuts << " cuts, " << compared << " comparisons, " << valid
            << " of them of valid rows\n";
}

}  // namespace
}  // namespace mlbot
