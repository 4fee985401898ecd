// From frames to labelled rows, in one pass and in bounded memory.
//
// Sampling: each whole second with a probability, drawn by a hash of symbol and second; every CUSUM and
//   cascade frame. One row a symbol and second; what else fires in that second adds its flag to the row.
// Label: return of the mid over the horizon, bps, from the frame's own mid to the mid as of t + horizon.
//   Nothing later is read. A window in which five seconds pass without a synced frame has no label, neither
//   has one that the data end in: such rows are dropped and counted, never set to 0.
// Weight: average uniqueness / inclusion probability, at most ten times the median, scaled to mean 1.
// Limit: `rows_max` rows of 142 float32 (568 bytes); beyond it the oldest rows make way and are counted.
// Threads, clock: none.  Chance: only the hash.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/frame.h"

namespace mlbot::lab {

struct SamplingSettings {
  Duration horizon = 60s;
  double background_probability = 0.25;  ///< of a whole second to become a row
  std::size_t rows_max = 200'000;        ///< 114 MB of features
  std::uint64_t seed = 1;                ///< of the hash that draws seconds
};

/// No label across a hole as long as this.
inline constexpr Duration gap_limit = 5s;

/// What the rows were made of; written into the bundle.
struct DataManifest {
  std::vector<std::string> symbols;  ///< that gave rows or could have
  std::uint64_t frames = 0;          ///< seen
  Instant first_at, last_at;         ///< of frames seen
  Sequence first_cause, last_cause;  ///< journal range of the frames
  std::size_t dropped_gap = 0;       ///< rows without a label: a hole in the window
  std::size_t dropped_end = 0;       ///< rows without a label: the data end in the window
  std::size_t evicted = 0;           ///< oldest rows that made way
  std::size_t background_rows = 0, cusum_rows = 0,
              cascade_rows = 0;  ///< kept rows by stream; one may be in several
};

/// Labelled rows in order of time.
struct Dataset {
  std::vector<float> features;   ///< [rows x 142], NaN where not valid
  std::vector<float> label_bps;  ///< forward return of the mid
  std::vector<float> weight;     ///< mean 1
  std::vector<Instant> at;
  std::vector<SymbolId> symbol;
  std::vector<std::uint8_t> streams;  ///< bits of FrameTrigger
  SamplingSettings sampling;
  DataManifest manifest;

  std::size_t rows() const { return at.size(); }
  std::span<const float> row(std::size_t i) const {
    return {features.data() + i * feature_count, feature_count};
  }
};

/// For each label [start, start + horizon] the mean over its life of 1 / labels alive. `starts` in order of
/// time.
std::vector<double> average_uniqueness(std::span<const Instant> starts, Duration horizon);

class DatasetBuilder {
 public:
  explicit DatasetBuilder(const SamplingSettings& settings);

  /// Names a symbol before its first frame; ids come in order 0, 1, 2, ...
  void define(SymbolId symbol, std::string_view name);
  /// Frames in core order: time does not run back.
  void take(const FeatureFrame& frame);
  /// Labels what can be labelled at the instant of the last frame; the builder is empty afterwards.
  Dataset finish();

  std::size_t rows() const { return meta_.size(); }

 private:
  struct Meta {
    Instant at;
    SymbolId symbol;
    std::uint8_t streams = 0;
    bool labelled = false;
    float label_bps = 0;
  };
  struct Waiting {
    std::uint64_t number;
    Instant end;
    std::int64_t twice_mid;  ///< bid + ask, ticks
  };
  struct Symbol {
    std::string name;
    std::deque<Waiting> waiting;  ///< at most one a second of horizon
    std::int64_t twice_mid = 0;
    Instant synced_at{std::numeric_limits<std::int64_t>::min()};
    std::int64_t row_second = std::numeric_limits<std::int64_t>::min();
    std::uint64_t row_number = 0;
  };

  bool held(std::uint64_t number) const { return number + meta_.size() >= next_number_; }
  std::size_t slot(std::uint64_t number) const {
    return static_cast<std::size_t>(number % settings_.rows_max);
  }
  std::uint8_t streams_of(const FeatureFrame& frame) const;
  void label(Symbol& symbol, const Waiting& row);
  void keep(Symbol& symbol, const FeatureFrame& frame, std::uint8_t streams);

  SamplingSettings settings_;
  std::vector<Symbol> symbols_;
  std::vector<float> features_;  ///< a ring of rows once full
  std::vector<Meta> meta_;
  std::uint64_t next_number_ = 0;
  DataManifest manifest_;
};

}  // namespace mlbot::lab
