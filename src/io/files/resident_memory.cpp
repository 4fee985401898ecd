#include "io/files/resident_memory.h"

#include <unistd.h>

#include <fstream>

namespace mlbot::io::files {

std::uint64_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  std::uint64_t all = 0, resident = 0;
  if (!(in >> all >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace mlbot::io::files
