#include "io/bus/redis_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {
namespace {

constexpr std::size_t same_sequence_max = 64;

}  // namespace

std::string_view info_field(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; (at = info.find(name, at)) != info.npos; ++at) {
    if ((at > 0 && info[at - 1] != '\n') || info.substr(at + name.size(), 1) != ":") continue;
    const auto value = info.substr(at + name.size() + 1);
    return value.substr(0, value.find_first_of("\r\n"));
  }
  return {};
}

std::uint16_t redis_slot(std::string_view stream) {
  if (const auto open = stream.find('{'); open != stream.npos)
    if (const auto close = stream.find('}', open + 1); close != stream.npos && close > open + 1)
      stream = stream.substr(open + 1, close - open - 1);
  std::uint16_t crc = 0;  // CRC-16/XMODEM
  for (const char c : stream) {
    crc = static_cast<std::uint16_t>(crc ^ (static_cast<unsigned char>(c) << 8));
    for (int bit = 0; bit < 8; ++bit)
      crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
  }
  return crc % redis_slots;
}

std::uint16_t RedisNodes::index_of(const RedisAddress& node) {
  const auto found = std::ranges::find(known_, node);
  if (found == known_.end()) known_.push_back(node);
  return static_cast<std::uint16_t>(std::ranges::find(known_, node) - known_.begin());
}

Result<RedisAddress, BusError> RedisNodes::node_of(std::string_view stream) {
  if (!login_.url.cluster) return known_.front();
  const auto slot = redis_slot(stream);
  if (!mapped_ || owner_[slot] == nobody)
    if (auto learned = learn(); !learned) return std::unexpected{learned.error()};
  if (owner_[slot] == nobody)
    return std::unexpected{BusError{BusFault::no_server,
                                    fmt::format("the Redis Cluster of {} has no node for slot {} ({}): "
                                                "redis-cli --cluster check {}",
                                                known_.front().text(), slot, stream, known_.front().text())}};
  return known_[owner_[slot]];
}

Result<std::vector<RedisAddress>, BusError> RedisNodes::masters() {
  if (!login_.url.cluster) return known_;
  if (!mapped_)
    if (auto learned = learn(); !learned) return std::unexpected{learned.error()};
  std::vector<RedisAddress> all;
  for (std::uint16_t i = 0; i < known_.size(); ++i)
    if (std::ranges::find(owner_, i) != owner_.end()) all.push_back(known_[i]);
  return all;
}

void RedisNodes::moved(std::string_view stream, const RedisAddress& to) {
  owner_[redis_slot(stream)] = index_of(to);
}

Result<void, BusError> RedisNodes::learn() {
  Result<void, BusError> learned = std::unexpected{BusError{BusFault::no_server, "the cluster has no nodes"}};
  const auto nodes = known_;  // learning adds to them
  for (const auto& node : nodes)
    if ((learned = learn_from(node))) return learned;
  return learned;
}

Result<void, BusError> RedisNodes::learn_from(const RedisAddress& node) {
  const auto connection = RespConnection::connect(login_, node);
  if (!connection) return std::unexpected{connection.error()};
  auto answer = (*connection)->ask({"CLUSTER", "SLOTS"});
  if (!answer) return std::unexpected{answer.error()};
  const RespValue ranges = answer->next();
  if (ranges.type != RespType::array)
    return std::unexpected{BusError{
        wish_of(ranges.text) == RedisWish::wait ? BusFault::no_server : BusFault::refused,
        fmt::format("Redis at {} is no cluster: {}; write redis:// instead of redis+cluster://, or allow "
                    "CLUSTER SLOTS to the user (ACL ... +cluster|slots)",
                    node.text(), ranges.text)}};
  std::ranges::fill(owner_, nobody);
  for (std::int64_t i = 0; i < ranges.number; ++i) {
    RespWalk range = *answer;
    answer->skip();
    range.next();
    const auto from = range.next().number, to = range.next().number;
    range.next();  // the master: [host, port, id, ...]
    const auto host = range.next().text;
    const auto port = range.next().number;
    const auto owner = index_of({host.empty() ? node.host : std::string{host}, std::to_string(port), {}});
    for (auto slot = std::max<std::int64_t>(from, 0); slot <= to && slot < redis_slots; ++slot)
      owner_[static_cast<std::size_t>(slot)] = owner;
  }
  mapped_ = true;
  return {};
}

Result<std::optional<StreamEnd>, BusError> stream_end(RespConnection& connection, std::string_view stream,
                                                      std::string_view id) {
  const std::string count = std::to_string(same_sequence_max);
  auto answer = connection.ask({"XREVRANGE", stream, id, "-", "COUNT", count});
  if (!answer) return std::unexpected{answer.error()};
  const RespValue entries = answer->next();
  if (entries.type == RespType::error)
    return std::unexpected{
        BusError{wish_of(entries.text) == RedisWish::refuse ? BusFault::refused : BusFault::no_server,
                 fmt::format("Redis at {} does not tell the end of {}: {}", connection.address().text(),
                             stream, entries.text)}};
  std::optional<StreamEnd> end;
  for (std::int64_t i = 0; i < entries.number; ++i) {
    answer->next();
    const auto at = parse_entry_id(answer->next().text);
    const auto fields = answer->next().number;
    std::string_view field, value;
    for (std::int64_t f = 0; f + 1 < fields; f += 2) {
      field = answer->next().text;
      value = answer->next().text;
    }
    if (!at || field != record_schema) break;
    const Sequence sequence = sequence_of(value);
    if (!end)
      end = StreamEnd{{static_cast<std::uint32_t>(at->epoch), at->number, sequence}, 0};
    else if (at->epoch != end->place.epoch || sequence != end->place.sequence)
      break;
    ++end->with_that_sequence;
  }
  return end;
}

Result<std::optional<StreamEnd>, BusError> last_place(RedisNodes& nodes, std::string_view stream) {
  const auto node = nodes.node_of(stream);
  if (!node) return std::unexpected{node.error()};
  const auto connection = RespConnection::connect(nodes.login(), *node);
  if (!connection) return std::unexpected{connection.error()};
  return stream_end(**connection, stream, "+");
}

Result<void, BusError> check_server(RespConnection& connection, const RedisUrl& url) {
  auto answer = connection.ask({"INFO"});
  if (!answer) return std::unexpected{answer.error()};
  const RespValue info = answer->next();
  const auto at = connection.address().text();
  if (info.type == RespType::error)
    return std::unexpected{
        wish_of(info.text) == RedisWish::wait
            ? connection.lost(info.text)
            : BusError{BusFault::refused,
                       fmt::format("Redis at {} does not say how it is set up ({}): ACL SETUSER ... +info",
                                   at, info.text)}};
  const auto version = info_field(info.text, "redis_version");
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  if (major < 7)
    return std::unexpected{
        BusError{BusFault::refused,
                 fmt::format("Redis at {} is version {}: 7 or later is needed, or Valkey", at, version)}};
  if (const auto policy = info_field(info.text, "maxmemory_policy"); policy != "noeviction")
    return std::unexpected{BusError{
        BusFault::evicts, fmt::format("Redis at {} may throw records away (maxmemory-policy {}): "
                                      "redis-cli CONFIG SET maxmemory-policy noeviction, and the same "
                                      "line in redis.conf",
                                      at, policy)}};
  if (url.persistent && info_field(info.text, "aof_enabled") == "0")
    return std::unexpected{BusError{
        BusFault::refused,
        fmt::format(
            "Redis at {} keeps nothing over a restart (appendonly no): redis-cli CONFIG SET appendonly "
            "yes, and the same line in redis.conf; or accept it with ?persistence=none behind bus.url",
            at)}};
  return {};
}

}  // namespace mlbot::io::bus
