#include "shell/stop_signals.h"

#include <signal.h>

#include <csignal>
#include <initializer_list>

namespace mlbot::shell {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0, asked_to_kill = 0;

void note_signal(int) { asked_to_stop = 1; }
void note_kill(int) { asked_to_kill = 1; }

}  // namespace

StopSignals::StopSignals() {
  asked_to_stop = 0;
  asked_to_kill = 0;
  std::signal(SIGPIPE, SIG_IGN);
  struct ::sigaction kill{};
  kill.sa_handler = note_kill;
  ::sigaction(SIGUSR2, &kill, nullptr);
  for (const int number : {SIGINT, SIGTERM}) {
    struct ::sigaction action{};
    action.sa_handler = note_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one has its usual effect
    ::sigaction(number, &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (const int number : {SIGINT, SIGTERM, SIGUSR2}) std::signal(number, SIG_DFL);
}

bool StopSignals::asked() const { return asked_to_stop != 0; }

bool StopSignals::take_kill() {
  const bool asked = asked_to_kill != 0;
  asked_to_kill = 0;
  return asked;
}

}  // namespace mlbot::shell
