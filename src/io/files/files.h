// Small files, read whole and replaced whole. A reader sees the old bytes or the new ones, also after a power
// cut.
//
// Every failure names the path and the remedy. No file is kept open, nothing is cached.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mlbot::io::files {

enum class FileFault : std::uint8_t { not_found, denied, no_space, too_large, bad_name, failed };
struct FileError {
  FileFault fault;
  std::string what;  ///< names the path and the remedy
};

/// Puts the system's reason for a failed call on `path` into words.
FileError file_error(int error_number, std::string_view doing, const std::filesystem::path& path);

inline constexpr std::uint64_t file_bytes_max = 256ULL << 20;

/// The whole file.
/// @error too_large  more than `bytes_max`.
Result<std::string, FileError> read_file(const std::filesystem::path& path,
                                         std::uint64_t bytes_max = file_bytes_max);

/// Temporary file beside it, fsync, rename, fsync of the directory. Makes missing parent directories.
Result<void, FileError> write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Flushes a directory, so that what was renamed into it stays.
Result<void, FileError> sync_directory(const std::filesystem::path& path);

Result<void, FileError> make_directories(const std::filesystem::path& path);

/// Bytes that we may still write where `path` lies; the path need not exist yet.
Result<std::uint64_t, FileError> free_space(const std::filesystem::path& path);

}  // namespace mlbot::io::files
