#include "io/bybit/stream_group.h"

#include <algorithm>

#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;

namespace {

/// Higher is worse.
int badness(LinkState state) {
  switch (state) {
    case LinkState::live:
      return 0;
    case LinkState::stale:
      return 1;
    case LinkState::syncing:
      return 2;
    case LinkState::connecting:
      return 3;
    case LinkState::down:
      break;
  }
  return 4;
}

}  // namespace

std::vector<std::vector<std::string>> split_topics(const std::vector<std::string>& topics,
                                                   std::size_t topics_max, std::size_t characters_max) {
  std::vector<std::vector<std::string>> lists(1);
  std::size_t characters = 0;
  for (std::size_t from = 0; from < topics.size();) {
    const std::string symbol{dialect::parse_topic(topics[from]).symbol};
    std::size_t until = from, needed = 0;
    while (until < topics.size() && (until == from || dialect::parse_topic(topics[until]).symbol == symbol))
      needed += topics[until++].size();
    const auto full = [&](std::size_t more_topics, std::size_t more_characters) {
      return !lists.back().empty() && (lists.back().size() + more_topics > topics_max ||
                                       characters + more_characters > characters_max);
    };
    if (full(until - from, needed)) {
      lists.emplace_back();
      characters = 0;
    }
    for (; from < until; ++from) {
      if (full(1, topics[from].size())) {
        lists.emplace_back();
        characters = 0;
      }
      characters += topics[from].size();
      lists.back().push_back(topics[from]);
    }
  }
  return lists;
}

StreamGroup::StreamGroup(const StreamSettings& settings, const dialect::InstrumentTable& table,
                         StreamHandlers handlers, GroupWishes wishes, std::function<Instant()> venue_time)
    : handlers_{std::move(handlers)}, link_{settings.link} {
  constexpr std::size_t heartbeat_room = 64;  // characters of the heartbeat's own topic
  const auto lists =
      split_topics(settings.topics, settings.topics_per_connection, topic_characters_max - heartbeat_room);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    StreamSettings own = settings;
    own.topics = lists[i];
    own.seed = settings.seed + i;
    StreamHandlers heard_by{
        .on_event = [this](const Event& event, Instant venue_time) { heard(event, venue_time); },
        .on_undecoded = handlers_.on_undecoded,
        .on_fatal = handlers_.on_fatal,
        .on_frame = handlers_.on_frame,
        .on_sign_in_refused = handlers_.on_sign_in_refused};
    parts_.push_back(std::make_unique<StreamSession>(
        std::move(own), table, std::move(heard_by),
        StreamWishes{.open = [open = wishes.open, i] { open(i); },
                     .send = [send = wishes.send, i](std::string text) { send(i, std::move(text)); },
                     .close = [close = wishes.close, i] { close(i); }},
        venue_time));
  }
}

void StreamGroup::heard(const Event& event, Instant venue_time) {
  if (!std::holds_alternative<LinkChanged>(event)) return handlers_.on_event(event, venue_time);
  LinkState worst = LinkState::live;
  for (const auto& part : parts_)
    if (badness(part->state()) > badness(worst)) worst = part->state();
  if (worst == state_) return;
  state_ = worst;
  handlers_.on_event(LinkChanged{link_, worst}, {});
}

void StreamGroup::start(Instant now) {
  for (const auto& part : parts_) part->start(now);
}

void StreamGroup::opened(std::size_t part, Instant now) {
  const bool is_back = parts_[part]->counters().reconnects > 0;
  parts_[part]->opened(now);
  if (!is_back) return;
  for (std::size_t other = 0; other < parts_.size(); ++other)
    if (other != part) parts_[other]->resubscribe_books(now);
}

void StreamGroup::on_timer(Instant now) {
  for (const auto& part : parts_)
    if (part->next_timer() <= now) part->on_timer(now);
}

Instant StreamGroup::next_timer() const {
  Instant next = distant_future;
  for (const auto& part : parts_) next = std::min(next, part->next_timer());
  return next;
}

void StreamGroup::resubscribe_book(std::string_view symbol, Instant now) {
  for (const auto& part : parts_) part->resubscribe_book(symbol, now);
}

StreamCounters StreamGroup::counters() const {
  StreamCounters all;
  for (const auto& part : parts_) {
    const StreamCounters& own = part->counters();
    all.messages += own.messages;
    all.bytes += own.bytes;
    all.decode_errors += own.decode_errors;
    all.reconnects += own.reconnects;
    all.fallback_frames += own.fallback_frames;
    all.foreign_rows += own.foreign_rows;
    all.heartbeats += own.heartbeats;
    all.silences += own.silences;
    all.last_message_at = std::max(all.last_message_at, own.last_message_at);
  }
  return all;
}

std::string StreamGroup::last_loss() const {
  const StreamSession* worst = nullptr;
  for (const auto& part : parts_) {
    if (part->last_loss().empty()) continue;
    if (worst == nullptr || badness(part->state()) > badness(worst->state())) worst = part.get();
  }
  return worst != nullptr ? worst->last_loss() : "";
}

}  // namespace mlbot::io::bybit
