#include "core/trading/drift_gates.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"

namespace mlbot::core {
namespace {

constexpr double share_floor = 1e-4;  ///< of an empty bin: its logarithm must exist

Gate gate_of(bool red, bool amber) { return red ? Gate::red : amber ? Gate::amber : Gate::green; }

template <class T>
void push(Ring<T>& ring, const T& item) {
  if (ring.full()) ring.pop_front();
  ring.push_back(item);
}

}  // namespace

DriftGates::DriftGates(const models::Bundle* bundle) : bundle_{bundle} {
  if (!bundle_ || bundle_->reference.empty()) return;
  rows_.resize(rows_judged);
  counts_.resize(feature_count);
}

void DriftGates::restart() {
  trades_.clear();
  pairs_.clear();
  entries_.clear();
  rows_kept_ = next_row_ = 0;
  for (auto& counts : counts_) counts.fill(0);
  verdict_ = {};
}

void DriftGates::on_trade(double earned_bps, double expected_bps) {
  push(trades_, earned_bps - expected_bps);
  judge();
}

void DriftGates::on_entry(Side side) {
  push(entries_, side);
  judge();
}

void DriftGates::on_frame(const FeatureFrame& frame, double predicted_bps, double mid, Duration horizon) {
  Symbol& s = symbols_[frame.symbol.index];
  if (!rows_.empty() && (s.row_at.ns == INT64_MIN || frame.at - s.row_at >= row_pause)) {
    s.row_at = frame.at;
    keep_row(frame);
    judge();
  }
  if (mid <= 0 || horizon <= Duration{0}) return;
  if (s.asked_at.ns != INT64_MIN) {
    if (frame.at - s.asked_at < horizon) return;
    // What matured long ago was not seen when it did: a gap of the book is no outcome.
    if (frame.at - s.asked_at < horizon + 2s) {
      push(pairs_, {s.predicted_bps, 1e4 * (mid - s.mid) / s.mid});
      judge();
    }
  }
  s.asked_at = frame.at;
  s.predicted_bps = predicted_bps;
  s.mid = mid;
}

void DriftGates::keep_row(const FeatureFrame& frame) {
  auto& row = rows_[next_row_];
  const bool full = rows_kept_ == rows_judged;
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (full) --counts_[i][row[i]];
    std::size_t bin = bins - 1;
    if (frame.valid(i)) {
      const auto& edges = bundle_->reference[i].edges;
      bin = static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), frame.values[i]) -
                                     edges.begin());
    }
    row[i] = static_cast<std::uint8_t>(bin);
    ++counts_[i][bin];
  }
  next_row_ = (next_row_ + 1) % rows_judged;
  rows_kept_ = std::min(rows_kept_ + 1, rows_judged);
}

Gate DriftGates::money() const {
  const std::size_t n = trades_.size();
  if (n < trades_min) return Gate::green;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) sum += trades_[i];
  const double mean = sum / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) squares += (trades_[i] - mean) * (trades_[i] - mean);
  const double error = std::sqrt(squares / static_cast<double>(n - 1) / static_cast<double>(n));
  return gate_of(mean < -5 * error, mean < -3 * error);
}

Gate DriftGates::calibration() const {
  const std::size_t n = pairs_.size();
  if (n < predictions_min) return Gate::green;
  double xx = 0, xy = 0, rest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    xx += pairs_[i].predicted * pairs_[i].predicted;
    xy += pairs_[i].predicted * pairs_[i].realised;
  }
  if (xx <= 0) return Gate::green;  // a model that says nothing cannot be wrong about it
  const double slope = xy / xx;
  for (std::size_t i = 0; i < n; ++i) {
    const double off = pairs_[i].realised - slope * pairs_[i].predicted;
    rest += off * off;
  }
  const double margin = 3 * std::sqrt(rest / static_cast<double>(n - 1) / xx);
  const auto outside = [&](double low, double high) { return slope + margin < low || slope - margin > high; };
  return gate_of(outside(0.5, 1.5), outside(0.8, 1.2));
}

Gate DriftGates::sides() const {
  if (!entries_.full()) return Gate::green;
  std::size_t buys = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) buys += entries_[i] == Side::buy;
  const double share = static_cast<double>(buys) / static_cast<double>(entries_.size());
  return gate_of(share < 0.1 || share > 0.9, share < 0.25 || share > 0.75);
}

Gate DriftGates::inputs() const {
  if (rows_kept_ < rows_min) return Gate::green;
  std::size_t amber = 0, red = 0;
  for (std::size_t i = 0; i < feature_count; ++i) {
    const auto& reference = bundle_->reference[i];
    double psi = 0;
    for (std::size_t b = 0; b < bins; ++b) {
      const double expected =
          std::max(share_floor, b + 1 == bins ? reference.missing
                                              : (1 - reference.missing) / static_cast<double>(bins - 1));
      const double seen =
          std::max(share_floor, static_cast<double>(counts_[i][b]) / static_cast<double>(rows_kept_));
      psi += (seen - expected) * exact::log(seen / expected);
    }
    amber += psi > 0.10;
    red += psi > 0.25;
  }
  return gate_of(red >= features_drifted_min, amber >= features_drifted_min);
}

void DriftGates::judge() {
  verdict_ = {};
  const auto take = [&](Gate gate, ReasonCode reason) {
    if (gate > verdict_.gate) verdict_ = {gate, reason};
  };
  take(money(), ReasonCode::money_red);
  take(calibration(), ReasonCode::calib_red);
  take(sides(), ReasonCode::side_share_red);
  take(inputs(), ReasonCode::psi_red);
}

void DriftGates::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(verdict_.gate));
  hash.add(std::uint64_t{trades_.size()});
  if (!trades_.empty()) hash.add(trades_.back());
  hash.add(std::uint64_t{pairs_.size()});
  if (!pairs_.empty()) hash.add(pairs_.back().realised);
  hash.add(std::uint64_t{entries_.size()});
  hash.add(std::uint64_t{rows_kept_});
  for (const Symbol& s : symbols_) hash.add(s.asked_at.ns);
}

}  // namespace mlbot::core
