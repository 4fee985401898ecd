#include "base/normal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mlbot {
namespace {

TEST(Normal, TheTableInEveryBookOfStatistics) {
  EXPECT_NEAR(normal_cdf(0), 0.5, 1e-15);
  EXPECT_NEAR(normal_cdf(1), 0.841344746068543, 1e-14);
  EXPECT_NEAR(normal_cdf(-1.959963984540054), 0.025, 1e-14);
  EXPECT_NEAR(normal_cdf(-8) / 6.220960574271786e-16, 1, 1e-6);
  EXPECT_EQ(normal_cdf(-40), 0);
  EXPECT_EQ(normal_cdf(40), 1);
  EXPECT_NEAR(normal_density(0), 0.3989422804014327, 1e-15);
}

TEST(Normal, AgreesWithTheErrorFunctionOfTheLibrary) {
  for (double x = -7.9; x < 8; x += 0.1)
    EXPECT_NEAR(normal_cdf(x), 0.5 * std::erfc(-x / std::sqrt(2.0)), 2e-15) << x;
}

TEST(Normal, AQuantileIsTheWayBack) {
  for (const double p : {1e-6, 0.01, 0.5, 0.9, 0.975, 0.9999})
    EXPECT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-14) << p;
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
}

}  // namespace
}  // namespace mlbot
