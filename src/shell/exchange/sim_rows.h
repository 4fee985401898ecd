// The exchange's rows as the events that a venue's answer to a question becomes.
#pragma once

#include "domain/event.h"
#include "sim/rows.h"

namespace mlbot::shell {

OrderNews news_of(const sim::OrderRow& row, NewsSource source);
PositionNews news_of(const sim::PositionRow& row, NewsSource source);
WalletNews news_of(const sim::WalletRow& row, NewsSource source);
Transaction news_of(const sim::TransactionRow& row);
TransactionKind kind_of(sim::TransactionKind kind);

}  // namespace mlbot::shell
