#include "base/normal.h"

#include <cmath>

#include "base/assert.h"
#include "base/exact_math.h"

namespace mlbot {
namespace {

constexpr double root_of_two_pi = 2.5066282746310002;
constexpr double far_tail = 7.07106781186547;  ///< from here on the continued fraction is the better one
constexpr double nothing_left = 37;            ///< exp underflows
constexpr int halvings = 60;                   ///< of an interval 16 wide: below the spacing of doubles

/// P(X > x) of x >= 0.
double upper_tail(double x) {
  if (x > nothing_left) return 0;
  const double e = exact::exp(-0.5 * x * x);
  if (x >= far_tail) {
    double b = x + 0.65;
    for (const double k : {4.0, 3.0, 2.0, 1.0}) b = x + k / b;
    return e / b / root_of_two_pi;
  }
  double above = 3.52624965998911e-2;
  for (const double c : {0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
                         221.213596169931, 220.206867912376})
    above = above * x + c;
  double below = 8.83883476483184e-2;
  for (const double c : {1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
                         637.333633378831, 793.826512519948, 440.413735824752})
    below = below * x + c;
  return e * above / below;
}

}  // namespace

double normal_density(double x) { return exact::exp(-0.5 * x * x) / root_of_two_pi; }

double normal_cdf(double x) { return x > 0 ? 1 - upper_tail(x) : upper_tail(-x); }

double normal_quantile(double p) {
  MLBOT_ASSERT(p > 0 && p < 1);
  double low = -8, high = 8;
  for (int i = 0; i < halvings; ++i) {
    const double middle = 0.5 * (low + high);
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace mlbot
