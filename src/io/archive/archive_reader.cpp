#include "io/archive/archive_reader.h"

#include <fmt/format.h>

#include <filesystem>

#include "io/archive/archive_views.h"
#include "io/archive/database.h"
#include "io/archive/query_server.h"

namespace mlbot::io::archive {
namespace {

constexpr std::size_t reader_memory_mb_max = 2048;

/// A file of an older build has other tables; then only its own names can be asked for.
Result<QueryTable, ArchiveError> ask_file(const std::string& path, const std::string& sql,
                                          const QueryLimits& limits) {
  const auto directory = std::filesystem::absolute(parquet_directory(path)).string();
  const auto database = Database::open(
      path, Access::read_only, {.threads = 2, .memory_mb_max = reader_memory_mb_max, .directory = directory});
  if (!database) return std::unexpected{database.error()};
  const auto ours = (*database)->ask_count(
      "SELECT count(*) FROM information_schema.tables WHERE table_name = 'hot_events'");
  if (!ours) return std::unexpected{ours.error()};
  auto connection = (*database)->connect();
  if (!connection) return std::unexpected{connection.error()};
  // The views in the file name the place where its owner had it; it may have been moved since.
  if (*ours > 0)
    if (auto made = make_views(
            **connection,
            {.directory = directory, .in_parquet = kinds_in_parquet(directory), .temporary = true});
        !made)
      return std::unexpected{made.error()};
  return (*connection)->ask_reading(sql, limits);
}

Result<QueryTable, ArchiveError> ask_parquet(const std::string& directory, const std::string& sql,
                                             const QueryLimits& limits) {
  const auto database =
      Database::open(":memory:", Access::read_write,
                     {.threads = 2, .memory_mb_max = reader_memory_mb_max, .directory = directory});
  if (!database) return std::unexpected{database.error()};
  auto connection = (*database)->connect();
  if (!connection) return std::unexpected{connection.error()};
  if (auto made = make_views(
          **connection, {.directory = directory, .file = false, .in_parquet = kinds_in_parquet(directory)});
      !made)
    return std::unexpected{made.error()};
  return (*connection)->ask_reading(sql, limits);
}

}  // namespace

Result<QueryTable, ArchiveError> query(const std::string& path, const std::string& sql,
                                       const QueryLimits& limits) {
  return ask_file(path, sql, limits);
}

Result<ArchiveAnswer, ArchiveError> ask_archive(const ArchivePlaces& places, const std::string& sql,
                                                const QueryLimits& limits) {
  const auto told = [](AskedOf asked,
                       Result<QueryTable, ArchiveError> table) -> Result<ArchiveAnswer, ArchiveError> {
    if (!table) return std::unexpected{table.error()};
    return ArchiveAnswer{asked, std::move(*table)};
  };
  if (!places.socket.empty()) {
    auto answer = ask_owner(places.socket, sql, limits);
    if (answer || answer.error().fault != ArchiveFault::no_owner)
      return told(AskedOf::owner, std::move(answer));
  }
  auto answer = ask_file(places.file, sql, limits);
  const bool lost = !answer && (answer.error().fault == ArchiveFault::not_found ||
                                answer.error().fault == ArchiveFault::damaged ||
                                answer.error().fault == ArchiveFault::locked);
  const auto directory = std::filesystem::absolute(parquet_directory(places.file)).string();
  if (lost && !kinds_in_parquet(directory).empty())
    return told(AskedOf::parquet, ask_parquet(directory, sql, limits));
  return told(AskedOf::file, std::move(answer));
}

}  // namespace mlbot::io::archive
