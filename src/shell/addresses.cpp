#include "shell/addresses.h"

#include <charconv>

namespace mlbot::shell {

Result<Address, std::string> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  Address out;
  if (colon != std::string::npos && colon > 0) {
    out.host = text.substr(0, colon);
    const auto* begin = text.data() + colon + 1;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, out.port);
    if (error == std::errc{} && stop == end && begin != end) return out;
  }
  return std::unexpected{"\"" + text + "\" is no address; write HOST:PORT, e.g. 127.0.0.1:8787"};
}

}  // namespace mlbot::shell
