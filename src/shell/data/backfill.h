// `mlbot data backfill` without its command line: history that the venue gives by REST, one file a day.
//
// DIR/kline/BTCUSDT/2026-06-13.csv holds one-minute bars, DIR/funding/... the rates paid on that day,
// DIR/open-interest/... one row every five minutes; a header line, then rows with the oldest first, times in
// milliseconds. Prices, rates and open interest are the venue's decimals exactly; volume and turnover are the
// shortest text of the nearest double, which is the venue's own text up to 15 digits. Bars that were not
// closed when the venue's clock was asked, at the start, are left out. A day that was over then and lacks no
// row is whole and is not asked for again; one with gaps is. A day without any row makes no file. Four days
// are asked for at a time, within the quotas that the client keeps; the first error ends the work, and every
// day that was finished stays.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/bybit/rest_client.h"
#include "shell/data/http_fetch.h"
#include "shell/data/manifest.h"

namespace mlbot::shell {

enum class BackfillKind : std::uint8_t { kline, funding, open_interest };
inline constexpr std::array backfill_kinds{BackfillKind::kline, BackfillKind::funding,
                                           BackfillKind::open_interest};
inline constexpr std::string_view backfill_kinds_help = "kline, funding, open-interest";
std::string_view to_string(BackfillKind kind);

struct BackfillSetup {
  std::string origin;  ///< of the venue's REST, as the manifest names it
  std::vector<std::string> symbols;
  std::vector<BackfillKind> kinds;
  std::vector<Instant> days;  ///< midnights
  bool verify = false;        ///< compute the checksum of what is there already
};

enum class DayOutcome : std::uint8_t {
  fetched,
  was_whole,
  running,  ///< fetched as far as it goes: the day is not over
  gaps,     ///< fetched, and rows are missing
  nothing   ///< the venue has no row of it
};
std::string_view to_string(DayOutcome outcome);

struct DayReport {
  std::string label, file;
  DayOutcome outcome = DayOutcome::nothing;
  std::int64_t rows = 0;
  std::int64_t missing_rows = 0;
};

struct BackfillReport {
  std::vector<DayReport> days;  ///< as they were finished, up to what stopped it
  std::optional<FetchError> stop;
  std::size_t count(DayOutcome outcome) const;
};

struct BackfillWatch {
  std::function<void(const DayReport&, std::size_t done, std::size_t total)> on_day;
  std::function<bool()> stopped;
};

/// @param client  not yet used for anything else; public questions need no start()
BackfillReport backfill(io::net::EventLoop& loop, io::bybit::BybitRestClient& client,
                        const BackfillSetup& setup, Manifest& manifest, const BackfillWatch& watch);

}  // namespace mlbot::shell
