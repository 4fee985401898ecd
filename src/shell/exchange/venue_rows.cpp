#include "shell/exchange/venue_rows.h"

#include <fmt/format.h>

#include "shell/exchange/sim_rows.h"
#include "venue/bybit/words.h"

namespace mlbot::shell {
namespace {

/// Quote units a base coin, cut off at the eighth decimal.
E8 average(E8 value, E8 size) {
  if (size.count == 0) return {};
  return {static_cast<std::int64_t>(static_cast<__int128>(value.count) * e8_per_unit / size.count)};
}

std::string_view stop_order_type(sim::StopKind kind) {
  switch (kind) {
    case sim::StopKind::stop:
      return "Stop";
    case sim::StopKind::stop_loss:
      return "StopLoss";
    case sim::StopKind::take_profit:
      return "TakeProfit";
    case sim::StopKind::partial_stop_loss:
      return "PartialStopLoss";
    case sim::StopKind::partial_take_profit:
      return "PartialTakeProfit";
    case sim::StopKind::trailing:
      return "TrailingStop";
    case sim::StopKind::none:
      break;
  }
  return "";
}

std::string_view word_of(sim::PriceSource source) {
  switch (source) {
    case sim::PriceSource::index:
      return "IndexPrice";
    case sim::PriceSource::mark:
      return "MarkPrice";
    case sim::PriceSource::last:
      break;
  }
  return "LastPrice";
}

std::string_view word_of(sim::SelfMatch rule) {
  switch (rule) {
    case sim::SelfMatch::cancel_maker:
      return "CancelMaker";
    case sim::SelfMatch::cancel_taker:
      return "CancelTaker";
    case sim::SelfMatch::cancel_both:
      return "CancelBoth";
    case sim::SelfMatch::none:
      break;
  }
  return "None";
}

std::string_view status_word(sim::PositionStatus status) {
  switch (status) {
    case sim::PositionStatus::liquidating:
      return "Liq";
    case sim::PositionStatus::deleveraging:
      return "Adl";
    case sim::PositionStatus::normal:
      break;
  }
  return "Normal";
}

std::optional<venue::bybit::StopLegRow> leg_row(const std::optional<sim::StopLeg>& leg) {
  if (!leg) return std::nullopt;
  return venue::bybit::StopLegRow{leg->trigger, word_of(leg->by), leg->limit};
}

}  // namespace

venue::bybit::OrderRow venue_row(const sim::OrderRow& row, const Instrument& instrument, NewsSource source) {
  venue::bybit::OrderRow out{.news = news_of(row, source)};
  out.news.average_price = average(row.filled_value, instrument.size(row.filled));
  out.created_at = row.created_at;
  out.executed_value = row.filled_value;
  out.executed_fee = row.fees;
  out.closed_pnl = row.realised_pnl;
  out.last_price_on_created = row.last_price_on_created;
  out.cancel_type = row.cancel_type;
  out.reject_reason = row.reject_reason;
  out.create_type = row.create_type;
  out.stop_order_type = stop_order_type(row.stop);
  if (row.trigger) {
    out.trigger_by = word_of(row.trigger->by);
    out.trigger_direction = row.trigger->rising ? 1 : 2;
  }
  out.take_profit = leg_row(row.take_profit);
  out.stop_loss = leg_row(row.stop_loss);
  if (row.stop_loss || row.take_profit || sim::belongs_to_position(row.stop))
    out.stop_mode = row.stop_mode == sim::StopMode::full ? "Full" : "Partial";
  out.close_on_trigger = row.close_on_trigger;
  out.self_match = word_of(row.self_match);
  out.self_match_order = row.smp_order_id;
  if (row.slippage) {
    out.slippage_type = row.slippage->percent ? "Percent" : "TickSize";
    out.slippage = {row.slippage->amount * (row.slippage->percent ? e8_per_unit / 100 : e8_per_unit)};
  }
  return out;
}

venue::bybit::ExecutionRow venue_row(const sim::ExecutionRow& row, NewsSource source) {
  venue::bybit::ExecutionRow out{.news = row.execution};
  out.news.source = source;
  out.order_price = row.order_price;
  out.order_size = row.order_size;
  out.leaves = row.leaves;
  out.closed = row.closed;
  out.order_type = row.order_type;
  out.mark_price = row.mark_price;
  out.fee_rate = row.fee_rate;
  out.cross_sequence = static_cast<std::int64_t>(row.cross_sequence);
  out.create_type = row.create_type;
  out.stop_order_type = stop_order_type(row.stop);
  out.surcharge = row.surcharge;
  out.surcharge_rate = row.surcharge_rate;
  return out;
}

venue::bybit::PositionRow venue_row(const sim::PositionRow& row, NewsSource source) {
  venue::bybit::PositionRow out{.news = news_of(row, source)};
  out.created_at = row.created_at;
  out.value = row.value;
  out.initial_margin = row.initial_margin;
  out.maintenance_margin = row.maintenance_margin;
  out.initial_margin_by_mark = row.initial_margin_by_mark;
  out.maintenance_margin_by_mark = row.maintenance_margin_by_mark;
  out.unrealised_pnl = row.unrealised_pnl;
  out.cumulative_pnl = row.realised_pnl_ever;
  out.break_even_price = row.break_even_price;
  out.risk_id = row.tier.id;
  out.risk_limit = row.tier.limit_value;
  out.balance = row.balance;
  if (row.bankruptcy_price.count != 0) out.bankruptcy_price = row.bankruptcy_price;
  out.auto_add_margin = row.auto_add_margin;
  out.status = status_word(row.status);
  out.trailing_stop = row.trailing_stop;
  return out;
}

venue::bybit::RiskTierRow venue_row(const sim::RiskTier& tier, SymbolId symbol) {
  return {symbol,
          tier.id,
          tier.limit_value,
          tier.maintenance_rate,
          tier.initial_rate,
          tier.max_leverage,
          tier.mm_deduction,
          tier.lowest};
}

venue::bybit::ServedClosedPnl venue_row(const sim::ClosedPnlRow& row) {
  return {.symbol = row.symbol,
          .venue_id = row.order_id,
          .side = row.side,
          .size = row.order_size,
          .closed = row.closed,
          .order_price = row.order_price,
          .order_type = row.order_type,
          .execution_type = venue::bybit::word_of(venue::bybit::execution_kind_words, row.kind),
          .entry_value = row.entry_value,
          .exit_value = row.exit_value,
          .entry_price = row.average_entry,
          .exit_price = row.average_exit,
          .pnl = row.closed_pnl,
          .leverage = row.leverage,
          .open_fee = row.open_fee,
          .close_fee = row.close_fee,
          .fills = static_cast<std::int32_t>(row.fills),
          .created_at = row.created_at,
          .updated_at = row.updated_at};
}

venue::bybit::ServedTransaction venue_row(const sim::TransactionRow& row, const Instrument& instrument,
                                          std::uint64_t user) {
  const bool transfer = row.kind == sim::TransactionKind::transfer_in;
  venue::bybit::ServedTransaction out;
  out.id = transfer ? fmt::format("{}_{}", user, row.at.ns)
                    : fmt::format("{}_{}_{}_{}", user, instrument.name.view(), row.cross_sequence,
                                  row.trade_id.view());
  if (!transfer) {
    out.symbol = row.symbol;
    out.side = venue::bybit::word_of(venue::bybit::side_words, row.side);
  }
  out.type = venue::bybit::word_of(venue::bybit::transaction_words, kind_of(row.kind));
  out.at = row.at;
  out.quantity = row.size;
  out.size = row.position;
  out.price = row.price;
  out.fee = row.fee + row.surcharge;
  out.cash_flow = row.cash_flow;
  out.change = row.change;
  out.balance = row.cash_balance;
  out.fee_rate = row.fee_rate;
  if (row.kind == sim::TransactionKind::settlement) out.funding = row.funding;
  out.trade_id = row.trade_id;
  out.venue_id = row.order_id;
  out.client_id = row.client_id;
  return out;
}

venue::bybit::WalletRow venue_row(const sim::WalletRow& row, NewsSource source) {
  return {.news = news_of(row, source),
          .order_margin = row.order_margin,
          .position_margin = row.position_margin,
          .cumulative_pnl = row.realised_pnl_ever};
}

venue::bybit::TickerRow ticker_row(const sim::Exchange& exchange, const Instrument& instrument) {
  constexpr std::size_t minutes_in_hour = 60;
  const auto row = exchange.ticker(instrument.id);
  venue::bybit::TickerRow out;
  out.ticker = {.symbol = instrument.id,
                .kind = UpdateKind::snapshot,
                .cross_sequence = row.cross_sequence,
                .last_price = row.last_price,
                .mark_price = row.mark_price,
                .index_price = row.index_price,
                .open_interest = row.open_interest,
                .open_interest_value = row.open_interest_value,
                .turnover_24h = row.turnover_24h,
                .funding_rate = row.funding_rate,
                .next_funding = row.next_funding,
                .funding_interval_hours = row.funding_interval_hours};
  const auto ticks = [&](E8 price) { return price.count > 0 ? instrument.ticks(price) : std::nullopt; };
  out.extras.previous_24h = ticks(row.price_24h_ago);
  out.extras.high_24h = ticks(row.high_24h);
  out.extras.low_24h = ticks(row.low_24h);
  out.extras.volume_24h = e8_from_double(row.volume_24h);
  const auto hour = exchange.klines(instrument.id, minutes_in_hour + 1);
  if (!hour.empty()) out.extras.previous_1h = hour.front().open;
  out.extras.funding_cap = exchange.funding_cap(instrument.id);
  if (row.bid.count > 0) {
    out.extras.bid = row.bid;
    out.extras.bid_size = row.bid_size;
  }
  if (row.ask.count > 0) {
    out.extras.ask = row.ask;
    out.extras.ask_size = row.ask_size;
  }
  return out;
}

}  // namespace mlbot::shell
