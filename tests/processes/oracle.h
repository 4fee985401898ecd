// The judge of this folder. It sees the exchange's lists, what came over the wire to the exchange, and the
// bot's journal; it takes part in nothing.
//
// Held at every look:
//   - an order id comes over the wire once, stands in the journal, and is one order at the exchange;
//   - no decision leads to two entries, and no position is larger than one entry may be;
//   - every fill of the exchange is in the journal, and its fills add up to the exchange's positions;
//   - no position is without a venue-held stop for longer than `bare_max`.
#pragma once

#include <chrono>

#include "processes/bot_books.h"
#include "processes/trading_scene.h"

namespace mlbot::testing_support {

class Oracle {
 public:
  static constexpr auto bare_max = std::chrono::milliseconds{1'000};

  explicit Oracle(const TradingScene& scene) : Oracle{scene, scene.seat()} {}
  /// Of one seat among several.
  Oracle(const TradingScene& scene, const Seat& seat);

  /// One glance at positions and their stops: cheap, to be done all the time.
  void glance();
  /// What came over the wire and what the lists show against the journal.
  /// @return  false and a finding when the books do not meet within `patience`: a fill or an order is missing
  bool agree(std::chrono::milliseconds patience = std::chrono::seconds{5});
  bool flat() const;
  /// Limit orders that rest and may open something; nothing when the exchange did not answer.
  std::optional<std::size_t> resting_entries() const;
  void read_books() { books_.read(); }
  /// The next kill is the one to be timed.
  void await_kill() {
    books_.read();
    books_.await_kill();
  }
  const VenueTruth& truth() const { return truth_; }

  const std::vector<std::string>& findings() const { return findings_; }
  const BotBooks& books() const { return books_; }
  std::size_t wire_orders() const { return on_wire_.size(); }
  std::size_t fills() const { return fills_.size(); }
  double bare_ms_max() const { return bare_ms_max_; }
  std::uint64_t glances_at_positions() const { return glances_; }

 private:
  void read_wire();
  void take_create(const Json& order);
  void find(const std::string& what);

  bool is_ours(const std::string& id) const { return id.starts_with(tag_); }

  std::string requests_;  ///< what came over the wire, of all accounts
  VenueTruth truth_;
  std::string tag_;  ///< of this account's order ids
  BotBooks books_;
  std::size_t wire_at_ = 0;
  std::map<std::string, int> on_wire_;                     ///< creates by order id
  std::map<std::string, std::set<std::string>> at_venue_;  ///< the exchange's ids by ours
  std::map<std::string, TrueExecution> fills_;
  std::map<std::string, std::chrono::steady_clock::time_point> bare_since_;
  std::int64_t listed_from_ms_;
  double bare_ms_max_ = 0;
  std::uint64_t glances_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace mlbot::testing_support
