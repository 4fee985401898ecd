// What each recorded line says, reviewed by hand against the recording; see recorded_test.cpp.
#pragma once

#include <vector>

namespace mlbot::venue::bybit {

struct RecordedLine {
  const char* file;
  int line;
  const char* seen;
};
inline const std::vector<RecordedLine> recorded_expected{};

}  // namespace mlbot::venue::bybit
