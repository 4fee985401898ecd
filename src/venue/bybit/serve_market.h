// REST results of the market that only the venue's side writes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/event.h"
#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit {

/// @param trades  oldest first, as we keep them; written newest first.
std::string recent_trades_result(const Instrument& instrument, std::span<const Trade> trades);

/// A candle of a price that nobody trades: mark, index, premium.
struct ServedBar {
  Instant start;
  E8 open, high, low, close;
};
/// Bars oldest first, as we keep them; written newest first.
std::string price_kline_result(const Instrument& instrument, std::span<const ServedBar> bars);

struct FundingRate {
  Instant at;
  E8 rate;
};
/// Newest first.
std::string funding_history_result(const Instrument& instrument, std::span<const FundingRate> rates);

struct OpenInterest {
  Instant at;
  E8 base_coins;  ///< both sides
};
/// Newest first.
std::string open_interest_result(const Instrument& instrument, std::span<const OpenInterest> list,
                                 std::string_view cursor);

std::string price_limit_result(const Instrument& instrument, const PriceLimit& limit, Instant at);
std::string insurance_result(const InstrumentTable& table, std::span<const InsurancePool> pools);
std::string adl_alert_result(const InstrumentTable& table, std::span<const AdlAlert> alerts, double threshold,
                             Instant at);
/// Nobody counts heads here: both halves are equal.
std::string account_ratio_result(const Instrument& instrument, std::span<const Instant> times,
                                 std::string_view cursor);

}  // namespace mlbot::venue::bybit
