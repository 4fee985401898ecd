#include "io/bybit/key_check.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "io/bybit/redact.h"
#include "io/bybit/test_rest_scene.h"
#include "io/bybit/trade_session.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {
namespace {

using dialect::PositionMode;
using Level = KeyFinding::Level;

dialect::KeyInfo good_key() {
  dialect::KeyInfo key;
  key.permissions = {
      {"ContractTrade", "Order"}, {"ContractTrade", "Position"}, {"Derivatives", "DerivativesTrade"}};
  key.addresses = {"203.0.113.7"};
  return key;
}
const dialect::AccountInfo good_account{.margin_mode = MarginMode::cross, .unified_status = 6};

std::vector<std::string> told(const KeyReport& report, Level level) {
  std::vector<std::string> out;
  for (const auto& finding : report.findings) {
    if (finding.level == level) out.push_back(finding.what);
    EXPECT_EQ(finding.level == Level::ok, finding.remedy.empty()) << finding.what;
  }
  return out;
}

TEST(KeyCheck, AKeyForOrdersAndPositionsFromOneAddressIsGood) {
  const auto report = judge_key(good_key(), good_account, PositionMode::one_way);
  EXPECT_TRUE(report.may_trade());
  EXPECT_TRUE(told(report, Level::refused).empty());
  EXPECT_TRUE(told(report, Level::warning).empty());
}

TEST(KeyCheck, AKeyThatCanMoveMoneyIsRefused) {
  for (const char* right : {"Withdraw", "AccountTransfer", "SubMemberTransfer"}) {
    auto key = good_key();
    key.permissions.emplace_back("Wallet", right);
    const auto report = judge_key(key, good_account, PositionMode::one_way);
    EXPECT_FALSE(report.may_trade());
    EXPECT_EQ(told(report, Level::refused),
              std::vector{fmt::format("the key can move money: Wallet.{}", right)});
  }
}

TEST(KeyCheck, EachLackIsNamed) {
  auto key = good_key();
  key.read_only = true;
  key.permissions.clear();
  EXPECT_EQ(told(judge_key(key, {.margin_mode = MarginMode::cross, .unified_status = 4}, {}), Level::refused)
                .size(),
            4u)
      << "read-only, no orders, no positions, no UTA 2.0";
}

TEST(KeyCheck, AKeyForAnyAddressAndHedgeModeAreWarnedOf) {
  auto key = good_key();
  key.addresses = {"*"};
  const auto report = judge_key(key, good_account, PositionMode::hedge);
  EXPECT_TRUE(report.may_trade());
  EXPECT_EQ(told(report, Level::warning).size(), 2u);
}

// ---- a key never shows

constexpr std::string_view canary_key = "CANARYkey81f2", canary_secret = "CANARYsecret55";

/// Everything that a session tells anybody, in one text.
struct Listener {
  std::string all;
  void hear(const Event& event) {
    if (const auto* answer = std::get_if<RequestAnswer>(&event)) all += answer->text.view();
    if (const auto* order = std::get_if<OrderNews>(&event)) all += order->reason.view();
  }
};

std::string quoting_refusal(std::int32_t code) {
  return fmt::format(
      R"({{"retCode":{},"retMsg":"error sign! origin_string[1700000000000{}5000{{}}]","result":{{}}}})", code,
      canary_key);
}

TEST(Key, NeverShowsWhateverTheVenueQuotes) {
  Listener heard;
  Instant now = Instant::from_seconds(1'700'000'000);
  std::vector<std::uint64_t> rest_numbers, socket_numbers;
  RestSession rest{{.key = std::string{canary_key}, .secret = std::string{canary_secret}},
                   {.on_event = [&](const Event& event, Instant) { heard.hear(event); },
                    .on_undecoded =
                        [&](std::string_view bytes, const dialect::DecodeError& error) {
                          heard.all.append(bytes).append(error.where).append(error.what);
                        },
                    .send = [&](std::uint64_t number, const net::HttpRequest&,
                                Duration) { rest_numbers.push_back(number); },
                    .our_time = [&] { return now; },
                    .send_by_socket = [&](std::uint64_t number, std::string_view,
                                          const std::string&) { socket_numbers.push_back(number); }}};
  const auto reply = [&](std::string body, int status = 200) {
    const auto number = rest_numbers.back();
    rest_numbers.pop_back();
    rest.answered(number, net::HttpAnswer{{status, {}, std::move(body)}, 1ms}, now);
  };
  rest.use(contracts());
  rest.start(now);
  reply(dialect::encode_reply(dialect::time_result(now), now));
  int round = 0;
  for (const std::int32_t code : {10004, 10003, 110007, 10000, 10001}) {
    const ClientOrderId id{fmt::format("m-{}", ++round)};
    rest.carry_out(PlaceOrder{.id = id, .symbol = {0}, .price = {500'000}, .size = {1}}, now);
    reply(quoting_refusal(code));
    rest.socket_changed(LinkState::live, now);
    rest.carry_out(
        PlaceOrder{
            .id = ClientOrderId{fmt::format("s-{}", round)}, .symbol = {0}, .price = {500'000}, .size = {1}},
        now);
    dialect::TradeReply refused;
    refused.code = code;
    rest.answered_by_socket(std::exchange(socket_numbers, {}).at(0), refused, now);
    rest.socket_changed(LinkState::down, now);
  }
  rest.carry_out(SetPositionStop{{0}, 0, {400'000}}, now);
  reply(fmt::format("<html>{}</html>", canary_key), 200);
  std::string told;
  rest.ask<dialect::KeyInfo>(dialect::ask_key(), now,
                             [&](const auto& answer) { told += answer ? "" : answer.error().what; });
  reply(fmt::format(R"({{"retCode":0,"retMsg":"","result":{{"apiKey":"{}","readOnly":"{}"}}}})", canary_key,
                    canary_key));
  EXPECT_FALSE(told.empty());
  heard.all += told;

  std::string fatal;
  StreamSession stream{
      {.link = Link::account,
       .topics = account_topics,
       .key = std::string{canary_key},
       .secret = std::string{canary_secret}},
      rest.table(),
      {.on_event = [&](const Event& event, Instant) { heard.hear(event); },
       .on_undecoded = [&](std::string_view bytes,
                           const dialect::DecodeError& error) { heard.all.append(bytes).append(error.what); },
       .on_fatal = [&](const std::string& what) { fatal += what; }},
      {.open = [] {}, .send = [](const std::string&) {}, .close = [] {}},
      [&] { return now; }};
  const auto say = [&](std::string text) {
    const auto size = text.size();
    text.append(64, ' ');
    stream.received({std::string_view{text}.substr(0, size)}, now);
  };
  stream.start(now);
  stream.opened(now);
  say(fmt::format("{{\"torn {}", canary_key));
  say(fmt::format(
      R"({{"success":false,"ret_msg":"key {} is invalid","op":"auth","req_id":"m1","conn_id":"c"}})",
      canary_key));
  EXPECT_FALSE(fatal.empty());
  heard.all += fatal + stream.last_loss();

  TradeSession trade{{.key = std::string{canary_key}, .secret = std::string{canary_secret}},
                     {.on_state = [](LinkState) {},
                      .on_answer = [](std::uint64_t, const Result<dialect::TradeReply, std::string>&) {},
                      .on_undecoded =
                          [&](std::string_view bytes, const dialect::DecodeError& error) {
                            heard.all.append(bytes).append(error.what);
                          }},
                     {.open = [] {}, .send = [](const std::string&) {}, .close = [] {}},
                     [&] { return now; }};
  trade.start(now);
  trade.opened(now);
  trade.received(fmt::format("[torn {}", canary_key), now);
  trade.received(fmt::format(R"({{"retCode":10004,"retMsg":"bad {}","op":"auth"}})", canary_key), now);
  trade.lost("closed", now);
  EXPECT_FALSE(trade.last_loss().empty());
  heard.all += trade.last_loss();

  EXPECT_GT(heard.all.size(), 500u) << "the sessions had much to tell";
  EXPECT_NE(heard.all.find("[key]"), std::string::npos);
  EXPECT_EQ(heard.all.find("CANARY"), std::string::npos) << heard.all;
}

}  // namespace
}  // namespace mlbot::io::bybit
