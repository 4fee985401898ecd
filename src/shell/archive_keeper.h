// The archive as its owner keeps it, without a thread: opened whatever state it is in, fed from the journal,
// its lost frames made again, its gaps filled from what was fetched into STATE/history.
//
// A DuckDB file that cannot be used is moved aside (archive.duckdb.damaged) and built again from the journal.
// What an ingest's frames are made from is saved every ten seconds, behind a commit of all that was taken; a
// killed owner goes on from there.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "io/archive/data_archiver.h"
#include "io/journal/journal.h"
#include "shell/frame_maker.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

class ArchiveKeeper {
 public:
  /// @param note  told what was found and done: a file moved aside
  /// @error  as DataArchiver::open, but for damage; not_found without a journal
  static Result<std::unique_ptr<ArchiveKeeper>, io::archive::ArchiveError> open(
      const StateDirectory& state, const std::function<void(const std::string&)>& note,
      std::chrono::milliseconds frames_saved_every = std::chrono::seconds{10});

  io::archive::DataArchiver& archiver() { return *archiver_; }

  /// Takes at most `records_max` from the journal. @return how many; fewer when its end was reached
  Result<std::size_t, io::archive::ArchiveError> follow(std::size_t records_max);
  /// To the journal's end; `progress` hears bytes done and to do, and may say stop by false.
  Result<void, io::archive::ArchiveError> catch_up(
      const std::function<bool(double done, double total)>& progress);

  /// Frames that the journal names and the archive lacks, made again by the core from the journal.
  /// @return how many were; those of another feature catalogue, and of a run with a hole, stay missing
  Result<std::size_t, io::archive::ArchiveError> remake_frames(const std::function<bool()>& go_on);
  /// Fills gaps with the candles and trades of STATE/history.
  /// @return rows added
  Result<std::uint64_t, io::archive::ArchiveError> apply_history();

 private:
  ArchiveKeeper(StateDirectory state, std::unique_ptr<io::archive::DataArchiver> archiver,
                std::unique_ptr<io::journal::JournalReader> reader, FrameMaker frames,
                std::function<void(const std::string&)> note, std::chrono::milliseconds frames_saved_every)
      : state_{std::move(state)},
        archiver_{std::move(archiver)},
        reader_{std::move(reader)},
        frames_{std::move(frames)},
        note_{std::move(note)},
        frames_saved_every_{frames_saved_every} {}
  Result<void, io::archive::ArchiveError> take(const Record& record);
  Result<void, io::archive::ArchiveError> save_frames_when_due();

  StateDirectory state_;
  std::unique_ptr<io::archive::DataArchiver> archiver_;
  std::unique_ptr<io::journal::JournalReader> reader_;
  FrameMaker frames_;  ///< of an ingest's runs
  std::chrono::steady_clock::time_point frames_saved_at_ = std::chrono::steady_clock::now();
  std::function<void(const std::string&)> note_;
  std::chrono::milliseconds frames_saved_every_;
};

/// Brings the archive of a stopped bot up to the journal's end, with certificates for every hour; a running
/// owner does so by itself and is left alone.
Result<void, io::archive::ArchiveError> bring_up_to_date(
    const StateDirectory& state, const std::function<void(const std::string&)>& note,
    const std::function<bool(double done, double total)>& progress);

}  // namespace mlbot::shell
