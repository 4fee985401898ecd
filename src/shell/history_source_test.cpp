#include "shell/history_source.h"

#include <gtest/gtest.h>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "domain/record.h"
#include "sim/exchange.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"

namespace mlbot::shell {
namespace {

class Tape final : public sim::Listener {
 public:
  void on_market(Instant at, const Event& event) override {
    encode(Stamped{{events_.size() + 1}, at, at, at, event}, events_.emplace_back());
  }
  void on_account(sim::AccountId, Instant, const Event&) override {}
  const Stamped* next() {
    if (read_ == events_.size()) return nullptr;
    record_ = *decode(events_[read_++], scratch_);
    return &std::get<Stamped>(record_);
  }

 private:
  std::vector<std::string> events_;
  std::size_t read_ = 0;
  RecordScratch scratch_;
  Record record_;
};

struct Frames {
  std::vector<FeatureFrame> all;
  std::vector<Sequence> sequences;
  std::size_t timers = 0;
  void take(const Stamped& event, const Outbox& out) {
    sequences.push_back(event.sequence);
    timers += std::holds_alternative<TimerFired>(event.what);
    all.insert(all.end(), out.frames.begin(), out.frames.end());
  }
};

/// What a model learns from must be what it is asked with: rows that live frames show must not be missing
/// here.
TEST(HistorySource, ARecordedMarketGivesWholeFramesEverySecond) {
  const auto instruments = sim::default_instruments();
  const Instant start = Instant::from_seconds(1'767'571'200);
  Tape tape;
  sim::Exchange exchange{{.instruments = instruments, .start = start, .seed = 3},
                         sim::make_generated_market(instruments, sim::default_generated_settings(), 3, start),
                         &tape};
  exchange.advance_to(start + 1200s);
  Opening opening{.run = {.mode = Mode::shadow, .epoch = 1, .account = "test"},
                  .instruments = instruments,
                  .risk = {},
                  .decision = {},
                  .traded = {}};
  HistorySource source{opening, [&] { return tape.next(); }};
  core::Core core{{}};
  Frames frames;
  core::drive(core, source, frames);

  for (std::size_t i = 1; i < frames.sequences.size(); ++i)
    ASSERT_EQ(frames.sequences[i], frames.sequences[i - 1].next());
  EXPECT_GE(frames.timers, 1195u);
  ASSERT_FALSE(frames.all.empty());
  const auto& last = frames.all.back();
  for (const auto* name :
       {"ret_1m", "ret_15m", "tfi_5s", "tfi_5m", "ofi_l1_5s", "log_rv_5m", "liq_count_1m", "leader_ret_5s"})
    EXPECT_TRUE(last.valid(*core::feature_index(name)))
        << name << " is missing after twenty minutes of history";
  std::uint8_t triggers = 0;
  for (const auto& frame : frames.all) triggers |= frame.triggers;
  EXPECT_TRUE(triggers & static_cast<std::uint8_t>(FrameTrigger::cusum))
      << "twenty lively minutes without one sampling event";
}

}  // namespace
}  // namespace mlbot::shell
