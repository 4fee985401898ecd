// Records as JSON: nothing that an event says hides what the record says of itself.
#include "shell/record_json.h"

#include <gtest/gtest.h>

#include "shell/event_json.h"

namespace mlbot::shell {
namespace {

template <std::size_t... I>
std::vector<Event> each_event(std::index_sequence<I...>) {
  return {Event{std::in_place_index<I>}...};
}

TEST(RecordJson, NoEventUsesANameOfItsRecord) {
  for (const auto& event : each_event(std::make_index_sequence<std::variant_size_v<Event>>{})) {
    const auto json = event_json(event, {});
    ASSERT_TRUE(json.contains("event")) << json;
    for (const char* of_record : {"kind", "sequence", "at", "received_at", "venue_time", "stream", "entry"})
      EXPECT_FALSE(json.contains(of_record)) << of_record << " in " << json;
  }
}

TEST(RecordJson, AKindThatNothingIsOfIsRefusedWithTheOnesThereAre) {
  EXPECT_EQ(unknown_kind({"event", "trades", "place_order", "index"}), "");
  const auto told = unknown_kind({"trades", "trade"});
  EXPECT_NE(told.find("kind trade:"), std::string::npos) << told;
  EXPECT_NE(told.find("frame_digest"), std::string::npos) << told;
  EXPECT_NE(told.find("liquidations"), std::string::npos) << told;
}

TEST(RecordJson, ABookUpdateKeepsTheSequenceOfItsRecordBesideThatOfTheVenue) {
  const Instant at{1'781'222'400'000'000'000};
  const auto json = journal_json(
      io::journal::JournalItem{Record{Stamped{
          {12}, at, at, {}, BookUpdate{.kind = UpdateKind::delta, .cross_sequence = 99, .bids = {}}}}},
      {});
  EXPECT_EQ(json["kind"], "event");
  EXPECT_EQ(json["event"], "book");
  EXPECT_EQ(json["update"], "delta");
  EXPECT_EQ(json["sequence"], 12);
  EXPECT_EQ(json["cross_sequence"], 99);
}

TEST(RecordJson, AnIndexSaysWhereEachRecordWent) {
  const std::vector<StreamPlace> places{
      {{11}, 0}, {{12}, StreamPlace::control_stream}, {{13}, StreamPlace::no_stream}};
  std::vector<Instrument> instruments(1);
  instruments[0].name = "BTCUSDT";
  const auto json = journal_json(
      io::journal::JournalItem{Record{StreamIndex{{10}, {13}, Instant::from_ms(7), places}}}, instruments);
  EXPECT_EQ(json["kind"], "index");
  EXPECT_EQ(json["after_sequence"], 10);
  EXPECT_EQ(json["upto_sequence"], 13);
  ASSERT_EQ(json["places"].size(), 3u);
  EXPECT_EQ(json["places"][0]["stream"], "BTCUSDT");
  EXPECT_EQ(json["places"][1]["stream"], "ctl");
  EXPECT_TRUE(json["places"][2]["stream"].is_null());
}

}  // namespace
}  // namespace mlbot::shell
