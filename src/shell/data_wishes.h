// What `mlbot data download` and `mlbot data backfill` are both told on the command line, checked.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shell/data/archive_files.h"
#include "shell/data/http_fetch.h"
#include "shell/exit_code.h"
#include "shell/time_text.h"

namespace mlbot::shell {

/// @return the midnights of [from, until), or an error text with the remedy
inline Result<std::vector<Instant>, std::string> wanted_days(const std::string& from,
                                                             const std::string& until) {
  const auto first = parse_time(from), end = parse_time(until);
  if (!first || !end) return std::unexpected{(first ? until : from) + " is no day; write 2026-06-13"};
  return days_between(*first, *end);
}

/// @return an error text for a name that can be no symbol
inline std::optional<std::string> wrong_symbol(const std::vector<std::string>& symbols) {
  const auto wrong = std::ranges::find_if_not(symbols, [](const auto& text) { return is_symbol_text(text); });
  if (wrong == symbols.end()) return std::nullopt;
  return fmt::format("\"{}\" is no symbol; write them as the venue does, e.g. BTCUSDT,ETHUSDT", *wrong);
}

/// The kinds that these words name, each once, in the venue's order; all for no words.
template <class Kind, std::size_t count>
Result<std::vector<Kind>, std::string> wanted_kinds(const std::vector<std::string>& words,
                                                    const std::array<Kind, count>& all,
                                                    std::string_view help) {
  std::vector<Kind> out;
  for (const Kind kind : all)
    if (words.empty() || std::ranges::find(words, to_string(kind)) != words.end()) out.push_back(kind);
  for (const auto& word : words)
    if (std::ranges::none_of(all, [&](Kind kind) { return to_string(kind) == word; }))
      return std::unexpected{fmt::format("\"{}\" is no kind of data here: choose of {}", word, help)};
  return out;
}

/// What a script is told when the work was stopped.
inline ExitCode exit_code_of(FetchFault fault) {
  if (fault == FetchFault::interrupted) return ExitCode::interrupted;
  return fault == FetchFault::disk ? ExitCode::data : ExitCode::network;
}

}  // namespace mlbot::shell
