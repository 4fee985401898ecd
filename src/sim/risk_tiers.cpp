#include "sim/risk_tiers.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace mlbot::sim {
namespace {

/// Thousands of quote units, maintenance rate and initial rate in 1/10000, leverage in 1/100.
struct Recorded {
  std::int64_t limit_thousands, maintenance_e4, initial_e4, leverage_e2;
};
constexpr std::array<Recorded, 35> btcusdt{{
    {2'000, 50, 100, 10'000},     {2'600, 56, 111, 9'000},         {3'200, 63, 125, 8'000},
    {3'800, 67, 133, 7'500},      {4'400, 71, 143, 7'000},         {5'000, 77, 154, 6'500},
    {5'600, 91, 182, 5'500},      {8'500, 100, 200, 5'000},        {10'000, 130, 222, 4'500},
    {14'000, 150, 250, 4'000},    {20'000, 160, 286, 3'500},       {28'000, 200, 333, 3'000},
    {38'000, 250, 400, 2'500},    {50'000, 290, 500, 2'000},       {55'000, 300, 526, 1'900},
    {60'000, 350, 556, 1'800},    {65'000, 360, 588, 1'700},       {70'000, 380, 625, 1'600},
    {75'000, 400, 667, 1'500},    {80'000, 450, 714, 1'400},       {85'000, 500, 769, 1'300},
    {90'000, 550, 833, 1'200},    {95'000, 600, 909, 1'100},       {100'000, 650, 1'000, 1'000},
    {105'000, 700, 1'111, 900},   {110'000, 850, 1'250, 800},      {115'000, 950, 1'429, 700},
    {120'000, 1'000, 1'667, 600}, {150'000, 1'200, 2'000, 500},    {200'000, 1'400, 2'500, 400},
    {250'000, 1'800, 3'333, 300}, {400'000, 3'000, 5'000, 200},    {600'000, 4'200, 6'993, 143},
    {800'000, 5'000, 7'813, 128}, {1'200'000, 6'000, 10'000, 100},
}};

std::vector<RiskTier> recorded_btcusdt() {
  std::vector<RiskTier> tiers;
  for (const Recorded& row : btcusdt) {
    tiers.push_back({.id = static_cast<std::int32_t>(tiers.size() + 1),
                     .limit_value = {row.limit_thousands * 1'000 * e8_per_unit},
                     .maintenance_rate = {row.maintenance_e4 * e8_per_unit / 10'000},
                     .initial_rate = {row.initial_e4 * e8_per_unit / 10'000},
                     .max_leverage = {row.leverage_e2 * e8_per_unit / 100},
                     .lowest = tiers.empty()});
  }
  return tiers;
}

}  // namespace

void deduct(std::vector<RiskTier>& tiers) {
  for (std::size_t i = 1; i < tiers.size(); ++i) {
    const E8 step = tiers[i].maintenance_rate - tiers[i - 1].maintenance_rate;
    tiers[i].mm_deduction = tiers[i - 1].mm_deduction + multiply(tiers[i - 1].limit_value, step);
  }
}

std::vector<RiskTier> risk_tiers_of(const Instrument& instrument) {
  // What a tier allows relative to the lowest: its limit as a multiple, its leverage as a divisor in tenths.
  struct Step {
    std::int64_t limit, leverage_divisor_tenths;
  };
  constexpr std::array<Step, 10> steps{
      {{1, 10}, {2, 12}, {3, 15}, {5, 20}, {8, 25}, {12, 30}, {20, 40}, {35, 50}, {60, 80}, {100, 160}}};
  constexpr std::int64_t lowest_limit = 200'000;  // as XRPUSDT's in 2022; ids like those of young symbols
  std::vector<RiskTier> tiers;
  const std::vector<RiskTier> recorded = recorded_btcusdt();
  const bool is_recorded = instrument.name.view() == "BTCUSDT" &&
                           instrument.max_leverage == recorded[0].max_leverage &&
                           instrument.maintenance_margin == recorded[0].maintenance_rate;
  if (is_recorded) {
    tiers = recorded;
  } else {
    for (const Step& step : steps) {
      constexpr std::int64_t leverage_step = e8_per_unit / 100;
      const std::int64_t allowed = instrument.max_leverage.count * 10 / step.leverage_divisor_tenths;
      const E8 leverage{std::max(allowed / leverage_step * leverage_step, e8_per_unit)};
      tiers.push_back(
          {.id = 1'000 + 20 * instrument.id.index + static_cast<std::int32_t>(tiers.size()),
           .limit_value = {lowest_limit * step.limit * e8_per_unit},
           .maintenance_rate = {instrument.maintenance_margin.count * step.leverage_divisor_tenths / 10},
           .initial_rate = {(e8_per_unit * e8_per_unit / leverage.count + 5'000) / 10'000 * 10'000},
           .max_leverage = leverage,
           .lowest = tiers.empty()});
    }
  }
  deduct(tiers);
  return tiers;
}

const RiskTier& tier_of(std::span<const RiskTier> tiers, E8 value) {
  MLBOT_ASSERT(!tiers.empty());
  const auto fits =
      std::ranges::find_if(tiers, [value](const RiskTier& tier) { return value <= tier.limit_value; });
  return fits == tiers.end() ? tiers.back() : *fits;
}

}  // namespace mlbot::sim
