#include "io/archive/gzip_lines.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::io::archive {
namespace {
constexpr std::size_t read_bytes = 1 << 18;
constexpr std::size_t line_bytes_max = 16 << 20;
}  // namespace

GzipLines::GzipLines(std::string path, CompressedFile file)
    : path_{std::move(path)}, file_{std::move(file)} {}

Result<GzipLines, std::string> GzipLines::open(const std::string& path) {
  auto file = CompressedFile::open(path);
  if (!file) return std::unexpected{file.error()};
  return GzipLines{path, std::move(*file)};
}

Result<bool, std::string> GzipLines::next(std::string_view& line) {
  for (std::size_t searched = begin_;;) {
    const auto end = buffer_.find('\n', searched);
    if (end != std::string::npos || (at_end_ && begin_ < buffer_.size())) {
      const auto stop = end != std::string::npos ? end : buffer_.size();
      line = std::string_view{buffer_}.substr(begin_, stop - begin_);
      begin_ = std::min(stop + 1, buffer_.size());
      ++line_number_;
      return true;
    }
    if (at_end_) return false;
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    if (searched > line_bytes_max) return std::unexpected{here("a line beyond 16 MB: this is no recording")};
    buffer_.resize(searched + read_bytes);
    const auto got = file_.read(buffer_.data() + searched, read_bytes);
    if (!got) return std::unexpected{here(got.error())};
    buffer_.resize(searched + *got);
    at_end_ = *got == 0;
  }
}

std::uint64_t GzipLines::bytes_read() const { return file_.bytes_read(); }

std::string GzipLines::here(std::string_view why) const {
  return fmt::format("{}:{}: {}", path_, line_number_, why);
}

}  // namespace mlbot::io::archive
