// What one step of the core left to be done and to be shown. The shell clears it before each step.
#pragma once

#include <vector>

#include "domain/record.h"

namespace mlbot {

struct Outbox {
  std::vector<Command> commands;     ///< to be carried out, in order
  std::vector<FeatureFrame> frames;  ///< to be published
  std::vector<Decision> decisions;   ///< to be published and kept
  std::vector<RouteChoice> routes;   ///< to be kept and shown: how each intent was worked
  std::vector<FillQuality> fills;    ///< to be kept and shown: what each fill was worth

  Outbox() {
    commands.reserve(256);
    frames.reserve(64);
    decisions.reserve(64);
    routes.reserve(64);
    fills.reserve(64);
  }
  void clear() {
    commands.clear();
    frames.clear();
    decisions.clear();
    routes.clear();
    fills.clear();
  }
};

}  // namespace mlbot
