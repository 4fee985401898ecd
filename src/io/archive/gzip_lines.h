// The lines of one gzip file, of the one file in a zip, or of a plain one, with the place in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/archive/compressed_file.h"

namespace mlbot::io::archive {

class GzipLines {
 public:
  /// @return an error text that names the file
  static Result<GzipLines, std::string> open(const std::string& path);

  /// The next line without its end; false behind the last one. The view lives until the next call.
  /// @return an error text for a damaged file or a line beyond 16 MB
  Result<bool, std::string> next(std::string_view& line);

  std::uint64_t bytes_read() const;  ///< of the compressed file
  std::uint64_t line_number() const { return line_number_; }
  const std::string& path() const { return path_; }
  /// "FILE:LINE: why", for the line given out last.
  std::string here(std::string_view why) const;

 private:
  GzipLines(std::string path, CompressedFile file);
  std::string path_;
  CompressedFile file_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of the next line in buffer_
  bool at_end_ = false;
  std::uint64_t line_number_ = 0;
};

}  // namespace mlbot::io::archive
