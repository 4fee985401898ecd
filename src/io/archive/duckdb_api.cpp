#include "io/archive/duckdb_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string_view>

namespace mlbot::io::archive {
namespace {

constexpr std::string_view remedy =
    "run tools/setup, or install libduckdb 1.4 or later where the system finds it";

Result<DuckdbApi, ArchiveError> load_first_found() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string beside = (program.parent_path().parent_path() / "lib" / "libduckdb.so").string();
  for (const std::string& path : {beside, std::string{MLBOT_DUCKDB_LIBRARY}})
    if (std::filesystem::exists(path, ignored)) return load_duckdb(path);
  return load_duckdb("libduckdb.so");
}

}  // namespace

Result<DuckdbApi, ArchiveError> load_duckdb(const std::string& path) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return std::unexpected{ArchiveError{ArchiveFault::no_library,
                                        fmt::format("no DuckDB library: {}; {}", ::dlerror(), remedy)}};
  DuckdbApi api;
  const char* missing = nullptr;
  const auto find = [&]<class Function>(Function& function, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    if (function == nullptr) missing = name;
  };
#define MLBOT_DUCKDB_FIND(name) find(api.name, "duckdb_" #name);
  MLBOT_DUCKDB_FUNCTIONS(MLBOT_DUCKDB_FIND)
#undef MLBOT_DUCKDB_FIND
  if (missing != nullptr) {
    ::dlclose(library);
    return std::unexpected{ArchiveError{ArchiveFault::no_library,
                                        fmt::format("{} has no function {}; {}", path, missing, remedy)}};
  }
  const std::string_view version = api.library_version();
  if (!version.starts_with("v1.")) {
    auto what =
        fmt::format("{} is DuckDB {}, this build needs 1.4 or a later 1.x; {}", path, version, remedy);
    ::dlclose(library);
    return std::unexpected{ArchiveError{ArchiveFault::no_library, std::move(what)}};
  }
  return api;
}

Result<const DuckdbApi*, ArchiveError> duckdb_api() {
  static const auto api = load_first_found();
  if (!api) return std::unexpected{api.error()};
  return &*api;
}

}  // namespace mlbot::io::archive
