// `mlbot data download`: files of the venue's public archives into a directory.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "io/clock/clock.h"
#include "io/net/links.h"
#include "shell/commands.h"
#include "shell/data/download.h"
#include "shell/data_wishes.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {
namespace {

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

/// "trades=https://mirror.example.com/bybit"
Result<ArchiveSources, std::string> sources_of(const std::vector<std::string>& texts) {
  ArchiveSources out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    const auto kind = std::ranges::find_if(
        archive_kinds, [&](ArchiveKind each) { return to_string(each) == text.substr(0, equals); });
    if (equals == text.npos || kind == archive_kinds.end())
      return std::unexpected{
          fmt::format("--source wants KIND=ORIGIN with a kind of {}, got \"{}\"", archive_kinds_help, text)};
    out.of(*kind) = text.substr(equals + 1);
    const auto url = io::net::parse_url(out.of(*kind));
    if (!url) return std::unexpected{url.error().what};
    if (url->scheme != "http" && url->scheme != "https")
      return std::unexpected{fmt::format("--source {}: an archive is read by https or http", text)};
  }
  return out;
}

/// One bar while a file is fetched, one while it is checked, one line for each that is not there.
class Show {
 public:
  explicit Show(const Console& console) : console_{console} {}

  void bytes(const std::string& label, std::uint64_t done, std::uint64_t total) {
    if (label != label_) {
      if (bar_) bar_->finish(megabytes(total_));
      bar_ = std::make_unique<ProgressBar>(console_, label_ = label, "MB");
    }
    total_ = total;
    bar_->at(static_cast<double>(done) / 1e6, static_cast<double>(total) / 1e6);
  }
  void file(const FileReport& report) {
    if (bar_ && report.outcome == FileOutcome::fetched) bar_->finish("whole");
    bar_.reset();
    label_.clear();
    if (!report.what.empty()) console_.note(fmt::format("{}: {}", report.label, report.what));
  }

 private:
  const Console& console_;
  std::string label_;
  std::uint64_t total_ = 0;
  std::unique_ptr<ProgressBar> bar_;
};

Json json_of(const DownloadReport& report, const std::string& directory) {
  Json files = Json::array();
  for (const auto& file : report.files) {
    files.push_back({{"file", file.file},
                     {"url", file.url},
                     {"outcome", to_string(file.outcome)},
                     {"bytes", file.bytes}});
    if (!file.what.empty()) files.back()["error"] = file.what;
  }
  Json out{{"schema_version", 1}, {"directory", directory}};
  for (const auto outcome : {FileOutcome::fetched, FileOutcome::was_whole, FileOutcome::not_published,
                             FileOutcome::damaged, FileOutcome::failed})
    out[std::string{to_string(outcome)}] = report.count(outcome);
  out["stopped_by"] = report.stop ? Json(report.stop->what) : Json(nullptr);
  out["files"] = std::move(files);
  return out;
}

}  // namespace

ExitCode data_download(const Console& console, const DownloadOptions& options) {
  if (const auto wrong = wrong_symbol(options.symbols)) return console.fail(ExitCode::usage, *wrong);
  const auto days = wanted_days(options.from, options.until);
  if (!days) return console.fail(ExitCode::usage, days.error());
  const auto kinds = wanted_kinds(options.kinds, archive_kinds, archive_kinds_help);
  if (!kinds) return console.fail(ExitCode::usage, kinds.error());
  const auto sources = sources_of(options.sources);
  if (!sources) return console.fail(ExitCode::usage, sources.error());
  auto manifest = Manifest::open(options.target);
  if (!manifest) return console.fail(ExitCode::data, manifest.error());

  const StopSignals signals;
  Show show{console};
  const FetchSettings settings{.seed = static_cast<std::uint64_t>(io::clock::now().ns)};
  const auto files = archive_files(options.symbols, *kinds, days->front(), days->back() + 24h, *sources);
  const auto report = download(files, *manifest, options.verify, settings,
                               {.on_bytes = [&](const std::string& label, std::uint64_t done,
                                                std::uint64_t total) { show.bytes(label, done, total); },
                                .on_file = [&](const FileReport& file) { show.file(file); },
                                .stopped = [&] { return signals.asked(); }});
  std::uint64_t bytes = 0;
  for (const auto& file : report.files)
    if (file.outcome == FileOutcome::fetched) bytes += file.bytes;
  if (console.json())
    console.print_json(json_of(report, options.target));
  else
    console.print(fmt::format(
        "{} of {} files fetched ({}), {} were there, {} not published, {} damaged, {} could not be had",
        report.count(FileOutcome::fetched), files.size(), megabytes(bytes),
        report.count(FileOutcome::was_whole), report.count(FileOutcome::not_published),
        report.count(FileOutcome::damaged), report.count(FileOutcome::failed)));
  if (report.stop) return console.fail(exit_code_of(report.stop->fault), report.stop->what);
  const bool all = report.count(FileOutcome::fetched) + report.count(FileOutcome::was_whole) == files.size();
  return all ? ExitCode::done : ExitCode::data;
}

}  // namespace mlbot::shell
