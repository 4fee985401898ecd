#include "shell/candle_refill.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::shell {

void CandleRefill::hear(Instant now, const Event& event, Instant venue_time,
                        const std::vector<Instrument>& instruments) {
  if (const auto* kline = std::get_if<Kline>(&event); kline != nullptr && kline->confirmed)
    if (const auto held = held_.find(kline->symbol); held != held_.end()) {
      held->second.emplace_back(*kline, venue_time);
      return;
    }
  push_(event, venue_time);
  const auto* link = std::get_if<LinkChanged>(&event);
  if (link == nullptr || link->link != Link::market) return;
  const auto from = wanted_since(now, link->state);
  if (!from) return;
  for (const Instrument& instrument : instruments) {
    held_[instrument.id];
    load_(instrument, *from, [this, id = instrument.id] {
      const auto held = held_.extract(id);
      if (held.empty()) return;  // a line that came up twice asked twice
      for (const auto& [kline, at] : held.mapped()) push_(kline, at);
    });
  }
}

/// @return since when candles are wanted, when the line has just come up.
std::optional<Instant> CandleRefill::wanted_since(Instant now, LinkState state) {
  const bool live = state == LinkState::live;
  if (live == live_) return std::nullopt;
  live_ = live;
  if (!live) {
    lost_at_ = now;
    return std::nullopt;
  }
  const Duration missed = lost_at_ ? now - *lost_at_ + candles_overlap : before_first_;
  return now - std::min(missed, candles_seeded);
}

CandleRefill::Load candles_by_rest(io::bybit::BybitRestClient& rest, io::clock::PacedClock clock,
                                   const Console& console) {
  return [&rest, clock, &console](const Instrument& instrument, Instant from, std::function<void()> ended) {
    rest.load_klines(instrument.id, from, clock.now(),
                     [&console, name = instrument.name,
                      ended = std::move(ended)](const Result<std::size_t, io::bybit::RestError>& loaded) {
                       if (!loaded)
                         console.note(fmt::format("candles of {}: {}", name.view(), loaded.error().what));
                       ended();
                     });
  };
}

}  // namespace mlbot::shell
