// The lines between a bot and the exchange's desk, without a socket: three streams and REST.
//
// A stream keeps the order of its messages each way, as TCP does; what a fault swaps or doubles is swapped or
// doubled at the venue's end, before the line. A request is answered once, by an answer, an error or its
// timeout. A message that is under way when its sender dies still arrives. Chance: the world's FaultPlan.
// Threads: none. Time: the world's Scheduler.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/net/links.h"
#include "shell/exchange/exchange_desk.h"
#include "shell/simulate/fault_plan.h"
#include "shell/simulate/scheduler.h"

namespace mlbot::shell::simulate {

enum class Line : std::uint8_t { market, account, orders, rest };
inline constexpr std::size_t line_count = 4;

/// One-way delay: shortest plus exponential with this mean.
struct LineTerms {
  Duration shortest{1ms}, mean{2ms};
};

struct NetworkCounts {
  std::uint64_t frames_to_bot = 0, frames_to_venue = 0, requests = 0, answers = 0, lost_frames = 0;
  std::uint64_t connections = 0, timeouts = 0;
};

class Network {
 public:
  using Peer = io::net::PeerId;
  using Answer = Result<io::net::HttpAnswer, io::net::NetError>;
  /// What a bot hears of a stream. Never called from within a call of the bot's own.
  struct Ear {
    std::function<void()> opened;
    std::function<void(std::string_view text)> heard;  ///< 64 spare bytes stand behind the text
    std::function<void(std::string_view why)> down;
  };
  struct Wishes {
    std::function<void()> advance;                   ///< brings the exchange to the present
    std::function<void()> drift;                     ///< something changes between two pages of a list
    std::function<void(std::string_view)> happened;  ///< a rare situation came about
    std::function<void(std::string_view)> arrived;   ///< a request of any kind is at the venue
    std::function<void()> forbidden;                 ///< HTTP 403 was heard
    std::function<void(Duration)> impaired;          ///< requests may fail for so long
    std::function<void()> deaf;                      ///< the account's stream is dead, and nobody says so
  };

  Network(Scheduler& scheduler, FaultPlan& plan, const std::array<LineTerms, line_count>& terms,
          std::uint64_t seed, Wishes wishes);

  /// The desk that requests reach; before anything else.
  void attach(ExchangeDesk& desk) { desk_ = &desk; }
  ExchangeDesk::Wires wires();

  // ---- the bot's end
  Peer connect(Line line, Duration timeout, Duration read_timeout, Ear ear);
  void send(Peer peer, std::string text);
  void close(Peer peer);
  void request(io::net::HttpRequest request, Duration timeout, std::function<void(Answer)> done);
  /// The process is gone: it hears nothing more, its connections break.
  void abandon();

  // ---- misfortune
  void clog(Line line, Instant until) { clogged_[index(line)] = std::max(clogged_[index(line)], until); }
  void cut(Line line, std::string_view why);
  void mute(Line line, Instant until);
  /// One way or both: 1 to the venue, 2 to the bot, 3 both.
  void part(Line line, unsigned ways, Instant until);
  void starve(Line line, Instant until) { starved_[index(line)] = std::max(starved_[index(line)], until); }
  void ban(Instant until) { banned_until_ = std::max(banned_until_, until); }
  void refuse_key(Instant until) { key_refused_until_ = std::max(key_refused_until_, until); }
  /// The venue is away: everything is cut and nobody gets in.
  void take_venue_down(Instant until);
  void wipe_closed_orders(Instant until) { wiped_until_ = std::max(wiped_until_, until); }
  /// Lines heal, bans end.
  void heal();
  /// When the venue last answered HTTP 403.
  Instant forbidden_at() const { return forbidden_at_; }
  bool banned() const { return scheduler_.now() < banned_until_; }
  bool venue_down() const { return scheduler_.now() < venue_down_until_; }

  const NetworkCounts& counts() const { return counts_; }

 private:
  using Text = std::shared_ptr<const std::string>;
  struct Connection {
    Line line = Line::market;
    StreamRole role = StreamRole::market;
    std::string name;
    Ear ear;
    Duration read_timeout{};
    Instant heard_at{};
    Instant last_to_bot{}, last_to_venue{};  ///< TCP keeps the order
    bool open = false, at_desk = false, muted = false, closing = false;
    Text held;  ///< waits for one of another topic to overtake it
    std::string held_topic;
    Text last_position;  ///< of the account stream, for phantoms
  };
  static constexpr std::size_t index(Line line) { return static_cast<std::size_t>(line); }
  Duration delay(Line line);
  Instant arrival(Line line, Instant last);
  void send_data(Peer peer, Text text);
  void release_held(Peer peer, Connection& connection);
  void to_bot(Peer peer, Connection& connection, Text text);
  void later(Instant at, Peer peer, Text text);
  void deliver(Peer peer, const Text& text);
  void shake_hands(Peer peer, Instant give_up);
  void watch(Peer peer);
  void drop(Peer peer, std::string_view why, Duration after);
  Text with_unknown_word(const std::string& text);
  void arrive(std::uint64_t number, const io::net::HttpRequest& request);
  io::net::HttpResponse answer_of(const io::net::HttpRequest& request, bool& silent);
  void answered(std::uint64_t number, Answer answer);
  void note(std::string_view what) { wishes_.happened(what); }

  struct Asked {
    std::function<void(Answer)> done;
    Instant sent_at;
  };

  Scheduler& scheduler_;
  FaultPlan& plan_;
  std::array<LineTerms, line_count> terms_;
  std::array<ChanceSite, line_count> delays_;
  Wishes wishes_;
  ExchangeDesk* desk_ = nullptr;
  std::map<Peer, Connection> connections_;
  std::map<std::uint64_t, Asked> asked_;
  std::array<Instant, line_count> clogged_{}, starved_{}, parted_to_venue_{}, parted_to_bot_{}, muted_{};
  Instant banned_until_{}, key_refused_until_{}, venue_down_until_{}, wiped_until_{};
  Instant forbidden_at_{};
  Peer peers_ = 0;
  std::uint64_t requests_ = 0;
  std::string padded_;
  NetworkCounts counts_;
};

}  // namespace mlbot::shell::simulate
