// Is the audit log what was written? Every record is held against the chain, the head and the anchors.
//
// A record that was changed, removed, added, moved or cut off is named by its number. Checking goes on behind
// a damage, so that a second one is named as well. What a chain alone cannot show is an end that was cut off
// together with the head: for that there are anchors elsewhere, and the journal (shell/audit_trail).
#pragma once

#include <functional>

#include "io/audit/audit_log.h"

namespace mlbot::io::audit {

struct AuditFinding {
  std::uint64_t number = 0;  ///< of the record
  std::string segment;       ///< file name; empty where no file has it
  std::string what;
};

struct AuditReport {
  std::uint64_t records = 0, segments = 0, anchors = 0;
  std::uint64_t last = 0;
  std::string hash;  ///< of the last record
  std::vector<AuditFinding> findings;
  bool whole() const { return findings.empty(); }
};

struct AuditCheck {
  std::string anchor_file;         ///< "" looks at none
  std::size_t findings_max = 100;  ///< more are counted in the last one
  /// Sees every record that could be read, in the order of the files.
  std::function<void(const AuditLine&)> on_record;
};
/// @error what keeps a file from being read at all
Result<AuditReport, AuditError> verify(const std::string& directory, const AuditCheck& check = {});

}  // namespace mlbot::io::audit
