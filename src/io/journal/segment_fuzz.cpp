// Any bytes as a segment, plain or compressed, and as a manifest: read to the end or refused, never more
// records than bytes could hold, and a manifest that is believed writes itself again.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "io/journal/manifest.h"

namespace {

/// A folder of this process, on memory where there is some.
struct Folder {
  std::string path;
  Folder() {
    const std::string parent = std::filesystem::is_directory("/dev/shm")
                                   ? "/dev/shm"
                                   : std::filesystem::temp_directory_path().string();
    path = parent + "/mlbot_fuzz_" + std::to_string(::getpid());
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

const std::string& folder() {
  static const Folder made;
  return made.path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace mlbot::io::journal;
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
  if (data[0] % 3 == 2) {
    const auto manifest = Manifest::parse(bytes, "manifest.jsonl");
    const auto again = Manifest::parse(manifest.text(), "manifest.jsonl");
    if (again.rows().size() != manifest.rows().size() || !again.findings().empty()) std::abort();
    return 0;
  }
  const auto path = folder() + "/" + segment_name({1}, data[0] % 3 == 1);
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  if (const auto facts = read_segment(path)) {
    if (facts->records > facts->plain_bytes / record_header_bytes) std::abort();
    if (facts->torn_bytes > facts->plain_bytes) std::abort();
  }
  if (auto reader = JournalReader::open(folder()))
    while (const auto item = (*reader)->next())
      if (*item == nullptr) break;
  std::filesystem::remove(path);
  return 0;
}
