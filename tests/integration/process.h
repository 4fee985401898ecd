// A command run as its user runs it: arguments and environment in, two streams and an exit code out.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace mlbot::testing_support {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

/// A directory of its own for one test, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mlbot_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string str() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Finished {
  int exit_code = -1;
  std::string out, err;
};

struct ProcessOptions {
  std::string program = MLBOT_BINARY;  ///< path, or a name that PATH knows
  std::string name =
      "mlbot";  ///< of its two files; processes that live at the same time need names of their own
  std::vector<std::string> environment{};  ///< "NAME=value", beside what the test itself has
};

/// Looks again and again until it is `done`, or says no after `limit`.
template <class Done>
bool wait_for(Done done, std::chrono::milliseconds limit = std::chrono::minutes{1}) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return true;
}

class Process {
 public:
  /// Starts the program with these arguments; both streams go to files in `directory`.
  Process(const TemporaryDirectory& directory, std::vector<std::string> arguments,
          ProcessOptions options = {})
      : out_{directory / (options.name + ".out.txt")}, err_{directory / (options.name + ".err.txt")} {
    arguments.insert(arguments.begin(), options.program);
    std::vector<char*> raw;
    for (auto& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      if (std::freopen(out_.c_str(), "w", stdout) == nullptr ||
          std::freopen(err_.c_str(), "w", stderr) == nullptr)
        ::_exit(126);
      for (auto& variable : options.environment) ::putenv(variable.data());
      ::execvp(raw[0], raw.data());
      ::_exit(127);
    }
  }
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  void signal(int number) const { ::kill(pid_, number); }
  bool running() {
    if (pid_ <= 0) return false;
    if (::waitpid(pid_, &status_, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
  }
  Finished wait() {
    if (pid_ > 0) ::waitpid(pid_, &status_, 0);
    pid_ = -1;
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), text_of(out_),
            text_of(err_)};
  }
  pid_t id() const { return pid_; }
  std::string out() const { return text_of(out_); }
  std::string err() const { return text_of(err_); }

 private:
  std::string out_, err_;
  pid_t pid_ = -1;
  int status_ = 0;
};

inline Finished run_mlbot(const TemporaryDirectory& directory, std::vector<std::string> arguments,
                          ProcessOptions options = {}) {
  return Process{directory, std::move(arguments), std::move(options)}.wait();
}

}  // namespace mlbot::testing_support
