// One life of the bot's process in a world: the real core and the real sessions of io/bybit, wired as the
// live shell wires them, over a simulated network, disk and clock.
//
// Order of a turn, as in LiveSource and LiveSink: what a line brought becomes an input; the input is in the
// journal before the core sees it; what the core commands is in the journal and flushed before the first byte
// leaves. Every place between two of these is a crash point. Threads: none.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/core.h"
#include "io/bybit/rest_session.h"
#include "io/bybit/stream_group.h"
#include "io/bybit/trade_session.h"
#include "shell/simulate/auditor.h"
#include "shell/simulate/disk.h"
#include "shell/simulate/network.h"
#include "shell/simulate/strategy.h"

namespace mlbot::shell::simulate {

/// The clock that a process reads: the wall when it started, moved on by a monotonic clock that drifts and
/// stands still while the machine sleeps.
struct ProcessClock {
  Instant anchor{};  ///< true time
  Instant wall{};    ///< shown then
  std::int64_t drift_ppm = 0;

  Instant at(Instant truth) const {
    const Duration gone = truth - anchor;
    return wall + gone + Duration{gone.count() / 1'000'000 * drift_ppm};
  }
  /// The first instant at which the clock shows `shown` or more.
  Instant when(Instant shown) const;
};

struct BotSettings {
  std::string key, secret, account;
  std::vector<std::string> symbols;
  RiskLimits risk;
  DecisionSettings decision;
  std::size_t book_depth = 50;
  std::size_t topics_per_connection = 400;
  bool order_socket = true;
  Duration rest_timeout = 10s, receive_window = 5s;
};

/// How a life ended, when it was not killed.
enum class BotEnd : std::uint8_t { none, crashed, start_failed, disk_failed, fatal };

class Bot {
 public:
  struct World {
    Scheduler& scheduler;
    FaultPlan& plan;
    Network& network;
    SimulatedDisk& disk;
    Auditor& auditor;
    Strategy& strategy;
    const std::string& features;  ///< checkpoint to go on from
    Instant features_at{};
    StateHash& trace;
    std::function<void(std::string_view)> happened;
    std::function<void(Instant, std::string_view)> tell;  ///< each input and command in words; empty for none
  };

  /// Takes the journal and begins to start up. @pre  the disk's lock is free.
  Bot(World world, const BotSettings& settings, ProcessClock clock, std::uint64_t life);
  ~Bot();
  Bot(const Bot&) = delete;
  Bot& operator=(const Bot&) = delete;

  BotEnd end() const { return end_; }
  const std::string& why() const { return why_; }
  bool trades() const { return open_ && end_ == BotEnd::none; }
  std::uint64_t life() const { return life_; }
  std::uint32_t epoch() const { return epoch_; }
  const ProcessClock& clock() const { return clock_; }
  std::uint64_t inputs() const { return inputs_; }
  /// nullptr before the run began.
  const core::Core* core() const { return core_.get(); }

  /// When it wants to be woken: true time.
  Instant next_timer() const;
  void on_timer();
  /// The process stands still until then; what arrives waits.
  void stall(Instant until, bool clock_too);
  void ask(OperatorVerb verb, std::string_view cause);
  void configure(const RiskLimits& risk);
  /// It dies here and now; nothing more leaves it.
  void die(BotEnd how, std::string why);

 private:
  struct Slot {
    Stamped event;
    RecordScratch scratch;
  };
  Instant now() const { return clock_.at(world_.scheduler.now()); }
  bool alive() const { return end_ == BotEnd::none; }
  /// Runs a deed of the line, now or when the process goes on.
  void hear(std::function<void()> deed);
  void drain();
  void begin();
  void started(std::vector<Instrument> instruments);
  void push(const Event& event, Instant venue_time);
  void beat();
  void pump();
  void step(Stamped& event);
  void take(const Stamped& event);
  void tell_what_came(const Stamped& event);
  void carry_out(const Command& command);
  /// Appends what is in `bytes_`.
  bool keep(bool of_orders, bool at_once);
  bool flush();
  void keep_trading_state(Instant at);
  void sync_when_due();
  void save_features_when_due();
  bool crash_point(std::string_view where);
  void wake();
  std::unique_ptr<io::bybit::StreamGroup> stream(Link link, std::vector<std::string> topics,
                                                 std::vector<Network::Peer>& peers);
  std::unique_ptr<io::bybit::TradeSession> order_socket();
  ConfigChanged config() const;

  World world_;
  BotSettings settings_;
  ProcessClock clock_;
  std::uint64_t life_;
  std::uint32_t epoch_ = 0;
  std::uint32_t config_version_ = 1;
  BotEnd end_ = BotEnd::none;
  std::string why_;

  std::unique_ptr<io::bybit::RestSession> rest_;
  std::unique_ptr<io::bybit::TradeSession> trade_;
  std::unique_ptr<io::bybit::StreamGroup> market_, account_;
  std::vector<Network::Peer> market_peers_, account_peers_;
  Network::Peer trade_peer_ = 0;
  bool trade_started_ = false;

  std::vector<Instrument> instruments_;
  std::vector<SymbolId> traded_;
  std::unique_ptr<core::Core> core_;
  bool open_ = false, pumping_ = false;
  Outbox out_;
  std::deque<Slot> slots_;
  std::size_t waiting_ = 0, taken_ = 0;
  Stamped timer_;
  Sequence sequence_;
  Instant last_at_{}, synced_at_{};
  Instant requests_looked_at_{}, features_saved_at_{}, beaten_at_{};
  std::vector<IntentCarried> carried_;
  Carried state_kept_;
  Instant state_kept_at_{};
  std::vector<Lots> believes_;  ///< as last told in words
  std::optional<E8> believes_cash_;
  std::string bytes_;
  std::uint64_t inputs_ = 0;

  Instant stalled_until_{};
  std::deque<std::function<void()>> inbox_;
  std::shared_ptr<Bot*> handle_;  ///< what a closure of the network holds: empty once this is gone
  mutable std::optional<Instant> next_timer_;
};

}  // namespace mlbot::shell::simulate
