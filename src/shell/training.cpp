#include "shell/training.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "io/files/bundle_store.h"
#include "lab/train.h"
#include "shell/certificates.h"
#include "shell/model_trust.h"

namespace mlbot::shell {
namespace {

struct DatasetSink {
  lab::DatasetBuilder& builder;
  const std::function<void(double)>& progress;
  std::uint64_t events = 0;
  void take(const Stamped&, const Outbox& out) {
    for (const auto& frame : out.frames) builder.take(frame);
    if (++events % 4096 == 0) progress(0);
  }
};

/// The archive beside the journal says, hour by hour, whether anything is missing.
Result<void, StartError> require_certificates(
    const TrainingRequest& request, const std::function<void(const std::string&, double, double)>& progress) {
  std::vector<std::string> symbols;
  for (const auto& instrument : request.instruments) symbols.push_back(instrument.name.str());
  auto unclean = unclean_hours({std::filesystem::path{request.journal}.parent_path().string()}, symbols,
                               request.range.from_at, request.range.until_at, [&](double done, double total) {
                                 progress("certificates of the recorded hours, MB", done / 1e6, total / 1e6);
                                 return true;
                               });
  if (!unclean) return std::unexpected{StartError{ExitCode::data, "archive: " + unclean.error()}};
  if (unclean->empty()) return {};
  return std::unexpected{StartError{
      ExitCode::model,
      fmt::format("{} of the hours to train on have no clean certificate, {}: {}; `mlbot data gaps` shows "
                  "them, `mlbot data "
                  "backfill --gaps` fetches what is missing, --allow-gaps trains on them as they are",
                  unclean->size(), to_rfc3339(unclean->front().hour), unclean->front().why)}};
}

std::unexpected<StartError> fail(ExitCode code, std::string what) {
  return std::unexpected{StartError{code, std::move(what)}};
}

}  // namespace

Result<TrainingOutcome, StartError> train_model(
    const TrainingRequest& request, const std::function<void(const std::string&, double, double)>& progress) {
  if (!request.allow_gaps)
    if (const auto certified = require_certificates(request, progress); !certified)
      return std::unexpected{certified.error()};
  auto market = JournalMarket::open(request.journal, request.instruments, request.range);
  if (!market) return fail(ExitCode::data, market.error().what);
  lab::DatasetBuilder builder{{.horizon = request.horizon}};
  for (const auto& instrument : request.instruments) builder.define(instrument.id, instrument.name);
  Opening opening{.run = {.mode = Mode::shadow,
                          .epoch = 1,
                          .account = "training",
                          .model = {},
                          .schema_hash = core::feature_schema_hash()},
                  .instruments = request.instruments,
                  .risk = {},
                  .decision = {},
                  .traded = {}};
  HistorySource source{std::move(opening), [&] { return market->next(); }};
  core::Core core{{}};
  const std::function<void(double)> tell = [&](double) {
    progress("features of the recorded market, MB", static_cast<double>(market->bytes_read()) / 1e6,
             static_cast<double>(market->bytes_total()) / 1e6);
  };
  DatasetSink sink{builder, tell};
  core::drive(core, source, sink);
  if (!market->error().empty()) return fail(ExitCode::data, market->error());
  const auto dataset = builder.finish();

  auto settings = lab::settings_for_catalogue();
  if (request.rounds > 0) settings.booster.rounds = request.rounds;
  settings.trained_at = request.trained_at;
  settings.expires_after = request.max_age;
  const auto training = lab::train(dataset, settings, [&](const lab::Progress& stage) {
    progress(fmt::format("training: {}, steps", stage.stage), stage.done, stage.total);
    return lab::Proceed::yes;
  });
  if (!training) return fail(ExitCode::model, training.error().what);

  io::files::BundleStore store{request.models};
  if (auto kept = store.put(training->content_hash, training->files); !kept)
    return fail(ExitCode::data, kept.error().what);
  if (auto ours = sign_model(request.models, training->content_hash); !ours)
    return fail(ExitCode::data, ours.error().what);
  if (!request.alias.empty())
    if (auto moved = store.set_alias(request.alias, training->content_hash); !moved)
      return fail(ExitCode::data, moved.error().what);
  // Beside the bundle, not in it: the content hash is over what the core needs, not over pictures of it.
  const auto report = request.report.empty() ? request.models + "/reports/" + training->content_hash + ".html"
                                             : request.report;
  if (auto written = io::files::write_file_atomically(report, lab::training_report_html(*training)); !written)
    return fail(ExitCode::data, written.error().what);
  return TrainingOutcome{training->content_hash, training->rows, lab::metrics_json(*training), report};
}

}  // namespace mlbot::shell
