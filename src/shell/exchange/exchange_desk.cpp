#include "shell/exchange/exchange_desk.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::HttpRequest;
using io::net::HttpResponse;
using io::net::PeerId;

namespace {

/// All depths that subscribers can have: the one of the market's own events and those told besides.
std::vector<std::size_t> depths_of(const sim::FeedSettings& feed) {
  auto depths = feed.more_depths;
  if (std::ranges::count(depths, feed.book_depth) == 0) depths.push_back(feed.book_depth);
  return depths;
}

}  // namespace

ExchangeDesk::ExchangeDesk(Setup setup, Faults& faults, Wires wires)
    : book_depth_{setup.exchange.feed.book_depth},
      recorder_{setup.recorder},
      wires_{std::move(wires)},
      faults_{faults},
      table_{setup.exchange.instruments},
      exchange_{setup.exchange, std::move(setup.market), this},
      accounts_{setup.accounts},
      public_{exchange_, table_, depths_of(setup.exchange.feed), faults_, wires_.send_data},
      private_{exchange_, table_, accounts_, disconnect_cancel_, wires_.send_data},
      market_routes_{exchange_, table_, faults_},
      trading_routes_{exchange_, table_, disconnect_cancel_, setup.rest_lag},
      position_routes_{exchange_, table_},
      account_routes_{exchange_, table_, disconnect_cancel_},
      rest_{exchange_, accounts_, setup.gate, setup.record, faults_, routes()} {}

Routes ExchangeDesk::routes() {
  Routes out;
  market_routes_.add_to(out);
  trading_routes_.add_to(out);
  position_routes_.add_to(out);
  account_routes_.add_to(out);
  return out;
}

void ExchangeDesk::on_market(Instant at, const Event& event) {
  if (recorder_ != nullptr) recorder_->on_market(at, event);
  if (const auto* update = std::get_if<BookUpdate>(&event)) return public_.on_book(book_depth_, at, *update);
  if (const auto* ticker = std::get_if<Ticker>(&event)) market_routes_.on_ticker(at, ticker->symbol);
  public_.on_market(at, event);
}

void ExchangeDesk::on_book(std::size_t depth, Instant at, const BookUpdate& update) {
  public_.on_book(depth, at, update);
}

void ExchangeDesk::on_account(sim::AccountId account, Instant at, const Event& event) {
  if (recorder_ != nullptr) recorder_->on_account(account, at, event);
  private_.on_account(account, at, event);
}

void ExchangeDesk::flush() {
  public_.flush();
  private_.flush();
  if (public_.take_restart()) exchange_.restart_feed();
  for (const auto account : disconnect_cancel_.due(exchange_.now()))
    exchange_.cancel_all(account, {.symbol = {}, .cancel_type = "CancelByDCP"});
}

HttpResponse ExchangeDesk::answer(const HttpRequest& request) {
  auto response = rest_.answer(request);
  if (!response.body.starts_with(R"({"retCode":0,)")) ++refusals_;
  return response;
}

// ---- streams

void ExchangeDesk::on_open(PeerId peer, StreamRole role) {
  if (role == StreamRole::account) private_.add(peer);
}

void ExchangeDesk::on_close(PeerId peer) {
  public_.drop(peer);
  private_.drop(peer);
  trade_.drop(peer);
}

void ExchangeDesk::on_order(PeerId peer, const std::string& connection, std::string_view text) {
  auto reply = trade_.answer(peer, text, connection, shown_now(), faults_.strikes(Fault::localised));
  refusals_ += reply.refused;
  if (!reply.orders || !faults_.strikes(Fault::lost_answer)) wires_.send_answer(peer, std::move(reply.text));
}

void ExchangeDesk::on_text(PeerId peer, StreamRole role, const std::string& connection,
                           std::string_view text) {
  if (role == StreamRole::orders) return on_order(peer, connection, text);
  const bool is_private = role == StreamRole::account;
  const auto request = bybit::decode_stream_request(text);
  if (!request) {
    ++refusals_;
    const auto what =
        fmt::format("Failed to decode incoming data: {}: {}", request.error().where, request.error().what);
    return wires_.send_answer(peer, bybit::encode_refusal({}, connection, what));
  }
  switch (request->kind) {
    case bybit::StreamRequest::Kind::ping: {
      disconnect_cancel_.pinged(peer);
      const auto kind = is_private ? bybit::StreamKind::private_stream : bybit::StreamKind::public_stream;
      return wires_.send_answer(peer, bybit::encode_pong(*request, kind, connection, shown_now()));
    }
    case bybit::StreamRequest::Kind::subscribe:
      return answer_subscription(peer, role, connection, *request);
    case bybit::StreamRequest::Kind::unsubscribe:
      if (is_private) {
        private_.unsubscribe(peer, request->topics);
      } else {
        public_.unsubscribe(peer, request->topics);
      }
      return wires_.send_answer(peer, bybit::encode_ack(*request, connection));
    case bybit::StreamRequest::Kind::auth:
      if (!is_private) break;
      return answer_sign_in(peer, connection, *request);
    case bybit::StreamRequest::Kind::unknown:
      break;
  }
  ++refusals_;
  wires_.send_answer(peer, bybit::encode_refusal(*request, connection, "error:invalid op"));
}

void ExchangeDesk::answer_sign_in(PeerId peer, const std::string& connection,
                                  const bybit::StreamRequest& request) {
  const std::string refusal = private_.sign_in(peer, request, shown_now());
  if (refusal.empty()) return wires_.send_answer(peer, bybit::encode_ack(request, connection));
  ++refusals_;
  wires_.send_answer(peer, bybit::encode_refusal(request, connection, refusal));
}

void ExchangeDesk::answer_subscription(PeerId peer, StreamRole role, const std::string& connection,
                                       const bybit::StreamRequest& request) {
  std::string refusal;
  if (role == StreamRole::elsewhere) {
    refusal = request.topics.empty() ? "error:args is empty"
                                     : "error:handler not found,topic:" + request.topics.front();
  } else {
    refusal = role == StreamRole::account ? private_.subscribe(peer, request.topics)
                                          : public_.subscribe(peer, request.topics);
  }
  if (!refusal.empty()) {
    ++refusals_;
    return wires_.send_answer(peer, bybit::encode_refusal(request, connection, refusal));
  }
  wires_.send_answer(peer, bybit::encode_ack(request, connection));
  if (role == StreamRole::market) public_.send_snapshots(peer, request.topics);
}

}  // namespace mlbot::shell
