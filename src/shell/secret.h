// Text that is not to be found in memory once it is of no more use.
#pragma once

#include <string.h>

#include <string>

namespace mlbot::shell {

/// Overwrites the bytes, whatever the compiler thinks of that, then empties the text.
inline void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace mlbot::shell
