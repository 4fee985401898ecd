#include "shell/exchange/trade_stream.h"

#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_trade.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using Kind = bybit::TradeRequest::Kind;

namespace {

std::string_view route_of(Kind kind) {
  switch (kind) {
    case Kind::create:
      return bybit::path::create;
    case Kind::amend:
      return bybit::path::amend;
    case Kind::cancel:
      return bybit::path::cancel;
    case Kind::auth:
    case Kind::ping:
    case Kind::unknown:
      break;
  }
  return {};
}

}  // namespace

TradeStream::Reply TradeStream::answer(io::net::PeerId peer, std::string_view text,
                                       std::string_view connection, Instant now) {
  const auto request = bybit::decode_trade_request(text);
  if (!request) return {bybit::encode_trade_error({}, request.error(), {}, connection, now), true};
  const auto refuse = [&](const bybit::VenueError& error, const bybit::Quota& quota = {}) {
    return Reply{bybit::encode_trade_error(*request, error, quota, connection, now), true};
  };
  if (request->kind == Kind::unknown) return refuse({10404, "op is not served: " + request->op});
  if (request->kind == Kind::ping) return {bybit::encode_trade_pong(*request, connection, now)};
  const auto known = signed_in_.find(peer);
  if (request->kind == Kind::auth) {
    if (known != signed_in_.end()) return refuse({20001, "Repeat auth"});
    const auto account = accounts_.sign_in(request->sign_in, now);
    if (!account) return refuse(account.error());
    signed_in_[peer] = *account;
    return {bybit::encode_trade_signed_in(*request, connection)};
  }
  if (known == signed_in_.end()) return refuse({10005, "Permission denied: send auth first."});
  const auto done = routes_.order_entry(route_of(request->kind), *known->second, request->body,
                                        request->timestamp_ms, request->window_ms);
  if (!done.outcome) return refuse(done.outcome.error(), done.quota);
  return {bybit::encode_trade_reply(*request, *done.outcome, done.quota, connection, now)};
}

}  // namespace mlbot::shell
