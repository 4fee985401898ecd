#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace mlbot {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(
      stderr, "impossible: %s at %s:%d\nThe journal holds every input up to here: mlbot replay repeats it.\n",
      expression, file, line);
  std::abort();
}

}  // namespace mlbot
