#include "io/bus/redis_inspector.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/bus/redis_reader.h"

namespace mlbot::io::bus {
namespace {

constexpr std::size_t epochs_max = 8;

BusError said(const RespConnection& connection, std::string_view what, std::string_view error) {
  return {wish_of(error) == RedisWish::wait ? BusFault::no_server : BusFault::refused,
          fmt::format("Redis at {} does not answer {}: {}", connection.address().text(), what, error)};
}

std::uint64_t count_of(const RespValue& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.number));
}

}  // namespace

Result<RedisInspector, BusError> RedisInspector::connect(std::string_view url, const RedisFiles& files,
                                                         Duration timeout) {
  auto login = RedisLogin::of(url, files, timeout);
  if (!login) return std::unexpected{login.error()};
  RedisInspector inspector{std::move(*login)};
  const auto masters = inspector.nodes_.masters();
  if (!masters) return std::unexpected{masters.error()};
  for (const auto& node : *masters)
    if (auto connection = inspector.connection_to(node); !connection)
      return std::unexpected{connection.error()};
  return inspector;
}

Result<RespConnection*, BusError> RedisInspector::connection_to(const RedisAddress& node) {
  auto& connection = connections_[node];
  if (connection == nullptr) {
    auto connected = RespConnection::connect(nodes_.login(), node);
    if (!connected) return std::unexpected{connected.error()};
    connection = std::move(*connected);
  }
  return connection.get();
}

Result<std::vector<std::string>, BusError> RedisInspector::streams() {
  std::vector<std::string> names;
  const auto masters = nodes_.masters();
  if (!masters) return std::unexpected{masters.error()};
  for (const auto& node : *masters) {
    const auto connection = connection_to(node);
    if (!connection) return std::unexpected{connection.error()};
    std::string cursor = "0";
    do {
      auto answer = (*connection)->ask({"SCAN", cursor, "COUNT", "1000", "TYPE", "stream"});
      if (!answer) return std::unexpected{answer.error()};
      const RespValue told = answer->next();
      if (told.type == RespType::error)
        return std::unexpected{said(**connection, "SCAN (ACL SETUSER ... +scan)", told.text)};
      cursor = answer->next().text;
      for (auto count = answer->next().number; count > 0; --count) names.emplace_back(answer->next().text);
    } while (cursor != "0");
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());  // a scan may give one twice
  return names;
}

Result<StreamReport, BusError> RedisInspector::report(const std::string& stream) {
  const auto node = nodes_.node_of(stream);
  if (!node) return std::unexpected{node.error()};
  const auto connection = connection_to(*node);
  if (!connection) return std::unexpected{connection.error()};
  StreamReport report{.name = stream, .node = node->text()};
  auto length = (*connection)->ask({"XLEN", stream});
  if (!length) return std::unexpected{length.error()};
  const RespValue entries = length->next();
  if (entries.type == RespType::error) return std::unexpected{said(**connection, "XLEN", entries.text)};
  report.length = count_of(entries);
  auto memory = (*connection)->ask({"MEMORY", "USAGE", stream});
  if (!memory) return std::unexpected{memory.error()};
  const RespValue bytes = memory->next();
  if (bytes.type == RespType::nil)
    return std::unexpected{
        BusError{BusFault::refused,
                 fmt::format("there is no stream {} at {}; mlbot bus stat lists them", stream, report.node)}};
  report.memory_bytes = count_of(bytes);

  // The first entry of each epoch, by looking behind the last id that the epoch before could have.
  for (EntryId from{0, 1}; report.epochs.size() < epochs_max;) {
    const std::string id = from.text();
    auto first = (*connection)->ask({"XRANGE", stream, id, "+", "COUNT", "1"});
    if (!first) return std::unexpected{first.error()};
    if (first->next().number != 1) break;
    first->next();
    const auto found = parse_entry_id(first->next().text);
    if (!found) break;
    if (report.epochs.empty()) report.oldest = *found;
    report.epochs.push_back(found->epoch);
    from = {found->epoch + 1, 0};
  }
  const auto newest = last_place(nodes_, stream);
  if (!newest) return std::unexpected{newest.error()};
  if (*newest) {
    report.newest = {(*newest)->place.epoch, (*newest)->place.number};
    report.newest_sequence = (*newest)->place.sequence;
  }
  if (auto added = add_groups(**connection, report); !added) return std::unexpected{added.error()};
  return report;
}

Result<void, BusError> RedisInspector::add_groups(RespConnection& connection, StreamReport& report) {
  auto groups = connection.ask({"XINFO", "GROUPS", report.name});
  if (!groups) return std::unexpected{groups.error()};
  for (auto left = groups->next().number; left > 0; --left) {
    GroupReport& group = report.groups.emplace_back();
    for (auto pairs = groups->next().number / 2; pairs > 0; --pairs) {
      const auto key = groups->next().text;
      if (key == "name")
        group.name = groups->next().text;
      else if (key == "pending")
        group.pending = count_of(groups->next());
      else if (key == "last-delivered-id")
        group.delivered = parse_entry_id(groups->next().text).value_or(EntryId{});
      else
        groups->skip();
    }
  }
  for (auto& group : report.groups) {
    // The server's own count of the lag is not always known; ours is exact within the newest epoch.
    if (group.delivered.epoch == report.newest.epoch)
      group.lag = report.newest.number - std::min(report.newest.number, group.delivered.number);
    else
      group.lag = report.length;
    auto consumers = connection.ask({"XINFO", "CONSUMERS", report.name, group.name});
    if (!consumers) return std::unexpected{consumers.error()};
    for (auto left = consumers->next().number; left > 0; --left) {
      auto& consumer = group.consumers.emplace_back();
      for (auto pairs = consumers->next().number / 2; pairs > 0; --pairs) {
        const auto key = consumers->next().text;
        if (key == "name")
          consumer.name = consumers->next().text;
        else if (key == "pending")
          consumer.pending = count_of(consumers->next());
        else if (key == "idle")
          consumer.silent = std::chrono::milliseconds{consumers->next().number};
        else
          consumers->skip();
      }
    }
  }
  return {};
}

Result<std::unique_ptr<BusReader>, BusError> RedisInspector::reader(BusReading reading) {
  return RedisReader::open(nodes_.login(), RedisOptions{.timeout = nodes_.login().timeout},
                           std::move(reading));
}

Result<std::optional<BusPlace>, BusError> RedisInspector::last(std::string_view stream) {
  const auto end = last_place(nodes_, stream);
  if (!end) return std::unexpected{end.error()};
  if (!*end) return std::nullopt;
  return (*end)->place;
}

Result<std::vector<ServerReport>, BusError> RedisInspector::servers() {
  std::vector<ServerReport> reports;
  const auto masters = nodes_.masters();
  if (!masters) return std::unexpected{masters.error()};
  for (const auto& node : *masters) {
    const auto connection = connection_to(node);
    if (!connection) return std::unexpected{connection.error()};
    auto answer = (*connection)->ask({"INFO"});
    if (!answer) return std::unexpected{answer.error()};
    const RespValue info = answer->next();
    if (info.type == RespType::error)
      return std::unexpected{said(**connection, "INFO (ACL SETUSER ... +info)", info.text)};
    const auto number = [&](std::string_view name) {
      const auto text = info_field(info.text, name);
      std::uint64_t value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    };
    reports.push_back({.address = node.text(),
                       .version = std::string{info_field(info.text, "redis_version")},
                       .memory_bytes = number("used_memory"),
                       .memory_bytes_max = number("maxmemory"),
                       .maxmemory_policy = std::string{info_field(info.text, "maxmemory_policy")},
                       .append_only = info_field(info.text, "aof_enabled") == "1"});
  }
  return reports;
}

}  // namespace mlbot::io::bus
