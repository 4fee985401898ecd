// Any bytes as a record of journal or bus: refused, or read and then written and read again as the same.
#include <cstdlib>

#include "domain/record.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  mlbot::RecordScratch scratch, again;
  const auto record = mlbot::decode({reinterpret_cast<const char*>(data), size}, scratch);
  if (!record) return 0;
  std::string first, second;
  mlbot::encode(*record, first);
  const auto back = mlbot::decode(first, again);
  if (!back) std::abort();
  mlbot::encode(*back, second);
  if (first != second) std::abort();
  return 0;
}
