// A recorded market as our own events, in the order of time: what fills a journal with a market that we did
// not hear ourselves.
//
// Every import begins with InstrumentDefined for each symbol and numbers its events from 1. Core time is the
// venue's time as recorded, made monotone; received_at is the same, unless the recording knows better.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/event.h"

namespace mlbot::io::archive {

struct ImportError {
  std::string what;  ///< names file and line, or what is missing, and the remedy
};

struct ImportStats {
  std::uint64_t events = 0;
  std::uint64_t rows = 0;           ///< lines read
  std::uint64_t repeated_rows = 0;  ///< a book that the recorder wrote again because no new one had come
  std::uint64_t late_rows = 0;      ///< older than the row before: told again after a reconnect
  std::uint64_t rounded = 0;        ///< prices and sizes off the grid
  std::uint64_t book_gaps = 0;      ///< after which the book starts anew
};

class MarketImport {
 public:
  virtual ~MarketImport() = default;
  /// The next event, or null at the end and after an error. Views live until the next call.
  virtual const Stamped* next() = 0;
  /// Why next() stopped before the end.
  virtual const std::optional<ImportError>& error() const = 0;
  virtual const std::vector<Instrument>& instruments() const = 0;
  virtual const ImportStats& stats() const = 0;
  virtual std::uint64_t bytes_read() const = 0;
  virtual std::uint64_t bytes_total() const = 0;
};

}  // namespace mlbot::io::archive
