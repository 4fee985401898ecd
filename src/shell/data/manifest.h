// manifest.json of a data directory: which files are there, where they came from, and what they must be.
//
// A file stands in it only once it was checked and has its final name. Written anew, atomically, after each
// file. The directory belongs to one process at a time: a lock on `.lock` in it, freed by the system when the
// process ends.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/files/file_lock.h"

namespace mlbot::shell {

/// Rows that should be there and are not.
struct DataGap {
  Instant from;  ///< of the first row that is missing
  std::int64_t rows = 0;
  bool operator==(const DataGap&) const = default;
};

/// What a file of one day holds; absent for files of the archives.
struct DayRows {
  std::int64_t rows = 0;
  bool over = false;  ///< the day had ended when it was asked for
  std::vector<DataGap> gaps;
  bool operator==(const DayRows&) const = default;
};

struct ManifestEntry {
  std::string url;
  std::uint64_t bytes = 0;
  std::string sha256;
  std::string etag;  ///< "" where the server gave none
  Instant fetched_at;
  std::optional<DayRows> day;
};

class Manifest {
 public:
  /// Takes the directory, which is made when it is missing, and reads its manifest.
  /// @return an error text: another process works here, the manifest is damaged, the disk refuses
  static Result<Manifest, std::string> open(const std::string& directory);
  Manifest(Manifest&&) noexcept = default;
  Manifest& operator=(Manifest&&) = delete;

  const std::string& directory() const { return directory_; }
  /// The path of a file of this directory.
  std::string path_of(const std::string& file) const { return directory_ + "/" + file; }
  const std::map<std::string, ManifestEntry>& entries() const { return entries_; }
  /// The entry of a file that is there in its full size; with `verify` also with its checksum. Null
  /// otherwise.
  const ManifestEntry* find_whole(const std::string& file, bool verify) const;
  /// Notes a file, named from the directory on, and writes the manifest.
  Result<void, std::string> put(const std::string& file, ManifestEntry entry);

 private:
  Manifest(std::string directory, io::files::FileLock lock)
      : directory_{std::move(directory)}, lock_{std::move(lock)} {}
  Result<void, std::string> read();

  std::string directory_;
  io::files::FileLock lock_;
  std::map<std::string, ManifestEntry> entries_;
};

/// SHA-256 of a file in hexadecimal digits.
/// @return an error text that names the file
Result<std::string, std::string> sha256_of_file(const std::string& path);

}  // namespace mlbot::shell
