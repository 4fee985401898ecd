#include "lab/mirror.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/features/feature_hub.h"

namespace mlbot::lab {
namespace {

TEST(Mirror, TwiceIsTheRowAgainForTheWholeCatalogue) {
  std::vector<std::string_view> codes;
  for (const auto& spec : core::feature_catalogue()) codes.push_back(spec.mirror);
  const auto rules = mirror_rules(codes);
  ASSERT_TRUE(rules) << rules.error();
  std::vector<float> row(codes.size()), once(codes.size()), twice(codes.size());
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i) - 70.5F;
  row[5] = std::numeric_limits<float>::quiet_NaN();
  mirror(*rules, row, once);
  mirror(*rules, once, twice);
  for (std::size_t i = 0; i < row.size(); ++i)
    EXPECT_TRUE(twice[i] == row[i] || (std::isnan(twice[i]) && std::isnan(row[i]))) << i + 1;
  EXPECT_EQ(once[0], -row[0]) << "a return changes its sign";
  EXPECT_EQ(once[84], row[87]) << "liquidated longs become liquidated shorts";
}

TEST(Mirror, ACodeThatLeadsNowhereIsNamed) {
  EXPECT_EQ(mirror_rules(std::vector<std::string_view>{"E", "Q"}).error(),
            "row 2: mirror code Q is none of E, O, P(id), N(id)");
  EXPECT_FALSE(mirror_rules(std::vector<std::string_view>{"P(3)", "E"}));
  EXPECT_EQ(mirror_rules(std::vector<std::string_view>{"P(2)", "E"}).error(),
            "row 1: its mirror is row 2, whose mirror is not row 1 again");
}

}  // namespace
}  // namespace mlbot::lab
