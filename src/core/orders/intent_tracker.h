// Which orders were meant to be sent and have no end yet, from the records of a journal alone: commands, and
// what was told of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "domain/record.h"

namespace mlbot::core {

/// Whether a record says anything to an IntentTracker.
bool concerns_intents(const Event& event);
bool concerns_intents(const Command& command);

class IntentTracker {
 public:
  void take(const StampedCommand& command);
  void take(const Stamped& event);
  /// Those without an end, in the order of their ids.
  std::vector<IntentCarried> open() const;

 private:
  std::map<std::string, IntentCarried, std::less<>> open_;
};

}  // namespace mlbot::core
