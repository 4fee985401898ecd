// What the bot wrote down: its journal, read by the journal's own reader while the bot lives, dies and
// comes back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/event.h"

namespace mlbot::testing_support {

/// What a kill came to, by the clock of the bot: when its core heard the word and what left afterwards.
struct KillTimes {
  Instant heard;
  std::optional<Instant> last_entry;       ///< the last create or amend that may open something
  std::optional<Instant> first_take_back;  ///< the first cancel or close behind the word
  /// From the word to the last entry's first byte; zero when none left behind it.
  Duration to_no_send() const {
    return last_entry && *last_entry > heard ? *last_entry - heard : Duration{0};
  }
};

class BotBooks {
 public:
  explicit BotBooks(std::string journal) : journal_{std::move(journal)} {}

  /// Reads on from where it ended the last time; what it reads twice counts once.
  void read();
  /// Forgets what was read: it is of a run that was no part of the test.
  void forget();

  /// Ids of the trade fills that any run was told of.
  const std::set<std::string>& fills() const { return fills_; }
  /// Base coins by symbol, from distinct trade fills.
  double position(const std::string& symbol) const;
  /// The event behind which each order was meant to be sent, by its id.
  const std::map<std::string, std::uint64_t>& orders() const { return orders_; }
  std::uint64_t entries() const { return entries_; }
  /// Decisions that entered nothing for want of disk or memory.
  std::uint64_t held_back_by_resources() const { return held_back_by_resources_; }
  /// Ids that were given to two orders, decisions that led to two, entries behind a kill.
  const std::vector<std::string>& doubles() const { return doubles_; }
  /// Of the first kill since await_kill(); nothing before one was heard.
  const std::optional<KillTimes>& kill() const { return kill_; }
  void await_kill() { kill_.reset(); }
  /// How the latest run began.
  TradingState began_as() const { return began_as_; }
  std::uint32_t runs() const { return runs_; }
  std::uint64_t carried() const { return carried_; }

 private:
  void take_sent(Instant at, std::string_view frame);

  std::string journal_;
  Sequence read_to_;
  std::set<std::string> fills_;
  std::map<std::string, std::int64_t> lots_e8_;  ///< by symbol, 1e-8 base coins
  std::map<std::string, std::uint64_t> orders_;
  std::set<std::string> decided_;
  std::vector<std::string> doubles_;
  std::set<std::string> reducing_;
  std::map<std::uint16_t, Instrument> instruments_;
  std::optional<Instant> last_entry_;
  std::optional<KillTimes> kill_;
  TradingState began_as_ = TradingState::halted;
  std::uint64_t entries_ = 0, carried_ = 0, held_back_by_resources_ = 0;
  bool killed_ = false;
  std::uint32_t runs_ = 0;
  Sequence counted_to_;
};

}  // namespace mlbot::testing_support
