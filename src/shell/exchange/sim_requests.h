// What a client asked in the venue's words, as the exchange takes it.
#pragma once

#include "sim/exchange.h"
#include "venue/bybit/request_decode.h"

namespace mlbot::shell {

sim::OrderRequest sim_request(const venue::bybit::PlaceRequest& request);
sim::Amendment sim_request(const venue::bybit::AmendRequest& request);
/// Views into `request`.
sim::CancelScope sim_request(const venue::bybit::CancelAllRequest& request);
sim::StopRequest sim_request(const venue::bybit::TradingStopRequest& request);

/// Nothing when the book has no such level.
std::optional<PriceTicks> price_from_book(const sim::Exchange& exchange,
                                          const venue::bybit::PlaceRequest& request,
                                          const venue::bybit::BestPriceRequest& best);

}  // namespace mlbot::shell
