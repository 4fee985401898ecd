// What a trade stage hears, in the order in which the one process would have heard it: the events on ctl, and
// the frames of all shards, each behind the event that caused it.
//
// A shard tells by its indices how far it is. A frame that is named and does not come within `frame_patience`
// is counted and passed over; so is a shard that falls silent for `shard_patience` while the market goes on:
// its symbols are not traded until it speaks again, the others are. With `complete` nothing is ever passed
// over: for a recorded market, where order is everything and time nothing. Threads: one.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "shell/topology/market_feed.h"
#include "shell/topology/shard.h"

namespace mlbot::shell {

class TradeFeed {
 public:
  struct Setup {
    std::string journal;  ///< of the ingest
    Sequence after;       ///< events and frames up to here are not wanted
    std::uint16_t shards = 1;
    bool complete = false;
    /// Of a recorded run: what the account's links said then, in order; nullptr at the end.
    std::function<const Stamped*()> account_events;
    Duration frame_patience = 500ms, shard_patience = 3s;
  };
  /// Where a trade stage stands that made itself again from its own journal.
  struct Place {
    Sequence cause;                   ///< of the last frame that it had; 0: none
    std::uint16_t symbol = 0;         ///< of that frame
    std::uint64_t events_behind = 0;  ///< sequenced events that it had behind that frame
  };
  struct Counts {
    std::uint64_t frames = 0;
    std::uint64_t repeated = 0;  ///< heard before, from a shard that started again
    std::uint64_t missed = 0;    ///< named and never here, or from before what was given
  };
  using Item = std::variant<const Stamped*, const FeatureFrame*>;

  TradeFeed(Setup setup, Place place);

  void take(const io::bus::BusMessage& message);
  /// The next event or frame; nothing when it is not there yet. Valid until the next call.
  Result<std::optional<Item>, TopologyError> next();
  const Counts& counts() const { return counts_; }
  const MarketFeed& market() const { return market_; }
  /// Shards that are passed over now, by number.
  std::vector<std::uint16_t> silent_shards() const;
  /// Streams to listen to, for symbols of these names.
  static std::vector<std::string> streams(const std::vector<Instrument>& instruments, std::uint16_t shards);

 private:
  using Clock = std::chrono::steady_clock;
  struct Key {
    std::uint64_t sequence = 0;
    std::int32_t symbol = event_itself;  ///< frames follow their event by symbol
    auto operator<=>(const Key&) const = default;
    static constexpr std::int32_t event_itself = -1;
  };
  struct ShardState {
    Sequence upto;
    bool heard = false, silent = false;
    std::optional<Clock::time_point> behind_since;
  };
  void take_index(ShardState& shard, const StreamIndex& index);
  /// Every shard has told all of its frames up to here.
  bool reached(std::uint64_t sequence);
  Result<bool, TopologyError> fetch_event();

  Setup setup_;
  MarketFeed market_;
  std::vector<ShardState> shards_;
  std::map<std::string, std::uint16_t, std::less<>> shard_of_stream_;
  std::map<Key, bool> expected_;  ///< frames that were named; true: waited for already
  std::map<Key, FeatureFrame> frames_;
  std::optional<Clock::time_point> missing_since_;
  Key last_;
  std::uint64_t events_to_skip_;
  const Stamped* event_ = nullptr;          ///< fetched from market_, not given yet
  const Stamped* account_event_ = nullptr;  ///< likewise
  bool account_over_ = false;
  FeatureFrame given_;
  RecordScratch scratch_;
  Counts counts_;
};

}  // namespace mlbot::shell
