#include "venue/bybit/venue_error.h"

#include <algorithm>
#include <iterator>

namespace mlbot::venue::bybit {
namespace {

using enum CodeClass;

constexpr CodeRow one(std::int32_t code, CodeClass code_class, std::string_view meaning) {
  return {code, code, code_class, meaning};
}
constexpr CodeRow table[]{
    one(0, accepted, "accepted"),
    one(10000, unknown, "timeout inside the venue"),
    one(10001, refused, "bad parameter, and many business rules"),
    one(10002, time, "timestamp outside the receive window"),
    one(10003, auth, "invalid key, or key of another environment"),
    one(10004, auth, "bad signature"),
    one(10005, auth, "no permission"),
    one(10006, rate, "rate limit of the account"),
    one(10007, auth, "authentication failed"),
    one(10008, auth, "account banned"),
    one(10009, auth, "address or region banned"),
    one(10010, auth, "address not bound to the key"),
    one(10014, failed, "duplicate request"),
    one(10016, unknown, "server error or restart"),
    one(10017, failed, "no such route"),
    one(10018, rate, "rate limit of the address"),
    one(10019, maintenance, "the order socket restarts: connect again"),
    one(10024, auth, "compliance rules"),
    one(10027, auth, "trading banned"),
    one(10028, auth, "only for unified accounts"),
    one(10029, refused, "symbol not on the key's list"),
    one(10403, rate, "over 3000 messages a second from this address"),
    one(10404, failed, "unknown op or category"),
    one(10429, rate, "protection of the order socket"),
    one(20001, unchanged, "already authenticated"),
    one(20003, rate, "too frequent in this session"),
    one(20006, failed, "request id used twice"),
    one(33004, auth, "key expired"),
    one(34040, unchanged, "trading stop not modified"),
    one(40004, refused, "order changed while being replaced"),
    one(110001, refused, "order does not exist"),
    one(110003, refused, "price outside the allowed range"),
    one(110004, refused, "wallet balance insufficient"),
    one(110005, refused, "position status"),
    one(110006, refused, "assets cannot cover the margin"),
    one(110007, refused, "available balance insufficient"),
    one(110008, refused, "order completed or cancelled"),
    one(110009, refused, "too many conditional orders"),
    one(110010, refused, "order cancelled"),
    one(110011, refused, "would be liquidated at once"),
    one(110012, refused, "balance insufficient"),
    one(110013, refused, "leverage not allowed at this risk tier"),
    one(110014, refused, "balance insufficient for more margin"),
    one(110017, refused, "reduce-only rule"),
    one(110018, refused, "bad user id"),
    one(110019, refused, "bad order id"),
    one(110020, refused, "over 500 active orders"),
    one(110021, refused, "open-interest cap"),
    one(110022, refused, "quantity cannot be raised"),
    one(110023, refused, "reduce only on this contract"),
    one(110024, refused, "position mode: a position exists"),
    one(110025, unchanged, "position mode not modified"),
    one(110026, unchanged, "margin mode not modified"),
    one(110027, unchanged, "margin not modified"),
    one(110028, refused, "position mode: open orders exist"),
    one(110029, refused, "hedge mode not supported for the symbol"),
    one(110031, refused, "risk tier missing"),
    one(110036, refused, "leverage cannot be changed in cross mode"),
    one(110038, refused, "leverage cannot be changed in portfolio mode"),
    one(110040, refused, "would be liquidated at once"),
    one(110043, unchanged, "leverage not modified"),
    one(110044, refused, "available margin insufficient"),
    one(110045, refused, "wallet balance insufficient"),
    one(110046, refused, "would be liquidated at once"),
    {110057, 110061, refused, "take-profit and stop rules"},
    one(110063, maintenance, "settlement running"),
    one(110064, refused, "amended quantity not above the filled one"),
    one(110066, refused, "trading not allowed now"),
    one(110072, refused, "order link id used before"),
    one(110073, refused, "set margin mode failed"),
    one(110074, refused, "contract not live"),
    one(110076, refused, "automatic margin only in isolated mode"),
    one(110079, unknown, "order is being processed"),
    one(110085, refused, "margin tier changed"),
    one(110086, refused, "leverage above what the tier allows"),
    one(110089, refused, "over the largest risk tier"),
    one(110090, refused, "position would exceed the limit at this leverage"),
    one(110092, refused, "trigger price below the market for a rise"),
    one(110093, refused, "trigger price above the market for a fall"),
    one(110094, refused, "notional under the minimum"),
    {110095, 110103, refused, "pre-market phase"},
    {110108, 110109, refused, "slippage tolerance out of range"},
    one(110118, refused, "no price for the market order: book too thin"),
    {110120, 110121, refused, "price beyond the price limit"},
    {170121, 170218, refused, "spot order rules"},
    one(3400045, refused, "set margin mode failed"),
};

const CodeRow* row_of(std::int32_t code) {
  const auto* const row = std::ranges::lower_bound(table, code, {}, &CodeRow::last);
  return row != std::end(table) && row->first <= code ? row : nullptr;
}

}  // namespace

std::span<const CodeRow> code_table() { return table; }

CodeClass class_of(std::int32_t code) {
  const CodeRow* const row = row_of(code);
  return row != nullptr ? row->code_class : unknown;
}
std::string_view meaning_of(std::int32_t code) {
  const CodeRow* const row = row_of(code);
  return row != nullptr ? row->meaning : std::string_view{};
}

std::string_view to_string(CodeClass code_class) {
  switch (code_class) {
    case accepted:
      return "accepted";
    case unchanged:
      return "unchanged";
    case refused:
      return "refused";
    case failed:
      return "failed";
    case rate:
      return "rate";
    case time:
      return "time";
    case auth:
      return "auth";
    case maintenance:
      return "maintenance";
    case unknown:
      break;
  }
  return "unknown";
}

}  // namespace mlbot::venue::bybit
