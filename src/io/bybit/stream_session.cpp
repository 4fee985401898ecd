#include "io/bybit/stream_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "venue/bybit/private_decode.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;

namespace {

constexpr std::size_t topics_per_request = 50;
constexpr std::size_t topic_characters_max = 21'000;
constexpr Duration auth_validity = 10s;

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
      jitter_{Prng::stream(settings_.seed,
                           settings_.link == Link::market ? "public stream" : "private stream")} {}

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
  last_loss_ = why;
  connected_ = closing_ = false;
  awaited_.clear();
  ping_at_ = stale_at_ = distant_future;
  become(LinkState::down);
  if (fatal_) return;
  const auto doubled = settings_.reconnect_min * (std::int64_t{1} << std::min(failures_, 20u));
  const Duration longest = std::min(doubled, settings_.reconnect_max);
  const double share = jitter_.uniform(0.5, 1.0);
  try_at_ = now + Duration{static_cast<std::int64_t>(static_cast<double>(longest.count()) * share)};
  ++failures_;
  ++counters_.reconnects;
}

Instant StreamSession::next_timer() const {
  Instant next = std::min({try_at_, ping_at_, stale_at_});
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
  const bool unanswered = std::ranges::any_of(
      awaited_, [&](const auto& entry) { return now >= entry.second.sent_at + settings_.answer_timeout; });
  if (unanswered && connected_ && !closing_) {
    awaited_.clear();
    closing_ = true;
    wishes_.close();
  }
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
  if (topics.empty()) become(LinkState::live);
}

void StreamSession::resubscribe_book(std::string_view symbol, Instant now) {
  if (!connected_ || closing_ || state_ == LinkState::connecting)
    return;  // a new connection brings a snapshot anyway
  for (const std::string& topic : settings_.topics) {
    const dialect::Topic parsed = dialect::parse_topic(topic);
    if (parsed.kind != dialect::Topic::Kind::book || parsed.symbol != symbol) continue;
    const bool under_way = std::ranges::any_of(awaited_, [&](const auto& entry) {
      return std::ranges::find(entry.second.topics, topic) != entry.second.topics.end();
    });
    if (under_way) continue;
    ask(Awaited::unsubscribe, {topic}, now);
    ask(Awaited::subscribe, {topic}, now);
  }
}

void StreamSession::received(dialect::PaddedText bytes, Instant now) {
  ++counters_.messages;
  counters_.bytes += bytes.text.size();
  counters_.last_message_at = now;
  stale_at_ = now + settings_.stale_after;
  if (state_ == LinkState::stale) become(LinkState::live);
  decode(bytes, now);
}

void StreamSession::decode(dialect::PaddedText bytes, Instant now) {
  const auto undecoded = [&](const dialect::DecodeError& error) {
    ++counters_.decode_errors;
    handlers_.on_undecoded(bytes.text, error);
  };
  if (settings_.link == Link::market) {
    const auto message = dialect::decode_public(bytes, table_, scratch_);
    counters_.fallback_frames = scratch_.fallback_frames;
    if (!message) return undecoded(message.error());
    if (const auto* news = std::get_if<dialect::MarketNews>(&*message)) {
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
  if (!awaited_.empty() || state_ != LinkState::syncing) return;
  failures_ = 0;
  was_live_ = true;
  become(LinkState::live);
}

void StreamSession::refused(const std::string& what) {
  last_loss_ = what;
  awaited_.clear();
  if (!was_live_) {
    fatal_ = true;
    try_at_ = distant_future;
    handlers_.on_fatal(what);
  }
  if (connected_ && !closing_) {
    closing_ = true;
    wishes_.close();
  }
}

}  // namespace mlbot::io::bybit
