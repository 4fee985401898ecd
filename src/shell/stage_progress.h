// Progress of work in several stages: one bar after the other, each finished when the next begins.
#pragma once

#include <memory>
#include <string>

#include "shell/console.h"

namespace mlbot::shell {

class StageProgress {
 public:
  explicit StageProgress(const Console& console) : console_{console} {}

  void at(const std::string& stage, double done, double total) {
    if (stage != stage_) {
      finish("done");
      bar_ = std::make_unique<ProgressBar>(console_, stage_ = stage, "");
    }
    bar_->at(done, total);
  }
  /// The last line of the stage that runs, if any.
  void finish(std::string_view result) {
    if (bar_) bar_->finish(result);
    bar_.reset();
  }

 private:
  const Console& console_;
  std::string stage_;
  std::unique_ptr<ProgressBar> bar_;
};

}  // namespace mlbot::shell
