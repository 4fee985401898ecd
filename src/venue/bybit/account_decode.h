// One row of an order, execution, position or wallet, as the private stream and REST lists show it. For this
// folder's decoders only.
#pragma once

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/json_reader.h"

namespace mlbot::venue::bybit {

/// The contract that a row speaks of; null when the row is not ours: another category, or a symbol not in the
/// table.
const InstrumentTable::Entry* entry_of_row(Row& row, const InstrumentTable& table);

OrderNews read_order(Row& row, const Instrument& instrument, NewsSource source);
Execution read_execution(Row& row, const Instrument& instrument, NewsSource source);
PositionNews read_position(Row& row, const Instrument& instrument, NewsSource source);
/// Nothing when the row lists no USDT: only changed coins are listed.
std::optional<WalletNews> read_wallet(Row& row, NewsSource source);

/// Reads every row of `list` that is ours into `out`; returns how many were not.
template <class Read>
std::uint32_t read_rows(ondemand::array list, std::string_view place, const InstrumentTable& table,
                        Reading& reading, std::vector<Event>& out, std::size_t& rows, Read&& read) {
  std::uint32_t foreign = 0;
  for (auto item : list) {
    ondemand::object object;
    if (const auto error = item.get_object().get(object)) {
      reading.fail(std::string{place}, error);
      return foreign;
    }
    Row row{object, place, rows++, reading};
    const InstrumentTable::Entry* entry = entry_of_row(row, table);
    if (!reading.ok()) return foreign;
    if (entry == nullptr) {
      ++foreign;
      continue;
    }
    out.push_back(read(row, entry->instrument));
    if (!reading.ok()) return foreign;
  }
  return foreign;
}

}  // namespace mlbot::venue::bybit
