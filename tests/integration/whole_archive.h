// A run that ends when its archive lacks nothing of what was before it, however slow the machine is.
#pragma once

#include <chrono>
#include <optional>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot::testing_support {

/// The one number that a question has for an answer; nothing when nobody answers.
inline std::optional<std::uint64_t> ask_number(const TemporaryDirectory& directory, const std::string& state,
                                               const std::string& sql) {
  const auto asked =
      run_mlbot(directory, {"query", sql, "--json", "--state-dir", state}, {.name = "asked_number"});
  const auto answer = Json::parse(asked.out, nullptr, false);
  if (asked.exit_code != 0 || !answer.is_object() || answer["rows"].empty()) return std::nullopt;
  const auto& cell = *answer["rows"][0].begin();
  return cell.is_number_unsigned() ? std::optional{cell.get<std::uint64_t>()} : std::nullopt;
}

/// Starts the bot, waits until every frame of the runs before it is archived, then stops it in order.
inline Finished run_until_whole(const TemporaryDirectory& directory, const std::string& state,
                                std::vector<std::string> arguments) {
  const auto before = ask_number(directory, state, "SELECT coalesce(max(sequence), 0) FROM runs").value_or(0);
  Process bot{directory, std::move(arguments)};
  for (int i = 0; i < 1'200 && bot.running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    if (!std::filesystem::exists(state + "/archive.sock")) continue;
    const auto newest =
        ask_number(directory, state, "SELECT coalesce(max(sequence), 0) FROM runs").value_or(0);
    if (newest <= before) continue;
    const auto missing =
        ask_number(directory, state,
                   "SELECT count(*) FROM frames f ANTI JOIN features r ON f.symbol = r.symbol AND "
                   "f.sequence = r.sequence AND f.number = r.number WHERE f.sequence < " +
                       std::to_string(newest));
    if (missing == 0u) break;
  }
  bot.signal(SIGTERM);
  return bot.wait();
}

}  // namespace mlbot::testing_support
