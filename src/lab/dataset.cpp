#include "lab/dataset.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"
#include "base/digest.h"
#include "core/models/bundle.h"

namespace mlbot::lab {
namespace {

constexpr std::uint8_t bit(FrameTrigger trigger) { return static_cast<std::uint8_t>(trigger); }
constexpr std::uint8_t event_bits = bit(FrameTrigger::cusum) | bit(FrameTrigger::cascade);

/// Capped at ten times the median, mean 1.
void normalise(std::vector<float>& weight) {
  if (weight.empty()) return;
  std::vector<float> sorted = weight;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const float cap = 10 * *middle;
  for (float& w : weight) w = std::min(w, cap);
  const double mean = std::accumulate(weight.begin(), weight.end(), 0.0) / static_cast<double>(weight.size());
  for (float& w : weight) w = static_cast<float>(w / mean);
}

}  // namespace

std::vector<double> average_uniqueness(std::span<const Instant> starts, Duration horizon) {
  // One sweep: F(t) is the integral of 1 / alive up to t, and a label's share of it is F(end) - F(start).
  std::vector<double> out(starts.size());
  double integral = 0;
  Instant before;
  std::size_t started = 0, ended = 0;
  while (ended < starts.size()) {
    const Instant end = starts[ended] + horizon;
    const bool starting = started < starts.size() && starts[started] <= end;
    const Instant now = starting ? starts[started] : end;
    if (started > ended)
      integral += static_cast<double>((now - before).count()) / static_cast<double>(started - ended);
    before = now;
    if (starting)
      out[started++] = integral;
    else {
      out[ended] = (integral - out[ended]) / static_cast<double>(horizon.count());
      ++ended;
    }
  }
  return out;
}

DatasetBuilder::DatasetBuilder(const SamplingSettings& settings) : settings_{settings} {
  MLBOT_ASSERT(settings_.horizon > Duration::zero() && settings_.rows_max > 0);
  MLBOT_ASSERT(settings_.background_probability > 0 && settings_.background_probability <= 1);
}

void DatasetBuilder::define(SymbolId symbol, std::string_view name) {
  MLBOT_ASSERT(symbol.index == symbols_.size());
  symbols_.emplace_back().name = name;
  manifest_.symbols.emplace_back(name);
}

std::uint8_t DatasetBuilder::streams_of(const FeatureFrame& frame) const {
  std::uint8_t streams = frame.triggers & event_bits;
  if ((frame.triggers & bit(FrameTrigger::second)) == 0) return streams;
  const std::int64_t second = frame.at.seconds();
  const std::uint64_t drawn =
      xxh64(symbols_[frame.symbol.index].name, settings_.seed ^ xxh64(bytes_of(second)));
  if (static_cast<double>(drawn >> 11) * 0x1.0p-53 < settings_.background_probability)
    streams |= bit(FrameTrigger::second);
  return streams;
}

void DatasetBuilder::take(const FeatureFrame& frame) {
  MLBOT_ASSERT(frame.symbol.index < symbols_.size());
  MLBOT_ASSERT(manifest_.frames == 0 || frame.at >= manifest_.last_at);
  if (manifest_.frames++ == 0) {
    manifest_.first_at = frame.at;
    manifest_.first_cause = frame.cause;
  }
  manifest_.last_at = frame.at;
  manifest_.last_cause = frame.cause;

  Symbol& symbol = symbols_[frame.symbol.index];
  while (!symbol.waiting.empty() && symbol.waiting.front().end < frame.at) {
    label(symbol, symbol.waiting.front());
    symbol.waiting.pop_front();
  }
  if (!frame.top.synced) return;
  if (!symbol.waiting.empty() && frame.at - symbol.synced_at > gap_limit) {
    manifest_.dropped_gap += symbol.waiting.size();
    symbol.waiting.clear();
  }
  symbol.twice_mid = frame.top.bid.count + frame.top.ask.count;
  symbol.synced_at = frame.at;
  MLBOT_ASSERT(symbol.twice_mid > 0);
  const std::uint8_t streams = streams_of(frame);
  if (streams != 0) keep(symbol, frame, streams);
}

void DatasetBuilder::label(Symbol& symbol, const Waiting& row) {
  if (row.end - symbol.synced_at > gap_limit) {
    ++manifest_.dropped_gap;
    return;
  }
  if (!held(row.number)) return;
  Meta& meta = meta_[slot(row.number)];
  meta.labelled = true;
  meta.label_bps = static_cast<float>(1e4 * static_cast<double>(symbol.twice_mid - row.twice_mid) /
                                      static_cast<double>(row.twice_mid));
}

void DatasetBuilder::keep(Symbol& symbol, const FeatureFrame& frame, std::uint8_t streams) {
  if (symbol.row_second == frame.at.seconds()) {
    if (held(symbol.row_number)) meta_[slot(symbol.row_number)].streams |= streams;
    return;
  }
  if (meta_.size() < settings_.rows_max) {
    meta_.emplace_back();
    features_.resize(features_.size() + feature_count);
  } else {
    ++manifest_.evicted;
  }
  const std::uint64_t number = next_number_++;
  meta_[slot(number)] = {frame.at, frame.symbol, streams};
  float* row = features_.data() + slot(number) * feature_count;
  for (std::size_t i = 0; i < feature_count; ++i) row[i] = models::narrow(frame.values[i]);
  symbol.waiting.push_back({number, frame.at + settings_.horizon, symbol.twice_mid});
  symbol.row_second = frame.at.seconds();
  symbol.row_number = number;
}

Dataset DatasetBuilder::finish() {
  for (Symbol& symbol : symbols_) {
    for (const Waiting& row : symbol.waiting) {
      if (row.end <= manifest_.last_at)
        label(symbol, row);
      else
        ++manifest_.dropped_end;
    }
    symbol = Symbol{.name = std::move(symbol.name)};
  }
  Dataset out;
  out.sampling = settings_;
  const std::size_t oldest = meta_.size() < settings_.rows_max ? 0 : slot(next_number_);
  std::rotate(meta_.begin(), meta_.begin() + static_cast<std::ptrdiff_t>(oldest), meta_.end());
  std::rotate(features_.begin(), features_.begin() + static_cast<std::ptrdiff_t>(oldest * feature_count),
              features_.end());
  std::size_t kept = 0;
  std::vector<std::vector<Instant>> starts(symbols_.size());
  for (std::size_t i = 0; i < meta_.size(); ++i) {
    const Meta& meta = meta_[i];
    if (!meta.labelled) continue;
    std::copy_n(features_.begin() + static_cast<std::ptrdiff_t>(i * feature_count), feature_count,
                features_.begin() + static_cast<std::ptrdiff_t>(kept++ * feature_count));
    out.at.push_back(meta.at);
    out.symbol.push_back(meta.symbol);
    out.streams.push_back(meta.streams);
    out.label_bps.push_back(meta.label_bps);
    starts[meta.symbol.index].push_back(meta.at);
    manifest_.background_rows += (meta.streams & bit(FrameTrigger::second)) != 0;
    manifest_.cusum_rows += (meta.streams & bit(FrameTrigger::cusum)) != 0;
    manifest_.cascade_rows += (meta.streams & bit(FrameTrigger::cascade)) != 0;
  }
  features_.resize(kept * feature_count);
  out.features = std::move(features_);

  std::vector<std::vector<double>> uniqueness;
  for (const auto& list : starts) uniqueness.push_back(average_uniqueness(list, settings_.horizon));
  std::vector<std::size_t> next(symbols_.size());
  for (std::size_t i = 0; i < kept; ++i) {
    const double inclusion = (out.streams[i] & event_bits) != 0 ? 1.0 : settings_.background_probability;
    const std::size_t symbol = out.symbol[i].index;
    out.weight.push_back(static_cast<float>(uniqueness[symbol][next[symbol]++] / inclusion));
  }
  normalise(out.weight);
  out.manifest = std::move(manifest_);
  manifest_ = {};
  manifest_.symbols = out.manifest.symbols;
  features_.clear();
  meta_.clear();
  next_number_ = 0;
  return out;
}

}  // namespace mlbot::lab
