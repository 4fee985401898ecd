#include "shell/history_source.h"

#include <algorithm>

namespace mlbot::shell {

Event Opening::event(std::size_t i) const {
  if (i == 0) return run;
  if (i <= instruments.size()) return InstrumentDefined{instruments[i - 1]};
  return ConfigChanged{config_version, risk, decision, traded};
}

HistorySource::HistorySource(Opening opening, EventPull pull)
    : opening_{std::move(opening)}, pull_{std::move(pull)} {}

const Stamped* HistorySource::emit(const Event& event, Instant at, Instant venue_time) {
  out_ = {out_.sequence.next(), std::max(at, out_.at), at, venue_time, event};
  return &out_;
}

const Stamped* HistorySource::next(Instant wakeup) {
  if (pending_ == nullptr) pending_ = pull_();
  if (pending_ == nullptr) return nullptr;
  if (opened_ < opening_.size()) return emit(opening_.event(opened_++), pending_->at, {});
  // Who recorded it was listening: without this every second would count as not live and most rows as not
  // valid.
  if (opened_++ == opening_.size()) return emit(LinkChanged{Link::market, LinkState::live}, pending_->at, {});
  if (wakeup <= pending_->at) return emit(TimerFired{wakeup}, wakeup, {});
  const Stamped& event = *pending_;
  pending_ = nullptr;
  return emit(event.what, event.at, event.venue_time);
}

}  // namespace mlbot::shell
