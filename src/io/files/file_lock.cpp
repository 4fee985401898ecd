#include "io/files/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace mlbot::io::files {

bool FileLockError::held() const { return error_number == EWOULDBLOCK; }

FileLock::FileLock(FileLock&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}
FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

int FileLock::release() { return std::exchange(file_, -1); }

Result<FileLock, FileLockError> FileLock::take(const std::string& path, mode_t mode) {
  FileLock lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode)};
  if (lock.file_ < 0) return std::unexpected{FileLockError{errno, {}}};
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    const int failed = errno;
    std::array<char, 32> holder{};
    const ssize_t size = ::pread(lock.file_, holder.data(), holder.size(), 0);
    return std::unexpected{
        FileLockError{failed, size > 0 ? std::string{holder.data(), static_cast<std::size_t>(size)}
                                       : std::string{"(unknown)"}}};
  }
  const std::string owner = std::to_string(::getpid());
  if (::ftruncate(lock.file_, 0) != 0 ||
      ::pwrite(lock.file_, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size()))
    return std::unexpected{FileLockError{errno != 0 ? errno : EIO, {}}};
  return lock;
}

}  // namespace mlbot::io::files
