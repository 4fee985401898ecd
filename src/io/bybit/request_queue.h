// Requests that wait for their turn: urgent ones first, within what the venue allows, at most a few at a
// time.
//
// Order: cancel, reduce, amend, open, step, query; first come first served within each. A step goes on with a
// question that has begun: before others begin, or none would come to its end while many are put. A cancel or
// amend does not overtake the create that it speaks of. A create or an amend that still waits when the cancel
// of its order arrives is never sent. An amend takes the place of one that still waits for the same order:
// both are told what became of the later. Creates, amends or cancels that wait together go out as one batch
// when their own bucket or the free connections do not suffice for all of them: batches have buckets of their
// own. Limits: `waiting_max` requests; when full the least urgent one is turned away, unsent. Nothing is sent
// after its time. Per path the venue's own quota, as its headers tell it; 500 requests in 5 s in all over
// HTTP (the venue allows 600). Threads: none. Clock: none, instants come in.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "domain/event.h"
#include "io/net/links.h"
#include "venue/bybit/trade_decode.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::io::bybit {

struct RestError {
  venue::bybit::CodeClass code_class = venue::bybit::CodeClass::unknown;
  std::int32_t code =
      0;             ///< the venue's return code; 0 when none came, `not_sent` when the request never left
  std::string what;  ///< names the request
};
inline constexpr std::int32_t not_sent = -1;

/// After the nth "too many requests" in a row, n from 0.
constexpr Duration pause_after_limit(std::uint32_t n) { return Duration{1s} * (1 << std::min(n, 5u)); }

enum class Urgency : std::uint8_t { cancel, reduce, amend, open, step, query };

struct RestRequest {
  Urgency urgency = Urgency::query;
  std::string_view path;  ///< one of venue::bybit::path
  bool post = false, signed_request = true;
  bool repeatable = true;  ///< false for a create, which is sent at most once, and for an amend, which ages
  std::string payload;     ///< query string or body
  ClientOrderId order;     ///< that it creates, amends or cancels; else empty
  bool creates = false;
  std::uint32_t tries = 0;
  Instant not_before{},
      give_up_at = distant_future;  ///< never sent after that: an old wish may be a wrong one
  /// The body of a good answer, or why there is none; of a create, amend or cancel only the venue's order id.
  /// A request that never left has the code `not_sent`.
  std::function<void(Result<std::string, RestError>, Instant now)> done;
};

/// What travels as one: a single request, or a batch of orders.
struct Flight {
  std::vector<RestRequest> requests;
  std::string_view path;  ///< that it goes to; of a batch not the path of its requests
  std::string payload;
  bool by_socket = false;
};

class RequestQueue {
 public:
  static constexpr std::size_t waiting_max = 512, parallel_max = 4, socket_parallel_max = 64;

  /// @param batch_max  orders in a batch; 1 sends none.
  explicit RequestQueue(std::size_t batch_max) : batch_max_{batch_max} {}

  /// Whoever has to go for it, perhaps itself, is told by done().
  void push(RestRequest request, Instant now);
  /// Whether this very question has not left yet.
  bool waits(std::string_view path, std::string_view payload) const;
  /// Turns away what has waited too long.
  void expire(Instant now);

  struct Ways {
    bool signed_too = true;  ///< false while the venue's clock is not known
    bool socket = false;     ///< orders go over the order-entry socket
  };
  /// What goes next, now in flight under the number; nothing when none may go.
  struct Taken {
    std::uint64_t number;
    const Flight* flight;  ///< lives until finish()
  };
  std::optional<Taken> take(Instant now, Ways ways);
  Flight finish(std::uint64_t number);
  /// What the venue says about a path's quota, in the headers of REST or of the socket.
  void learn(std::string_view path, const venue::bybit::RateQuota& told, Instant now, Instant venue_now);
  /// Nothing goes over HTTP until then.
  void hold_all(Instant until) { hold_until_ = std::max(hold_until_, until); }
  /// The venue said "too many requests" on this path: a pause of 1 s, doubled each time in a row up to 32 s.
  void limited(std::string_view path, Instant now);
  /// It did not.
  void served(std::string_view path) { quota(path).limits_in_a_row = 0; }

  Instant next_turn(Instant now, Ways ways) const;
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t in_flight() const { return in_flight_.size(); }

 private:
  struct Quota {
    std::int64_t limit = 0, left = 0;
    Instant renewed_at{};
    std::uint32_t limits_in_a_row = 0;
  };
  using Place = std::pair<Urgency, std::uint64_t>;
  using Waiting = std::map<Place, RestRequest>;
  Quota& quota(std::string_view path);
  std::int64_t available(std::string_view path, Instant now) const;
  Instant renewal(std::string_view path, std::int64_t needed, Instant now) const;
  void spend(std::string_view path, std::size_t count, Instant now);
  bool may_go(const RestRequest& request, bool signed_too) const;
  bool goes_by_socket(const RestRequest& request, Ways ways) const;
  bool has_room(bool by_socket) const;
  std::vector<Waiting::iterator> mates_of(Waiting::iterator first, Instant now, Ways ways);
  bool may_batch(const RestRequest& request, Instant now, Ways ways) const;
  Taken depart(const std::vector<Waiting::iterator>& chosen, std::string_view path, bool by_socket,
               Instant now);
  bool merge_amend(RestRequest& request);
  void turn_away(Waiting::iterator at, std::string_view why, Instant now);

  std::size_t batch_max_;
  Waiting waiting_;
  std::map<std::uint64_t, Flight> in_flight_;
  std::size_t over_http_ = 0;         ///< of in_flight_
  std::set<ClientOrderId> creating_;  ///< whose create waits or is in flight
  std::map<std::string_view, Quota> quotas_;
  std::deque<Instant> sent_;  ///< over HTTP in the last 5 s
  Instant hold_until_{};
  std::uint64_t numbers_ = 0;
};

}  // namespace mlbot::io::bybit
