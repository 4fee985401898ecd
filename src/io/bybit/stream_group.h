// Many topics over several streams that look like one: hundreds of symbols need more than one connection.
//
// The topics of a symbol stay together, so that its book and its trades come over one connection in the
// venue's order. Status: the worst of the parts (down, connecting, syncing, stale, live), told when it
// changes; a part's own changes are not told. A reader takes all books for lost when a part is down, so the
// books of the other parts are asked for again when the lost one is back. Threads: none. Clock: none.
#pragma once

#include <memory>

#include "io/bybit/stream_session.h"

namespace mlbot::io::bybit {

/// Lists of at most so many topics and characters, in the order given, the topics of a symbol in one list
/// where they fit into one.
std::vector<std::vector<std::string>> split_topics(const std::vector<std::string>& topics,
                                                   std::size_t topics_max, std::size_t characters_max);

/// What the group wants of link `part`.
struct GroupWishes {
  std::function<void(std::size_t part)> open;
  std::function<void(std::size_t part, std::string)> send;
  std::function<void(std::size_t part)> close;
};

class StreamGroup {
 public:
  /// @param table  outlives the group.
  StreamGroup(const StreamSettings& settings, const venue::bybit::InstrumentTable& table,
              StreamHandlers handlers, GroupWishes wishes, std::function<Instant()> venue_time);
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;

  std::size_t size() const { return parts_.size(); }
  void start(Instant now);
  void opened(std::size_t part, Instant now);
  void received(std::size_t part, venue::bybit::PaddedText bytes, Instant now) {
    parts_[part]->received(bytes, now);
  }
  void lost(std::size_t part, std::string_view why, Instant now) { parts_[part]->lost(why, now); }
  void on_timer(Instant now);
  Instant next_timer() const;
  Instant next_timer(std::size_t part) const { return parts_[part]->next_timer(); }
  void resubscribe_book(std::string_view symbol, Instant now);

  LinkState state() const { return state_; }
  LinkState state(std::size_t part) const { return parts_[part]->state(); }
  /// Of all parts together.
  StreamCounters counters() const;
  /// Why a part was last lost or refused, the worst one first; "" when none ever was.
  std::string last_loss() const;

 private:
  void heard(const Event& event, Instant venue_time);

  StreamHandlers handlers_;
  Link link_;
  std::vector<std::unique_ptr<StreamSession>> parts_;
  LinkState state_ = LinkState::down;
};

}  // namespace mlbot::io::bybit
