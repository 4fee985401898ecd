// The bytes inside one file: of gzip data with all its members, of a zip with one entry, or of plain data;
// the three are told apart by their first bytes.
//
// CRCs and sizes are checked while reading, so a wrong one is an error before the end is reported. Memory:
// one input buffer of 256 KiB, whatever the file inflates to. An end inside gzip data is no error, because a
// recorder may have died there: whole() tells.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace mlbot::io::archive {

enum class FileForm : std::uint8_t { plain, gzip, zip };

class CompressedFile {
 public:
  /// @return an error text that names the file; also for a zip without a directory or with several entries
  static Result<CompressedFile, std::string> open(const std::string& path);
  CompressedFile(CompressedFile&&) noexcept;
  CompressedFile& operator=(CompressedFile&&) noexcept;
  ~CompressedFile();

  /// Up to `size` bytes; 0 at the end.
  /// @return an error text without the file's name
  Result<std::size_t, std::string> read(char* to, std::size_t size);

  FileForm form() const;
  std::uint64_t bytes_read() const;   ///< of the file, not of what it holds
  std::uint64_t bytes_total() const;  ///< likewise
  /// At the end: the data were complete and nothing stands behind them.
  bool whole() const;

 private:
  struct State;
  explicit CompressedFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mlbot::io::archive
