#include "io/bybit/stream_group.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>

#include "venue/bybit/public_encode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {
namespace {

namespace dialect = venue::bybit;
using enum LinkState;

std::string symbol_name(int i) { return fmt::format("S{:03}USDT", i); }

std::vector<std::string> topics_of(int symbols) {
  std::vector<std::string> out;
  for (int i = 0; i < symbols; ++i) {
    out.push_back(dialect::book_topic(50, symbol_name(i)));
    for (const char* kind : {"publicTrade", "tickers", "kline.1", "allLiquidation"})
      out.push_back(fmt::format("{}.{}", kind, symbol_name(i)));
  }
  return out;
}

std::vector<Instrument> contracts(int symbols) {
  std::vector<Instrument> out;
  for (int i = 0; i < symbols; ++i)
    out.push_back({.id = {static_cast<std::uint16_t>(i)},
                   .name = SymbolName{symbol_name(i)},
                   .tick_size = *parse_e8("0.1"),
                   .lot_step = *parse_e8("0.001")});
  return out;
}

struct Scene {
  explicit Scene(int symbols, std::size_t topics_per_connection)
      : table{contracts(symbols)},
        group{{.topics = topics_of(symbols), .topics_per_connection = topics_per_connection},
              table,
              {.on_event =
                   [this](const Event& event, Instant) {
                     if (const auto* link = std::get_if<LinkChanged>(&event)) states.push_back(link->state);
                     if (const auto* book = std::get_if<BookUpdate>(&event)) books.push_back(book->symbol);
                   },
               .on_undecoded = [](std::string_view bytes, const dialect::DecodeError&) { FAIL() << bytes; },
               .on_fatal = [](const std::string& what) { FAIL() << what; }},
              {.open = [this](std::size_t part) { ++opens[part]; },
               .send = [this](std::size_t part, std::string text) { sent[part].push_back(std::move(text)); },
               .close = [](std::size_t) {}},
              [this] { return now; }} {}

  void hear(std::size_t part, std::string text) {
    const auto size = text.size();
    text.append(64, ' ');
    group.received(part, {std::string_view{text}.substr(0, size)}, now);
  }
  /// Opens a part and acknowledges all that it asks.
  void bring_up(std::size_t part) {
    sent[part].clear();
    group.opened(part, now);
    acknowledge(part);
  }
  void acknowledge(std::size_t part) {
    for (const std::string& text : std::exchange(sent[part], {}))
      hear(part, dialect::encode_ack(*dialect::decode_stream_request(text), "c"));
  }

  dialect::InstrumentTable table;
  Instant now = Instant::from_seconds(1'000'000);
  std::map<std::size_t, int> opens;
  std::map<std::size_t, std::vector<std::string>> sent;
  std::vector<LinkState> states;
  std::vector<SymbolId> books;
  StreamGroup group;
};

TEST(SplitTopics, KeepsTheTopicsOfASymbolTogetherAndTheVenuesLimits) {
  const auto topics = topics_of(600);
  const auto lists = split_topics(topics, 400, topic_characters_max);
  std::vector<std::string> all;
  std::map<std::string, std::size_t> home;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    EXPECT_LE(lists[i].size(), 400u);
    std::size_t characters = 0;
    for (const std::string& topic : lists[i]) {
      characters += topic.size();
      const std::string symbol{dialect::parse_topic(topic).symbol};
      EXPECT_EQ(home.try_emplace(symbol, i).first->second, i) << topic;
      all.push_back(topic);
    }
    EXPECT_LE(characters, topic_characters_max);
  }
  EXPECT_EQ(all, topics) << "nothing lost, nothing twice, in order";
  EXPECT_EQ(lists.size(), 8u);
}

TEST(SplitTopics, ASymbolWithMoreTopicsThanAConnectionTakesIsSplit) {
  EXPECT_EQ(split_topics(topics_of(1), 2, 1000).size(), 3u);
  EXPECT_EQ(split_topics({}, 2, 1000).size(), 1u) << "an empty stream is still one connection";
  const auto by_characters = split_topics(topics_of(40), 1000, 500);
  for (const auto& list : by_characters) {
    std::size_t characters = 0;
    for (const auto& topic : list) characters += topic.size();
    EXPECT_LE(characters, 500u);
  }
}

TEST(StreamGroup, IsAsWellAsItsWorstPart) {
  Scene scene{20, 50};
  ASSERT_EQ(scene.group.size(), 2u);
  scene.group.start(scene.now);
  EXPECT_EQ(scene.opens[0] + scene.opens[1], 2);
  scene.bring_up(0);
  EXPECT_EQ(scene.group.state(0), live);
  EXPECT_EQ(scene.group.state(), connecting);
  scene.bring_up(1);
  EXPECT_EQ(scene.group.state(), live);
  scene.group.lost(1, "cut", scene.now);
  EXPECT_EQ(scene.group.state(0), live);
  EXPECT_EQ(scene.states, (std::vector{connecting, syncing, live, down}));
  EXPECT_EQ(scene.group.last_loss(), "cut");
  EXPECT_EQ(scene.group.counters().reconnects, 1u);
}

TEST(StreamGroup, WhenALostPartReturnsTheOtherPartsBooksAreAskedForAgain) {
  Scene scene{20, 50};
  scene.group.start(scene.now);
  scene.bring_up(0);
  scene.bring_up(1);
  EXPECT_TRUE(scene.sent[0].empty()) << "the first coming up asks nobody";
  scene.group.lost(1, "cut", scene.now);
  scene.now = scene.group.next_timer();
  scene.group.on_timer(scene.now);
  EXPECT_EQ(scene.opens[1], 2);
  scene.group.opened(1, scene.now);
  std::size_t books = 0;
  for (const std::string& text : scene.sent[0]) {
    const auto request = *dialect::decode_stream_request(text);
    if (request.kind == dialect::StreamRequest::Kind::subscribe) books += request.topics.size();
  }
  EXPECT_EQ(books, 10u) << "each of its ten books, nothing else";
  scene.acknowledge(0);
  scene.acknowledge(1);
  EXPECT_EQ(scene.group.state(), live);
}

TEST(StreamGroup, ABookIsResubscribedWhereItLives) {
  Scene scene{20, 50};
  scene.group.start(scene.now);
  scene.bring_up(0);
  scene.bring_up(1);
  scene.group.resubscribe_book(symbol_name(15), scene.now);
  EXPECT_TRUE(scene.sent[0].empty());
  EXPECT_EQ(scene.sent[1].size(), 2u);
  std::string frame;
  const std::vector<BookLevel> bids{{{10}, {1}}}, asks{{{11}, {2}}};
  dialect::encode_book(scene.table[{15}], {{15}, UpdateKind::snapshot, 1, 2, scene.now, bids, asks}, 50,
                       scene.now, frame);
  scene.hear(1, frame);
  EXPECT_EQ(scene.books, std::vector{SymbolId{15}});
}

}  // namespace
}  // namespace mlbot::io::bybit
