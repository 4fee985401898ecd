#include "shell/simulate/words.h"

#include <fmt/format.h>

#include "domain/words.h"

namespace mlbot::shell::simulate {
namespace {

std::string_view kind_of(ExecutionKind kind) {
  constexpr std::string_view names[] = {"trade", "funding", "adl", "bust", "settle", "other"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view from(NewsSource source) { return source == NewsSource::query ? "(asked)" : ""; }

}  // namespace

std::string in_words(const Stamped& event) {
  const std::string head = fmt::format("#{} ", event.sequence.number);
  return head +
         std::visit(
             Overloaded{
                 [](const RunStarted& e) { return fmt::format("run started, epoch {}", e.epoch); },
                 [](const InstrumentDefined& e) {
                   return fmt::format("contract {}", e.instrument.name.view());
                 },
                 [](const ConfigChanged& e) {
                   return fmt::format("configuration {}: order {}, symbol {}, total {}", e.version,
                                      to_text(e.risk.max_order_notional), to_text(e.risk.max_symbol_notional),
                                      to_text(e.risk.max_total_notional));
                 },
                 [](const BookUpdate& e) {
                   return fmt::format("book {} {} u {}", e.symbol.index,
                                      e.kind == UpdateKind::snapshot ? "snapshot" : "delta", e.update_id);
                 },
                 [](const Trades& e) {
                   return fmt::format("{} prints of {}", e.list.size(), e.symbol.index);
                 },
                 [](const Kline&) { return std::string{"candle"}; },
                 [](const Ticker& e) { return fmt::format("ticker {}", e.symbol.index); },
                 [](const OrderNews& e) {
                   return fmt::format("order {}{} {} {} {} {}/{} at {}{} {}", from(e.source),
                                      e.client_id.view(), e.venue_id.view(),
                                      e.side == Side::buy ? "buy" : "sell", word(e.status), e.filled.count,
                                      e.size.count, e.price.count, e.conditional ? " conditional" : "",
                                      e.reason.view());
                 },
                 [](const Execution& e) {
                   return fmt::format("execution {}{} of {} {} {} {} at {}", from(e.source), kind_of(e.kind),
                                      e.client_id.view(), e.execution_id.view(),
                                      e.side == Side::buy ? "buy" : "sell", e.size.count, to_text(e.price));
                 },
                 [](const PositionNews& e) {
                   return fmt::format("position {}{} {} lots, stop {}, at {}", from(e.source), e.symbol.index,
                                      e.size.count, to_text(e.stop_loss), e.updated_at.ms());
                 },
                 [](const WalletNews& e) { return fmt::format("wallet {}", to_text(e.wallet_balance)); },
                 [](const Transaction& e) {
                   return fmt::format("log row {} of {} {}", word(e.kind), e.execution_id.view(),
                                      to_text(e.change));
                 },
                 [](const RequestAnswer& e) {
                   return fmt::format("answer {} {} {} {} {}", word(e.request), word(e.outcome),
                                      e.client_id.view(), e.code, e.text.view());
                 },
                 [](const AccountSnapshot& e) {
                   return std::string{e.phase == SnapshotPhase::begin ? "snapshot begins"
                                      : e.phase == SnapshotPhase::end ? "snapshot ends"
                                                                      : "snapshot failed"};
                 },
                 [](const LinkChanged& e) { return fmt::format("link {} {}", word(e.link), word(e.state)); },
                 [](const TimerFired&) { return std::string{"timer"}; },
                 [](const OperatorCommand& e) { return fmt::format("operator: {}", word(e.verb)); },
                 [](const auto&) { return std::string{"other news"}; }},
             event.what);
}

std::string in_words(const Command& command) {
  return std::visit(
      Overloaded{
          [](const PlaceOrder& c) {
            return fmt::format("place {} {} {} {} lots at {}{} stop {}", c.id.view(), c.symbol.index,
                               c.side == Side::buy ? "buy" : "sell", c.size.count, c.price.count,
                               c.reduce_only ? " reducing" : "", c.stop_loss ? c.stop_loss->count : 0);
          },
          [](const AmendOrder& c) {
            return fmt::format("amend {} to {} lots at {}", c.id.view(), c.size.count, c.price.count);
          },
          [](const CancelOrder& c) { return fmt::format("cancel {} {}", c.id.view(), c.venue_id.view()); },
          [](const CancelAllOrders& c) { return fmt::format("cancel all of {}", c.symbol.index); },
          [](const SetPositionStop& c) {
            return fmt::format("stop of {} at {}", c.symbol.index, c.stop_loss.count);
          },
          [](const QueryOrder& c) { return fmt::format("ask about {}", c.id.view()); },
          [](const QueryAccount&) { return std::string{"ask about the account"}; },
          [](const ResubscribeBook& c) { return fmt::format("book {} anew", c.symbol.index); }},
      command);
}

}  // namespace mlbot::shell::simulate
