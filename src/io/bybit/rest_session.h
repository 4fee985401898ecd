// What the bot asks the venue by REST, and what it learns from the answers: orders out, answers and account
// rows back as domain events. A state machine: commands, answers and the time come in; requests and events go
// out.
//
// Orders go over the order-entry socket while that is live, and by REST otherwise; one queue, one set of
// quotas and one way of judging for both, so a create is sent at most once whichever way it went. Silence and
// transport faults are RequestOutcome::unknown. A cancel or a stop is sent again only when the venue said
// that it did not look at it (too many requests, clock). A question is asked up to three times. A list that
// comes in several pages is read until two passes agree, because rows move between pages while they are read;
// after four passes the question has failed. QueryAccount answers as one block: begin, executions, orders,
// positions, wallet, modes, transactions, end; or failed alone. Contracts and the venue's own state are read
// again every minute.
//
// State of Link::orders, the only status: as REST is, but where a socket is wanted and gone `stale`: orders
// still go, the slower way. After HTTP 403 nothing goes by REST for 10 minutes and the link is down, stale
// with a live socket.
#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/recent_set.h"
#include "domain/command.h"
#include "io/bybit/request_queue.h"
#include "io/bybit/venue_clock.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/rest_questions.h"
#include "venue/bybit/signing.h"

namespace mlbot::io::bybit {

struct RestSettings {
  std::string key, secret;  ///< empty: only public questions
  Duration receive_window = 5s;
  Duration timeout = 10s;  ///< of one request, connecting included
  Duration entry_patience =
      1s;  ///< an entry or an amend that waited longer for its turn is not sent: it has aged
  Duration clock_every = 60s;     ///< how often the venue's clock is asked
  Duration executions_back = 1h;  ///< how far QueryAccount looks back for executions and transactions
  Duration standing_every = 60s;  ///< how often contracts and the venue's own state are read again
  std::size_t batch_max = 10;     ///< orders in one batch; 1 sends none
};

template <class T>
using RestCallback = std::function<void(Result<T, RestError>)>;

struct RestCounters {
  std::uint64_t sent = 0, answered = 0, transport_faults = 0, refused = 0, limited = 0, decode_errors = 0;
  std::uint64_t foreign_rows = 0;
  std::uint64_t by_socket = 0, batches = 0;  ///< of `sent`
};

struct RestHandlers {
  std::function<void(const Event&, Instant venue_time)> on_event;
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded;
  /// Sends; the answer comes back through answered() under the same number.
  std::function<void(std::uint64_t number, net::HttpRequest request, Duration timeout)> send;
  /// Our own clock as the venue's is compared with: the wall's, or a paced market's.
  std::function<Instant()> our_time;
  /// Sends over the order-entry socket; answered_by_socket() follows exactly once. Empty without a socket.
  std::function<void(std::uint64_t number, std::string_view op, std::string body)> send_by_socket = {};
  /// Every answer's body as it came, the key made unreadable, with the path that was asked; may be empty.
  std::function<void(std::string_view path, std::string_view body)> on_answer = {};
  /// Every request that changes something, before its first byte leaves; without key and signature. May be
  /// empty.
  std::function<void(std::string_view path, std::string_view body, bool by_socket)> on_send = {};
};

class RestSession {
 public:
  RestSession(RestSettings settings, RestHandlers handlers);

  // ---- in
  /// Begins to ask the venue's clock; nothing signed is sent before that is known.
  void start(Instant now);
  /// False for ResubscribeBook, which is the stream's to carry out.
  bool carry_out(const Command& command, Instant now);
  void answered(std::uint64_t number, Result<net::HttpAnswer, net::NetError> answer, Instant now);
  /// @param answer  or why there is none, as when the socket was lost.
  void answered_by_socket(std::uint64_t number, Result<venue::bybit::TradeReply, std::string> answer,
                          Instant now);
  void socket_changed(LinkState state, Instant now);
  /// A stream's sign-in was refused: perhaps for its time, so the venue's clock is measured anew.
  void doubt_clock(Instant now);
  void on_timer(Instant now);
  Instant next_timer(Instant now) const;

  // ---- starting
  /// Asks instruments, margin tiers and fees of these symbols; they get ids in this order and are known to
  /// the session from then on, under a table that stays where it is.
  /// @error RestError names a symbol that the venue does not trade.
  void start_up(std::vector<std::string> symbols, Instant now, RestCallback<std::vector<Instrument>> done);
  /// Contracts from elsewhere, instead of start_up().
  void use(std::vector<Instrument> instruments);
  /// One-minute bars that started in [from, until], oldest first, as Kline events; pages of 1000.
  void load_klines(SymbolId symbol, Instant from, Instant until, Instant now, RestCallback<std::size_t> done);

  // ---- asking
  /// One question and its answer. Views in the answer live until the callback returns.
  template <class T>
  void ask(const venue::bybit::Question<T>& question, Instant now, RestCallback<T> done) {
    ask_then<T>(question, now,
                [done = std::move(done)](Result<T, RestError> answer, Instant) { done(std::move(answer)); });
  }
  /// A whole list, read until two passes over its pages agree.
  template <class P>
  void ask_all(const venue::bybit::Question<P>& question, Instant now, RestCallback<P> done) {
    ask_all_then<P>(question, now,
                    [done = std::move(done)](Result<P, RestError> list, Instant) { done(std::move(list)); });
  }
  /// A change of the account that is no order: `unchanged` is good too. Not sent again by itself.
  void change(const venue::bybit::Request& request, Instant now, RestCallback<void> done);
  /// Also good when it already was so.
  void set_leverage(SymbolId symbol, E8 leverage, Instant now, RestCallback<void> done);

  const venue::bybit::InstrumentTable& table() const { return table_; }
  Instant venue_time() const { return clock_.at(handlers_.our_time()); }
  const VenueClock& venue_clock() const { return clock_; }

  const RestCounters& counters() const { return counters_; }
  LinkState state() const { return state_; }

 private:
  using Body = std::string;
  using Continue = std::function<void(Result<Body, RestError>, Instant now)>;
  template <class T>
  using Then = std::function<void(Result<T, RestError>, Instant now)>;
  struct OrderQuestion;
  struct AccountQuery;
  struct StartUp;
  struct KlineLoad;
  static constexpr int list_pages_max = 100, list_passes_max = 4;
  template <class P>
  struct ListRead {
    venue::bybit::Question<P> question;
    Then<P> done;
    P list;
    std::vector<std::string> keys, keys_before;
    int pages = 0, passes = 0;
  };

  void get(std::string_view path, std::string query, bool signed_request, Continue done, Instant now,
           Urgency urgency = Urgency::query, Instant give_up_at = distant_future);
  template <class T>
  void ask_then(const venue::bybit::Question<T>& question, Instant now, Then<T> done,
                Urgency urgency = Urgency::query);
  template <class P>
  void ask_all_then(const venue::bybit::Question<P>& question, Instant now, Then<P> done,
                    Urgency urgency = Urgency::query);
  template <class P>
  void read_on(std::shared_ptr<ListRead<P>> read, const std::string& cursor, Instant now, Urgency urgency);
  void post(Urgency urgency, const Command& command, const ClientOrderId& order, RequestAnswer blank,
            Instant now);
  void pump(Instant now);
  void send(const RequestQueue::Taken& taken);
  RequestQueue::Ways ways() const;
  Result<Body, RestError> judge(const Flight& flight, Result<net::HttpAnswer, net::NetError>& answer,
                                Instant now);
  Result<Body, RestError> judge_code(std::string_view path, std::string body);
  Result<std::vector<venue::bybit::OrderAck>, RestError> acks_in(const Flight& flight, const Body& body);
  void conclude(Flight flight, const std::vector<venue::bybit::OrderAck>& acks, Instant now);
  void conclude(Flight flight, const Result<Body, RestError>& judged, Instant now);
  void conclude(std::string_view path, RestRequest request, Result<Body, RestError> judged, Instant now);
  bool asks_again(const RestRequest& request, const RestError& error) const;
  void tell(RequestAnswer blank, const Result<Body, RestError>& answer);
  void ask_time(Instant now);
  void query_order(const QueryOrder& query, Instant now);
  void query_account(Instant now);
  void tell(AccountQuery& query, const std::vector<venue::bybit::TransactionRow>& transactions);
  void ask_standing(Instant now);
  void tell_standing(SymbolId symbol, const venue::bybit::InstrumentPage& page);
  void next_tier(std::shared_ptr<StartUp> start, Instant now);
  void ask_fees(std::shared_ptr<StartUp> start, Instant now);
  void ready(const std::shared_ptr<StartUp>& start, Instant now);
  void next_klines(std::shared_ptr<KlineLoad> load, Instant now);
  void become(LinkState rest_state);
  void tell_state();
  /// Counts and shows what could not be read.
  RestError unreadable(std::string_view path, std::string_view body, const venue::bybit::DecodeError& error);

  RestSettings settings_;
  RestHandlers handlers_;
  venue::bybit::RequestSigner signer_;
  venue::bybit::InstrumentTable table_;
  venue::bybit::DecodeScratch scratch_;
  RequestQueue queue_;
  /// By QueryAccount: the lists overlap, and each execution is told once.
  RecentSet<VenueId> told_executions_{16'384};
  RecentSet<VenueId> told_transactions_{16'384};
  VenueClock clock_;
  Instant clock_at_{};                    ///< when the venue's clock is asked next
  Instant standing_at_ = distant_future;  ///< when contracts are read again; from start_up() on
  std::vector<bool> suspended_;           ///< by symbol: told as not trading
  VenueStatus venue_status_;
  bool account_asked_ = false;                                               ///< a QueryAccount is under way
  std::map<ClientOrderId, std::shared_ptr<OrderQuestion>> order_questions_;  ///< the last one of each order
  Instant replied_at_{};  ///< the venue's clock in the last reply that carried it
  RestCounters counters_;
  LinkState rest_state_ = LinkState::down, socket_state_ = LinkState::down;
  LinkState state_ = LinkState::down;  ///< of both, as told
  bool socket_was_live_ = false;
  std::uint32_t faults_in_a_row_ = 0, protections_in_a_row_ = 0;
};

template <class T>
void RestSession::ask_then(const venue::bybit::Question<T>& question, Instant now, Then<T> done,
                           Urgency urgency) {
  const auto read = question.read;
  const std::string_view path = question.request.path;
  get(
      path, question.request.payload, question.request.is_signed,
      [this, read, path, done = std::move(done)](Result<Body, RestError> body, Instant then) {
        if (!body) return done(std::unexpected{body.error()}, then);
        auto answer = read(*body, table_, scratch_);
        if (!answer) return done(std::unexpected{unreadable(path, *body, answer.error())}, then);
        done(std::move(*answer), then);
      },
      now, urgency);
}

template <class P>
void RestSession::ask_all_then(const venue::bybit::Question<P>& question, Instant now, Then<P> done,
                               Urgency urgency) {
  auto read = std::make_shared<ListRead<P>>();
  read->question = question;
  read->done = std::move(done);
  read_on(std::move(read), "", now, urgency);
}

template <class P>
void RestSession::read_on(std::shared_ptr<ListRead<P>> read, const std::string& cursor, Instant now,
                          Urgency urgency) {
  const venue::bybit::Question<P> page{venue::bybit::paged(read->question.request, cursor),
                                       read->question.read};
  const auto fail = [read](std::string_view why, Instant then) {
    const std::string what = std::string{read->question.request.path} + ": " + std::string{why};
    read->done(std::unexpected{RestError{venue::bybit::CodeClass::unknown, 0, what}}, then);
  };
  if (++read->pages > list_pages_max) return fail("the list has no end", now);
  const auto take = [this, read, fail](Result<P, RestError> answer, Instant then) {
    if (!answer) return read->done(std::unexpected{answer.error()}, then);
    const bool more = !answer->cursor.empty() && !answer->list.empty();
    for (auto& row : answer->list) {
      read->keys.push_back(venue::bybit::row_key(row));
      read->list.list.push_back(std::move(row));
    }
    if constexpr (requires { answer->foreign_rows; }) read->list.foreign_rows += answer->foreign_rows;
    if constexpr (requires { answer->refused; })
      std::ranges::move(answer->refused, std::back_inserter(read->list.refused));
    if (more) return read_on(read, answer->cursor, then, Urgency::step);
    if (read->pages == 1 || read->keys == read->keys_before) return read->done(std::move(read->list), then);
    if (++read->passes == list_passes_max) return fail("the list changed while it was read", then);
    read->keys_before = std::exchange(read->keys, {});
    read->list = {};
    read->pages = 0;
    read_on(read, "", then, Urgency::step);
  };
  ask_then<P>(page, now, take, urgency);
}

}  // namespace mlbot::io::bybit
