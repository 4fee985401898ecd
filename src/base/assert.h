// What only our own mistake can make false. On in production: stop, restart, replay.
#pragma once

namespace mlbot {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define MLBOT_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::mlbot::assertion_failed(#expression, __FILE__, __LINE__))
