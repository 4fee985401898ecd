#include "core/orders/fill_quality.h"

namespace mlbot::core {
namespace {

constexpr std::array markout_times{Duration{1s}, Duration{5s}, Duration{60s}};

/// From `from` to `to` in the direction of the side, bps of `from`.
double gain_bps(Side side, E8 from, E8 to) {
  return sign_of(side) * 1e4 * static_cast<double>(to.count - from.count) / static_cast<double>(from.count);
}

std::optional<double>& markout(FillQuality& fill, std::size_t i) {
  return i == 0 ? fill.markout_1s_bps : i == 1 ? fill.markout_5s_bps : fill.markout_60s_bps;
}

}  // namespace

void FillQualityTracker::ordered(const ClientOrderId& order, E8 arrival_mid, bool reduces) {
  if (arrivals_.full()) arrivals_.pop_front();
  arrivals_.push_back({order, arrival_mid, reduces});
}

const FillQualityTracker::Arrival* FillQualityTracker::arrival_of(const ClientOrderId& order) const {
  if (order.empty()) return nullptr;
  for (std::size_t i = arrivals_.size(); i-- > 0;)  // a fill is nearly always of one of the newest
    if (arrivals_[i].order == order) return &arrivals_[i];
  return nullptr;
}

void FillQualityTracker::filled(Instant now, const Execution& execution, const Instrument& instrument, E8 mid,
                                Outbox& out) {
  if (execution.price.count <= 0 || execution.size.count <= 0) return;
  FillQuality fill{.symbol = execution.symbol,
                   .filled_at = now,
                   .order = execution.client_id,
                   .execution_id = execution.execution_id,
                   .side = execution.side,
                   .reduces = true,  // what we did not send can only be a stop, a liquidation or a person
                   .liquidity = execution.liquidity,
                   .price = execution.price,
                   .size = execution.size,
                   .fee = execution.fee,
                   .fill_mid = mid};
  if (const Arrival* arrival = arrival_of(execution.client_id)) {
    fill.reduces = arrival->reduces;
    if (arrival->mid.count > 0) {
      fill.arrival_mid = arrival->mid;
      const E8 notional = multiply(execution.price, instrument.size(execution.size));
      const double fee_bps = notional.count > 0 ? 1e4 * to_double(execution.fee) / to_double(notional) : 0;
      fill.shortfall_bps = gain_bps(execution.side, arrival->mid, execution.price) + fee_bps;
    }
  }
  if (waiting_.full()) out.fills.push_back(waiting_.pop_front().fill);
  waiting_.push_back({fill, 0});
}

void FillQualityTracker::settle(Waiting& waiting, Instant now, E8 mid) const {
  while (waiting.read < markout_times.size()) {
    const Instant due = waiting.fill.filled_at + markout_times[waiting.read];
    if (now < due) return;
    if (now - due <= markout_slack)
      markout(waiting.fill, waiting.read) = gain_bps(waiting.fill.side, waiting.fill.price, mid);
    ++waiting.read;
  }
}

void FillQualityTracker::see(Instant now, SymbolId symbol, E8 mid, Outbox& out) {
  for (std::size_t i = 0; i < waiting_.size(); ++i)
    if (waiting_[i].fill.symbol == symbol) settle(waiting_[i], now, mid);
  while (!waiting_.empty()) {
    Waiting& oldest = waiting_.front();
    const bool given_up = now - oldest.fill.filled_at > markout_times.back() + markout_slack;
    if (oldest.read < markout_times.size() && !given_up) break;
    out.fills.push_back(waiting_.pop_front().fill);
  }
}

void FillQualityTracker::hash_into(StateHash& hash) const {
  hash.add(std::uint64_t{arrivals_.size()});
  if (!arrivals_.empty()) {
    hash.add(arrivals_.back().order.view());
    hash.add(arrivals_.back().mid.count);
  }
  hash.add(std::uint64_t{waiting_.size()});
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    hash.add(waiting_[i].fill.filled_at.ns);
    hash.add(waiting_[i].fill.price.count);
    hash.add(std::uint64_t{waiting_[i].read});
  }
}

}  // namespace mlbot::core
