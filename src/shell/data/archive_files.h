// The venue's public archives: which files hold the days that somebody wants, under which names they may lie,
// and what they must be.
//
// Trades of a day, books of a day (of 500 levels until August 2025, of 200 after; near the change both names
// are tried), one-minute bars of a month.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/archive/compressed_file.h"

namespace mlbot::shell {

enum class ArchiveKind : std::uint8_t { trades, books, klines };
inline constexpr std::array archive_kinds{ArchiveKind::trades, ArchiveKind::books, ArchiveKind::klines};
inline constexpr std::string_view archive_kinds_help = "trades, books, klines";
std::string_view to_string(ArchiveKind kind);

/// Where each kind lies: an http or https origin, with a path before the archive's own where a mirror has
/// one.
struct ArchiveSources {
  std::string trades = "https://public.bybit.com";
  std::string books = "https://quote-saver.bycsi.com";
  std::string klines = "https://public.bybit.com";
  std::string& of(ArchiveKind kind);
};

struct ArchiveFile {
  struct Place {
    std::string file;  ///< in the data directory
    std::string url;
  };
  std::string label;          ///< "trades BTCUSDT 2026-06-13"
  std::vector<Place> places;  ///< in the order in which they are tried
  io::archive::FileForm form = io::archive::FileForm::gzip;
};

/// Symbols outermost, then kinds, then days; each month of bars once.
/// @param from, until  midnights; the day of `until` is not wanted
std::vector<ArchiveFile> archive_files(const std::vector<std::string>& symbols,
                                       const std::vector<ArchiveKind>& kinds, Instant from, Instant until,
                                       ArchiveSources sources);

/// Midnights of UTC in [from, until).
/// @return an error text with the remedy: not midnights, nothing between them, or more than 20 years
Result<std::vector<Instant>, std::string> days_between(Instant from, Instant until);
/// "2026-06-13"
std::string date_text(Instant day);
/// Whether a name from the command line may become a part of paths: capitals and digits, 1 to 30.
bool is_symbol_text(std::string_view text);

}  // namespace mlbot::shell
