// T5: what a model learns from is what it is asked with. The frames of a run, and those that training makes
// of the run's journal with timers of its own, hold the same bits.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "core/features/feature_hub.h"
#include "core/market_stage.h"
#include "integration/process.h"
#include "shell/history_source.h"
#include "shell/journal_source.h"

namespace mlbot::shell {
namespace {

/// Symbol and time of a whole second -> the frame's digest without its number.
using Seconds = std::map<std::pair<std::uint16_t, std::int64_t>, FeatureFrame>;

template <class Next>
Seconds frames_of(Next next) {
  Seconds out;
  core::MarketStage stage{200};
  Outbox box;
  bool started = false;
  while (const Stamped* event = next(stage.next_second())) {
    if (!std::exchange(started, true)) stage.start(event->at);
    box.clear();
    stage.step(*event, box);
    for (FeatureFrame frame : box.frames) {
      if (!(frame.triggers & static_cast<std::uint8_t>(FrameTrigger::second))) continue;
      frame.number = 0;
      frame.digest = frame_digest(core::feature_schema_hash(), frame);
      out[{frame.symbol.index, frame.at.ns}] = frame;
    }
  }
  return out;
}

TEST(TrainingParity, FramesForTrainingHoldTheBitsOfTheRun) {
  testing_support::TemporaryDirectory directory;
  const std::string tested = directory / "tested";
  const auto run =
      testing_support::run_mlbot(directory, {"backtest", "--hours", "1.2", "--warm-hours", "0", "--seed", "9",
                                             "--journal", tested, "--state-dir", directory / "none", "-q"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto summary = summarise_journal(tested + "/journal");
  ASSERT_TRUE(summary);
  auto recorded = RunSource::open(tested + "/journal", summary->runs.at(0), std::nullopt);
  ASSERT_TRUE(recorded);
  const Seconds live = frames_of([&](Instant wakeup) { return recorded->next(wakeup); });

  auto market = JournalMarket::open(tested + "/journal", summary->instruments, {});
  ASSERT_TRUE(market);
  Opening opening{.run = {.mode = Mode::shadow, .epoch = 1, .account = "training"},
                  .instruments = summary->instruments,
                  .risk = {},
                  .decision = {},
                  .traded = {}};
  HistorySource history{opening, [&] { return market->next(); }};
  const Seconds training = frames_of([&](Instant wakeup) { return history.next(wakeup); });

  std::size_t compared = 0, different = 0;
  for (const auto& [key, frame] : training) {
    const auto own = live.find(key);
    if (own == live.end()) continue;
    ++compared;
    if (own->second.digest == frame.digest) continue;
    if (++different > 3) continue;
    for (const auto& spec : core::feature_catalogue())
      if (own->second.valid(spec.id - 1u) != frame.valid(spec.id - 1u) ||
          (frame.valid(spec.id - 1u) && own->second.values[spec.id - 1u] != frame.values[spec.id - 1u])) {
        ADD_FAILURE() << spec.name << " at " << to_rfc3339(frame.at) << ": run "
                      << own->second.values[spec.id - 1u] << ", training " << frame.values[spec.id - 1u];
        break;
      }
  }
  EXPECT_EQ(different, 0u);
  EXPECT_GT(compared, 2u * 4'000);
}

}  // namespace
}  // namespace mlbot::shell
