#include "io/bybit/rest_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/words.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;
using dialect::CodeClass;
using dialect::QueryText;

namespace {

constexpr std::uint32_t tries_max = 3;
constexpr std::uint32_t faults_until_down = 3;
constexpr Duration pause_after_fault = 500ms, pause_after_limit = 1s,
                   hold_after_ban = std::chrono::minutes{10};
constexpr int http_unauthorised = 401, http_forbidden = 403, http_too_many = 429, http_server_fault = 500;

}  // namespace

RestSession::RestSession(RestSettings settings, RestHandlers handlers)
    : settings_{std::move(settings)},
      handlers_{std::move(handlers)},
      signer_{settings_.key, settings_.secret, settings_.receive_window} {}

void RestSession::start(Instant now) {
  become(LinkState::connecting);
  ask_time(now);
}

void RestSession::use(std::vector<Instrument> instruments) { table_ = dialect::InstrumentTable{instruments}; }

void RestSession::become(LinkState state) {
  if (state == state_) return;
  state_ = state;
  handlers_.on_event(LinkChanged{Link::orders, state}, {});
}

// ---- sending and judging

void RestSession::pump(Instant now) {
  queue_.expire(now);
  while (const auto taken = queue_.take(now, clock_.known())) send(*taken);
}

void RestSession::send(const RequestQueue::Taken& taken) {
  const RestRequest& wanted = *taken.request;
  net::HttpRequest request{.method = wanted.post ? "POST" : "GET", .target = std::string{wanted.path}};
  if (wanted.post) {
    request.body = wanted.payload;
    request.headers.emplace_back("Content-Type", "application/json");
  } else if (!wanted.payload.empty()) {
    request.target += "?" + wanted.payload;
  }
  if (wanted.signed_request) {
    for (auto& header : signer_.headers(venue_time(), wanted.payload))
      request.headers.push_back(std::move(header));
  }
  ++counters_.sent;
  handlers_.send(taken.number, std::move(request), settings_.timeout);
}

Result<std::string, RestError> RestSession::judge(const RestRequest& request,
                                                  Result<net::HttpAnswer, net::NetError>& answer,
                                                  Instant now) {
  const auto fail = [&](CodeClass code_class, std::int32_t code, std::string_view text) {
    return std::unexpected{RestError{code_class, code, fmt::format("{}: {}", request.path, text)}};
  };
  if (!answer) {
    ++counters_.transport_faults;
    if (++faults_in_a_row_ >= faults_until_down) become(LinkState::down);
    return fail(CodeClass::unknown, 0, answer.error().what);
  }
  faults_in_a_row_ = 0;
  ++counters_.answered;
  net::HttpResponse& response = answer->response;
  queue_.learn(request.path, response.headers, now, venue_time());
  const auto head = dialect::decode_head(response.body, scratch_);
  if (head) {
    if (clock_.known()) become(LinkState::live);
    const CodeClass code_class = dialect::class_of(head->code);
    if (code_class == CodeClass::accepted || code_class == CodeClass::unchanged)
      return std::move(response.body);
    return fail(code_class, head->code, head->text);
  }
  if (response.status >= http_server_fault) {
    return fail(CodeClass::unknown, 0, fmt::format("the venue answered HTTP {}", response.status));
  }
  switch (response.status) {
    case http_too_many:
      return fail(CodeClass::rate, 0, "the venue answered HTTP 429, too many requests");
    case http_forbidden:
      queue_.hold_all(now + hold_after_ban);
      return fail(
          CodeClass::auth, 0,
          "the venue answered HTTP 403: too many requests from this address, or a country that it does not "
          "serve; nothing is sent for 10 minutes");
    case http_unauthorised:
      return fail(CodeClass::auth, 0, "the venue answered HTTP 401: check the key and its environment");
    default:
      break;
  }
  ++counters_.decode_errors;
  handlers_.on_undecoded(response.body, head.error());
  const std::string what = fmt::format("HTTP {} without a readable answer", response.status);
  return fail(response.status == 200 ? CodeClass::unknown : CodeClass::refused, 0, what);
}

bool RestSession::asks_again(const RestRequest& request, const RestError& error) const {
  if (request.tries >= tries_max) return false;
  const bool not_looked_at = error.code_class == CodeClass::rate || error.code_class == CodeClass::time;
  if (not_looked_at) return request.repeatable;
  return !request.post &&
         (error.code_class == CodeClass::unknown || error.code_class == CodeClass::maintenance);
}

void RestSession::answered(std::uint64_t number, Result<net::HttpAnswer, net::NetError> answer, Instant now) {
  RestRequest request = queue_.finish(number);
  Duration round_trip = answer ? answer->round_trip : Duration{};
  auto judged = judge(request, answer, now);
  if (judged && request.path == path::time) {
    if (const auto venue = dialect::decode_server_time(*judged, scratch_)) {
      clock_.measured(handlers_.our_time(), round_trip, *venue);
      become(LinkState::live);
    }
  }
  if (!judged) {
    const RestError& error = judged.error();
    if (error.code_class == CodeClass::rate) {
      ++counters_.limited;
      queue_.hold(request.path, now + pause_after_limit);
    }
    if (error.code_class == CodeClass::time) {
      clock_.forget();
      ask_time(now);
    }
    if (asks_again(request, error)) {
      request.not_before = now + pause_after_fault;
      queue_.push(std::move(request), now);
      return pump(now);
    }
    if (error.code_class != CodeClass::unknown) ++counters_.refused;
  }
  request.done(std::move(judged), now);
  pump(now);
}

void RestSession::on_timer(Instant now) {
  if (now >= clock_at_) ask_time(now);
  pump(now);
}

Instant RestSession::next_timer(Instant now) const {
  return std::min(clock_at_, queue_.next_turn(now, clock_.known()));
}

void RestSession::ask_time(Instant now) {
  clock_at_ = now + (clock_.known() ? settings_.clock_every : pause_after_limit);
  RestRequest request{.urgency = Urgency::cancel, .path = path::time, .signed_request = false};
  request.give_up_at = now + settings_.timeout;
  request.tries = tries_max;  // the next time is the next try
  request.done = [this](Result<Body, RestError> answer, Instant then) {
    if (answer && clock_.known()) clock_at_ = then + settings_.clock_every;
  };
  queue_.push(std::move(request), now);
  pump(now);
}

void RestSession::get(std::string_view of, std::string query, bool signed_request, Continue done,
                      Instant now) {
  RestRequest request{.path = of, .signed_request = signed_request, .payload = std::move(query)};
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

void RestSession::post(Urgency urgency, std::string_view to, std::string body, const ClientOrderId& order,
                       RequestAnswer blank, Instant now) {
  const bool creates = blank.request == RequestKind::place;
  RestRequest request{.urgency = urgency,
                      .path = to,
                      .post = true,
                      .repeatable = !creates,
                      .payload = std::move(body),
                      .order = order,
                      .creates = creates};
  request.give_up_at = now + settings_.timeout;
  request.done = [this, blank](Result<Body, RestError> answer, Instant) { tell(blank, answer); };
  queue_.push(std::move(request), now);
  pump(now);
}

void RestSession::tell(RequestAnswer blank, const Result<Body, RestError>& answer) {
  if (answer) {
    auto read = dialect::decode_answer(*answer, blank.request, blank.symbol, blank.client_id, scratch_);
    if (read) {
      if (read->venue_id.empty()) read->venue_id = blank.venue_id;
      return handlers_.on_event(*read, {});
    }
    blank.text = venue_text(unreadable("an answer", *answer, read.error()).what);
  } else {
    blank.code = answer.error().code;
    blank.text = venue_text(answer.error().what);
    if (answer.error().code_class != CodeClass::unknown) blank.outcome = RequestOutcome::refused;
  }
  handlers_.on_event(blank, {});
}

bool RestSession::carry_out(const Command& command, Instant now) {
  const auto instrument = [&](SymbolId symbol) -> const Instrument& {
    MLBOT_ASSERT(table_.contains(symbol));
    return table_[symbol];
  };
  const auto blank = [](RequestKind kind, SymbolId symbol, const ClientOrderId& id) {
    return RequestAnswer{.request = kind, .symbol = symbol, .client_id = id};
  };
  return std::visit(Overloaded{[&](const PlaceOrder& c) {
                                 post(c.reduce_only ? Urgency::reduce : Urgency::open, path::create,
                                      dialect::encode_place(c, instrument(c.symbol)), c.id,
                                      blank(RequestKind::place, c.symbol, c.id), now);
                                 return true;
                               },
                               [&](const AmendOrder& c) {
                                 post(Urgency::amend, path::amend,
                                      dialect::encode_amend(c, instrument(c.symbol)), c.id,
                                      blank(RequestKind::amend, c.symbol, c.id), now);
                                 return true;
                               },
                               [&](const CancelOrder& c) {
                                 RequestAnswer answer = blank(RequestKind::cancel, c.symbol, c.id);
                                 answer.venue_id = c.venue_id;
                                 post(Urgency::cancel, path::cancel,
                                      dialect::encode_cancel(c, instrument(c.symbol)), c.id, answer, now);
                                 return true;
                               },
                               [&](const CancelAllOrders& c) {
                                 post(Urgency::cancel, path::cancel_all,
                                      dialect::encode_cancel_all(c, instrument(c.symbol)), {},
                                      blank(RequestKind::cancel_all, c.symbol, {}), now);
                                 return true;
                               },
                               [&](const SetPositionStop& c) {
                                 post(Urgency::reduce, path::trading_stop,
                                      dialect::encode_position_stop(c, instrument(c.symbol)), {},
                                      blank(RequestKind::position_stop, c.symbol, {}), now);
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

// ---- questions

/// Open orders and those just closed, then history when that knows nothing, then executions. All three must
/// have answered before the order may be called absent.
void RestSession::query_order(const QueryOrder& query, Instant now) {
  const RequestAnswer blank{.request = RequestKind::query, .symbol = query.symbol, .client_id = query.id};
  const std::string by_id = QueryText{}
                                .add("category", dialect::category_linear)
                                .add("symbol", table_[query.symbol].name.view())
                                .add("orderLinkId", query.id.view())
                                .text();
  const auto rows = std::make_shared<std::vector<Event>>();
  const auto fail = [this, blank](const RestError& error) {
    RequestAnswer answer = blank;
    answer.code = error.code;
    answer.text = venue_text(error.what);
    handlers_.on_event(answer, {});
  };
  const Continue then_executions = [=, this](Result<Body, RestError> body, Instant) {
    if (!body) return fail(body.error());
    std::vector<Event> executions;
    const auto page = dialect::decode_executions(*body, table_, scratch_, executions);
    if (!page) return fail(unreadable(path::executions, *body, page.error()));
    for (auto at = executions.rbegin(); at != executions.rend(); ++at) handlers_.on_event(*at, {});
    for (const Event& row : *rows) handlers_.on_event(row, {});
    RequestAnswer answer = blank;
    answer.outcome = RequestOutcome::accepted;
    if (rows->empty() && executions.empty()) {
      answer.outcome = RequestOutcome::refused;
      answer.code = 110001;
      answer.text = "the venue knows no such order";
    }
    handlers_.on_event(answer, {});
  };
  const auto ask_executions = [=, this](Instant then) {
    get(path::executions, by_id + "&limit=100", true, then_executions, then);
  };
  const Continue then_history = [=, this](Result<Body, RestError> body, Instant then) {
    if (!body) return fail(body.error());
    const auto page = dialect::decode_orders(*body, table_, scratch_, *rows);
    if (!page) return fail(unreadable(path::order_history, *body, page.error()));
    ask_executions(then);
  };
  get(
      path::open_orders, by_id, true,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return fail(body.error());
        const auto page = dialect::decode_orders(*body, table_, scratch_, *rows);
        if (!page) return fail(unreadable(path::open_orders, *body, page.error()));
        if (!rows->empty()) return ask_executions(then);
        get(path::order_history, by_id, true, then_history, then);
      },
      now);
}

/// The lists of one QueryAccount, asked one after the other: executions before positions, so that a position
/// never lacks what an execution of this answer has told.
struct RestSession::AccountQuery {
  enum class List : std::uint8_t { executions, orders, positions, wallet };
  static constexpr int pages_max = 20;
  List asking = List::executions;
  std::vector<Event> executions, rows;
  std::string since_ms;
  int pages = 0;
};

void RestSession::query_account(Instant now) {
  if (account_asked_) return;  // its answer is on the way
  account_asked_ = true;
  auto query = std::make_shared<AccountQuery>();
  query->since_ms = std::to_string((venue_time() - settings_.executions_back).ms());
  next_page(std::move(query), "", now);
}

void RestSession::next_page(std::shared_ptr<AccountQuery> query, std::string cursor, Instant now) {
  using List = AccountQuery::List;
  const auto list = query->asking;
  const auto fail = [this] {
    account_asked_ = false;
    handlers_.on_event(AccountSnapshot{SnapshotPhase::failed}, {});
  };
  if (++query->pages > AccountQuery::pages_max) return fail();
  QueryText text;
  std::string_view of = path::wallet;
  if (list == List::wallet) {
    text.add("accountType", "UNIFIED").add("coin", dialect::settle_coin);
  } else {
    text.add("category", dialect::category_linear);
    if (list == List::executions) {
      of = path::executions;
      text.add("startTime", query->since_ms).add("limit", 100);
    } else {
      of = list == List::orders ? path::open_orders : path::positions;
      text.add("settleCoin", dialect::settle_coin).add("limit", list == List::orders ? 50 : 200);
    }
    text.cursor(cursor);
  }
  get(
      of, text.text(), true,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return fail();
        if (list == List::wallet) {
          const auto wallet = dialect::decode_wallet(*body, scratch_);
          if (!wallet) {
            unreadable(of, *body, wallet.error());
            return fail();
          }
          account_asked_ = false;
          handlers_.on_event(AccountSnapshot{SnapshotPhase::begin}, {});
          for (auto at = query->executions.rbegin(); at != query->executions.rend(); ++at)
            if (told_executions_.insert(std::get<Execution>(*at).execution_id)) handlers_.on_event(*at, {});
          for (const Event& row : query->rows) handlers_.on_event(row, {});
          handlers_.on_event(*wallet, {});
          return handlers_.on_event(AccountSnapshot{SnapshotPhase::end}, {});
        }
        const auto page =
            list == List::executions ? dialect::decode_executions(*body, table_, scratch_, query->executions)
            : list == List::orders   ? dialect::decode_orders(*body, table_, scratch_, query->rows)
                                     : dialect::decode_positions(*body, table_, scratch_, query->rows);
        if (!page) {
          unreadable(of, *body, page.error());
          return fail();
        }
        counters_.foreign_rows += page->foreign_rows;
        if (!page->cursor.empty() && page->rows > 0) return next_page(query, page->cursor, then);
        query->asking = static_cast<List>(static_cast<int>(list) + 1);
        query->pages = 0;
        next_page(query, "", then);
      },
      now);
}

}  // namespace mlbot::io::bybit
