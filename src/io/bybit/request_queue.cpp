#include "io/bybit/request_queue.h"

#include "base/assert.h"
#include "base/planted.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/trade_requests.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;
using dialect::CodeClass;

namespace {

constexpr std::size_t address_limit = 500;
constexpr Duration address_window = 5s, quota_window = 1s;
constexpr std::int64_t unlimited = INT64_MAX;

/// What the venue grants a second before its headers have said otherwise; 0 where it counts nothing.
std::int64_t usual_quota(std::string_view of) {
  for (const auto ten :
       {path::create, path::amend, path::cancel, path::create_batch, path::amend_batch, path::cancel_batch,
        path::cancel_all, path::trading_stop, path::set_leverage, path::switch_mode, path::api_key}) {
    if (of == ten) return 10;
  }
  for (const auto fifty : {path::open_orders, path::order_history, path::executions, path::positions,
                           path::closed_pnl, path::wallet, path::account_info}) {
    if (of == fifty) return 50;
  }
  for (const auto five : {path::fee_rate, path::query_dcp, path::set_dcp, path::set_margin_mode}) {
    if (of == five) return 5;
  }
  return of == path::transaction_log ? 25 : 0;
}

}  // namespace

// ---- quotas

RequestQueue::Quota& RequestQueue::quota(std::string_view of) {
  const auto [found, is_new] = quotas_.try_emplace(of);
  if (is_new) found->second.limit = found->second.left = usual_quota(of);
  return found->second;
}

std::int64_t RequestQueue::available(std::string_view of, Instant now) const {
  const auto found = quotas_.find(of);
  const std::int64_t limit = found != quotas_.end() ? found->second.limit : usual_quota(of);
  if (limit == 0) return unlimited;
  return found == quotas_.end() || now >= found->second.renewed_at ? limit : found->second.left;
}

/// When `needed` requests may go to the path.
Instant RequestQueue::renewal(std::string_view of, std::int64_t needed, Instant now) const {
  return available(of, now) >= needed ? now : quotas_.find(of)->second.renewed_at;
}

void RequestQueue::spend(std::string_view of, std::size_t count, Instant now) {
  Quota& q = quota(of);
  if (q.limit == 0) return;
  if (now >= q.renewed_at) {
    q.left = q.limit;
    q.renewed_at = now + quota_window;
  }
  q.left -= static_cast<std::int64_t>(count);
}

void RequestQueue::learn(std::string_view of, const dialect::RateQuota& told, Instant now,
                         Instant venue_now) {
  if (!told.limit || !told.left || *told.limit <= 0) return;
  Quota& q = quota(of);
  q.limit = *told.limit;
  q.left = std::min(q.left, *told.left);
  if (*told.left > 0 || !told.resets_at) return;
  q.renewed_at = now + std::clamp<Duration>(*told.resets_at - venue_now, Duration{}, quota_window);
}

void RequestQueue::limited(std::string_view of, Instant now) {
  Quota& q = quota(of);
  q.limit = std::max<std::int64_t>(q.limit, 1);
  q.left = 0;
  q.renewed_at = std::max(q.renewed_at, now + pause_after_limit(q.limits_in_a_row++));
}

// ---- waiting

void RequestQueue::push(RestRequest request, Instant now) {
  const bool cancels = request.urgency == Urgency::cancel && !request.order.empty();
  for (auto at = waiting_.begin(); cancels && at != waiting_.end();) {
    const auto other = at++;
    if (other->second.order != request.order || other->second.urgency == Urgency::cancel) continue;
    const bool was_create = other->second.creates;
    turn_away(other, "cancelled before it was sent", now);
    if (was_create) {
      return request.done(
          std::unexpected{RestError{CodeClass::refused, not_sent, "its order was never sent"}}, now);
    }
  }
  if (merge_amend(request)) return;
  if (waiting_.size() >= waiting_max) {
    const auto last = std::prev(waiting_.end());
    constexpr std::string_view full = "too many requests wait";
    if (last->first.first <= request.urgency) {
      return request.done(std::unexpected{RestError{CodeClass::refused, not_sent, std::string{full}}}, now);
    }
    turn_away(last, full, now);
  }
  if (request.creates) creating_.insert(request.order);
  const Place place{request.urgency, ++numbers_};
  waiting_.emplace(place, std::move(request));
}

/// The later wish in the earlier one's place; whoever asked either is told what became of it.
bool RequestQueue::merge_amend(RestRequest& request) {
  if (request.path != path::amend || request.order.empty()) return false;
  const auto earlier = std::ranges::find_if(waiting_, [&](const auto& entry) {
    return entry.second.path == path::amend && entry.second.order == request.order;
  });
  if (earlier == waiting_.end()) return false;
  request.not_before = earlier->second.not_before;
  request.done = [first = std::move(earlier->second.done), second = std::move(request.done)](
                     const Result<std::string, RestError>& answer, Instant now) {
    first(answer, now);
    second(answer, now);
  };
  earlier->second = std::move(request);
  return true;
}

void RequestQueue::turn_away(Waiting::iterator at, std::string_view why, Instant now) {
  const RestRequest request = std::move(at->second);
  waiting_.erase(at);
  if (request.creates) creating_.erase(request.order);
  request.done(std::unexpected{RestError{CodeClass::refused, not_sent, std::string{why}}}, now);
}

bool RequestQueue::waits(std::string_view of, std::string_view payload) const {
  return std::ranges::any_of(waiting_, [&](const auto& entry) {
    const RestRequest& request = entry.second;
    return !request.post && request.tries == 0 && request.path == of && request.payload == payload;
  });
}

void RequestQueue::expire(Instant now) {
  const auto is_old = [&](const auto& entry) { return entry.second.give_up_at <= now; };
  for (auto old = std::ranges::find_if(waiting_, is_old); old != waiting_.end();
       old = std::ranges::find_if(waiting_, is_old)) {
    turn_away(old, "waited too long for its turn", now);
  }
}

// ---- going

bool RequestQueue::may_go(const RestRequest& request, bool signed_too) const {
  if (request.signed_request && !signed_too && !MLBOT_PLANTED(sign_before_the_clock_is_known)) return false;
  if (MLBOT_PLANTED(a_cancel_overtakes_its_create)) return true;
  return request.creates || request.order.empty() || !creating_.contains(request.order);
}

bool RequestQueue::goes_by_socket(const RestRequest& request, Ways ways) const {
  return ways.socket && !dialect::trade_op(request.path).empty();
}

bool RequestQueue::has_room(bool by_socket) const {
  return by_socket ? in_flight_.size() - over_http_ < socket_parallel_max : over_http_ < parallel_max;
}

/// What could travel with `first`, in order of urgency, itself included.
std::vector<RequestQueue::Waiting::iterator> RequestQueue::mates_of(Waiting::iterator first, Instant now,
                                                                    Ways ways) {
  std::vector<Waiting::iterator> mates{first};
  if (batch_max_ < 2 || dialect::batch_path(first->second.path).empty()) return mates;
  for (auto at = std::next(first); at != waiting_.end() && mates.size() < batch_max_; ++at) {
    const RestRequest& other = at->second;
    if (other.path == first->second.path && other.not_before <= now && may_go(other, ways.signed_too))
      mates.push_back(at);
  }
  return mates;
}

bool RequestQueue::may_batch(const RestRequest& request, Instant now, Ways ways) const {
  if (batch_max_ < 2 || dialect::batch_path(request.path).empty() || request.not_before > now) return false;
  return std::ranges::count_if(waiting_, [&](const auto& entry) {
           const RestRequest& other = entry.second;
           return other.path == request.path && other.not_before <= now && may_go(other, ways.signed_too);
         }) >= 2;
}

std::optional<RequestQueue::Taken> RequestQueue::take(Instant now, Ways ways) {
  while (!sent_.empty() && sent_.front() + address_window <= now) sent_.pop_front();
  const bool http_open = hold_until_ <= now && sent_.size() < address_limit;
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    const RestRequest& request = at->second;
    const bool by_socket = goes_by_socket(request, ways);
    if (request.not_before > now || !may_go(request, ways.signed_too)) continue;
    if (!has_room(by_socket) || (!by_socket && !http_open)) continue;
    const std::int64_t singles = available(request.path, now);
    auto mates = mates_of(at, now, ways);
    if (mates.size() >= 2) {
      const std::string_view batch = dialect::batch_path(request.path);
      const auto batched =
          static_cast<std::size_t>(std::clamp<std::int64_t>(available(batch, now), 0, std::ssize(mates)));
      const bool lacks_quota = singles < std::ssize(mates);
      const bool lacks_connections = !by_socket && mates.size() > parallel_max - over_http_;
      if (batched >= 2 && (lacks_quota || lacks_connections)) {
        mates.resize(batched);
        return depart(mates, batch, by_socket, now);
      }
    }
    if (singles > 0) return depart({at}, request.path, by_socket, now);
  }
  return std::nullopt;
}

RequestQueue::Taken RequestQueue::depart(const std::vector<Waiting::iterator>& chosen, std::string_view to,
                                         bool by_socket, Instant now) {
  spend(to, chosen.size(), now);
  if (!by_socket) {
    sent_.push_back(now);
    ++over_http_;
  }
  const std::uint64_t number = ++numbers_;
  Flight& flight = in_flight_[number];
  flight.path = to;
  flight.by_socket = by_socket;
  for (const auto at : chosen) {
    flight.requests.push_back(std::move(at->second));
    ++flight.requests.back().tries;
    waiting_.erase(at);
  }
  if (flight.requests.size() == 1) {
    flight.payload = flight.requests.front().payload;
  } else {
    std::vector<std::string_view> bodies;
    for (const RestRequest& request : flight.requests) bodies.push_back(request.payload);
    flight.payload = dialect::encode_batch(bodies);
  }
  return {number, &flight};
}

Flight RequestQueue::finish(std::uint64_t number) {
  const auto found = in_flight_.find(number);
  MLBOT_ASSERT(found != in_flight_.end());
  Flight flight = std::move(found->second);
  in_flight_.erase(found);
  if (!flight.by_socket) --over_http_;
  for (const RestRequest& request : flight.requests)
    if (request.creates) creating_.erase(request.order);
  return flight;
}

Instant RequestQueue::next_turn(Instant now, Ways ways) const {
  Instant turn = distant_future, expiry = distant_future;
  for (const auto& [place, request] : waiting_) {
    expiry = std::min(expiry, request.give_up_at);
    const bool by_socket = goes_by_socket(request, ways);
    if (!has_room(by_socket) || !may_go(request, ways.signed_too)) continue;
    Instant at = renewal(request.path, 1, now);
    if (at > now && may_batch(request, now, ways))
      at = std::min(at, renewal(dialect::batch_path(request.path), 2, now));
    at = std::max(at, request.not_before);
    if (!by_socket) {
      at = std::max(at, hold_until_);
      if (sent_.size() >= address_limit) at = std::max(at, sent_.front() + address_window);
    }
    turn = std::min(turn, at);
  }
  const Instant next = std::min(turn, expiry);
  return next == distant_future ? next : std::max(next, now);
}

}  // namespace mlbot::io::bybit
