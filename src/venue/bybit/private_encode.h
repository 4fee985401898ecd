// The private stream as the venue writes it: order, execution, position and wallet with all their keys,
// fillers where nothing is known. Numbers drop trailing zeros, as recorded.
#pragma once

#include <span>
#include <string>

#include "venue/bybit/account_rows.h"
#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit {

/// `id` and `topic` as the venue sends them: topic is the one that was subscribed.
struct PrivateFrame {
  std::string_view id;
  std::string_view topic;
  Instant created_at;
};
void encode_orders(const PrivateFrame& frame, std::span<const OrderRow> rows, const InstrumentTable& table,
                   std::string& out);
void encode_executions(const PrivateFrame& frame, std::span<const ExecutionRow> rows,
                       const InstrumentTable& table, std::string& out);
/// execution.fast: no id, no fees; the caller has blanked what the venue leaves out.
void encode_fast_executions(const PrivateFrame& frame, std::span<const FastExecution> rows,
                            const InstrumentTable& table, std::string& out);
void encode_positions(const PrivateFrame& frame, std::span<const PositionRow> rows,
                      const InstrumentTable& table, std::string& out);
void encode_wallet(const PrivateFrame& frame, const WalletRow& row, std::string& out);

}  // namespace mlbot::venue::bybit
