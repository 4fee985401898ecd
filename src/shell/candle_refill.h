// Between the market's streams and the source: a bar that closed while nobody listened is told by no stream,
// and one that is lacking breaks the chain that the candle features stand on. So candles are asked for
// whenever the line comes up; bars that were told already come again, and are passed over by the Ingestor.
//
// Invariant: of one contract no bar is handed on before an older one that was asked for, because an older bar
// behind a newer one would be taken for a repetition. What the streams close meanwhile waits for the answer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "domain/event.h"
#include "domain/instrument.h"
#include "io/bybit/rest_client.h"
#include "io/clock/paced_clock.h"
#include "shell/console.h"

namespace mlbot::shell {

inline constexpr Duration candles_seeded = 5h + 10min;  ///< 300 and some
inline constexpr Duration candles_overlap = 3min;       ///< of what was told before the line was lost

class CandleRefill {
 public:
  using Push = std::function<void(const Event&, Instant venue_time)>;
  /// Asks for a contract's candles since an instant; `ended` follows when all were pushed, or none will be.
  using Load = std::function<void(const Instrument&, Instant from, std::function<void()> ended)>;

  /// @param before_first  what the first line of this process has to ask for.
  CandleRefill(Duration before_first, Push push, Load load)
      : before_first_{before_first}, push_{std::move(push)}, load_{std::move(load)} {}

  /// An event of the streams; the answer's candles are pushed past here.
  void hear(Instant now, const Event& event, Instant venue_time, const std::vector<Instrument>& instruments);

 private:
  std::optional<Instant> wanted_since(Instant now, LinkState state);

  Duration before_first_;
  Push push_;
  Load load_;
  bool live_ = false;
  std::optional<Instant> lost_at_;
  std::map<SymbolId, std::vector<std::pair<Kline, Instant>>> held_;  ///< of those whose answer has not come
};

/// Candles by REST; what cannot be had is told to the console.
CandleRefill::Load candles_by_rest(io::bybit::BybitRestClient& rest, io::clock::PacedClock clock,
                                   const Console& console);

}  // namespace mlbot::shell
