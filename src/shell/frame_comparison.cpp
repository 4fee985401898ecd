#include "shell/frame_comparison.h"

namespace mlbot::shell {

void FrameComparison::recorded(const io::journal::FrameDigest& frame) {
  anything_recorded_ = true;
  if (!wanted(frame.at)) return;
  recorded_.push_back(frame);
  compare();
}

void FrameComparison::made(const FeatureFrame& frame) {
  if (!wanted(frame.at)) return;
  made_.push_back(frame);
  compare();
}

void FrameComparison::compare() {
  while (!recorded_.empty() && !made_.empty() && !difference_) {
    if (io::journal::digest_of(made_.front()) != recorded_.front()) {
      difference_ = {recorded_.front(), made_.front()};
      return;
    }
    ++frames_;
    recorded_.pop_front();
    made_.pop_front();
  }
}

void FrameComparison::finish(bool whole) {
  if (difference_) return;
  if (!recorded_.empty())
    difference_ = {recorded_.front(), std::nullopt};
  else if (!made_.empty() && whole)
    difference_ = {std::nullopt, made_.front()};
}

}  // namespace mlbot::shell
