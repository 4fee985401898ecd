#include "io/files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/files/private_file.h"

namespace mlbot::io::files {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

std::unexpected<FileError> failed(std::string_view doing, const fs::path& path) {
  return std::unexpected{file_error(errno, doing, path)};
}

Result<void, FileError> write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return failed("flush", path);
  return {};
}

fs::path parent_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path{"."} : parent;
}

}  // namespace

FileError file_error(int error_number, std::string_view doing, const fs::path& path) {
  const auto say = [&](FileFault fault, std::string_view remedy) {
    return FileError{fault, fmt::format("cannot {} {}: {}; {}", doing, path.string(),
                                        std::strerror(error_number), remedy)};
  };
  switch (error_number) {
    case ENOENT:
      return say(FileFault::not_found, "check the path");
    case EACCES:
    case EPERM:
    case EROFS:
      return say(FileFault::denied, "give this user the right to it, or choose another directory");
    case ENOSPC:
    case EDQUOT:
      return say(FileFault::no_space, "free some space, or choose a directory on another disk");
    case EFBIG:
      return say(FileFault::too_large, "raise the file size limit of this user");
    default:
      return say(FileFault::failed, "check the disk and the path");
  }
}

Result<std::string, FileError> read_file(const fs::path& path, std::uint64_t bytes_max) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.open()) return failed("open", path);
  std::string bytes;
  char chunk[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.number(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) return bytes;
    bytes.append(chunk, static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max)
      return std::unexpected{FileError{
          FileFault::too_large,
          fmt::format("{} is larger than {} bytes; is it the right file?", path.string(), bytes_max)}};
  }
}

namespace {

Result<void, FileError> replace_atomically(const fs::path& path, std::string_view bytes, mode_t mode) {
  if (auto ok = make_directories(parent_of(path)); !ok) return ok;
  std::string temporary = path.string() + ".XXXXXX";
  {
    const Descriptor file{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (!file.open()) return failed("create", path);
    auto written = write_all(file.number(), bytes, path);
    if (written && ::fchmod(file.number(), mode) != 0) written = failed("set the rights of", path);
    if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = failed("replace", path);
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  return sync_directory(parent_of(path));
}

}  // namespace

Result<void, FileError> write_file_atomically(const fs::path& path, std::string_view bytes) {
  return replace_atomically(path, bytes, 0644);
}

Result<void, FileError> write_private_file_atomically(const fs::path& path, std::string_view bytes) {
  return replace_atomically(path, bytes, 0600);
}

Result<void, FileError> sync_directory(const fs::path& path) {
  const Descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory.open() || ::fsync(directory.number()) != 0) return failed("flush directory", path);
  return {};
}

Result<void, FileError> make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return std::unexpected{file_error(error.value(), "make directory", path)};
  return {};
}

Result<std::uint64_t, FileError> free_space(const fs::path& path) {
  std::error_code error;
  fs::path existing = fs::absolute(path, error);
  while (!error && !fs::exists(existing, error) && existing.has_relative_path())
    existing = existing.parent_path();
  const fs::space_info space = fs::space(existing, error);
  if (error) return std::unexpected{file_error(error.value(), "ask the free space of", path)};
  return space.available;
}

}  // namespace mlbot::io::files
