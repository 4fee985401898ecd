#include "shell/kill_file.h"

#include <sys/stat.h>

#include <algorithm>

#include "domain/words.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr std::uint64_t read_max = 4'096;

}  // namespace

std::optional<OperatorVerb> stopping_verb(std::string_view text) {
  if (text == "cancel") return OperatorVerb::cancel_all;
  for (const auto verb : {OperatorVerb::pause, OperatorVerb::reduce, OperatorVerb::cancel_all,
                          OperatorVerb::flatten, OperatorVerb::kill, OperatorVerb::disconnect})
    if (word(verb) == text) return verb;
  return std::nullopt;
}

std::optional<OperatorCommand> KillFile::standing() const {
  struct ::stat found{};
  if (::stat(path_.c_str(), &found) != 0) return std::nullopt;
  OperatorCommand out{.verb = OperatorVerb::kill, .from = "file", .cause = {}};
  const auto text = io::files::read_file(path_, read_max);
  if (!text) return out;  // it is there: that is enough
  std::string_view rest{*text};
  constexpr std::string_view blanks = " \t\r\n";
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  const auto first = rest.substr(0, rest.find_first_of(blanks));
  rest.remove_prefix(first.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  rest = rest.substr(0, std::min(rest.find_first_of("\r\n"), out.cause.capacity));
  if (const auto verb = stopping_verb(first)) out.verb = *verb;
  out.cause = rest;
  return out;
}

std::optional<OperatorCommand> KillFile::look() {
  struct ::stat found{};
  Seen now;
  if (::stat(path_.c_str(), &found) == 0)
    now = {found.st_ino, found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_size};
  if (now == seen_) return std::nullopt;
  seen_ = now;
  return standing();
}

std::optional<std::string> KillFile::write(OperatorVerb verb, std::string_view cause) const {
  std::string text{word(verb)};
  if (!cause.empty()) text.append(" ").append(cause);
  const auto written = io::files::write_file_atomically(path_, text + "\n");
  if (written) return std::nullopt;
  return written.error().what;
}

}  // namespace mlbot::shell
