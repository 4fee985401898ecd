// The files of the page, inside the binary.
#pragma once

#include <span>
#include <string_view>

namespace mlbot::io::web {

struct Asset {
  std::string_view path;  ///< "/index.html"
  std::string_view content_type;
  std::string_view bytes;
};

std::span<const Asset> assets();

}  // namespace mlbot::io::web
