#include "shell/topology/trade_feed.h"

#include <algorithm>

#include "io/bus/streams.h"
#include "shell/topology/places.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t frames_max = 100'000;

}  // namespace

TradeFeed::TradeFeed(Setup setup, Place place)
    : setup_{std::move(setup)},
      market_{{.journal = setup_.journal,
               .wants = [](std::uint16_t where) { return where == StreamPlace::control_stream; },
               .after = std::max(setup_.after, place.cause)}},
      shards_(setup_.shards),
      last_{std::max(setup_.after, place.cause).number,
            place.cause > setup_.after ? place.symbol : std::int32_t{0xffff}},
      events_to_skip_{place.events_behind} {
  for (std::uint16_t i = 0; i < setup_.shards; ++i)
    shard_of_stream_[Shard{i, setup_.shards}.index_stream()] = i;
}

std::vector<std::string> TradeFeed::streams(const std::vector<Instrument>& instruments,
                                            std::uint16_t shards) {
  std::vector<std::string> out{io::bus::stream_name(io::bus::StreamKind::control, {})};
  for (std::uint16_t i = 0; i < shards; ++i) out.push_back(Shard{i, shards}.index_stream());
  for (const auto& instrument : instruments)
    out.push_back(io::bus::stream_name(io::bus::StreamKind::features, instrument.name.view()));
  return out;
}

void TradeFeed::take_index(ShardState& shard, const StreamIndex& index) {
  shard.upto = std::max(shard.upto, index.upto);
  shard.heard = true;
  shard.silent = false;
  shard.behind_since.reset();
  for (const auto& place : index.list) {
    const Key key{place.sequence.number, place.stream};
    if (key > last_) expected_.try_emplace(key, false);
  }
}

void TradeFeed::take(const io::bus::BusMessage& message) {
  const auto shard = shard_of_stream_.find(message.stream);
  const bool frames = message.stream.starts_with("feat.");
  if (shard == shard_of_stream_.end() && !frames) return market_.take(message);
  const auto record = decode(message.bytes, scratch_);
  if (!record) return;
  if (const auto* index = std::get_if<StreamIndex>(&*record); index && !frames)
    return take_index(shards_[shard->second], *index);
  const auto* frame = std::get_if<FeatureFrame>(&*record);
  if (frame == nullptr || frames_.size() >= frames_max) return;
  const Key key{frame->cause.number, frame->symbol.index};
  if (key <= last_ || !frames_.try_emplace(key, *frame).second) ++counts_.repeated;
}

bool TradeFeed::reached(std::uint64_t sequence) {
  const auto now = Clock::now();
  for (ShardState& shard : shards_) {
    if (shard.upto.number >= sequence || shard.silent) continue;
    if (setup_.complete) return false;
    if (!shard.behind_since) shard.behind_since = now;
    if (now - *shard.behind_since < setup_.shard_patience) return false;
    shard.silent = true;
  }
  return true;
}

std::vector<std::uint16_t> TradeFeed::silent_shards() const {
  std::vector<std::uint16_t> out;
  for (std::uint16_t i = 0; i < shards_.size(); ++i)
    if (shards_[i].silent) out.push_back(i);
  return out;
}

/// True when the next event of either source is known.
Result<bool, TopologyError> TradeFeed::fetch_event() {
  if (event_ == nullptr) {
    const auto next = market_.next();
    if (!next) return std::unexpected{next.error()};
    event_ = *next;
  }
  while (setup_.account_events && account_event_ == nullptr && !account_over_) {
    account_event_ = setup_.account_events();
    account_over_ = account_event_ == nullptr;
    if (account_event_ != nullptr && account_event_->sequence.number <= last_.sequence)
      account_event_ = nullptr;
  }
  return event_ != nullptr || account_event_ != nullptr;
}

Result<std::optional<TradeFeed::Item>, TopologyError> TradeFeed::next() {
  while (true) {
    if (const auto fetched = fetch_event(); !fetched) return std::unexpected{fetched.error()};
    // How far the market has told everything: an account's event or a frame may not overtake it.
    const std::uint64_t market_upto =
        event_ != nullptr ? event_->sequence.number - 1 : market_.position().number;
    const bool account_first = account_event_ != nullptr && account_event_->sequence.number <= market_upto;
    const Stamped* event = account_first ? account_event_ : event_;
    const std::uint64_t event_at = event != nullptr ? event->sequence.number : UINT64_MAX;

    if (!expected_.empty() && expected_.begin()->first.sequence < event_at) {
      const Key key = expected_.begin()->first;
      if (key.sequence > market_upto || !reached(key.sequence)) return std::nullopt;
      if (expected_.begin()->first != key) continue;
      const auto found = frames_.find(key);
      if (found == frames_.end()) {
        const auto now = Clock::now();
        if (!missing_since_) missing_since_ = now;
        if (setup_.complete || now - *missing_since_ < setup_.frame_patience) return std::nullopt;
        ++counts_.missed;
      }
      missing_since_.reset();
      expected_.erase(expected_.begin());
      last_ = key;
      if (found == frames_.end()) continue;
      given_ = found->second;
      frames_.erase(frames_.begin(), std::next(found));
      ++counts_.frames;
      return Item{&given_};
    }
    if (event == nullptr || !reached(event_at - 1)) return std::nullopt;
    (account_first ? account_event_ : event_) = nullptr;
    last_ = {event_at, Key::event_itself};
    frames_.erase(frames_.begin(), frames_.lower_bound(last_));
    if (events_to_skip_ > 0) {
      --events_to_skip_;
      continue;
    }
    return Item{event};
  }
}

}  // namespace mlbot::shell
