// `mlbot train`: the market of a journal to a checked bundle, with a report to look at.
#include <fmt/format.h>

#include "io/clock/clock.h"
#include "shell/commands.h"
#include "shell/stage_progress.h"
#include "shell/state_directory.h"
#include "shell/training.h"

namespace mlbot::shell {

ExitCode train(const Console& console, const DynamicSystemConfig& config, const TrainOptions& options) {
  const auto& settings = config.current();
  const StateDirectory state{settings.state_dir};
  const auto journal = options.journal.empty() ? state.journal() : options.journal;
  const auto summary = summarise_journal(journal);
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  TrainingRequest request{
      .journal = journal, .models = state.models(), .instruments = summary->instruments, .range = {}};
  for (std::size_t i = 0; i < request.instruments.size(); ++i)
    request.instruments[i].id = {static_cast<std::uint16_t>(i)};
  if (options.hours > 0)
    request.range.until_at = summary->first_at + Duration{static_cast<std::int64_t>(options.hours * 3.6e12)};
  request.horizon =
      std::chrono::milliseconds{options.horizon_ms > 0 ? options.horizon_ms : settings.model_horizon_ms};
  request.rounds = options.rounds;
  request.max_age = settings.model_max_age_days * Duration{24h};
  request.trained_at = io::clock::now();
  request.alias = options.promote ? settings.model_alias : "";
  request.report = options.report;
  request.allow_gaps = options.allow_gaps;

  StageProgress progress{console};
  const auto outcome = train_model(
      request, [&](const std::string& stage, double done, double total) { progress.at(stage, done, total); });
  progress.finish(outcome ? "done" : "stopped");
  if (!outcome) return console.fail(ExitCode::model, outcome.error().what);
  if (console.json()) {
    console.print_json({{"schema_version", 1},
                        {"hash", outcome->content_hash},
                        {"rows", outcome->rows},
                        {"metrics", outcome->metrics},
                        {"report", outcome->report}});
    return ExitCode::done;
  }
  console.print(fmt::format("bundle {} from {} rows", outcome->content_hash,
                            grouped(static_cast<std::int64_t>(outcome->rows))));
  console.print("report " + outcome->report);
  if (!request.alias.empty())
    console.print(fmt::format("{} points at it; `mlbot model show` prints its card", request.alias));
  return ExitCode::done;
}

}  // namespace mlbot::shell
