#include "shell/exchange/risk_figures.h"

namespace mlbot::shell {
namespace {

constexpr double adl_trigger = -0.3, adl_stop = -0.25;  // of the fund's drawdown, as the venue prints them

}  // namespace

PriceLimit price_limit_of(const sim::Exchange& exchange, const Instrument& instrument) {
  const auto limits = exchange.price_limits(instrument.id);
  return {instrument.id, instrument.price(limits.highest_bid), instrument.price(limits.lowest_ask)};
}

std::vector<InsurancePool> insurance_pools(const sim::Exchange& exchange) {
  std::vector<InsurancePool> out;
  for (const auto& instrument : exchange.instruments())
    out.push_back({instrument.id, exchange.insurance_fund(), exchange.now()});
  return out;
}

std::vector<AdlAlert> adl_alerts(const sim::Exchange& exchange) {
  std::vector<AdlAlert> out;
  const auto money = exchange.venue_money();
  const double balance = to_double(money.insurance_fund), peak = to_double(money.insurance_fund_peak);
  for (const auto& instrument : exchange.instruments()) {
    out.push_back({.symbol = instrument.id,
                   .balance = balance,
                   .drawdown = peak > 0 ? (balance - peak) / peak : 0,
                   .trigger = adl_trigger,
                   .stop = adl_stop});
  }
  return out;
}

}  // namespace mlbot::shell
