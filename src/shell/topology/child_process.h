// A process of ours: started, watched, started again with back-off when it ends, stopped when asked.
//
// It is ended together with us, whatever ends us. Its two streams go to a file. A process that ends with a
// usage or configuration error is not started again: it would end the same way. Threads: one, the one that
// lives as long as the program.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/time.h"

namespace mlbot::shell {

class ChildProcess {
 public:
  struct Setup {
    std::string name;
    std::string program;                 ///< path
    std::vector<std::string> arguments;  ///< without the program itself
    std::string log;                     ///< file; is appended to
    Duration pause_min = 50ms, pause_max = 5s;
    Duration settled = 1s;  ///< after so long the back-off begins anew: one start a second is no storm
  };
  explicit ChildProcess(Setup setup);
  /// Kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// False when the system makes no process.
  bool start();
  /// Looks whether it has ended, and starts it again when its pause is over. Every 20 ms or so.
  void watch();
  /// Asks it to end, and kills it after `patience`. Returns when it has ended.
  void stop(Duration patience);

  bool running() const { return process_ > 0; }
  pid_t id() const { return process_; }
  const std::string& name() const { return setup_.name; }
  std::uint64_t restarts() const { return restarts_; }
  /// How it ended last: "exit code 5", "signal 9"; "" when it never did.
  const std::string& last_end() const { return last_end_; }
  /// Ended for good: its configuration is wrong.
  bool given_up() const { return given_up_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool spawn();
  void ended(int status);

  Setup setup_;
  pid_t process_ = -1;
  Clock::time_point started_at_, start_again_at_;
  Duration pause_;
  bool wanted_ = false, given_up_ = false;
  std::uint64_t restarts_ = 0;
  std::string last_end_;
};

}  // namespace mlbot::shell
