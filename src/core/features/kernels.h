// The small machines that all rows share: window sums, lags, decayed means, running extremes.
//
// Invariant: each has a fixed size from construction on; no call allocates.
// Cost: O(1) a call, amortised; a jump over k empty cells writes min(k, ring) of them.
// Why integers under the window sums: what is added is later taken away again, and only integers forget
// exactly. Threads: none.  Clock: none, but the instants that are handed in.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/assert.h"
#include "base/exact_math.h"
#include "base/ring.h"
#include "base/time.h"
#include "core/features/state_walk.h"

namespace mlbot::core {

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

inline constexpr std::int64_t fine_cell_ns = 100'000'000;
inline constexpr std::int64_t second_ns = 1'000'000'000;

/// Index of the cell of `width_ns` in which the instant lies, rounded down.
constexpr std::int64_t cell_of(Instant at, std::int64_t width_ns) {
  return at.ns / width_ns - (at.ns % width_ns < 0 ? 1 : 0);
}

/// a / b; missing unless both are positive.
inline double ratio(double a, double b) { return a > 0 && b > 0 ? a / b : missing; }
/// 1e4 * ln(a / b); missing unless both are positive.
inline double log_bps(double a, double b) {
  if (!(a > 0) || !(b > 0)) return missing;
  return a == b ? 0.0 : 1e4 * exact::log(a / b);
}
inline double ln(double x) { return exact::log(x); }
/// sgn(x) * ln(1 + |x|)
inline double signed_log(double x) { return x < 0 ? -exact::log(1 - x) : exact::log(1 + x); }

/// A double as a whole number of 2^-Bits, so that window sums of it are exact.
template <int Bits>
Int128 to_fixed(double x) {
  return static_cast<Int128>(x * static_cast<double>(std::uint64_t{1} << Bits));
}
/// Most sums fit into one word, whose conversion is one instruction instead of a call.
inline double to_number(Int128 x) {
  const auto low = static_cast<std::int64_t>(x);
  return low == x ? static_cast<double>(low) : static_cast<double>(x);
}
inline double to_number(std::int64_t x) { return static_cast<double>(x); }
template <int Bits>
double from_fixed(Int128 x) {
  return to_number(x) / static_cast<double>(std::uint64_t{1} << Bits);
}

/// What was known at the end of each grid cell, for the last `cells` of them.
template <class T>
class LagRing {
 public:
  explicit LagRing(std::size_t cells) : values_(cells) { MLBOT_ASSERT(cells > 0); }

  /// Closes every cell up to and including `cell` with this value: it did not change since the last close.
  void seal_through(std::int64_t cell, const T& value) {
    if (empty_) {
      first_ = cell;
      last_ = cell - 1;
      empty_ = false;
    }
    if (cell <= last_) return;
    const auto cells = static_cast<std::int64_t>(values_.size());
    for (std::int64_t left = std::min(cell - last_, cells); left > 0; --left) {
      newest_ = newest_ + 1 == values_.size() ? 0 : newest_ + 1;
      values_[newest_] = value;
    }
    last_ = cell;
  }

  /// The value at the end of a cell; nullptr for a cell that was never closed or has left the ring.
  const T* at(std::int64_t cell) const {
    const std::int64_t age = last_ - cell;
    if (empty_ || age < 0 || cell < first_ || age >= static_cast<std::int64_t>(values_.size()))
      return nullptr;
    const auto back = static_cast<std::size_t>(age);
    return &values_[newest_ >= back ? newest_ - back : newest_ + values_.size() - back];
  }
  std::int64_t last() const { return last_; }
  bool empty() const { return empty_; }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.values_, self.newest_, self.first_, self.last_, self.empty_);
    visit.require(self.newest_ < self.values_.size());
  }

 private:
  std::vector<T> values_;
  std::size_t newest_ = 0;
  std::int64_t first_ = 0, last_ = 0;
  bool empty_ = true;
};

/// Sums of K integer streams over any window up to a limit, on two grids: 100 ms and 1 s.
///
/// Kept as running totals at cell ends, so that a window is one subtraction. A window of W holds the open
/// cell and the W / grid closed ones before it: exactly W at a whole cell, less than one cell more in
/// between.
template <class Int, std::size_t K>
class WindowSums {
 public:
  /// @param fine_seconds  longest window on the fine grid; 0: none is kept.
  WindowSums(int fine_seconds, int coarse_seconds)
      : fine_(static_cast<std::size_t>(fine_seconds) * 10 + 2),
        coarse_(static_cast<std::size_t>(coarse_seconds) + 2),
        has_fine_{fine_seconds > 0} {}

  /// Closes the cells that are over at `now`. Comes before every add.
  void roll(Instant now) {
    const auto fine = cell_of(now, fine_cell_ns);
    if (has_fine_ && (fine - 1 > fine_.last() || fine_.empty())) fine_.seal_through(fine - 1, totals_);
    const auto coarse = cell_of(now, second_ns);
    if (coarse - 1 > coarse_.last() || coarse_.empty()) coarse_.seal_through(coarse - 1, totals_);
  }
  void add(std::size_t which, Int amount) { totals_[which] = wrapped_add(totals_[which], amount); }

  /// Window of whole seconds on the 100 ms grid.
  Int fine(std::size_t which, int seconds) const { return since(fine_, which, fine_.last() - 10 * seconds); }
  /// Window of whole seconds on the 1 s grid.
  Int coarse(std::size_t which, int seconds) const { return since(coarse_, which, coarse_.last() - seconds); }
  /// The fine window that ended `ago` seconds before the last closed cell.
  Int fine_before(std::size_t which, int seconds, int ago) const {
    const auto* end = fine_.at(fine_.last() - 10 * ago);
    const auto* begin = fine_.at(fine_.last() - 10 * (ago + seconds));
    return wrapped_subtract(end ? (*end)[which] : Int{0}, begin ? (*begin)[which] : Int{0});
  }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.totals_, self.fine_, self.coarse_);
  }

 private:
  using Totals = std::array<Int, K>;
  // Totals may wrap on hostile input; differences are then still those of the window, modulo the word.
  static Int wrapped_add(Int a, Int b) {
    if constexpr (sizeof(Int) == 16)
      return static_cast<Int>(static_cast<UInt128>(a) + static_cast<UInt128>(b));
    else
      return static_cast<Int>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
  static Int wrapped_subtract(Int a, Int b) {
    if constexpr (sizeof(Int) == 16)
      return static_cast<Int>(static_cast<UInt128>(a) - static_cast<UInt128>(b));
    else
      return static_cast<Int>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  }
  Int since(const LagRing<Totals>& ring, std::size_t which, std::int64_t cell) const {
    const auto* before = ring.at(cell);  // younger than the window: the totals began at zero
    return before ? wrapped_subtract(totals_[which], (*before)[which]) : totals_[which];
  }

  LagRing<Totals> fine_, coarse_;
  Totals totals_{};
  bool has_fine_;
};

/// Time-weighted exponential means of N levels that share their change times: x is held until the next
/// change. The weight follows the same recursion with x = 1, which is the bias correction; time that is not
/// held is skipped.
template <std::size_t N>
class HeldMeans {
 public:
  explicit HeldMeans(double time_constant_s) : time_constant_ns_{time_constant_s * 1e9} {}

  void hold(Instant at, const std::array<double, N>& values) {
    fold(at);
    held_ = values;
    holding_ = true;
  }
  void release(Instant at) {
    fold(at);
    holding_ = false;
  }
  bool holding() const { return holding_; }
  /// Seconds over which something was held.
  double held_seconds(Instant now) const {
    return static_cast<double>(held_ns_ + (holding_ ? now.ns - since_.ns : 0)) * 1e-9;
  }
  /// The means at `now`, the running level included; missing before anything was held.
  std::array<double, N> means(Instant now) const {
    HeldMeans copy{*this};
    copy.fold(now);
    std::array<double, N> out;
    for (std::size_t i = 0; i < N; ++i) out[i] = copy.weight_ > 0 ? copy.sums_[i] / copy.weight_ : missing;
    return out;
  }
  /// The first of them alone.
  double mean(Instant now) const {
    double sum = sums_[0], weight = weight_;
    if (holding_ && now > since_) {
      const double decay = exact::exp(-static_cast<double>(now.ns - since_.ns) / time_constant_ns_);
      sum = sum * decay + (1 - decay) * held_[0];
      weight = weight * decay + (1 - decay);
    }
    return weight > 0 ? sum / weight : missing;
  }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.since_, self.held_ns_, self.holding_, self.weight_, self.held_, self.sums_);
  }

 private:
  void fold(Instant at) {
    if (holding_ && at > since_) {
      const double decay = exact::exp(-static_cast<double>(at.ns - since_.ns) / time_constant_ns_);
      for (std::size_t i = 0; i < N; ++i) sums_[i] = sums_[i] * decay + (1 - decay) * held_[i];
      weight_ = weight_ * decay + (1 - decay);
      held_ns_ += at.ns - since_.ns;
    }
    since_ = at;
  }

  double time_constant_ns_;
  std::array<double, N> held_{}, sums_{};
  double weight_ = 0;
  Instant since_;
  std::int64_t held_ns_ = 0;
  bool holding_ = false;
};

/// HeldMeans of one level with three time constants; their exponentials are taken together.
class HeldScales {
 public:
  static constexpr std::size_t scales = 3;
  explicit HeldScales(const std::array<double, scales>& time_constants_s) {
    for (std::size_t i = 0; i < scales; ++i) rates_[i] = -1e-9 / time_constants_s[i];
  }

  void hold(Instant at, double value) {
    fold(at);
    held_ = value;
    holding_ = true;
  }
  void release(Instant at) {
    fold(at);
    holding_ = false;
  }
  double held_seconds(Instant now) const {
    return static_cast<double>(held_ns_ + (holding_ ? now.ns - since_.ns : 0)) * 1e-9;
  }
  /// The means at `now`, the running level included; missing before anything was held.
  std::array<double, scales> means(Instant now) const {
    HeldScales copy{*this};
    copy.fold(now);
    std::array<double, scales> out;
    for (std::size_t i = 0; i < scales; ++i)
      out[i] = copy.weights_[i] > 0 ? copy.sums_[i] / copy.weights_[i] : missing;
    return out;
  }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.since_, self.held_ns_, self.holding_, self.weights_, self.held_, self.sums_);
  }

 private:
  void fold(Instant at) {
    if (holding_ && at > since_) {
      std::array<double, scales + 1> decay{};  // one more: four are taken at once
      for (std::size_t i = 0; i < scales; ++i) decay[i] = static_cast<double>(at.ns - since_.ns) * rates_[i];
      exact::exp_each(decay);
      for (std::size_t i = 0; i < scales; ++i) {
        sums_[i] = sums_[i] * decay[i] + (1 - decay[i]) * held_;
        weights_[i] = weights_[i] * decay[i] + (1 - decay[i]);
      }
      held_ns_ += at.ns - since_.ns;
    }
    since_ = at;
  }

  std::array<double, scales> rates_{}, sums_{}, weights_{};
  double held_ = 0;
  Instant since_;
  std::int64_t held_ns_ = 0;
  bool holding_ = false;
};

/// Exponential mean of one sample a step, bias-corrected; a skipped step does not age it.
class StepMean {
 public:
  /// @param keep  weight that a sample keeps after one step: exp(-step / time constant).
  explicit StepMean(double keep) : keep_{keep} {}
  void add(double x) {
    sum_ = sum_ * keep_ + (1 - keep_) * x;
    weight_ = weight_ * keep_ + (1 - keep_);
    ++count_;
  }
  /// Starts from a known level, as if it had been there for ever.
  void seed(double level) {
    sum_ = level;
    weight_ = 1;
    seeded_ = true;
  }
  bool seeded() const { return seeded_; }
  double mean() const { return weight_ > 0 ? sum_ / weight_ : missing; }
  std::int64_t count() const { return count_; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.sum_, self.weight_, self.count_, self.seeded_);
  }

 private:
  double keep_, sum_ = 0, weight_ = 0;
  std::int64_t count_ = 0;
  bool seeded_ = false;
};

/// Exponential mean and variance of one sample a step, in centred form: never E[x^2] - E[x]^2.
class StepMeanVariance {
 public:
  explicit StepMeanVariance(double keep) : keep_{keep} {}
  void add(double x) {
    weight_ = weight_ * keep_ + 1;
    const double from_old = x - mean_;
    mean_ += from_old / weight_;
    squares_ = squares_ * keep_ + from_old * (x - mean_);
    ++count_;
  }
  double mean() const { return mean_; }
  double sd() const { return weight_ > 0 && squares_ > 0 ? std::sqrt(squares_ / weight_) : 0.0; }
  std::int64_t count() const { return count_; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.weight_, self.mean_, self.squares_, self.count_);
  }

 private:
  double keep_, weight_ = 0, mean_ = 0, squares_ = 0;
  std::int64_t count_ = 0;
};

/// Sum of marks that fade with a time constant.
class DecayedCounter {
 public:
  explicit DecayedCounter(double time_constant_s) : time_constant_ns_{time_constant_s * 1e9} {}
  void add(Instant at, double mark) {
    level_ = value(at) + mark;
    since_ = at;
  }
  double value(Instant now) const {
    if (level_ == 0 || now <= since_) return level_;
    return level_ * exact::exp(exponent(now));
  }
  /// value(now) is faded(exp(exponent(now))): for those who take several exponentials at once.
  double exponent(Instant now) const {
    return now <= since_ ? 0.0 : -static_cast<double>(now.ns - since_.ns) / time_constant_ns_;
  }
  double faded(double decay) const { return level_ * decay; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.level_, self.since_);
  }

 private:
  double time_constant_ns_, level_ = 0;
  Instant since_;
};

/// value(now) of up to four counters, their exponentials taken together.
template <class... Counters>
std::array<double, sizeof...(Counters)> values_of(Instant now, const Counters&... counters) {
  static_assert(sizeof...(Counters) <= 4);
  std::array<double, 4> decay{counters.exponent(now)...};
  exact::exp_each(decay);
  std::size_t next = 0;
  return {counters.faded(decay[next++])...};
}

enum class Extreme : std::uint8_t { highest, lowest };

/// Largest or smallest of the last `window` sealed cells: a deque that only keeps what may still become the
/// extreme.
template <class T, Extreme Which>
class SlidingExtreme {
 public:
  explicit SlidingExtreme(std::size_t window)
      : window_{static_cast<std::int64_t>(window)}, items_{window + 1} {}

  /// Cells come in rising order; a cell without a value is passed by `expire` alone.
  void push(std::int64_t cell, const T& value) {
    expire(cell);
    while (!items_.empty() && !beats(items_.back().value, value)) items_.pop_back();
    items_.push_back({cell, value});
  }
  /// Forgets what is older than the window that ends with this cell.
  void expire(std::int64_t cell) {
    while (!items_.empty() && items_.front().cell <= cell - window_) items_.pop_front();
  }
  bool empty() const { return items_.empty(); }
  const T& value() const { return items_.front().value; }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.items_);
  }

 private:
  static bool beats(const T& a, const T& b) { return Which == Extreme::highest ? a > b : a < b; }
  struct Item {
    std::int64_t cell = 0;
    T value{};
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.cell, self.value);
    }
  };
  std::int64_t window_;
  Ring<Item> items_;
};

/// The last `size` samples, newest at 0; older ones fall off.
template <class T, std::size_t Size>
class RecentSamples {
 public:
  void add(const T& sample) {
    next_ = next_ + 1 == Size ? 0 : next_ + 1;
    samples_[next_] = sample;
    if (count_ < Size) ++count_;
    ++total_;
  }
  void clear() { count_ = 0; }
  std::size_t count() const { return count_; }
  /// Samples ever added: changes exactly when the content does.
  std::int64_t total() const { return total_; }
  const T& operator[](std::size_t age) const {
    MLBOT_ASSERT(age < count_);
    return samples_[next_ >= age ? next_ - age : next_ + Size - age];
  }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.samples_, self.next_, self.count_, self.total_);
    visit.require(self.next_ < Size && self.count_ <= Size);
  }

 private:
  std::array<T, Size> samples_{};
  std::size_t next_ = 0, count_ = 0;
  std::int64_t total_ = 0;
};

}  // namespace mlbot::core
