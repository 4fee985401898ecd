// /v5/public/linear: who has subscribed to what, and each frame written once for all of them.
//
// A subscriber gets a snapshot of book, ticker and candle at once, then what the exchange publishes: a book
// delta after it has the next update id. Topics: orderbook at the published depths, publicTrade, tickers,
// kline of every interval, allLiquidation, priceLimit; insurance and adlAlert of the settle coin. Any other
// is refused, and its whole frame with it. Limits: a peer holds each topic once, and 21 000 characters of
// topics. Threads: the server's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/net/http_server.h"
#include "shell/exchange/faults.h"
#include "sim/exchange.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::shell {

using SendText = std::function<void(io::net::PeerId, std::shared_ptr<const std::string>)>;

class PublicStreams {
 public:
  /// All outlive this. `depths` are those of the books that are published.
  PublicStreams(const sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                std::vector<std::size_t> depths, Faults& faults, SendText send);

  /// Subscribes, or says why not in the venue's words; then nothing has changed.
  /// @return "" or the refusal.
  std::string subscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  /// What a subscriber sees first; after the acknowledgement.
  void send_snapshots(io::net::PeerId peer, const std::vector<std::string>& topics);
  void unsubscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  void drop(io::net::PeerId peer);
  bool has_subscribers() const { return subscriptions_ > 0; }

  /// To be called from within the exchange's advance_to(): views of the event are read at once. Books come by
  /// on_book alone.
  void on_market(Instant at, const Event& event);
  void on_book(std::size_t depth, Instant at, const BookUpdate& update);
  /// Tickers and candles wait for this: what they show besides the event is asked of the exchange when it
  /// stands still. What comes at its own pace is looked after here too.
  void flush();
  /// Whether a fault wants the book service to start anew; asked once for each time.
  bool take_restart() { return std::exchange(restart_due_, false); }

 private:
  /// A topic of a symbol, or of the settle coin: the place behind the last symbol.
  enum class Channel : std::uint8_t {
    book,
    trades,
    ticker,
    kline,
    liquidations,
    price_limit,
    insurance,
    adl
  };
  struct Place {
    std::uint16_t symbol = 0;
    Channel channel = Channel::trades;
    std::int32_t number = 0;  ///< depth of a book, minutes of a kline
    auto operator<=>(const Place&) const = default;
  };
  using Peers = std::vector<io::net::PeerId>;
  struct Symbol {
    venue::bybit::TickTrail trail;
    venue::bybit::TickerExtras sent;  ///< what the last ticker frame showed
  };
  std::optional<Place> place_of(std::string_view topic) const;
  const Peers* peers_at(const Place& place) const;
  void publish(const Place& place, std::string text);
  void publish_ticker(Instant at, const Ticker& ticker);
  void publish_klines(Instant at, const Kline& bar);
  void publish_risk(Instant now);
  std::string price_limit_text(SymbolId symbol) const;
  std::string insurance_text() const;

  const sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  std::vector<std::size_t> depths_;
  Faults& faults_;
  SendText send_;
  std::vector<Symbol> symbols_;
  std::map<Place, Peers> peers_;  ///< no empty list is kept
  std::map<io::net::PeerId, std::size_t> characters_;
  std::vector<std::pair<Instant, Ticker>> waiting_tickers_;
  std::vector<std::pair<Instant, Kline>> waiting_klines_;
  std::size_t subscriptions_ = 0;
  Instant price_limits_at_, risk_at_;
  E8 fund_shown_{-1};
  bool restart_due_ = false;
};

}  // namespace mlbot::shell
