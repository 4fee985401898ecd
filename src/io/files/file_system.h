// The calls by which the journal writes, so that a test can let any of them fail.
//
// Every call gives 0, a file descriptor or a count, or minus the system's error number, and leaves errno out
// of it. Reading is not here: a reader that meets an error says so, whatever the error is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlbot::io::files {

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// @param flags  of open(2); O_CLOEXEC is added; a new file gets mode 0644.
  virtual int open(const std::string& path, int flags);
  virtual void close(int file);
  /// May write less than it was given, as pwrite(2) may.
  virtual std::int64_t write_at(int file, std::string_view bytes, std::uint64_t at);
  virtual int truncate(int file, std::uint64_t size);
  /// What was written so far survives a power cut once this returned 0. After an error nobody may believe a
  /// later success: the kernel may have dropped the pages.
  virtual int sync(int file);
  virtual int sync_directory(const std::string& path);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int remove(const std::string& path);
  /// Takes the space for `bytes` on the disk now.
  virtual int allocate(int file, std::uint64_t bytes);
};

/// The machine's own.
FileSystem& real_file_system();

/// All of `bytes`, in as many calls as it takes. @return 0 or minus the error number
int write_all(FileSystem& system, int file, std::string_view bytes, std::uint64_t at);

/// Temporary file beside it, sync, rename, sync of the directory. @return 0 or minus the error number; the
/// old file stands then
int replace_file(FileSystem& system, const std::string& directory, const std::string& name,
                 std::string_view bytes);

}  // namespace mlbot::io::files
