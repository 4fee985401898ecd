// A golden run made on the spot: a back-test whose model trades on the length of the queue, and everything
// that it did, in bytes.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/features/feature_hub.h"
#include "integration/process.h"
#include "io/files/bundle_store.h"
#include "io/journal/journal.h"
#include "lab/booster.h"
#include "lab/bundle_files.h"
#include "shell/model_trust.h"

namespace mlbot::testing_support {

/// What a journal holds of a run: frames by their digests, decisions and commands by their bytes, in order.
struct RunSeen {
  std::vector<std::uint64_t> frames;
  std::string decisions, commands;
  std::uint64_t decision_count = 0, order_count = 0;
  Sequence last;
  std::uint64_t events = 0, gaps = 0;
  std::map<std::string, std::uint64_t> reasons;  ///< of decisions
  bool operator==(const RunSeen&) const = default;
};

/// @param whole_frames  a trade stage's journal has frames as inputs, another one has their digests
inline RunSeen see_run(const std::string& journal, bool whole_frames) {
  RunSeen out;
  auto reader = io::journal::JournalReader::open(journal);
  if (!reader) return out;
  while (true) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    if (std::holds_alternative<io::journal::JournalGap>(**item)) ++out.gaps;
    if (const auto* digest = std::get_if<io::journal::FrameDigest>(*item); digest && !whole_frames)
      out.frames.push_back(digest->digest);
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    if (const auto* event = std::get_if<Stamped>(record)) {
      ++out.events;
      out.last = event->sequence;
    }
    if (const auto* frame = std::get_if<FeatureFrame>(record); frame && whole_frames)
      out.frames.push_back(frame->digest);
    if (const auto* decision = std::get_if<Decision>(record)) {
      encode(Record{*decision}, out.decisions);
      ++out.decision_count;
      ++out.reasons[std::string{to_string(decision->reason)}];
    }
    const auto* command = std::get_if<StampedCommand>(record);
    if (command == nullptr || std::holds_alternative<ResubscribeBook>(command->what)) continue;
    encode(command->what, out.commands);
    out.order_count += std::holds_alternative<PlaceOrder>(command->what);
  }
  return out;
}

/// A model that sees +45 bps where the best bid is longer than the best ask, and -45 where it is not.
/// @param trained_at  a day of the generated market: the risk rules refuse what is old
inline std::string put_queue_model(const std::string& models,
                                   Instant trained_at = Instant::from_ms(1'767'571'200'000)) {
  constexpr std::size_t rows = 600;
  const auto column = *core::feature_index("queue_imb_l1");
  std::vector<float> values(rows * feature_count, std::numeric_limits<float>::quiet_NaN()), labels;
  for (std::size_t i = 0; i < rows; ++i) {
    const float imbalance = static_cast<float>(i % 200) / 100.0F - 1.0F;
    values[i * feature_count + column] = imbalance;
    labels.push_back(imbalance > 0 ? 45.0F : -45.0F);
  }
  const std::vector<float> weights(rows, 1.0F);
  auto booster = lab::Booster::start({values, feature_count}, labels, weights, {});
  EXPECT_TRUE(booster);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(booster->update(i));
  lab::BundleFiles files;
  files["model.json"] = *booster->to_json();
  const lab::RowsView golden{std::span{values}.first(lab::golden_rows * feature_count), feature_count};
  files["golden.json"] = lab::golden_json(golden.values, feature_count, *booster->predict(golden));
  files["metrics.json"] = "{}\n";
  files["card.md"] = "# queue\n";
  lab::seal_bundle(files, {{"schema_hash", fmt::format("{:016x}", core::feature_schema_hash())},
                           {"feature_count", feature_count},
                           {"trained_at_ms", trained_at.ns / 1'000'000},
                           {"expires_at_ms", 0},
                           {"heads", Json::array({{{"name", "forward_return"},
                                                   {"horizon_ms", 20'000},
                                                   {"unit", "bps_of_mid"},
                                                   {"residual_bps", 0.0},
                                                   {"calibration_intercept_bps", 0.0},
                                                   {"calibration_slope", 1.0}}})}});
  io::files::BundleStore store{models};
  const auto hash = lab::content_hash(files);
  EXPECT_TRUE(store.put(hash, files));
  EXPECT_TRUE(shell::sign_model(models, hash));
  EXPECT_TRUE(store.set_alias("champion", hash));
  return hash;
}

struct Golden {
  std::string directory, journal, models;
  RunSeen run;
};

/// Records one in `directory`; the same seed gives the same bytes.
inline Golden record_golden(const TemporaryDirectory& directory) {
  Golden golden;
  golden.directory = directory / "golden";
  golden.journal = golden.directory + "/journal";
  golden.models = directory / "model_state/models";
  put_queue_model(golden.models);
  const auto made =
      run_mlbot(directory,
                {"backtest", "--hours", "0.2", "--warm-hours", "0.2", "--seed", "6", "--journal",
                 golden.directory, "--state-dir", directory / "model_state", "--set",
                 "decision.cooldown_ms=1000", "--set", "decision.max_orders_per_hour=1000", "-q"},
                {.name = "backtest"});
  EXPECT_EQ(made.exit_code, 0) << made.out << made.err;
  golden.run = see_run(golden.journal, false);
  return golden;
}

/// A state directory that knows the golden run's model.
inline std::string state_with_model(const TemporaryDirectory& directory, const std::string& name,
                                    const Golden& golden) {
  const auto state = directory / name;
  std::filesystem::create_directories(state);
  std::filesystem::create_directory_symlink(golden.models, state + "/models");
  return state;
}

/// True once the trade stage has decided as often as the golden run did.
inline bool decided_all(const std::string& state, const Golden& golden) {
  return see_run(state + "/trade/main/journal", true).decision_count >= golden.run.decision_count;
}

inline std::string logs_of(const std::string& state) {
  std::string out;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{state + "/logs", none})
    if (entry.path().extension() == ".log" && entry.path().stem() != "redis")
      out += entry.path().filename().string() + ":\n" + text_of(entry.path());
  return out;
}

}  // namespace mlbot::testing_support
