// The audit log's thread: it reads the journal behind the bot and appends what is on record.
//
// After a crash it goes on behind the last record that stands: the journal has what is missing, and the place
// in each record says what is not. An error (disk full) ends it with a word on the page; trading goes on, the
// journal keeps everything and the next start makes up for it. At the start and every hour the whole log is
// held against its chain and its anchors; what was tampered with is named on the page, and writing goes on.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "shell/audit_trail.h"
#include "shell/service/service_manager.h"

namespace mlbot::shell {

class AuditFollower {
 public:
  struct Setup {
    std::string journal;      ///< directory
    std::string audit;        ///< directory
    std::string anchor_file;  ///< "" keeps no anchors
    Sequence journal_end;     ///< its last event before this run
    Duration verify_every = std::chrono::hours{1};
    Json about = Json::object();  ///< of this process, for its first record: build, configuration
  };
  explicit AuditFollower(Setup setup) : setup_{std::move(setup)} {}
  ~AuditFollower() { stop(); }

  std::optional<ServiceError> start(Progress& progress);
  /// Takes what is left in the journal, closes the log.
  void stop();

  std::uint64_t records() const { return records_; }
  /// Events up to here are on record.
  Sequence followed_through() const { return {followed_}; }
  /// "" while all is well.
  std::string trouble() const;

 private:
  void run(Progress& progress);
  /// @return false after an error
  bool follow(std::size_t& taken);
  void record(std::string_view kind, Json what);
  void fail(const std::string& what);
  bool failed() const;
  /// @return false when the log cannot be written
  bool sync();
  void verify_all();

  Setup setup_;
  std::unique_ptr<io::audit::AuditWriter> writer_;
  std::unique_ptr<io::journal::JournalReader> reader_;
  AuditTrail trail_;
  std::optional<io::audit::AuditPlace> behind_;  ///< what is on record already, until it is passed
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> records_{0}, followed_{0};
  mutable std::mutex trouble_mutex_;
  std::string trouble_, tampered_;
};

}  // namespace mlbot::shell
