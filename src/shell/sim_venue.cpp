#include "shell/sim_venue.h"

#include <algorithm>

namespace mlbot::shell {

SimVenue::SimVenue(Setup setup) : setup_{std::move(setup)} {}

void SimVenue::warm(core::Core& core, Instant until) {
  out_.at = exchange_->now();
  for (const auto& instrument : exchange_->instruments())
    core.warm(*emit(InstrumentDefined{instrument}, out_.at, {}));
  while (exchange_->next_event_at() <= until) {
    exchange_->advance_to(exchange_->next_event_at());
    while (!deliveries_.empty()) core.warm(*emit_next_delivery());
  }
}

void SimVenue::open(sim::AccountId account) {
  account_ = account;
  desk_.emplace(*exchange_, account, [this](const Event& event) { deliver(exchange_->now(), event); });
  const auto now = exchange_->now();
  out_.at = std::max(out_.at, now);
  for (const auto link : {Link::market, Link::account, Link::orders})
    deliver(now, LinkChanged{link, LinkState::live});
  for (const auto& instrument : exchange_->instruments()) desk_->carry_out(ResubscribeBook{instrument.id});
}

void SimVenue::deliver(Instant venue_time, const Event& event) {
  auto& delivery = deliveries_.emplace_back(venue_time + setup_.latency, venue_time, std::string{});
  encode(Stamped{{}, venue_time, venue_time, venue_time, event}, delivery.bytes);
}

void SimVenue::on_market(Instant at, const Event& event) { deliver(at, event); }

void SimVenue::on_account(sim::AccountId account, Instant at, const Event& event) {
  if (account == account_) deliver(at, event);
}

const Stamped* SimVenue::emit(const Event& event, Instant at, Instant venue_time) {
  out_ = {out_.sequence.next(), std::max(at, out_.at), at, venue_time, event};
  if (setup_.before_step) setup_.before_step(out_);
  if (setup_.progress && at - told_ >= 1s) setup_.progress(told_ = at);
  return &out_;
}

const Stamped* SimVenue::emit_next_delivery() {
  const auto due = deliveries_.front().due, venue_time = deliveries_.front().venue_time;
  delivered_ = std::move(deliveries_.front().bytes);
  deliveries_.pop_front();
  const auto record = decode(delivered_, scratch_);
  MLBOT_ASSERT(record && std::holds_alternative<Stamped>(*record));
  return emit(std::get<Stamped>(*record).what, due, venue_time);
}

const Stamped* SimVenue::next(Instant wakeup) {
  if (opened_ < setup_.opening.size()) return emit(setup_.opening.event(opened_++), out_.at, {});
  while (true) {
    const auto market = exchange_->next_event_at();
    const auto command = arriving_.empty() ? distant_future : arriving_.front().at;
    const auto delivery = deliveries_.empty() ? distant_future : deliveries_.front().due;
    const auto soonest = std::min({market, command, delivery, wakeup});
    if (soonest > setup_.end) return nullptr;
    if (market == soonest) {
      exchange_->advance_to(market);
    } else if (command == soonest) {
      exchange_->advance_to(command);
      const auto arrived = arriving_.front();
      arriving_.pop_front();
      desk_->carry_out(arrived.command);
    } else if (delivery == soonest) {
      return emit_next_delivery();
    } else {
      return emit(TimerFired{wakeup}, wakeup, {});
    }
  }
}

void SimVenue::take(const Stamped& event, const Outbox& out) {
  for (const auto& command : out.commands) arriving_.push_back({event.at + setup_.latency, command});
}

}  // namespace mlbot::shell
