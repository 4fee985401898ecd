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

class TradingScene {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr double entry_usdt = 200;  ///< the most that one entry may be

  /// @param more  for `mlbot exchange`
  explicit TradingScene(BotShape shape = BotShape::one_process, std::vector<std::string> more = {});
  /// Where journal and audit log of the trading process are.
  std::string books() const { return shape_ == BotShape::one_process ? state : state + "/trade/main"; }
  /// What the trading process is called with here, to trade by `venue`.
  std::vector<std::string> run_arguments(const std::string& venue) const;
  std::unique_ptr<Process> start_bot(std::vector<std::string> environment = {}) const {
    return start_bot_by(venue, std::move(environment));
  }
  std::unique_ptr<Process> start_bot_by(const std::string& by, std::vector<std::string> environment) const;
  Finished mlbot(std::vector<std::string> words, const std::string& name = "command") const {
    words.insert(words.end(), {"--state-dir", state});
    return run_mlbot(directory, words, {.name = name});
  }
  Json status() const;
  /// Until the process says that entries may leave: what differs is reconciled, nothing is latched.
  bool wait_until_trading(Process& bot, std::chrono::milliseconds patience = std::chrono::seconds{60}) const;
  int port() const { return truth->port(); }
  Process& exchange() { return *exchange_; }

  std::string order_entry = "websocket";  ///< of the next start
  int hold_ms = 500;                      ///< of the next start: how long a position lasts
  TemporaryDirectory directory;
  std::string state = directory / "state";
  std::string requests = directory / "requests.jsonl";
  Json about;
  std::string venue;  ///< sim:HOST:PORT
  std::optional<VenueTruth> truth;

 private:
  std::string key_file(const std::string& name, const std::string& by) const;
  void start_services();
  BotShape shape_;
  std::optional<Process> exchange_, ingest_, features_;
  std::unique_ptr<io::bus::RedisServer> redis_;
};

}  // namespace mlbot::testing_support
