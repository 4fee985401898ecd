// What every decoder of this dialect speaks: where bytes come from, what went wrong, and the frames that
// carry no news.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/record.h"

namespace mlbot::venue::bybit {

/// What the venue sent and we could not read. Names the place, as "data.b[3].price", and what stood there.
struct DecodeError {
  std::string where;
  std::string what;
};

/// Bytes with at least 64 readable bytes behind them, as io/net hands them out. Saves one copy a message.
struct PaddedText {
  std::string_view text;
};

/// Memory that one decoder uses again and again; what a decoded event looks at lives here until the next
/// message. Holds capacity, never knowledge: the same bytes give the same answer whatever was decoded before.
class DecodeScratch {
 public:
  DecodeScratch();
  ~DecodeScratch();
  DecodeScratch(const DecodeScratch&) = delete;
  DecodeScratch& operator=(const DecodeScratch&) = delete;

  RecordScratch records;
  std::vector<Event> events;

  /// Books and trades by the way they were read: in one pass, or by the parser because the frame was not in
  /// the known shape. A rising second figure says that the venue writes them otherwise now.
  std::uint64_t scanned_frames = 0, fallback_frames = 0;

  struct Impl;  ///< the parser; known to this folder only
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Answers to what the client itself said on a stream.
struct Control {
  enum class Kind : std::uint8_t { subscribe, unsubscribe, auth, pong, other };
  Kind kind = Kind::other;
  bool accepted = true;
  std::string request_id;  ///< "" where none was sent
  std::string text;        ///< the venue's words; the reason of a refusal
};

/// Longest request id that we send and that the venue echoes.
inline constexpr std::size_t request_id_max = 36;

}  // namespace mlbot::venue::bybit
