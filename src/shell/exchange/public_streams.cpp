#include "shell/exchange/public_streams.h"

#include <algorithm>

#include "shell/exchange/venue_rows.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::PeerId;

namespace {

/// Leaves in `now` only what differs from `before`, and remembers what was shown.
template <class T>
void keep_changed(std::optional<T>& now, std::optional<T>& before) {
  if (now == before) {
    now.reset();
  } else if (now) {
    before = now;
  }
}

}  // namespace

PublicStreams::PublicStreams(const sim::Exchange& exchange, const bybit::InstrumentTable& table,
                             std::size_t book_depth, SendText send)
    : exchange_{exchange},
      table_{table},
      book_depth_{book_depth},
      send_{std::move(send)},
      symbols_(table.size()) {}

std::optional<PublicStreams::Place> PublicStreams::place_of(std::string_view text) const {
  const bybit::Topic topic = bybit::parse_topic(text);
  const auto* const entry = table_.find(topic.symbol);
  if (entry == nullptr) return std::nullopt;
  const SymbolId symbol = entry->instrument.id;
  switch (topic.kind) {
    case bybit::Topic::Kind::book:
      if (static_cast<std::size_t>(topic.number) != book_depth_) return std::nullopt;
      return Place{symbol, book};
    case bybit::Topic::Kind::trades:
      return Place{symbol, trades};
    case bybit::Topic::Kind::ticker:
      return Place{symbol, ticker};
    case bybit::Topic::Kind::kline:
      if (topic.number != 1) return std::nullopt;
      return Place{symbol, kline};
    case bybit::Topic::Kind::liquidations:
      return Place{symbol, liquidations};
    case bybit::Topic::Kind::old_liquidation:
    case bybit::Topic::Kind::price_limit:
    case bybit::Topic::Kind::adl_alert:
    case bybit::Topic::Kind::insurance:
    case bybit::Topic::Kind::account:
    case bybit::Topic::Kind::unknown:
      break;
  }
  return std::nullopt;
}

std::string PublicStreams::subscribe(PeerId peer, const std::vector<std::string>& topics) {
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto place = place_of(topics[i]);
    if (!place) return "error:handler not found,topic:" + topics[i];
    const auto earlier = topics.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::ranges::count(peers_at(*place), peer) > 0 ||
        std::find(topics.begin(), earlier, topics[i]) != earlier) {
      return "error:already subscribed,topic:" + topics[i];
    }
  }
  for (const auto& topic : topics) peers_at(*place_of(topic)).push_back(peer);
  subscriptions_ += topics.size();
  return {};
}

void PublicStreams::unsubscribe(PeerId peer, const std::vector<std::string>& topics) {
  for (const auto& topic : topics) {
    if (const auto place = place_of(topic)) subscriptions_ -= std::erase(peers_at(*place), peer);
  }
}

void PublicStreams::drop(PeerId peer) {
  for (auto& symbol : symbols_) {
    for (auto& peers : symbol.peers) subscriptions_ -= std::erase(peers, peer);
  }
}

void PublicStreams::send_snapshots(PeerId peer, const std::vector<std::string>& topics) {
  const Instant now = exchange_.now();
  for (const auto& topic : topics) {
    const auto place = place_of(topic);
    if (!place) continue;
    const Instrument& instrument = table_[place->symbol];
    std::string text;
    if (place->channel == book) {
      const auto row = exchange_.book(place->symbol, book_depth_);
      if (row.update_id == 0) continue;  // not published yet: the first one will be a snapshot
      const BookUpdate update{
          place->symbol, UpdateKind::snapshot, row.update_id, row.cross_sequence, row.matched_at, row.bids,
          row.asks};
      bybit::encode_book(instrument, update, static_cast<int>(book_depth_), now, text);
    } else if (place->channel == ticker) {
      const auto sim_row = exchange_.ticker(place->symbol);
      if (sim_row.last_price.count == 0) continue;
      auto row = venue_row(sim_row, instrument);
      row.extras.trail = symbols_[place->symbol.index].trail;
      bybit::encode_ticker(instrument, row.ticker, row.extras, now, text);
    } else if (place->channel == kline) {
      const auto bars = exchange_.klines(place->symbol, 1);
      if (bars.empty()) continue;
      bybit::encode_kline(instrument, bars.back(), now, now, text);
    } else {
      continue;  // trades and liquidations replay nothing
    }
    send_(peer, std::make_shared<const std::string>(std::move(text)));
  }
}

void PublicStreams::on_market(Instant at, const Event& event) {
  const auto symbol = market_symbol(event);
  if (!symbol || !table_.contains(*symbol)) return;
  const Instrument& instrument = table_[*symbol];
  const auto wanted = [&](Channel channel) { return !peers_at({*symbol, channel}).empty(); };
  std::string text;
  if (const auto* update = std::get_if<BookUpdate>(&event)) {
    if (!wanted(book)) return;
    bybit::encode_book(instrument, *update, static_cast<int>(book_depth_), at, text);
    publish({*symbol, book}, std::move(text));
  } else if (const auto* prints = std::get_if<Trades>(&event)) {
    if (!wanted(trades) && !wanted(ticker)) return;  // the ticker shows the direction of the last tick
    bybit::encode_trades(instrument, *prints, symbols_[symbol->index].trail, at, text);
    publish({*symbol, trades}, std::move(text));
  } else if (const auto* bar = std::get_if<Kline>(&event)) {
    if (!wanted(kline)) return;
    bybit::encode_kline(instrument, *bar, at, at, text);
    publish({*symbol, kline}, std::move(text));
  } else if (const auto* list = std::get_if<Liquidations>(&event)) {
    if (!wanted(liquidations)) return;
    bybit::encode_liquidations(instrument, *list, at, text);
    publish({*symbol, liquidations}, std::move(text));
  } else if (const auto* changes = std::get_if<Ticker>(&event)) {
    if (wanted(ticker)) waiting_tickers_.emplace_back(at, *changes);
  }
}

void PublicStreams::flush() {
  for (const auto& [at, changes] : waiting_tickers_) publish_ticker(at, changes);
  waiting_tickers_.clear();
}

void PublicStreams::publish_ticker(Instant at, const Ticker& changes) {
  const Instrument& instrument = table_[changes.symbol];
  auto& symbol = symbols_[changes.symbol.index];
  auto extras = venue_row(exchange_.ticker(changes.symbol), instrument).extras;
  if (changes.kind == UpdateKind::snapshot) {
    symbol.sent = extras;
  } else {
    keep_changed(extras.previous_24h, symbol.sent.previous_24h);
    keep_changed(extras.high_24h, symbol.sent.high_24h);
    keep_changed(extras.low_24h, symbol.sent.low_24h);
    keep_changed(extras.volume_24h, symbol.sent.volume_24h);
    keep_changed(extras.bid, symbol.sent.bid);
    keep_changed(extras.bid_size, symbol.sent.bid_size);
    keep_changed(extras.ask, symbol.sent.ask);
    keep_changed(extras.ask_size, symbol.sent.ask_size);
  }
  extras.trail = symbol.trail;
  std::string text;
  bybit::encode_ticker(instrument, changes, extras, at, text);
  publish({changes.symbol, ticker}, std::move(text));
}

void PublicStreams::publish(Place place, std::string text) {
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (const PeerId peer : peers_at(place)) send_(peer, shared);
}

}  // namespace mlbot::shell
