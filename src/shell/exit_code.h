#pragma once

namespace mlbot::shell {

/// What a script may rely on; `mlbot help exit-codes` prints this list.
enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,
  refused = 3,         ///< by risk or state
  network = 4,         ///< exchange or network
  data = 5,            ///< gap, hash, damaged file, disk
  model = 6,           ///< damaged, expired, golden rows
  validation = 7,      ///< validation or leak test failed
  missed_gate = 8,     ///< back-test ran and missed its gate
  configuration = 78,  ///< also a model or a run of other features than this build's
  interrupted = 130,
};

}  // namespace mlbot::shell
