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

  explicit Oracle(const TradingScene& scene);

  /// One glance at positions and their stops: cheap, to be done all the time.
  void glance();
  /// What came over the wire and what the lists show against the journal.
  /// @return  false and a finding when the books do not meet within `patience`: a fill or an order is missing
  bool agree(std::chrono::milliseconds patience = std::chrono::seconds{5});
  bool flat() const;

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

  const TradingScene& scene_;
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
