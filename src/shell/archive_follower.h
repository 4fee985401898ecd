// The archive's thread: it reads the journal behind the bot, so it may be late and can never slow it, and
// takes frames from the bus.
//
// After an error of the archive (disk full, damaged file) trading goes on: the journal has everything, and
// the next start feeds the archive from where it stopped.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "io/archive/data_archiver.h"
#include "io/bus/bus.h"
#include "shell/service/service_manager.h"

namespace mlbot::shell {

class ArchiveFollower {
 public:
  struct Setup {
    std::string journal;                 ///< directory
    std::string archive;                 ///< DuckDB file
    io::bus::Bus* bus = nullptr;         ///< frames are heard here; nullptr: only what the journal has
    std::vector<std::string> streams{};  ///< of frames, where the bus is no ring of this process
    /// Frames in the journal are rows. Not where they are another journal's: their causes are its sequences.
    bool own_frames = true;
  };
  explicit ArchiveFollower(Setup setup) : setup_{std::move(setup)} {}
  ~ArchiveFollower() { stop(); }

  /// @param progress  moves with every record and every look at the journal's end.
  std::optional<ServiceError> start(Progress& progress);
  /// Takes what is left in the journal, closes the file.
  void stop();

  std::uint64_t rows() const { return rows_; }
  /// Events up to here are in the archive for good.
  Sequence archived_through() const { return {archived_}; }
  /// "" while all is well.
  std::string trouble() const;

 private:
  void run(Progress& progress);
  bool follow_journal(std::size_t& taken);
  bool follow_frames(std::size_t& taken);
  void fail(const std::string& what);

  Setup setup_;
  std::unique_ptr<io::archive::DataArchiver> archiver_;
  std::unique_ptr<io::journal::JournalReader> reader_;
  std::unique_ptr<io::bus::BusReader> frames_;
  RecordScratch scratch_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rows_{0}, archived_{0};
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
};

}  // namespace mlbot::shell
