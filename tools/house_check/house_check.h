// The walls of the house, read from the source: who may include whom, which words a room may not use, how
// long a file may be. Runs as a test; a finding names file, line and the rule.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mlbot::house {

struct Finding {
  std::string file;
  int line = 0;
  std::string rule;
};

/// Checks every source file below root/src, root/tests, root/bench, root/tools and root/web/src.
/// A root without src/ is a finding: a check that cannot run must not pass.
std::vector<Finding> check(const std::filesystem::path& root);

}  // namespace mlbot::house
