// Which orders were meant to be sent and have no end yet, from the records of a journal alone: commands, and
// what was told of them.
//
// An order ends by the venue's word: news of its end, a refusal, or a question that found nothing and was put
// when no create could arrive any more. What the venue has shown is not ended by a list that lacks it.
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
  struct Open {
    IntentCarried intent;
    bool seen = false;               ///< the venue has it, or had it
    std::uint32_t questions = 0;     ///< of this life, not answered yet
    Instant asked_since{INT64_MIN};  ///< the oldest of them
  };
  Open* find(const ClientOrderId& id);
  void hear(const ClientOrderId& id);
  void take(const RequestAnswer& answer);
  void take(const OrderNews& news);

  std::map<std::string, Open, std::less<>> open_;
};

}  // namespace mlbot::core
