// state/KILL: a file as an operator's word, for when page and command line are gone, and a latch that can be
// seen.
//
// Its first word is a verb: pause, reduce, cancel, flatten, kill or disconnect; an empty file, or one that
// says something else, is a kill. What follows is the cause. It is obeyed when it appears, when it changes,
// and at every start; nobody but a person removes it, and while it stands nothing is resumed or unlocked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "domain/event.h"

namespace mlbot::shell {

/// Verbs that only ever stop something, by the words of page, command line and file.
std::optional<OperatorVerb> stopping_verb(std::string_view text);

class KillFile {
 public:
  explicit KillFile(std::string path) : path_{std::move(path)} {}

  /// The file's wish, once for each new one. Costs one stat while nothing changes.
  std::optional<OperatorCommand> look();
  /// What stands in it now; nothing without a file.
  std::optional<OperatorCommand> standing() const;
  /// Leaves the word for those who start after us. @error names the path and the remedy
  std::optional<std::string> write(OperatorVerb verb, std::string_view cause) const;
  const std::string& path() const { return path_; }

 private:
  struct Seen {
    std::uint64_t file = 0;
    std::int64_t changed_ns = 0;
    std::int64_t bytes = -1;
    bool operator==(const Seen&) const = default;
  };
  std::string path_;
  Seen seen_;
};

}  // namespace mlbot::shell
