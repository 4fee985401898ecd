#include "shell/topology/market_feed.h"

#include <utility>

#include "shell/topology/places.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t waiting_max = 200'000;
constexpr std::string_view control = "ctl";

}  // namespace

MarketFeed::MarketFeed(Setup setup)
    : setup_{std::move(setup)}, position_{setup_.after}, known_{setup_.after} {}

void MarketFeed::take(const io::bus::BusMessage& message) {
  const bool of_control = message.stream == control;
  if (!of_control && !message.stream.starts_with("md.")) return;
  if (of_control) {
    const auto record = decode(message.bytes, index_scratch_);
    if (!record) return;  // of another build; the journal says what it means
    if (const auto* index = std::get_if<StreamIndex>(&*record)) return take_index(*index);
  }
  if (message.sequence <= position_ || waiting_.size() >= waiting_max) return;
  waiting_.emplace(message.sequence.number, message.bytes);
}

void MarketFeed::take_index(const StreamIndex& index) {
  if (index.upto <= known_) return;
  if (index.after > known_) {  // an index is missing too: the journal tells what it named
    index_.clear();
    lacking_ = true;
    journal_until_ = std::max(journal_until_, index.upto);
  } else {
    for (const auto& place : index.list)
      if (place.sequence > known_ && place.sequence > position_) index_.push_back(place);
  }
  known_ = index.upto;
}

Result<void, TopologyError> MarketFeed::ask_journal() {
  auto opened = io::journal::JournalReader::open(setup_.journal, {.from = position_.next(), .from_at = {}});
  if (!opened) return std::unexpected{TopologyError{opened.error().what}};
  journal_ = std::move(*opened);
  lacking_ = false;
  missing_since_.reset();
  ++counts_.refills;
  return {};
}

Result<const Stamped*, TopologyError> MarketFeed::lack(Sequence sequence) {
  journal_until_ = std::max(journal_until_, sequence);
  if (auto asked = ask_journal(); !asked) return std::unexpected{asked.error()};
  return read_on();
}

/// Out of the journal, to its present end.
Result<const Stamped*, TopologyError> MarketFeed::read_on() {
  while (true) {
    const auto item = journal_->next();
    if (!item) return std::unexpected{TopologyError{item.error().what}};
    if (*item == nullptr) break;
    if (std::holds_alternative<io::journal::JournalGap>(**item)) ++counts_.holes;
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr || event->sequence <= position_) continue;
    position_ = event->sequence;
    if (!setup_.wants(place_of(event->what))) continue;
    ++counts_.from_journal;
    given_ = *event;
    return &given_;
  }
  if (position_ < journal_until_) return nullptr;  // its writer is at it
  journal_.reset();
  known_ = std::max(known_, position_);
  waiting_.erase(waiting_.begin(), waiting_.upper_bound(position_.number));
  while (!index_.empty() && index_.front().sequence <= position_) index_.pop_front();
  return nullptr;
}

Result<const Stamped*, TopologyError> MarketFeed::next() {
  if (!journal_ && lacking_)
    if (auto asked = ask_journal(); !asked) return std::unexpected{asked.error()};
  if (journal_) {
    const auto read = read_on();
    if (!read || *read != nullptr || journal_) return read;
  }
  while (!index_.empty()) {
    const StreamPlace place = index_.front();
    if (!setup_.wants(place.stream)) {
      position_ = place.sequence;
      index_.pop_front();
      continue;
    }
    const auto found = waiting_.find(place.sequence.number);
    if (found == waiting_.end()) {
      const auto now = Clock::now();
      if (!missing_since_) missing_since_ = now;
      if (now - *missing_since_ < setup_.patience) return nullptr;
      return lack(place.sequence);
    }
    missing_since_.reset();
    bytes_ = std::move(found->second);
    waiting_.erase(found);
    auto record = decode(bytes_, scratch_);
    if (!record || !std::holds_alternative<Stamped>(*record)) return lack(place.sequence);  // damaged
    index_.pop_front();
    position_ = place.sequence;
    ++counts_.from_bus;
    given_ = std::move(std::get<Stamped>(*record));
    return &given_;
  }
  return nullptr;
}

}  // namespace mlbot::shell
