// How much memory this process holds.
#pragma once

#include <cstdint>

namespace mlbot::io::files {

/// Resident bytes as the kernel counts them; 0 when it does not say.
std::uint64_t resident_bytes();

}  // namespace mlbot::io::files
