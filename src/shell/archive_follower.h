// The archive's thread: it reads the journal behind the bot, so it may be late and can never slow it, and it writes frames
// as the bus shows them.
//
// After an error of the archive (disk full, damaged file) trading goes on: the journal has everything, and the next start
// feeds the archive from where it stopped.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "io/archive/data_archiver.h"
#include "io/bus/embedded_bus.h"
#include "shell/service/service_manager.h"

namespace mlbot::shell {

class ArchiveFollower {
 public:
  struct Setup {
    std::string journal;   ///< directory
    std::string archive;   ///< DuckDB file
    io::bus::EmbeddedBus* frames = nullptr;  ///< nullptr: only what the journal has
  };
  explicit ArchiveFollower(Setup setup) : setup_{std::move(setup)} {}
  ~ArchiveFollower() { stop(); }

  /// @param progress  moves with every record and every look at the journal's end.
  std::optional<ServiceError> start(Progress& progress);
  /// Takes what is left in the journal, closes the file.
  void stop();

  std::uint64_t rows() const { return rows_; }
  /// "" while all is well.
  std::string trouble() const;
  /// Runs `sql` between two batches, on this thread's connection to the file; waits for the answer.
  Result<Json, std::string> query(const std::string& sql);

 private:
  void run(Progress& progress);
  bool follow(io::archive::JournalReader& reader, Progress& progress);

  Setup setup_;
  std::unique_ptr<io::archive::DataArchiver> archiver_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rows_{0};
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
};

}  // namespace mlbot::shell
