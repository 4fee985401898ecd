#include "shell/exchange/rest_routes.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/signing.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using bybit::VenueError;
using io::net::HttpRequest;
using io::net::HttpResponse;

namespace {

constexpr std::size_t requests_per_address = 600;
constexpr Duration address_span = 5s, address_penalty = 10min;

HttpResponse json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body)};
}

}  // namespace

RestRoutes::RestRoutes(const sim::Exchange& exchange, Accounts& accounts, GateSettings settings,
                       RequestRecord* record, Faults& faults, Routes routes)
    : exchange_{exchange},
      accounts_{accounts},
      settings_{settings},
      record_{record},
      faults_{faults},
      routes_{std::move(routes)} {}

HttpResponse RestRoutes::answer(const HttpRequest& request) {
  const Instant now = shown_now();
  const auto say = [&](int status, VenueError error) {
    if (record_ != nullptr) record_->write(request, error.code);
    if (faults_.strikes(Fault::localised)) error.text = foreign_refusal;
    return json(status, bybit::encode_error(error, now));
  };
  if (shut_out(request.remote_address)) return say(403, {10018, "access too frequent"});
  if (request.method != "GET" && request.method != "POST")
    return say(400, {10001, "Request method is not supported: send GET or POST in capitals."});
  if (request.method == "GET" && !request.body.empty()) return say(403, {10001, "A GET carries no body."});
  const auto wanted = bybit::path_of(request.target);
  const auto route = std::ranges::find_if(
      routes_, [&](const Route& r) { return r.path == wanted && r.method == request.method; });
  if (route == routes_.end()) return say(404, {10017, "Route not found."});

  Asked asked{bybit::Query::of_target(request.target), request.body, request.remote_address};
  if (route->per_second > 0) {
    const auto account = signer(request);
    if (!account) {
      const bool no_headers = io::net::header(request.headers, "X-BAPI-API-KEY").empty() ||
                              io::net::header(request.headers, "X-BAPI-SIGN").empty();
      return say(no_headers ? 401 : 200, account.error());
    }
    asked.account = *account;
  }
  const Answer answer = run(*route, std::move(asked));
  HttpResponse response;
  if (!answer.outcome) {
    response = say(200, answer.outcome.error());
  } else {
    if (record_ != nullptr) record_->write(request, 0);
    const Reply& reply = *answer.outcome;
    response = json(200, reply.whole.empty() ? bybit::encode_reply(reply.result, now, reply.extra, reply.text)
                                             : reply.whole);
  }
  response.headers.insert(response.headers.end(), answer.quota.begin(), answer.quota.end());
  return response;
}

bool RestRoutes::shut_out(const std::string& address) {
  if (!settings_.limits) return false;
  const Instant now = exchange_.now();
  if (const auto known = shut_out_until_.find(address); known != shut_out_until_.end()) {
    if (now < known->second) return true;
    shut_out_until_.erase(known);
  }
  if (by_address_.ask(address, requests_per_address, address_span, now).granted) return false;
  shut_out_until_[address] = now + address_penalty;
  return true;
}

RestRoutes::Answer RestRoutes::run(const Route& route, Asked asked) {
  if (route.per_second == 0) return {route.answer(asked), {}};
  if (asked.account->read_only && route.method == "POST")
    return {refuse(10005, "Permission denied, please check your API key permissions."), {}};
  const auto allowed = static_cast<std::size_t>(route.per_second);
  const std::size_t wanted =
      route.counts_orders ? std::max<std::size_t>(1, bybit::orders_in_batch(asked.body)) : 1;
  auto verdict = by_account_.ask({asked.account->id.index, route.path}, allowed, 1s, exchange_.now(), wanted);
  if (!settings_.limits) verdict = {true, allowed, allowed, wanted, exchange_.now()};
  const io::net::Headers quota{{"X-Bapi-Limit", std::to_string(verdict.allowed)},
                               {"X-Bapi-Limit-Status", std::to_string(verdict.left)},
                               {"X-Bapi-Limit-Reset-Timestamp", std::to_string(verdict.reset_at.ms())}};
  if (!verdict.granted) return {refuse(10006, "Too many visits. Exceeded the API Rate Limit."), quota};
  asked.orders_granted = verdict.count;
  return {route.answer(asked), quota};
}

RestRoutes::Answer RestRoutes::order_entry(std::string_view wanted, Accounts::Account& account,
                                           std::string_view body, std::string_view timestamp_ms,
                                           std::string_view window_ms) {
  if (auto error = bybit::check_time(timestamp_ms, window_ms, judged_at(timestamp_ms))) {
    return {std::unexpected{std::move(*error)}, {}};
  }
  const auto route = std::ranges::find(routes_, wanted, &Route::path);
  MLBOT_ASSERT(route != routes_.end());
  return run(*route, {bybit::Query::of_target(""), body, "", &account});
}

Result<Accounts::Account*, VenueError> RestRoutes::signer(const HttpRequest& request) {
  const bybit::AuthHeaders headers{io::net::header(request.headers, "X-BAPI-API-KEY"),
                                   io::net::header(request.headers, "X-BAPI-TIMESTAMP"),
                                   io::net::header(request.headers, "X-BAPI-RECV-WINDOW"),
                                   io::net::header(request.headers, "X-BAPI-SIGN")};
  Accounts::Account* const account = accounts_.find(headers.key);
  if (account == nullptr) return refuse(10003, "API key is invalid.");
  const std::string_view payload =
      request.method == "GET" ? bybit::query_of(request.target) : std::string_view{request.body};
  if (auto error = bybit::check_signature(headers, payload, account->key, *account->secret,
                                          judged_at(headers.timestamp_ms))) {
    return std::unexpected{std::move(*error)};
  }
  return account;
}

// The receive window is meant in seconds of the wall. At another pace than 1x market time runs away
// meanwhile, so the distance is brought back to the wall's measure; as fast as it is read there is none to
// speak of.
Instant RestRoutes::judged_at(std::string_view timestamp_ms) const {
  const Instant now = shown_now();
  std::int64_t sent_ms = 0;
  const auto* const end = timestamp_ms.data() + timestamp_ms.size();
  const auto read = std::from_chars(timestamp_ms.data(), end, sent_ms);
  if (settings_.speed == 1 || read.ec != std::errc{} || sent_ms < 0 || sent_ms > INT64_MAX / 2'000'000)
    return now;
  const Instant sent = Instant::from_ms(sent_ms);
  if (settings_.speed == 0) return sent;
  constexpr double hour_ns = 3.6e12;  // further off is refused all the same
  const double wall_ns =
      std::clamp(static_cast<double>((now - sent).count()) / settings_.speed, -hour_ns, hour_ns);
  return sent + Duration{static_cast<std::int64_t>(wall_ns)};
}

}  // namespace mlbot::shell
