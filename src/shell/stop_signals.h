// Ctrl-C and `kill` as a question that long work asks between its steps, so that it ends in good order.
//
// While one lives, SIGINT and SIGTERM only set a flag, and SIGUSR2 another; a second SIGINT ends the process
// at once, as it does without us. Made by a command that runs on the main thread; at most one at a time.
#pragma once

namespace mlbot::shell {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  bool asked() const;
  /// True once after each SIGUSR2, the operator's kill.
  bool take_kill();
};

}  // namespace mlbot::shell
