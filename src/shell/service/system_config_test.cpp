#include "shell/service/system_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mlbot::shell {
namespace {

class Config : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() /
             ("config_" + std::to_string(::getpid()) +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml"))
                .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& text) { std::ofstream{path_} << text; }
  std::string error_of(const std::string& text) {
    write(text);
    const auto config = DynamicSystemConfig::load({.file = path_});
    if (config) return "no error";
    return config.error().what.substr(config.error().what.find(path_) == 0 ? path_.size() : 0);
  }
  std::string path_;
};

TEST_F(Config, ErrorsNameThePlaceAndTheRemedy) {
  EXPECT_EQ(error_of("[risk]\ndaily_los_usdt = 5.0\n"),
            ":2:1: unknown key risk.daily_los_usdt; did you mean risk.daily_loss_usdt?");
  EXPECT_EQ(error_of("[risk]\nmax_open_orders = \"many\"\n"),
            ":2:19: risk.max_open_orders must be a whole number");
  EXPECT_EQ(error_of("[risk]\nmax_open_orders = 0\n"),
            ":2:19: risk.max_open_orders is 0, allowed are 1 to 500");
  EXPECT_EQ(error_of("[bot]\nmode = \"lvie\"\n"),
            ":2:8: bot.mode is \"lvie\", allowed are paper, shadow, live");
  EXPECT_EQ(error_of("mode = \"paper\"\n"), ":1:1: mode stands outside a [section]");
  EXPECT_EQ(error_of("[decision]\nsides = []\n"), ":2:9: decision.sides must not be empty");
  EXPECT_NE(error_of("[risk\n").find(":1:"), std::string::npos);
  const auto missing = DynamicSystemConfig::load({.file = "/nonexistent.toml"});
  EXPECT_NE(missing.error().what.find("config init"), std::string::npos);
}

TEST_F(Config, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  write("[risk]\ndaily_loss_usdt = 50\nmax_open_orders = 7\n[decision]\nmin_edge_bps = 3\n");
  const char* environment[] = {"PATH=/bin", "MLBOT__RISK__MAX_OPEN_ORDERS=8",
                               "MLBOT__DECISION__MIN_EDGE_BPS=4", nullptr};
  const auto config = DynamicSystemConfig::load({.file = path_,
                                                 .environment = overrides_from_environment(environment),
                                                 .flags = {{"decision.min_edge_bps", "5"}}});
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->current().risk.daily_loss.count, 50 * e8_per_unit);
  EXPECT_EQ(config->current().risk.max_open_orders, 8u);
  EXPECT_EQ(config->current().decision.min_edge_bps, 5);
  EXPECT_EQ(config->current().symbols, (std::vector<std::string>{"BTCUSDT", "ETHUSDT"}));
  for (const auto& entry : config->effective()) {
    if (entry.key->key == "daily_loss_usdt") {
      EXPECT_EQ(entry.origin, "file " + path_ + ":2");
    }
    if (entry.key->key == "max_open_orders") {
      EXPECT_EQ(entry.origin, "environment MLBOT__RISK__MAX_OPEN_ORDERS");
    }
    if (entry.key->key == "min_edge_bps") {
      EXPECT_EQ(entry.origin, "flag");
    }
  }
}

TEST_F(Config, AReloadChangesOnlyWhatMayChangeAndNothingOnError) {
  write("[risk]\nmax_open_orders = 7\n");
  auto config = DynamicSystemConfig::load({.file = path_});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->version(), 1u);
  write("[risk]\nmax_open_orders = 9\n[ui]\nlisten = \"127.0.0.1:9999\"\n");
  const auto differences = config->reload();
  ASSERT_TRUE(differences);
  ASSERT_EQ(differences->size(), 2u);
  EXPECT_EQ((*differences)[0].after, "9");
  EXPECT_TRUE((*differences)[1].needs_restart);
  EXPECT_EQ(config->current().risk.max_open_orders, 9u);
  EXPECT_EQ(config->current().listen, "127.0.0.1:8787");
  EXPECT_EQ(config->version(), 2u);
  write("[risk]\nmax_open_orders = true\n");
  EXPECT_FALSE(config->reload());
  EXPECT_EQ(config->current().risk.max_open_orders, 9u);
  EXPECT_EQ(config->version(), 2u);
}

TEST_F(Config, TheDefaultFileIsValidAndChangesNothing) {
  write(default_config_toml());
  const auto written = DynamicSystemConfig::load({.file = path_});
  ASSERT_TRUE(written) << written.error().what;
  const auto plain = DynamicSystemConfig::load({});
  for (std::size_t i = 0; i < plain->effective().size(); ++i)
    EXPECT_EQ(written->effective()[i].value, plain->effective()[i].value);
  EXPECT_EQ(plain->current().risk, RiskLimits{});
  EXPECT_EQ(plain->current().decision, DecisionSettings{});
}

}  // namespace
}  // namespace mlbot::shell
