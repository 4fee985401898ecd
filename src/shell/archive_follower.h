// The archive's thread: it reads the journal behind the bot, so it may be late and can never slow it, takes
// frames from the bus, and answers questions on STATE/archive.sock meanwhile.
//
// Nothing that happens here touches trading. A file that cannot be used is moved aside and built again; after
// any other error (disk full, memory) the archive is opened again, later and later, and goes on where it was
// committed: the journal has everything.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "io/archive/query_server.h"
#include "io/bus/bus.h"
#include "shell/archive_keeper.h"
#include "shell/service/service_manager.h"

namespace mlbot::shell {

class ArchiveFollower {
 public:
  struct Setup {
    std::string journal;          ///< directory, in the state directory
    std::string archive;          ///< DuckDB file, in the state directory
    io::bus::Bus* bus = nullptr;  ///< frames are heard here; nullptr: only what the journal has
  };
  explicit ArchiveFollower(Setup setup);
  ~ArchiveFollower() { stop(); }

  /// @param progress  moves with every record and every look at the journal's end.
  /// @return an error where no opening later can help: no DuckDB library
  std::optional<ServiceError> start(Progress& progress);
  /// Takes what is left in the journal, closes the file.
  void stop();

  std::uint64_t rows() const { return rows_; }
  /// What the journal need not keep for the archive any more.
  Sequence archived_through() const { return {sealed_}; }
  /// "" while all is well.
  std::string trouble() const;
  /// What was done to it: a file moved aside, frames made again.
  std::string news() const;

 private:
  using Done = Result<void, io::archive::ArchiveError>;
  void run(Progress& progress);
  /// One life of the open archive, until stop() or an error.
  Done live(Progress& progress);
  Done follow(Progress& progress);
  Done follow_frames(std::size_t& taken);
  /// Waits while the disk is nearly full. @error disk_full: it still is, and stop() came
  Done wait_for_room(Progress& progress);
  /// Gaps that history can fill. @return rows added
  Result<std::uint64_t, io::archive::ArchiveError> repair(bool certify);
  Done carry_out_wishes();
  Json wish(const Json& asked);
  void say(std::string& where, const std::string& what);
  /// @return false when stop() came
  bool wait(std::chrono::milliseconds span, Progress& progress);

  Setup setup_;
  StateDirectory state_;
  std::unique_ptr<ArchiveKeeper> keeper_;
  std::unique_ptr<io::bus::BusReader> frames_;
  RecordScratch scratch_;
  std::chrono::steady_clock::time_point room_seen_at_{};
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rows_{0}, rows_before_{0}, sealed_{0};
  std::atomic<bool> serving_{false}, repair_wished_{false};
  std::atomic<std::uint64_t> repairs_done_{0}, rows_repaired_{0};
  mutable std::mutex words_mutex_;
  std::string trouble_, news_;
};

}  // namespace mlbot::shell
