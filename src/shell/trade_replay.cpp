#include "shell/trade_replay.h"

#include <fmt/format.h>

#include <deque>

#include "core/trade_core.h"

namespace mlbot::shell {

Result<bool, SourceError> is_of_trade_stage(const std::string& journal) {
  auto reader = io::journal::JournalReader::open(journal);
  if (!reader) return std::unexpected{SourceError{reader.error().what}};
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{SourceError{item.error().what}};
    if (*item == nullptr) return false;
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    if (std::holds_alternative<FeatureFrame>(*record)) return true;
    if (const auto* event = std::get_if<Stamped>(record); event != nullptr && market_symbol(event->what))
      return false;
  }
}

Result<TradeReplay, SourceError> replay_trade(const std::string& journal, const JournalSummary::Run& run,
                                              const models::Bundle* bundle, Sequence from, Sequence until) {
  auto reader = io::journal::JournalReader::open(journal, {.from = run.first, .from_at = {}});
  if (!reader) return std::unexpected{SourceError{reader.error().what}};
  TradeReplay out;
  core::TradeCore core{bundle};
  Outbox made;
  std::deque<std::string> wanted;  // what the last input gave rise to and the journal has not shown yet
  std::uint32_t epoch = 0;         // of the writer that took the last input
  Sequence last;
  Instant last_at;
  const auto differ = [&](std::string_view what) {
    if (out.difference.empty() && last >= from)
      out.difference = fmt::format("behind event {}: {}", last.number, what);
  };
  const auto keep_made = [&](const Stamped& cause) {
    // A stage that went on after a kill began with the next input.
    if (!wanted.empty() && epoch == (*reader)->last_epoch())
      differ("something is made that the recording has not");
    epoch = (*reader)->last_epoch();
    wanted.clear();
    out.digest.take(cause, made);
    for (const auto& command : made.commands) encode(command, wanted.emplace_back());
    for (const auto& decision : made.decisions) encode(Record{decision}, wanted.emplace_back());
    for (const auto& route : made.routes) encode(Record{route}, wanted.emplace_back());
    for (const auto& fill : made.fills) encode(Record{fill}, wanted.emplace_back());
  };
  const auto see_recorded = [&](const std::string& bytes) {
    ++out.compared;
    if (wanted.empty()) return differ("the recording has something that is not made");
    if (wanted.front() != bytes) differ("something else is made than what was recorded");
    wanted.pop_front();
  };
  std::string bytes;
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{SourceError{item.error().what}};
    if (*item == nullptr) break;
    if (const auto* gap = std::get_if<io::journal::JournalGap>(*item); gap != nullptr && gap->after <= until)
      return std::unexpected{SourceError{
          fmt::format("the journal has a gap after sequence {}: {} in {}; --until {} replays up to there",
                      gap->after.number, gap->what, gap->segment, gap->after.number - 1)}};
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    made.clear();
    bytes.clear();
    if (const auto* event = std::get_if<Stamped>(record)) {
      if (event->sequence > until || event->sequence > run.last) break;
      core.step(*event, made);
      keep_made(*event);
      last = event->sequence;
      last_at = event->at;
    } else if (const auto* frame = std::get_if<FeatureFrame>(record)) {
      core.step(*frame, made);
      keep_made({.sequence = last, .at = last_at, .what = {}});
      ++out.digest.frames;
      --out.digest.events;
    } else if (const auto* command = std::get_if<StampedCommand>(record)) {
      encode(command->what, bytes);
      see_recorded(bytes);
    } else if (std::holds_alternative<Decision>(*record) || std::holds_alternative<RouteChoice>(*record) ||
               std::holds_alternative<FillQuality>(*record)) {
      encode(*record, bytes);
      see_recorded(bytes);
    }
  }
  out.digest.state_hash = core.state_hash();
  return out;
}

}  // namespace mlbot::shell
