#include "shell/sim_venue.h"

#include <algorithm>

#include "shell/exchange/sim_rows.h"

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
  const auto now = exchange_->now();
  out_.at = std::max(out_.at, now);
  for (const auto link : {Link::market, Link::account, Link::orders})
    deliver(now, LinkChanged{link, LinkState::live});
  for (const auto& instrument : exchange_->instruments()) carry_out(ResubscribeBook{instrument.id});
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
      carry_out(arrived.command);
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

void SimVenue::answer(RequestKind kind, SymbolId symbol, const ClientOrderId& id,
                      const Result<VenueId, sim::Refusal>& result) {
  RequestAnswer answer{
      .request = kind, .outcome = RequestOutcome::accepted, .symbol = symbol, .client_id = id};
  if (result) {
    answer.venue_id = *result;
  } else {
    answer.outcome = RequestOutcome::refused;
    answer.code = result.error().code;
    answer.text = venue_text(result.error().text);
  }
  deliver(exchange_->now(), answer);
}

void SimVenue::answer_account() {
  const auto now = exchange_->now();
  deliver(now, AccountSnapshot{SnapshotPhase::begin});
  for (const auto& row : exchange_->open_orders(*account_)) deliver(now, news_of(row, NewsSource::query));
  for (const auto& instrument : exchange_->instruments())
    deliver(now, news_of(exchange_->position(*account_, instrument.id), NewsSource::query));
  deliver(now, news_of(exchange_->wallet(*account_), NewsSource::query));
  deliver(now, AccountSnapshot{SnapshotPhase::end});
}

void SimVenue::answer_order(const QueryOrder& query) {
  const auto now = exchange_->now();
  const auto row = exchange_->find_order(*account_, {{}, query.id});
  if (row) {
    deliver(now, news_of(*row, NewsSource::query));
    for (const auto& execution : exchange_->executions(*account_, 1000))
      if (execution.execution.client_id == query.id) {
        auto copy = execution.execution;
        copy.source = NewsSource::query;
        deliver(now, copy);
      }
  }
  answer(RequestKind::query, query.symbol, query.id,
         row ? Result<VenueId, sim::Refusal>{row->venue_id}
             : std::unexpected{sim::Refusal{110001, "order not exists"}});
}

void SimVenue::carry_out(const Command& command) {
  std::visit(
      Overloaded{
          [&](const PlaceOrder& c) {
            std::optional<sim::StopLeg> stop_loss;
            if (c.stop_loss) stop_loss = sim::StopLeg{*c.stop_loss, sim::PriceSource::mark, {}};
            answer(RequestKind::place, c.symbol, c.id,
                   exchange_->place(*account_, {.client_id = c.id,
                                                .symbol = c.symbol,
                                                .side = c.side,
                                                .position_index = c.position_index,
                                                .type = c.type,
                                                .time_in_force = c.time_in_force,
                                                .price = c.price,
                                                .size = c.size,
                                                .reduce_only = c.reduce_only,
                                                .stop_loss = stop_loss}));
          },
          [&](const AmendOrder& c) {
            answer(RequestKind::amend, c.symbol, c.id,
                   exchange_->amend(*account_, c.symbol, {{}, c.id}, {.price = c.price, .size = c.size}));
          },
          [&](const CancelOrder& c) {
            answer(RequestKind::cancel, c.symbol, c.id,
                   exchange_->cancel(*account_, c.symbol, {c.venue_id, c.id}));
          },
          [&](const CancelAllOrders& c) {
            exchange_->cancel_all(*account_, {.symbol = c.symbol, .filter = sim::OrderFilter::orders});
            answer(RequestKind::cancel_all, c.symbol, {}, VenueId{});
          },
          [&](const SetPositionStop& c) {
            const auto result = exchange_->set_position_stop(
                *account_, c.symbol,
                {.position_index = c.position_index,
                 .stop_loss = sim::StopLeg{c.stop_loss, sim::PriceSource::mark, {}}});
            answer(RequestKind::position_stop, c.symbol, {},
                   result ? Result<VenueId, sim::Refusal>{VenueId{}} : std::unexpected{result.error()});
          },
          [&](const QueryOrder& c) { answer_order(c); }, [&](const QueryAccount&) { answer_account(); },
          [&](const ResubscribeBook& c) {
            const auto book = exchange_->book(c.symbol, 50);
            if (book.bids.empty() && book.asks.empty())
              return;  // the first snapshot comes with the market's first act
            deliver(exchange_->now(), BookUpdate{c.symbol, UpdateKind::snapshot, book.update_id,
                                                 book.cross_sequence, book.matched_at, book.bids, book.asks});
          }},
      command);
}

}  // namespace mlbot::shell
