// The one family of transcendental functions: how near to the truth it is, and that its bits are always
// these.
#include "base/exact_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "base/prng.h"
#include "base/state_hash.h"

namespace mlbot {
namespace {

constexpr int inputs = 100'000;

/// Inputs of every size that the house uses, the same on every machine: no function of the C library makes
/// them.
std::vector<double> arguments(std::string_view name, double widest) {
  Prng random = Prng::stream(1, name);
  std::vector<double> out;
  for (int n = 0; n < inputs; ++n) {
    const double magnitude = widest / static_cast<double>(std::uint64_t{1} << random.below(40));
    out.push_back((2 * random.uniform() - 1) * magnitude);
  }
  return out;
}
std::vector<double> positive(std::vector<double> values) {
  for (double& x : values) x = std::abs(x) + 1e-300;
  return values;
}

/// Largest distance from the value in long double, in units of the last place of the result.
template <class Ours, class Truth>
double worst_ulp(const std::vector<double>& values, Ours ours, Truth truth) {
  double worst = 0;
  for (const double x : values) {
    const long double expected = truth(static_cast<long double>(x));
    const double rounded = static_cast<double>(expected);
    const double place = std::nextafter(std::abs(rounded), HUGE_VAL) - std::abs(rounded);
    worst = std::max(worst, std::abs(static_cast<double>((static_cast<long double>(ours(x)) - expected) /
                                                         static_cast<long double>(place))));
  }
  return worst;
}

template <class Function>
std::uint64_t digest(const std::vector<double>& values, Function function) {
  StateHash hash;
  for (const double x : values) hash.add(function(x));
  return hash.value();
}

const std::vector<double> exponents = arguments("exp", 700), angles = arguments("sin", 50),
                          sizes = positive(arguments("log", 1e12)), bends = arguments("tanh", 20);

TEST(ExactMath, IsWithinOneUnitOfTheLastPlace) {
  EXPECT_LE(worst_ulp(exponents, exact::exp, [](long double x) { return expl(x); }), 1.0);
  EXPECT_LE(worst_ulp(sizes, exact::log, [](long double x) { return logl(x); }), 1.0);
  EXPECT_LE(worst_ulp(angles, exact::sin, [](long double x) { return sinl(x); }), 1.0);
  EXPECT_LE(worst_ulp(angles, exact::cos, [](long double x) { return cosl(x); }), 1.0);
  EXPECT_LE(worst_ulp(bends, exact::tanh, [](long double x) { return tanhl(x); }), 1.0);
  for (const double power : {0.5, 1.5, -2.25, 7.0})
    EXPECT_LE(worst_ulp(
                  positive(bends), [=](double x) { return exact::pow(x, power); },
                  [=](long double x) { return powl(x, power); }),
              1.0);
}

TEST(ExactMath, GivesTheseBitsOnEveryMachineAndWithEveryCompiler) {
  EXPECT_EQ(digest(exponents, exact::exp), 0x1eb0f9d008326fe7u);
  EXPECT_EQ(digest(sizes, exact::log), 0xc4080326cfd6e33du);
  EXPECT_EQ(digest(angles, exact::sin), 0x101526956f6d7662u);
  EXPECT_EQ(digest(angles, exact::cos), 0x2284cb9f32bdf47bu);
  EXPECT_EQ(digest(bends, exact::tanh), 0x01510bffb7f9bf48u);
  EXPECT_EQ(digest(positive(bends), [](double x) { return exact::pow(x, 1.7); }), 0x5614bd36ff2152e6u);
}

TEST(ExactMath, SeveralAtOnceAreTheSameBits) {
  const auto same = [](std::vector<double> values, auto each, auto one) {
    for (const double odd :
         {0.0, -0.0, 1.0, -1.0, 1e-310, 1e300, 750.0, -750.0, HUGE_VAL, -HUGE_VAL, std::nan("")})
      values.push_back(odd);
    for (const std::size_t count : {values.size(), std::size_t{7}, std::size_t{1}, std::size_t{0}}) {
      std::vector<double> together{values.end() - static_cast<std::ptrdiff_t>(count), values.end()};
      const std::vector<double> alone = together;
      each(std::span{together});
      for (std::size_t i = 0; i < count; ++i) {
        const double expected = one(alone[i]);
        ASSERT_TRUE(std::bit_cast<std::uint64_t>(together[i]) == std::bit_cast<std::uint64_t>(expected) ||
                    (std::isnan(together[i]) && std::isnan(expected)))
            << alone[i];
      }
    }
  };
  same(exponents, exact::exp_each, exact::exp);
  same(sizes, exact::log_each, exact::log);
  same(angles, exact::sin_each, exact::sin);
  same(angles, exact::cos_each, exact::cos);
}

}  // namespace
}  // namespace mlbot
