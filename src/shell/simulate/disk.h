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
  /// One record into the buffer; of what it says only these matter here.
  void append(std::uint32_t epoch, std::uint64_t sequence, std::size_t bytes);
  /// The last record appended means to send this order, or tells that it ended.
  void intends(const IntentCarried& intent) { buffer_.back().intent = intent; }
  void ends(const ClientOrderId& order) { buffer_.back().ended = order; }
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

  // ---- misfortune
  void crash(std::uint64_t owner);
  void fill_until(Instant until) { full_until_ = std::max(full_until_, until); }
  void slow_until(Instant until) { slow_until_ = std::max(slow_until_, until); }
  void heal(Instant now) { full_until_ = slow_until_ = now; }

  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Record {
    std::uint32_t epoch;
    std::uint64_t sequence;
    std::optional<IntentCarried> intent = {};
    ClientOrderId ended = {};
  };
  using Intents = std::vector<IntentCarried>;
  static void tell(Intents& open, const Record& record);
  struct File {
    std::string name, text;
    Instant mark;
  };

  FaultPlan& plan_;
  std::vector<Record> written_;  ///< the newest few; older ones are synced and of no more interest
  std::size_t synced_ = 0;       ///< of written_
  Intents older_;                ///< unended, of records that are no more in written_
  std::vector<Record> buffer_;
  std::uint64_t buffered_bytes_ = 0, bytes_written_ = 0;
  std::vector<File> files_;
  std::uint64_t owner_ = 0;
  bool sync_failed_ = false;
  Instant full_until_{}, slow_until_{};
};

}  // namespace mlbot::shell::simulate
