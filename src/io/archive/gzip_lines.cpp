#include "io/archive/gzip_lines.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace mlbot::io::archive {
namespace {
constexpr std::size_t read_bytes = 1 << 18;
constexpr std::size_t line_bytes_max = 16 << 20;
}  // namespace

struct GzipLines::File {
  gzFile handle = nullptr;
  ~File() {
    if (handle != nullptr) gzclose_r(handle);
  }
};

GzipLines::GzipLines(std::string path, std::unique_ptr<File> file)
    : path_{std::move(path)}, file_{std::move(file)} {}
GzipLines::GzipLines(GzipLines&&) noexcept = default;
GzipLines& GzipLines::operator=(GzipLines&&) noexcept = default;
GzipLines::~GzipLines() = default;

Result<GzipLines, std::string> GzipLines::open(const std::string& path) {
  auto file = std::make_unique<File>();
  file->handle = gzopen(path.c_str(), "rb");
  if (file->handle == nullptr)
    return std::unexpected{fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  gzbuffer(file->handle, read_bytes);
  return GzipLines{path, std::move(file)};
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
    const int got = gzread(file_->handle, buffer_.data() + searched, read_bytes);
    if (got < 0) {
      int code = 0;
      return std::unexpected{
          here(fmt::format("damaged gzip data ({}); fetch the file again", gzerror(file_->handle, &code)))};
    }
    buffer_.resize(searched + static_cast<std::size_t>(got));
    at_end_ = got == 0;
  }
}

std::uint64_t GzipLines::bytes_read() const { return static_cast<std::uint64_t>(gzoffset(file_->handle)); }

std::string GzipLines::here(std::string_view why) const {
  return fmt::format("{}:{}: {}", path_, line_number_, why);
}

}  // namespace mlbot::io::archive
