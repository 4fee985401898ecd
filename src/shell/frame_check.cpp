#include "shell/frame_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mlbot::shell {
namespace {

constexpr std::size_t waiting_max = 100'000;  ///< a link never runs so far ahead of the core

void encode_bare(const Event& event, Instant venue_time, std::string& out) {
  out.clear();
  encode(Stamped{{}, {}, {}, venue_time, event}, out);
}

}  // namespace

void FrameCheck::define(const Instrument& instrument) {
  instruments_[instrument.id.index] = instrument;
  table_is_old_ = true;
}

void FrameCheck::take(const io::journal::JournalItem& item, std::uint32_t epoch) {
  if (std::exchange(epoch_, epoch) != epoch) waiting_.clear();
  if (const auto* context = std::get_if<io::journal::JournalContext>(&item))
    for (const auto& instrument : context->instruments) define(instrument);
  if (std::holds_alternative<io::journal::JournalGap>(item)) waiting_.clear();
  if (const auto* frame = std::get_if<io::journal::RawFrame>(&item)) {
    ++frames;
    if (frame->link == Link::market) decode(*frame);
  }
  const auto* record = std::get_if<Record>(&item);
  const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
  if (event == nullptr) return;
  if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) define(defined->instrument);
  if (std::holds_alternative<RunStarted>(event->what)) waiting_.clear();
  const bool of_a_coin =
      std::holds_alternative<AdlAlerts>(event->what) || std::holds_alternative<InsurancePools>(event->what);
  if (is_market(event->what) || of_a_coin) compare(*event);
}

void FrameCheck::decode(const io::journal::RawFrame& frame) {
  if (std::exchange(table_is_old_, false)) {
    std::vector<Instrument> list;
    for (const auto& [id, instrument] : instruments_)
      if (id == list.size()) list.push_back(instrument);
    table_ = venue::bybit::InstrumentTable{list};
  }
  const auto message = venue::bybit::decode_public(frame.bytes, table_, scratch_);
  if (!message) {
    ++undecoded;
    return;
  }
  const auto* news = std::get_if<venue::bybit::MarketNews>(&*message);
  if (news == nullptr) {
    ++silent;
    return;
  }
  if (waiting_.size() >= waiting_max) waiting_.pop_front();
  waiting_.push_back({frame.after, news->depth == 1, {}});
  encode_bare(news->event, news->venue_time, waiting_.back().event);
}

void FrameCheck::compare(const Stamped& event) {
  encode_bare(event.what, event.venue_time, bytes_);
  const auto found = std::ranges::find(waiting_, bytes_, &Waiting::event);
  if (found == waiting_.end()) {
    const bool may_lack_one = waiting_.empty() || std::holds_alternative<Kline>(event.what);
    if (may_lack_one)
      ++unframed;
    else if (difference.empty())
      difference = fmt::format("event {} is in no frame before it", event.sequence.number);
    return;
  }
  for (auto passed = waiting_.begin(); passed != found; ++passed) {
    silent += passed->heartbeat;
    if (!passed->heartbeat && difference.empty())
      difference =
          fmt::format("a frame behind event {} made no event, though one after it did", passed->after.number);
  }
  ++compared;
  waiting_.erase(waiting_.begin(), found + 1);
}

}  // namespace mlbot::shell
