// A file system whose n-th call fails: once, or from then on. For tests that let every call of a story fail
// in turn, until a story runs through without meeting the failure.
#pragma once

#include <atomic>
#include <cerrno>

#include "io/files/file_system.h"

namespace mlbot::io::files {

class FailingFileSystem final : public FileSystem {
 public:
  /// @param n      call that fails, from 1; 0: none
  /// @param error  what it says; 0 for a write that takes half of its bytes
  /// @param stays  every later call fails too
  explicit FailingFileSystem(std::uint64_t n = 0, int error = EIO, bool stays = false)
      : n_{n}, error_{error}, stays_{stays} {}

  /// Whether the failure has been met.
  bool hit() const { return hit_; }
  std::uint64_t calls() const { return calls_; }
  std::string failed_call() const { return failed_call_; }

  int open(const std::string& path, int flags) override {
    return fails("open") ? -refusal() : FileSystem::open(path, flags);
  }
  std::int64_t write_at(int file, std::string_view bytes, std::uint64_t at) override {
    if (!fails("write")) return FileSystem::write_at(file, bytes, at);
    if (error_ != 0) return -error_;
    return FileSystem::write_at(file, bytes.substr(0, (bytes.size() + 1) / 2), at);
  }
  int truncate(int file, std::uint64_t size) override {
    return fails("truncate") ? -refusal() : FileSystem::truncate(file, size);
  }
  int sync(int file) override { return fails("sync") ? -refusal() : FileSystem::sync(file); }
  int sync_directory(const std::string& path) override {
    return fails("sync_directory") ? -refusal() : FileSystem::sync_directory(path);
  }
  int rename(const std::string& from, const std::string& to) override {
    return fails("rename") ? -refusal() : FileSystem::rename(from, to);
  }
  int remove(const std::string& path) override {
    return fails("remove") ? -refusal() : FileSystem::remove(path);
  }
  int allocate(int file, std::uint64_t bytes) override {
    return fails("allocate") ? -refusal() : FileSystem::allocate(file, bytes);
  }

 private:
  int refusal() const { return error_ == 0 ? EIO : error_; }
  bool fails(const char* call) {
    const std::uint64_t now = ++calls_;
    const bool failing = n_ != 0 && (now == n_ || (stays_ && now > n_));
    if (failing && !hit_.exchange(true)) failed_call_ = call;
    return failing;
  }

  std::uint64_t n_;
  int error_;
  bool stays_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<bool> hit_{false};
  std::string failed_call_;
};

}  // namespace mlbot::io::files
