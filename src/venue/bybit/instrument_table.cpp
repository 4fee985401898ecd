#include "venue/bybit/instrument_table.h"

#include <bit>

#include "base/digest.h"

namespace mlbot::venue::bybit {

Grid grid_of(E8 step) {
  MLBOT_ASSERT(step.count > 0);
  Grid grid{8, step.count};
  while (grid.decimals > 0 && grid.multiple % 10 == 0) {
    grid.multiple /= 10;
    --grid.decimals;
  }
  return grid;
}

InstrumentTable::InstrumentTable(std::span<const Instrument> instruments)
    : slots_(std::bit_ceil(2 * instruments.size() + 1), 0) {
  entries_.reserve(instruments.size());
  for (const Instrument& instrument : instruments) {
    MLBOT_ASSERT(instrument.id.index == entries_.size());
    MLBOT_ASSERT(find(instrument.name) == nullptr);
    entries_.push_back({instrument, grid_of(instrument.tick_size), grid_of(instrument.lot_step)});
    std::size_t slot = xxh64(instrument.name) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  }
}

const InstrumentTable::Entry* InstrumentTable::find(std::string_view name) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t slot = xxh64(name) & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == 0) return nullptr;
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.instrument.name.view() == name) return &entry;
  }
}

}  // namespace mlbot::venue::bybit
