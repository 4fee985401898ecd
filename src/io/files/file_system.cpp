#include "io/files/file_system.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mlbot::io::files {
namespace {

int told(int result) { return result < 0 ? -errno : result; }

}  // namespace

int FileSystem::open(const std::string& path, int flags) {
  return told(::open(path.c_str(), flags | O_CLOEXEC, 0644));
}
void FileSystem::close(int file) { ::close(file); }

std::int64_t FileSystem::write_at(int file, std::string_view bytes, std::uint64_t at) {
  for (;;) {
    const ssize_t wrote = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (wrote >= 0) return wrote;
    if (errno != EINTR) return -errno;
  }
}

int FileSystem::truncate(int file, std::uint64_t size) {
  return told(::ftruncate(file, static_cast<off_t>(size)));
}
int FileSystem::sync(int file) { return told(::fdatasync(file)); }

int FileSystem::sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -errno;
  const int result = told(::fsync(directory));
  ::close(directory);
  return result;
}

int FileSystem::rename(const std::string& from, const std::string& to) {
  return told(::rename(from.c_str(), to.c_str()));
}
int FileSystem::remove(const std::string& path) { return told(::unlink(path.c_str())); }
int FileSystem::allocate(int file, std::uint64_t bytes) {
  return -::posix_fallocate(file, 0, static_cast<off_t>(bytes));
}

FileSystem& real_file_system() {
  static FileSystem system;
  return system;
}

int write_all(FileSystem& system, int file, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const std::int64_t wrote = system.write_at(file, bytes, at);
    if (wrote < 0) return static_cast<int>(wrote);
    if (wrote == 0) return -EIO;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    at += static_cast<std::uint64_t>(wrote);
  }
  return 0;
}

int replace_file(FileSystem& system, const std::string& directory, const std::string& name,
                 std::string_view bytes) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  const int file = system.open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (file < 0) return file;
  int result = write_all(system, file, bytes, 0);
  if (result == 0) result = system.sync(file);
  system.close(file);
  if (result == 0) result = system.rename(temporary, path);
  if (result == 0) return system.sync_directory(directory);
  (void)system.remove(temporary);
  return result;
}

}  // namespace mlbot::io::files
