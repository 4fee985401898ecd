#include "io/bus/embedded_bus.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <thread>

#include "base/assert.h"

namespace mlbot::io::bus {

// A record in the ring: word 0 holds stream (high half) and byte count (low half), word 1 the record's
// number, word 2 its sequence, then the bytes, padded to whole words. Positions count words for ever; the
// place in the ring is position & mask.
struct EmbeddedBus::Ring {
  /// Where a group goes on.
  struct Place {
    std::uint64_t position = 0;
    std::uint64_t expected = 1;
    Sequence sequence;
    std::uint32_t heard_of_sequence = 0;
  };
  static constexpr std::uint64_t header_words = 3;

  Ring(std::uint32_t epoch_of_run, std::size_t bytes)
      : epoch{epoch_of_run},
        words(std::bit_ceil(std::max<std::size_t>(bytes, 1024)) / 8),
        mask{words.size() - 1} {}

  std::uint64_t load(std::uint64_t position) const {
    return words[position & mask].load(std::memory_order_acquire);
  }
  void store(std::uint64_t position, std::uint64_t word) {
    words[position & mask].store(word, std::memory_order_release);
  }
  static std::uint64_t words_of(std::uint64_t head_word) {
    return header_words + ((head_word & 0xffffffff) + 7) / 8;
  }

  const std::uint32_t epoch;
  std::vector<std::atomic<std::uint64_t>> words;
  const std::uint64_t mask;
  alignas(64) std::atomic<std::uint64_t> head{0};  ///< end of the newest whole record
  alignas(64) std::atomic<std::uint64_t> tail{0};  ///< start of the oldest record that may be read
  std::atomic<std::uint64_t> published{0}, dropped{0};

  mutable std::shared_mutex names_lock;  ///< taken by the writer only when a stream is new
  std::vector<std::unique_ptr<std::string>> names;
  std::map<std::string, std::uint32_t, std::less<>> index_of;  ///< the writer's own; readers look at names

  std::mutex groups_lock;  ///< never taken by the writer
  std::map<std::string, Place, std::less<>> groups;
};

namespace {

class EmbeddedReader final : public BusReader {
 public:
  EmbeddedReader(EmbeddedBus::Ring& ring, BusReading reading)
      : ring_{ring}, wanted_{std::move(reading.streams)} {
    if (reading.group) {
      group_ = reading.group->name;
      const std::lock_guard lock{ring_.groups_lock};
      if (const auto known = ring_.groups.find(group_); known != ring_.groups.end()) {
        place_ = known->second;
        return;
      }
    }
    if (reading.from == ReadFrom::oldest) {
      place_.position = ring_.tail.load(std::memory_order_acquire);
      return;
    }
    do {  // a position and a count that belong together
      place_.position = ring_.head.load(std::memory_order_acquire);
      place_.expected = ring_.published.load(std::memory_order_acquire) + 1;
    } while (place_.position != ring_.head.load(std::memory_order_acquire));
  }

  Result<void, BusError> confirm() override {
    if (group_.empty()) return {};
    const std::lock_guard lock{ring_.groups_lock};
    ring_.groups[group_] = place_;
    return {};
  }

  Result<std::optional<BusItem>, BusError> next(Duration wait) override {
    // Asking again every half millisecond costs the writer nothing; waking a sleeping reader would cost it a
    // call.
    constexpr Duration nap = 500us;
    for (Duration waited{};; waited += nap) {
      while (place_.position != ring_.head.load(std::memory_order_acquire))
        if (auto item = read()) return item;
      if (waited >= wait) return std::nullopt;
      std::this_thread::sleep_for(std::min(nap, wait - waited));
    }
  }

 private:
  /// Nothing when the record is of a stream not asked for.
  std::optional<BusItem> read() {
    for (int attempts = 0;; ++attempts) {
      const std::uint64_t head_word = ring_.load(place_.position);
      const std::uint64_t number = ring_.load(place_.position + 1);
      const Sequence sequence{ring_.load(place_.position + 2)};
      const std::uint64_t bytes = head_word & 0xffffffff;
      const std::uint64_t words = (bytes + 7) / 8;
      const bool sane = words <= ring_.words.size() / 4;  // else the header was overwritten while it was read
      if (sane) {
        copy_.resize(words);
        for (std::uint64_t i = 0; i < words; ++i)
          copy_[i] = ring_.load(place_.position + EmbeddedBus::Ring::header_words + i);
      }
      const std::uint64_t tail = ring_.tail.load(std::memory_order_acquire);
      if (tail > place_.position) {  // lapped: the copy may be of two records
        place_.position = attempts < 4 ? tail : ring_.head.load(std::memory_order_acquire);
        if (attempts >= 4) return std::nullopt;  // so far behind that only the newest will do
        continue;
      }
      MLBOT_ASSERT(sane);
      const std::uint64_t first_missed = place_.expected;
      if (number > first_missed) {  // told first; the record itself is read again next time
        place_.expected = number;
        return BusGap{.stream = "*",
                      .epoch = ring_.epoch,
                      .first_missed = first_missed,
                      .missed = number - first_missed,
                      .after = place_.sequence,
                      .heard_of_after = place_.heard_of_sequence,
                      .before = sequence};
      }
      place_.expected = number + 1;
      place_.heard_of_sequence = place_.sequence == sequence ? place_.heard_of_sequence + 1 : 1;
      place_.sequence = sequence;
      place_.position += EmbeddedBus::Ring::words_of(head_word);
      const auto stream = static_cast<std::uint32_t>(head_word >> 32);
      if (!wants(stream)) return std::nullopt;
      return BusMessage{*names_[stream],
                        ring_.epoch,
                        number,
                        sequence,
                        {reinterpret_cast<const char*>(copy_.data()), static_cast<std::size_t>(bytes)}};
    }
  }

  bool wants(std::uint32_t stream) {
    if (stream >= names_.size()) {
      const std::shared_lock lock{ring_.names_lock};
      for (std::size_t i = names_.size(); i < ring_.names.size(); ++i) {
        names_.push_back(ring_.names[i].get());
        heard_.push_back(wanted_.empty() || std::ranges::find(wanted_, *names_.back()) != wanted_.end());
      }
    }
    return heard_[stream];
  }

  EmbeddedBus::Ring& ring_;
  std::vector<std::string> wanted_;
  std::string group_;                      ///< empty: none
  std::vector<const std::string*> names_;  ///< as many as were seen; the bus owns them
  std::vector<bool> heard_;
  std::vector<std::uint64_t> copy_;
  EmbeddedBus::Ring::Place place_;
};

}  // namespace

EmbeddedBus::EmbeddedBus(std::uint32_t epoch, std::size_t ring_bytes)
    : ring_{std::make_unique<Ring>(epoch, ring_bytes)} {}
EmbeddedBus::~EmbeddedBus() = default;

void EmbeddedBus::publish(std::string_view stream, Sequence sequence, std::string_view record) {
  Ring& ring = *ring_;
  const std::uint64_t number = ring.published.load(std::memory_order_relaxed) + 1;
  const std::uint64_t words = (record.size() + 7) / 8;
  if (words > ring.words.size() / 4 - Ring::header_words) {
    ring.dropped.fetch_add(1, std::memory_order_relaxed);
    ring.published.store(number, std::memory_order_relaxed);
    return;
  }
  auto known = ring.index_of.find(stream);
  if (known == ring.index_of.end()) {
    const std::unique_lock lock{ring.names_lock};
    known = ring.index_of.emplace(std::string{stream}, static_cast<std::uint32_t>(ring.names.size())).first;
    ring.names.push_back(std::make_unique<std::string>(stream));
  }

  const std::uint64_t head = ring.head.load(std::memory_order_relaxed);
  const std::uint64_t end = head + Ring::header_words + words;
  std::uint64_t tail = ring.tail.load(std::memory_order_relaxed);
  while (end - tail > ring.words.size()) tail += Ring::words_of(ring.load(tail));
  ring.tail.store(tail, std::memory_order_relaxed);

  ring.store(head, (std::uint64_t{known->second} << 32) | record.size());
  ring.store(head + 1, number);
  ring.store(head + 2, sequence.number);
  for (std::uint64_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, record.data() + i * 8, std::min<std::size_t>(8, record.size() - i * 8));
    ring.store(head + Ring::header_words + i, word);
  }
  ring.published.store(number, std::memory_order_release);
  ring.head.store(end, std::memory_order_release);
}

Result<std::unique_ptr<BusReader>, BusError> EmbeddedBus::reader(BusReading reading) {
  return std::make_unique<EmbeddedReader>(*ring_, std::move(reading));
}

BusStats EmbeddedBus::stats() const {
  const auto published = ring_->published.load(std::memory_order_relaxed);
  const auto dropped = ring_->dropped.load(std::memory_order_relaxed);
  return {.published = published,
          .delivered = published - dropped,
          .dropped = dropped,
          .trouble = dropped == 0
                         ? ""
                         : std::to_string(dropped) + " records were longer than a quarter of the ring"};
}

}  // namespace mlbot::io::bus
