#include "io/journal/quarantine.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/digest.h"
#include "base/json.h"
#include "io/files/files.h"

namespace mlbot::io::journal {

std::string set_aside(files::FileSystem& system, const std::string& directory, const std::string& name,
                      std::string_view bytes, const std::string& why, const std::vector<Damage>& damage) {
  const std::string folder = directory + "/quarantine";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::size_t files = 0;
  for (std::filesystem::directory_iterator at{folder, error};
       !error && at != std::filesystem::directory_iterator{}; at.increment(error))
    ++files;
  const std::string kept = fmt::format("{}-{:016x}", name, xxh64(bytes));
  if (!error && std::filesystem::exists(folder + "/" + kept)) return fmt::format("{}/{}", folder, kept);
  if (error || files >= 2 * quarantine_files_max)
    return fmt::format("nothing: {} {}", folder, error ? "cannot be used" : "is full; empty it");
  Json list = Json::array();
  for (const auto& hole : damage)
    list.push_back({{"offset", hole.offset},
                    {"bytes", hole.bytes},
                    {"after_sequence", hole.after.number},
                    {"before_sequence", hole.before.number}});
  const Json report{
      {"schema_version", 1}, {"from", name}, {"bytes", bytes.size()}, {"why", why}, {"damage", list}};
  // Not synced: what it copies is still in its place.
  const auto write = [&](const std::string& file_name, std::string_view text) {
    const int file = system.open(folder + "/" + file_name, O_WRONLY | O_CREAT | O_TRUNC);
    if (file < 0) return file;
    const int failed = files::write_all(system, file, text, 0);
    system.close(file);
    return failed;
  };
  int failed = write(kept, bytes);
  if (failed == 0) failed = write(kept + ".report.json", report.dump(2) + "\n");
  if (failed != 0) return "nothing: " + io_error(-failed, "write", folder + "/" + kept).what;
  return fmt::format("{}/{}", folder, kept);
}

std::string set_aside_segment(files::FileSystem& system, const std::string& directory,
                              const std::string& path, const std::vector<Damage>& damage) {
  const auto bytes = files::read_file(path);
  if (!bytes) return "nothing: " + bytes.error().what;
  return set_aside(system, directory, std::filesystem::path{path}.filename().string(), *bytes,
                   "bytes inside the segment are no record", damage);
}

}  // namespace mlbot::io::journal
