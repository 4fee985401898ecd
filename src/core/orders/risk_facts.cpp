#include "core/orders/risk_facts.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"

namespace mlbot::core {
namespace {

constexpr std::int64_t nanoseconds_per_day = 86'400'000'000'000;
/// The mean range of a random walk is sqrt(8 / pi) standard deviations; of an hour from those of a minute.
constexpr double ranges_of_deviation = 1.5957691216057308 * 7.745966692414834;

double bps_between(E8 a, E8 b) { return 1e4 * std::abs(to_double(a) - to_double(b)) / to_double(b); }

}  // namespace

bool OrderIdMark::precedes(const ClientOrderId& other) const {
  if (other.empty()) return false;
  const auto grows = [](std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  const std::string_view ours = id.view(), theirs = other.view();
  const auto dash = [](std::string_view text) { return std::min(text.rfind('-'), text.size()); };
  const std::size_t our_dash = dash(ours), their_dash = dash(theirs);
  const std::string_view our_run = ours.substr(0, our_dash), their_run = theirs.substr(0, their_dash);
  if (our_run != their_run) return grows(our_run, their_run);
  return grows(ours.substr(our_dash), theirs.substr(their_dash));
}

void RiskFacts::add(SymbolId symbol) {
  MLBOT_ASSERT(symbol.index == symbols_.size());
  symbols_.emplace_back();
}

void RiskFacts::start(const RunStarted& run) {
  model_trades = run.carried.model_trades;
  day = {.day = run.carried.day,
         .orders = run.carried.orders_today,
         .round_trips = run.carried.round_trips_today,
         .cancels = run.carried.cancels_today,
         .fills = run.carried.fills_today};
  loss_pause_until = run.carried.loss_pause_until;
}

void RiskFacts::on(Instant at, const RequestAnswer& answer, const RiskLimits& limits) {
  if (answer.request != RequestKind::place && answer.request != RequestKind::amend) return;
  if (answer.outcome == RequestOutcome::unknown || !knows(answer.symbol)) return;
  SymbolFacts& s = of(answer.symbol);
  if (answer.outcome == RequestOutcome::accepted) {
    if (s.rejected == answer.request) s.rejections = 0;
    return;
  }
  const bool same = s.rejections > 0 && s.rejected == answer.request && s.rejected_code == answer.code;
  s.rejections = same ? s.rejections + 1 : 1;
  s.rejected = answer.request;
  s.rejected_code = answer.code;
  if (s.rejections >= limits.rejections_pause)
    s.paused_until = at + std::chrono::seconds{limits.rejection_pause_s};
}

void RiskFacts::on(Instant at, const PositionNews& news) {
  if (!knows(news.symbol)) return;
  SymbolFacts& s = of(news.symbol);
  s.adl_rank = news.size.count == 0 ? std::uint8_t{0} : news.adl_rank;
  s.liquidation_price = news.size.count == 0 ? E8{} : news.liquidation_price;
  const bool naked = news.size.count != 0 && news.stop_loss.count == 0;
  if (!naked)
    s.naked_since = distant_future;
  else if (s.naked_since == distant_future)
    s.naked_since = at;
}

void RiskFacts::on(Instant at, const MachineHealth& now_is) {
  health = now_is;
  const bool grew = now_is.disk_free_bytes > disk_first_free_;
  if (disk_first_at_.ns == INT64_MIN || grew || at - disk_first_at_ >= 6h) {
    disk_first_at_ = at;
    disk_first_free_ = now_is.disk_free_bytes;
  }
  disk_hours_left.reset();
  const double free = static_cast<double>(now_is.disk_free_bytes);
  const double used = static_cast<double>(disk_first_free_) - free;
  if (at - disk_first_at_ < disk_look || used <= 0) return;
  disk_hours_left = free * (static_cast<double>((at - disk_first_at_).count()) / 3.6e12) / used;
}

void RiskFacts::on(Instant at, const GuardBeat& beat) {
  guard_builds_differ =
      guard_builds_differ || (guard_build != 0 && beat.build != 0 && beat.build != guard_build);
  if (beat.build != 0) guard_build = beat.build;
  guard_present = beat.present;
  if (!beat.present) return;
  guard_seen = true;
  guard_at = at;
}

void RiskFacts::on(const SymbolStatus& status) {
  if (knows(status.symbol)) of(status.symbol).trading = status.trading;
}

void RiskFacts::see(const FeatureFrame& frame, const Instrument& instrument, const RiskLimits& limits,
                    std::span<const FeatureRange> ranges) {
  SymbolFacts& s = of(frame.symbol);
  s.seen = true;
  s.activity = frame.activity;
  s.missing = s.outside = 0;
  s.finite = true;
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (!frame.valid(i)) {
      ++s.missing;
      continue;
    }
    const double value = frame.values[i];
    if (!std::isfinite(value)) s.finite = false;
    if (i >= ranges.size()) continue;
    const double margin = (ranges[i].high - ranges[i].low) * limits.feature_range_pct / 100;
    if (value < ranges[i].low - margin || value > ranges[i].high + margin) ++s.outside;
  }
  s.hourly_range_bps = frame.valid(hourly_deviation_row)
                           ? ranges_of_deviation * exact::exp(frame.values[hourly_deviation_row])
                           : 0;
  if (!frame.top.synced) return;
  const E8 bid = instrument.price(frame.top.bid), ask = instrument.price(frame.top.ask);
  const E8 mid{bid.count + (ask.count - bid.count) / 2};
  s.mark = frame.valid(mark_gap_row)
               ? e8_from_double(to_double(mid) * exact::exp(frame.values[mark_gap_row] / 1e4))
               : mid;
}

void RiskFacts::roll_day(Instant at) {
  const std::int64_t next_day = day.day + 1;  // compared by a product: each verdict asks
  if (at.ns >= next_day * nanoseconds_per_day) day = {.day = at.ns / nanoseconds_per_day};
}

void RiskFacts::forget_old(Instant at) {
  while (!messages_.empty() && at - messages_.front() >= 60s) messages_.pop_front();
  while (!requests_.empty() && at - requests_.front() >= 1s) requests_.pop_front();
  while (!closings_.empty() && at - closings_.front() >= closing_window) closings_.pop_front();
}

void RiskFacts::counted_message(Instant at) {
  if (messages_.full()) messages_.pop_front();
  messages_.push_back(at);
  ++day.orders;
}

void RiskFacts::counted_request(Instant at) {
  if (requests_.full()) requests_.pop_front();
  requests_.push_back(at);
}

void RiskFacts::stamped(Instant at, SymbolId symbol, const PlaceOrder& order) {
  counted_message(at);
  counted_request(at);
  SymbolFacts& s = of(symbol);
  if (s.recent.full()) s.recent.pop_front();
  s.recent.push_back({at, order.side, order.price, order.size});
  if (unsent.full()) unsent.pop_front();
  unsent.push_back(order.id);
}

void RiskFacts::cancelled(Instant at) {
  roll_day(at);
  counted_request(at);
  ++day.cancels;
}

void RiskFacts::filled(Instant at, SymbolId symbol, E8 price, E8 mark) {
  roll_day(at);
  ++day.fills;
  if (mark.count <= 0) return;
  Ring<SymbolFacts::Fill>& fills = of(symbol).fills;
  while (!fills.empty() && at - fills.front().at >= fill_window) fills.pop_front();
  const double bps = bps_between(price, mark);
  while (!fills.empty() && fills.back().bps <= bps) fills.pop_back();
  if (!fills.full()) fills.push_back({at, bps});  // sixty-four worse ones say enough
}

void RiskFacts::closed(Instant at, E8 profit, const RiskLimits& limits) {
  roll_day(at);
  ++day.round_trips;
  ++model_trades;
  if (closings_.full()) closings_.pop_front();
  closings_.push_back(at);
  if (profit.count >= 0) return losses_.clear();
  if (losses_.full()) losses_.pop_front();
  losses_.push_back(at);
  const Duration within = std::chrono::minutes{limits.loss_streak_minutes};
  while (at - losses_.front() > within) losses_.pop_front();
  if (losses_.size() < limits.loss_streak) return;
  loss_pause_until = at + std::chrono::minutes{limits.loss_pause_minutes};
  losses_.clear();
}

std::size_t RiskFacts::messages_in_second(Instant now) const {
  std::size_t count = 0;
  while (count < messages_.size() && now - messages_[messages_.size() - 1 - count] < 1s) ++count;
  return count;
}

std::size_t RiskFacts::requests_in_second(Instant now) const {
  std::size_t count = 0;
  while (count < requests_.size() && now - requests_[requests_.size() - 1 - count] < 1s) ++count;
  return count;
}

double RiskFacts::worst_fill_bps(Instant now, SymbolId symbol) const {
  const Ring<SymbolFacts::Fill>& fills = of(symbol).fills;
  for (std::size_t i = 0; i < fills.size(); ++i)
    if (now - fills[i].at < fill_window) return fills[i].bps;
  return 0;
}

void RiskFacts::hash_into(StateHash& hash) const {
  const auto add_all = [&](const Ring<Instant>& ring) {
    hash.add(std::uint64_t{ring.size()});
    for (std::size_t i = 0; i < ring.size(); ++i) hash.add(ring[i].ns);
  };
  for (const auto* ring : {&messages_, &requests_, &closings_, &losses_}) add_all(*ring);
  for (const Instant at : {clock, guard_at, loss_pause_until, disk_first_at_}) hash.add(at.ns);
  for (const std::uint64_t value :
       {guard_build, disk_first_free_, health ? health->disk_free_bytes + 1 : 0,
        health ? health->resident_bytes : 0, std::uint64_t{unsent.size()}, std::uint64_t{model_trades},
        std::uint64_t{day.orders}, std::uint64_t{day.round_trips}, std::uint64_t{day.cancels},
        std::uint64_t{day.fills}})
    hash.add(value);
  hash.add(disk_hours_left.value_or(-1));
  hash.add(newest.id.view());
  hash.add(health ? health->bus_lag.count() : 0);
  hash.add(model.trained_at_ms);
  hash.add(model.expires_at_ms);
  hash.add(day.day);
  hash.add(clock_offset ? clock_offset->count() : INT64_MIN);
  hash.add(std::uint64_t{maintenance} | std::uint64_t{guard_seen} << 1 | std::uint64_t{guard_present} << 2 |
           std::uint64_t{guard_builds_differ} << 3 | std::uint64_t{intent_open} << 4 |
           std::uint64_t{hedge.has_value()} << 5 | std::uint64_t{hedge.value_or(false)} << 6 |
           std::uint64_t{model.present} << 7 | std::uint64_t{model.verified} << 8 |
           std::uint64_t{model.schema_equal} << 9);
  for (const SymbolFacts& s : symbols_) {
    hash.add(s.mark.count);
    hash.add(s.activity.minute_volume.count);
    hash.add(s.activity.bid_depth.count);
    hash.add(s.activity.ask_depth.count);
    hash.add(s.activity.book_period_ns);
    hash.add(s.hourly_range_bps);
    hash.add(s.liquidation_price.count);
    hash.add(s.naked_since.ns);
    hash.add(s.paused_until.ns);
    hash.add(std::uint64_t{s.missing} << 32 | s.outside);
    hash.add(std::uint64_t{s.rejections} << 32 | static_cast<std::uint32_t>(s.rejected_code));
    hash.add(std::uint64_t{s.seen} | std::uint64_t{s.finite} << 1 | std::uint64_t{s.trading} << 2 |
             std::uint64_t{s.adl_rank} << 8 | static_cast<std::uint64_t>(s.rejected) << 16);
    hash.add(std::uint64_t{s.recent.size()});
    for (std::size_t i = 0; i < s.recent.size(); ++i) {
      hash.add(s.recent[i].at.ns);
      hash.add(s.recent[i].price.count);
      hash.add(s.recent[i].size.count);
      hash.add(static_cast<std::uint64_t>(s.recent[i].side));
    }
    hash.add(std::uint64_t{s.fills.size()});
    for (std::size_t i = 0; i < s.fills.size(); ++i) {
      hash.add(s.fills[i].at.ns);
      hash.add(s.fills[i].bps);
    }
  }
}

}  // namespace mlbot::core
