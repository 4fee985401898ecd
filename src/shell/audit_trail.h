// What of the journal is on record for good: run starts, limits, decisions, commands, what left for the
// venue, what it answered, fills, people's words. A pure function of the journal, item by item, so that the
// audit log can be made up for after a crash and held against the journal at any time. docs/decisions/0085.
#pragma once

#include <optional>
#include <vector>

#include "io/audit/audit_log.h"
#include "io/journal/journal.h"

namespace mlbot::shell {

/// How a request that leaves is written into the journal, among the frames of Link::orders: "> WAY
/// PATH\nBODY".
std::string sent_frame(std::string_view path, std::string_view body, bool by_socket);

class AuditTrail {
 public:
  /// Takes every item in the journal's order from the beginning of an event on.
  /// @return the record, for an item that is on record
  std::optional<io::audit::AuditRecord> take(const io::journal::JournalItem& item);

 private:
  std::optional<io::audit::AuditRecord> derive(const io::journal::JournalItem& item);
  std::optional<io::audit::AuditRecord> derive(const Stamped& event);
  std::string name_of(SymbolId symbol) const;
  void know(const Instrument& instrument);

  std::vector<Instrument> instruments_;  ///< by id
  std::uint32_t run_ = 0;
  Instant at_;               ///< core time of the last event
  std::uint64_t after_ = 0;  ///< its sequence
  std::uint64_t index_ = 0;  ///< records behind it so far
};

/// Every limit by its key, as text.
Json limits_json(const RiskLimits& limits);

}  // namespace mlbot::shell
