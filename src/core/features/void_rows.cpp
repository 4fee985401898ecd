#include "core/features/void_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::core {
namespace {

std::string time_of_day(Instant at) {
  const std::int64_t second = ((at.seconds() % 86'400) + 86'400) % 86'400;
  return fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
}
Instant second_floor(Instant at) { return Instant::from_seconds(cell_of(at, second_ns)); }

/// Collects needs that are not met: the first names the cause, the latest says until when.
class Unmets {
 public:
  void add(std::string cause, std::optional<Instant> until) {
    if (!found_) {
      found_ = Unmet{std::move(cause), until};
      return;
    }
    found_->until = until && found_->until ? std::optional{std::max(*until, *found_->until)} : std::nullopt;
  }
  const std::optional<Unmet>& found() const { return found_; }

 private:
  std::optional<Unmet> found_;
};

/// The longest stretch of seconds that were not live among the last `window` closed ones.
struct Gap {
  int seconds = 0, ended_back = 0;  ///< closed seconds between its end and now
};
Gap longest_gap(const SymbolMarket& market, int window) {
  Gap longest;
  int run = 0;
  for (int back = 1; back <= window; ++back) {
    const bool live = market.live_seconds(back) > market.live_seconds(back - 1);
    run = live ? 0 : run + 1;
    if (run > longest.seconds) longest = {run, back - run};
  }
  return longest;
}

void look_at_window(Unmets& out, const SymbolMarket& market, int window, std::string_view whose) {
  if (window == 0 || market.covered(window)) return;
  std::optional<Instant> until;
  if (market.link_live() && market.synced()) {
    // So many more seconds, all live but for the open one where something broke in it.
    int more = 1;
    while (more < window && (market.live_seconds(window - more) + more - market.broken()) * 100 < 98 * window)
      ++more;
    until = second_floor(market.now()) + std::chrono::seconds{more};
  }
  const Gap gap = longest_gap(market, window);
  const bool young = gap.ended_back + gap.seconds == window && market.life_s() < window;
  if (young)
    out.add(fmt::format("{}warming up: {} of {} s", whose, market.life_s(), window), until);
  else
    out.add(fmt::format(
                "{}window of {} s not covered: {} s gap at {}", whose, window, gap.seconds,
                time_of_day(second_floor(market.now()) - std::chrono::seconds{gap.ended_back + gap.seconds})),
            until);
}

void look_at_candles(Unmets& out, const SymbolMarket& market, int wanted) {
  if (market.candle_count() == 0) {
    out.add("no confirmed candle yet", std::nullopt);
  } else if (!market.candles_fresh()) {
    out.add("candles stale: the last began at " + time_of_day(market.last_candle()), std::nullopt);
  } else if (const int missing_count = wanted - market.candle_count(); missing_count > 0) {
    out.add(fmt::format("warming up: {} of {} candles", market.candle_count(), wanted),
            market.last_candle() + std::chrono::minutes{missing_count + 1});
  }
}

}  // namespace

std::optional<Unmet> unmet_need(const Needs& needs, const Standing& own, const Standing* leader) {
  const SymbolMarket& market = *own.market;
  const Instant now = market.now(), second = second_floor(now);
  Unmets out;
  const auto count = [&](std::int64_t have, std::int64_t wanted, std::int64_t step_s, std::string_view what) {
    if (have >= wanted) return;
    const Instant step_began = Instant::from_seconds(second.seconds() / step_s * step_s);
    out.add(fmt::format("warming up: {} of {} {}", have, wanted, what),
            step_began + std::chrono::seconds{(wanted - have) * step_s});
  };
  const bool watches_book = needs.inputs & needs::book;
  if (watches_book && !market.link_live()) out.add("market link not live", std::nullopt);
  if (watches_book && market.link_live() && !market.synced()) out.add("book out of sync", std::nullopt);
  if (needs.inputs & needs::ticker && !market.ticker_fresh())
    out.add(market.ticker_seen()
                ? fmt::format("ticker stale: {} s old", (now - market.ticker_at()).count() / second_ns)
                : "no ticker yet",
            std::nullopt);
  if (needs.inputs & needs::candles) look_at_candles(out, market, needs.candles);
  if (needs.inputs & needs::leader) {
    if (!leader)
      out.add("leading symbol silent or not watched", std::nullopt);
    else
      look_at_window(out, *leader->market, needs.leader_covered_s, "leader's ");
  }
  look_at_window(out, market, needs.covered_s, "");
  look_at_window(out, market, needs.also_covered_s, "");
  count(market.life_s(), needs.life_s, 1, "s of life");
  if (needs.inputs & needs::volume_norm && !std::isfinite(market.volume_rate()))
    count(market.life_s(), 900, 1, "s of life, or 60 candles");
  if (own.book_held_s < needs.book_s)
    out.add(fmt::format("warming up: {:.0f} of {} s of book", own.book_held_s, needs.book_s),
            now + Duration{static_cast<std::int64_t>((needs.book_s - own.book_held_s) * 1e9)});
  if (watches_book && market.synced() && own.levels < needs.levels)
    out.add(fmt::format("the book shows {} levels, {} are needed", own.levels, needs.levels), std::nullopt);
  count(static_cast<std::int64_t>(market.step_returns().count()), needs.steps, 5, "steps of 5 s");
  count(own.premiums, needs.premiums, 1, "s of premium");
  count(own.scored_minutes, needs.minutes, 60, "scored minutes");
  return out.found();
}

}  // namespace mlbot::core
