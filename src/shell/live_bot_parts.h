// The inside of LiveBot: what a run owns. Parted over live_bot_start.cpp (everything before the first event)
// and live_bot.cpp (services, housekeeping and the run itself).
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/bus/embedded_bus.h"
#include "io/bus/redis_bus.h"
#include "io/bybit/rest_client.h"
#include "io/bybit/websocket_client.h"
#include "shell/account_venue.h"
#include "shell/archive_follower.h"
#include "shell/audit_follower.h"
#include "shell/candle_refill.h"
#include "shell/history_source.h"
#include "shell/live_bot.h"
#include "shell/live_sink.h"
#include "shell/live_source.h"
#include "shell/operator_desk.h"
#include "shell/page_service.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

/// Enough of a content hash for a line on a screen.
inline std::string short_hash(const std::string& hash) { return hash.substr(0, 12); }

struct LiveBot::Parts {
  Parts(const Console& console_in, DynamicSystemConfig& config_in, const RunOptions& options_in,
        Observer observer_in)
      : console{console_in},
        config{config_in},
        options{options_in},
        observer{std::move(observer_in)},
        state{config_in.current().state_dir} {}

  using Failure = std::optional<StartError>;
  Failure open_desk();
  Failure open_journal();
  Failure prepare_venue();
  Failure prepare_exchange();
  Failure load_or_train_model();
  Failure connect_bus();
  Failure build_core();
  bool go_on_from_checkpoint();
  void save_features();
  void keep_state_hash(const Stamped& event);
  void look_at_machine();
  Failure meet_venue();
  Failure check_venue_account();
  Failure refuse_old_image();
  Failure open_streams();
  Failure start_services();
  Failure open_run();
  void keep_sent(std::string_view path, std::string_view body, bool by_socket);
  void add_services();
  void observe();
  void look_at_redis();
  void look_for_new_config();
  void push_config();
  void drop_links();
  Failure fetch_instruments();
  /// Runs the loop until an answer set the flag. @error network
  Result<void, StartError> wait(const bool& done);
  void take(const Event& event, Instant venue_time);
  void keep_frame(Link link, std::string_view bytes, const venue::bybit::DecodeError& error);
  Opening opening() const;
  io::web::HeaderView header() const;
  std::vector<io::web::ServiceView> service_views() const;
  std::vector<io::web::VoidView> void_views() const;
  std::vector<std::string> topics() const;
  void finish(ExitCode& code);

  const Console& console;
  DynamicSystemConfig& config;
  RunOptions options;
  Observer observer;
  StateDirectory state;

  ServiceManager services;
  std::unique_ptr<io::journal::JournalWriter> journal;
  std::unique_ptr<TradingVenue> venue;
  AccountVenue* real_account = nullptr;  ///< the same, in mode live
  std::unique_ptr<io::bus::EmbeddedBus> bus;
  std::unique_ptr<io::bus::RedisBus> redis;
  std::optional<models::Bundle> bundle;  ///< nothing: watched and recorded only
  std::unique_ptr<core::Core> core;
  std::vector<Instrument> instruments;
  std::optional<VenueAccess> access;
  Sequence warm_from;
  Instant started_at;

  io::net::EventLoop loop;
  std::optional<CandleRefill> candle_refill;  ///< what the streams say goes through it
  std::optional<io::clock::PacedClock> clock;
  std::unique_ptr<LiveSource> source;
  std::unique_ptr<LiveSink> sink;
  Carried carried;  ///< what the last run left
  std::unique_ptr<OperatorDesk> desk;
  std::unique_ptr<io::bybit::BybitRestClient> rest;
  std::unique_ptr<io::bybit::BybitWebSocketClient> market_stream, account_stream;
  std::unique_ptr<ArchiveFollower> archive;
  std::unique_ptr<AuditFollower> audit;
  std::unique_ptr<PageService> page;
  std::string token, fatal;
  bool open = false;
  bool redis_connected = true;

  Progress* exchange_progress = nullptr;
  Progress* archive_progress = nullptr;
  Progress* audit_progress = nullptr;
  Progress* market_progress = nullptr;
  Progress* account_progress = nullptr;
  Progress* core_progress = nullptr;
  Progress* page_progress = nullptr;

  Instant observed_at, exchange_saved_at, features_saved_at;
  Instant machine_seen_at;  ///< wall time
  bool disk_full = false;   ///< as last told
  std::string keeper_trouble;
  Instant state_hashed_at;
  Instant stepped_at;  ///< core time of the last event
  Instant stop_at = distant_future;
  std::filesystem::file_time_type config_seen{};
  mutable std::mutex shown_mutex;  ///< what the page's thread reads
  io::web::HeaderView shown_header;
  std::vector<io::web::ServiceView> shown_services;
  std::vector<io::web::VoidView> shown_voids;
  std::vector<ServiceHealth> shown_health;
};

}  // namespace mlbot::shell
