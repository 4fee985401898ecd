#include "shell/exchange/trade_stream.h"

#include "venue/bybit/rest_paths.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using Kind = bybit::TradeRequest::Kind;

namespace {

constexpr std::size_t request_ids_kept = 100'000;

std::string_view route_of(Kind kind) {
  switch (kind) {
    case Kind::create:
      return bybit::path::create;
    case Kind::amend:
      return bybit::path::amend;
    case Kind::cancel:
      return bybit::path::cancel;
    case Kind::create_batch:
      return bybit::path::create_batch;
    case Kind::amend_batch:
      return bybit::path::amend_batch;
    case Kind::cancel_batch:
      return bybit::path::cancel_batch;
    case Kind::auth:
    case Kind::ping:
    case Kind::unknown:
      break;
  }
  return {};
}

}  // namespace

bool TradeStream::take(Session& session, const std::string& request_id) {
  if (request_id.empty()) return true;
  if (!session.used.insert(request_id).second) return false;
  session.oldest_first.push_back(request_id);
  if (session.oldest_first.size() > request_ids_kept) {
    session.used.erase(session.oldest_first.front());
    session.oldest_first.pop_front();
  }
  return true;
}

TradeStream::Reply TradeStream::answer(io::net::PeerId peer, std::string_view text,
                                       std::string_view connection, Instant now, bool foreign) {
  const auto request = bybit::decode_trade_request(text);
  if (!request) return {bybit::encode_trade_error({}, request.error(), {}, connection, now), true};
  const auto refuse = [&](bybit::VenueError error, const bybit::Quota& quota = {}) {
    if (foreign) error.text = foreign_refusal;
    return Reply{bybit::encode_trade_error(*request, error, quota, connection, now), true};
  };
  if (request->kind == Kind::unknown) return refuse({10404, "op is not served: " + request->op});
  if (request->kind == Kind::ping) return {bybit::encode_trade_pong(*request, connection, now)};
  Session& session = sessions_[peer];
  if (request->kind == Kind::auth) {
    if (session.account != nullptr) return refuse({20001, "Repeat auth"});
    const auto account = accounts_.sign_in(request->sign_in, now);
    if (!account) return refuse(account.error());
    session.account = *account;
    return {bybit::encode_trade_signed_in(*request, connection)};
  }
  if (session.account == nullptr) return refuse({10005, "Permission denied: send auth first."});
  if (request->request_id.size() > bybit::request_id_max)
    return refuse({10001, "params error: reqId has more than 36 characters"});
  if (!take(session, request->request_id)) return refuse({20006, "Duplicate reqId"});
  const auto done = routes_.order_entry(route_of(request->kind), *session.account, request->body,
                                        request->timestamp_ms, request->window_ms);
  Reply reply = done.outcome
                    ? Reply{bybit::encode_trade_reply(*request, done.outcome->result, done.outcome->extra,
                                                      done.quota, connection, now)}
                    : refuse(done.outcome.error(), done.quota);
  reply.orders = true;
  return reply;
}

}  // namespace mlbot::shell
