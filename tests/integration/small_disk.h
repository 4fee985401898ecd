// A disk that a test fills: a small tmpfs. Mounting needs the rights of root; mounted() says whether it came.
#pragma once

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace mlbot::testing_support {

/// A file system of its own below the state directory, as small as asked for.
class SmallDisk {
 public:
  SmallDisk(std::string path, int megabytes) : path_{std::move(path)} {
    std::filesystem::create_directories(path_);
    const auto size = "size=" + std::to_string(megabytes) + "m";
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  std::uint64_t free() const {
    struct statvfs about{};
    return ::statvfs(path_.c_str(), &about) == 0 ? about.f_bavail * about.f_frsize : 0;
  }
  /// Takes all but so much.
  void leave(std::uint64_t bytes) const {
    std::ofstream ballast{path_ + "/ballast", std::ios::binary | std::ios::app};
    const std::string block(64 << 10, 'b');
    while (free() > bytes + block.size() && ballast.write(block.data(), 64 << 10).flush()) continue;
  }
  void give_back() const { std::filesystem::remove(path_ + "/ballast"); }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace mlbot::testing_support
