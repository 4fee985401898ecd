#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace mlbot::shell {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// "127.0.0.1:8787". The error says what is wrong with the text.
Result<Address, std::string> parse_address(const std::string& text);

}  // namespace mlbot::shell
