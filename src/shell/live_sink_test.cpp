// What leaves is in the journal first: no byte of an order goes out before its intent has left the process.
#include "shell/live_sink.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "io/bus/embedded_bus.h"

namespace mlbot::shell {
namespace {

class Sink : public ::testing::Test {
 protected:
  Sink()
      : directory_{std::filesystem::temp_directory_path() / ("mlbot_sink_" + std::to_string(::getpid()))},
        bus_{1} {
    std::filesystem::remove_all(directory_);
    journal_ = std::move(*io::journal::JournalWriter::open(directory_.string()));
  }
  ~Sink() override {
    journal_.reset();
    std::filesystem::remove_all(directory_);
  }
  /// The orders that another process would find in the journal now.
  std::vector<std::string> kept() const {
    std::vector<std::string> out;
    auto reader = io::journal::JournalReader::open(directory_.string());
    if (!reader) return out;
    while (true) {
      const auto item = (*reader)->next();
      if (!item || *item == nullptr) return out;
      const auto* record = std::get_if<Record>(*item);
      const auto* command = record ? std::get_if<StampedCommand>(record) : nullptr;
      const auto* place = command ? std::get_if<PlaceOrder>(&command->what) : nullptr;
      if (place) out.push_back(place->id.str());
    }
  }
  const std::filesystem::path directory_;
  std::unique_ptr<io::journal::JournalWriter> journal_;
  io::bus::EmbeddedBus bus_;
};

TEST_F(Sink, AnIntentIsOnTheDiskBeforeItsFirstByteLeaves) {
  std::vector<std::string> sent;
  LiveSink sink{{.journal = journal_.get(),
                 .bus = &bus_,
                 .carry_out =
                     [&](const Command& command) {
                       const auto id = std::get<PlaceOrder>(command).id.str();
                       const auto on_disk = kept();
                       EXPECT_EQ(std::count(on_disk.begin(), on_disk.end(), id), 1) << id;
                       sent.push_back(id);
                     },
                 .resubscribe_book = {},
                 .observer = {}}};
  Outbox out;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const Stamped event{.sequence = {i}, .at = Instant::from_ms(1), .what = TimerFired{Instant::from_ms(1)}};
    ASSERT_TRUE(journal_->append(event));
    out.clear();
    for (const char* leg : {"a", "b"})
      out.commands.push_back(PlaceOrder{.id = ClientOrderId{leg + std::to_string(i)}, .size = {1}});
    sink.take(event, out);
  }
  EXPECT_EQ(sent, (std::vector<std::string>{"a1", "b1", "a2", "b2", "a3", "b3"}));
  EXPECT_TRUE(sink.error().empty()) << sink.error();
}

}  // namespace
}  // namespace mlbot::shell
