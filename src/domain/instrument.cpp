#include "domain/instrument.h"

namespace mlbot {

std::optional<PriceTicks> Instrument::ticks(E8 price) const {
  if (price.count % tick_size.count != 0) return std::nullopt;
  return PriceTicks{price.count / tick_size.count};
}

std::optional<Lots> Instrument::lots(E8 size) const {
  if (size.count % lot_step.count != 0) return std::nullopt;
  return Lots{size.count / lot_step.count};
}

std::optional<PriceTicks> Instrument::ticks(std::string_view text) const {
  const auto value = parse_e8(text);
  return value ? ticks(*value) : std::nullopt;
}

std::optional<Lots> Instrument::lots(std::string_view text) const {
  const auto value = parse_e8(text);
  return value ? lots(*value) : std::nullopt;
}

int Instrument::price_decimals() const {
  int decimals = 8;
  for (std::int64_t step = tick_size.count; decimals > 0 && step % 10 == 0; step /= 10) --decimals;
  return decimals;
}

}  // namespace mlbot
