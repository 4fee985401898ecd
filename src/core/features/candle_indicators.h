// Indicators that live on confirmed candles: Wilder's family, MACD, and the bar they are made of.
//
// Prices are ticks as doubles: every row divides them by one another, so the unit cancels.
// Cost: O(1) a candle.  Allocation: none.  Threads, clock, chance: none.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/features/kernels.h"

namespace mlbot::core {

struct Candle {
  double open = 0, high = 0, low = 0, close = 0, volume = 0, turnover = 0;
  double typical() const { return (high + low + close) / 3; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.open, self.high, self.low, self.close, self.volume, self.turnover);
  }
};

/// Mean of the first n samples, then avg <- ((n - 1) * avg + x) / n (Wilder 1978).
template <int N>
class WilderMean {
 public:
  void add(double x) {
    ++count_;
    if (count_ <= N)
      value_ += (x - value_) / count_;
    else
      value_ = ((N - 1) * value_ + x) / N;
  }
  bool ready() const { return count_ >= N; }
  double value() const { return value_; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.value_, self.count_);
  }

 private:
  double value_ = 0;
  std::int64_t count_ = 0;
};

/// Mean of the first n samples, then the exponential mean with 2 / (n + 1).
template <int N>
class SeededEma {
 public:
  void add(double x) {
    ++count_;
    if (count_ <= N)
      value_ += (x - value_) / static_cast<double>(count_);
    else
      value_ += 2.0 / (N + 1) * (x - value_);
  }
  bool ready() const { return count_ >= N; }
  double value() const { return value_; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.value_, self.count_);
  }

 private:
  double value_ = 0;
  std::int64_t count_ = 0;
};

/// Relative strength of 14 steps as -1 .. 1; 0 in a flat market.
class RelativeStrength {
 public:
  void add(double close) {
    if (candles_++ > 0) {
      gain_.add(std::max(close - last_, 0.0));
      loss_.add(std::max(last_ - close, 0.0));
    }
    last_ = close;
  }
  std::int64_t candles() const { return candles_; }
  double centred() const {
    const double whole = gain_.value() + loss_.value();
    return whole > 0 ? (gain_.value() - loss_.value()) / whole : 0.0;
  }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.gain_, self.loss_, self.last_, self.candles_);
  }

 private:
  WilderMean<14> gain_, loss_;
  double last_ = 0;
  std::int64_t candles_ = 0;
};

/// True range, directional movement and their averages over 14 candles.
class DirectionalMovement {
 public:
  void add(const Candle& candle) {
    if (candles_++ > 0) {
      const double range = std::max({candle.high - candle.low, std::abs(candle.high - last_.close),
                                     std::abs(candle.low - last_.close)});
      const double up = candle.high - last_.high, down = last_.low - candle.low;
      range_.add(range);
      plus_.add(up > down && up > 0 ? up : 0.0);
      minus_.add(down > up && down > 0 ? down : 0.0);
      if (plus_.ready()) index_.add(std::abs(difference()));
    }
    last_ = candle;
  }
  std::int64_t candles() const { return candles_; }
  double average_true_range() const { return range_.value(); }
  /// (DI+ - DI-) / (DI+ + DI-): the true range cancels.
  double difference() const {
    const double whole = plus_.value() + minus_.value();
    return whole > 0 ? (plus_.value() - minus_.value()) / whole : 0.0;
  }
  double average_index() const { return index_.value(); }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.range_, self.plus_, self.minus_, self.index_, self.last_, self.candles_);
  }

 private:
  WilderMean<14> range_, plus_, minus_, index_;
  Candle last_;
  std::int64_t candles_ = 0;
};

/// MACD 12, 26, 9, each seeded with the mean of its first inputs.
class MacdHistogram {
 public:
  void add(double close) {
    fast_.add(close);
    slow_.add(close);
    if (slow_.ready()) signal_.add(fast_.value() - slow_.value());
  }
  double value() const { return fast_.value() - slow_.value() - signal_.value(); }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.fast_, self.slow_, self.signal_);
  }

 private:
  SeededEma<12> fast_;
  SeededEma<26> slow_;
  SeededEma<9> signal_;
};

}  // namespace mlbot::core
