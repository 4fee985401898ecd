// What a client asks: bodies of order requests from domain commands, and query strings.
//
// Decimals are exact text on the instrument's grid. `instrument` is the one that the command names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/command.h"

namespace mlbot::venue::bybit {

/// A market order with a price is sent as Limit IOC at that price: the venue ignores the price of its own
/// Market orders, and the collar must hold. The stop is attached as a full-position stop on mark price.
std::string encode_place(const PlaceOrder& order, const Instrument& instrument);
std::string encode_amend(const AmendOrder& order, const Instrument& instrument);
/// By our id; by the venue's when ours is empty.
std::string encode_cancel(const CancelOrder& order, const Instrument& instrument);
/// Orders only: stops and take-profits of a position stay.
std::string encode_cancel_all(const CancelAllOrders& orders, const Instrument& instrument);
/// A stop of 0 ticks removes it.
std::string encode_position_stop(const SetPositionStop& stop, const Instrument& instrument);
std::string encode_leverage(const Instrument& instrument, E8 leverage);

/// Builds a query string; names and values are percent-encoded, cursors are not: the venue hands them out
/// encoded.
class QueryText {
 public:
  QueryText& add(std::string_view name, std::string_view value);
  QueryText& add(std::string_view name, std::int64_t value);
  QueryText& cursor(std::string_view as_received);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace mlbot::venue::bybit
