#include "shell/sim_desk.h"

#include <algorithm>

#include "shell/exchange/sim_rows.h"

namespace mlbot::shell {

void SimDesk::answer(RequestKind kind, SymbolId symbol, const ClientOrderId& id,
                     const Result<VenueId, sim::Refusal>& result) {
  RequestAnswer answer{
      .request = kind, .outcome = RequestOutcome::accepted, .symbol = symbol, .client_id = id};
  if (result) {
    answer.venue_id = *result;
  } else {
    constexpr std::int32_t id_used_before = 110072;
    const bool duplicate = kind == RequestKind::place && result.error().code == id_used_before;
    answer.outcome = duplicate ? RequestOutcome::duplicate : RequestOutcome::refused;
    answer.code = result.error().code;
    answer.text = venue_text(result.error().text);
  }
  tell_(answer);
}

void SimDesk::answer_account() {
  tell_(AccountSnapshot{SnapshotPhase::begin});
  for (const auto& row : exchange_.open_orders(account_)) tell_(news_of(row, NewsSource::query));
  for (const auto& instrument : exchange_.instruments())
    tell_(news_of(exchange_.position(account_, instrument.id), NewsSource::query));
  tell_(news_of(exchange_.wallet(account_), NewsSource::query));
  tell_(AccountModes{
      exchange_.margin_mode(account_) == sim::MarginMode::cross ? MarginMode::cross : MarginMode::isolated,
      false, !exchange_.moves_limit_price(account_)});
  tell_transactions();
  tell_(AccountSnapshot{SnapshotPhase::end});
}

void SimDesk::tell_transactions() {
  constexpr std::size_t most = 1'000;
  auto rows = exchange_.transactions(account_, most);  // newest first
  const auto told = std::ranges::find_if(rows, [&](const sim::TransactionRow& row) {
    return row.at < transactions_told_.at ||
           (row.at == transactions_told_.at && row.trade_id == transactions_told_.trade_id);
  });
  rows.erase(told, rows.end());
  if (rows.empty()) return;
  transactions_told_ = rows.front();
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) tell_(news_of(*row));
}

namespace {
std::optional<sim::StopLeg> leg_of(std::optional<PriceTicks> trigger) {
  if (!trigger) return std::nullopt;
  return sim::StopLeg{*trigger, sim::PriceSource::mark, {}};
}
}  // namespace

void SimDesk::answer_order(const QueryOrder& query) {
  const auto row = exchange_.find_order(account_, {{}, query.id});
  if (row) {
    tell_(news_of(*row, NewsSource::query));
    for (const auto& execution : exchange_.executions(account_, 1000))
      if (execution.execution.client_id == query.id) {
        auto copy = execution.execution;
        copy.source = NewsSource::query;
        tell_(copy);
      }
  }
  answer(RequestKind::query, query.symbol, query.id,
         row ? Result<VenueId, sim::Refusal>{row->venue_id}
             : std::unexpected{sim::Refusal{110001, "order not exists"}});
}

void SimDesk::carry_out(const Command& command) {
  std::visit(
      Overloaded{
          [&](const PlaceOrder& c) {
            answer(RequestKind::place, c.symbol, c.id,
                   exchange_.place(account_, {.client_id = c.id,
                                              .symbol = c.symbol,
                                              .side = c.side,
                                              .position_index = c.position_index,
                                              .type = c.type,
                                              .time_in_force = c.time_in_force,
                                              .price = c.price,
                                              .size = c.size,
                                              .reduce_only = c.reduce_only,
                                              .stop_loss = leg_of(c.stop_loss),
                                              .take_profit = leg_of(c.take_profit)}));
          },
          [&](const AmendOrder& c) {
            answer(RequestKind::amend, c.symbol, c.id,
                   exchange_.amend(account_, c.symbol, {{}, c.id}, {.price = c.price, .size = c.size}));
          },
          [&](const CancelOrder& c) {
            answer(RequestKind::cancel, c.symbol, c.id,
                   exchange_.cancel(account_, c.symbol, {c.venue_id, c.id}));
          },
          [&](const CancelAllOrders& c) {
            exchange_.cancel_all(
                account_,
                {.symbol = c.symbol, .filter = c.stops ? sim::OrderFilter::all : sim::OrderFilter::orders});
            answer(RequestKind::cancel_all, c.symbol, {}, VenueId{});
          },
          [&](const SetPositionStop& c) {
            const auto result = exchange_.set_position_stop(account_, c.symbol,
                                                            {.position_index = c.position_index,
                                                             .stop_loss = leg_of(c.stop_loss),
                                                             .take_profit = leg_of(c.take_profit)});
            answer(RequestKind::position_stop, c.symbol, {},
                   result ? Result<VenueId, sim::Refusal>{VenueId{}} : std::unexpected{result.error()});
          },
          [&](const QueryOrder& c) { answer_order(c); }, [&](const QueryAccount&) { answer_account(); },
          [&](const ResubscribeBook& c) {
            const auto book = exchange_.book(c.symbol, 50);
            if (book.bids.empty() && book.asks.empty())
              return;  // the first snapshot comes with the market's first act
            tell_(BookUpdate{c.symbol, UpdateKind::snapshot, book.update_id, book.cross_sequence,
                             book.matched_at, book.bids, book.asks});
          }},
      command);
}

}  // namespace mlbot::shell
