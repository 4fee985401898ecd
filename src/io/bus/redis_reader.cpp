#include "io/bus/redis_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>

#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {
namespace {

constexpr std::string_view entries_per_fetch = "256";

template <class T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

RedisReader::RedisReader(const RedisUrl& url, const RedisOptions& options, std::optional<BusGroup> group,
                         ReadFrom from)
    : url_{url}, options_{options}, group_{std::move(group)}, from_{from}, pause_{options.reconnect_min} {}
RedisReader::~RedisReader() {
  if (group_ && connection_) (void)confirm();  // else they are given to us once more, which is allowed
}

Result<std::unique_ptr<RedisReader>, BusError> RedisReader::open(const RedisUrl& url,
                                                                 const RedisOptions& options,
                                                                 std::vector<std::string> streams,
                                                                 std::optional<BusGroup> group,
                                                                 ReadFrom from) {
  MLBOT_ASSERT(!streams.empty());
  std::unique_ptr<RedisReader> reader{new RedisReader{url, options, std::move(group), from}};
  for (auto& name : streams)
    reader->streams_.push_back(
        {.name = std::move(name), .known = from == ReadFrom::oldest && !reader->group_});
  if (auto connected = reader->connect(); !connected) return std::unexpected{connected.error()};
  return reader;
}

Result<void, BusError> RedisReader::fail(BusError error) {
  connection_.reset();
  entries_.clear();
  batch_.reset();
  return std::unexpected{std::move(error)};
}

Result<void, BusError> RedisReader::connect() {
  auto connected = RespConnection::connect(url_, options_.timeout);
  if (!connected) return fail(connected.error());
  connection_ = std::move(*connected);
  if (group_) {
    if (auto joined = join_group(); !joined) return fail(joined.error());
    for (auto& stream : streams_) {
      stream.in_backlog = true;
      stream.last_id = "0-0";
      stream.handed.clear();
    }
  } else if (from_ == ReadFrom::head && !placed_) {
    if (auto found = find_heads(); !found) return fail(found.error());
  }
  placed_ = true;
  pause_ = options_.reconnect_min;
  return {};
}

Result<void, BusError> RedisReader::join_group() {
  for (const auto& stream : streams_) {
    // A group that is made anew after the server lost it starts at the oldest entry: twice is better than
    // never.
    const std::string_view start = from_ == ReadFrom::head && !placed_ ? "$" : "0";
    const std::array<std::string_view, 6> words{"XGROUP",     "CREATE", stream.name,
                                                group_->name, start,    "MKSTREAM"};
    const auto reply = connection_->ask(words);
    if (!reply) return std::unexpected{reply.error()};
    if ((*reply)->type == REDIS_REPLY_ERROR && !text_of(**reply).starts_with("BUSYGROUP"))
      return std::unexpected{
          BusError{BusFault::refused, fmt::format("Redis at {} makes no group {} on {}: {}", url_.address(),
                                                  group_->name, stream.name, text_of(**reply))}};
  }
  return {};
}

Result<void, BusError> RedisReader::find_heads() {
  for (auto& stream : streams_) {
    const std::array<std::string_view, 6> words{"XREVRANGE", stream.name, "+", "-", "COUNT", "1"};
    const auto reply = connection_->ask(words);
    if (!reply) return std::unexpected{reply.error()};
    if ((*reply)->type == REDIS_REPLY_ARRAY && (*reply)->elements == 1 && (*reply)->element[0]->elements == 2)
      stream.last_id = text_of(*(*reply)->element[0]->element[0]);
  }
  return {};
}

Result<void, BusError> RedisReader::confirm() {
  for (auto& stream : streams_) {
    if (stream.handed.empty()) continue;
    std::vector<std::string_view> words{"XACK", stream.name, group_->name};
    words.insert(words.end(), stream.handed.begin(), stream.handed.end());
    const auto reply = connection_->ask(words);
    if (!reply) return std::unexpected{reply.error()};
    stream.handed.clear();
  }
  return {};
}

Result<void, BusError> RedisReader::fetch(Duration wait) {
  if (group_)
    if (auto confirmed = confirm(); !confirmed) return fail(confirmed.error());
  const std::string block = std::to_string(std::max<std::int64_t>(1, wait.count() / 1'000'000));
  std::vector<std::string_view> words;
  if (group_)
    words = {"XREADGROUP", "GROUP", group_->name, group_->consumer};
  else
    words = {"XREAD"};
  for (const std::string_view word : {std::string_view{"COUNT"}, entries_per_fetch, std::string_view{"BLOCK"},
                                      std::string_view{block}, std::string_view{"STREAMS"}})
    words.push_back(word);
  for (const auto& stream : streams_) words.push_back(stream.name);
  for (const auto& stream : streams_)
    words.push_back(group_ && !stream.in_backlog ? std::string_view{">"} : std::string_view{stream.last_id});
  connection_->append(words);
  if (auto sent = connection_->send(); !sent) return fail(sent.error());
  auto reply = connection_->receive(wait + options_.timeout);
  if (!reply) return fail(reply.error());
  batch_ = std::move(*reply);
  if (batch_->type == REDIS_REPLY_ERROR) {
    const bool gone = text_of(*batch_).starts_with("NOGROUP") || text_of(*batch_).starts_with("LOADING");
    return fail({gone ? BusFault::no_server : BusFault::refused,
                 fmt::format("Redis at {}: {}", url_.address(), text_of(*batch_))});
  }
  for (auto& stream : streams_) {
    const redisReply* found = nullptr;
    for (std::size_t i = 0; i < batch_->elements; ++i)
      if (batch_->element[i]->elements == 2 && text_of(*batch_->element[i]->element[0]) == stream.name)
        found = batch_->element[i]->element[1];
    if (found == nullptr || found->elements == 0) {
      stream.in_backlog = false;
      continue;
    }
    for (std::size_t i = 0; i < found->elements; ++i) entries_.push_back({&stream, found->element[i]});
  }
  return {};
}

Result<std::optional<BusItem>, BusError> RedisReader::next(Duration wait) {
  for (bool asked = false;;) {
    while (!entries_.empty()) {
      const Entry entry = entries_.front();
      auto item = deliver(entry);
      const bool gap = item && *item && std::holds_alternative<BusGap>(**item);
      if (!gap) {  // after a gap the entry itself comes next
        entries_.pop_front();
        const std::string_view id = text_of(*entry.item->element[0]);
        entry.stream->last_id = id;
        if (group_) entry.stream->handed.emplace_back(id);
      }
      if (!item || *item) return item;
    }
    if (asked) return std::nullopt;
    if (!connection_) {
      std::this_thread::sleep_for(std::min(pause_, wait));
      pause_ = std::min(pause_ * 2, options_.reconnect_max);
      if (auto connected = connect(); !connected) return std::unexpected{connected.error()};
    }
    const bool backlog = std::ranges::any_of(streams_, &Stream::in_backlog);
    if (auto fetched = fetch(backlog ? Duration{1ms} : wait); !fetched)
      return std::unexpected{fetched.error()};
    asked = !backlog;
  }
}

Result<std::optional<BusItem>, BusError> RedisReader::deliver(const Entry& entry) {
  Stream& stream = *entry.stream;
  const redisReply& fields = *entry.item->element[1];
  if (fields.type == REDIS_REPLY_NIL) return std::nullopt;  // trimmed before we confirmed it
  std::string_view schema, bytes;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  Sequence sequence;
  bool whole = entry.item->elements == 2 && fields.elements % 2 == 0;
  for (std::size_t i = 0; whole && i < fields.elements; i += 2) {
    const std::string_view name = text_of(*fields.element[i]), value = text_of(*fields.element[i + 1]);
    if (name == "s") schema = value;
    if (name == "e") whole = parse(value, epoch);
    if (name == "n") whole = whole && parse(value, number);
    if (name == "q") whole = whole && parse(value, sequence.number);
    if (name == "r") bytes = value;
  }
  if (!whole || schema != record_schema || number == 0)
    return std::unexpected{BusError{
        BusFault::bad_record,
        fmt::format(
            "entry {} of {} at {} is of schema \"{}\", this build reads {}: let one release write the stream",
            text_of(*entry.item->element[0]), stream.name, url_.address(), schema, record_schema)}};
  if (stream.known && epoch <= stream.epoch && (epoch < stream.epoch || number < stream.expected))
    return std::nullopt;  // sent again after a broken connection
  const std::uint64_t expected = stream.known && epoch > stream.epoch ? 1 : stream.expected;
  const bool jumps = stream.known && number > expected;
  stream.known = true;
  stream.epoch = epoch;
  if (jumps) {
    stream.expected = number;
    return BusGap{.stream = stream.name,
                  .epoch = epoch,
                  .first_missed = expected,
                  .missed = number - expected,
                  .before = sequence};
  }
  stream.expected = number + 1;
  return BusMessage{stream.name, epoch, number, sequence, bytes};
}

}  // namespace mlbot::io::bus
