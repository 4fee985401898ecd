#include "core/trading/trading_coordinator.h"

#include <algorithm>
#include <cmath>

#include "base/planted.h"
#include "core/orders/frame_rows.h"

namespace mlbot::core {
namespace {

constexpr double deviations_in_interval = 1.6448536269514722;  ///< half-width of 90 % of a normal outcome

const models::Head* head_named(const models::Bundle* bundle, std::string_view name) {
  if (!bundle) return nullptr;
  const auto head = std::ranges::find(bundle->heads, name, &models::Head::name);
  return head == bundle->heads.end() ? nullptr : &*head;
}

double value_or(const FeatureFrame& frame, rows::NamedRow row, double otherwise) {
  return frame.valid(row.place) ? frame.values[row.place] : otherwise;
}

E8 result_of(const Position& p) { return p.realised - p.fees - p.funding; }

double root_minutes(Duration d) { return std::sqrt(static_cast<double>(d.count()) / 60e9); }

/// What is too small to be sent is named by what made it small.
ReasonCode reason_for(SizeCap cap) {
  switch (cap) {
    case SizeCap::kelly:
      return ReasonCode::edge_below_zero;
    case SizeCap::symbol_exposure:
      return ReasonCode::exposure_symbol;
    case SizeCap::total_exposure:
    case SizeCap::correlated_exposure:
      return ReasonCode::exposure_total;
    case SizeCap::none:
    case SizeCap::order:
    case SizeCap::stop_risk:
    case SizeCap::volatility:
    case SizeCap::volume:
    case SizeCap::depth:
      return ReasonCode::size_below_min;
  }
  return ReasonCode::size_below_min;
}

}  // namespace

TradingCoordinator::TradingCoordinator(const models::Bundle* bundle)
    : bundle_{bundle},
      head_{head_named(bundle, "forward_return")},
      fill_heads_{head_named(bundle, "fill_probability_buy"), head_named(bundle, "fill_probability_sell")},
      gates_{bundle} {}

void TradingCoordinator::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.push_back({.leader = instrument.name.view() == "BTCUSDT"});
  closing_.add();
  gates_.add();
}

void TradingCoordinator::start(const RunStarted& run, OrderRouter& router) {
  mode_ = run.mode;
  schema_hash_ = run.schema_hash;
  if (bundle_) {
    std::vector<FeatureRange> ranges;
    for (const auto& [low, high] : bundle_->ranges) ranges.push_back({low, high});
    router.note_ranges(std::move(ranges));
    router.note_model({.present = head_ != nullptr,
                       .verified = !bundle_->content_hash.empty(),
                       .schema_equal = bundle_->schema_hash == run.schema_hash,
                       .trained_at_ms = bundle_->trained_at_ms,
                       .expires_at_ms = bundle_->expires_at_ms});
  }
  keeper_.start(run.carried.state, run.carried.stopped_by);
  // A person's flatten or kill that was cut short is gone on with when the account is known.
  closing_.resume_later(keeper_.latch() >= TradingState::halted && !keeper_.stopped_by());
  router.set_state(keeper_.state());
}

// ---- what stands against an entry

Result<TradingCoordinator::Prediction, ReasonCode> TradingCoordinator::predict(
    const FeatureFrame& frame, const OrderRouter& router) const {
  if (!head_) return std::unexpected{ReasonCode::model_missing};
  if (bundle_->schema_hash != schema_hash_) return std::unexpected{ReasonCode::schema_mismatch};
  if (bundle_->expires_at_ms != 0 && frame.at.ms() >= bundle_->expires_at_ms)
    return std::unexpected{ReasonCode::model_expired};
  if (!frame.top.synced) return std::unexpected{ReasonCode::book_unsynced};
  if (frame.at - frame.book_at > std::chrono::milliseconds{router.risk().limits().max_feed_age_ms} &&
      !MLBOT_PLANTED(enter_on_any_book))
    return std::unexpected{ReasonCode::feed_stale};
  if (frame.missing_count() > router.risk().limits().features_missing_max)
    return std::unexpected{ReasonCode::too_many_nan};
  const MarketView& market = router.market(frame.symbol);
  if (!std::isfinite(market.sigma_bps)) return std::unexpected{ReasonCode::too_many_nan};
  const double expected = head_->expected_bps(frame.values);
  if (!std::isfinite(expected) || std::abs(expected) > score_bps_max)
    return std::unexpected{ReasonCode::score_out_of_range};

  const DecisionSettings& settings = router.settings();
  const Instrument& instrument = router.instrument(frame.symbol);
  const std::int64_t lot_value = multiply(market.mid, instrument.lot_step).count;
  const Duration horizon = std::chrono::milliseconds{head_->horizon_ms};
  CandidateQuestion question{
      .instrument = instrument,
      .market = market,
      .predicted_bps = expected,
      .error_bps = std::abs(expected) * head_->relative_error,
      .horizon = horizon,
      .size = {lot_value > 0 ? e8_from_double(settings.order_notional_usdt).count / lot_value : 0}};
  // Only forced trading overshoots, so only then is it worth standing away from the market.
  if (value_or(frame, rows::cascade_state, 0) >= 1) {
    question.offset_bps = settings.ladder_offset_sigma * market.sigma_bps * root_minutes(long_patience);
    question.reversion = settings.cascade_reversion;
  }
  for (std::size_t side = 0; side < 2; ++side)
    if (fill_heads_[side])
      question.learned_fill[side] = std::clamp(fill_heads_[side]->expected_bps(frame.values), 0.0, 1.0);
  const Candidates candidates{router.smart(), question};
  return Prediction{.expected_bps = expected,
                    .best = candidates.best(),
                    .z_error_bps = candidates.z() * question.error_bps};
}

std::optional<ReasonCode> TradingCoordinator::account_veto(Instant now, SymbolId symbol) const {
  if (leaving_) return ReasonCode::paused;
  if (maintenance_ || !symbols_[symbol.index].tradable) return ReasonCode::maintenance;
  if (no_permission_) return ReasonCode::key_no_trade_permission;
  if (now < rate_limited_until_) return ReasonCode::rate_limited;
  if (closing_.stops_may_go(now)) return ReasonCode::cooldown;
  return std::nullopt;
}

std::optional<ReasonCode> TradingCoordinator::market_veto(const FeatureFrame& frame,
                                                          const OrderRouter& router) const {
  const DecisionSettings& settings = router.settings();
  const Instrument& instrument = router.instrument(frame.symbol);
  if (!settings.model_may_trade) return ReasonCode::challenger_only;
  if (!symbols_[frame.symbol.index].leader)
    for (std::uint16_t i = 0; i < symbols_.size(); ++i)
      if (symbols_[i].leader && frame.at - router.market({i}).book_at > leader_age_max)
        return ReasonCode::leader_stale;
  const double bid = instrument.price_double(frame.top.bid), ask = instrument.price_double(frame.top.ask);
  if (1e4 * (ask - bid) > settings.max_spread_bps * 0.5 * (ask + bid)) return ReasonCode::spread_wide;
  if (frame.valid(rows::funding_time_share.place)) {
    const double interval_ms = instrument.funding_interval_minutes * 60e3;
    const double left_ms = frame.values[rows::funding_time_share.place] * interval_ms;
    const double window_ms = settings.funding_window_ms;
    if (left_ms < window_ms || interval_ms - left_ms < window_ms) return ReasonCode::near_funding;
  }
  const auto cascade = static_cast<unsigned>(value_or(frame, rows::cascade_state, 0));
  if (((settings.cascade_states >> std::min(cascade, 3u)) & 1u) == 0)
    return ReasonCode::cascade_state_blocked;
  return std::nullopt;
}

/// What forbids an entry before its size is asked.
std::optional<ReasonCode> TradingCoordinator::entry_veto(const FeatureFrame& frame, const OrderRouter& router,
                                                         const Prediction& prediction) {
  const DecisionSettings& settings = router.settings();
  if (prediction.best.lower_bps <= 0) return ReasonCode::edge_below_zero;
  if (prediction.best.net_bps() < settings.min_edge_bps) return ReasonCode::edge_below_min;
  if (!(prediction.best.side == Side::buy ? settings.long_allowed : settings.short_allowed))
    return ReasonCode::side_disabled;
  const Symbol& s = symbols_[frame.symbol.index];
  const auto pause = std::chrono::milliseconds{s.by_stop ? settings.stop_cooldown_ms : settings.cooldown_ms};
  if (s.cooldown_since.ns != INT64_MIN && frame.at - s.cooldown_since < pause) return ReasonCode::cooldown;
  while (!entries_.empty() && frame.at - entries_.front() >= 1h) entries_.pop_front();
  if (entries_.size() >= std::min<std::size_t>(settings.max_orders_per_hour, hour_slots))
    return ReasonCode::orders_per_hour;
  if (mode_ == Mode::shadow) return ReasonCode::mode_shadow;
  return std::nullopt;
}

// ---- how much

double TradingCoordinator::correlated_usdt(SymbolId symbol, Side side, const OrderRouter& router) const {
  const double least = router.settings().correlation_min;
  if (symbols_[symbol.index].leader_correlation <= least) return 0;
  double sum = 0;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) {
    if (i != symbol.index && symbols_[i].leader_correlation <= least) continue;
    const std::int64_t held = sign_of(side) * router.positions().position({i}).size.count +
                              router.executor().open_entries({i}, side).count;
    if (held <= 0) continue;
    sum += to_double(multiply(router.positions().mid({i}), router.instrument({i}).size({held})));
  }
  return sum;
}

Size TradingCoordinator::size_for(const FeatureFrame& frame, const Prediction& prediction,
                                  const OrderRouter& router, const AccountMonitor& monitor) const {
  const DecisionSettings& settings = router.settings();
  const RiskLimits& limits = router.risk().limits();
  const Instrument& instrument = router.instrument(frame.symbol);
  const MarketView& market = router.market(frame.symbol);
  const Duration horizon = std::chrono::milliseconds{head_->horizon_ms};
  const double hold_deviation = market.sigma_bps * root_minutes(horizon);
  const double residual = head_->residual_bps / deviations_in_interval;
  const bool buy = prediction.best.side == Side::buy;
  const double mid = to_double(market.mid);
  const Lots visible = buy ? market.activity.ask_depth : market.activity.bid_depth;
  E8 total;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) total = total + router.worst_exposure({i});
  return size_of(
      {.equity_usdt = to_double(monitor.equity()),
       .net_low_bps = prediction.best.net_bps() - prediction.z_error_bps,
       .outcome_deviation_bps = residual > 0 ? residual : std::max(hold_deviation, 0.01),
       .stop_bps = static_cast<double>(limits.stop_distance_bps),
       .hold_deviation_bps = hold_deviation,
       .volume_5m_usdt = market.activity.traded_5m,
       .depth_usdt = instrument.size_double(visible) * mid,
       .symbol_room_usdt = to_double(limits.max_symbol_notional - router.worst_exposure(frame.symbol)),
       .total_room_usdt = to_double(limits.max_total_notional - total),
       .correlated_room_usdt =
           settings.correlated_notional_usdt - correlated_usdt(frame.symbol, prediction.best.side, router),
       .scale = drawdown_scale(monitor.daily_loss(), limits.daily_loss) *
                (keeper_.state() == TradingState::degraded ? 0.5 : 1.0)},
      settings);
}

// ---- in and out

void TradingCoordinator::close(const FeatureFrame& frame, const ExitWish& wish, double against_bps,
                               OrderRouter& router, const AccountMonitor& monitor, Decision& decision,
                               Outbox& out) {
  Symbol& s = symbols_[frame.symbol.index];
  if (wish.reason != ExitReason::partial) s.exit_since = std::min(s.exit_since, frame.at);
  decision.side = wish.side;
  router.give_up(frame.at, frame.symbol, opposite(wish.side), out);  // nothing is added to what goes
  const bool waited = s.exit_since != distant_future && frame.at - s.exit_since >= resting_patience;
  const bool urgent = wish.urgent || !frame.top.synced || waited;
  if (router.busy(frame.symbol, wish.side)) {
    if (urgent) router.hurry(frame.at, frame.symbol, wish.side, out);
    router.shrink(frame.at, frame.symbol, wish.side, wish.size, monitor, out);
    decision.reason = ReasonCode::position_open;
    return;
  }
  const auto sent =
      router.submit(frame.at,
                    {.symbol = frame.symbol,
                     .side = wish.side,
                     .size = wish.size,
                     .purpose = Purpose::exit,
                     .urgency = urgent ? Urgency::now : Urgency::patient,
                     .edge_bps = against_bps,
                     .horizon = head_ ? Duration{std::chrono::milliseconds{head_->horizon_ms}} : Duration{0}},
                    monitor, out);
  if (!sent) {
    decision.reason = sent.error().rule;
    return;
  }
  decision.reason = ReasonCode::order_exit;
  decision.price = sent->price;
  decision.size = wish.size;
  decision.order = sent->id;
}

void TradingCoordinator::enter(const FeatureFrame& frame, const Prediction& prediction, OrderRouter& router,
                               const AccountMonitor& monitor, Decision& decision, Outbox& out) {
  const Candidate& best = prediction.best;
  const Instrument& instrument = router.instrument(frame.symbol);
  const std::int64_t lot_value = multiply(router.market(frame.symbol).mid, instrument.lot_step).count;
  const Size size = size_for(frame, prediction, router, monitor);
  decision.sized_by = size.by;
  decision.win_probability = size.odds.win;
  const Lots lots{lot_value > 0 ? e8_from_double(size.notional_usdt).count / lot_value : 0};
  const bool whole = monitor.wallet_known();  // without a wallet the rules have a better word than the caps
  if (whole && lots < instrument.min_order) {
    decision.reason = drawdown_scale(monitor.daily_loss(), router.risk().limits().daily_loss) <= 0
                          ? ReasonCode::daily_loss
                          : reason_for(size.by);
    return;
  }
  const bool ladder = best.way.kind == RouteKind::ladder;
  const auto sent = router.submit(frame.at,
                                  {.symbol = frame.symbol,
                                   .side = best.side,
                                   .size = std::max(lots, instrument.min_order),
                                   .purpose = Purpose::entry,
                                   .urgency = Urgency::patient,
                                   .edge_bps = best.expected_bps - prediction.z_error_bps,
                                   .horizon = std::chrono::milliseconds{head_->horizon_ms},
                                   .offset_bps = ladder ? best.way.offset_bps : 0,
                                   .reversion = ladder ? router.settings().cascade_reversion : 0,
                                   .confidence = size.odds.win},
                                  monitor, out);
  if (!sent) {
    decision.reason = sent.error().rule;
    return;
  }
  entries_.push_back(frame.at);
  gates_.on_entry(best.side);
  Symbol& s = symbols_[frame.symbol.index];
  s.entry_low_bps = best.net_bps() - prediction.z_error_bps;
  s.entry_profit = result_of(router.positions().position(frame.symbol));
  s.entry_notional = instrument.notional(sent->price, lots);
  decision.reason = ReasonCode::order_entry;
  decision.price = sent->price;
  decision.size = lots;
  decision.order = sent->id;
}

void TradingCoordinator::note_closings(SymbolId symbol, const Position& position) {
  Symbol& s = symbols_[symbol.index];
  if (position.closings == s.closings_seen) return;
  s.closings_seen = position.closings;
  s.cooldown_since = position.closed_at;
  s.exit_since = distant_future;
}

Decision TradingCoordinator::judge(const FeatureFrame& frame, OrderRouter& router,
                                   const AccountMonitor& monitor, Outbox& out) {
  Decision decision{.symbol = frame.symbol, .cause = frame.cause, .frame = frame.number, .at = frame.at};
  Symbol& s = symbols_[frame.symbol.index];
  s.leader_correlation = value_or(frame, rows::leader_correlation, 0);
  const Position& position = router.positions().position(frame.symbol);
  note_closings(frame.symbol, position);
  const auto prediction = predict(frame, router);
  if (prediction) {
    const Candidate& best = prediction->best;
    decision.side = prediction->expected_bps >= 0 ? Side::buy : Side::sell;
    decision.expected_bps = std::abs(prediction->expected_bps);
    if (best.lower_bps > 0) decision.side = best.side;
    decision.cost_bps = best.cost_bps;
    decision.edge_bps = best.lower_bps;
    decision.value_bps = best.value_bps;
    decision.fill_probability = best.way.fill_probability;
    decision.offset_bps = best.way.offset_bps;
    decision.patience = best.way.patience;
    decision.route = best.way.kind;
    gates_.on_frame(frame, prediction->expected_bps, to_double(router.market(frame.symbol).mid),
                    std::chrono::milliseconds{head_->horizon_ms});
  }

  if (position.size.count != 0) {
    const Side held = position.size.count > 0 ? Side::buy : Side::sell;
    // A turn must pay for the way out and the way in again on the other side, or it only feeds the venue.
    const double against = prediction ? -sign_of(held) * prediction->expected_bps : 0;
    const bool turned = prediction && prediction->best.side != held && prediction->best.lower_bps > 0;
    const Duration horizon = head_ ? Duration{std::chrono::milliseconds{head_->horizon_ms}} : Duration{0};
    auto wish = router.positions().exit_wish(frame.at, frame.symbol, horizon);
    if (!wish && router.risk().must_shrink(frame.symbol) &&
        (s.shrunk_at.ns == INT64_MIN || frame.at - s.shrunk_at >= shrink_pause)) {
      s.shrunk_at = frame.at;
      wish = router.positions().half_of(frame.symbol);
    }
    const bool all = turned || s.exit_since != distant_future;
    if (all)
      wish = ExitWish{.size = absolute(position.size),
                      .side = opposite(held),
                      .urgent = turned || (wish && wish->urgent)};
    if (closing_.under_way())
      decision.reason = ReasonCode::halted;
    else if (wish)
      close(frame, *wish, against, router, monitor, decision, out);
    else
      decision.reason = ReasonCode::position_open;
    return decision;
  }

  const Side side = decision.side;
  if (!router.traded(frame.symbol)) {
    decision.reason = ReasonCode::symbol_disabled;
  } else if (const auto no = keeper_.refusal(); no && keeper_.state() != TradingState::blind) {
    decision.reason = *no;
  } else if (const auto veto = account_veto(frame.at, frame.symbol)) {
    decision.reason = *veto;
  } else if (!prediction) {
    decision.reason = prediction.error();
  } else if (const auto blind = keeper_.refusal()) {
    decision.reason = *blind;
  } else if (const auto market = market_veto(frame, router)) {
    decision.reason = *market;
  } else if (router.busy(frame.symbol, side)) {
    decision.reason = ReasonCode::position_open;
  } else if (router.busy(frame.symbol, opposite(side)) && prediction->best.lower_bps <= 0) {
    decision.reason = ReasonCode::position_open;
  } else if (const auto edge = entry_veto(frame, router, *prediction)) {
    decision.reason = *edge;
  } else if (router.busy(frame.symbol, opposite(side))) {
    router.give_up(frame.at, frame.symbol, opposite(side),
                   out);  // the other side pays now: first the old one goes
    decision.reason = ReasonCode::position_open;
  } else {
    enter(frame, *prediction, router, monitor, decision, out);
  }
  return decision;
}

// ---- what happens to us

void TradingCoordinator::on(Instant now, const Execution& execution, OrderRouter& router, Outbox& out) {
  if (execution.symbol.index >= symbols_.size()) return;
  Symbol& s = symbols_[execution.symbol.index];
  const Position& position = router.positions().position(execution.symbol);
  if (position.closings == s.closings_seen) return;
  note_closings(execution.symbol, position);
  s.by_stop = execution.client_id.empty() || !router.executor().find(execution.client_id);
  if (s.entry_notional.count > 0) {
    const double earned = to_double(result_of(position) - s.entry_profit);
    gates_.on_trade(1e4 * earned / to_double(s.entry_notional), s.entry_low_bps);
    s.entry_notional = {};
  }
  if (!s.by_stop) return;
  if (stops_.full()) stops_.pop_front();
  stops_.push_back(now);
  if (stops_.full() && now - stops_.front() < stops_window) {
    raise(now, TradingState::paused, ReasonCode::cooldown, router, out);
    stops_.clear();
  }
}

void TradingCoordinator::on(Instant now, const RequestAnswer& answer) {
  if (answer.outcome == RequestOutcome::accepted) {
    no_permission_ = false;
    return;
  }
  if (answer.refusal == Refusal::rate) rate_limited_until_ = now + rate_limited_pause;
  if (answer.refusal == Refusal::permission) no_permission_ = true;
}

void TradingCoordinator::on(const SymbolStatus& status) {
  if (status.symbol.index < symbols_.size()) symbols_[status.symbol.index].tradable = status.trading;
}

void TradingCoordinator::raise(Instant now, TradingState latch, std::optional<ReasonCode> by,
                               OrderRouter& router, Outbox& out) {
  latch_at(latch, by, router);
  router.cancel_entries(now, out);
}

void TradingCoordinator::latch_at(TradingState latch, std::optional<ReasonCode> by, OrderRouter& router) {
  keeper_.raise(latch, by);
  router.set_state(keeper_.state());
}

void TradingCoordinator::on(Instant now, const OperatorCommand& command, OrderRouter& router,
                            AccountMonitor& monitor, Outbox& out) {
  switch (command.verb) {
    case OperatorVerb::pause:
      raise(now, TradingState::paused, std::nullopt, router, out);
      break;
    case OperatorVerb::reduce:
      raise(now, TradingState::reduce_only, std::nullopt, router, out);
      break;
    case OperatorVerb::cancel_all:
      if (command.from.view() == "shutdown") {  // the run ends: nothing to be carried to the next
        leaving_ = true;
        router.cancel_all(now, out);
        break;
      }
      latch_at(TradingState::paused, std::nullopt, router);
      router.cancel_all(now, out);
      monitor.ask_again(now);  // that nothing rests is read from the account too
      break;
    case OperatorVerb::flatten:
      latch_at(TradingState::halted, std::nullopt, router);
      closing_.begin(now, router, monitor, out);
      break;
    case OperatorVerb::disconnect:
      disconnecting_ = true;
      [[fallthrough]];
    case OperatorVerb::kill:
      latch_at(TradingState::killed, std::nullopt, router);
      closing_.begin(now, router, monitor, out);
      break;
    case OperatorVerb::unlock:
      if (command.cause.empty() || closing_.under_way() || !keeper_.unlock()) break;
      disconnecting_ = false;
      router.set_state(keeper_.state());
      break;
    case OperatorVerb::loosen:  // the risk manager has heard it
      break;
    case OperatorVerb::resume:
      // Stopping is easy, resuming is deliberate: never over a difference, never after a kill.
      if (!monitor.known() || monitor.worst_mismatch(now) > Duration{0} || !keeper_.resume()) break;
      closing_.stop();
      gates_.restart();
      stops_.clear();
      look_around(now, router, monitor, out);
      break;
  }
}

std::optional<ReasonCode> TradingCoordinator::blind_by(Instant now, const OrderRouter& router,
                                                       const AccountMonitor& monitor) const {
  if (mode_ != Mode::shadow) {
    if (!monitor.known()) return ReasonCode::account_unknown;
    if (monitor.wallet_age(now) > wallet_age_max) return ReasonCode::balance_stale;
  }
  const auto age_max = std::chrono::milliseconds{router.risk().limits().max_feed_age_ms};
  bool any = false;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) {
    if (!router.traded({i})) continue;
    any = true;
    if (now - router.market({i}).book_at <= age_max) return std::nullopt;
  }
  return any ? std::optional{ReasonCode::feed_stale} : std::nullopt;
}

/// Blind and degraded come and go with their causes.
void TradingCoordinator::look_around(Instant now, OrderRouter& router, const AccountMonitor& monitor,
                                     Outbox& out) {
  const TradingState before = keeper_.state();
  const DriftGates::Verdict verdict = gates_.verdict();
  std::optional<ReasonCode> degraded;
  if (verdict.gate == Gate::amber) degraded = verdict.reason;
  keeper_.see(blind_by(now, router, monitor), degraded);
  if (verdict.gate == Gate::red && keeper_.latch() < TradingState::paused)
    raise(now, TradingState::paused, verdict.reason, router, out);
  const TradingState after = keeper_.state();
  router.set_state(after);
  if (after == before) return;
  if (after == TradingState::blind) router.cancel_entries(now, out);
  if (after == TradingState::degraded) router.halve_entries(now, monitor, out);
}

void TradingCoordinator::on_timer(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out) {
  const RiskDemand demand = router.assess(now, monitor);
  if (demand.latched && demand.state > keeper_.latch())
    raise(now, demand.state, demand.why.rule, router, out);
  if (demand.flatten && !closing_.under_way() && closing_.phase() != Closing::Phase::done)
    closing_.begin(now, router, monitor, out);
  look_around(now, router, monitor, out);
  if (closing_.waits_to_resume() && monitor.known()) closing_.begin(now, router, monitor, out);
  closing_.step(now, router, monitor, out);
}

void TradingCoordinator::hash_into(StateHash& hash) const {
  keeper_.hash_into(hash);
  closing_.hash_into(hash);
  gates_.hash_into(hash);
  hash.add(static_cast<std::uint64_t>(mode_));
  hash.add(std::uint64_t{disconnecting_} | std::uint64_t{maintenance_} << 1 |
           std::uint64_t{no_permission_} << 2 | std::uint64_t{leaving_} << 3);
  hash.add(rate_limited_until_.ns);
  for (const Symbol& s : symbols_) {
    hash.add(std::uint64_t{s.closings_seen});
    hash.add(std::uint64_t{s.tradable} | std::uint64_t{s.by_stop} << 1);
    hash.add(s.cooldown_since.ns);
    hash.add(s.exit_since.ns);
    hash.add(s.shrunk_at.ns);
    hash.add(s.leader_correlation);
    hash.add(s.entry_notional.count);
  }
  hash.add(std::uint64_t{entries_.size()});
  if (!entries_.empty()) hash.add(entries_.back().ns);
  hash.add(std::uint64_t{stops_.size()});
}

}  // namespace mlbot::core
