// What a client asks: bodies of order requests from domain commands, and query strings.
//
// Decimals are exact text on the instrument's grid. `instrument` is the one that the command names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/command.h"
#include "venue/bybit/instrument_table.h"

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

/// One call as it goes out. What is signed is `payload`, byte for byte: signing_string(timestamp, key,
/// window, payload). Every request of the client is made here or in rest_questions.h.
struct Request {
  std::string_view path;  ///< one of path::
  std::string payload;    ///< the query string without '?', or the body
  bool post = false;
  bool is_signed = true;

  std::string_view method() const { return post ? "POST" : "GET"; }
  std::string target() const;
  std::string_view body() const { return post ? std::string_view{payload} : std::string_view{}; }
};
/// The call that carries out a command. QueryOrder: the first of its three questions. Nothing for
/// QueryAccount, which is four lists, and for ResubscribeBook, which is a stream's.
/// @param table  knows the command's symbol.
std::optional<Request> request_of(const Command& command, const InstrumentTable& table);

/// The batch form of create, amend or cancel; "" for another path.
std::string_view batch_path(std::string_view single_path);
/// Largest batch that every page of the documentation allows.
inline constexpr std::size_t batch_orders_max = 10;
/// {"category":"linear","request":[...]} of bodies made here by encode_place, encode_amend or encode_cancel.
std::string encode_batch(std::span<const std::string_view> bodies);

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
