#include "shell/exchange/private_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "shell/exchange/venue_rows.h"
#include "venue/bybit/private_encode.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::PeerId;

namespace {

constexpr std::size_t executions_looked_through = 1000;

bool is_done(OrderStatus status) {
  return status == OrderStatus::cancelled || status == OrderStatus::rejected ||
         status == OrderStatus::deactivated || status == OrderStatus::filled;
}

std::string frame_id(const Accounts::Account& account, std::string_view symbol, std::int64_t sequence) {
  return fmt::format("{}_{}_{}", account.user, symbol, sequence);
}

}  // namespace

PrivateStreams::PrivateStreams(const sim::Exchange& exchange, const bybit::InstrumentTable& table,
                               Accounts& accounts, DisconnectCancel& disconnect_cancel, SendText send)
    : exchange_{exchange},
      table_{table},
      accounts_{accounts},
      disconnect_cancel_{disconnect_cancel},
      send_{std::move(send)} {}

bool PrivateStreams::has_subscribers() const {
  return std::ranges::any_of(peers_, [](const auto& entry) { return !entry.second.topics.empty(); });
}

void PrivateStreams::drop(PeerId peer) {
  peers_.erase(peer);
  disconnect_cancel_.lost(peer, exchange_.now());
}

// ---- subscriptions

std::string PrivateStreams::sign_in(PeerId peer, const bybit::StreamRequest& request, Instant now) {
  const auto account = accounts_.sign_in(request, now);
  if (!account) return account.error().text;
  peers_[peer].account = *account;
  return {};
}

std::optional<PrivateStreams::Channel> PrivateStreams::channel_of(std::string_view topic) {
  constexpr std::pair<std::string_view, Channel> names[] = {{"order", Channel::order},
                                                            {"execution", Channel::execution},
                                                            {"execution.fast", Channel::fast_execution},
                                                            {"position", Channel::position}};
  if (topic == "wallet") return Channel::wallet;
  if (topic == "dcp.future") return Channel::disconnect_cancel;
  if (topic == "greeks" || topic == "dcp.spot" || topic == "dcp.option") return Channel::silent;
  for (const auto& [name, channel] : names) {
    if (topic == name) return channel;
    if (!topic.starts_with(name)) continue;
    const auto category = topic.substr(name.size());
    if (category == ".linear") return channel;
    const bool has_spot = channel != Channel::position;
    if (category == ".inverse" || category == ".option" || (has_spot && category == ".spot"))
      return Channel::silent;
  }
  return std::nullopt;
}

std::string PrivateStreams::subscribe(PeerId peer, const std::vector<std::string>& topics) {
  Peer& subscriber = peers_[peer];
  if (subscriber.account == nullptr) return "error:request not authorized";
  if (topics.empty()) return "error:args is empty";
  auto wanted = subscriber.topics;
  for (const auto& topic : topics) {
    const auto channel = channel_of(topic);
    if (!channel) return "error:handler not found,topic:" + topic;
    const bool taken = *channel != Channel::silent &&
                       std::ranges::any_of(wanted, [&](const auto& one) { return one.second == *channel; });
    if (taken || !wanted.emplace(topic, *channel).second) return "error:already subscribed,topic:" + topic;
  }
  subscriber.topics = std::move(wanted);
  if (subscriber.topics.contains("dcp.future")) disconnect_cancel_.subscribed(peer, subscriber.account->id);
  return {};
}

void PrivateStreams::unsubscribe(PeerId peer, const std::vector<std::string>& topics) {
  for (const auto& topic : topics) {
    if (peers_[peer].topics.erase(topic) > 0 && topic == "dcp.future")
      disconnect_cancel_.lost(peer, exchange_.now());
  }
}

bool PrivateStreams::wanted(const Accounts::Account& account) const {
  return std::ranges::any_of(peers_, [&](const auto& entry) {
    return entry.second.account == &account && !entry.second.topics.empty();
  });
}

// ---- news

void PrivateStreams::on_account(sim::AccountId id, Instant at, const Event& event) {
  const auto* const account = accounts_.find(id);
  if (account != nullptr && wanted(*account)) waiting_.push_back({account, at, event});
}

void PrivateStreams::flush() {
  const auto waiting = std::exchange(waiting_, {});
  for (std::size_t begin = 0; begin < waiting.size();) {
    std::size_t end = begin + 1;
    while (end < waiting.size() && waiting[end].account == waiting[begin].account &&
           waiting[end].at == waiting[begin].at) {
      ++end;
    }
    tell(Burst{waiting}.subspan(begin, end - begin));
    begin = end;
  }
}

void PrivateStreams::tell(Burst burst) {
  std::set<std::pair<SymbolId, std::uint8_t>> positions_told, positions_filled, positions_touched;
  std::optional<std::int64_t> filled_at;  // sequence of the match that this burst is about
  for (std::size_t i = 0; i < burst.size();) {
    const News& news = burst[i];
    if (std::holds_alternative<Execution>(news.event)) {
      std::size_t end = i + 1;
      const auto same_order = [&](const News& other) {
        const auto* const fill = std::get_if<Execution>(&other.event);
        return fill != nullptr && fill->venue_id == std::get<Execution>(news.event).venue_id;
      };
      while (end < burst.size() && same_order(burst[end])) ++end;
      filled_at = tell_executions(burst.subspan(i, end - i));
      i = end;
      continue;
    }
    if (const auto* order = std::get_if<OrderNews>(&news.event)) {
      tell_order(news, filled_at.value_or(
                           static_cast<std::int64_t>(exchange_.ticker(order->symbol).cross_sequence)));
      const auto row = exchange_.find_order(news.account->id, {order->venue_id, {}});
      const std::pair place{order->symbol, row ? row->position_index : std::uint8_t{0}};
      positions_touched.insert(place);
      if (order->filled.count > 0) positions_filled.insert(place);
    } else if (const auto* position = std::get_if<PositionNews>(&news.event)) {
      tell_position(news, position->symbol, position->position_index);
      positions_told.insert({position->symbol, position->position_index});
    } else if (const auto* wallet = std::get_if<WalletNews>(&news.event)) {
      tell_wallet(news, *wallet);
    }
    ++i;
  }
  for (const auto& place : positions_touched) {
    if (!positions_told.contains(place) || positions_filled.contains(place))
      tell_position(burst.front(), place.first, place.second);
  }
}

template <class Encode>
void PrivateStreams::publish(const News& news, Channel channel, std::string_view id, Encode&& encode) {
  std::vector<std::pair<PeerId, std::string>> frames;
  for (const auto& [peer, subscriber] : peers_) {
    if (subscriber.account != news.account) continue;
    for (const auto& [topic, of_topic] : subscriber.topics) {
      if (of_topic != channel) continue;
      std::string text;
      encode(bybit::PrivateFrame{id, topic, news.at}, text);
      frames.emplace_back(peer, std::move(text));
    }
  }
  for (auto& [peer, text] : frames) send_(peer, std::make_shared<const std::string>(std::move(text)));
}

/// What a frame shows is the order as it stood when the news came about, though more may have happened since.
void PrivateStreams::tell_order(const News& news, std::int64_t sequence) {
  const auto& order = std::get<OrderNews>(news.event);
  const Instrument& instrument = table_[order.symbol];
  bybit::OrderRow row{.news = order};
  if (const auto known = exchange_.find_order(news.account->id, {order.venue_id, {}})) {
    row = venue_row(*known, instrument, NewsSource::stream);
    if (known->filled != order.filled) {
      row.executed_value = multiply(order.average_price, instrument.size(order.filled));
      row.closed_pnl = {};
      if (order.filled.count == 0) row.executed_fee = {};
    }
    if (!is_done(order.status)) row.cancel_type = "UNKNOWN", row.reject_reason = "EC_NoError";
    row.news = order;
  }
  publish(news, Channel::order, frame_id(*news.account, instrument.name.view(), sequence),
          [&](const auto& frame, std::string& out) { bybit::encode_orders(frame, {&row, 1}, table_, out); });
}

std::int64_t PrivateStreams::tell_executions(std::span<const News> fills) {
  const News& news = fills.front();
  const auto known = exchange_.executions(news.account->id, executions_looked_through);
  std::vector<bybit::ExecutionRow> rows;
  std::vector<FastExecution> fast;
  for (const News& fill : fills) {
    const auto& execution = std::get<Execution>(fill.event);
    const auto found = std::ranges::find_if(
        known, [&](const auto& row) { return row.execution.execution_id == execution.execution_id; });
    bybit::ExecutionRow row{.news = execution};
    if (found != known.end()) row = venue_row(*found, NewsSource::stream);
    if (execution.kind == ExecutionKind::trade) {
      fast.push_back(
          {.symbol = execution.symbol,
           .client_id = execution.liquidity == Liquidity::maker ? ClientOrderId{} : execution.client_id,
           .venue_id = execution.venue_id,
           .execution_id = execution.execution_id,
           .side = execution.side,
           .price = execution.price,
           .size = execution.size,
           .liquidity = execution.liquidity,
           .cross_sequence = row.cross_sequence,
           .at = execution.at});
    }
    rows.push_back(std::move(row));
  }
  const auto id =
      frame_id(*news.account, table_[rows.front().news.symbol].name.view(), rows.front().cross_sequence);
  if (!fast.empty()) {
    publish(news, Channel::fast_execution, id, [&](const auto& frame, std::string& out) {
      bybit::encode_fast_executions(frame, fast, table_, out);
    });
  }
  publish(news, Channel::execution, id,
          [&](const auto& frame, std::string& out) { bybit::encode_executions(frame, rows, table_, out); });
  return rows.front().cross_sequence;
}

void PrivateStreams::tell_position(const News& news, SymbolId symbol, std::uint8_t position_index) {
  for (const auto& position : exchange_.positions(news.account->id, symbol)) {
    if (position.position_index != position_index) continue;
    auto row = venue_row(position, NewsSource::stream);
    if (const auto* told = std::get_if<PositionNews>(&news.event)) row.news = *told;
    const auto id = frame_id(*news.account, table_[symbol].name.view(), position.cross_sequence);
    publish(news, Channel::position, id, [&](const auto& frame, std::string& out) {
      bybit::encode_positions(frame, {&row, 1}, table_, out);
    });
  }
}

void PrivateStreams::tell_wallet(const News& news, const WalletNews& wallet) {
  auto row = venue_row(exchange_.wallet(news.account->id), NewsSource::stream);
  row.news = wallet;
  publish(news, Channel::wallet, frame_id(*news.account, "wallet", news.at.ms()),
          [&](const auto& frame, std::string& out) { bybit::encode_wallet(frame, row, out); });
}

}  // namespace mlbot::shell
