// A disk that refuses: preloaded into a process, the writes and syncs of chosen files fail with EIO.
//
//   LD_PRELOAD=libfailing_disk.so FAILING_DISK=PART:FIRST:COUNT
//
// Of the calls on files whose path holds PART, numbers FIRST to FIRST + COUNT - 1 fail. FAILING_DISK_LOG
// names a file that says, when the first one failed, which call it was. With FAILING_DISK_WHILE=FILE calls
// count and fail only while that file is there.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Wish {
  std::string part;
  long first = 0, count = 0;
};

const Wish& wish() {
  static const Wish wish = [] {
    Wish read;
    const char* text = std::getenv("FAILING_DISK");
    if (text == nullptr) return read;
    const std::string all{text};
    const auto colon = all.find(':');
    read.part = all.substr(0, colon);
    if (colon == all.npos || std::sscanf(all.c_str() + colon, ":%ld:%ld", &read.first, &read.count) != 2)
      read.count = 0;
    return read;
  }();
  return wish;
}

std::atomic<long> calls{0};

bool refuses(const char* call, int file) {
  if (wish().count == 0) return false;
  static const char* const only_while = std::getenv("FAILING_DISK_WHILE");
  if (only_while != nullptr && ::access(only_while, F_OK) != 0) return false;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const auto length = ::readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  if (std::strstr(path, wish().part.c_str()) == nullptr) return false;
  const long now = ++calls;
  if (now < wish().first || now >= wish().first + wish().count) return false;
  if (const char* log = std::getenv("FAILING_DISK_LOG"); log != nullptr && now == wish().first)
    if (std::FILE* out = std::fopen(log, "w")) {
      std::fprintf(out, "%s of %s\n", call, path);
      std::fclose(out);
    }
  errno = EIO;
  return true;
}

template <class Call>
Call real(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  return refuses("write", file) ? -1 : next(file, bytes, size);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return refuses("pwrite", file) ? -1 : next(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return refuses("pwrite64", file) ? -1 : next(file, bytes, size, at);
}
ssize_t writev(int file, const iovec* parts, int count) {
  static const auto next = real<ssize_t (*)(int, const iovec*, int)>("writev");
  return refuses("writev", file) ? -1 : next(file, parts, count);
}
int fsync(int file) {
  static const auto next = real<int (*)(int)>("fsync");
  return refuses("fsync", file) ? -1 : next(file);
}
int fdatasync(int file) {
  static const auto next = real<int (*)(int)>("fdatasync");
  return refuses("fdatasync", file) ? -1 : next(file);
}

}  // extern "C"
