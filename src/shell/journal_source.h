// A journal read back: a past run's own inputs for replay, or its market for training, warming and serving.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/core.h"
#include "domain/record.h"
#include "io/journal/journal.h"
#include "shell/history_source.h"

namespace mlbot::shell {

/// What was in the way of reading; empty `what` means nothing was.
struct SourceError {
  std::string what;
};

/// The market events of a journal in order, whoever was listening, with symbols renumbered to `instruments`
/// by name; symbols that are not among them are passed over. Views live until the next call.
class JournalMarket {
 public:
  struct Range {
    Sequence from;          ///< first sequence wanted
    Sequence until{~0ull};  ///< last sequence wanted
    Instant from_at, until_at = distant_future;
  };
  static Result<JournalMarket, SourceError> open(const std::string& directory,
                                                 std::vector<Instrument> instruments, Range range);

  /// nullptr at the end, or when error() says why it ended early.
  const Stamped* next();
  const std::string& error() const { return error_; }
  std::uint64_t bytes_read() const { return reader_->bytes_read(); }
  std::uint64_t bytes_total() const { return reader_->bytes_total(); }
  /// The first hole in the range so far.
  const std::optional<io::journal::JournalGap>& gap() const { return gap_; }

 private:
  void define(const Instrument& recorded);

  std::unique_ptr<io::journal::JournalReader> reader_;
  std::vector<Instrument> instruments_;
  std::map<std::uint16_t, SymbolId> ids_;  ///< recorded id -> ours
  Range range_;
  Stamped out_;
  std::optional<io::journal::JournalGap> gap_;
  std::string error_;
};

/// What a journal holds, found by reading it once.
struct JournalSummary {
  struct Run {
    RunStarted start;
    Sequence first, last;
    Instant started_at, ended_at;
    std::vector<Instrument> instruments;
    /// Features that the run went on from, instead of going through hours of history.
    struct Features {
      Sequence after;
      Instant at;
      std::string bytes;
    };
    std::optional<Features> features;
  };
  std::vector<Run> runs;
  std::vector<Instrument> instruments;  ///< latest definition of each name
  Sequence first, last;                 ///< events
  Instant first_at, last_at;
  std::uint64_t events = 0, commands = 0, decisions = 0, venue_frames = 0, gaps = 0, torn_bytes = 0;
  std::uint64_t raw_frames = 0, raw_frame_bytes = 0, state_hashes = 0;
};
Result<JournalSummary, SourceError> summarise_journal(const std::string& directory);
/// The run of that epoch, or the last one. @error says what the journal holds instead.
Result<JournalSummary::Run, SourceError> find_run(const JournalSummary& summary, const std::string& directory,
                                                  std::optional<std::uint32_t> epoch);

/// Where warming must begin so that every book is whole at `cutoff`: at the last snapshot before it of the
/// symbol whose is oldest. Looked for backwards, at most a day; where a symbol has none, at the first event
/// of that day. 0 for an empty journal.
Result<Sequence, SourceError> find_warm_start(const std::string& directory,
                                              const std::vector<Instrument>& instruments, Instant cutoff);

/// Who is warmed: a core, or its market half.
struct WarmTarget {
  std::function<void(const Stamped&)> warm;
  std::function<Result<std::size_t, core::CheckpointError>(std::string_view, Instant)> restore;
};
WarmTarget warm_target(core::Core& core);

/// What a start begins with. A run and its replay begin by this one function, so that they start alike.
struct WarmStart {
  JournalMarket::Range history;  ///< market events that are fed
  /// Features to go on from, in place of history before `history.from`; what was recorded since is live
  /// again.
  std::optional<JournalSummary::Run::Features> features;
};
struct Warmed {
  std::uint64_t events = 0;
  std::optional<io::journal::JournalGap> gap;  ///< the first hole in that history
};
/// @error also where the features do not restore: nothing was fed then
Result<Warmed, SourceError> warm_from_journal(const WarmTarget& target, const std::string& directory,
                                              const std::vector<Instrument>& instruments,
                                              const WarmStart& start);
/// How a recorded run began.
WarmStart start_of(const JournalSummary::Run& run);

/// The exact inputs of one run, from RunStarted to the run's end.
class RunSource {
 public:
  /// @param compared_from  what was recorded before this event is not counted
  static Result<RunSource, SourceError> open(const std::string& directory, const JournalSummary::Run& run,
                                             std::optional<Sequence> until, Sequence compared_from = {});
  const Stamped* next(Instant wakeup);
  /// Set by a gap before the last event wanted, too.
  const std::string& error() const { return error_; }
  /// Commands that the recorded run gave, hashed and counted like RunDigest does.
  std::uint64_t recorded_commands() const { return commands_; }
  std::uint64_t recorded_commands_hash() const { return commands_hash_; }
  /// The same of its frames, by their digests.
  std::uint64_t recorded_frames() const { return frames_; }
  std::uint64_t recorded_frames_hash() const { return frames_hash_; }
  /// Called with each frame digest of the run as it is met: behind the event that made the frame.
  std::function<void(const io::journal::FrameDigest&)> on_frame_digest;
  /// Called with what the run said of its state after the event that was handed over last.
  std::function<void(const io::journal::StateHash&)> on_state_hash;

 private:
  std::unique_ptr<io::journal::JournalReader> reader_;
  JournalSummary::Run run_;
  Sequence until_, compared_from_;
  std::uint64_t commands_ = 0, commands_hash_ = 0, frames_ = 0, frames_hash_ = 0;
  std::string scratch_;
  std::string error_;
};

}  // namespace mlbot::shell
