#include "shell/topology/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace mlbot::shell {
namespace {

constexpr int usage_error = 2, configuration_error = 78;

}  // namespace

ChildProcess::ChildProcess(Setup setup) : setup_{std::move(setup)}, pause_{setup_.pause_min} {}

ChildProcess::~ChildProcess() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
}

bool ChildProcess::start() {
  wanted_ = true;
  return spawn();
}

bool ChildProcess::spawn() {
  std::vector<char*> words{setup_.program.data()};
  for (auto& argument : setup_.arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t made = ::fork();
  if (made < 0) return false;
  if (made == 0) {
    // Only calls that are safe behind fork().
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGPIPE}) ::signal(number, SIG_DFL);
    ::setpgid(0, 0);  // Ctrl-C is for the supervisor, which stops us in order
    const int log = ::open(setup_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    if (log >= 0) {
      ::dup2(log, STDOUT_FILENO);
      ::dup2(log, STDERR_FILENO);
    }
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  process_ = made;
  started_at_ = Clock::now();
  return true;
}

void ChildProcess::ended(int status) {
  process_ = -1;
  last_end_ = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                  : fmt::format("exit code {}", WEXITSTATUS(status));
  const auto now = Clock::now();
  if (now - started_at_ >= setup_.settled) pause_ = setup_.pause_min;
  start_again_at_ = now + pause_;
  pause_ = std::min(pause_ * 2, setup_.pause_max);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == usage_error || WEXITSTATUS(status) == configuration_error))
    given_up_ = true;
}

void ChildProcess::watch() {
  int status = 0;
  if (process_ > 0 && ::waitpid(process_, &status, WNOHANG) == process_) ended(status);
  if (process_ > 0 || !wanted_ || given_up_ || Clock::now() < start_again_at_) return;
  if (spawn())
    ++restarts_;
  else
    start_again_at_ = Clock::now() + pause_;
}

void ChildProcess::stop(Duration patience) {
  wanted_ = false;
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::kill(process_, SIGCONT);
  const auto deadline = Clock::now() + patience;
  int status = 0;
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (Clock::now() >= deadline) ::kill(process_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  ended(status);
}

}  // namespace mlbot::shell
