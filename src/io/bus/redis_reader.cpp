#include "io/bus/redis_reader.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/assert.h"

namespace mlbot::io::bus {
namespace {

constexpr std::string_view entries_per_question = "512";
constexpr auto block =
    std::chrono::milliseconds{500};  ///< a question's patience: how often a consumer shows life
constexpr std::size_t confirmed_at_once = 1'000;

/// Alternating names and values into `visit(name, walk)`, which takes exactly one value.
template <class Visit>
void for_each_pair(RespWalk& walk, Visit&& visit) {
  const auto pairs = walk.next().number / 2;
  for (std::int64_t i = 0; i < pairs; ++i) visit(walk.next().text, walk);
}

struct Consumer {
  std::string name;
  std::int64_t pending = 0, idle_ms = 0;
};
std::vector<Consumer> consumers_in(RespWalk answer) {
  std::vector<Consumer> consumers(static_cast<std::size_t>(std::max<std::int64_t>(0, answer.next().number)));
  for (auto& consumer : consumers)
    for_each_pair(answer, [&](std::string_view name, RespWalk& walk) {
      if (name == "name")
        consumer.name = walk.next().text;
      else if (name == "pending")
        consumer.pending = walk.next().number;
      else if (name == "idle")
        consumer.idle_ms = walk.next().number;
      else
        walk.skip();
    });
  return consumers;
}

}  // namespace

RedisReader::RedisReader(const RedisLogin& login, const RedisOptions& options, BusReading reading)
    : nodes_{login}, options_{options}, group_{std::move(reading.group)}, from_{reading.from} {
  if (group_) {
    std::random_device chance;
    token_ = fmt::format("{}#{:08x}{:08x}", group_->consumer, chance(), chance());
  }
  std::map<std::uint16_t, Way*> by_slot;
  for (auto& name : reading.streams) {
    Way*& way = by_slot[login.url.cluster ? redis_slot(name) : 0];
    if (way == nullptr) {
      way = &ways_.emplace_back();
      way->pause = options_.reconnect_min;
    }
    Stream& stream = way->streams.emplace_back();
    stream.name = std::move(name);
    if (const auto had = reading.after.find(stream.name); had != reading.after.end()) {
      stream.begun = stream.known = true;
      stream.behind = {had->second.epoch, had->second.number};
      stream.epoch = had->second.epoch;
      stream.expected = had->second.number + 1;
      stream.sequence = had->second.sequence;
    }
  }
}

RedisReader::~RedisReader() {
  if (!group_) return;
  for (auto& way : ways_) {
    way.connection.reset();
    for (auto& stream : way.streams) {  // leaves the place to whoever comes next; not heard of is not harmful
      if (!stream.begun) continue;
      const auto connection = second_connection(stream);
      if (!connection) return;
      const auto key = owner_key(stream);
      auto owner = (*connection)->ask({"GET", key});
      if (owner && owner->next().text == token_) (void)(*connection)->ask({"DEL", key});
    }
  }
}

Result<std::unique_ptr<RedisReader>, BusError> RedisReader::open(const RedisLogin& login,
                                                                 const RedisOptions& options,
                                                                 BusReading reading) {
  MLBOT_ASSERT(!reading.streams.empty());
  std::unique_ptr<RedisReader> reader{new RedisReader{login, options, std::move(reading)}};
  for (auto& way : reader->ways_)
    if (auto connected = reader->connect(way); !connected)
      return std::unexpected{reader->lose(way, connected.error())};
  return reader;
}

BusError RedisReader::lose(Way& way, BusError why) {
  if (held_ && held_->first == &way) held_.reset();  // it is read again
  way.connection.reset();
  way.answer.reset();
  way.asked = false;
  way.entries_left = way.streams_left = 0;
  if (why.fault == BusFault::taken) way.pause = options_.reconnect_min;  // it may die any moment
  way.retry_at = Clock::now() + way.pause;
  way.pause = std::min(way.pause * 2, options_.reconnect_max);
  nodes_.forget();
  second_.clear();  // its server may be the same
  return why;
}

Result<void, BusError> RedisReader::connect(Way& way) {
  const auto node = nodes_.node_of(way.streams.front().name);
  if (!node) return std::unexpected{node.error()};
  auto connection = RespConnection::connect(nodes_.login(), *node);
  if (!connection) return std::unexpected{connection.error()};
  for (auto& stream : way.streams)
    if (auto begun = group_ ? join(**connection, stream) : find_beginning(**connection, stream); !begun)
      return begun;
  way.connection = std::move(*connection);
  way.pause = options_.reconnect_min;
  return {};
}

Result<void, BusError> RedisReader::find_beginning(RespConnection& connection, Stream& stream) {
  if (stream.begun) return {};
  if (from_ == ReadFrom::head) {
    const auto end = stream_end(connection, stream.name, "+");
    if (!end) return std::unexpected{end.error()};
    if (*end) {
      const auto& place = (*end)->place;
      stream.behind = {place.epoch, place.number};
      stream.epoch = place.epoch;
      stream.expected = place.number + 1;
      stream.sequence = place.sequence;
      stream.heard_of_sequence = (*end)->with_that_sequence;
      stream.known = true;
    }
  } else {
    stream.known = true;  // from the very first record of the oldest epoch that is there
  }
  stream.begun = true;
  return {};
}

std::string RedisReader::owner_key(const Stream& stream) const {
  // With the stream's own hash tag, so that it lies on the stream's node.
  const auto open = stream.name.find('{');
  const auto tag = open == std::string::npos ? "{" + stream.name + "}" : stream.name.substr(open);
  return fmt::format("own.{}.{}.{}", tag, stream.name.substr(0, open), group_->name);
}

BusError RedisReader::taken(const Stream& stream, std::string_view owner) const {
  return {
      BusFault::taken,
      fmt::format("{} is read by consumer {} of group {}, which is alive: stop it, or give this one another "
                  "group; it takes over by itself when the other one has been silent for {} ms",
                  stream.name, owner.substr(0, owner.rfind('#')), group_->name,
                  group_->claim_after.count() / 1'000'000)};
}

BusError RedisReader::refused(const RespConnection& connection, const Stream& stream,
                              std::string_view error) {
  const auto wish = wish_of(error);
  const bool gone = error.starts_with("NOGROUP") || error.starts_with("UNBLOCKED");
  const bool later = wish == RedisWish::wait || wish == RedisWish::full || wish == RedisWish::moved ||
                     wish == RedisWish::ask || gone;
  return {later ? BusFault::no_server : BusFault::refused,
          fmt::format("Redis at {}, {}: {}", connection.address().text(), stream.name, error)};
}

Result<void, BusError> RedisReader::join(RespConnection& connection, Stream& stream) {
  // A group that is made anew because the server lost it starts where we are, or at the oldest entry: twice
  // is better than never.
  const std::string had = stream.behind.text();
  const std::string_view start =
      stream.begun ? (stream.known ? std::string_view{had} : "0") : (from_ == ReadFrom::head ? "$" : "0");
  auto made = connection.ask({"XGROUP", "CREATE", stream.name, group_->name, start, "MKSTREAM"});
  if (!made) return std::unexpected{made.error()};
  const RespValue told = made->next();
  if (told.type == RespType::error && !told.text.starts_with("BUSYGROUP"))
    return std::unexpected{refused(connection, stream, told.text)};
  if (auto owned = own(connection, stream); !owned) return owned;
  if (auto claimed = claim(connection, stream); !claimed) return claimed;
  if (!stream.known)
    if (auto found = find_group_place(connection, stream); !found) return found;
  stream.begun = true;
  stream.in_backlog = true;
  stream.behind = {};
  return {};
}

Result<void, BusError> RedisReader::own(RespConnection& connection, Stream& stream) {
  const auto key = owner_key(stream);
  auto answer = connection.ask({"GET", key});
  if (!answer) return std::unexpected{answer.error()};
  const RespValue told = answer->next();
  if (told.type == RespType::error) return std::unexpected{refused(connection, stream, told.text)};
  const std::string owner{told.text};
  if (owner == token_) return {};
  const auto name = owner.substr(0, owner.rfind('#'));
  if (!owner.empty() && (name != group_->consumer || stream.begun)) {
    auto listed = connection.ask({"XINFO", "CONSUMERS", stream.name, group_->name});
    if (!listed) return std::unexpected{listed.error()};
    for (const auto& consumer : consumers_in(*listed))
      if (consumer.name == name && consumer.idle_ms < group_->claim_after.count() / 1'000'000)
        return std::unexpected{taken(stream, owner)};
  }
  auto set = connection.ask({"SET", key, token_});
  if (!set) return std::unexpected{set.error()};
  const RespValue done = set->next();
  if (done.type == RespType::error) return std::unexpected{refused(connection, stream, done.text)};
  return {};
}

Result<void, BusError> RedisReader::claim(RespConnection& connection, const Stream& stream) {
  for (std::string cursor = "0-0";;) {
    auto answer = connection.ask(
        {"XAUTOCLAIM", stream.name, group_->name, group_->consumer, "0", cursor, "COUNT", "1000", "JUSTID"});
    if (!answer) return std::unexpected{answer.error()};
    const RespValue told = answer->next();
    if (told.type == RespType::error) return std::unexpected{refused(connection, stream, told.text)};
    cursor = answer->next().text;
    if (cursor == "0-0") return {};
  }
}

Result<void, BusError> RedisReader::find_group_place(RespConnection& connection, Stream& stream) {
  auto groups = connection.ask({"XINFO", "GROUPS", stream.name});
  if (!groups) return std::unexpected{groups.error()};
  EntryId last;  // that the group was ever given
  for (auto left = groups->next().number; left > 0; --left) {
    bool ours = false;
    EntryId id;
    for_each_pair(*groups, [&](std::string_view name, RespWalk& walk) {
      if (name == "name")
        ours = walk.next().text == group_->name;
      else if (name == "last-delivered-id")
        id = parse_entry_id(walk.next().text).value_or(EntryId{});
      else
        walk.skip();
    });
    if (ours) last = id;
  }
  auto pending = connection.ask({"XPENDING", stream.name, group_->name});
  if (!pending) return std::unexpected{pending.error()};
  pending->next();
  if (pending->next().number > 0) {
    if (const auto oldest = parse_entry_id(pending->next().text)) last = {oldest->epoch, oldest->number - 1};
  }
  stream.known = from_ == ReadFrom::oldest || last != EntryId{};
  if (last == EntryId{}) return {};
  stream.epoch = last.epoch;
  stream.expected = last.number + 1;
  const auto end = stream_end(connection, stream.name, last.text());
  if (!end) return std::unexpected{end.error()};
  if (*end && (*end)->place.epoch == last.epoch && (*end)->place.number == last.number) {
    stream.sequence = (*end)->place.sequence;
    stream.heard_of_sequence = (*end)->with_that_sequence;
  }
  return {};
}

Result<void, BusError> RedisReader::ask(Way& way) {
  const std::string patience = std::to_string(block.count());
  std::vector<std::string_view> words{"XREAD"};
  if (group_) words = {"XREADGROUP", "GROUP", group_->name, group_->consumer};
  for (const std::string_view word :
       {std::string_view{"COUNT"}, entries_per_question, std::string_view{"BLOCK"},
        std::string_view{patience}, std::string_view{"STREAMS"}})
    words.push_back(word);
  for (const auto& stream : way.streams) words.push_back(stream.name);
  std::deque<std::string> ids;
  for (const auto& stream : way.streams)
    words.push_back(group_ && !stream.in_backlog ? std::string_view{">"}
                                                 : std::string_view{ids.emplace_back(stream.behind.text())});
  way.connection->append(words);
  if (auto sent = way.connection->send(); !sent) return sent;
  way.asked = true;
  way.asked_at = Clock::now();
  return {};
}

Result<void, BusError> RedisReader::hear(Way& way) {
  if (auto read = way.connection->read_some(); !read) return read;
  const auto answer = way.connection->next_answer();
  if (!answer) return std::unexpected{answer.error()};
  if (!*answer) {
    if (Clock::now() - way.asked_at > block + options_.timeout)
      return std::unexpected{way.connection->lost("it does not answer")};
    return {};
  }
  way.asked = false;
  way.answer = **answer;
  const RespValue told = way.answer->next();
  if (told.type == RespType::error) {
    return std::unexpected{refused(*way.connection, way.streams.front(), told.text)};
  }
  way.streams_left = told.type == RespType::array ? told.number : 0;
  way.entries_left = 0;
  if (way.streams_left == 0) way.answer.reset();
  return {};
}

Result<std::optional<BusItem>, BusError> RedisReader::hand_out(Way& way) {
  RespWalk& walk = *way.answer;
  for (;;) {
    while (way.entries_left == 0) {
      if (way.streams_left == 0) {
        way.answer.reset();
        return std::nullopt;
      }
      --way.streams_left;
      walk.next();
      const auto name = walk.next().text;
      way.entries_left = walk.next().number;
      const auto found = std::ranges::find(way.streams, name, &Stream::name);
      MLBOT_ASSERT(found != way.streams.end());
      way.stream = &*found;
      if (way.entries_left == 0) found->in_backlog = false;
    }
    --way.entries_left;
    Stream& stream = *way.stream;
    walk.next();
    const auto id_text = walk.next().text;
    const auto id = parse_entry_id(id_text);
    const RespValue fields = walk.next();
    if (id && fields.type == RespType::nil) {  // trimmed before we confirmed it: the next number tells
      stream.again.insert(*id);
      stream.behind = *id;
      continue;
    }
    std::string_view field, value;
    for (std::int64_t i = 0; i + 1 < fields.number; i += 2) {
      field = walk.next().text;
      value = walk.next().text;
    }
    if (!id || fields.number != 2 || field != record_schema || value.size() < sequence_bytes ||
        id->number == 0)
      return std::unexpected{BusError{
          BusFault::bad_record,
          fmt::format("entry {} of {} at {} is of schema \"{}\", this build reads {}: let one release write "
                      "the stream, and nobody else",
                      id_text, stream.name, way.connection->address().text(), field, record_schema)}};
    auto item = judge(way, stream, {*id, value});
    if (!item || *item || !way.answer) return item;
  }
}

Result<std::optional<BusItem>, BusError> RedisReader::judge(Way& way, Stream& stream, const Entry& entry) {
  const EntryId id = entry.id;
  if (stream.known &&
      (id.epoch < stream.epoch || (id.epoch == stream.epoch && id.number < stream.expected))) {
    stream.behind = std::max(stream.behind, id);
    if (group_ && !std::ranges::binary_search(stream.handed, id)) stream.again.insert(id);
    return std::nullopt;
  }
  const bool new_epoch = stream.known && id.epoch > stream.epoch;
  const bool open = new_epoch && (stream.epoch != 0 || stream.expected > 1);
  const std::uint64_t expected = new_epoch ? 1 : stream.expected;
  if (!stream.known || (id.number == expected && !open)) return take(stream, entry);
  if (group_) {
    const auto held = others_hold_some(stream);
    if (!held) return std::unexpected{lose(way, held.error())};
    if (*held) {  // joined once more, they become ours, and come before this one
      (void)lose(way, {});
      way.retry_at = Clock::now();
      return std::nullopt;
    }
  }
  const BusGap gap{.stream = stream.name,
                   .epoch = static_cast<std::uint32_t>(id.epoch),
                   .first_missed = expected,
                   .missed = id.number - expected,
                   .earlier_epoch_open = open,
                   .earlier_epoch = static_cast<std::uint32_t>(open ? stream.epoch : 0),
                   .heard_of_earlier = open ? stream.expected - 1 : 0,
                   .after = stream.sequence,
                   .heard_of_after = stream.heard_of_sequence,
                   .before = sequence_of(entry.value)};
  stream.epoch = id.epoch;
  stream.expected = id.number;
  held_ = {&way, entry};
  return gap;
}

BusMessage RedisReader::take(Stream& stream, const Entry& entry) {
  const Sequence sequence = sequence_of(entry.value);
  stream.heard_of_sequence = sequence == stream.sequence ? stream.heard_of_sequence + 1 : 1;
  stream.sequence = sequence;
  stream.known = true;
  stream.epoch = entry.id.epoch;
  stream.expected = entry.id.number + 1;
  stream.behind = entry.id;
  if (group_) stream.handed.push_back(entry.id);
  return {stream.name, static_cast<std::uint32_t>(entry.id.epoch), entry.id.number, sequence,
          entry.value.substr(sequence_bytes)};
}

Result<bool, BusError> RedisReader::others_hold_some(Stream& stream) {
  const auto connection = second_connection(stream);
  if (!connection) return std::unexpected{connection.error()};
  const auto key = owner_key(stream);
  auto answer = (*connection)->ask({"GET", key});
  if (!answer) return std::unexpected{answer.error()};
  if (const auto owner = answer->next(); owner.type == RespType::text && owner.text != token_)
    return std::unexpected{taken(stream, owner.text)};
  auto listed = (*connection)->ask({"XINFO", "CONSUMERS", stream.name, group_->name});
  if (!listed) return std::unexpected{listed.error()};
  return std::ranges::any_of(consumers_in(*listed), [&](const Consumer& consumer) {
    return consumer.name != group_->consumer && consumer.pending > 0;
  });
}

Result<RespConnection*, BusError> RedisReader::second_connection(const Stream& stream) {
  const auto node = nodes_.node_of(stream.name);
  if (!node) return std::unexpected{node.error()};
  auto& connection = second_[*node];
  if (connection == nullptr) {
    auto connected = RespConnection::connect(nodes_.login(), *node);
    if (!connected) return std::unexpected{connected.error()};
    connection = std::move(*connected);
  }
  return connection.get();
}

Result<void, BusError> RedisReader::confirm(Stream& stream) {
  if (stream.handed.empty() && stream.again.empty()) return {};
  const auto connection = second_connection(stream);
  if (!connection) return std::unexpected{connection.error()};
  std::vector<std::string> ids;
  for (const auto& id : stream.handed) ids.push_back(id.text());
  for (const auto& id : stream.again) ids.push_back(id.text());
  std::size_t questions = 0;
  for (std::size_t from = 0; from < ids.size(); from += confirmed_at_once, ++questions) {
    std::vector<std::string_view> words{"XACK", stream.name, group_->name};
    words.insert(words.end(), ids.begin() + static_cast<std::ptrdiff_t>(from),
                 ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + confirmed_at_once)));
    (*connection)->append(words);
  }
  auto sent = (*connection)->send();
  for (; sent && questions > 0; --questions) {
    auto answer = (*connection)->receive();
    if (!answer) {
      sent = std::unexpected{answer.error()};
    } else if (const auto told = answer->next(); told.type == RespType::error) {
      sent = std::unexpected{refused(**connection, stream, told.text)};
    }
  }
  if (!sent) {  // what was not confirmed is given again, and known as a double
    second_.clear();
    nodes_.forget();
    return sent;
  }
  stream.handed.clear();
  stream.again.clear();
  return {};
}

Result<void, BusError> RedisReader::confirm() {
  if (!group_) return {};
  for (auto& way : ways_)
    for (auto& stream : way.streams)
      if (auto confirmed = confirm(stream); !confirmed) return confirmed;
  return {};
}

Result<std::optional<BusItem>, BusError> RedisReader::next(Duration wait) {
  const auto deadline = Clock::now() + wait;
  for (;;) {
    if (held_) {
      const auto [way, entry] = *held_;
      held_.reset();
      return take(*way->stream, entry);
    }
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      Way& way = ways_[(turn_ + i) % ways_.size()];
      if (!way.answer) continue;
      turn_ = (turn_ + i) % ways_.size();
      auto item = hand_out(way);
      if (!item || *item) return item;
    }
    turn_ = (turn_ + 1) % ways_.size();
    auto now = Clock::now();
    auto until = deadline;
    std::vector<pollfd> handles;
    std::vector<Way*> asked;
    for (auto& way : ways_) {
      if (!way.connection && now >= way.retry_at)
        if (auto connected = connect(way); !connected) return std::unexpected{lose(way, connected.error())};
      if (!way.connection) {
        until = std::min(until, way.retry_at);
        continue;
      }
      if (!way.asked)
        if (auto done = ask(way); !done) return std::unexpected{lose(way, done.error())};
      until = std::min(until, way.asked_at + block + options_.timeout);
      handles.push_back({way.connection->handle(), POLLIN, 0});
      asked.push_back(&way);
    }
    now = Clock::now();
    const auto ms =
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(until - now).count());
    const int ready =
        ::poll(handles.data(), handles.size(), static_cast<int>(std::min<std::int64_t>(ms, 60'000)));
    bool heard = false;
    for (std::size_t i = 0; i < handles.size(); ++i) {
      const bool overdue = Clock::now() - asked[i]->asked_at > block + options_.timeout;
      if (handles[i].revents == 0 && !overdue) continue;
      heard = true;
      if (auto done = hear(*asked[i]); !done) return std::unexpected{lose(*asked[i], done.error())};
    }
    if (!heard && ready <= 0 && Clock::now() >= deadline) return std::nullopt;
    if (heard && std::ranges::none_of(ways_, [](const Way& way) { return way.answer.has_value(); }) &&
        Clock::now() >= deadline)
      return std::nullopt;
  }
}

}  // namespace mlbot::io::bus
