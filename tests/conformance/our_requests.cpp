// What our client says, for other people's clients to be held against: the requests of a fixed list of calls,
// made by the very encoders that the client uses, and our signature over bytes that somebody else sent.
//
//   our_requests calls AT_MS KEY SECRET PRICE STOP  one JSON line a call; AT_MS signs, and ends the span of
//   lists our_requests sign SECRET                        one JSON line in, one out:
//   {"key","timestamp","window",
//                                                   "payload"} of a request, {"expires"} of a socket's
//                                                   sign-in
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/rest_questions.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/stream_requests.h"
#include "venue/bybit/trade_requests.h"

namespace mlbot::venue::bybit {
namespace {

constexpr Duration receive_window = 5s;

using Calls = std::vector<std::pair<std::string, Request>>;

/// The contract as `mlbot exchange` serves it; the test asserts that its grid is this one.
Instrument btc() {
  return {.id = {0},
          .name = SymbolName{"BTCUSDT"},
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001")};
}

PlaceOrder entry(const char* id, OrderType type, TimeInForce time_in_force, PriceTicks price) {
  return {.id = ClientOrderId{id},
          .symbol = {0},
          .side = Side::buy,
          .type = type,
          .time_in_force = time_in_force,
          .price = price,
          .size = {20}};
}

Request post(std::string_view to, std::string body) {
  return {.path = to, .payload = std::move(body), .post = true};
}

/// Commands of the core, in an order in which an exchange can carry them out.
Calls order_calls(const InstrumentTable& table, PriceTicks price, PriceTicks stop) {
  const Instrument& instrument = table[{0}];
  const PriceTicks lower{price.count - 10};
  PlaceOrder protected_entry = entry("same-stop", OrderType::limit, TimeInForce::post_only, price);
  protected_entry.stop_loss = stop;
  PlaceOrder exit = entry("same-exit", OrderType::market, TimeInForce::ioc, {});
  exit.side = Side::sell;
  exit.reduce_only = true;
  CancelOrder stranger{.symbol = {0}};
  stranger.venue_id = VenueId{"5cf98598-39a7-459e-97bf-76ca765ee020"};

  Calls calls;
  const auto say = [&](const char* name, const Command& command) {
    calls.emplace_back(name, *request_of(command, table));
  };
  say("place_limit", entry("same-limit", OrderType::limit, TimeInForce::gtc, price));
  say("place_post_only", entry("same-post-only", OrderType::limit, TimeInForce::post_only, price));
  say("place_with_stop_loss", protected_entry);
  say("place_ioc", entry("same-ioc", OrderType::limit, TimeInForce::ioc, price));
  say("place_collared", entry("same-collar", OrderType::market, TimeInForce::ioc, price));
  say("place_market", entry("same-market", OrderType::market, TimeInForce::ioc, {}));
  say("position_stop", SetPositionStop{.symbol = {0}, .stop_loss = stop});
  say("place_reduce_only", exit);
  say("amend", AmendOrder{ClientOrderId{"same-limit"}, {0}, lower, {30}});
  say("query_order", QueryOrder{ClientOrderId{"same-limit"}, {0}});
  say("cancel", CancelOrder{.id = ClientOrderId{"same-limit"}, .symbol = {0}});
  say("cancel_by_venue_id", stranger);

  const std::string first =
      encode_place(entry("same-1", OrderType::limit, TimeInForce::gtc, price), instrument);
  const std::string second =
      encode_place(entry("same-2", OrderType::limit, TimeInForce::gtc, lower), instrument);
  calls.emplace_back("place_batch",
                     post(path::create_batch, encode_batch(std::array<std::string_view, 2>{first, second})));
  const std::string amend_first = encode_amend({ClientOrderId{"same-1"}, {0}, lower, {30}}, instrument);
  const std::string amend_second = encode_amend({ClientOrderId{"same-2"}, {0}, price, {30}}, instrument);
  calls.emplace_back(
      "amend_batch",
      post(path::amend_batch, encode_batch(std::array<std::string_view, 2>{amend_first, amend_second})));
  const std::string cancel_first = encode_cancel({.id = ClientOrderId{"same-1"}, .symbol = {0}}, instrument);
  const std::string cancel_second = encode_cancel({.id = ClientOrderId{"same-2"}, .symbol = {0}}, instrument);
  calls.emplace_back(
      "cancel_batch",
      post(path::cancel_batch, encode_batch(std::array<std::string_view, 2>{cancel_first, cancel_second})));
  say("cancel_all", CancelAllOrders{.symbol = {0}});
  return calls;
}

Calls setting_calls(const Instrument& instrument) {
  return {{"set_leverage", post(path::set_leverage, encode_leverage(instrument, *parse_e8("7")))},
          {"switch_to_hedge", switch_position_mode("BTCUSDT", PositionMode::hedge)},
          {"switch_to_one_way", switch_position_mode("BTCUSDT", PositionMode::one_way)},
          {"set_margin_mode", set_margin_mode(MarginMode::isolated)},
          {"set_price_band", set_price_band(true)},
          {"set_disconnect_cancel", set_disconnect_cancel(30)}};
}

Calls question_calls(Instant until) {
  const TimeSpan span{.from = until - 1h, .until = until};
  return {{"server_time", ask_server_time().request},
          {"instruments", ask_instruments().request},
          {"klines", ask_bars("BTCUSDT", "1", span, 60).request},
          {"book", ask_book("BTCUSDT", 200).request},
          {"tickers", ask_tickers().request},
          {"recent_trades", ask_recent_trades("BTCUSDT", 500).request},
          {"funding_history", ask_funding_history("BTCUSDT", span).request},
          {"open_interest", ask_open_interest("BTCUSDT", "5min", span).request},
          {"risk_limit", ask_risk_tiers("BTCUSDT").request},
          {"open_orders", ask_open_orders("BTCUSDT").request},
          {"all_open_orders", ask_open_orders("").request},
          {"order_history", ask_order_history("BTCUSDT", span).request},
          {"all_order_history", ask_order_history("", {}).request},
          {"executions", ask_executions("BTCUSDT", span).request},
          {"position", ask_positions("BTCUSDT").request},
          {"all_positions", ask_positions("").request},
          {"closed_pnl", ask_closed_pnl("BTCUSDT", span).request},
          {"wallet", ask_wallet().request},
          {"fee_rates", ask_fee_rates().request},
          {"account_info", ask_account_info().request},
          {"transactions", ask_transactions(span).request},
          {"user_settings", ask_user_settings().request},
          {"system_status", ask_system_status().request},
          {"key", ask_key().request},
          {"disconnect_cancel", ask_disconnect_cancel().request}};
}

void print(const Json& line) { std::cout << line.dump() << '\n'; }

int print_calls(Instant at, const std::string& key, std::string_view secret, std::string_view price_text,
                std::string_view stop_text) {
  const std::vector<Instrument> instruments{btc()};
  const InstrumentTable table{instruments};
  const auto price = table[{0}].ticks(price_text), stop = table[{0}].ticks(stop_text);
  if (!price || !stop) {
    std::fputs("PRICE and STOP are prices on the grid of 0.1, as 60000.5\n", stderr);
    return 2;
  }
  Calls calls = order_calls(table, *price, *stop);
  for (auto& more : {setting_calls(table[{0}]), question_calls(at)})
    calls.insert(calls.end(), more.begin(), more.end());

  RequestSigner signer{key, secret, receive_window};
  for (const auto& [name, request] : calls) {
    Json line{{"call", name},
              {"method", request.method()},
              {"path", request.path},
              {"payload", request.payload},
              {"signed", request.is_signed}};
    if (request.is_signed) {
      line["signing_string"] =
          signing_string(std::to_string(at.ms()), key, std::to_string(receive_window / 1ms), request.payload);
      for (const auto& [header, value] : signer.headers(at, request.payload)) line["headers"][header] = value;
    }
    if (const auto op = trade_op(request.path); !op.empty())
      line["frame"] = Json::parse(encode_trade_order("1", op, request.payload, at, receive_window));
    print(line);
  }
  print({{"call", "sign_in_private"}, {"frame", Json::parse(encode_auth("1", key, signer.secret(), at))}});
  print(
      {{"call", "sign_in_trade"}, {"frame", Json::parse(encode_trade_auth("1", key, signer.secret(), at))}});
  return 0;
}

int print_signatures(std::string_view secret) {
  HmacSha256 with{secret};
  for (std::string text; std::getline(std::cin, text);) {
    const Json asked = Json::parse(text, nullptr, false);
    if (asked.contains("expires")) {
      print({{"signature", auth_signature(with, asked["expires"].get<std::string>())}});
    } else if (asked.contains("key") && asked.contains("timestamp") && asked.contains("window") &&
               asked.contains("payload")) {
      print({{"signature", to_hex(with.sign(signing_string(
                               asked["timestamp"].get<std::string>(), asked["key"].get<std::string>(),
                               asked["window"].get<std::string>(), asked["payload"].get<std::string>())))}});
    } else {
      std::fputs("each line is a JSON object with key, timestamp, window and payload, or with expires\n",
                 stderr);
      return 2;
    }
  }
  return 0;
}

}  // namespace
}  // namespace mlbot::venue::bybit

int main(int count, char** words) {
  namespace dialect = mlbot::venue::bybit;
  const std::string what = count > 1 ? words[1] : "";
  if (what == "calls" && count == 7) {
    const auto at = mlbot::Instant::from_ms(std::strtoll(words[2], nullptr, 10));
    return dialect::print_calls(at, words[3], words[4], words[5], words[6]);
  }
  if (what == "sign" && count == 3) return dialect::print_signatures(words[2]);
  std::fputs("usage: our_requests calls AT_MS KEY SECRET PRICE STOP | our_requests sign SECRET\n", stderr);
  return 2;
}
