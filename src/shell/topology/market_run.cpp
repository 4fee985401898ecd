#include "shell/topology/market_run.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "io/files/files.h"
#include "io/journal/journal.h"

namespace mlbot::shell {

std::string market_run_file(const std::string& state_directory) { return state_directory + "/market.run"; }

std::set<Sequence> ingest_runs(const std::string& file) {
  std::set<Sequence> out;
  std::istringstream numbers{io::files::read_file(file).value_or("")};
  for (std::uint64_t number = 0; numbers >> number;) out.insert({number});
  return out;
}

Result<void, TopologyError> write_market_run(const std::string& file, Sequence first) {
  auto text = std::to_string(first.number);
  for (const Sequence before : ingest_runs(file))
    if (before != first) text += fmt::format("\n{}", before.number);
  if (const auto written = io::files::write_file_atomically(file, text); !written)
    return std::unexpected{TopologyError{written.error().what}};
  return {};
}

Result<MarketRun, TopologyError> read_market_run(const std::string& file, const std::string& journal) {
  const auto text = io::files::read_file(file);
  if (!text) return std::unexpected{TopologyError{text.error().what + "; start mlbot service ingest"}};
  MarketRun run;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), run.first.number);
  if (parsed.ec != std::errc{} || run.first.number == 0)
    return std::unexpected{TopologyError{file + " names no sequence; delete it and restart the ingest"}};
  auto reader = io::journal::JournalReader::open(journal, {.from = run.first, .from_at = {}});
  if (!reader) return std::unexpected{TopologyError{reader.error().what}};
  bool begun = false;
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{TopologyError{item.error().what}};
    if (*item == nullptr) break;
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (const auto* started = std::get_if<RunStarted>(&event->what)) {
      if (event->sequence != run.first) break;
      run.start = *started;
      run.at = event->at;
      begun = true;
    } else if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      run.instruments.push_back(defined->instrument);
    } else {
      break;  // the opening is over
    }
  }
  if (begun && !run.instruments.empty()) return run;
  return std::unexpected{TopologyError{fmt::format(
      "{} holds no run that begins at sequence {}; restart the ingest", journal, run.first.number)}};
}

}  // namespace mlbot::shell
