// /v5/public/linear: who has subscribed to what, and each frame written once for all of them.
//
// A subscriber gets a snapshot of book, ticker and candle at once, then what the exchange publishes: a book
// delta after it has the next update id. Served: orderbook at the depth that the exchange publishes,
// publicTrade, tickers, kline.1, allLiquidation. Any other topic is refused, and its whole frame with it.
// Limits: a peer holds each topic once, so at most five for each symbol. Threads: the server's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/net/http_server.h"
#include "sim/exchange.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::shell {

using SendText = std::function<void(io::net::PeerId, std::shared_ptr<const std::string>)>;

class PublicStreams {
 public:
  /// All three outlive this. `book_depth` is what the exchange publishes.
  PublicStreams(const sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                std::size_t book_depth, SendText send);

  /// Subscribes, or says why not in the venue's words; then nothing has changed.
  /// @return "" or the refusal.
  std::string subscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  /// What a subscriber sees first; after the acknowledgement.
  void send_snapshots(io::net::PeerId peer, const std::vector<std::string>& topics);
  void unsubscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  void drop(io::net::PeerId peer);
  bool has_subscribers() const { return subscriptions_ > 0; }

  /// To be called from within the exchange's advance_to(): views of the event are read at once.
  void on_market(Instant at, const Event& event);
  /// Tickers wait for this: what they show besides the event is asked of the exchange when it stands still.
  void flush();

 private:
  enum Channel : std::size_t { book, trades, ticker, kline, liquidations, channel_count };
  struct Place {
    SymbolId symbol;
    Channel channel;
  };
  struct Symbol {
    std::vector<io::net::PeerId> peers[channel_count];
    venue::bybit::TickTrail trail;
    venue::bybit::TickerExtras sent;  ///< what the last ticker frame showed
  };
  std::optional<Place> place_of(std::string_view topic) const;
  std::vector<io::net::PeerId>& peers_at(Place place) {
    return symbols_[place.symbol.index].peers[place.channel];
  }
  void publish(Place place, std::string text);
  void publish_ticker(Instant at, const Ticker& ticker);

  const sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  std::size_t book_depth_;
  SendText send_;
  std::vector<Symbol> symbols_;
  std::vector<std::pair<Instant, Ticker>> waiting_tickers_;
  std::size_t subscriptions_ = 0;
};

}  // namespace mlbot::shell
