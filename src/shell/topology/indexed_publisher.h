// Puts records on their streams and, behind each batch, an index of what went where.
//
// Invariant: the index of a record is published after the record. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "io/bus/bus.h"

namespace mlbot::shell {

class IndexedPublisher {
 public:
  /// @param index_stream  of this producer
  /// @param after         the sequence up to which everything was told before
  IndexedPublisher(io::bus::Bus& bus, std::string index_stream, Sequence after)
      : bus_{bus}, index_stream_{std::move(index_stream)}, after_{after}, upto_{after} {}

  void publish(std::string_view stream, StreamPlace place, const Record& record);
  /// Everything up to here was dealt with; places up to here will not change any more.
  void pass(Sequence upto, Instant at) {
    upto_ = upto;
    at_ = at;
  }
  /// A place without a record on the bus.
  void skip(StreamPlace place) { places_.push_back(place); }
  /// Publishes the index of what came since the last one, if anything did.
  void tell();
  /// True when so much waits that it should be told before more is read.
  bool full() const { return places_.size() >= places_max; }
  Sequence told() const { return after_; }

 private:
  static constexpr std::size_t places_max = 512;
  io::bus::Bus& bus_;
  std::string index_stream_;
  Sequence after_, upto_;
  Instant at_;
  std::vector<StreamPlace> places_;
  std::string bytes_;
};

}  // namespace mlbot::shell
