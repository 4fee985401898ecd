#include "io/bybit/request_queue.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::io::bybit {

namespace path = venue::bybit::path;
using venue::bybit::CodeClass;

namespace {

constexpr std::size_t address_limit = 500;
constexpr Duration address_window = 5s, quota_window = 1s;

/// What the venue grants a second before its headers have said otherwise; 0 where it counts nothing.
std::int64_t usual_quota(std::string_view of) {
  for (const auto ten : {path::create, path::amend, path::cancel, path::cancel_all, path::trading_stop,
                         path::set_leverage, path::api_key}) {
    if (of == ten) return 10;
  }
  for (const auto fifty :
       {path::open_orders, path::order_history, path::executions, path::positions, path::wallet}) {
    if (of == fifty) return 50;
  }
  return of == path::fee_rate ? 5 : 0;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

RequestQueue::Quota& RequestQueue::quota(std::string_view of) {
  const auto [found, is_new] = quotas_.try_emplace(of);
  if (is_new) found->second.limit = found->second.left = usual_quota(of);
  return found->second;
}

void RequestQueue::push(RestRequest request, Instant now) {
  if (request.urgency == Urgency::cancel && !request.order.empty()) {
    const auto create = std::ranges::find_if(waiting_, [&](const auto& entry) {
      return entry.second.creates && entry.second.order == request.order;
    });
    if (create != waiting_.end()) {
      turn_away(create, "cancelled before it was sent", now);
      return request.done(
          std::unexpected{RestError{CodeClass::refused, not_sent, "its order was never sent"}}, now);
    }
  }
  if (waiting_.size() >= waiting_max) {
    const auto last = std::prev(waiting_.end());
    constexpr std::string_view full = "too many requests wait";
    if (last->first.first <= request.urgency) {
      return request.done(std::unexpected{RestError{CodeClass::refused, not_sent, std::string{full}}}, now);
    }
    turn_away(last, full, now);
  }
  const Place place{request.urgency, ++numbers_};
  waiting_.emplace(place, std::move(request));
}

void RequestQueue::turn_away(std::map<Place, RestRequest>::iterator at, std::string_view why, Instant now) {
  const RestRequest request = std::move(at->second);
  waiting_.erase(at);
  request.done(std::unexpected{RestError{CodeClass::refused, not_sent, std::string{why}}}, now);
}

void RequestQueue::expire(Instant now) {
  const auto is_old = [&](const auto& entry) { return entry.second.give_up_at <= now; };
  for (auto old = std::ranges::find_if(waiting_, is_old); old != waiting_.end();
       old = std::ranges::find_if(waiting_, is_old)) {
    turn_away(old, "waited too long for its turn", now);
  }
}

bool RequestQueue::create_in_flight(const ClientOrderId& order) const {
  return !order.empty() && std::ranges::any_of(in_flight_, [&](const auto& entry) {
    return entry.second.creates && entry.second.order == order;
  });
}

bool RequestQueue::may_go(const RestRequest& request, bool signed_too) const {
  if (request.signed_request && !signed_too) return false;
  return request.creates || !create_in_flight(request.order);
}

Instant RequestQueue::free_at(const RestRequest& request) const {
  Instant at = std::max(request.not_before, hold_until_);
  const auto found = quotas_.find(request.path);
  if (found == quotas_.end()) return at;
  const Quota& q = found->second;
  return q.limit > 0 && q.left <= 0 ? std::max(at, q.renewed_at) : at;
}

std::optional<RequestQueue::Taken> RequestQueue::take(Instant now, bool signed_too) {
  if (in_flight_.size() >= parallel_max) return std::nullopt;
  while (!sent_.empty() && sent_.front() + address_window <= now) sent_.pop_front();
  if (sent_.size() >= address_limit) return std::nullopt;
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    RestRequest& request = at->second;
    if (free_at(request) > now || !may_go(request, signed_too)) continue;
    Quota& q = quota(request.path);
    if (q.limit > 0) {
      if (now >= q.renewed_at) {
        q.left = q.limit;
        q.renewed_at = now + quota_window;
      }
      --q.left;
    }
    sent_.push_back(now);
    ++request.tries;
    const std::uint64_t number = ++numbers_;
    const auto placed = in_flight_.emplace(number, std::move(request)).first;
    waiting_.erase(at);
    return Taken{number, &placed->second};
  }
  return std::nullopt;
}

RestRequest RequestQueue::finish(std::uint64_t number) {
  const auto found = in_flight_.find(number);
  MLBOT_ASSERT(found != in_flight_.end());
  RestRequest request = std::move(found->second);
  in_flight_.erase(found);
  return request;
}

void RequestQueue::learn(std::string_view of, const net::Headers& headers, Instant now, Instant venue_now) {
  const auto limit = number_in(net::header(headers, "X-Bapi-Limit"));
  const auto left = number_in(net::header(headers, "X-Bapi-Limit-Status"));
  if (!limit || !left || *limit <= 0) return;
  Quota& q = quota(of);
  q.limit = *limit;
  q.left = std::min(q.left, *left);
  const auto reset_ms = number_in(net::header(headers, "X-Bapi-Limit-Reset-Timestamp"));
  if (*left > 0 || !reset_ms || *reset_ms < 0 || *reset_ms > INT64_MAX / 1'000'000) return;
  const Duration wait =
      std::clamp<Duration>(Instant::from_ms(*reset_ms) - venue_now, Duration{}, quota_window);
  q.renewed_at = now + wait;
}

void RequestQueue::hold(std::string_view of, Instant until) {
  Quota& q = quota(of);
  q.limit = std::max<std::int64_t>(q.limit, 1);
  q.left = 0;
  q.renewed_at = std::max(q.renewed_at, until);
}

Instant RequestQueue::next_turn(Instant now, bool signed_too) const {
  Instant turn = distant_future, expiry = distant_future;
  for (const auto& [place, request] : waiting_) {
    expiry = std::min(expiry, request.give_up_at);
    if (in_flight_.size() < parallel_max && may_go(request, signed_too))
      turn = std::min(turn, free_at(request));
  }
  if (sent_.size() >= address_limit && turn != distant_future)
    turn = std::max(turn, sent_.front() + address_window);
  const Instant next = std::min(turn, expiry);
  return next == distant_future ? next : std::max(next, now);
}

}  // namespace mlbot::io::bybit
