#include "shell/difference_text.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

TEST(DifferenceText, NamesWhatDiffersAndBothFigures) {
  const std::vector<Instrument> instruments{
      {.id = {0}, .name = "BTCUSDT", .tick_size = {e8_per_unit / 10}, .lot_step = {e8_per_unit / 1'000}}};
  using core::AccountPart;
  EXPECT_EQ(difference_text({AccountPart::position, {0}, 3, -1, {}}, instruments),
            "BTCUSDT: we count 0.003, the venue says -0.001");
  EXPECT_EQ(difference_text({AccountPart::wallet, {}, 1'000 * e8_per_unit, 990 * e8_per_unit, {}}, {}),
            "wallet: our books say 1000, the venue says 990 USDT");
  EXPECT_EQ(difference_text({AccountPart::margin_mode,
                             {},
                             static_cast<std::int64_t>(MarginMode::cross),
                             static_cast<std::int64_t>(MarginMode::isolated),
                             {}},
                            {}),
            "margin mode: the run began with cross, now it is isolated");
  EXPECT_EQ(difference_text({AccountPart::price_band, {}, 1, 0, {}}, {}),
            "the venue now moves a price that lies outside its band, at the start it refused it");
}

}  // namespace
}  // namespace mlbot::shell
