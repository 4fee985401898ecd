// The order-entry socket kept alive: connect, sign in, ping, and for ever again after a loss; requests out,
// each answered exactly once. A state machine: link news, bytes and the time come in; wishes go out. It owns
// no socket and asks no clock.
//
// States: down -> connecting -> syncing (sign-in unanswered) -> live. Nothing is sent unless live. What was
// sent and is not answered when the link goes, or within answer_timeout, is answered with the reason: nobody
// knows what became of it, and it is never sent again from here. A socket on which nothing at all is heard
// for half a second after a request is pinged, and after as long again it is given up: it is half open, and
// what is sent next, a close of an operator's kill perhaps, must not wait there. A refused sign-in is tried
// again with growing pauses, because REST carries the orders meanwhile. Request ids are never used twice in a
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "domain/event.h"
#include "io/bybit/backoff.h"
#include "io/bybit/stream_session.h"
#include "venue/bybit/trade_decode.h"

namespace mlbot::io::bybit {

struct TradeSettings {
  std::string key, secret;
  Duration receive_window = 5s;
  Duration connect_timeout = 60s, read_timeout = 30s;
  Duration ping_every = 20s;
  Duration answer_timeout = 10s;  ///< of a request, and of the sign-in
  Duration doubt_after = 500ms;   ///< without a word since a request: ping, and give up after as long again
  Duration reconnect_min = 250ms, reconnect_max = 30s;
  std::uint64_t seed = 1;  ///< of the jitter between attempts
};

struct TradeHandlers {
  std::function<void(LinkState)> on_state;
  std::function<void(std::uint64_t number, Result<venue::bybit::TradeReply, std::string>)> on_answer;
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded;
  /// Every frame as it came, the key made unreadable; may be empty.
  std::function<void(std::string_view bytes)> on_frame = {};
  /// As of StreamHandlers; may be empty.
  std::function<void()> on_sign_in_refused = {};
};

class TradeSession {
 public:
  /// @param venue_time  the venue's clock, for sign-in and the header of each request.
  TradeSession(TradeSettings settings, TradeHandlers handlers, StreamWishes wishes,
               std::function<Instant()> venue_time);

  void start(Instant now);
  void opened(Instant now);
  void received(std::string_view bytes, Instant now);
  void lost(std::string_view why, Instant now);
  /// Call at next_timer() or later.
  void on_timer(Instant now);
  Instant next_timer() const;

  /// @param number  comes back with the answer. @param op  of trade_op(). Only while live.
  void send(std::uint64_t number, std::string_view op, std::string_view body, Instant now);

  LinkState state() const { return state_; }
  const std::string& last_loss() const { return last_loss_; }

 private:
  struct Sent {
    std::uint64_t number;
    Instant answer_by;
  };
  void become(LinkState state);
  void give_up(std::string why);
  void heard(const venue::bybit::Control& control);
  void answer(std::string_view request_id, Result<venue::bybit::TradeReply, std::string> answer);
  std::string next_request_id();
  void look_for_silence(Instant now);

  TradeSettings settings_;
  TradeHandlers handlers_;
  StreamWishes wishes_;
  std::function<Instant()> venue_time_;
  HmacSha256 secret_;
  venue::bybit::DecodeScratch scratch_;
  Backoff backoff_;
  LinkState state_ = LinkState::down;
  std::map<std::string, Sent, std::less<>> unanswered_;  ///< by request id
  std::uint64_t requests_ = 0;
  bool closing_ = false, doubted_ = false;
  Instant doubt_at_ =
      distant_future;  ///< when silence since the first request behind the last word says something
  Instant try_at_ = distant_future, ping_at_ = distant_future, signed_in_by_ = distant_future;
  std::string last_loss_, own_reason_;
};

}  // namespace mlbot::io::bybit
