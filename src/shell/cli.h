#pragma once

namespace mlbot::shell {

/// Reads the command line, runs one command, returns its exit code. Every error is told before it returns.
int run_command_line(int argc, const char* const* argv, const char* const* environment);

}  // namespace mlbot::shell
