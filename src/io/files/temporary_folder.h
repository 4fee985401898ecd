// A folder for one test, gone when the test ends.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace mlbot::io::files {

class TemporaryFolder {
 public:
  TemporaryFolder() : TemporaryFolder{std::filesystem::temp_directory_path()} {}
  explicit TemporaryFolder(const std::filesystem::path& parent) {
    std::string pattern = (parent / "mlbot-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  /// Where syncing costs nothing, for tests that do it thousands of times; the ordinary place where there is
  /// none.
  static std::filesystem::path in_memory() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mlbot::io::files
