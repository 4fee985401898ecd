#include "io/bybit/trade_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/planted.h"
#include "io/bybit/redact.h"
#include "venue/bybit/trade_requests.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;

namespace {

constexpr Duration sign_in_validity = 10s;
constexpr std::int32_t socket_restarts = 10019;

}  // namespace

TradeSession::TradeSession(TradeSettings settings, TradeHandlers handlers, StreamWishes wishes,
                           std::function<Instant()> venue_time)
    : settings_{std::move(settings)},
      handlers_{std::move(handlers)},
      wishes_{std::move(wishes)},
      venue_time_{std::move(venue_time)},
      secret_{settings_.secret},
      backoff_{settings_.reconnect_min, settings_.reconnect_max,
               Prng::stream(settings_.seed, "order-entry socket")} {}

void TradeSession::become(LinkState state) {
  if (state == state_) return;
  state_ = state;
  handlers_.on_state(state);
}

std::string TradeSession::next_request_id() { return fmt::format("t{}", ++requests_); }

void TradeSession::start(Instant now) {
  try_at_ = now;
  on_timer(now);
}

void TradeSession::opened(Instant now) {
  closing_ = false;
  ping_at_ = now + settings_.ping_every;
  signed_in_by_ = now + settings_.answer_timeout;
  wishes_.send(dialect::encode_trade_auth(next_request_id(), settings_.key, secret_,
                                          venue_time_() + sign_in_validity));
  become(LinkState::syncing);
}

void TradeSession::lost(std::string_view why, Instant now) {
  last_loss_ = own_reason_.empty() ? std::string{why} : std::exchange(own_reason_, {});
  closing_ = false;
  ping_at_ = signed_in_by_ = doubt_at_ = distant_future;
  try_at_ = now + backoff_.next();
  become(LinkState::down);
  for (const auto& [id, sent] : std::exchange(unanswered_, {}))
    handlers_.on_answer(sent.number,
                        std::unexpected{fmt::format("the order socket was lost: {}", last_loss_)});
}

void TradeSession::give_up(std::string why) {
  if (closing_) return;
  own_reason_ = std::move(why);
  closing_ = true;
  become(LinkState::syncing);  // nothing more is sent on it
  wishes_.close();
}

void TradeSession::send(std::uint64_t number, std::string_view op, std::string_view body, Instant now) {
  MLBOT_ASSERT(state_ == LinkState::live);
  const std::string id = next_request_id();
  wishes_.send(dialect::encode_trade_order(id, op, body, venue_time_(), settings_.receive_window));
  unanswered_[id] = {number, now + settings_.answer_timeout};
  if (doubt_at_ == distant_future) {
    doubt_at_ = now + settings_.doubt_after;
    doubted_ = false;
  }
}

/// A ping is answered at once by a socket that is whole, however long an order takes.
void TradeSession::look_for_silence(Instant now) {
  if (now < doubt_at_) return;
  if (!doubted_) {
    doubted_ = true;
    doubt_at_ = now + settings_.doubt_after;
    wishes_.send(dialect::encode_trade_ping(next_request_id()));
    return;
  }
  doubt_at_ = distant_future;
  const auto why =
      fmt::format("the order socket said nothing for {} ms after a request", 2 * settings_.doubt_after / 1ms);
  give_up(why);
  // A dead link may take its time to close: who asked need not wait for that to go another way.
  for (const auto& [id, sent] : std::exchange(unanswered_, {}))
    handlers_.on_answer(sent.number, std::unexpected{why});
}

void TradeSession::received(std::string_view bytes, Instant) {
  doubt_at_ = distant_future;
  const std::string safe = redacted(std::string{bytes}, settings_.key);
  if (handlers_.on_frame) handlers_.on_frame(safe);
  auto message = dialect::decode_trade(safe, scratch_);
  if (!message) return handlers_.on_undecoded(safe, message.error());
  if (const auto* control = std::get_if<dialect::Control>(&*message)) return heard(*control);
  auto& reply = std::get<dialect::TradeReply>(*message);
  const std::int32_t code = reply.code;
  const std::string id = reply.request_id;
  answer(id, std::move(reply));
  if (code == socket_restarts) give_up("the venue restarts the order socket");
}

void TradeSession::heard(const dialect::Control& control) {
  if (control.kind != dialect::Control::Kind::auth) {
    if (!control.accepted) answer(control.request_id, std::unexpected{control.text});
    return;
  }
  if (closing_ || state_ != LinkState::syncing) return;
  signed_in_by_ = distant_future;
  if (!control.accepted) {
    if (handlers_.on_sign_in_refused) handlers_.on_sign_in_refused();
    return give_up("the venue refused the key on the order socket: " + control.text);
  }
  backoff_.reset();
  become(LinkState::live);
}

/// A doubled answer, or one that comes too late, finds nobody.
void TradeSession::answer(std::string_view request_id, Result<dialect::TradeReply, std::string> answer) {
  const auto found =
      MLBOT_PLANTED(give_an_answer_to_the_wrong_order) ? unanswered_.begin() : unanswered_.find(request_id);
  if (found == unanswered_.end()) return;
  const std::uint64_t number = found->second.number;
  unanswered_.erase(found);
  handlers_.on_answer(number, std::move(answer));
}

void TradeSession::on_timer(Instant now) {
  if (now >= try_at_) {
    try_at_ = distant_future;
    become(LinkState::connecting);
    return wishes_.open();
  }
  if (now >= ping_at_) {
    ping_at_ = now + settings_.ping_every;
    wishes_.send(dialect::encode_trade_ping(next_request_id()));
  }
  look_for_silence(now);
  if (now >= signed_in_by_) {
    signed_in_by_ = distant_future;
    give_up("the sign-in on the order socket was not answered");
  }
  const auto is_late = [&](const auto& entry) { return entry.second.answer_by <= now; };
  for (auto late = std::ranges::find_if(unanswered_, is_late); late != unanswered_.end();
       late = std::ranges::find_if(unanswered_, is_late)) {
    const std::uint64_t number = late->second.number;
    unanswered_.erase(late);
    handlers_.on_answer(number, std::unexpected{fmt::format("no answer on the order socket within {} ms",
                                                            settings_.answer_timeout / 1ms)});
  }
}

Instant TradeSession::next_timer() const {
  Instant next = std::min({try_at_, ping_at_, signed_in_by_, doubt_at_});
  for (const auto& [id, sent] : unanswered_) next = std::min(next, sent.answer_by);
  return next;
}

}  // namespace mlbot::io::bybit
