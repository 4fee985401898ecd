#include "io/bybit/rest_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/planted.h"
#include "io/bybit/redact.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/trade_requests.h"
#include "venue/bybit/words.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;
using dialect::CodeClass;

namespace {

Refusal refusal_of(CodeClass code_class) {
  switch (code_class) {
    case CodeClass::rate:
      return Refusal::rate;
    case CodeClass::auth:
      return Refusal::permission;
    case CodeClass::maintenance:
      return Refusal::maintenance;
    case CodeClass::accepted:
    case CodeClass::unchanged:
    case CodeClass::refused:
    case CodeClass::failed:
    case CodeClass::time:
    case CodeClass::unknown:
      return Refusal::rule;
  }
  return Refusal::rule;
}

constexpr std::uint32_t tries_max = 3;
constexpr std::uint32_t faults_until_down = 3;
constexpr Duration read_patience = 5s;  ///< what only reads is asked again: a lost answer costs no more
constexpr Duration pause_after_fault = 500ms, pause_until_clock = 1s,
                   hold_after_ban = std::chrono::minutes{10};
constexpr int http_ok = 200, http_unauthorised = 401, http_forbidden = 403, http_too_many = 429,
              http_server_fault = 500;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

dialect::RateQuota quota_in(const net::Headers& headers) {
  dialect::RateQuota told{.limit = number_in(net::header(headers, "X-Bapi-Limit")),
                          .left = number_in(net::header(headers, "X-Bapi-Limit-Status")),
                          .resets_at = {}};
  const auto reset_ms = number_in(net::header(headers, "X-Bapi-Limit-Reset-Timestamp"));
  if (reset_ms && *reset_ms >= 0 && *reset_ms <= INT64_MAX / 1'000'000)
    told.resets_at = Instant::from_ms(*reset_ms);
  return told;
}

}  // namespace

RestSession::RestSession(RestSettings settings, RestHandlers handlers)
    : settings_{std::move(settings)},
      handlers_{std::move(handlers)},
      signer_{settings_.key, settings_.secret, settings_.receive_window},
      queue_{settings_.batch_max} {}

void RestSession::start(Instant now) {
  become(LinkState::connecting);
  ask_time(now);
}

void RestSession::use(std::vector<Instrument> instruments) { table_ = dialect::InstrumentTable{instruments}; }

void RestSession::become(LinkState rest_state) {
  rest_state_ = rest_state;
  tell_state();
}

void RestSession::tell_state() {
  LinkState state = rest_state_;
  if (handlers_.send_by_socket && socket_state_ != LinkState::live && state == LinkState::live)
    state = socket_was_live_ ? LinkState::stale : LinkState::syncing;
  if (socket_state_ == LinkState::live && state == LinkState::down) state = LinkState::stale;
  if (state == state_) return;
  state_ = state;
  handlers_.on_event(LinkChanged{Link::orders, state}, {});
}

void RestSession::socket_changed(LinkState state, Instant now) {
  socket_state_ = state;
  socket_was_live_ = socket_was_live_ || state == LinkState::live;
  tell_state();
  pump(now);
}

// ---- sending and judging

RequestQueue::Ways RestSession::ways() const {
  return {.signed_too = clock_.known(), .socket = socket_state_ == LinkState::live};
}

void RestSession::pump(Instant now) {
  queue_.expire(now);
  while (const auto taken = queue_.take(now, ways())) send(*taken);
}

void RestSession::send(const RequestQueue::Taken& taken) {
  const Flight& flight = *taken.flight;
  const RestRequest& first = flight.requests.front();
  ++counters_.sent;
  if (flight.requests.size() > 1) ++counters_.batches;
  if (first.post && handlers_.on_send) handlers_.on_send(flight.path, flight.payload, flight.by_socket);
  if (flight.by_socket) {
    ++counters_.by_socket;
    return handlers_.send_by_socket(taken.number, dialect::trade_op(flight.path), flight.payload);
  }
  const dialect::Request wanted{flight.path, flight.payload, first.post, first.signed_request};
  net::HttpRequest request{
      .method = std::string{wanted.method()}, .target = wanted.target(), .body = std::string{wanted.body()}};
  if (wanted.post) request.headers.emplace_back("Content-Type", "application/json");
  if (wanted.is_signed) {
    for (auto& header : signer_.headers(
             MLBOT_PLANTED(sign_with_our_own_clock) ? handlers_.our_time() : venue_time(), wanted.payload))
      request.headers.push_back(std::move(header));
  }
  handlers_.send(taken.number, std::move(request),
                 first.post ? settings_.timeout : std::min(settings_.timeout, read_patience));
}

/// Good when the venue's code says so; a body without a code is unknown.
Result<std::string, RestError> RestSession::judge_code(std::string_view of, std::string body) {
  const auto head = dialect::decode_head(body, scratch_);
  if (!head) return std::unexpected{unreadable(of, body, head.error())};
  if (head->time.ns > 0) replied_at_ = head->time;
  const CodeClass code_class = dialect::class_of(head->code);
  if (code_class == CodeClass::accepted || code_class == CodeClass::unchanged) return body;
  if (MLBOT_PLANTED(a_timeout_code_is_a_no) && code_class == CodeClass::unknown)
    return std::unexpected{RestError{CodeClass::refused, head->code, "no"}};
  return std::unexpected{RestError{code_class, head->code, fmt::format("{}: {}", of, head->text)}};
}

Result<std::string, RestError> RestSession::judge(const Flight& flight,
                                                  Result<net::HttpAnswer, net::NetError>& answer,
                                                  Instant now) {
  const auto fail = [&](CodeClass code_class, std::string_view text) {
    return std::unexpected{RestError{code_class, 0, fmt::format("{}: {}", flight.path, text)}};
  };
  if (!answer) {
    ++counters_.transport_faults;
    if (++faults_in_a_row_ >= faults_until_down) become(LinkState::down);
    if (MLBOT_PLANTED(a_transport_fault_is_a_no)) return fail(CodeClass::refused, answer.error().what);
    return fail(CodeClass::unknown, answer.error().what);
  }
  faults_in_a_row_ = 0;
  ++counters_.answered;
  net::HttpResponse& response = answer->response;
  queue_.learn(flight.path, quota_in(response.headers), now, venue_time());
  response.body = redacted(std::move(response.body), settings_.key);
  if (handlers_.on_answer) handlers_.on_answer(flight.path, response.body);
  if (dialect::decode_head(response.body, scratch_)) {
    protections_in_a_row_ = 0;
    if (clock_.known()) become(LinkState::live);
    return judge_code(flight.path, std::move(response.body));
  }
  if (response.status >= http_server_fault) {
    if (MLBOT_PLANTED(a_server_fault_is_a_no)) return fail(CodeClass::refused, "the venue's server failed");
    return fail(CodeClass::unknown, fmt::format("the venue answered HTTP {}", response.status));
  }
  switch (response.status) {
    case http_too_many: {
      queue_.hold_all(now + pause_after_limit(protections_in_a_row_++));
      return fail(CodeClass::rate, "the venue answered HTTP 429, too many requests");
    }
    case http_forbidden:
      if (!MLBOT_PLANTED(go_on_after_403)) queue_.hold_all(now + hold_after_ban);
      become(LinkState::down);
      return fail(
          CodeClass::auth,
          "the venue answered HTTP 403: too many requests from this address, or a country that it does not "
          "serve; nothing is sent for 10 minutes");
    case http_unauthorised:
      return fail(CodeClass::auth, "the venue answered HTTP 401: check the key and its environment");
    default:
      break;
  }
  RestError error = unreadable(flight.path, response.body, {"reply", "no JSON with a code"});
  error.what = fmt::format("{}: HTTP {} without a readable answer", flight.path, response.status);
  error.code_class = response.status == http_ok && !MLBOT_PLANTED(a_page_of_html_is_a_no)
                         ? CodeClass::unknown
                         : CodeClass::refused;
  return std::unexpected{std::move(error)};
}

bool RestSession::asks_again(const RestRequest& request, const RestError& error) const {
  if (request.tries >= tries_max) return false;
  const bool not_looked_at = error.code_class == CodeClass::rate || error.code_class == CodeClass::time;
  if (not_looked_at) return request.repeatable || MLBOT_PLANTED(send_a_create_again_after_too_many);
  return !request.post &&
         (error.code_class == CodeClass::unknown || error.code_class == CodeClass::maintenance);
}

void RestSession::answered(std::uint64_t number, Result<net::HttpAnswer, net::NetError> answer, Instant now) {
  Flight flight = queue_.finish(number);
  const Duration round_trip = answer ? answer->round_trip : Duration{};
  auto judged = judge(flight, answer, now);
  if (judged && flight.path == path::time) {
    if (const auto venue = dialect::decode_server_time(*judged, scratch_)) {
      clock_.measured(handlers_.our_time(), round_trip, *venue);
      handlers_.on_event(ClockOffset{clock_.offset(), clock_.error_bound()}, {});
      become(LinkState::live);
    }
  }
  conclude(std::move(flight), std::move(judged), now);
}

void RestSession::answered_by_socket(std::uint64_t number, Result<dialect::TradeReply, std::string> answer,
                                     Instant now) {
  Flight flight = queue_.finish(number);
  const auto fail = [&](CodeClass code_class, std::int32_t code, std::string_view text) {
    const RestError error{code_class, code, fmt::format("{}: {}", flight.path, text)};
    conclude(std::move(flight), std::unexpected{error}, now);
  };
  if (!answer) {
    ++counters_.transport_faults;
    if (MLBOT_PLANTED(a_lost_order_socket_is_a_no)) return fail(CodeClass::refused, 0, answer.error());
    return fail(CodeClass::unknown, 0, answer.error());
  }
  ++counters_.answered;
  queue_.learn(flight.path, answer->quota, now, venue_time());
  const CodeClass code_class = dialect::class_of(answer->code);
  if (code_class != CodeClass::accepted && code_class != CodeClass::unchanged)
    return fail(code_class, answer->code, answer->text.view());
  if (answer->orders.size() != flight.requests.size())
    return fail(CodeClass::unknown, 0, "the answer speaks of another number of orders");
  conclude(std::move(flight), answer->orders, now);
}

/// The orders of a good REST answer to a create, amend or cancel, alone or in a batch.
Result<std::vector<dialect::OrderAck>, RestError> RestSession::acks_in(const Flight& flight,
                                                                       const Body& body) {
  if (flight.requests.size() == 1) {
    const auto ids = dialect::decode_order_ack(body, scratch_);
    if (!ids) return std::unexpected{unreadable(flight.path, body, ids.error())};
    return std::vector{dialect::OrderAck{.venue_id = ids->venue_id, .client_id = ids->client_id}};
  }
  auto acks = dialect::decode_order_acks(body, scratch_);
  if (!acks) return std::unexpected{unreadable(flight.path, body, acks.error())};
  if (acks->size() == flight.requests.size()) return std::move(*acks);
  const dialect::DecodeError odd{
      "list", fmt::format("{} orders for {} that were sent", acks->size(), flight.requests.size())};
  return std::unexpected{unreadable(flight.path, body, odd)};
}

/// Each order of the flight has its own outcome.
void RestSession::conclude(Flight flight, const std::vector<dialect::OrderAck>& acks, Instant now) {
  for (std::size_t i = 0; i < flight.requests.size(); ++i) {
    const CodeClass code_class = dialect::class_of(acks[i].code);
    Result<Body, RestError> own = acks[i].venue_id.str();
    if (code_class != CodeClass::accepted && code_class != CodeClass::unchanged)
      own = std::unexpected{
          RestError{code_class, acks[i].code, fmt::format("{}: {}", flight.path, acks[i].text.view())}};
    conclude(flight.path, std::move(flight.requests[i]), std::move(own), now);
  }
  pump(now);
}

void RestSession::conclude(Flight flight, const Result<Body, RestError>& judged, Instant now) {
  const bool are_orders = !dialect::trade_op(flight.path).empty();
  if (judged && are_orders) {
    const auto acks = acks_in(flight, *judged);
    if (acks) return conclude(std::move(flight), *acks, now);
    return conclude(std::move(flight), std::unexpected{acks.error()}, now);
  }
  for (RestRequest& request : flight.requests) conclude(flight.path, std::move(request), judged, now);
  pump(now);
}

void RestSession::conclude(std::string_view of, RestRequest request, Result<Body, RestError> judged,
                           Instant now) {
  if (judged) {
    queue_.served(of);
    return request.done(std::move(judged), now);
  }
  const RestError& error = judged.error();
  if (error.code_class == CodeClass::rate) {
    ++counters_.limited;
    queue_.limited(of, now);
  }
  if (error.code_class == CodeClass::time) doubt_clock(now);
  if (asks_again(request, error)) {
    request.not_before = now + pause_after_fault;
    return queue_.push(std::move(request), now);
  }
  if (error.code_class != CodeClass::unknown) ++counters_.refused;
  request.done(std::move(judged), now);
}

void RestSession::doubt_clock(Instant now) {
  clock_.forget();
  ask_time(now);
}

void RestSession::on_timer(Instant now) {
  if (now >= clock_at_) ask_time(now);
  if (now >= standing_at_) ask_standing(now);
  pump(now);
}

Instant RestSession::next_timer(Instant now) const {
  return std::min({clock_at_, standing_at_, queue_.next_turn(now, ways())});
}

void RestSession::ask_time(Instant now) {
  clock_at_ = now + (clock_.known() ? settings_.clock_every : pause_until_clock);
  RestRequest request{.urgency = Urgency::cancel, .path = path::time, .signed_request = false};
  request.give_up_at = now + settings_.timeout;
  request.tries = tries_max;  // the next time is the next try
  request.done = [this](Result<Body, RestError> answer, Instant then) {
    if (answer && clock_.known()) clock_at_ = then + settings_.clock_every;
  };
  queue_.push(std::move(request), now);
  pump(now);
}

void RestSession::get(std::string_view of, std::string query, bool signed_request, Continue done, Instant now,
                      Urgency urgency, Instant give_up_at) {
  RestRequest request{.urgency = urgency,
                      .path = of,
                      .signed_request = signed_request,
                      .payload = std::move(query),
                      .give_up_at = give_up_at};
  request.done = std::move(done);
  queue_.push(std::move(request), now);
  pump(now);
}

RestError RestSession::unreadable(std::string_view of, std::string_view body,
                                  const dialect::DecodeError& error) {
  ++counters_.decode_errors;
  handlers_.on_undecoded(body, error);
  return {CodeClass::unknown, 0,
          fmt::format("{}: the answer cannot be read at {}: {}", of, error.where, error.what)};
}

// ---- commands

void RestSession::post(Urgency urgency, const Command& command, const ClientOrderId& order,
                       RequestAnswer blank, Instant now) {
  auto wanted = dialect::request_of(command, table_);
  const bool creates = blank.request == RequestKind::place;
  // "The stops as well" is said of what is flat: late, it would take the stop of the next position.
  const auto* const all = std::get_if<CancelAllOrders>(&command);
  const bool stops_off = all != nullptr && all->stops;
  RestRequest request{.urgency = urgency,
                      .path = wanted->path,
                      .post = true,
                      .repeatable = !creates && !stops_off && blank.request != RequestKind::amend,
                      .payload = std::move(wanted->payload),
                      .order = order,
                      .creates = creates};
  // A stop is of the position as it was; the core asks for another as long as one is missing.
  const bool is_stop = blank.request == RequestKind::position_stop;
  const bool ages = (urgency == Urgency::open || urgency == Urgency::amend || is_stop || stops_off) &&
                    !MLBOT_PLANTED(an_entry_waits_as_long_as_it_must);
  request.give_up_at = now + (ages ? settings_.entry_patience : settings_.timeout);
  request.done = [this, blank, is_stop](Result<Body, RestError> answer, Instant) {
    if (is_stop && !answer && answer.error().code == not_sent)  // nobody refused it
      answer.error().code_class = CodeClass::unknown;
    tell(blank, answer);
  };
  queue_.push(std::move(request), now);
  pump(now);
}

void RestSession::change(const dialect::Request& wanted, Instant now, RestCallback<void> done) {
  RestRequest request{.urgency = Urgency::query,
                      .path = wanted.path,
                      .post = wanted.post,
                      .signed_request = wanted.is_signed,
                      .payload = wanted.payload};
  request.done = [done = std::move(done)](Result<Body, RestError> body, Instant) {
    if (!body) return done(std::unexpected{body.error()});
    done({});
  };
  queue_.push(std::move(request), now);
  pump(now);
}

void RestSession::tell(RequestAnswer blank, const Result<Body, RestError>& answer) {
  if (!answer) {
    blank.code = answer.error().code;
    blank.text = venue_text(answer.error().what);
    if (answer.error().code_class != CodeClass::unknown) {
      blank.outcome = RequestOutcome::refused;
      blank.refusal = refusal_of(answer.error().code_class);
    }
    if (blank.request == RequestKind::place && blank.code == dialect::duplicate_link_id)
      blank.outcome = RequestOutcome::duplicate;
    return handlers_.on_event(blank, {});
  }
  const bool is_order =
      blank.request != RequestKind::cancel_all && blank.request != RequestKind::position_stop;
  if (is_order) {
    blank.outcome = RequestOutcome::accepted;
    if (!answer->empty()) blank.venue_id = std::string_view{*answer};
    return handlers_.on_event(blank, {});
  }
  const auto read = dialect::decode_answer(*answer, blank.request, blank.symbol, blank.client_id, scratch_);
  if (read) return handlers_.on_event(*read, {});
  blank.text = venue_text(unreadable("an answer", *answer, read.error()).what);
  handlers_.on_event(blank, {});
}

bool RestSession::carry_out(const Command& command, Instant now) {
  const auto blank = [&](RequestKind kind, SymbolId symbol, const ClientOrderId& id) {
    MLBOT_ASSERT(table_.contains(symbol));
    return RequestAnswer{.request = kind, .symbol = symbol, .client_id = id};
  };
  return std::visit(
      Overloaded{[&](const PlaceOrder& c) {
                   post(c.reduce_only ? Urgency::reduce : Urgency::open, c, c.id,
                        blank(RequestKind::place, c.symbol, c.id), now);
                   return true;
                 },
                 [&](const AmendOrder& c) {
                   post(Urgency::amend, c, c.id, blank(RequestKind::amend, c.symbol, c.id), now);
                   return true;
                 },
                 [&](const CancelOrder& c) {
                   RequestAnswer answer = blank(RequestKind::cancel, c.symbol, c.id);
                   answer.venue_id = c.venue_id;
                   post(Urgency::cancel, c, c.id, answer, now);
                   return true;
                 },
                 [&](const CancelAllOrders& c) {
                   post(Urgency::cancel, c, {}, blank(RequestKind::cancel_all, c.symbol, {}), now);
                   return true;
                 },
                 [&](const SetPositionStop& c) {
                   post(Urgency::reduce, c, {}, blank(RequestKind::position_stop, c.symbol, {}), now);
                   return true;
                 },
                 [&](const QueryOrder& c) {
                   query_order(c, now);
                   return true;
                 },
                 [&](const QueryAccount&) {
                   query_account(now);
                   return true;
                 },
                 [](const ResubscribeBook&) { return false; }},
      command);
}

}  // namespace mlbot::io::bybit
