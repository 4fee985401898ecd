// Why a model is refused. A bundle comes from a disk that we do not trust: each fault has its own name and
// its remedy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlbot::models {

enum class BundleFault : std::uint8_t {
  unreadable,
  truncated,
  wrong_schema,
  golden_mismatch,
  unsupported,
  unsigned_bundle,
};
std::string_view to_string(BundleFault fault);

struct BundleError {
  BundleFault fault;
  std::string what;  ///< names the file and the remedy
};

}  // namespace mlbot::models
