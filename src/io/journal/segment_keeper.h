// What becomes of a segment when it is full: compressed, hashed, listed in the manifest, and one day removed.
//
// On its own thread, so that none of it slows the writer; segments are worked off in their order. Each step
// leaves a state that a crash may end: the compressed file is whole before the manifest names it, the
// manifest names it before the plain file goes, and says `removed` before a file is removed. What cannot be
// done (a full disk) is reported, the plain segment stays, and the next closed segment or the next start
// tries again.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "io/journal/manifest.h"

namespace mlbot::io::journal {

class SegmentKeeper {
 public:
  struct Setup {
    std::string directory;
    std::uint64_t bytes_max = 0;  ///< 0: no limit
    Duration retention{};         ///< 0: no limit
    files::FileSystem* system = nullptr;
    Manifest manifest;
  };
  explicit SegmentKeeper(Setup setup);
  /// Works off what waits.
  ~SegmentKeeper();

  /// From now on nobody writes this segment.
  void closed(const SegmentPath& segment);
  /// Removes what the limits ask for and was archived.
  void set_archived_through(Sequence sequence);
  KeeperReport report() const;
  /// Waits until nothing waits.
  void settle();

 private:
  void run();
  Result<void, JournalError> list(const SegmentPath& segment);
  Result<void, JournalError> keep_within_limits();
  void note_bytes();

  Setup setup_;
  Manifest manifest_;  ///< of the thread alone
  mutable std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<SegmentPath> waiting_;
  Sequence archived_;
  bool look_ = false, busy_ = false, stopping_ = false;
  KeeperReport report_;
  std::thread thread_;
};

/// fdatasync on a thread of its own, for a writer that must not wait.
class BackgroundSync {
 public:
  /// @param error  takes the first failure's number; outlives this
  BackgroundSync(files::FileSystem& system, std::string directory, std::atomic<int>& error);
  ~BackgroundSync();

  struct Job {
    int file = -1;
    bool directory = false;  ///< its name must reach the disk too
    bool close = false;      ///< afterwards; nobody else uses it
  };
  void ask(const Job& job);
  /// Waits until all that was asked is done.
  void settle();

 private:
  void run();

  files::FileSystem& system_;
  std::string directory_;
  std::atomic<int>& error_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Job> waiting_;
  bool busy_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace mlbot::io::journal
