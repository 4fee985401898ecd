// A file that the system holds for one living process: whoever has it works alone in the place that it stands
// for. Freed by the system however the process ends. The file stays; it says in digits which process has it.
//
// Advisory: it keeps out those who ask. Not inherited by programs that the process starts.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace mlbot::io::files {

struct FileLockError {
  int error_number = 0;  ///< EWOULDBLOCK: another process has it
  std::string holder;  ///< its process number, where another one has it; "(unknown)" in the moment of taking
  bool held() const;
};

class FileLock {
 public:
  FileLock() = default;
  /// At once or not at all. Makes the file when it is missing.
  static Result<FileLock, FileLockError> take(const std::string& path, mode_t mode = 0644);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();
  /// The open file, whose closing frees the lock, for an owner who keeps it by its number.
  int release();

 private:
  explicit FileLock(int file) : file_{file} {}
  int file_ = -1;
};

}  // namespace mlbot::io::files
