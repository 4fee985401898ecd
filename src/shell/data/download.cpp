#include "shell/data/download.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/clock/clock.h"

namespace mlbot::shell {
namespace {

constexpr int fetches_max = 2;  ///< of a file that turns out damaged
constexpr std::size_t check_bytes = 1 << 20;

/// Inflates it to its end. @return why it is not whole; nothing when it is, or when asked to stop
std::optional<std::string> damage_of(const std::string& path, io::archive::FileForm form,
                                     const std::function<bool(std::uint64_t)>& goes_on) {
  auto file = io::archive::CompressedFile::open(path);
  if (!file) return file.error();
  if (file->form() != form)
    return fmt::format("it is no {} file", form == io::archive::FileForm::zip ? "zip" : "gzip");
  std::string content(check_bytes, '\0');
  while (goes_on(file->bytes_read())) {
    const auto got = file->read(content.data(), content.size());
    if (!got) return got.error();
    if (*got != 0) continue;
    if (file->whole()) return std::nullopt;
    return "it ends inside its data, or something else follows them";
  }
  return std::nullopt;
}

class Download {
 public:
  Download(Manifest& manifest, bool verify, const FetchSettings& settings, const DownloadWatch& watch)
      : manifest_{manifest}, verify_{verify}, watch_{watch}, fetch_{loop_, settings, watch.stopped} {}

  /// One file from the first place that has it.
  Result<FileReport, FetchError> get(const ArchiveFile& wanted) {
    FileReport report{.label = wanted.label};
    for (const auto& place : wanted.places) {
      report.file = place.file;
      report.url = place.url;
      if (const auto* known = manifest_.find_whole(place.file, verify_); known != nullptr) {
        report.outcome = FileOutcome::was_whole;
        report.bytes = known->bytes;
        return report;
      }
    }
    for (const auto& place : wanted.places) {
      report.file = place.file;
      report.url = place.url;
      if (auto gone = get_from(place, wanted.form, report); !gone) return std::unexpected{gone.error()};
      if (report.outcome != FileOutcome::not_published) break;
    }
    return report;
  }

 private:
  Result<void, FetchError> get_from(const ArchiveFile::Place& place, io::archive::FileForm form,
                                    FileReport& report) {
    const auto path = manifest_.path_of(place.file);
    for (int fetches = 0; fetches < fetches_max; ++fetches) {
      auto fetched = fetch_.fetch(place.url, path, [&](std::uint64_t done, std::uint64_t total) {
        watch_.on_bytes(report.label, done, total);
      });
      if (!fetched) return judge(fetched.error(), path, report);
      report.bytes = fetched->bytes;
      const auto damage = damage_of(path + ".part", form, [&](std::uint64_t done) {
        watch_.on_bytes(report.label + " (checking)", done, fetched->bytes);
        return !watch_.stopped();
      });
      if (watch_.stopped())
        return std::unexpected{
            FetchError{FetchFault::interrupted, place.url + ": interrupted; run it again and it is checked"}};
      if (!damage) return note(place, *fetched, report);
      HttpFetch::discard(path);
      report.outcome = FileOutcome::damaged;
      report.what =
          fmt::format("{}: fetched {} times and damaged each time: {}", place.url, fetches_max, *damage);
    }
    return {};
  }

  /// Some errors concern one file; the others end the download.
  static Result<void, FetchError> judge(const FetchError& error, const std::string& path,
                                        FileReport& report) {
    if (error.fault != FetchFault::not_published && error.fault != FetchFault::protocol)
      return std::unexpected{error};
    HttpFetch::discard(path);
    report.outcome =
        error.fault == FetchFault::not_published ? FileOutcome::not_published : FileOutcome::failed;
    report.what = error.what;
    return {};
  }

  Result<void, FetchError> note(const ArchiveFile::Place& place, const Fetched& fetched, FileReport& report) {
    const auto path = manifest_.path_of(place.file);
    auto digest = sha256_of_file(path + ".part");
    if (!digest) return std::unexpected{FetchError{FetchFault::disk, digest.error()}};
    if (auto kept = HttpFetch::keep(path); !kept) return kept;
    const auto noted = manifest_.put(place.file, {.url = place.url,
                                                  .bytes = fetched.bytes,
                                                  .sha256 = std::move(*digest),
                                                  .etag = fetched.etag,
                                                  .fetched_at = io::clock::now(),
                                                  .day = std::nullopt});
    if (!noted) return std::unexpected{FetchError{FetchFault::disk, noted.error()}};
    report.outcome = FileOutcome::fetched;
    report.what.clear();
    return {};
  }

  Manifest& manifest_;
  bool verify_;
  const DownloadWatch& watch_;
  io::net::EventLoop loop_;
  HttpFetch fetch_;
};

}  // namespace

std::string_view to_string(FileOutcome outcome) {
  static constexpr std::string_view names[] = {"fetched", "whole", "not_published", "damaged", "failed"};
  return names[static_cast<std::size_t>(outcome)];
}

std::size_t DownloadReport::count(FileOutcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(files, outcome, &FileReport::outcome));
}

DownloadReport download(const std::vector<ArchiveFile>& files, Manifest& manifest, bool verify,
                        const FetchSettings& settings, const DownloadWatch& watch) {
  Download work{manifest, verify, settings, watch};
  DownloadReport out;
  for (const auto& wanted : files) {
    auto report = work.get(wanted);
    if (!report) {
      out.stop = report.error();
      return out;
    }
    watch.on_file(*report);
    out.files.push_back(std::move(*report));
  }
  return out;
}

}  // namespace mlbot::shell
