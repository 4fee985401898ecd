// What is kept and passed on: inputs of the core, its commands, decisions and frames. Journal, bus, archive
// and page all speak this one type in its one binary form.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/command.h"
#include "domain/decision.h"
#include "domain/event.h"
#include "domain/frame.h"

namespace mlbot {

/// A command and the input that caused it.
struct StampedCommand {
  Sequence cause;
  Instant at;
  Command what;
  bool operator==(const StampedCommand&) const = default;
};

/// Where one record of a producer of several streams went.
struct StreamPlace {
  Sequence sequence;  ///< of the event, or of the event that caused the frame
  /// The record's symbol; `control_stream`: the producer's ctl; `no_stream`: the producer kept it to itself.
  std::uint16_t stream = 0;
  static constexpr std::uint16_t control_stream = 0xffff, no_stream = 0xfffe;
  bool operator==(const StreamPlace&) const = default;
};
/// What a producer has put on its streams behind `after` and up to `upto`. With it a reader of several
/// streams puts their records into their one order again, and tells what is late from what is not there.
struct StreamIndex {
  Sequence after, upto;
  Instant at;  ///< core time of `upto`
  std::span<const StreamPlace> list;
};

/// New kinds stand at the end: their place is their number in journal and bus.
using Record =
    std::variant<Stamped, StampedCommand, Decision, FeatureFrame, StreamIndex, RouteChoice, FillQuality>;

/// Owns what the views of a decoded event look at. One record at a time.
struct RecordScratch {
  std::vector<BookLevel> bids, asks;
  std::vector<Trade> trades;
  std::vector<Liquidation> liquidations;
  std::vector<AdlAlert> adl_alerts;
  std::vector<InsurancePool> insurance_pools;
  std::vector<SymbolId> symbols;
  std::vector<StreamPlace> places;
};

struct CodecError {
  std::size_t position = 0;  ///< byte at which reading failed
  std::string what;
};

/// Appends the binary form of one record. First byte: format version.
void encode(const Record& record, std::string& out);
void encode(const Stamped& event, std::string& out);
/// Commands alone, without cause and time: what two runs compare.
void encode(const Command& command, std::string& out);

/// @error CodecError for bytes that are torn, of another version, or hold values outside their enum.
Result<Record, CodecError> decode(std::string_view bytes, RecordScratch& scratch);

}  // namespace mlbot
