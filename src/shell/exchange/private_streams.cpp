#include "shell/exchange/private_streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/exchange/venue_rows.h"
#include "venue/bybit/private_encode.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
using io::net::PeerId;

namespace {

constexpr std::size_t executions_looked_through = 1000;

}  // namespace

PrivateStreams::PrivateStreams(const sim::Exchange& exchange, const bybit::InstrumentTable& table,
                               Accounts& accounts, SendText send)
    : exchange_{exchange}, table_{table}, accounts_{accounts}, send_{std::move(send)} {}

bool PrivateStreams::has_subscribers() const {
  return std::ranges::any_of(peers_, [](const auto& entry) { return !entry.second.topics.empty(); });
}

std::string PrivateStreams::sign_in(PeerId peer, const bybit::StreamRequest& request, Instant now) {
  const auto account = accounts_.sign_in(request, now);
  if (!account) return account.error().text;
  peers_[peer].account = *account;
  return {};
}

std::optional<PrivateStreams::Channel> PrivateStreams::channel_of(std::string_view topic) {
  if (topic == "order" || topic == "order.linear") return Channel::order;
  if (topic == "execution" || topic == "execution.linear") return Channel::execution;
  if (topic == "position" || topic == "position.linear") return Channel::position;
  if (topic == "wallet") return Channel::wallet;
  return std::nullopt;
}

std::string PrivateStreams::subscribe(PeerId peer, const std::vector<std::string>& topics) {
  Peer& subscriber = peers_[peer];
  if (subscriber.account == nullptr) return "error:request not authorized";
  auto wanted = subscriber.topics;
  for (const auto& topic : topics) {
    const auto channel = channel_of(topic);
    if (!channel) return "error:handler not found,topic:" + topic;
    if (!wanted.emplace(*channel, topic).second) return "error:already subscribed,topic:" + topic;
  }
  subscriber.topics = std::move(wanted);
  return {};
}

void PrivateStreams::unsubscribe(PeerId peer, const std::vector<std::string>& topics) {
  for (const auto& topic : topics) {
    std::erase_if(peers_[peer].topics, [&](const auto& entry) { return entry.second == topic; });
  }
}

bool PrivateStreams::wanted(const Accounts::Account& account) const {
  return std::ranges::any_of(peers_, [&](const auto& entry) {
    return entry.second.account == &account && !entry.second.topics.empty();
  });
}

void PrivateStreams::on_account(sim::AccountId id, Instant at, const Event& event) {
  const auto* const account = accounts_.find(id);
  if (account != nullptr && wanted(*account)) waiting_.push_back({account, at, event});
}

void PrivateStreams::flush() {
  for (const auto& news : waiting_) tell(news);
  waiting_.clear();
}

template <class Encode>
void PrivateStreams::publish(const News& news, Channel channel, std::string_view symbol, Encode&& encode) {
  const std::string id = fmt::format("{}_{}_{}", news.account->user, symbol, ++frame_number_);
  for (const auto& [peer, subscriber] : peers_) {
    if (subscriber.account != news.account) continue;
    const auto topic = subscriber.topics.find(channel);
    if (topic == subscriber.topics.end()) continue;
    std::string text;
    encode(bybit::PrivateFrame{id, topic->second, news.at}, text);
    send_(peer, std::make_shared<const std::string>(std::move(text)));
  }
}

void PrivateStreams::tell(const News& news) {
  const auto account = news.account->id;
  if (const auto* order = std::get_if<OrderNews>(&news.event)) {
    const Instrument& instrument = table_[order->symbol];
    bybit::OrderRow row{.news = *order};
    if (const auto known = exchange_.find_order(account, {order->venue_id, {}})) {
      row = venue_row(*known, instrument, NewsSource::stream);
      row.news = *order;
    }
    publish(news, Channel::order, instrument.name, [&](const auto& frame, std::string& out) {
      bybit::encode_orders(frame, {&row, 1}, table_, out);
    });
  } else if (const auto* execution = std::get_if<Execution>(&news.event)) {
    const auto rows = exchange_.executions(account, executions_looked_through);
    const auto known = std::ranges::find_if(
        rows, [&](const auto& row) { return row.execution.execution_id == execution->execution_id; });
    bybit::ExecutionRow row{.news = *execution};
    if (known != rows.end()) row = venue_row(*known, NewsSource::stream);
    publish(news, Channel::execution, table_[execution->symbol].name,
            [&](const auto& frame, std::string& out) {
              bybit::encode_executions(frame, {&row, 1}, table_, out);
            });
  } else if (const auto* position = std::get_if<PositionNews>(&news.event)) {
    auto row = venue_row(exchange_.position(account, position->symbol), NewsSource::stream);
    row.news = *position;
    publish(news, Channel::position, table_[position->symbol].name, [&](const auto& frame, std::string& out) {
      bybit::encode_positions(frame, {&row, 1}, table_, out);
    });
  } else if (const auto* wallet = std::get_if<WalletNews>(&news.event)) {
    auto row = venue_row(exchange_.wallet(account), NewsSource::stream);
    row.news = *wallet;
    publish(news, Channel::wallet, "",
            [&](const auto& frame, std::string& out) { bybit::encode_wallet(frame, row, out); });
  }
}

}  // namespace mlbot::shell
