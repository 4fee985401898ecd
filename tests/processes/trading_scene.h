// A bot that trades often on an exchange that is a process of its own: what the tests of this folder kill,
// stop, cut off and starve.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "io/bus/test_redis.h"
#include "io/clock/clock.h"
#include "processes/venue_truth.h"
#include "topologies/golden.h"

namespace mlbot::testing_support {

/// What the bot is: all in one process, or the trade stage by itself, which can die while ingest and
/// features live on.
enum class BotShape { one_process, trade_service };

/// Who trades, and by which ways: one account of the exchange with a state directory of its own.
struct Seat {
  std::string account = "main";
  int user = 100'000'001;  ///< the exchange counts its accounts from here, in the order of its arguments
  std::string state;
  std::string books;  ///< where journal and audit log of the trading process are
  std::string venue;  ///< sim:HOST:PORT, or a proxy before it
  std::string bus;    ///< of the trade stage
};

class TradingScene {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr double entry_usdt = 200;  ///< the most that one entry may be

  /// @param more  for `mlbot exchange`
  explicit TradingScene(BotShape shape = BotShape::one_process, std::vector<std::string> more = {});
  /// Where journal and audit log of the trading process are.
  std::string books() const { return shape_ == BotShape::one_process ? state : state + "/trade/main"; }
  /// The account "main" in the scene's own state directory.
  Seat seat() const;
  /// Another account: its trade stage hears the same ingest and features.
  /// @param account  as given to `mlbot exchange` as the n-th account, main being the first
  Seat seat_of(const std::string& account, int n) const;
  std::optional<VenueTruth> truth_of(const std::string& account) const;
  /// A file with the account's key for what trades by `venue`. @param name  "main" or "main:guard"
  std::string key_file(const std::string& name, const std::string& venue) const;
  /// What the trading process of a seat is called with here.
  std::vector<std::string> run_arguments(const Seat& seat) const;
  std::unique_ptr<Process> start_bot(std::vector<std::string> environment = {}) const {
    return start_bot_by(venue, std::move(environment));
  }
  std::unique_ptr<Process> start_bot_by(const std::string& by, std::vector<std::string> environment) const {
    auto other = seat();
    other.venue = by;
    return start_bot_of(other, std::move(environment));
  }
  std::unique_ptr<Process> start_bot_of(const Seat& seat, std::vector<std::string> environment = {}) const;
  Finished mlbot(std::vector<std::string> words, const std::string& name = "command") const {
    words.insert(words.end(), {"--state-dir", state});
    return run_mlbot(directory, words, {.name = name});
  }
  Json status() const;
  Json account(const std::string& name) const;
  /// Until the process says that entries may leave: what differs is reconciled, nothing is latched.
  bool wait_until_trading(Process& bot, std::chrono::milliseconds patience = std::chrono::seconds{60}) const;
  int port() const { return truth->port(); }
  Process& exchange() { return *exchange_; }
  const io::bus::RedisServer& redis() const { return *redis_; }
  Process& features() { return *features_; }
  void start_features();

  std::string order_entry = "websocket";  ///< of the next start
  int hold_ms = 500;                      ///< of the next start: how long a position lasts
  TemporaryDirectory directory;
  std::string state = directory / "state";
  std::string requests = directory / "requests.jsonl";
  Json about;
  std::string venue;  ///< sim:HOST:PORT
  std::optional<VenueTruth> truth;

 private:
  void start_services();
  void start_service(std::optional<Process>& process, const std::string& name,
                     std::vector<std::string> words) const;
  BotShape shape_;
  std::optional<Process> exchange_, ingest_, features_;
  std::unique_ptr<io::bus::RedisServer> redis_;
};

}  // namespace mlbot::testing_support
