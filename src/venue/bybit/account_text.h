// One row of an order, execution, position or wallet as JSON text, for the private stream and for REST lists.
// For this folder's encoders only.
#pragma once

#include <string>

#include "domain/instrument.h"
#include "venue/bybit/account_rows.h"

namespace mlbot::venue::bybit {

/// The stream says `category` in each row and calls the average entry `entryPrice`; REST says `avgPrice`.
enum class RowHome : std::uint8_t { stream, rest };

std::string order_text(const OrderRow& row, const Instrument& instrument, RowHome home);
std::string execution_text(const ExecutionRow& row, const Instrument& instrument, RowHome home);
std::string position_text(const PositionRow& row, const Instrument& instrument, RowHome home);
std::string wallet_text(const WalletRow& row);

}  // namespace mlbot::venue::bybit
