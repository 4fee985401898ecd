// Frames that were recorded against frames that are made again: in order, by their digests.
//
// A recorded digest may be met before or after the frame is made again, so both sides wait in line; a frame
// waits at most as long as the journal lags (io/journal/journal.h). Threads: none.  Clock: none.
#pragma once

#include <deque>
#include <optional>

#include "io/journal/journal.h"

namespace mlbot::shell {

/// The first frame that is not what was recorded.
struct FrameDifference {
  std::optional<io::journal::FrameDigest> recorded;  ///< nothing: a frame too many was made
  std::optional<FeatureFrame> made;                  ///< nothing: the frame was not made again
};

class FrameComparison {
 public:
  /// Only frames of [from, until) are compared.
  FrameComparison(Instant from, Instant until) : from_{from}, until_{until} {}

  void recorded(const io::journal::FrameDigest& frame);
  void made(const FeatureFrame& frame);
  /// What is left on one side only. @param whole  the recording is not cut short: nothing may be left.
  void finish(bool whole);

  const std::optional<FrameDifference>& difference() const { return difference_; }
  std::uint64_t frames() const { return frames_; }
  std::uint64_t values() const { return frames_ * feature_count; }
  bool anything_recorded() const { return anything_recorded_; }
  /// Frames behind the last digest of a recording that was cut short.
  std::size_t unrecorded() const { return made_.size(); }

 private:
  bool wanted(Instant at) const { return !difference_ && at >= from_ && at < until_; }
  void compare();

  Instant from_, until_;
  std::deque<io::journal::FrameDigest> recorded_;
  std::deque<FeatureFrame> made_;
  std::uint64_t frames_ = 0;
  bool anything_recorded_ = false;
  std::optional<FrameDifference> difference_;
};

}  // namespace mlbot::shell
