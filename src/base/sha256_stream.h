// SHA-256 of bytes that come in pieces: of files too large to hold.
#pragma once

#include "base/digest.h"

namespace mlbot {

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void add(std::string_view bytes);
  /// Once, at the end.
  Sha256 finish();

 private:
  void* context_;
};

}  // namespace mlbot
