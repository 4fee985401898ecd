// What one step of the core left to be done and to be shown. The shell clears it before each step.
#pragma once

#include <vector>

#include "domain/record.h"

namespace mlbot {

struct Outbox {
  std::vector<Command> commands;     ///< to be carried out, in order
  std::vector<FeatureFrame> frames;  ///< to be published
  std::vector<Decision> decisions;   ///< to be published and kept

  Outbox() {
    commands.reserve(256);
    frames.reserve(64);
    decisions.reserve(64);
  }
  void clear() {
    commands.clear();
    frames.clear();
    decisions.clear();
  }
};

}  // namespace mlbot
