// One stream of the venue kept alive: connect, authenticate, subscribe, ping, and for ever again after a
// loss. A state machine: link news, bytes and the time come in; wishes go out. It owns no socket and asks no
// clock.
//
// States, the only status: down (waiting to try again) -> connecting -> syncing (auth and subscriptions
// unanswered) -> live; stale when the link is there and what it should say does not come; any loss leads back
// to down. A refusal before the stream was ever live is our mistake or a bad key: fatal, told once, not tried
// again. After that a refusal costs the connection.
//
// Silence is judged for each topic. The venue repeats orderbook.1 every 3 s, so 3.5 s without it prove that
// the stream is dead, whatever the socket says: stale, and a new connection. A market stream that has no such
// topic can subscribe one beside its own as a heartbeat, whose frames stay here; where the venue refuses it,
// the stream goes on without. Books, tickers and klines may be silent for reasons of their own: beyond their
// limits they are subscribed again, which brings a snapshot, and counted. Trades and liquidations have no
// limit.
//
// Limits: 21 000 characters of topics a connection (the venue's), 50 topics a request, because one bad topic
// fails its whole request.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "domain/event.h"
#include "io/bybit/backoff.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::io::bybit {

struct StreamSettings {
  Link link = Link::market;  ///< market: the public stream; account: the private one
  std::vector<std::string> topics;
  std::string key, secret;  ///< of the private stream
  Duration connect_timeout = 60s;
  Duration read_timeout = 30s;  ///< silence after which the link is given up
  Duration stale_after = 25s;   ///< silence after which the state is stale; a ping went out meanwhile
  Duration ping_every = 20s;
  Duration answer_timeout = 10s;  ///< for auth and subscriptions
  Duration reconnect_min = 250ms, reconnect_max = 30s;
  bool heartbeat = false;             ///< of a market stream: orderbook.1 of its first symbol
  Duration heartbeat_limit = 3500ms;  ///< of any orderbook.1
  Duration book_limit = 30s, ticker_limit = 30s, kline_limit = 90s;  ///< until they are subscribed again
  std::size_t topics_per_connection = 400;  ///< for those who split topics over several streams
  std::uint64_t seed = 1;                   ///< of the jitter between attempts
};

/// The private stream's topics.
inline const std::vector<std::string> account_topics{"order.linear", "execution.linear", "position.linear",
                                                     "wallet"};

struct StreamCounters {
  std::uint64_t messages = 0, bytes = 0, decode_errors = 0, reconnects = 0;
  std::uint64_t fallback_frames = 0;  ///< books and trades that were not in the shape we know: read slowly
  std::uint64_t foreign_rows = 0;     ///< account rows of symbols that this run does not know
  std::uint64_t heartbeats = 0;       ///< frames of the heartbeat, which nobody else sees
  std::uint64_t silences = 0;         ///< topics that were silent beyond their limit
  Instant last_message_at;
};

/// The venue's limit for the topics of one connection.
inline constexpr std::size_t topic_characters_max = 21'000;

struct StreamHandlers {
  /// Views inside the event live until the handler returns.
  std::function<void(const Event&, Instant venue_time)> on_event;
  /// A frame that could not be read, with what was wrong; it is counted before.
  std::function<void(std::string_view bytes, const venue::bybit::DecodeError&)> on_undecoded;
  /// The stream will not be tried again; `what` says why and what to do.
  std::function<void(const std::string& what)> on_fatal;
  /// Every frame as it came, the key made unreadable, before anything is made of it; may be empty.
  std::function<void(std::string_view bytes)> on_frame = {};
  /// A sign-in was refused after one was accepted: what is wrong may be our idea of the venue's time. May be
  /// empty.
  std::function<void()> on_sign_in_refused = {};
};
/// What the session wants of its link.
struct StreamWishes {
  std::function<void()> open;
  std::function<void(std::string)> send;
  std::function<void()> close;  ///< lost() follows
};

class StreamSession {
 public:
  /// @param table       outlives the session.
  /// @param venue_time  the venue's clock, for the expiry of an auth.
  StreamSession(StreamSettings settings, const venue::bybit::InstrumentTable& table, StreamHandlers handlers,
                StreamWishes wishes, std::function<Instant()> venue_time);

  void start(Instant now);
  void opened(Instant now);
  void received(venue::bybit::PaddedText bytes, Instant now);
  void lost(std::string_view why, Instant now);
  /// Call at next_timer() or later.
  void on_timer(Instant now);
  Instant next_timer() const;

  /// A new snapshot of this book, by unsubscribing and subscribing; nothing while that is already under way.
  void resubscribe_book(std::string_view symbol, Instant now);
  /// The same for every book of this stream.
  void resubscribe_books(Instant now);

  LinkState state() const { return state_; }
  const StreamCounters& counters() const { return counters_; }
  const std::string& last_loss() const { return last_loss_; }

 private:
  enum class Awaited : std::uint8_t { auth, subscribe, unsubscribe, heartbeat };
  struct Request {
    Awaited awaited;
    std::vector<std::string> topics;
    Instant sent_at;
  };
  enum class Heard : std::uint8_t { level_one, book, ticker, kline };
  static constexpr std::size_t heard_kinds = 4;
  struct Watch {
    std::string topic;
    Heard kind;
    SymbolId symbol;
    Duration limit;
  };
  void become(LinkState state);
  void decode(venue::bybit::PaddedText bytes, Instant now);
  void answered(const venue::bybit::Control& control, Instant now);
  void refused(const std::string& what);
  void authenticate(Instant now);
  void subscribe_all(Instant now);
  void ask(Awaited awaited, std::vector<std::string> topics, Instant now);
  void resubscribe(const std::string& topic, Instant now);
  void settle(Instant now);
  bool swallowed(const venue::bybit::MarketNews& news, Instant now);
  void watch(const std::string& topic);
  void look_for_silence(Instant now);
  void give_up(std::string why);
  void ping(Instant now);
  std::string next_request_id();

  StreamSettings settings_;
  const venue::bybit::InstrumentTable& table_;
  StreamHandlers handlers_;
  StreamWishes wishes_;
  std::function<Instant()> venue_time_;
  HmacSha256 secret_;
  venue::bybit::DecodeScratch scratch_;
  Backoff backoff_;
  std::string heartbeat_topic_;  ///< "" without one
  bool heartbeat_refused_ = false;
  std::vector<Watch> watches_;
  std::array<std::vector<Instant>, heard_kinds> heard_at_;  ///< by symbol
  LinkState state_ = LinkState::down;
  StreamCounters counters_;
  std::map<std::string, Request> awaited_;  ///< by request id
  std::uint64_t requests_ = 0;
  bool connected_ = false, was_live_ = false, fatal_ = false, closing_ = false;
  Instant try_at_ = distant_future, ping_at_ = distant_future, stale_at_ = distant_future,
          watch_at_ = distant_future;
  std::string last_loss_;
  std::string own_reason_;  ///< why we closed the link ourselves; lost() tells that
};

}  // namespace mlbot::io::bybit
