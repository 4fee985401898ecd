// What the journal's tests share: small events, a reader that notes everything, bytes of files.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/journal/journal.h"

namespace mlbot::io::journal {

inline Stamped timer(std::uint64_t number) {
  const auto at = Instant::from_ms(1'700'000'000'000 + static_cast<std::int64_t>(number));
  return {{number}, at, at, {}, TimerFired{at}};
}

inline Stamped definition(std::uint64_t number, std::uint16_t id, std::string_view name) {
  Instrument instrument;
  instrument.id = {id};
  instrument.name = name;
  auto event = timer(number);
  event.what = InstrumentDefined{instrument};
  return event;
}

struct Heard {
  std::vector<std::uint64_t> events;
  std::vector<JournalGap> gaps;
  std::vector<std::string> frames, raw_frames;
  std::vector<FrameDigest> digests;
  std::vector<std::pair<Sequence, std::string>> checkpoints;
  std::vector<StateHash> states;
  std::vector<std::uint64_t> leases;
  std::vector<JournalContext> contexts;
  std::size_t derived = 0;
  std::uint64_t bytes_read = 0;

  void take(const JournalItem& item) {
    std::visit(Overloaded{[&](const Record& record) {
                            if (const auto* event = std::get_if<Stamped>(&record))
                              events.push_back(event->sequence.number);
                            else
                              ++derived;
                          },
                          [&](const VenueFrame& frame) { frames.emplace_back(frame.bytes); },
                          [&](const FrameDigest& frame) { digests.push_back(frame); },
                          [&](const FeatureCheckpoint& checkpoint) {
                            checkpoints.emplace_back(checkpoint.after, std::string{checkpoint.bytes});
                          },
                          [&](const JournalGap& gap) { gaps.push_back(gap); },
                          [&](const RawFrame& frame) { raw_frames.emplace_back(frame.bytes); },
                          [&](const StateHash& state) { states.push_back(state); },
                          [&](const OrderIdLease& lease) { leases.push_back(lease.counter_end); },
                          [&](const JournalContext& context) { contexts.push_back(context); }},
               item);
  }
};

inline Heard read_all(const std::string& directory, JournalStart start = {}) {
  Heard heard;
  auto reader = JournalReader::open(directory, start);
  EXPECT_TRUE(reader) << reader.error().what;
  while (reader) {
    const auto item = (*reader)->next();
    EXPECT_TRUE(item) << item.error().what;
    if (!item || *item == nullptr) break;
    heard.take(**item);
  }
  if (reader) heard.bytes_read = (*reader)->bytes_read();
  return heard;
}

inline std::string slurp(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return (std::ostringstream{} << in.rdbuf()).str();
}
inline void spill(const std::string& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

/// Every number from 1 to `last` was heard, or a gap speaks of it: nothing is missing in silence.
inline void expect_nothing_missing_in_silence(const Heard& heard, std::uint64_t last) {
  std::uint64_t next = 1;
  std::size_t gap = 0;
  for (const std::uint64_t number : heard.events) {
    while (next < number) {
      while (gap < heard.gaps.size() && heard.gaps[gap].before.number <= next) ++gap;
      ASSERT_LT(gap, heard.gaps.size()) << "event " << next << " is missing and nothing says so";
      ASSERT_LT(heard.gaps[gap].after.number, next) << "event " << next << " is missing and nothing says so";
      ++next;
    }
    ASSERT_EQ(number, next) << "twice, or out of order";
    ++next;
  }
  EXPECT_LE(next, last + 1);
}

}  // namespace mlbot::io::journal
