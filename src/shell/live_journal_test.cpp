// What stands between a command and the world: the journal first, and an id that is leased.
#include <gtest/gtest.h>

#include "io/bus/embedded_bus.h"
#include "io/files/temporary_folder.h"
#include "io/files/test_file_system.h"
#include "shell/live_sink.h"
#include "shell/live_source.h"

namespace mlbot::shell {
namespace {

/// A disk whose syncing can be taken away.
class Disk final : public io::files::FileSystem {
 public:
  bool syncs = true;
  int sync(int file) override { return syncs ? FileSystem::sync(file) : -EIO; }
};

struct Scene {
  io::files::TemporaryFolder folder;
  Disk disk;
  std::unique_ptr<io::journal::JournalWriter> journal =
      std::move(*io::journal::JournalWriter::open(folder.path(), {.system = &disk}));
  io::bus::EmbeddedBus bus{1};
  core::AccountTag tag = core::account_tag("main");
  int carried_out = 0;
  LiveSink sink{{.journal = journal.get(),
                 .bus = &bus,
                 .order_tag = tag,
                 .carry_out = [this](const Command&) { ++carried_out; },
                 .resubscribe_book = {},
                 .observer = {}}};
  Stamped event{{1}, Instant{1}, Instant{1}, {}, TimerFired{Instant{1}}};

  /// The core answers an event with an order of that number.
  void order(std::uint64_t counter) {
    event.sequence = journal->last_sequence().next();
    ASSERT_TRUE(journal->append(event));
    Outbox out;
    out.commands.push_back(PlaceOrder{.id = core::order_id(tag, journal->epoch(), counter)});
    sink.take(event, out);
  }
};

TEST(LiveJournal, AnOrderLeavesOnlyUnderALeaseThatIsOnTheDisk) {
  Scene scene;
  scene.order(0);
  EXPECT_EQ(scene.carried_out, 1);
  EXPECT_EQ(scene.journal->leased_order_ids(), 4096u);
  const auto syncs = scene.journal->stats().syncs;
  scene.order(4095);
  EXPECT_EQ(scene.journal->stats().syncs, syncs) << "one sync in 4096 ids";
  scene.order(4096);
  EXPECT_EQ(scene.journal->leased_order_ids(), 8192u);
  EXPECT_EQ(scene.carried_out, 3);

  scene.disk.syncs = false;
  scene.order(8192);
  EXPECT_EQ(scene.carried_out, 3) << "the lease is not on the disk";
  EXPECT_FALSE(scene.sink.error().empty());
}

TEST(LiveJournal, AFailedSyncStopsTrading) {
  Scene scene;
  io::net::EventLoop loop;
  LiveSource source{loop, io::clock::PacedClock{{}, {}, 1}, *scene.journal};
  scene.order(1);
  ASSERT_EQ(scene.carried_out, 1);
  scene.disk.syncs = false;
  // A timer is due at once, again and again: the source ends by itself when a sync in the background has
  // failed.
  int events = 0;
  while (source.next(Instant{1}) != nullptr || source.error().empty()) {
    (void)scene.journal->sync_soon();
    ASSERT_LT(++events, 1'000'000);
  }
  EXPECT_NE(source.error().find("sync"), std::string::npos) << source.error();
  Outbox out;
  out.commands.push_back(CancelOrder{});
  scene.sink.take(scene.event, out);
  EXPECT_EQ(scene.carried_out, 1) << "nothing leaves any more";
  EXPECT_FALSE(scene.sink.error().empty());
}

TEST(LiveJournal, AFrameStandsBeforeItsEvent) {
  Scene scene;
  io::net::EventLoop loop;
  LiveSource source{loop, io::clock::PacedClock{{}, {}, 1}, *scene.journal};
  source.frame(Link::market, "{\"topic\":\"tickers.BTCUSDT\"}");
  source.push(Ticker{}, {});
  ASSERT_NE(source.next(distant_future), nullptr);
  auto reader = io::journal::JournalReader::open(scene.folder.path());
  ASSERT_TRUE(reader);
  const auto frame = (*reader)->next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_TRUE(std::holds_alternative<io::journal::RawFrame>(**frame));
  const auto event = (*reader)->next();
  ASSERT_TRUE(event && *event);
  EXPECT_TRUE(std::holds_alternative<Record>(**event));
}

}  // namespace
}  // namespace mlbot::shell
