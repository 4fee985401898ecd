#include "shell/exchange/risk_figures.h"

#include <algorithm>

namespace mlbot::shell {
namespace {

constexpr double adl_trigger = -0.3, adl_stop = -0.25;  // of the fund's drawdown, as the venue prints them

}  // namespace

/// Reference 15.6 without the premium.
PriceLimit price_limit_of(const sim::Exchange& exchange, const Instrument& instrument) {
  constexpr E8 narrow{1'000'000}, wide{2'000'000};  // X and Y: 1 and 2 percent
  const auto ticker = exchange.ticker(instrument.id);
  const E8 mark = ticker.mark_price, index = ticker.index_price;
  return {instrument.id,
          std::min(mark + multiply(mark, wide), std::max(index, mark + multiply(mark, narrow))),
          std::max(mark - multiply(mark, wide), std::min(index, mark - multiply(mark, narrow)))};
}

std::vector<InsurancePool> insurance_pools(const sim::Exchange& exchange) {
  std::vector<InsurancePool> out;
  for (const auto& instrument : exchange.instruments())
    out.push_back({instrument.id, exchange.insurance_fund(), exchange.now()});
  return out;
}

std::vector<AdlAlert> adl_alerts(const sim::Exchange& exchange) {
  std::vector<AdlAlert> out;
  for (const auto& instrument : exchange.instruments()) {
    out.push_back({.symbol = instrument.id,
                   .balance = to_double(exchange.insurance_fund()),
                   .drawdown = 0,
                   .trigger = adl_trigger,
                   .stop = adl_stop});
  }
  return out;
}

}  // namespace mlbot::shell
