#include "io/bybit/stream_session.h"

#include <gtest/gtest.h>

#include "io/bybit/endpoints.h"
#include "venue/bybit/private_encode.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {
namespace {

namespace dialect = venue::bybit;

const dialect::InstrumentTable& table() {
  static const std::vector list{Instrument{
      .id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")}};
  static const dialect::InstrumentTable made{list};
  return made;
}
const std::string book_frame = [] {
  const std::vector<BookLevel> bids{{{10}, {1}}}, asks{{{11}, {2}}};
  std::string out;
  dialect::encode_book(table()[{0}], {{0}, UpdateKind::snapshot, 1, 2, Instant::from_ms(3), bids, asks}, 50,
                       Instant::from_ms(4), out);
  return out;
}();

/// A session on a scripted link: what it wished for is written down, the venue's side is played by the test.
struct Scene {
  explicit Scene(StreamSettings settings = {.topics = {"orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"}})
      : session{std::move(settings),
                table(),
                {.on_event = [this](const Event& event, Instant at) { heard(event, at); },
                 .on_undecoded = [this](std::string_view bytes,
                                        const dialect::DecodeError&) { undecoded.emplace_back(bytes); },
                 .on_fatal = [this](const std::string& what) { fatal.push_back(what); }},
                {.open = [this] { ++opens; },
                 .send = [this](std::string text) { sent.push_back(std::move(text)); },
                 .close = [this] { ++closes; }},
                [this] { return now; }} {}

  void heard(const Event& event, Instant at) {
    if (const auto* link = std::get_if<LinkChanged>(&event)) {
      states.push_back(link->state);
    } else {
      ++events;
      last_venue_time = at;
    }
  }
  void pass(Duration time) {
    const Instant until = now + time;
    while (session.next_timer() <= until) {
      now = std::max(now, session.next_timer());
      session.on_timer(now);
    }
    now = until;
  }
  void hear(std::string text) {
    const auto size = text.size();
    text.append(64, ' ');
    session.received({std::string_view{text}.substr(0, size)}, now);
  }
  void open() {
    session.start(now);
    session.opened(now);
  }
  dialect::StreamRequest request(std::size_t i) const { return *dialect::decode_stream_request(sent.at(i)); }
  void acknowledge(std::size_t i) { hear(dialect::encode_ack(request(i), "c")); }
  std::size_t count(dialect::StreamRequest::Kind kind) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < sent.size(); ++i) n += request(i).kind == kind;
    return n;
  }

  Instant now = Instant::from_seconds(1'000'000);
  std::vector<std::string> sent, undecoded, fatal;
  std::vector<LinkState> states;
  int opens = 0, closes = 0, events = 0;
  Instant last_venue_time;
  StreamSession session;
};
using enum LinkState;
using Kind = dialect::StreamRequest::Kind;

TEST(StreamSession, IsLiveOnceEverySubscriptionIsAcknowledged) {
  Scene scene;
  scene.open();
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.request(0).topics,
            (std::vector<std::string>{"orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"}));
  scene.hear(book_frame);  // data may come before the answer
  EXPECT_EQ(scene.events, 1);
  EXPECT_EQ(scene.last_venue_time, Instant::from_ms(4));
  EXPECT_EQ(scene.session.state(), syncing);
  scene.acknowledge(0);
  EXPECT_EQ(scene.states, (std::vector{connecting, syncing, live}));
  EXPECT_EQ(scene.session.counters().messages, 2u);
  EXPECT_EQ(scene.session.counters().last_message_at, scene.now);
}

TEST(StreamSession, ARefusalAtTheStartIsFatalAndNotTriedAgain) {
  Scene scene;
  scene.open();
  scene.hear(
      dialect::encode_refusal(scene.request(0), "c", "error:handler not found,topic:orderbook.50.BTCUSDT"));
  ASSERT_EQ(scene.fatal.size(), 1u);
  EXPECT_EQ(scene.fatal[0],
            "the venue refused a subscription: error:handler not found,topic:orderbook.50.BTCUSDT");
  EXPECT_EQ(scene.closes, 1);
  scene.session.lost("closed", scene.now);
  scene.pass(std::chrono::hours{1});
  EXPECT_EQ(scene.opens, 1);
  EXPECT_EQ(scene.session.state(), down);
}

TEST(StreamSession, ARefusalLaterCostsOnlyTheConnection) {
  Scene scene;
  scene.open();
  scene.acknowledge(0);
  scene.session.lost("cut", scene.now);
  scene.pass(1s);
  scene.session.opened(scene.now);
  scene.hear(dialect::encode_refusal(scene.request(1), "c", "error:busy"));
  EXPECT_TRUE(scene.fatal.empty());
  EXPECT_EQ(scene.closes, 1);
  scene.session.lost("closed", scene.now);
  scene.pass(1s);
  EXPECT_EQ(scene.opens, 3);
}

TEST(StreamSession, ATopicThatIsAlreadySubscribedIsSubscribed) {
  Scene scene;
  scene.open();
  scene.hear(
      dialect::encode_refusal(scene.request(0), "c", "error:already subscribed,topic:orderbook.50.BTCUSDT"));
  EXPECT_EQ(scene.session.state(), live);
}

TEST(StreamSession, PingsEveryTwentySecondsAndOneUnansweredMakesItStale) {
  Scene scene{{.topics = {"publicTrade.BTCUSDT"}}};
  scene.open();
  scene.acknowledge(0);
  scene.pass(20s);
  ASSERT_EQ(scene.count(Kind::ping), 1u);
  scene.hear(dialect::encode_pong(scene.request(1), dialect::StreamKind::public_stream, "c", scene.now));
  EXPECT_EQ(scene.session.state(), live);
  scene.pass(24s);
  EXPECT_EQ(scene.count(Kind::ping), 2u);
  EXPECT_EQ(scene.session.state(), live);
  scene.pass(2s);
  EXPECT_EQ(scene.session.state(), stale);
  scene.hear(book_frame);
  EXPECT_EQ(scene.session.state(), live);
}

TEST(StreamSession, ReconnectsForEverWithGrowingPausesAndSubscribesAgain) {
  Scene scene;
  scene.open();
  scene.acknowledge(0);
  Duration last{};
  for (int i = 0; i < 40; ++i) {
    scene.session.lost("refused", scene.now);
    EXPECT_EQ(scene.session.state(), down);
    const Duration pause = scene.session.next_timer() - scene.now;
    EXPECT_GE(pause, 125ms);
    EXPECT_LE(pause, 30s);
    EXPECT_TRUE(i <= 10 || pause >= 15s);
    scene.pass(pause);
    EXPECT_EQ(scene.session.state(), connecting);
    last = pause;
  }
  EXPECT_EQ(scene.opens, 41);
  EXPECT_EQ(scene.session.counters().reconnects, 40u);
  scene.session.opened(scene.now);
  EXPECT_EQ(scene.request(1).topics, scene.request(0).topics);
  scene.acknowledge(1);
  EXPECT_EQ(scene.session.state(), live);
  scene.session.lost("cut", scene.now);
  EXPECT_LT(scene.session.next_timer() - scene.now, last)
      << "a connection that was live starts from the shortest pause";
}

TEST(StreamSession, TwoSeedsDoNotReconnectInStep) {
  Scene one{{.topics = {"tickers.BTCUSDT"}, .seed = 1}}, other{{.topics = {"tickers.BTCUSDT"}, .seed = 2}};
  for (Scene* scene : {&one, &other}) {
    scene->open();
    scene->session.lost("cut", scene->now);
  }
  EXPECT_NE(one.session.next_timer(), other.session.next_timer());
}

TEST(StreamSession, AnUnansweredSubscriptionCostsTheConnection) {
  Scene scene;
  scene.open();
  scene.pass(9s);
  EXPECT_EQ(scene.closes, 0);
  scene.pass(2s);
  EXPECT_EQ(scene.closes, 1);
  EXPECT_TRUE(scene.fatal.empty());
}

TEST(StreamSession, AFrameThatCannotBeReadIsCountedAndHandedOver) {
  Scene scene;
  scene.open();
  scene.acknowledge(0);
  const std::string torn = book_frame.substr(0, 60);
  scene.hear(torn);
  EXPECT_EQ(scene.session.counters().decode_errors, 1u);
  EXPECT_EQ(scene.undecoded, std::vector{torn});
  EXPECT_EQ(scene.session.state(), live) << "one bad frame is no reason to leave";
}

TEST(StreamSession, ABookIsResubscribedOnceAndStaysLiveMeanwhile) {
  Scene scene;
  scene.open();
  scene.acknowledge(0);
  scene.session.resubscribe_book("BTCUSDT", scene.now);
  scene.session.resubscribe_book("BTCUSDT", scene.now);
  scene.session.resubscribe_book("ETHUSDT", scene.now);
  ASSERT_EQ(scene.sent.size(), 3u);
  EXPECT_EQ(scene.request(1).kind, Kind::unsubscribe);
  EXPECT_EQ(scene.request(2).kind, Kind::subscribe);
  EXPECT_EQ(scene.request(2).topics, std::vector<std::string>{"orderbook.50.BTCUSDT"});
  scene.acknowledge(1);
  scene.acknowledge(2);
  EXPECT_EQ(scene.states.back(), live);
  scene.session.resubscribe_book("BTCUSDT", scene.now);
  EXPECT_EQ(scene.sent.size(), 5u);
}

StreamSettings account_settings() {
  return {.link = Link::account, .topics = account_topics, .key = "key", .secret = "secret"};
}

TEST(StreamSession, ThePrivateStreamSubscribesAfterItsAuthIsAccepted) {
  Scene scene{account_settings()};
  scene.open();
  ASSERT_EQ(scene.sent.size(), 1u);
  const auto auth = scene.request(0);
  HmacSha256 secret{"secret"};
  EXPECT_EQ(auth.kind, Kind::auth);
  EXPECT_TRUE(dialect::auth_signature_valid(auth, secret));
  EXPECT_EQ(auth.expires_ms, (scene.now + 10s).ms());
  scene.acknowledge(0);
  ASSERT_EQ(scene.sent.size(), 2u);
  EXPECT_EQ(scene.request(1).topics, account_topics);
  scene.acknowledge(1);
  EXPECT_EQ(scene.session.state(), live);
  std::string frame;
  dialect::encode_wallet({"1", "wallet", Instant::from_ms(77)}, {}, frame);
  scene.hear(frame);
  EXPECT_EQ(scene.events, 1);
  EXPECT_EQ(scene.last_venue_time, Instant::from_ms(77));
}

TEST(StreamSession, ARefusedKeySaysWhatToCheck) {
  Scene scene{account_settings()};
  scene.open();
  scene.hear(dialect::encode_refusal(scene.request(0), "c", "API key is invalid."));
  ASSERT_EQ(scene.fatal.size(), 1u);
  EXPECT_NE(scene.fatal[0].find("check key, secret"), std::string::npos);
}

TEST(StreamSession, MoreTopicsThanTheVenueAllowsAreRefusedBeforeConnecting) {
  Scene scene{{.topics = std::vector<std::string>(1500, "orderbook.50.BTCUSDT")}};
  scene.session.start(scene.now);
  EXPECT_EQ(scene.opens, 0);
  ASSERT_EQ(scene.fatal.size(), 1u);
  EXPECT_NE(scene.fatal[0].find("30000 characters"), std::string::npos);
}

TEST(StreamSession, AHundredTopicsTravelInFrames) {
  std::vector<std::string> topics;
  for (int i = 0; i < 120; ++i) topics.push_back("tickers.S" + std::to_string(i));
  Scene scene{{.topics = topics}};
  scene.open();
  ASSERT_EQ(scene.sent.size(), 3u);
  scene.acknowledge(2);
  scene.acknowledge(0);
  EXPECT_EQ(scene.session.state(), syncing);
  scene.acknowledge(1);
  EXPECT_EQ(scene.session.state(), live);
}

// ---- silence

std::string level_one(std::uint64_t update_id) {
  const std::vector<BookLevel> bids{{{10}, {1}}}, asks{{{11}, {2}}};
  std::string out;
  dialect::encode_book(table()[{0}],
                       {{0}, UpdateKind::snapshot, update_id, 2, Instant::from_ms(3), bids, asks}, 1,
                       Instant::from_ms(4), out);
  return out;
}
StreamSettings with_heartbeat() {
  return {.topics = {"orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"}, .heartbeat = true};
}

TEST(StreamSession, AHeartbeatIsSubscribedAloneAndStaysHere) {
  Scene scene{with_heartbeat()};
  scene.open();
  ASSERT_EQ(scene.sent.size(), 2u);
  EXPECT_EQ(scene.request(1).topics, std::vector<std::string>{"orderbook.1.BTCUSDT"});
  scene.acknowledge(0);
  EXPECT_EQ(scene.session.state(), syncing) << "pending until acknowledged";
  scene.acknowledge(1);
  EXPECT_EQ(scene.session.state(), live);
  scene.hear(level_one(7));
  EXPECT_EQ(scene.events, 0) << "nobody else sees a level-one frame";
  EXPECT_EQ(scene.session.counters().heartbeats, 1u);
  scene.hear(book_frame);
  EXPECT_EQ(scene.events, 1);
}

TEST(StreamSession, ADeadStreamIsProvedInThreeAndAHalfSecondsAlthoughThePongStillComes) {
  Scene scene{with_heartbeat()};
  scene.open();
  scene.acknowledge(0);
  scene.acknowledge(1);
  for (int i = 0; i < 5; ++i) {
    scene.pass(3s);
    scene.hear(level_one(7));  // a quiet market: the same update again
  }
  EXPECT_EQ(scene.session.state(), live);
  scene.pass(3s);
  scene.hear(book_frame);
  scene.pass(400ms);
  EXPECT_EQ(scene.session.state(), live);
  scene.pass(200ms);
  EXPECT_EQ(scene.session.state(), stale);
  EXPECT_EQ(scene.closes, 1);
  scene.hear(book_frame);
  EXPECT_EQ(scene.session.state(), stale) << "what still trickles in does not bring it back";
  scene.session.lost("closed", scene.now);
  EXPECT_EQ(scene.session.last_loss(),
            "orderbook.1.BTCUSDT was silent for 3500 ms, which proves a dead stream");
  scene.pass(1s);
  EXPECT_EQ(scene.opens, 2);
}

TEST(StreamSession, AVenueThatRefusesTheHeartbeatIsFollowedWithoutIt) {
  Scene scene{with_heartbeat()};
  scene.open();
  scene.hear(
      dialect::encode_refusal(scene.request(1), "c", "error:handler not found,topic:orderbook.1.BTCUSDT"));
  EXPECT_EQ(scene.session.state(), syncing);
  scene.acknowledge(0);
  EXPECT_EQ(scene.session.state(), live);
  EXPECT_TRUE(scene.fatal.empty());
  for (int i = 0; i < 10; ++i) {
    scene.pass(2s);
    scene.hear(book_frame);
  }
  EXPECT_EQ(scene.closes, 0);
  scene.session.lost("cut", scene.now);
  scene.pass(1s);
  scene.sent.clear();
  scene.session.opened(scene.now);
  EXPECT_EQ(scene.sent.size(), 1u) << "not asked for again";
}

TEST(StreamSession, OurOwnSleepIsNotTheVenuesSilence) {
  Scene scene{with_heartbeat()};
  scene.open();
  scene.acknowledge(0);
  scene.acknowledge(1);
  scene.now = scene.now + 20s;  // the process was stopped; frames wait in the socket
  scene.session.on_timer(scene.now);
  EXPECT_EQ(scene.closes, 0);
  scene.hear(level_one(9));
  scene.pass(3s);
  EXPECT_EQ(scene.session.state(), live);
  scene.pass(1s);
  EXPECT_EQ(scene.closes, 1) << "but real silence after it is";
}

TEST(StreamSession, ASilentBookIsSubscribedAgainAndCounted) {
  Scene scene{{.topics = {"orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"}, .book_limit = 5s}};
  scene.open();
  scene.acknowledge(0);
  scene.pass(6s);
  ASSERT_EQ(scene.sent.size(), 3u);
  EXPECT_EQ(scene.request(1).kind, Kind::unsubscribe);
  EXPECT_EQ(scene.request(2).topics, std::vector<std::string>{"orderbook.50.BTCUSDT"});
  EXPECT_EQ(scene.session.counters().silences, 1u);
  EXPECT_EQ(scene.session.state(), live) << "a quiet book is no dead stream";
  EXPECT_EQ(scene.closes, 0);
}

TEST(Endpoints, KnowEveryEnvironment) {
  EXPECT_EQ(endpoints_of("mainnet")->public_stream, "wss://stream.bybit.com/v5/public/linear");
  EXPECT_EQ(endpoints_of("testnet")->rest, "https://api-testnet.bybit.com");
  EXPECT_EQ(endpoints_of("mainnet")->trade_stream, "wss://stream.bybit.com/v5/trade");
  EXPECT_EQ(endpoints_of("testnet")->trade_stream, "wss://stream-testnet.bybit.com/v5/trade");
  EXPECT_EQ(endpoints_of("demo")->trade_stream, "") << "demo has order entry by REST only";
  EXPECT_EQ(endpoints_of("sim:127.0.0.1:7788")->trade_stream, "ws://127.0.0.1:7788/v5/trade");
  EXPECT_EQ(endpoints_of("demo")->public_stream, endpoints_of("mainnet")->public_stream);
  EXPECT_EQ(endpoints_of("demo")->private_stream, "wss://stream-demo.bybit.com/v5/private");
  EXPECT_EQ(endpoints_of("sim:127.0.0.1:7788")->private_stream, "ws://127.0.0.1:7788/v5/private");
  EXPECT_EQ(endpoints_of("sim:127.0.0.1:7788")->rest, "http://127.0.0.1:7788");
  for (const char* wrong : {"", "main", "sim:", "sim:host", "sim:host:", "sim::1"})
    EXPECT_FALSE(endpoints_of(wrong)) << wrong;
}

}  // namespace
}  // namespace mlbot::io::bybit
