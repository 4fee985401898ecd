// `mlbot features verify`: every row over a generated day: how often it is missing or clamped, how it is
// spread, and whether it is alive.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "core/features/feature_hub.h"
#include "core/market_stage.h"
#include "shell/features_verify.h"
#include "shell/generated_history.h"
#include "shell/history_source.h"

namespace mlbot::shell {
namespace {

/// A fixed Monday at noon: the day must not depend on when it is looked at, and New York opens in it.
constexpr Instant day_start = Instant::from_seconds(1'767'614'400);  // 2026-01-05T12:00:00Z
/// The venue's REST answers with the candles of this time before.
constexpr Duration candle_history = 6h;
constexpr std::size_t kept_max = 40'000;
constexpr std::array<double, 5> quantiles{0.01, 0.25, 0.5, 0.75, 0.99};

/// One row over all frames; for quantiles at most 40 000 values, every n-th, are kept.
class RowSurvey {
 public:
  void take(bool valid, double value) {
    if (!valid) {
      ++missing_;
      return;
    }
    lowest_ = std::min(lowest_, value);
    highest_ = std::max(highest_, value);
    if (defined_++ % stride_ != 0) return;
    kept_.push_back(value);
    if (kept_.size() < kept_max) return;
    for (std::size_t i = 0; i < kept_.size() / 2; ++i) kept_[i] = kept_[2 * i];
    kept_.resize(kept_.size() / 2);
    stride_ *= 2;
  }
  void finish() {
    std::sort(kept_.begin(), kept_.end());
    for (std::size_t i = 0; i < kept_.size(); ++i) distinct_ += i == 0 || kept_[i] != kept_[i - 1];
  }
  std::uint64_t defined() const { return defined_; }
  std::uint64_t missing() const { return missing_; }
  double lowest() const { return lowest_; }
  double highest() const { return highest_; }
  std::size_t distinct() const { return distinct_; }
  double quantile(double share) const {
    if (kept_.empty()) return std::numeric_limits<double>::quiet_NaN();
    return kept_[static_cast<std::size_t>(share * static_cast<double>(kept_.size() - 1))];
  }

 private:
  std::uint64_t defined_ = 0, missing_ = 0, stride_ = 1;
  double lowest_ = std::numeric_limits<double>::infinity(), highest_ = -lowest_;
  std::vector<double> kept_;
  std::size_t distinct_ = 0;
};

std::string short_number(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }
Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace

ExitCode verify_generated_day(const Console& console, const FeatureVerifyOptions& options) {
  const Duration length{static_cast<std::int64_t>(options.hours * 3.6e12)};
  auto choice = choose_market("generated", options.seed, day_start - candle_history);
  if (!choice) return console.fail(ExitCode::data, choice.error().what);
  GeneratedHistory history{std::move(*choice), options.seed, day_start, day_start + length};
  Opening opening{.run = {.mode = Mode::shadow,
                          .epoch = 1,
                          .account = "verify",
                          .model = {},
                          .schema_hash = core::feature_schema_hash()},
                  .instruments = history.instruments(),
                  .risk = {},
                  .decision = {},
                  .traded = {}};
  HistorySource source{std::move(opening), [&] { return history.next(); }};

  core::MarketStage stage{core::CoreSetup{}.book_depth};
  std::vector<RowSurvey> rows(feature_count);
  std::uint64_t frames = 0;
  ProgressBar progress{console, "features of a generated day", "market minutes"};
  Outbox out;
  bool started = false;
  while (const Stamped* event = source.next(stage.next_second())) {
    if (!std::exchange(started, true)) stage.start(event->at);
    out.clear();
    stage.step(*event, out);
    for (const auto& frame : out.frames)
      for (std::size_t i = 0; i < feature_count; ++i) rows[i].take(frame.valid(i), frame.values[i]);
    frames += out.frames.size();
    progress.at(static_cast<double>((event->at - day_start) / 1min), static_cast<double>(length / 1min));
  }
  progress.finish(fmt::format("{} frames", grouped(static_cast<std::int64_t>(frames))));

  std::vector<std::string> headings{"id", "feature", "missing", "clamped", "min"};
  for (const double share : quantiles) headings.push_back(fmt::format("{:.0f} %", 100 * share));
  headings.insert(headings.end(), {"max", "distinct", "verdict"});
  std::vector<std::vector<std::string>> table;
  Json list = Json::array();
  std::vector<std::string> faults;
  for (const auto& spec : core::feature_catalogue()) {
    RowSurvey& row = rows[spec.id - 1u];
    row.finish();
    const double missing = frames == 0 ? 1 : static_cast<double>(row.missing()) / static_cast<double>(frames);
    const double clamped = row.defined() == 0
                               ? 0
                               : static_cast<double>(stage.features().clamp_hits()[spec.id - 1u]) /
                                     static_cast<double>(row.defined());
    std::string verdict = "ok";
    if (row.defined() == 0)
      verdict = "never valid";
    else if (row.distinct() < 2)
      verdict = "constant";
    else if (clamped > options.clamp_share_max)
      verdict = fmt::format("clamped in {:.1f} % of frames", 100 * clamped);
    if (verdict != "ok") faults.push_back(fmt::format("{} (row {}): {}", spec.name, spec.id, verdict));
    std::vector<std::string> line{std::to_string(spec.id), std::string{spec.name},
                                  fmt::format("{:.2f} %", 100 * missing),
                                  fmt::format("{:.2f} %", 100 * clamped), short_number(row.lowest())};
    Json spread = Json::object();
    for (const double share : quantiles) {
      line.push_back(short_number(row.quantile(share)));
      spread[fmt::format("{:.0f}", 100 * share)] = json_number(row.quantile(share));
    }
    line.insert(line.end(), {short_number(row.highest()), std::to_string(row.distinct()), verdict});
    table.push_back(std::move(line));
    list.push_back({{"id", spec.id},
                    {"name", spec.name},
                    {"missing_share", missing},
                    {"clamp_share", clamped},
                    {"min", json_number(row.lowest())},
                    {"quantiles", spread},
                    {"max", json_number(row.highest())},
                    {"distinct", row.distinct()},
                    {"verdict", verdict}});
  }
  if (console.json())
    console.print_json({{"schema_version", 1},
                        {"seed", options.seed},
                        {"hours", options.hours},
                        {"frames", frames},
                        {"rows", list},
                        {"faults", faults}});
  else
    console.table(headings, table);
  if (!faults.empty())
    return console.fail(ExitCode::validation, fmt::format("{} of {} rows fail: {}", faults.size(),
                                                          feature_count, fmt::join(faults, "; ")));
  if (!console.json())
    console.print(fmt::format("all {} rows are alive and inside their ranges over {} frames", feature_count,
                              grouped(static_cast<std::int64_t>(frames))));
  return ExitCode::done;
}

}  // namespace mlbot::shell
