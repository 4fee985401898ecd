#include "shell/exchange/faults.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

FaultPlan plan_of(std::initializer_list<std::string_view> texts) {
  FaultPlan plan;
  for (const auto text : texts) EXPECT_TRUE(add_fault(plan, text)) << text;
  return plan;
}

TEST(Faults, are_read_as_the_help_writes_them) {
  const auto plan = plan_of({"drop=0.01", "lost_answer=1*3", "delay=0.05:250ms", "clock=-1500ms"});
  ASSERT_EQ(plan.rules.size(), 3u);
  EXPECT_EQ(plan.rules[0].fault, Fault::drop);
  EXPECT_DOUBLE_EQ(plan.rules[0].rate, 0.01);
  EXPECT_EQ(plan.rules[1].at_most, 3u);
  EXPECT_EQ(plan.rules[2].longest, 250ms);
  EXPECT_EQ(plan.clock_offset, -1500ms);
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_NE(fault_help().find(to_string(static_cast<Fault>(i))), std::string::npos);
}

TEST(Faults, what_makes_no_sense_names_what_there_is) {
  for (const auto* text : {"storm=1", "drop", "drop=", "drop=2", "drop=-1", "drop=nan", "drop=0.1*many",
                           "delay=0.1:soon", "clock=late", "delay=0.1:-5ms"}) {
    FaultPlan plan;
    const auto added = add_fault(plan, text);
    ASSERT_FALSE(added) << text;
    EXPECT_NE(added.error().find(text), std::string::npos);
    EXPECT_TRUE(plan.rules.empty());
  }
}

TEST(Faults, strike_as_often_as_asked_and_are_counted) {
  Faults faults{plan_of({"lost_answer=1*3", "drop=0.25"})};
  int lost = 0, dropped = 0;
  for (int i = 0; i < 10'000; ++i) {
    lost += faults.strikes(Fault::lost_answer);
    dropped += faults.strikes(Fault::drop);
    EXPECT_FALSE(faults.strikes(Fault::cut)) << "not in the plan";
  }
  EXPECT_EQ(lost, 3);
  EXPECT_NEAR(dropped, 2500, 200);
  EXPECT_EQ(faults.count(Fault::lost_answer), 3u);
  EXPECT_NE(faults.summary().find("lost_answer 3"), std::string::npos) << faults.summary();
}

TEST(Faults, come_from_the_seed_and_do_not_move_one_another) {
  const auto draws = [](Faults faults, bool others) {
    std::vector<bool> out;
    for (int i = 0; i < 200; ++i) {
      if (others) (void)faults.strikes(Fault::duplicate);
      out.push_back(faults.strikes(Fault::drop));
    }
    return out;
  };
  const auto plan = plan_of({"drop=0.5", "duplicate=0.5"});
  EXPECT_EQ(draws(Faults{plan}, false), draws(Faults{plan}, true));
  auto other = plan;
  other.seed = 2;
  EXPECT_NE(draws(Faults{plan}, false), draws(Faults{other}, false));
}

}  // namespace
}  // namespace mlbot::shell
