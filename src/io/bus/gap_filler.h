// Gaps filled again from the journal: what the bus lost is handed out in its place and order, and what not
// even the journal has stays a gap with a name.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "io/bus/bus.h"

namespace mlbot::io::bus {

/// Whoever can make a stream's records again: from the journal, or by running a stage over it.
class GapFiller {
 public:
  using Take = std::function<void(std::uint32_t epoch, Sequence, std::string_view bytes)>;
  virtual ~GapFiller() = default;
  /// Hands every record of `gap.stream` with a sequence from gap.after to gap.before, both included, to
  /// `take`, in the producer's order.
  /// @error when any of them is gone: then the gap stays as it is
  virtual Result<void, BusError> refill(const BusGap& gap, const Take& take) = 0;
};

/// A reader whose gaps are filled. Holds the records of one gap in memory.
class RefillingReader final : public BusReader {
 public:
  /// `filler` outlives the reader.
  RefillingReader(std::unique_ptr<BusReader> reader, GapFiller& filler)
      : reader_{std::move(reader)}, filler_{filler} {}

  /// As BusReader::next; a BusGap is one that could not be filled, and trouble() says why.
  Result<std::optional<BusItem>, BusError> next(Duration wait) override;
  Result<void, BusError> confirm() override { return reader_->confirm(); }

  std::uint64_t refilled() const { return refilled_; }
  const std::string& trouble() const { return trouble_; }

 private:
  struct Kept {
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;
    Sequence sequence;
    std::string bytes;
  };
  bool fill(const BusGap& gap);

  std::unique_ptr<BusReader> reader_;
  GapFiller& filler_;
  std::string stream_;     ///< of what is kept
  std::deque<Kept> kept_;  ///< handed out before the reader is asked again
  Kept given_;             ///< what the last item's views look at
  std::uint64_t refilled_ = 0;
  std::string trouble_;
};

}  // namespace mlbot::io::bus
