#include "shell/exchange/public_streams.h"

#include <algorithm>
#include <utility>

#include "shell/exchange/candles.h"
#include "shell/exchange/risk_figures.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/words.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::PeerId;

namespace {

constexpr std::size_t topic_characters_max = 21'000;
constexpr Duration price_limit_interval = 300ms, risk_interval = 1s;
constexpr std::size_t minutes_kept = 1440;

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
                             std::vector<std::size_t> depths, Faults& faults, SendText send)
    : exchange_{exchange},
      table_{table},
      depths_{std::move(depths)},
      faults_{faults},
      send_{std::move(send)},
      symbols_(table.size()) {}

// ---- subscriptions

std::optional<PublicStreams::Place> PublicStreams::place_of(std::string_view text) const {
  using Kind = bybit::Topic::Kind;
  const bybit::Topic topic = bybit::parse_topic(text);
  const auto coin_place = static_cast<std::uint16_t>(table_.size());
  if (topic.kind == Kind::insurance || topic.kind == Kind::adl_alert) {
    if (topic.symbol != bybit::settle_coin) return std::nullopt;
    return Place{coin_place, topic.kind == Kind::insurance ? Channel::insurance : Channel::adl, 0};
  }
  const auto* const entry = table_.find(topic.symbol);
  if (entry == nullptr) return std::nullopt;
  const std::uint16_t symbol = entry->instrument.id.index;
  switch (topic.kind) {
    case Kind::book:
      if (std::ranges::count(depths_, static_cast<std::size_t>(topic.number)) == 0) return std::nullopt;
      return Place{symbol, Channel::book, topic.number};
    case Kind::trades:
      return Place{symbol, Channel::trades, 0};
    case Kind::ticker:
      return Place{symbol, Channel::ticker, 0};
    case Kind::kline:
      return Place{symbol, Channel::kline, topic.number};
    case Kind::liquidations:
      return Place{symbol, Channel::liquidations, 0};
    case Kind::price_limit:
      return Place{symbol, Channel::price_limit, 0};
    case Kind::old_liquidation:
    case Kind::insurance:
    case Kind::adl_alert:
    case Kind::account:
    case Kind::unknown:
      break;
  }
  return std::nullopt;
}

const PublicStreams::Peers* PublicStreams::peers_at(const Place& place) const {
  const auto found = peers_.find(place);
  return found == peers_.end() ? nullptr : &found->second;
}

std::string PublicStreams::subscribe(PeerId peer, const std::vector<std::string>& topics) {
  if (topics.empty()) return "error:args is empty";
  std::size_t characters = characters_[peer];
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto place = place_of(topics[i]);
    if (!place) return "error:handler not found,topic:" + topics[i];
    const auto earlier = topics.begin() + static_cast<std::ptrdiff_t>(i);
    const Peers* const peers = peers_at(*place);
    if ((peers != nullptr && std::ranges::count(*peers, peer) > 0) ||
        std::find(topics.begin(), earlier, topics[i]) != earlier) {
      return "error:already subscribed,topic:" + topics[i];
    }
    characters += topics[i].size();
  }
  if (characters > topic_characters_max) return "error:args length exceeds 21000 characters";
  characters_[peer] = characters;
  for (const auto& topic : topics) peers_[*place_of(topic)].push_back(peer);
  subscriptions_ += topics.size();
  return {};
}

void PublicStreams::unsubscribe(PeerId peer, const std::vector<std::string>& topics) {
  for (const auto& topic : topics) {
    const auto place = place_of(topic);
    const auto found = place ? peers_.find(*place) : peers_.end();
    if (found == peers_.end() || std::erase(found->second, peer) == 0) continue;
    --subscriptions_;
    characters_[peer] -= topic.size();
    if (found->second.empty()) peers_.erase(found);
  }
}

void PublicStreams::drop(PeerId peer) {
  for (auto& [_, peers] : peers_) subscriptions_ -= std::erase(peers, peer);
  std::erase_if(peers_, [](const auto& entry) { return entry.second.empty(); });
  characters_.erase(peer);
}

void PublicStreams::send_snapshots(PeerId peer, const std::vector<std::string>& topics) {
  const Instant now = exchange_.now();
  for (const auto& topic : topics) {
    const auto place = place_of(topic);
    if (!place) continue;
    std::string text;
    if (place->channel == Channel::insurance) {
      text = insurance_text();
    } else if (place->channel == Channel::adl) {
      continue;  // comes every second
    } else {
      const Instrument& instrument = table_[SymbolId{place->symbol}];
      if (place->channel == Channel::book) {
        const auto row = exchange_.book(instrument.id, static_cast<std::size_t>(place->number));
        if (row.update_id == 0) continue;  // not published yet: the first one will be a snapshot
        const BookUpdate update{
            instrument.id, UpdateKind::snapshot, row.update_id, row.cross_sequence, row.matched_at, row.bids,
            row.asks};
        bybit::encode_book(instrument, update, place->number, now, text);
      } else if (place->channel == Channel::ticker) {
        auto row = ticker_row(exchange_, instrument);
        if (row.ticker.last_price->count == 0) continue;
        row.extras.trail = symbols_[place->symbol].trail;
        bybit::encode_ticker(instrument, row.ticker, row.extras, now, text);
      } else if (place->channel == Channel::kline) {
        const auto bars = longer_candles(exchange_.klines(instrument.id, minutes_kept), place->number);
        if (bars.empty()) continue;
        bybit::encode_kline(instrument, bars.back(), now, now, text);
      } else {
        continue;  // trades and liquidations replay nothing, price limits come three times a second
      }
    }
    send_(peer, std::make_shared<const std::string>(std::move(text)));
  }
}

// ---- what the exchange says

void PublicStreams::on_market(Instant at, const Event& event) {
  const auto symbol = market_symbol(event);
  if (!symbol || !table_.contains(*symbol)) return;
  const Instrument& instrument = table_[*symbol];
  const auto wanted = [&](Channel channel) { return peers_at({symbol->index, channel, 0}) != nullptr; };
  std::string text;
  if (const auto* prints = std::get_if<Trades>(&event)) {
    if (!wanted(Channel::trades) && !wanted(Channel::ticker)) return;  // it shows the direction of the tick
    bybit::encode_trades(instrument, *prints, symbols_[symbol->index].trail, at, text);
    publish({symbol->index, Channel::trades, 0}, std::move(text));
  } else if (const auto* bar = std::get_if<Kline>(&event)) {
    if (subscriptions_ > 0) waiting_klines_.emplace_back(at, *bar);
  } else if (const auto* list = std::get_if<Liquidations>(&event)) {
    if (!wanted(Channel::liquidations)) return;
    bybit::encode_liquidations(instrument, *list, at, text);
    publish({symbol->index, Channel::liquidations, 0}, std::move(text));
  } else if (const auto* changes = std::get_if<Ticker>(&event)) {
    if (wanted(Channel::ticker)) waiting_tickers_.emplace_back(at, *changes);
  }
}

void PublicStreams::on_book(std::size_t depth, Instant at, const BookUpdate& update) {
  const Place place{update.symbol.index, Channel::book, static_cast<std::int32_t>(depth)};
  if (peers_at(place) == nullptr) return;
  if (faults_.strikes(Fault::restart)) restart_due_ = true;
  if (update.kind == UpdateKind::delta && faults_.strikes(Fault::gap)) return;
  std::string text;
  bybit::encode_book(table_[update.symbol], update, place.number, at, text);
  publish(place, std::move(text));
}

void PublicStreams::flush() {
  for (const auto& [at, changes] : waiting_tickers_) publish_ticker(at, changes);
  waiting_tickers_.clear();
  for (const auto& [at, bar] : waiting_klines_) publish_klines(at, bar);
  waiting_klines_.clear();
  if (subscriptions_ == 0) return;
  const Instant now = exchange_.now();
  publish_risk(now);
}

void PublicStreams::publish_risk(Instant now) {
  if (now >= price_limits_at_) {
    price_limits_at_ = now + price_limit_interval;
    for (std::uint16_t symbol = 0; symbol < table_.size(); ++symbol) {
      const Place place{symbol, Channel::price_limit, 0};
      if (peers_at(place) != nullptr) publish(place, price_limit_text(SymbolId{symbol}));
    }
  }
  if (now < risk_at_) return;
  risk_at_ = now + risk_interval;
  const auto coin = static_cast<std::uint16_t>(table_.size());
  if (const Place place{coin, Channel::adl, 0}; peers_at(place) != nullptr) {
    std::string text;
    const auto alerts = adl_alerts(exchange_);
    bybit::encode_adl_alerts(table_, {alerts}, adl_threshold, now, text);
    publish(place, std::move(text));
  }
  const Place place{coin, Channel::insurance, 0};
  if (peers_at(place) != nullptr && exchange_.insurance_fund() != fund_shown_) {
    fund_shown_ = exchange_.insurance_fund();
    publish(place, insurance_text());
  }
}

std::string PublicStreams::insurance_text() const {
  std::string text;
  const auto pools = insurance_pools(exchange_);
  bybit::encode_insurance(table_, {pools}, exchange_.now(), text);
  return text;
}

std::string PublicStreams::price_limit_text(SymbolId symbol) const {
  std::string text;
  bybit::encode_price_limit(table_[symbol], price_limit_of(exchange_, table_[symbol]), exchange_.now(), text);
  return text;
}

void PublicStreams::publish_klines(Instant at, const Kline& bar) {
  const Instrument& instrument = table_[bar.symbol];
  std::vector<Kline> minutes;
  for (const auto& word : bybit::interval_words) {
    const Place place{bar.symbol.index, Channel::kline, word.value};
    if (peers_at(place) == nullptr) continue;
    std::string text;
    if (word.value == 1) {
      bybit::encode_kline(instrument, bar, at, at, text);
    } else {
      if (minutes.empty()) {  // as they stood when the bar was told
        minutes = exchange_.klines(bar.symbol, minutes_kept);
        std::erase_if(minutes, [&](const Kline& minute) { return minute.start >= bar.start; });
        minutes.push_back(bar);
      }
      bybit::encode_kline(instrument, longer_candles(minutes, word.value).back(), at, at, text);
    }
    publish(place, std::move(text));
  }
}

void PublicStreams::publish_ticker(Instant at, const Ticker& changes) {
  const Instrument& instrument = table_[changes.symbol];
  auto& symbol = symbols_[changes.symbol.index];
  auto extras = ticker_row(exchange_, instrument).extras;
  if (changes.kind == UpdateKind::snapshot) {
    symbol.sent = extras;
  } else {
    keep_changed(extras.previous_24h, symbol.sent.previous_24h);
    keep_changed(extras.previous_1h, symbol.sent.previous_1h);
    keep_changed(extras.high_24h, symbol.sent.high_24h);
    keep_changed(extras.low_24h, symbol.sent.low_24h);
    keep_changed(extras.volume_24h, symbol.sent.volume_24h);
    keep_changed(extras.funding_cap, symbol.sent.funding_cap);
    keep_changed(extras.bid, symbol.sent.bid);
    keep_changed(extras.bid_size, symbol.sent.bid_size);
    keep_changed(extras.ask, symbol.sent.ask);
    keep_changed(extras.ask_size, symbol.sent.ask_size);
  }
  extras.trail = symbol.trail;
  std::string text;
  bybit::encode_ticker(instrument, changes, extras, at, text);
  publish({changes.symbol.index, Channel::ticker, 0}, std::move(text));
}

void PublicStreams::publish(const Place& place, std::string text) {
  const Peers* const peers = peers_at(place);
  if (peers == nullptr) return;
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (const PeerId peer : Peers{*peers}) send_(peer, shared);  // a fault may close one meanwhile
}

}  // namespace mlbot::shell
