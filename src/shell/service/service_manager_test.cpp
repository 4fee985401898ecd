#include "shell/service/service_manager.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

Service noting(std::string name, std::vector<std::string>& log, bool fails = false) {
  return {name,
          [&log, name, fails]() -> std::optional<ServiceError> {
            log.push_back("start " + name);
            return fails ? std::optional{ServiceError{"port busy"}} : std::nullopt;
          },
          [&log, name] { log.push_back("stop " + name); }};
}

TEST(ServiceManager, StopsInReverseAndAlsoAfterAFailedStart) {
  std::vector<std::string> log;
  ServiceManager manager;
  manager.add(noting("journal", log));
  manager.add(noting("core", log));
  manager.add(noting("page", log, true));
  const auto error = manager.start_all();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->what, "page: port busy");
  EXPECT_EQ(log, (std::vector<std::string>{"start journal", "start core", "start page", "stop core",
                                           "stop journal"}));
}

TEST(ServiceManager, HealthIsWhatWasDoneNotWhatWasSaid) {
  std::vector<std::string> log;
  ServiceManager manager;
  auto& progress = manager.add(noting("core", log));
  ASSERT_FALSE(manager.start_all());
  EXPECT_EQ(manager.observe(Instant::from_seconds(1))[0].health, Health::starting);
  progress.add(3);
  EXPECT_EQ(manager.observe(Instant::from_seconds(2))[0].health, Health::healthy);
  EXPECT_EQ(manager.observe(Instant::from_seconds(7))[0].health, Health::healthy);
  EXPECT_EQ(manager.observe(Instant::from_seconds(8))[0].health, Health::stalled);
  progress.add();
  EXPECT_EQ(manager.observe(Instant::from_seconds(9))[0].health, Health::healthy);
  manager.stop_all();
  EXPECT_EQ(manager.observe(Instant::from_seconds(10))[0].health, Health::stopped);
  EXPECT_EQ(log.back(), "stop core");
}

TEST(ServiceManager, AServiceThatNeverMovesIsStalled) {
  std::vector<std::string> log;
  ServiceManager manager;
  manager.add(noting("core", log));
  ASSERT_FALSE(manager.start_all());
  manager.observe(Instant::from_seconds(1));
  EXPECT_EQ(manager.observe(Instant::from_seconds(7))[0].health, Health::stalled);
}

}  // namespace
}  // namespace mlbot::shell
