#include "io/bybit/stream_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/planted.h"
#include "io/bybit/redact.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;

namespace {

constexpr std::size_t topics_per_request = 50;
constexpr Duration auth_validity = 10s;
/// A timer that comes later than this means that we slept, and what arrived meanwhile is not read yet.
constexpr Duration own_delay_max = 500ms;

}  // namespace

StreamSession::StreamSession(StreamSettings settings, const dialect::InstrumentTable& table,
                             StreamHandlers handlers, StreamWishes wishes,
                             std::function<Instant()> venue_time)
    : settings_{std::move(settings)},
      table_{table},
      handlers_{std::move(handlers)},
      wishes_{std::move(wishes)},
      venue_time_{std::move(venue_time)},
      secret_{settings_.secret},
      backoff_{
          settings_.reconnect_min, settings_.reconnect_max,
          Prng::stream(settings_.seed, settings_.link == Link::market ? "public stream" : "private stream")} {
  if (settings_.link != Link::market) return;
  for (const std::string& topic : settings_.topics) watch(topic);
  const bool has_level_one =
      std::ranges::any_of(watches_, [](const Watch& watched) { return watched.kind == Heard::level_one; });
  if (!settings_.heartbeat || has_level_one || settings_.topics.empty()) return;
  const dialect::Topic first = dialect::parse_topic(settings_.topics.front());
  if (table_.find(first.symbol) == nullptr) return;
  heartbeat_topic_ = dialect::book_topic(1, first.symbol);
  watch(heartbeat_topic_);
}

void StreamSession::watch(const std::string& topic) {
  const dialect::Topic parsed = dialect::parse_topic(topic);
  const auto* const entry = table_.find(parsed.symbol);
  if (entry == nullptr) return;
  const auto add = [&](Heard kind, Duration limit) {
    watches_.push_back({topic, kind, entry->instrument.id, limit});
    auto& heard = heard_at_[static_cast<std::size_t>(kind)];
    heard.resize(std::max<std::size_t>(heard.size(), entry->instrument.id.index + 1u));
  };
  switch (parsed.kind) {
    case dialect::Topic::Kind::book:
      return parsed.number == 1 ? add(Heard::level_one, settings_.heartbeat_limit)
                                : add(Heard::book, settings_.book_limit);
    case dialect::Topic::Kind::ticker:
      return add(Heard::ticker, settings_.ticker_limit);
    case dialect::Topic::Kind::kline:
      return add(Heard::kline, settings_.kline_limit);
    default:
      return;
  }
}

void StreamSession::become(LinkState state) {
  if (state == state_) return;
  state_ = state;
  handlers_.on_event(LinkChanged{settings_.link, state}, {});
}

void StreamSession::start(Instant now) {
  std::size_t characters = 0;
  for (const std::string& topic : settings_.topics) characters += topic.size();
  if (characters > topic_characters_max) {
    return refused(
        fmt::format("{} topics need {} characters and the venue allows {} on one connection: follow fewer "
                    "symbols on it",
                    settings_.topics.size(), characters, topic_characters_max));
  }
  try_at_ = now;
  on_timer(now);
}

void StreamSession::opened(Instant now) {
  connected_ = true;
  closing_ = false;
  become(LinkState::syncing);
  ping_at_ = now + settings_.ping_every;
  stale_at_ = now + settings_.stale_after;
  if (settings_.link == Link::account) {
    authenticate(now);
  } else {
    subscribe_all(now);
  }
}

void StreamSession::lost(std::string_view why, Instant now) {
  last_loss_ = own_reason_.empty() ? std::string{why} : std::exchange(own_reason_, {});
  connected_ = closing_ = false;
  awaited_.clear();
  ping_at_ = stale_at_ = watch_at_ = distant_future;
  if (!MLBOT_PLANTED(never_say_that_a_stream_is_lost)) become(LinkState::down);
  if (fatal_ || MLBOT_PLANTED(never_connect_again)) return;
  try_at_ = now + backoff_.next();
  ++counters_.reconnects;
}

void StreamSession::give_up(std::string why) {
  awaited_.clear();
  if (!connected_ || closing_) return;
  own_reason_ = std::move(why);
  closing_ = true;
  wishes_.close();
}

Instant StreamSession::next_timer() const {
  Instant next = std::min({try_at_, ping_at_, stale_at_, watch_at_});
  for (const auto& [id, request] : awaited_)
    next = std::min(next, request.sent_at + settings_.answer_timeout);
  return next;
}

void StreamSession::on_timer(Instant now) {
  if (now >= try_at_) {
    try_at_ = distant_future;
    become(LinkState::connecting);
    return wishes_.open();
  }
  if (now >= ping_at_) ping(now);
  if (now >= stale_at_) {
    stale_at_ = distant_future;  // the link's own read timeout ends it
    if (state_ == LinkState::live) become(LinkState::stale);
  }
  if (now >= watch_at_) look_for_silence(now);
  const bool unanswered = std::ranges::any_of(
      awaited_, [&](const auto& entry) { return now >= entry.second.sent_at + settings_.answer_timeout; });
  if (unanswered) give_up("a request on the stream was not answered");
}

void StreamSession::look_for_silence(Instant now) {
  if (now > watch_at_ + own_delay_max) {
    watch_at_ = now + own_delay_max;
    return;
  }
  Instant next = distant_future;
  for (const Watch& watched : watches_) {
    if (watched.kind == Heard::level_one && heartbeat_refused_ && watched.topic == heartbeat_topic_) continue;
    Instant& heard = heard_at_[static_cast<std::size_t>(watched.kind)][watched.symbol.index];
    if (heard + watched.limit <= now) {
      ++counters_.silences;
      if (watched.kind == Heard::level_one) {
        watch_at_ = distant_future;
        become(LinkState::stale);
        return give_up(fmt::format("{} was silent for {} ms, which proves a dead stream", watched.topic,
                                   watched.limit / 1ms));
      }
      heard = now;
      resubscribe(watched.topic, now);
    }
    next = std::min(next, heard + watched.limit);
  }
  watch_at_ = next;
}

void StreamSession::ping(Instant now) {
  ping_at_ = now + settings_.ping_every;
  wishes_.send(dialect::encode_ping(next_request_id()));
}

std::string StreamSession::next_request_id() { return fmt::format("m{}", ++requests_); }

void StreamSession::ask(Awaited awaited, std::vector<std::string> topics, Instant now) {
  const std::string id = next_request_id();
  wishes_.send(awaited == Awaited::subscribe ? dialect::encode_subscribe(id, topics)
                                             : dialect::encode_unsubscribe(id, topics));
  awaited_[id] = {awaited, std::move(topics), now};
}

void StreamSession::authenticate(Instant now) {
  const std::string id = next_request_id();
  awaited_[id] = {Awaited::auth, {}, now};
  wishes_.send(dialect::encode_auth(id, settings_.key, secret_, venue_time_() + auth_validity));
}

void StreamSession::subscribe_all(Instant now) {
  const auto& topics = settings_.topics;
  for (std::size_t from = 0; from < topics.size(); from += topics_per_request) {
    const std::size_t until = std::min(from + topics_per_request, topics.size());
    ask(Awaited::subscribe,
        {topics.begin() + static_cast<std::ptrdiff_t>(from),
         topics.begin() + static_cast<std::ptrdiff_t>(until)},
        now);
  }
  if (!heartbeat_topic_.empty() && !heartbeat_refused_) {
    const std::string id = next_request_id();  // alone: a venue that refuses it must not refuse the others
    wishes_.send(dialect::encode_subscribe(id, std::span{&heartbeat_topic_, 1}));
    awaited_[id] = {Awaited::heartbeat, {heartbeat_topic_}, now};
  }
  settle(now);
}

/// Live once nothing is unanswered; from then on silence counts.
void StreamSession::settle(Instant now) {
  if (!awaited_.empty() || state_ != LinkState::syncing) return;
  backoff_.reset();
  was_live_ = true;
  for (auto& heard : heard_at_) std::ranges::fill(heard, now);
  for (const Watch& watched : watches_) watch_at_ = std::min(watch_at_, now + watched.limit);
  become(LinkState::live);
}

void StreamSession::resubscribe_book(std::string_view symbol, Instant now) {
  for (const std::string& topic : settings_.topics) {
    const dialect::Topic parsed = dialect::parse_topic(topic);
    if (parsed.kind != dialect::Topic::Kind::book || parsed.symbol != symbol) continue;
    resubscribe(topic, now);
  }
}

void StreamSession::resubscribe_books(Instant now) {
  for (const std::string& topic : settings_.topics) {
    if (dialect::parse_topic(topic).kind == dialect::Topic::Kind::book) resubscribe(topic, now);
  }
}

void StreamSession::resubscribe(const std::string& topic, Instant now) {
  if (!connected_ || closing_ || state_ == LinkState::connecting)
    return;  // a new connection brings a snapshot anyway
  if (MLBOT_PLANTED(never_subscribe_anew)) return;
  const bool under_way = std::ranges::any_of(awaited_, [&](const auto& entry) {
    return std::ranges::find(entry.second.topics, topic) != entry.second.topics.end();
  });
  if (under_way) return;
  ask(Awaited::unsubscribe, {topic}, now);
  ask(Awaited::subscribe, {topic}, now);
}

void StreamSession::received(dialect::PaddedText bytes, Instant now) {
  ++counters_.messages;
  counters_.bytes += bytes.text.size();
  counters_.last_message_at = now;
  stale_at_ = now + settings_.stale_after;
  if (state_ == LinkState::stale && !closing_) become(LinkState::live);
  if (settings_.key.empty() || bytes.text.find(settings_.key) == bytes.text.npos) return decode(bytes, now);
  std::string safe = redacted(std::string{bytes.text}, settings_.key);
  const std::size_t size = safe.size();
  constexpr std::size_t padding = 64;
  safe.append(padding, ' ');
  decode({std::string_view{safe}.substr(0, size)}, now);
}

/// Notes who was heard; true for the heartbeat, which is nobody else's news.
bool StreamSession::swallowed(const dialect::MarketNews& news, Instant now) {
  const auto note = [&](Heard kind, SymbolId symbol) {
    auto& heard = heard_at_[static_cast<std::size_t>(kind)];
    if (symbol.index < heard.size()) heard[symbol.index] = now;
  };
  if (const auto* book = std::get_if<BookUpdate>(&news.event)) {
    note(news.depth == 1 ? Heard::level_one : Heard::book, book->symbol);
    if (news.depth != 1 || heartbeat_topic_.empty() || MLBOT_PLANTED(take_the_heartbeat_for_the_book))
      return false;
    ++counters_.heartbeats;
    return true;
  }
  if (const auto* ticker = std::get_if<Ticker>(&news.event)) note(Heard::ticker, ticker->symbol);
  if (const auto* kline = std::get_if<Kline>(&news.event)) note(Heard::kline, kline->symbol);
  return false;
}

void StreamSession::decode(dialect::PaddedText bytes, Instant now) {
  if (handlers_.on_frame) handlers_.on_frame(bytes.text);
  const auto undecoded = [&](const dialect::DecodeError& error) {
    ++counters_.decode_errors;
    handlers_.on_undecoded(bytes.text, error);
  };
  if (settings_.link == Link::market) {
    const auto message = dialect::decode_public(bytes, table_, scratch_);
    counters_.fallback_frames = scratch_.fallback_frames;
    if (!message) return undecoded(message.error());
    if (const auto* news = std::get_if<dialect::MarketNews>(&*message)) {
      if (swallowed(*news, now)) return;
      return handlers_.on_event(news->event, news->venue_time);
    }
    return answered(std::get<dialect::Control>(*message), now);
  }
  const auto message = dialect::decode_private(bytes, table_, scratch_);
  if (!message) return undecoded(message.error());
  if (const auto* news = std::get_if<dialect::AccountNews>(&*message)) {
    counters_.foreign_rows += news->foreign_rows;
    for (const Event& event : news->events) handlers_.on_event(event, news->venue_time);
    return;
  }
  answered(std::get<dialect::Control>(*message), now);
}

void StreamSession::answered(const dialect::Control& control, Instant now) {
  using Kind = dialect::Control::Kind;
  if (control.kind == Kind::pong && control.accepted) return;
  const auto found = awaited_.find(control.request_id);
  const bool doubled =
      control.text.find("already subscribed") != std::string::npos;  // the first one keeps running
  if (!control.accepted && !doubled) {
    const bool of_unsubscribe = found != awaited_.end() && found->second.awaited == Awaited::unsubscribe;
    if (of_unsubscribe) {  // the snapshot is what we want, the subscribe behind it asks for that
      awaited_.erase(found);
      return;
    }
    if (found != awaited_.end() && found->second.awaited == Awaited::heartbeat) {
      heartbeat_refused_ = true;
      awaited_.erase(found);
      return settle(now);
    }
    if (control.kind == Kind::auth && was_live_ && handlers_.on_sign_in_refused)
      handlers_.on_sign_in_refused();
    return refused(
        control.kind == Kind::auth
            ? fmt::format("the venue refused the key: {}; check key, secret and that the key belongs to "
                          "this environment",
                          control.text)
            : fmt::format("the venue refused a subscription: {}", control.text));
  }
  if (found == awaited_.end()) return;
  const Awaited awaited = found->second.awaited;
  awaited_.erase(found);
  if (awaited == Awaited::auth) return subscribe_all(now);
  settle(now);
}

void StreamSession::refused(const std::string& what) {
  last_loss_ = what;
  if (!was_live_) {
    fatal_ = true;
    try_at_ = distant_future;
    handlers_.on_fatal(what);
  }
  give_up(what);
}

}  // namespace mlbot::io::bybit
