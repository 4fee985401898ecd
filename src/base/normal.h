// The normal distribution, with the same bits everywhere: what is built on base/exact_math.h and +, -, *, /.
#pragma once

namespace mlbot {

/// Density at x of mean 0 and deviation 1.
double normal_density(double x);
/// P(X <= x), to about 1e-15 of itself (rational form of Hart 5666, continued fraction in the far tail).
double normal_cdf(double x);
/// The x of which normal_cdf(x) is p, to about 1e-14. @pre 0 < p < 1
double normal_quantile(double p);

}  // namespace mlbot
