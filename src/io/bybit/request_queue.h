// Requests that wait for their turn: urgent ones first, within what the venue allows, at most a few at a
// time.
//
// Order: cancel, reduce, amend, open, query; first come first served within each. A cancel or amend does not
// overtake the create that it speaks of. A create that still waits when its cancel arrives is never sent.
// Limits: `waiting_max` requests; when full the least urgent one is turned away, unsent. Nothing is sent
// after its time. Per path the venue's own quota, as its headers tell it; 500 requests in 5 s in all (the
// venue allows 600). Threads: none. Clock: none, instants come in.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "domain/event.h"
#include "io/net/links.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::io::bybit {

struct RestError {
  venue::bybit::CodeClass code_class = venue::bybit::CodeClass::unknown;
  std::int32_t code =
      0;             ///< the venue's return code; 0 when none came, `not_sent` when the request never left
  std::string what;  ///< names the request
};
inline constexpr std::int32_t not_sent = -1;

enum class Urgency : std::uint8_t { cancel, reduce, amend, open, query };

struct RestRequest {
  Urgency urgency = Urgency::query;
  std::string_view path;  ///< one of venue::bybit::path
  bool post = false, signed_request = true;
  bool repeatable = true;  ///< false for a create: it is sent at most once
  std::string payload;     ///< query string or body
  ClientOrderId order;     ///< that it creates, amends or cancels; else empty
  bool creates = false;
  std::uint32_t tries = 0;
  Instant not_before{},
      give_up_at = distant_future;  ///< never sent after that: an old wish may be a wrong one
  /// The body of a good answer, or why there is none. A request that never left has the code `not_sent`.
  std::function<void(Result<std::string, RestError>, Instant now)> done;
};

class RequestQueue {
 public:
  static constexpr std::size_t waiting_max = 512, parallel_max = 4;

  /// Whoever has to go for it, perhaps itself, is told by done().
  void push(RestRequest request, Instant now);
  /// Turns away what has waited too long.
  void expire(Instant now);
  /// The next request whose turn it is, now in flight under the number; nothing when none may go.
  struct Taken {
    std::uint64_t number;
    RestRequest* request;  ///< lives until finish()
  };
  /// @param signed_too  false while the venue's clock is not known.
  std::optional<Taken> take(Instant now, bool signed_too);
  RestRequest finish(std::uint64_t number);
  /// What the venue's headers say about a path's quota.
  void learn(std::string_view path, const net::Headers& headers, Instant now, Instant venue_now);
  void hold_all(Instant until) { hold_until_ = until; }
  void hold(std::string_view path, Instant until);

  Instant next_turn(Instant now, bool signed_too) const;
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t in_flight() const { return in_flight_.size(); }

 private:
  struct Quota {
    std::int64_t limit = 0, left = 0;
    Instant renewed_at{};
  };
  using Place = std::pair<Urgency, std::uint64_t>;
  Quota& quota(std::string_view path);
  bool create_in_flight(const ClientOrderId& order) const;
  bool may_go(const RestRequest& request, bool signed_too) const;
  void turn_away(std::map<Place, RestRequest>::iterator at, std::string_view why, Instant now);
  Instant free_at(const RestRequest& request) const;

  std::map<Place, RestRequest> waiting_;
  std::map<std::uint64_t, RestRequest> in_flight_;
  std::map<std::string_view, Quota> quotas_;
  std::deque<Instant> sent_;  ///< in the last 5 s
  Instant hold_until_{};
  std::uint64_t numbers_ = 0;
};

}  // namespace mlbot::io::bybit
