// The exchange's rows and news as the venue's dialect shows them.
#pragma once

#include "sim/exchange.h"
#include "venue/bybit/account_rows.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/serve_account.h"

namespace mlbot::shell {

venue::bybit::OrderRow venue_row(const sim::OrderRow& row, const Instrument& instrument, NewsSource source);
venue::bybit::ExecutionRow venue_row(const sim::ExecutionRow& row, NewsSource source);
venue::bybit::PositionRow venue_row(const sim::PositionRow& row, NewsSource source);
venue::bybit::WalletRow venue_row(const sim::WalletRow& row, NewsSource source);

venue::bybit::RiskTierRow venue_row(const sim::RiskTier& tier, SymbolId symbol);
venue::bybit::ServedClosedPnl venue_row(const sim::ClosedPnlRow& row);
/// @param user  number of the account in the dialect, part of the row's id
venue::bybit::ServedTransaction venue_row(const sim::TransactionRow& row, const Instrument& instrument,
                                          std::uint64_t user);

/// The whole ticker, as a snapshot.
venue::bybit::TickerRow ticker_row(const sim::Exchange& exchange, const Instrument& instrument);

}  // namespace mlbot::shell
