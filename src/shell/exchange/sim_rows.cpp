#include "shell/exchange/sim_rows.h"

namespace mlbot::shell {

OrderNews news_of(const sim::OrderRow& row, NewsSource source) {
  OrderNews news;
  news.source = source;
  news.symbol = row.symbol;
  news.client_id = row.client_id;
  news.venue_id = row.venue_id;
  news.side = row.side;
  news.type = row.type;
  news.time_in_force = row.time_in_force;
  news.status = row.status;
  news.price = row.price;
  news.size = row.size;
  news.filled = row.filled;
  news.reduce_only = row.reduce_only;
  news.conditional = row.stop != sim::StopKind::none;
  news.reason = venue_text(row.reject_reason);
  news.position_index = row.position_index;
  if (row.trigger) news.trigger_price = row.trigger->price;
  news.updated_at = row.updated_at;
  return news;
}

PositionNews news_of(const sim::PositionRow& row, NewsSource source) {
  PositionNews news;
  news.source = source;
  news.symbol = row.symbol;
  news.position_index = row.position_index;
  news.size = row.size;
  news.entry_price = row.entry_price;
  news.mark_price = row.mark_price;
  news.stop_loss = row.stop_loss;
  news.take_profit = row.take_profit;
  news.leverage = row.leverage;
  news.liquidation_price = row.liquidation_price;
  news.realised_pnl = row.realised_pnl;
  news.adl_rank = static_cast<std::uint8_t>(row.adl_rank);
  news.cross_sequence = row.cross_sequence;
  news.updated_at = row.updated_at;
  return news;
}

TransactionKind kind_of(sim::TransactionKind kind) {
  switch (kind) {
    case sim::TransactionKind::settlement:
      return TransactionKind::funding;
    case sim::TransactionKind::liquidation:
      return TransactionKind::liquidation;
    case sim::TransactionKind::adl:
      return TransactionKind::adl;
    case sim::TransactionKind::transfer_in:
      return TransactionKind::transfer_in;
    case sim::TransactionKind::trade:
      break;
  }
  return TransactionKind::trade;
}

Transaction news_of(const sim::TransactionRow& row) {
  Transaction news;
  if (row.kind != sim::TransactionKind::transfer_in) news.symbol = row.symbol;
  news.kind = kind_of(row.kind);
  if (news.kind == TransactionKind::funding) news.funding = row.funding;
  news.execution_id = row.trade_id;
  news.id = row.trade_id.empty() ? VenueId{"transfer_" + std::to_string(row.at.ns)} : row.trade_id;
  news.cash_flow = row.cash_flow;
  news.fee = row.fee + row.surcharge;
  news.change = row.change;
  news.balance_after = row.cash_balance;
  news.at = row.at;
  return news;
}

WalletNews news_of(const sim::WalletRow& row, NewsSource source) {
  WalletNews news;
  news.source = source;
  news.equity = row.equity;
  news.wallet_balance = row.wallet_balance;
  news.available = row.available;
  news.unrealised_pnl = row.unrealised_pnl;
  news.initial_margin = row.initial_margin;
  news.maintenance_margin = row.maintenance_margin;
  return news;
}

}  // namespace mlbot::shell
