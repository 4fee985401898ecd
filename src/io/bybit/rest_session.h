// What the bot asks the venue by REST, and what it learns from the answers: orders out, answers and account
// rows back as domain events. A state machine: commands, answers and the time come in; requests and events go
// out.
//
// A create is sent at most once; silence and transport faults are RequestOutcome::unknown. A cancel, an amend
// or a stop is sent again only when the venue said that it did not look at it (too many requests, clock). A
// question is asked up to three times. QueryAccount answers as one block: begin, executions, orders,
// positions, wallet, end; or failed alone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/recent_set.h"
#include "domain/command.h"
#include "io/bybit/request_queue.h"
#include "io/bybit/venue_clock.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/signing.h"

namespace mlbot::io::bybit {

struct RestSettings {
  std::string key, secret;  ///< empty: only public questions
  Duration receive_window = 5s;
  Duration timeout = 10s;         ///< of one request, connecting included
  Duration clock_every = 60s;     ///< how often the venue's clock is asked
  Duration executions_back = 1h;  ///< how far QueryAccount looks back for executions
};

template <class T>
using RestCallback = std::function<void(Result<T, RestError>)>;

struct RestCounters {
  std::uint64_t sent = 0, answered = 0, transport_faults = 0, refused = 0, limited = 0, decode_errors = 0;
  std::uint64_t foreign_rows = 0;
};

struct RestHandlers {
  std::function<void(const Event&, Instant venue_time)> on_event;
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded;
  /// Sends; the answer comes back through answered() under the same number.
  std::function<void(std::uint64_t number, net::HttpRequest request, Duration timeout)> send;
  /// Our own clock as the venue's is compared with: the wall's, or a paced market's.
  std::function<Instant()> our_time;
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
  struct AccountQuery;
  struct StartUp;
  struct KlineLoad;

  void get(std::string_view path, std::string query, bool signed_request, Continue done, Instant now);
  void post(Urgency urgency, std::string_view path, std::string body, const ClientOrderId& order,
            RequestAnswer blank, Instant now);
  void pump(Instant now);
  void send(const RequestQueue::Taken& taken);
  Result<Body, RestError> judge(const RestRequest& request, Result<net::HttpAnswer, net::NetError>& answer,
                                Instant now);
  bool asks_again(const RestRequest& request, const RestError& error) const;
  void tell(RequestAnswer blank, const Result<Body, RestError>& answer);
  void ask_time(Instant now);
  void query_order(const QueryOrder& query, Instant now);
  void query_account(Instant now);
  void next_page(std::shared_ptr<AccountQuery> query, std::string cursor, Instant now);
  void next_instruments(std::shared_ptr<StartUp> start, std::string cursor, Instant now);
  void next_tier(std::shared_ptr<StartUp> start, Instant now);
  void ask_fees(std::shared_ptr<StartUp> start, Instant now);
  void next_klines(std::shared_ptr<KlineLoad> load, Instant now);
  void become(LinkState state);
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
  VenueClock clock_;
  Instant clock_at_{};          ///< when the venue's clock is asked next
  bool account_asked_ = false;  ///< a QueryAccount is under way
  RestCounters counters_;
  LinkState state_ = LinkState::down;
  std::uint32_t faults_in_a_row_ = 0;
};

}  // namespace mlbot::io::bybit
