#include "sim/instruments.h"

namespace mlbot::sim {
namespace {

constexpr E8 e8_of(double value) { return {static_cast<std::int64_t>(value * 1e8 + 0.5)}; }

Instrument contract(std::uint16_t index, SymbolName name, double tick, double lot,
                    std::int64_t limit_max_lots, std::int64_t market_max_lots, std::int64_t leverage_max,
                    double maintenance_rate) {
  Instrument out;
  out.id = SymbolId{index};
  out.name = name;
  out.tick_size = e8_of(tick);
  out.lot_step = e8_of(lot);
  out.min_order = Lots{1};
  out.max_limit_order = Lots{limit_max_lots};
  out.max_market_order = Lots{market_max_lots};
  out.min_notional = E8{5 * e8_per_unit};
  out.max_leverage = E8{leverage_max * e8_per_unit};
  out.maintenance_margin = e8_of(maintenance_rate);
  return out;
}

}  // namespace

std::vector<Instrument> default_instruments() {
  return {contract(0, "BTCUSDT", 0.1, 0.001, 1'190'000, 500'000, 100, 0.005),
          contract(1, "ETHUSDT", 0.01, 0.01, 724'000, 220'000, 100, 0.005)};
}

std::vector<Instrument> recorded_instruments() {
  return {contract(0, "AVAXUSDT", 0.001, 0.1, 1'000'000, 200'000, 50, 0.01),
          contract(1, "DOGEUSDT", 0.00001, 1, 20'000'000, 5'000'000, 75, 0.01)};
}

std::string_view base_coin(const Instrument& instrument) {
  std::string_view name = instrument.name.view();
  for (const std::string_view tail : {"USDT", "PERP"}) {
    if (name.size() > tail.size() && name.ends_with(tail)) name.remove_suffix(tail.size());
  }
  return name;
}

std::string_view settle_coin(const Instrument& instrument) {
  return instrument.name.view().ends_with("PERP") ? "USDC" : "USDT";
}

}  // namespace mlbot::sim
