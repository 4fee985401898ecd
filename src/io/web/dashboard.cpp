#include "io/web/dashboard.h"

#include <fmt/format.h>

#include <cmath>

#include "domain/words.h"

namespace mlbot::io::web {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::uint32_t spread_memory_frames = 600;
constexpr std::uint32_t spread_warm_frames = 20;

/// The oldest leaves when full.
template <class T>
T& push(Ring<T>& ring, T item) {
  if (ring.full()) ring.pop_front();
  ring.push_back(std::move(item));
  return ring.back();
}

std::string_view words(Link link) {
  switch (link) {
    case Link::market:
      return "market link";
    case Link::account:
      return "account link";
    case Link::orders:
      return "order link";
  }
  return "link";
}

std::string_view words(RequestKind request) {
  switch (request) {
    case RequestKind::place:
      return "place";
    case RequestKind::amend:
      return "amend";
    case RequestKind::cancel:
      return "cancel";
    case RequestKind::cancel_all:
      return "cancel all";
    case RequestKind::position_stop:
      return "position stop";
    case RequestKind::query:
      return "query";
  }
  return "request";
}

std::string_view words(ExecutionKind kind) {
  switch (kind) {
    case ExecutionKind::trade:
      return "trade";
    case ExecutionKind::funding:
      return "funding";
    case ExecutionKind::adl:
      return "auto-deleveraging";
    case ExecutionKind::bust:
      return "liquidation of our position";
    case ExecutionKind::settle:
      return "settlement";
    case ExecutionKind::other:
      return "other execution";
  }
  return "execution";
}

bool has_ended(OrderStatus status) {
  return status == OrderStatus::filled || status == OrderStatus::cancelled ||
         status == OrderStatus::rejected || status == OrderStatus::deactivated;
}

}  // namespace

void Dashboard::Spread::take(double value) {
  count = std::min(count + 1, spread_memory_frames);
  const double weight = 1.0 / count;
  const double step = value - mean;
  mean += weight * step;
  variance = (1 - weight) * (variance + weight * step * step);
}

std::optional<double> Dashboard::Spread::score(double value) const {
  if (count < spread_warm_frames || !(variance > 0)) return std::nullopt;
  return (value - mean) / std::sqrt(variance);
}

Dashboard::Dashboard(std::vector<FeatureText> features, DashboardLimits limits)
    : features_{std::move(features)},
      limits_{limits},
      signals_{limits.signals},
      fills_{limits.fills},
      lines_{limits.events} {
  MLBOT_ASSERT(features_.size() == feature_count);
  MLBOT_ASSERT(limits_.equity_points >= 2);
}

void Dashboard::take(const Record& record) {
  std::visit([&](const auto& r) { on(r); }, record);
}

void Dashboard::note(Instant at, Severity severity, std::string text) {
  push(lines_, Line{next_id_++, at, severity, std::move(text)});
}

void Dashboard::on(const Stamped& event) {
  set_now(event.at);
  const Instant at = event.at;
  std::visit(
      Overloaded{
          [&](const RunStarted& e) {
            note(at, Severity::notice,
                 fmt::format("run {} started, {}", e.epoch,
                             e.model.empty() ? "without a model" : "model " + e.model.str().substr(0, 12)));
          },
          [&](const InstrumentDefined& e) { define(e.instrument); },
          [&](const ConfigChanged& e) { on(at, e); },
          [&](const BookUpdate& e) { fed(at, e.symbol); },
          [&](const Trades& e) { fed(at, e.symbol); },
          [&](const Kline& e) { fed(at, e.symbol); },
          [&](const Ticker& e) { on(at, e); },
          [&](const Liquidations& e) { fed(at, e.symbol); },
          [&](const PriceLimit& e) { fed(at, e.symbol); },
          [](const AdlAlerts&) {},
          [](const InsurancePools&) {},
          [](const FastExecution&) {},
          [](const Transaction&) {},
          [](const AccountModes&) {},
          [](const ClockOffset&) {},
          [](const MachineHealth&) {},
          [](const GuardBeat&) {},
          [](const SymbolStatus&) {},
          [](const VenueStatus&) {},
          [](const IntentCarried&) {},
          [&](const OrderNews& e) { on(at, e); },
          [&](const Execution& e) { on(at, e); },
          [&](const PositionNews& e) { on(at, e); },
          [&](const WalletNews& e) { on(at, e); },
          [&](const RequestAnswer& e) { on(at, e); },
          [&](const AccountSnapshot& e) { on(at, e); },
          [&](const LinkChanged& e) {
            const bool lost = e.state == LinkState::stale || e.state == LinkState::down;
            note(at, lost ? Severity::warning : Severity::info,
                 fmt::format("{} {}", words(e.link), word(e.state)));
          },
          [&](const TimerFired&) {},
          [&](const OperatorCommand& e) {
            note(at, Severity::notice, fmt::format("operator: {}", word(e.verb)));
            if (e.verb == OperatorVerb::loosen) held_limits_.loosen();
          },
      },
      event.what);
}

void Dashboard::define(const Instrument& instrument) {
  const std::size_t index = instrument.id.index;
  if (index >= limits_.symbols) {
    ++symbols_not_shown_;
    return;
  }
  if (index >= symbols_.size()) symbols_.resize(index + 1);
  Symbol& symbol = symbols_[index];
  symbol.instrument = instrument;
  symbol.changed = true;
  if (symbol.defined) return;
  symbol.defined = true;
  symbol.spreads.resize(feature_count);
  symbol.prices = Ring<PricePoint>{limits_.price_seconds};
}

Dashboard::Symbol* Dashboard::find(SymbolId id) {
  return id.index < symbols_.size() && symbols_[id.index].defined ? &symbols_[id.index] : nullptr;
}

const Dashboard::Symbol* Dashboard::find(SymbolId id) const {
  return id.index < symbols_.size() && symbols_[id.index].defined ? &symbols_[id.index] : nullptr;
}

std::string Dashboard::name_of(SymbolId id) const {
  const Symbol* symbol = find(id);
  return symbol ? symbol->instrument.name.str() : fmt::format("symbol {}", id.index);
}

void Dashboard::fed(Instant at, SymbolId id) {
  Symbol* symbol = find(id);
  if (!symbol) return;
  symbol->fed_at = at;
  symbol->changed = true;
}

void Dashboard::on(Instant at, const Ticker& ticker) {
  fed(at, ticker.symbol);
  Symbol* symbol = find(ticker.symbol);
  if (!symbol) return;
  if (ticker.mark_price) symbol->mark_price = ticker.mark_price;
  if (ticker.funding_rate) symbol->funding_rate = ticker.funding_rate;
  if (ticker.next_funding) symbol->next_funding = ticker.next_funding;
}

void Dashboard::on(Instant at, const ConfigChanged& config) {
  for (Symbol& symbol : symbols_) {
    symbol.traded =
        std::find(config.traded.begin(), config.traded.end(), symbol.instrument.id) != config.traded.end();
    symbol.changed = true;
  }
  config_ = config;
  config_->traded = {};
  held_limits_.configure(config.risk);
  note(at, Severity::notice, fmt::format("configuration version {} in force", config.version));
  if (const auto words = held_limits_.words(); !words.empty())
    note(at, Severity::notice, fmt::format("limits wait to be loosened: {}", words));
}

void Dashboard::on(const FeatureFrame& frame) {
  set_now(frame.at);
  Symbol* symbol = find(frame.symbol);
  if (!symbol) return;
  symbol->frame = frame;
  symbol->changed = symbol->frame_changed = true;
  for (std::size_t i = 0; i < feature_count; ++i)
    if (frame.valid(i)) symbol->spreads[i].take(frame.values[i]);
  if (!frame.top.synced) return;
  const Instrument& instrument = symbol->instrument;
  add_price(*symbol, frame.at,
            (instrument.price_double(frame.top.bid) + instrument.price_double(frame.top.ask)) / 2);
}

void Dashboard::add_price(Symbol& symbol, Instant at, double mid) {
  const std::int64_t second = at.seconds();
  if (!symbol.prices.empty() && symbol.prices.back().second == second)
    symbol.prices.back().mid = mid;
  else
    push(symbol.prices, PricePoint{second, mid});
}

void Dashboard::on(const Decision& decision) {
  set_now(decision.at);
  ++reasons_[static_cast<std::size_t>(decision.reason)];
  Symbol* symbol = find(decision.symbol);
  if (!symbol) return;
  symbol->decision = decision;
  symbol->changed = true;
  if (decision.order.empty() && !signals_.empty() && symbol->signal >= signals_.front().id) {
    for (std::size_t i = signals_.size(); i-- > 0;) {
      Signal& row = signals_[i];
      if (row.id != symbol->signal) continue;
      if (row.latest.reason != decision.reason || !row.latest.order.empty()) break;
      row.latest = decision;
      ++row.count;
      row.changed = true;
      return;
    }
  }
  symbol->signal = next_id_;
  push(signals_, Signal{next_id_++, decision, decision.at});
}

/// Told a minute after the fill: the row is shown anew.
void Dashboard::on(const FillQuality& quality) {
  for (std::size_t i = fills_.size(); i-- > 0;)
    if (!quality.execution_id.empty() && fills_[i].what.execution_id == quality.execution_id) {
      fills_[i].quality = quality;
      fills_[i].changed = true;
      return;
    }
}

Dashboard::Order* Dashboard::find_order(const ClientOrderId& client_id, const VenueId& venue_id) {
  const auto found = std::find_if(orders_.begin(), orders_.end(), [&](const Order& order) {
    return client_id.empty() ? !venue_id.empty() && order.venue_id == venue_id : order.client_id == client_id;
  });
  return found == orders_.end() ? nullptr : &*found;
}

Dashboard::Order* Dashboard::add_order(const ClientOrderId& client_id, const VenueId& venue_id) {
  if (orders_.size() >= limits_.open_orders) {
    ++orders_not_shown_;
    return nullptr;
  }
  orders_.push_back(Order{client_id, venue_id});
  return &orders_.back();
}

void Dashboard::remove_order(const Order* order) {
  orders_.erase(orders_.begin() + (order - orders_.data()));
}

void Dashboard::on(const StampedCommand& command) {
  set_now(command.at);
  if (const auto* place = std::get_if<PlaceOrder>(&command.what)) {
    Order* order = add_order(place->id, {});
    if (!order) return;
    order->symbol = place->symbol;
    order->side = place->side;
    order->type = place->type;
    order->price = place->price;
    order->size = place->size;
    order->reduce_only = place->reduce_only;
    order->stop_loss = place->stop_loss;
    order->created_at = order->updated_at = command.at;
  } else if (const auto* cancel = std::get_if<CancelOrder>(&command.what)) {
    Order* order = find_order(cancel->id, cancel->venue_id);
    if (!order) return;
    order->phase = OrderPhase::cancelling;
    order->updated_at = command.at;
  }
}

void Dashboard::on(Instant at, const OrderNews& news) {
  Order* order = find_order(news.client_id, news.venue_id);
  if (has_ended(news.status)) {
    if (order) remove_order(order);
    if (news.status == OrderStatus::rejected)
      note(at, Severity::warning,
           fmt::format("{} order rejected: {}", name_of(news.symbol), news.reason.view()));
    return;
  }
  if (!order) order = add_order(news.client_id, news.venue_id);
  if (!order) return;
  if (order->created_at == Instant{}) order->created_at = at;
  order->venue_id = news.venue_id;
  order->symbol = news.symbol;
  order->side = news.side;
  order->type = news.type;
  order->price = news.price;
  order->size = news.size;
  order->filled = news.filled;
  order->reduce_only = news.reduce_only;
  order->updated_at = at;
  order->listed = true;
  switch (news.status) {
    case OrderStatus::open:
      order->phase = OrderPhase::open;
      break;
    case OrderStatus::part_filled:
      order->phase = OrderPhase::part_filled;
      break;
    case OrderStatus::untriggered:
      order->phase = OrderPhase::untriggered;
      break;
    case OrderStatus::triggered:
      order->phase = OrderPhase::triggered;
      break;
    default:
      order->phase = OrderPhase::unknown;
      break;
  }
}

void Dashboard::on(Instant at, const RequestAnswer& answer) {
  Order* order = find_order(answer.client_id, answer.venue_id);
  const bool unknown = answer.outcome == RequestOutcome::unknown;
  if (answer.request == RequestKind::query) {
    // What the venue found came as news before this answer: an order that is still unknown was not there.
    if (!unknown && order && order->phase == OrderPhase::unknown) remove_order(order);
    return;
  }
  if (answer.outcome == RequestOutcome::accepted) return;
  if (order && answer.request == RequestKind::place) {
    if (unknown)
      order->phase = OrderPhase::unknown;
    else
      remove_order(order);
  }
  note(at, Severity::warning,
       unknown ? fmt::format("{} {} without an answer, the venue is asked", name_of(answer.symbol),
                             words(answer.request))
               : fmt::format("{} {} refused by the venue: {} {}", name_of(answer.symbol),
                             words(answer.request), answer.code, answer.text.view()));
}

/// What the venue does not list at the end of a snapshot, and knew before it began, is no longer open.
void Dashboard::on(Instant at, const AccountSnapshot& snapshot) {
  if (snapshot.phase == SnapshotPhase::begin) {
    for (Order& order : orders_) order.listed = false;
  } else if (snapshot.phase == SnapshotPhase::end) {
    std::erase_if(orders_, [](const Order& order) { return !order.listed && !order.venue_id.empty(); });
  } else {
    note(at, Severity::warning, "account could not be read from the venue, it is asked again");
  }
}

void Dashboard::on(Instant at, const Execution& execution) {
  for (std::size_t i = fills_.size(); i-- > 0;)
    if (!execution.execution_id.empty() && fills_[i].what.execution_id == execution.execution_id) return;
  fees_paid_ = fees_paid_ + execution.fee;
  if (execution.kind != ExecutionKind::trade) {
    const bool forced = execution.kind == ExecutionKind::adl || execution.kind == ExecutionKind::bust;
    note(at, forced ? Severity::critical : Severity::info,
         fmt::format("{} {}: fee {} USDT", name_of(execution.symbol), words(execution.kind),
                     to_text(execution.fee)));
  }
  ++fill_count_;
  push(fills_, Fill{next_id_++, execution, at});
}

void Dashboard::on(Instant, const PositionNews& news) {
  Symbol* symbol = find(news.symbol);
  if (!symbol || news.position_index >= symbol->positions.size()) return;
  symbol->positions[news.position_index] = news;
  symbol->changed = true;
}

void Dashboard::on(Instant at, const WalletNews& news) {
  const std::int64_t day = at.seconds() / seconds_per_day;
  if (day != day_) {
    equity_at_day_start_ = wallet_ ? wallet_->equity : news.equity;
    day_ = day;
  }
  equity_peak_ = wallet_ ? std::max(equity_peak_, news.equity) : news.equity;
  wallet_ = news;
  wallet_at_ = at;
  add_equity(at, news.equity);
}

void Dashboard::add_equity(Instant at, E8 equity) {
  if (!equity_.empty() && at - equity_.back().at < equity_step_) return;
  if (equity_.size() == limits_.equity_points) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < equity_.size(); i += 2) equity_[kept++] = equity_[i];
    equity_.resize(kept);
    equity_step_ *= 2;
    equity_thinned_ = true;
  }
  equity_.push_back({at, equity});
}

}  // namespace mlbot::io::web
