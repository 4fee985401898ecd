#include "shell/page_token.h"

#include <array>
#include <random>

#include "base/digest.h"
#include "io/files/files.h"
#include "io/files/private_file.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t token_min = 16;

std::string random_token() {
  std::random_device chance;
  std::array<std::uint8_t, 24> bytes;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(chance());
  return to_hex(bytes);
}

}  // namespace

Result<std::string, StartError> page_token(const StateDirectory& state) {
  std::string token;
  if (auto known = io::files::read_file(state.page_token()); known && known->size() >= token_min) {
    token = std::move(*known);
  } else {
    token = random_token();
    if (const auto written = io::files::write_private_file_atomically(state.page_token(), token); !written)
      return std::unexpected{StartError{ExitCode::data, written.error().what}};
  }
  return token;
}

}  // namespace mlbot::shell
