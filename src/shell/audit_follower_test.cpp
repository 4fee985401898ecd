// Nothing of the journal is missing on record and nothing stands there twice, wherever the writer died.
#include "shell/audit_follower.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/prng.h"
#include "io/audit/audit_verify.h"
#include "io/files/files.h"
#include "io/files/temporary_folder.h"

namespace mlbot::shell {
namespace {

using io::audit::AuditLine;

class OnRecord : public ::testing::Test {
 protected:
  /// A run's share of the journal: what is on record, and much that is not.
  void journal_some(std::uint32_t epoch, int rounds) {
    auto opened = io::journal::JournalWriter::open(folder.path() + "/journal", {.compress = false});
    ASSERT_TRUE(opened) << opened.error().what;
    auto& writer = **opened;
    const auto event = [&](const Event& what) {
      at = at + 1ms;
      ASSERT_TRUE(writer.append(Stamped{writer.last_sequence().next(), at, at, {}, what}));
    };
    RunStarted run;
    run.epoch = epoch;
    run.account = "main";
    event(run);
    event(
        InstrumentDefined{{.id = {0}, .name = "BTCUSDT", .tick_size = {10'000'000}, .lot_step = {100'000}}});
    event(ConfigChanged{.version = 1, .risk = {}, .decision = {}, .traded = {}});
    for (int i = 0; i < rounds; ++i) {
      event(TimerFired{at});
      const ClientOrderId id{fmt::format("tag-{}-{}", epoch, i)};
      const auto cause = writer.last_sequence();
      ASSERT_TRUE(writer.append(
          StampedCommand{cause, at, PlaceOrder{.id = id, .symbol = {0}, .price = {1'000}, .size = {5}}}));
      ASSERT_TRUE(writer.append(StampedCommand{cause, at, QueryAccount{}}));
      Decision decision;
      decision.cause = cause;
      decision.at = at;
      decision.order = id;
      ASSERT_TRUE(writer.append(decision));
      ASSERT_TRUE(writer.append_raw_frame(
          at, Link::orders,
          sent_frame("/v5/order/create",
                     fmt::format(R"({{"symbol":"BTCUSDT","orderLinkId":"{}"}})", id.view()), false)));
      ASSERT_TRUE(writer.append_raw_frame(at, Link::orders, "/v5/order/create\n{\"retCode\":0}"));
      event(RequestAnswer{.outcome = RequestOutcome::accepted, .symbol = {0}, .client_id = id});
      event(Execution{.symbol = {0}, .client_id = id, .execution_id = VenueId{id.view()}, .size = {5}});
      if (i % 5 == 0) event(OperatorCommand{.verb = OperatorVerb::pause, .from = "cli", .cause = "a look"});
      if (i % 3 == 0) event(GuardBeat{.present = true, .build = 1});
    }
    ASSERT_TRUE(writer.flush());
    journal_end = writer.last_sequence();
  }
  /// A process that follows to the end; `before` is where its journal ended when it began.
  void follow(Sequence before) {
    AuditFollower follower{{.journal = folder.path() + "/journal",
                            .audit = folder.path() + "/audit",
                            .anchor_file = "",
                            .journal_end = before,
                            .about = {{"command", "test"}}}};
    Progress progress;
    const auto error = follower.start(progress);
    ASSERT_FALSE(error) << error->what;
    follower.stop();
    EXPECT_EQ(follower.trouble(), "");
    EXPECT_EQ(follower.followed_through(), journal_end);
  }
  /// Kind and place of every derived record of the log.
  std::vector<std::string> on_record() {
    std::vector<std::string> out;
    const auto told =
        io::audit::verify(folder.path() + "/audit",
                          {.anchor_file = {}, .on_record = [&](const AuditLine& line) {
                             const Json record = Json::parse(line.record);
                             if (record.contains("place"))
                               out.push_back(record["kind"].get<std::string>() + record["place"].dump());
                           }});
    EXPECT_TRUE(told && told->whole()) << (told ? told->findings.front().what : told.error().what);
    return out;
  }
  std::vector<std::string> in_journal() {
    std::vector<std::string> out;
    auto reader = io::journal::JournalReader::open(folder.path() + "/journal", {}).value();
    AuditTrail trail;
    while (const auto* item = reader->next().value())
      if (const auto record = trail.take(*item))
        out.push_back(record->kind + Json::parse(io::audit::text_of(1, *record))["place"].dump());
    return out;
  }

  io::files::TemporaryFolder folder{io::files::TemporaryFolder::in_memory()};
  Instant at = Instant::from_seconds(1'780'000'000);
  Sequence journal_end;
};

TEST_F(OnRecord, EveryKindIsThereOnceInTheJournalsOrder) {
  journal_some(1, 12);
  follow({});
  EXPECT_EQ(on_record(), in_journal());
  std::map<std::string, int> kinds;
  for (const auto& row : in_journal()) ++kinds[row.substr(0, row.find('{'))];
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"run_started", 1},
                                               {"limits", 1},
                                               {"command", 12},
                                               {"decision", 12},
                                               {"wire_send", 12},
                                               {"ack", 12},
                                               {"fill", 12},
                                               {"operator", 3}}));
}

TEST_F(OnRecord, ARecordThatIsTamperedWithIsNamedWhileTheBotRuns) {
  journal_some(1, 12);
  AuditFollower follower{{.journal = folder.path() + "/journal",
                          .audit = folder.path() + "/audit",
                          .anchor_file = "",
                          .journal_end = {},
                          .verify_every = 10ms,
                          .about = {}}};
  Progress progress;
  ASSERT_FALSE(follower.start(progress));
  const auto until = [&](auto&& holds) {
    for (int i = 0; i < 400 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{25});
    return holds();
  };
  ASSERT_TRUE(until([&] { return follower.followed_through() == journal_end; }));
  EXPECT_EQ(follower.trouble(), "");

  const auto file = folder.path() + "/audit/" + [&] {
    for (const auto& entry : std::filesystem::directory_iterator{folder.path() + "/audit"})
      if (entry.path().extension() == ".audit") return entry.path().filename().string();
    return std::string{"no segment"};
  }();
  const auto at_fifth = [&] {
    std::ifstream in{file};
    std::string line;
    std::streamoff at = 0;
    for (int i = 0; i < 4 && std::getline(in, line); ++i) at += static_cast<std::streamoff>(line.size()) + 1;
    return at + 100;
  }();
  std::fstream bytes{file, std::ios::in | std::ios::out};
  bytes.seekg(at_fifth);
  const char was = static_cast<char>(bytes.get());
  bytes.seekp(at_fifth);
  bytes.put(was == '1' ? '2' : '1');
  bytes.close();
  EXPECT_TRUE(until([&] { return follower.trouble().find("record 5 ") != std::string::npos; }))
      << follower.trouble();
  follower.stop();
}

TEST_F(OnRecord, ASendNamesItsOrderItsWayAndItsBody) {
  journal_some(1, 1);
  follow({});
  Json sent;
  ASSERT_TRUE(io::audit::verify(folder.path() + "/audit",
                                {.anchor_file = {}, .on_record = [&](const AuditLine& line) {
                                   const Json record = Json::parse(line.record);
                                   if (record["kind"] == "wire_send") sent = record;
                                 }}));
  EXPECT_EQ(sent["order"], "tag-1-0");
  EXPECT_EQ(sent["symbol"], "BTCUSDT");
  EXPECT_EQ(sent["what"]["way"], "rest");
  EXPECT_EQ(sent["what"]["path"], "/v5/order/create");
  EXPECT_EQ(sent["what"]["body"], R"({"symbol":"BTCUSDT","orderLinkId":"tag-1-0"})");
}

/// The log is cut at every place where a crash could have left it; the next start makes up for it.
TEST_F(OnRecord, WhateverACrashLeftOfTheLogTheNextStartCompletesIt) {
  journal_some(1, 6);
  follow({});
  const auto path = io::audit::segments_of(folder.path() + "/audit").at(0).path;
  const auto whole = io::files::read_file(path).value();
  const auto first_run = journal_end;
  journal_some(2, 3);
  const std::uint64_t seed = 85;
  auto chance = Prng::stream(seed, "crashes");
  for (int round = 0; round < 60; ++round) {
    const auto left = chance.below(whole.size() + 1);
    ASSERT_TRUE(io::files::write_file_atomically(path, std::string_view{whole}.substr(0, left)));
    std::filesystem::remove(io::audit::head_file(folder.path() + "/audit"));
    follow(first_run);
    ASSERT_EQ(on_record(), in_journal()) << "seed " << seed << ", cut at byte " << left;
  }
}

TEST_F(OnRecord, AJournalThatLostItsEndIsFollowedFromWhereItEndsAndTheLogSaysSo) {
  journal_some(1, 4);
  follow({});
  const auto before = on_record().size();
  std::filesystem::remove_all(folder.path() + "/journal");
  const auto was = journal_end;
  journal_some(2, 2);
  ASSERT_LT(journal_end, was);
  follow({});
  EXPECT_EQ(on_record().size(), before + in_journal().size());
  bool said = false;
  ASSERT_TRUE(io::audit::verify(folder.path() + "/audit",
                                {.anchor_file = {}, .on_record = [&](const AuditLine& line) {
                                   said = said || line.record.find("journal_ends_at") != line.record.npos;
                                 }}));
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace mlbot::shell
