#include "core/trading/trading_coordinator.h"

#include <algorithm>
#include <cmath>

namespace mlbot::core {

TradingCoordinator::TradingCoordinator(const models::Bundle* bundle) : bundle_{bundle} {
  if (!bundle) return;
  const auto head = std::ranges::find(bundle->heads, std::string_view{"forward_return"}, &models::Head::name);
  if (head != bundle->heads.end()) head_ = &*head;
}

void TradingCoordinator::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.emplace_back();
}

void TradingCoordinator::start(const RunStarted& run, OrderRouter& router) {
  mode_ = run.mode;
  schema_hash_ = run.schema_hash;
  if (bundle_)
    router.note_model({.present = head_ != nullptr,
                       .verified = !bundle_->content_hash.empty(),
                       .schema_equal = bundle_->schema_hash == run.schema_hash,
                       .trained_at_ms = bundle_->trained_at_ms,
                       .expires_at_ms = bundle_->expires_at_ms});
  set_state(TradingState::active, router);
}

void TradingCoordinator::set_state(TradingState state, OrderRouter& router) {
  state_ = state;
  router.set_state(state);
}

/// Fills in what the model thinks of the better side and says how it would be taken, or why it cannot be
/// asked.
Result<Urgency, ReasonCode> TradingCoordinator::predict(const FeatureFrame& frame, const OrderRouter& router,
                                                        Decision& decision) const {
  if (!head_) return std::unexpected{ReasonCode::model_missing};
  if (bundle_->schema_hash != schema_hash_) return std::unexpected{ReasonCode::schema_mismatch};
  if (bundle_->expires_at_ms != 0 && frame.at.ms() >= bundle_->expires_at_ms)
    return std::unexpected{ReasonCode::model_expired};
  if (!frame.top.synced) return std::unexpected{ReasonCode::book_unsynced};
  if (frame.at - frame.book_at > std::chrono::milliseconds{router.risk().limits().max_feed_age_ms})
    return std::unexpected{ReasonCode::feed_stale};
  if (frame.missing_count() > missing_rows_max) return std::unexpected{ReasonCode::too_many_nan};
  const double expected = head_->expected_bps(frame.values);
  if (!std::isfinite(expected) || std::abs(expected) > score_bps_max)
    return std::unexpected{ReasonCode::score_out_of_range};
  const RouteCosts costs = router.smart().costs(router.instrument(frame.symbol), frame.top);
  decision.side = expected >= 0 ? Side::buy : Side::sell;
  decision.expected_bps = std::abs(expected);
  const bool cross = decision.expected_bps - costs.cross_bps >= router.settings().min_edge_bps;
  decision.cost_bps = cross ? costs.cross_bps : costs.rest_bps;
  decision.edge_bps = decision.expected_bps - decision.cost_bps;
  return cross ? Urgency::now : Urgency::patient;
}

/// What forbids an entry before the risk rules are asked.
std::optional<ReasonCode> TradingCoordinator::entry_veto(const FeatureFrame& frame, const OrderRouter& router,
                                                         const Decision& decision) {
  const DecisionSettings& settings = router.settings();
  if (decision.edge_bps <= 0) return ReasonCode::edge_below_zero;
  if (decision.edge_bps < settings.min_edge_bps) return ReasonCode::edge_below_min;
  if (!(decision.side == Side::buy ? settings.long_allowed : settings.short_allowed))
    return ReasonCode::side_disabled;
  const Symbol& s = symbols_[frame.symbol.index];
  if (s.cooldown_since.ns != INT64_MIN &&
      frame.at - s.cooldown_since < std::chrono::milliseconds{settings.cooldown_ms})
    return ReasonCode::cooldown;
  while (!entries_.empty() && frame.at - entries_.front() >= 1h) entries_.pop_front();
  if (entries_.size() >= std::min<std::size_t>(settings.max_orders_per_hour, hour_slots))
    return ReasonCode::orders_per_hour;
  if (mode_ == Mode::shadow) return ReasonCode::mode_shadow;
  return std::nullopt;
}

void TradingCoordinator::close(const FeatureFrame& frame, bool turned, OrderRouter& router,
                               const AccountMonitor& monitor, Decision& decision, Outbox& out) {
  Symbol& s = symbols_[frame.symbol.index];
  s.exit_since = std::min(s.exit_since, frame.at);
  if (router.busy(frame.symbol)) {
    decision.reason = ReasonCode::position_open;
    return;
  }
  const Lots held = router.positions().position(frame.symbol).size;
  const bool urgent = turned || !frame.top.synced || frame.at - s.exit_since >= resting_patience;
  decision.side = held.count > 0 ? Side::sell : Side::buy;
  const auto sent = router.submit(frame.at,
                                  {.symbol = frame.symbol,
                                   .side = decision.side,
                                   .size = absolute(held),
                                   .purpose = Purpose::exit,
                                   .urgency = urgent ? Urgency::now : Urgency::patient},
                                  monitor, out);
  if (!sent) {
    decision.reason = sent.error().rule;
    return;
  }
  decision.reason = ReasonCode::order_exit;
  decision.price = sent->price;
  decision.size = sent->size;
  decision.order = sent->id;
}

void TradingCoordinator::enter(const FeatureFrame& frame, Urgency urgency, OrderRouter& router,
                               const AccountMonitor& monitor, Decision& decision, Outbox& out) {
  const Instrument& instrument = router.instrument(frame.symbol);
  const std::int64_t lot_value = multiply(router.market(frame.symbol).mid, instrument.lot_step).count;
  const E8 notional = e8_from_double(router.settings().order_notional_usdt);
  const Lots size{lot_value > 0 ? notional.count / lot_value : 0};
  const auto sent = router.submit(frame.at,
                                  {.symbol = frame.symbol,
                                   .side = decision.side,
                                   .size = size,
                                   .purpose = Purpose::entry,
                                   .urgency = urgency},
                                  monitor, out);
  if (!sent) {
    decision.reason = sent.error().rule;
    return;
  }
  entries_.push_back(frame.at);
  decision.reason = ReasonCode::order_entry;
  decision.price = sent->price;
  decision.size = sent->size;
  decision.order = sent->id;
}

Decision TradingCoordinator::judge(const FeatureFrame& frame, OrderRouter& router,
                                   const AccountMonitor& monitor, Outbox& out) {
  Decision decision{.symbol = frame.symbol,
                    .cause = frame.cause,
                    .frame = frame.number,
                    .at = frame.at,
                    .price = {},
                    .size = {},
                    .order = {}};
  Symbol& s = symbols_[frame.symbol.index];
  const Position& position = router.positions().position(frame.symbol);
  if (position.closings != s.closings_seen) {
    s.closings_seen = position.closings;
    s.cooldown_since = position.closed_at;
    s.exit_since = distant_future;
  }
  const auto way = predict(frame, router, decision);

  if (position.size.count != 0) {
    const Side held = position.size.count > 0 ? Side::buy : Side::sell;
    const bool turned = router.positions().unprotectable(frame.symbol) ||
                        (way && decision.side != held && decision.edge_bps > 0);
    const bool held_long_enough =
        head_ && frame.at - position.opened_at >= std::chrono::milliseconds{head_->horizon_ms};
    const bool closing = s.exit_since != distant_future;
    if (flattening_)
      decision.reason = ReasonCode::halted;
    else if (turned || held_long_enough || closing)
      close(frame, turned, router, monitor, decision, out);
    else
      decision.reason = ReasonCode::position_open;
    return decision;
  }

  if (!router.traded(frame.symbol))
    decision.reason = ReasonCode::symbol_disabled;
  else if (state_ == TradingState::halted)
    decision.reason = ReasonCode::halted;
  else if (state_ == TradingState::paused)
    decision.reason = ReasonCode::paused;
  else if (!way)
    decision.reason = way.error();
  else if (router.busy(frame.symbol))
    decision.reason = ReasonCode::position_open;
  else if (const auto veto = entry_veto(frame, router, decision))
    decision.reason = *veto;
  else
    enter(frame, *way, router, monitor, decision, out);
  return decision;
}

void TradingCoordinator::on(Instant now, const OperatorCommand& command, OrderRouter& router,
                            const AccountMonitor& monitor, Outbox& out) {
  switch (command.verb) {
    case OperatorVerb::pause:
      if (state_ == TradingState::active) set_state(TradingState::paused, router);
      router.cancel_entries(now, out);
      break;
    case OperatorVerb::resume:
      // Stopping is easy, resuming is deliberate: never over a difference, never after a kill.
      if (killed_ || !monitor.known() || monitor.worst_mismatch(now) > Duration{0}) break;
      flattening_ = false;
      stopped_by_.reset();
      set_state(TradingState::active, router);
      break;
    case OperatorVerb::cancel_all:
      if (state_ == TradingState::active) set_state(TradingState::paused, router);
      router.cancel_all(now, out);
      break;
    case OperatorVerb::reduce:
      if (state_ == TradingState::active) set_state(TradingState::reduce_only, router);
      router.cancel_entries(now, out);
      break;
    case OperatorVerb::unlock:
      if (!command.cause.empty()) killed_ = false;
      break;
    case OperatorVerb::loosen:  // the risk manager has heard it
      break;
    case OperatorVerb::kill:
    case OperatorVerb::disconnect:
      killed_ = true;
      [[fallthrough]];
    case OperatorVerb::flatten:
      set_state(TradingState::halted, router);
      flattening_ = true;
      flatten(now, router, monitor, out);
      break;
  }
}

/// Entries off, orders away, then the position; the venue-held stops go with it when it is gone, never
/// before.
void TradingCoordinator::flatten(Instant now, OrderRouter& router, const AccountMonitor& monitor,
                                 Outbox& out) {
  router.cancel_all(now, out);
  bool flat = router.executor().open_count() == 0;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) {
    const Lots held = router.positions().position({i}).size;
    if (held.count == 0) continue;
    flat = false;
    if (router.busy({i})) continue;
    // A refusal (no price yet, too many messages) is tried again at the next timer.
    (void)router.submit(now,
                        {.symbol = {i},
                         .side = held.count > 0 ? Side::sell : Side::buy,
                         .size = absolute(held),
                         .purpose = Purpose::flatten,
                         .urgency = Urgency::now},
                        monitor, out);
  }
  if (flat) flattening_ = false;
}

void TradingCoordinator::on_timer(Instant now, OrderRouter& router, const AccountMonitor& monitor,
                                  Outbox& out) {
  const RiskDemand demand = router.assess(now, monitor);
  if (demand.latched && demand.state > state_) {
    stopped_by_ = demand.why.rule;
    set_state(demand.state, router);
    router.cancel_entries(now, out);
  }
  flattening_ = flattening_ || demand.flatten;
  if (flattening_) flatten(now, router, monitor, out);
}

void TradingCoordinator::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(state_));
  hash.add(static_cast<std::uint64_t>(mode_));
  hash.add(stopped_by_ ? static_cast<std::uint64_t>(*stopped_by_) + 1 : std::uint64_t{0});
  hash.add(std::uint64_t{flattening_} | std::uint64_t{killed_} << 1);
  for (const Symbol& s : symbols_) {
    hash.add(std::uint64_t{s.closings_seen});
    hash.add(s.cooldown_since.ns);
    hash.add(s.exit_since.ns);
  }
  hash.add(std::uint64_t{entries_.size()});
  if (!entries_.empty()) hash.add(entries_.back().ns);
}

}  // namespace mlbot::core
