// The market half of a venue's links, for a process that has no other: contracts asked for by REST without a
// key, the public streams, and the source that stamps and journals what they say.
//
// Threads: the one that turns the source.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/bybit/rest_client.h"
#include "io/bybit/websocket_client.h"
#include "shell/candle_refill.h"
#include "shell/console.h"
#include "shell/live_source.h"
#include "shell/service/system_config.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

class MarketLinks {
 public:
  /// Asks the venue for its contracts; again and again while it does not answer.
  /// @param give_up  looked at between two attempts
  /// @error configuration, interrupted
  static Result<std::unique_ptr<MarketLinks>, StartError> open(const Console& console,
                                                               const SystemConfig& settings,
                                                               io::journal::JournalWriter& journal,
                                                               const std::function<bool()>& give_up);

  const std::vector<Instrument>& instruments() const { return instruments_; }
  LiveSource& source() { return *source_; }
  /// The streams connect; from now on the source has market events, the last hours' candles by REST among
  /// them: rows on candles are valid as soon as the venue has answered.
  void start();
  void resubscribe(SymbolId symbol) { stream_->resubscribe_book(instruments_[symbol.index].name); }
  LinkState state() const { return stream_->state(); }
  /// Why nothing more can come; "" while all is well.
  const std::string& fatal() const { return fatal_; }

 private:
  MarketLinks(const Console& console, const SystemConfig& settings, io::journal::JournalWriter& journal)
      : console_{console}, settings_{settings}, journal_{journal} {}
  Result<void, StartError> connect(const std::function<bool()>& give_up);
  Result<void, StartError> ask_for_instruments(const std::function<bool()>& give_up);
  void keep_frame(std::string_view bytes, const venue::bybit::DecodeError& error);

  const Console& console_;
  const SystemConfig& settings_;
  io::journal::JournalWriter& journal_;
  io::net::EventLoop loop_;
  std::vector<Instrument> instruments_;
  std::unique_ptr<LiveSource> source_;
  std::unique_ptr<io::bybit::BybitRestClient> rest_;
  std::unique_ptr<io::bybit::BybitWebSocketClient> stream_;
  std::optional<CandleRefill> candle_refill_;
  std::string fatal_;
};

/// All topics of these contracts that the market stage listens to.
std::vector<std::string> market_topics(const std::vector<Instrument>& instruments, std::int64_t book_depth);

/// Without orderbook.1 for so long, on the venue's clock, a stream is down.
inline constexpr Duration book_heartbeat_limit = 3500ms;

}  // namespace mlbot::shell
