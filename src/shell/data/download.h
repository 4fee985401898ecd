// `mlbot data download` without its command line: files of the public archives into a directory, each
// fetched, checked whole, named, and noted in the manifest.
//
// Checked means: as many bytes as announced, inflated to its end with every CRC and size inside right. What
// does not pass is thrown away and fetched once more, then given up and told; the others go on. A file that
// is not published is told and asked for again next time. What stops the whole: a server that refuses us, a
// network that stays away, a disk that refuses, and the wish to stop. Nothing that was fetched is lost by any
// of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shell/data/archive_files.h"
#include "shell/data/http_fetch.h"
#include "shell/data/manifest.h"

namespace mlbot::shell {

enum class FileOutcome : std::uint8_t { fetched, was_whole, not_published, damaged, failed };
std::string_view to_string(FileOutcome outcome);

struct FileReport {
  std::string label, file, url;  ///< of the place that counts, or was tried last
  FileOutcome outcome = FileOutcome::failed;
  std::uint64_t bytes = 0;
  std::string what;  ///< why it is not there; "" when it is
};

struct DownloadReport {
  std::vector<FileReport> files;  ///< in order, up to what stopped it
  std::optional<FetchError> stop;
  std::size_t count(FileOutcome outcome) const;
};

struct DownloadWatch {
  /// Bytes done of how many, while a file is fetched and again while it is checked.
  std::function<void(const std::string& label, std::uint64_t done, std::uint64_t total)> on_bytes;
  std::function<void(const FileReport&)> on_file;
  std::function<bool()> stopped;
};

/// @param verify  compute the checksum of what is there already; what differs is fetched again
DownloadReport download(const std::vector<ArchiveFile>& files, Manifest& manifest, bool verify,
                        const FetchSettings& settings, const DownloadWatch& watch);

}  // namespace mlbot::shell
