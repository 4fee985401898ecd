#include "io/bus/gap_filler.h"

namespace mlbot::io::bus {

bool RefillingReader::fill(const BusGap& gap) {
  std::uint32_t skip = gap.heard_of_after;
  std::uint32_t epoch = gap.earlier_epoch_open ? gap.earlier_epoch : gap.epoch;
  const std::uint64_t heard = gap.earlier_epoch_open ? gap.heard_of_earlier : gap.first_missed - 1;
  // Where the sequence of what was heard last is not known, records are counted from the epoch's beginning.
  std::uint64_t number = gap.after.number == 0 ? 0 : heard;
  const std::uint32_t first_epoch = epoch;
  const std::uint64_t last = gap.first_missed + gap.missed - 1;
  std::deque<Kept> found;
  const auto take = [&](std::uint32_t of_epoch, Sequence sequence, std::string_view bytes) {
    if (skip > 0 && sequence == gap.after) {
      --skip;
      return;
    }
    if (of_epoch < epoch || of_epoch > gap.epoch) return;
    if (of_epoch > epoch) {  // a run began in between
      epoch = of_epoch;
      number = 0;
    }
    if (epoch == gap.epoch && number >= last) return;  // of the sequence that ends the gap, but behind it
    ++number;
    if (epoch > first_epoch || number > heard)
      found.push_back({.epoch = epoch, .number = number, .sequence = sequence, .bytes = std::string{bytes}});
  };
  if (const auto done = filler_.refill(gap, take); !done) {
    trouble_ = done.error().what;
    return false;
  }
  if (gap.missed > 0 && (epoch != gap.epoch || number != last)) {
    trouble_ = "the journal has not all of " + std::string{gap.stream} + " from sequence " +
               std::to_string(gap.after.number) + " to " + std::to_string(gap.before.number);
    return false;
  }
  stream_ = gap.stream;
  refilled_ += found.size();
  kept_ = std::move(found);
  return true;
}

Result<std::optional<BusItem>, BusError> RefillingReader::next(Duration wait) {
  for (;;) {
    if (!kept_.empty()) {
      given_ = std::move(kept_.front());
      kept_.pop_front();
      return BusMessage{stream_, given_.epoch, given_.number, given_.sequence, given_.bytes};
    }
    auto item = reader_->next(wait);
    if (!item || !*item) return item;
    const auto* gap = std::get_if<BusGap>(&**item);
    if (gap == nullptr || gap->stream == "*" || !fill(*gap)) return item;
  }
}

}  // namespace mlbot::io::bus
