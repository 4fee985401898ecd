#include "io/bus/redis_trimmer.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::io::bus {
namespace {

constexpr Duration look_period = 20ms;

struct GroupPlace {
  std::string name;
  EntryId unread;  ///< the oldest entry that it has not confirmed
};

/// @error what the server answered with
Result<std::vector<GroupPlace>, BusError> groups_of(RespConnection& connection, const std::string& stream) {
  auto answer = connection.ask({"XINFO", "GROUPS", stream});
  if (!answer) return std::unexpected{answer.error()};
  const RespValue groups = answer->next();
  if (groups.type == RespType::error)
    return std::unexpected{BusError{BusFault::refused, std::string{groups.text}}};
  std::vector<GroupPlace> places;
  std::vector<bool> pending;
  for (std::int64_t i = 0; i < groups.number; ++i) {
    GroupPlace place;
    std::int64_t count = 0;
    const auto pairs = answer->next().number / 2;
    for (std::int64_t pair = 0; pair < pairs; ++pair) {
      const auto key = answer->next().text;
      if (key == "name") {
        place.name = answer->next().text;
      } else if (key == "pending") {
        count = answer->next().number;
      } else if (key == "last-delivered-id") {
        place.unread = parse_entry_id(answer->next().text).value_or(EntryId{});
        ++place.unread.number;
      } else {
        answer->skip();
      }
    }
    places.push_back(std::move(place));
    pending.push_back(count > 0);
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!pending[i]) continue;
    auto summary = connection.ask({"XPENDING", stream, places[i].name});
    if (!summary) return std::unexpected{summary.error()};
    summary->next();  // [count, oldest, newest, consumers]
    if (summary->next().number == 0) continue;
    if (const auto oldest = parse_entry_id(summary->next().text))
      places[i].unread = std::min(places[i].unread, *oldest);
  }
  return places;
}

}  // namespace

void RedisTrimmer::start() {
  thread_ = std::thread{[this] { run(); }};
}

void RedisTrimmer::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::string RedisTrimmer::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

void RedisTrimmer::run() {
  struct Due {
    std::string stream;
    RedisAddress node;
    std::uint64_t last;
  };
  auto looked = RedisProducer::Clock::now();
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      if (wake_.wait_for(lock, std::min(look_period, producer_.options.trim_period),
                         [&] { return stopping_; }))
        return;
    }
    const auto now = RedisProducer::Clock::now();
    const bool all = now - looked >= producer_.options.trim_period;
    if (all) looked = now;
    std::vector<Due> due;
    {
      const std::lock_guard lock{producer_.mutex};
      if (!producer_.fenced.empty()) return;
      for (const auto& [name, stream] : producer_.streams) {
        auto& seen = seen_[name];
        const auto there = stream.log.acked();  // a server that lost its tail may have less than before
        const auto change = there > seen ? there - seen : seen - there;
        if (stream.placed && change > (all ? 0 : producer_.options.entries_max / 4)) {
          due.push_back({name, stream.lane->node(), there});
          seen = there;
        }
      }
    }
    for (const auto& one : due)
      if (!trim(one.stream, one.node, one.last)) {
        connections_.erase(one.node);  // the lane tells what is wrong with that node; we come again
        seen_[one.stream] = 0;
      }
  }
}

RespConnection* RedisTrimmer::connection_to(const RedisAddress& node) {
  auto& connection = connections_[node];
  if (connection == nullptr)
    if (auto connected = RespConnection::connect(producer_.login, node)) connection = std::move(*connected);
  return connection.get();
}

Result<void, BusError> RedisTrimmer::trim(const std::string& stream, const RedisAddress& node,
                                          std::uint64_t last) {
  RespConnection* connection = connection_to(node);
  if (connection == nullptr) return std::unexpected{BusError{BusFault::no_server, {}}};
  auto length = connection->ask({"XLEN", stream});
  if (!length) return std::unexpected{length.error()};
  const auto entries = static_cast<std::uint64_t>(std::max<std::int64_t>(0, length->next().number));
  const auto& options = producer_.options;
  if (entries <= options.entries_kept) return {};

  const auto groups = groups_of(*connection, stream);
  if (!groups) return std::unexpected{groups.error()};
  EntryId from{options.epoch, last - std::min(last, options.entries_kept) + 1};
  if (last < options.entries_kept) from = {};  // most of what is kept is of an earlier run
  for (const auto& group : *groups) from = std::min(from, group.unread);
  if (from.number > 1 || from.epoch > 0) {
    const std::string id = from.text();
    if (auto done = connection->ask({"XTRIM", stream, "MINID", "~", id}); !done)
      return std::unexpected{done.error()};
  }

  length = connection->ask({"XLEN", stream});
  if (!length) return std::unexpected{length.error()};
  if (static_cast<std::uint64_t>(length->next().number) <= options.entries_max + options.entries_max / 4)
    return {};
  const std::string most = std::to_string(options.entries_max);
  if (auto done = connection->ask({"XTRIM", stream, "MAXLEN", "~", most}); !done)
    return std::unexpected{done.error()};
  auto oldest = connection->ask({"XRANGE", stream, "-", "+", "COUNT", "1"});
  if (!oldest) return std::unexpected{oldest.error()};
  if (oldest->next().number != 1) return {};
  oldest->next();
  const auto first = parse_entry_id(oldest->next().text);
  for (const auto& group : *groups)
    if (first && group.unread < *first) {
      const std::lock_guard lock{mutex_};
      trouble_ = fmt::format(
          "{} is full ({} entries) because group {} does not read: its entries from {} to before {} "
          "are gone, and its reader will find a gap",
          stream, options.entries_max, group.name, group.unread.text(), first->text());
    }
  return {};
}

}  // namespace mlbot::io::bus
