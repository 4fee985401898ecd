// `mlbot bus tail` and `mlbot bus stat`: what lies on the Redis bus, for people and scripts. They join no
// group, publish nothing and change nothing.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ranges>

#include "core/features/feature_hub.h"
#include "io/bus/redis_inspector.h"
#include "shell/bus_options.h"
#include "shell/commands.h"
#include "shell/own_redis.h"
#include "shell/record_json.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {
namespace {

using io::bus::BusError;
using io::bus::RedisInspector;

constexpr std::size_t names_shown = 12;

/// Without a Redis in the configuration: the one that `mlbot run --bus redis --processes` keeps in the state
/// directory.
Result<RedisInspector, BusError> look_into(const SystemConfig& config) {
  if (config.bus != "embedded" && config.bus != "redis")
    return RedisInspector::connect(config.bus, redis_files(config));
  const StateDirectory state{config.state_dir};
  std::error_code ignored;
  if (std::filesystem::exists(own_redis_socket(state), ignored))
    return RedisInspector::connect(own_redis_url(state), redis_files(config));
  return std::unexpected{BusError{
      io::bus::BusFault::bad_url,
      fmt::format(
          "the configured bus lives inside the running bot, whose page shows the same, and no Redis of "
          "services is at {}: for another give --bus redis://127.0.0.1:6379",
          own_redis_socket(state))}};
}

/// Symbols by id, as the newest run on ctl defined them; what is not there shows as "#id".
class Contracts {
 public:
  void learn(const Record& record) {
    const auto* event = std::get_if<Stamped>(&record);
    if (event == nullptr) return;
    if (std::holds_alternative<RunStarted>(event->what)) known_.clear();
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      const auto index = defined->instrument.id.index;
      if (index >= known_.size()) known_.resize(index + std::size_t{1});
      known_[index] = defined->instrument;
    }
  }
  /// Reads what lies on ctl now.
  Result<void, BusError> learn_from(RedisInspector& bus) {
    const auto last = bus.last("ctl");
    if (!last) return std::unexpected{last.error()};
    if (!*last) return {};
    auto reader = bus.reader({.streams = {"ctl"}, .from = io::bus::ReadFrom::oldest});
    if (!reader) return std::unexpected{reader.error()};
    for (;;) {
      const auto item = (*reader)->next(1s);
      if (!item) return std::unexpected{item.error()};
      if (!*item) return {};
      const auto* message = std::get_if<io::bus::BusMessage>(&**item);
      if (message == nullptr) continue;
      if (const auto record = decode(message->bytes, scratch_)) learn(*record);
      if (std::pair{message->epoch, message->number} >= std::pair{(*last)->epoch, (*last)->number}) return {};
    }
  }
  std::span<const Instrument> list() const { return known_; }

 private:
  std::vector<Instrument> known_;
  RecordScratch scratch_;
};

Json gap_json(const io::bus::BusGap& gap) {
  Json out{{"stream", gap.stream},
           {"kind", "gap"},
           {"epoch", gap.epoch},
           {"first_missed", gap.first_missed},
           {"missed", gap.missed},
           {"after_sequence", gap.after.number},
           {"before_sequence", gap.before.number}};
  if (gap.earlier_epoch_open)
    out["and_behind"] = {{"epoch", gap.earlier_epoch}, {"number", gap.heard_of_earlier}};
  return out;
}

Json message_json(const io::bus::BusMessage& message, const Record& record, const Contracts& contracts) {
  Json out{{"stream", message.stream},
           {"entry", fmt::format("{}-{}", message.epoch, message.number)},
           {"sequence", message.sequence.number}};
  out.update(journal_json(io::journal::JournalItem{record}, contracts.list()));
  const auto* frame = std::get_if<FeatureFrame>(&record);
  if (frame == nullptr) return out;
  Json values = Json::object();
  const auto catalogue = core::feature_catalogue();
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    values[std::string{catalogue[i].name}] = frame->valid(i) ? Json(frame->values[i]) : Json{};
  out["values"] = std::move(values);
  return out;
}

bool wanted(const Json& out, const std::vector<std::string>& kinds) {
  if (kinds.empty()) return true;
  const auto is = [&](const char* key) {
    return out.contains(key) && out[key].is_string() &&
           std::ranges::find(kinds, out[key].get<std::string>()) != kinds.end();
  };
  return is("kind") || is("event") || is("command");
}

std::string text_of(const io::bus::EntryId& id) { return id == io::bus::EntryId{} ? "-" : id.text(); }

Json report_json(const io::bus::StreamReport& report) {
  Json groups = Json::array();
  for (const auto& group : report.groups) {
    Json consumers = Json::array();
    for (const auto& consumer : group.consumers)
      consumers.push_back({{"name", consumer.name},
                           {"pending", consumer.pending},
                           {"silent_ms", consumer.silent.count() / 1'000'000}});
    groups.push_back({{"name", group.name},
                      {"delivered", group.delivered.text()},
                      {"lag", group.lag},
                      {"pending", group.pending},
                      {"consumers", consumers}});
  }
  return {{"stream", report.name},
          {"node", report.node},
          {"length", report.length},
          {"memory_bytes", report.memory_bytes},
          {"oldest", report.oldest.text()},
          {"newest", report.newest.text()},
          {"newest_sequence", report.newest_sequence.number},
          {"epochs", report.epochs},
          {"groups", groups}};
}

}  // namespace

ExitCode bus_tail(const Console& console, const DynamicSystemConfig& config, const BusTailOptions& options) {
  if (const auto wrong = unknown_kind(options.kinds); !wrong.empty())
    return console.fail(ExitCode::usage, wrong);
  auto bus = look_into(config.current());
  if (!bus) return console.fail(exit_code_of(bus.error()), bus.error().what);
  auto streams = options.streams;
  if (streams.empty()) {
    auto all = bus->streams();
    if (!all) return console.fail(exit_code_of(all.error()), all.error().what);
    streams = std::move(*all);
    if (streams.empty())
      return console.fail(ExitCode::data,
                          fmt::format("no stream at {}: mlbot run --bus {} writes some, or name the "
                                      "streams that will come",
                                      config.current().bus, config.current().bus));
  } else if (const auto there = bus->streams()) {
    for (const auto& name : streams)
      if (std::ranges::find(*there, name) == there->end())
        console.note(fmt::format("no stream {} yet; there are {}{}", name,
                                 fmt::join(*there | std::views::take(names_shown), " "),
                                 there->size() > names_shown ? " ..." : ""));
  }
  Contracts contracts;
  if (auto learned = contracts.learn_from(*bus); !learned)
    return console.fail(exit_code_of(learned.error()), learned.error().what);
  auto reader =
      bus->reader({.streams = std::move(streams),
                   .from = options.from == "oldest" ? io::bus::ReadFrom::oldest : io::bus::ReadFrom::head});
  if (!reader) return console.fail(exit_code_of(reader.error()), reader.error().what);
  const StopSignals signals;
  RecordScratch scratch;
  std::uint64_t printed = 0;
  Duration idle{};
  std::string told;
  const auto idle_max = Duration{static_cast<std::int64_t>(options.idle_seconds * 1e9)};
  constexpr Duration patience = 100ms;
  while (!signals.asked() && (options.count == 0 || printed < options.count)) {
    const auto item = (*reader)->next(patience);
    if (!item && item.error().fault != io::bus::BusFault::no_server)
      return console.fail(exit_code_of(item.error()), item.error().what);
    if (!item && told != item.error().what) console.note(told = item.error().what);
    if (!item || !*item) {
      idle += patience;
      if (idle_max > Duration{} && idle >= idle_max) break;
      continue;
    }
    idle = {};
    Json out;
    if (const auto* gap = std::get_if<io::bus::BusGap>(&**item)) {
      out = gap_json(*gap);
    } else {
      const auto& message = std::get<io::bus::BusMessage>(**item);
      const auto record = decode(message.bytes, scratch);
      if (!record)
        return console.fail(ExitCode::data, fmt::format("{} {}-{}: {}", message.stream, message.epoch,
                                                        message.number, record.error().what));
      contracts.learn(*record);
      out = message_json(message, *record, contracts);
    }
    if (!wanted(out, options.kinds)) continue;
    console.print(out.dump(-1, ' ', false, Json::error_handler_t::replace));
    ++printed;
  }
  return ExitCode::done;
}

ExitCode bus_stat(const Console& console, const DynamicSystemConfig& config,
                  const std::vector<std::string>& wanted_streams) {
  auto bus = look_into(config.current());
  if (!bus) return console.fail(exit_code_of(bus.error()), bus.error().what);
  const auto servers = bus->servers();
  if (!servers) return console.fail(exit_code_of(servers.error()), servers.error().what);
  auto streams = wanted_streams;
  if (streams.empty()) {
    auto all = bus->streams();
    if (!all) return console.fail(exit_code_of(all.error()), all.error().what);
    streams = std::move(*all);
  }
  std::vector<io::bus::StreamReport> reports;
  for (const auto& stream : streams) {
    auto report = bus->report(stream);
    if (!report) return console.fail(exit_code_of(report.error()), report.error().what);
    reports.push_back(std::move(*report));
  }
  if (console.json()) {
    Json out{{"servers", Json::array()}, {"streams", Json::array()}};
    for (const auto& server : *servers)
      out["servers"].push_back({{"address", server.address},
                                {"version", server.version},
                                {"memory_bytes", server.memory_bytes},
                                {"memory_bytes_max", server.memory_bytes_max},
                                {"maxmemory_policy", server.maxmemory_policy},
                                {"append_only", server.append_only}});
    for (const auto& report : reports) out["streams"].push_back(report_json(report));
    console.print_json(out);
    return ExitCode::done;
  }
  for (const auto& server : *servers)
    console.print(
        fmt::format("{}  Redis {}, {} KiB of {}, {}, append-only file {}", server.address, server.version,
                    grouped(static_cast<std::int64_t>(server.memory_bytes / 1024)),
                    server.memory_bytes_max == 0
                        ? std::string{"no limit"}
                        : grouped(static_cast<std::int64_t>(server.memory_bytes_max / 1024)) + " KiB",
                    server.maxmemory_policy, server.append_only ? "on" : "off"));
  std::vector<std::vector<std::string>> rows;
  for (const auto& report : reports) {
    std::string groups;
    for (const auto& group : report.groups)
      groups += fmt::format("{}{}: {} behind, {} unconfirmed", groups.empty() ? "" : "; ", group.name,
                            group.lag, group.pending);
    rows.push_back({report.name, grouped(static_cast<std::int64_t>(report.length)),
                    grouped(static_cast<std::int64_t>(report.memory_bytes / 1024)), text_of(report.oldest),
                    text_of(report.newest), grouped(static_cast<std::int64_t>(report.newest_sequence.number)),
                    groups.empty() ? "-" : groups});
  }
  console.table({"stream", "entries", "KiB", "oldest", "newest", "sequence", "groups"}, rows);
  return ExitCode::done;
}

}  // namespace mlbot::shell
