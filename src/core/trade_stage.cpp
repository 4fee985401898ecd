#include "core/trade_stage.h"

#include "base/result.h"

namespace mlbot::core {

TradeStage::TradeStage(const models::Bundle* bundle) : coordinator_{bundle} {}

void TradeStage::define(const Instrument& instrument) {
  if (instrument.id.index < router_.symbol_count()) {
    router_.redefine(instrument);
    return;
  }
  coordinator_.add(instrument);
  router_.add(instrument);
  monitor_.add(instrument);
}

void TradeStage::compare(Instant now, SymbolId symbol) {
  if (symbol.index < router_.symbol_count()) monitor_.compare(now, symbol, router_.positions().net(symbol));
}

void TradeStage::compare_wallet(Instant now) {
  const Ledger& ledger = router_.positions().ledger();
  if (ledger.is_open()) monitor_.compare_wallet(now, ledger.cash());
}

/// Who resumes has looked: modes are taken as they are, and a wallet that no message under way explains. A
/// position that differs is not: what we do not count we cannot close.
void TradeStage::accept_account(Instant now) {
  if (!monitor_.known() || !router_.positions().ledger().is_open()) return;
  if (monitor_.wallet_differs_for_certain()) router_.accept_wallet(wallet_of_, monitor_.wallet_balance());
  monitor_.accept();
  compare_wallet(now);
}

void TradeStage::step(const Stamped& event, Outbox& out) {
  const std::size_t routes_before = out.routes.size(), fills_before = out.fills.size();
  take(event, out);
  stamp(event.sequence, routes_before, fills_before, out);
}

void TradeStage::take(const Stamped& event, Outbox& out) {
  const Instant at = event.at;
  const std::size_t sent_before = out.commands.size();
  router_.hear(event);
  std::visit(Overloaded{
                 [&](const RunStarted& e) {
                   router_.start(e.mode, e.account, e.epoch);
                   coordinator_.start(e, router_);
                   monitor_.carry(e.carried);
                   monitor_.start(at, e.mode, out);
                 },
                 [&](const InstrumentDefined& e) { define(e.instrument); },
                 [&](const ConfigChanged& e) { router_.configure(e); },
                 [&](const OrderNews& e) { router_.on(at, e, monitor_, out); },
                 [&](const Execution& e) {
                   router_.on(at, e, monitor_, out);
                   coordinator_.on(at, e, router_, out);
                   if (e.kind == ExecutionKind::other) monitor_.ask_again(at);  // a word that we do not know
                   compare(at, e.symbol);
                   compare_wallet(at);
                 },
                 [&](const PositionNews& e) {
                   monitor_.on(at, e);
                   router_.on(at, e);
                   compare(at, e.symbol);
                 },
                 [&](const WalletNews& e) {
                   const Instant of = event.venue_time.ns == 0 ? at : event.venue_time;
                   if (of < wallet_of_) return;  // a list that was overtaken by the stream
                   wallet_of_ = of;
                   router_.on(of, e);
                   monitor_.on(at, e, router_.positions().profit());
                   compare_wallet(at);
                 },
                 [&](const RequestAnswer& e) {
                   coordinator_.on(at, e);
                   router_.on(at, e, monitor_, out);
                   const bool lost = e.request == RequestKind::place && e.outcome == RequestOutcome::unknown;
                   if (lost) coordinator_.go_on_closing(at, router_, monitor_, out);
                 },
                 [&](const AccountSnapshot& e) {
                   const bool first = monitor_.first_snapshot();
                   if (monitor_.on(at, e))
                     router_.on_snapshot(at, event.venue_time, monitor_, first, out);
                   else
                     monitor_.on_timer(at, router_.positions().profit(), out);  // it may prove nothing: again
                 },
                 [&](const LinkChanged& e) { monitor_.on(at, e, out); },
                 [&](const TimerFired&) {
                   timer_at_ = at;
                   for (std::uint16_t i = 0; i < router_.symbol_count(); ++i) compare(at, {i});
                   compare_wallet(at);
                   if (monitor_.worst_mismatch(at) > mismatch_tolerance) monitor_.ask_again(at);
                   monitor_.on_timer(at, router_.positions().profit(), out);
                   router_.on_timer(at, monitor_, out);
                   coordinator_.on_timer(at, router_, monitor_, out);
                 },
                 [&](const OperatorCommand& e) {
                   if (e.verb == OperatorVerb::resume) accept_account(at);
                   coordinator_.on(at, e, router_, monitor_, out);
                 },
                 [](const BookUpdate&) {},
                 [](const Trades&) {},
                 [](const Kline&) {},
                 [](const Ticker&) {},
                 [](const Liquidations&) {},
                 [](const PriceLimit&) {},
                 [](const AdlAlerts&) {},
                 [](const InsurancePools&) {},
                 [&](const FastExecution& e) { router_.on(at, e); },  // the Execution follows, with its fee
                 [&](const Transaction& e) {
                   router_.on(e);
                   compare_wallet(at);
                 },
                 [&](const AccountModes& e) {
                   monitor_.on(at, e);
                   router_.on(e);
                 },
                 [](const ClockOffset&) {},
                 [&](const MachineHealth& e) {
                   // What rests would fill into a journal that cannot keep it; the gate lets nothing new out.
                   if (router_.risk().is_short_of_disk(e)) router_.cancel_entries(at, out);
                 },
                 [](const GuardBeat&) {},
                 [&](const SymbolStatus& e) { coordinator_.on(e); },
                 [&](const VenueStatus& e) { coordinator_.on(e); },
                 [&](const IntentCarried& e) { router_.carry(at, e, out); },
             },
             event.what);
  note_sent(at, std::span{out.commands}.subspan(sent_before));
}

void TradeStage::note_sent(Instant at, std::span<const Command> commands) {
  router_.note_sent(at, commands);
  for (const Command& command : commands)
    if (std::holds_alternative<QueryAccount>(command)) monitor_.note_question(at);
}

void TradeStage::step(const FeatureFrame& frame, Outbox& out) {
  const std::size_t sent_before = out.commands.size();
  router_.see(frame);
  const std::size_t routes_before = out.routes.size(), fills_before = out.fills.size();
  router_.measure(frame, out);
  judge(frame, out);
  note_sent(frame.at, std::span{out.commands}.subspan(sent_before));
  stamp(frame.cause, routes_before, fills_before, out);
}

void TradeStage::judge(const FeatureFrame& frame, Outbox& out) {
  if ((frame.triggers & static_cast<std::uint8_t>(FrameTrigger::second)) == 0) return;
  router_.work(frame.at, frame.symbol, monitor_, out);
  out.decisions.push_back(coordinator_.judge(frame, router_, monitor_, out));
}

Core::Overview TradeStage::overview() const {
  return {.state = coordinator_.state(),
          .stopped_by = coordinator_.stopped_by(),
          .why = coordinator_.why(),
          .differs = monitor_.difference(),
          .warning = router_.risk().warning(),
          .closing = coordinator_.closing().under_way(),
          .closed = coordinator_.closing().phase() == Closing::Phase::done,
          .disconnect_due = coordinator_.disconnect_due()};
}

Carried TradeStage::carried() const {
  Carried out = coordinator_.carried();
  monitor_.carry_into(out);
  const DayCounts& day = router_.risk().day();
  out.orders_today = day.orders;
  out.round_trips_today = day.round_trips;
  out.cancels_today = day.cancels;
  out.fills_today = day.fills;
  out.model_trades = router_.risk().model_trades();
  return out;
}

/// What was made by this input carries its number.
void TradeStage::stamp(Sequence cause, std::size_t routes_from, std::size_t fills_from, Outbox& out) {
  for (std::size_t i = routes_from; i < out.routes.size(); ++i) out.routes[i].cause = cause;
  for (std::size_t i = fills_from; i < out.fills.size(); ++i) out.fills[i].cause = cause;
}

void TradeStage::hash_into(StateHash& hash) const {
  coordinator_.hash_into(hash);
  router_.hash_into(hash);
  monitor_.hash_into(hash);
  hash.add(timer_at_.ns);
  hash.add(wallet_of_.ns);
}

}  // namespace mlbot::core
