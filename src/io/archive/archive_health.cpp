// Whether a DuckDB file can be used, found out where it can do no harm, and what becomes of one that cannot.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "io/archive/archive_schema.h"
#include "io/archive/archive_views.h"
#include "io/archive/data_archiver.h"

namespace mlbot::io::archive {
namespace {

constexpr unsigned probe_seconds_max = 300;
constexpr std::uint64_t rows_looked_at = 20'000;  ///< of each table, its last

/// What the child says by its exit code.
enum class Verdict : int { sound = 0, damaged = 3, unknown = 4 };

Verdict look_at(const std::string& path) {
  const auto verdict_of = [](const ArchiveError& error) {
    switch (error.fault) {
      case ArchiveFault::locked:
      case ArchiveFault::no_library:
      case ArchiveFault::disk_full:
      case ArchiveFault::no_memory:
        return Verdict::unknown;
      default:
        return Verdict::damaged;
    }
  };
  auto opened = Database::open(path, Access::read_write);
  if (!opened) return verdict_of(opened.error());
  // Never closed: that would fold the write-ahead file in, which takes seconds, and is the owner's to do.
  Database* const database = opened->release();
  auto tables = database->ask(
      "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'", 10'000);
  if (!tables) return verdict_of(tables.error());
  for (const auto& row : tables->rows) {
    const auto name = cell_text(row[0]);
    const auto last = database->ask_count(fmt::format("SELECT max(rowid) FROM \"{}\"", name));
    if (!last) return verdict_of(last.error());
    const auto read = database->ask(fmt::format("SELECT sum(hash(COLUMNS(*))) FROM \"{}\" WHERE rowid >= {}",
                                                name, *last > rows_looked_at ? *last - rows_looked_at : 0),
                                    1);
    if (!read) return verdict_of(read.error());
  }
  return Verdict::sound;
}

}  // namespace

Result<void, ArchiveError> probe(const std::string& path) {
  if (const auto api = duckdb_api(); !api) return std::unexpected{api.error()};
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  const pid_t child = ::fork();
  if (child < 0)
    return std::unexpected{
        ArchiveError{ArchiveFault::sql, fmt::format("cannot look at {}: {}", path, std::strerror(errno))}};
  if (child == 0) {
    // Nothing of the parent's is held on to, and nothing outlives it: its locks and ports must be free at
    // once.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close_range(3, ~0U, 0);
    ::alarm(probe_seconds_max);
    if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0)
      ::dup2(nowhere, STDERR_FILENO);
    ::_exit(static_cast<int>(look_at(path)));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) != static_cast<int>(Verdict::damaged)) return {};
  return std::unexpected{ArchiveError{
      ArchiveFault::damaged, WIFEXITED(status)
                                 ? fmt::format("{} does not read back", path)
                                 : fmt::format("{} made DuckDB die with signal {}", path, WTERMSIG(status))}};
}

namespace {
/// Nothing when there is nothing.
Result<void, ArchiveError> move_aside(const std::string& from, const std::string& to) {
  std::error_code failed;
  if (!std::filesystem::exists(from, failed)) return {};
  std::filesystem::rename(from, to, failed);
  if (!failed) return {};
  return std::unexpected{
      ArchiveError{ArchiveFault::sql, fmt::format("cannot move {} aside: {}", from, failed.message())}};
}
}  // namespace

Result<std::string, ArchiveError> set_aside(const std::string& path) {
  namespace fs = std::filesystem;
  const auto directory = parquet_directory(path);
  std::error_code failed;
  std::string ending = ".of_another_journal";
  for (int number = 2; fs::exists(path + ending, failed) || fs::exists(directory + ending, failed); ++number)
    ending = fmt::format(".of_another_journal_{}", number);
  for (const auto& [from, to] : {std::pair{path, path + ending},
                                 {path + ".wal", path + ending + ".wal"},
                                 {directory, directory + ending}})
    if (auto moved = move_aside(from, to); !moved) return std::unexpected{moved.error()};
  return path + ending;
}

Result<std::string, ArchiveError> quarantine(const std::string& path) {
  const std::string aside = path + ".damaged";
  std::error_code failed;
  for (const std::string_view ending : {"", ".wal"}) {
    const auto to = aside + std::string{ending};
    std::filesystem::remove(to, failed);
    if (auto moved = move_aside(path + std::string{ending}, to); !moved)
      return std::unexpected{moved.error()};
  }
  return aside;
}

}  // namespace mlbot::io::archive
