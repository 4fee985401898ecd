#include "shell/topology/indexed_publisher.h"

namespace mlbot::shell {

void IndexedPublisher::publish(std::string_view stream, StreamPlace place, const Record& record) {
  bytes_.clear();
  encode(record, bytes_);
  bus_.publish(stream, place.sequence, bytes_);
  places_.push_back(place);
}

void IndexedPublisher::tell() {
  if (upto_ == after_) return;
  bytes_.clear();
  encode(Record{StreamIndex{after_, upto_, at_, places_}}, bytes_);
  bus_.publish(index_stream_, upto_, bytes_);
  after_ = upto_;
  places_.clear();
}

}  // namespace mlbot::shell
