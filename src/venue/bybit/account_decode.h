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
FastExecution read_fast(Row& row, const Instrument& instrument);
PositionNews read_position(Row& row, const Instrument& instrument, NewsSource source);
/// Nothing when the row lists no USDT: only changed coins are listed.
std::optional<WalletNews> read_wallet(Row& row, NewsSource source);

/// Reads every row of `list` that is ours into `out`; returns how many were not.
template <class Read>
std::uint32_t read_rows(const dom::array& list, std::string_view place, const InstrumentTable& table,
                        Reading& reading, std::vector<Event>& out, std::size_t& rows, Read&& read) {
  std::uint32_t foreign = 0;
  each_object(list, place, reading, [&](const dom::object& object, std::size_t index) {
    ++rows;
    Row row{object, place, index, reading};
    const InstrumentTable::Entry* entry = entry_of_row(row, table);
    if (entry == nullptr) {
      ++foreign;
    } else {
      out.push_back(read(row, entry->instrument));
    }
  });
  return foreign;
}

}  // namespace mlbot::venue::bybit
