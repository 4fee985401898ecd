// The journal's side of a disk that can fail: what was written survives the process, what was synced survives
// the machine. A small stand-in for io/journal behind the same three verbs (append, flush, sync).
//
// Records are kept as bytes; a crash loses what was not flushed, a power cut what was not synced, and either
// may leave the last record torn, which the next start cuts off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/orders/intent_tracker.h"
#include "domain/event.h"
#include "shell/simulate/fault_plan.h"

namespace mlbot::shell::simulate {

struct DiskError {
  std::string_view what;
};

/// What a start finds.
struct DiskRecovery {
  std::uint32_t last_epoch = 0;
  std::uint64_t last_sequence = 0;
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(FaultPlan& plan) : plan_{plan} {}

  // ---- the journal
  /// A process takes the journal; false while another one holds it.
  bool lock(std::uint64_t owner);
  void unlock(std::uint64_t owner);
  DiskRecovery recover();
  /// One record into the buffer. @param of_orders  its bytes, when it says what was meant to be sent or what
  /// became of that; of others only their place matters here.
  void append(std::uint32_t epoch, std::uint64_t sequence, std::string_view of_orders);
  /// Orders that were meant to be sent and whose end the journal does not show, as far as it survived.
  std::vector<IntentCarried> unended() const;
  Result<void, DiskError> flush(Instant now);
  /// @return  how long it took.
  Result<Duration, DiskError> sync(Instant now);

  // ---- small files, written whole: to a new name, synced, renamed
  /// @param mark  an instant of the writer's, told back by written_at().
  Result<void, DiskError> write_file(Instant now, std::string_view name, std::string text, Instant mark = {});
  std::optional<std::string> read_file(std::string_view name) const;
  Instant written_at(std::string_view name) const;
  Result<void, DiskError> write_trading_state(Instant now, const Carried& carried);
  const Carried& trading_state() const { return trading_state_; }

  // ---- misfortune
  void crash(std::uint64_t owner);
  void fill_until(Instant until) { full_until_ = std::max(full_until_, until); }
  void slow_until(Instant until) { slow_until_ = std::max(slow_until_, until); }
  void heal(Instant now) { full_until_ = slow_until_ = now; }

 private:
  struct Record {
    std::uint32_t epoch;
    std::uint64_t sequence;
    std::string of_orders;
  };
  static void tell(core::IntentTracker& tracker, const Record& record);
  struct File {
    std::string name, text;
    Instant mark;
  };

  FaultPlan& plan_;
  std::vector<Record> written_;  ///< the newest few; older ones are synced and of no more interest
  std::size_t synced_ = 0;       ///< of written_
  core::IntentTracker older_;    ///< of records that are no more in written_
  std::vector<Record> buffer_;
  std::vector<File> files_;
  Carried trading_state_;
  std::uint64_t owner_ = 0;
  bool sync_failed_ = false;
  Instant full_until_{}, slow_until_{};
};

}  // namespace mlbot::shell::simulate
