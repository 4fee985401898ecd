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
  news.cross_sequence = row.cross_sequence;
  news.updated_at = row.updated_at;
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
