#include "domain/words.h"

namespace mlbot {

// No default: a new value does not build until it has its word.

std::string_view word(Side value) {
  switch (value) {
    case Side::buy:
      return "buy";
    case Side::sell:
      return "sell";
  }
  return {};
}

std::string_view word(PositionSide value) {
  switch (value) {
    case PositionSide::long_side:
      return "long";
    case PositionSide::short_side:
      return "short";
  }
  return {};
}

std::string_view word(Mode value) {
  switch (value) {
    case Mode::paper:
      return "paper";
    case Mode::shadow:
      return "shadow";
    case Mode::live:
      return "live";
  }
  return {};
}

std::string_view word(OrderType value) {
  switch (value) {
    case OrderType::limit:
      return "limit";
    case OrderType::market:
      return "market";
    case OrderType::unknown:
      return "unknown";
  }
  return {};
}

std::string_view word(TimeInForce value) {
  switch (value) {
    case TimeInForce::gtc:
      return "gtc";
    case TimeInForce::ioc:
      return "ioc";
    case TimeInForce::fok:
      return "fok";
    case TimeInForce::post_only:
      return "post_only";
    case TimeInForce::unknown:
      return "unknown";
  }
  return {};
}

std::string_view word(OrderStatus value) {
  switch (value) {
    case OrderStatus::unknown:
      return "unknown";
    case OrderStatus::open:
      return "open";
    case OrderStatus::part_filled:
      return "part_filled";
    case OrderStatus::untriggered:
      return "untriggered";
    case OrderStatus::triggered:
      return "triggered";
    case OrderStatus::filled:
      return "filled";
    case OrderStatus::cancelled:
      return "cancelled";
    case OrderStatus::rejected:
      return "rejected";
    case OrderStatus::deactivated:
      return "deactivated";
  }
  return {};
}

std::string_view word(ExecutionKind value) {
  switch (value) {
    case ExecutionKind::trade:
      return "trade";
    case ExecutionKind::funding:
      return "funding";
    case ExecutionKind::adl:
      return "adl";
    case ExecutionKind::bust:
      return "bust";
    case ExecutionKind::settle:
      return "settle";
    case ExecutionKind::other:
      return "other";
  }
  return {};
}

std::string_view word(Liquidity value) {
  switch (value) {
    case Liquidity::maker:
      return "maker";
    case Liquidity::taker:
      return "taker";
    case Liquidity::unknown:
      return "unknown";
  }
  return {};
}

std::string_view word(RequestKind value) {
  switch (value) {
    case RequestKind::place:
      return "place";
    case RequestKind::amend:
      return "amend";
    case RequestKind::cancel:
      return "cancel";
    case RequestKind::cancel_all:
      return "cancel_all";
    case RequestKind::position_stop:
      return "position_stop";
    case RequestKind::query:
      return "query";
  }
  return {};
}

std::string_view word(RequestOutcome value) {
  switch (value) {
    case RequestOutcome::accepted:
      return "accepted";
    case RequestOutcome::refused:
      return "refused";
    case RequestOutcome::unknown:
      return "unknown";
    case RequestOutcome::duplicate:
      return "duplicate";
  }
  return {};
}

std::string_view word(Link value) {
  switch (value) {
    case Link::market:
      return "market";
    case Link::account:
      return "account";
    case Link::orders:
      return "orders";
  }
  return {};
}

std::string_view word(LinkState value) {
  switch (value) {
    case LinkState::connecting:
      return "connecting";
    case LinkState::syncing:
      return "syncing";
    case LinkState::live:
      return "live";
    case LinkState::stale:
      return "stale";
    case LinkState::down:
      return "down";
  }
  return {};
}

std::string_view word(OperatorVerb value) {
  switch (value) {
    case OperatorVerb::pause:
      return "pause";
    case OperatorVerb::resume:
      return "resume";
    case OperatorVerb::cancel_all:
      return "cancel_all";
    case OperatorVerb::flatten:
      return "flatten";
    case OperatorVerb::kill:
      return "kill";
    case OperatorVerb::reduce:
      return "reduce";
    case OperatorVerb::disconnect:
      return "disconnect";
    case OperatorVerb::unlock:
      return "unlock";
    case OperatorVerb::loosen:
      return "loosen";
  }
  return {};
}

std::string_view word(TradingState value) {
  switch (value) {
    case TradingState::active:
      return "active";
    case TradingState::degraded:
      return "degraded";
    case TradingState::blind:
      return "blind";
    case TradingState::paused:
      return "paused";
    case TradingState::reduce_only:
      return "reduce_only";
    case TradingState::halted:
      return "halted";
    case TradingState::killed:
      return "killed";
  }
  return {};
}

std::string_view word(TransactionKind value) {
  switch (value) {
    case TransactionKind::trade:
      return "trade";
    case TransactionKind::funding:
      return "funding";
    case TransactionKind::transfer_in:
      return "transfer_in";
    case TransactionKind::transfer_out:
      return "transfer_out";
    case TransactionKind::liquidation:
      return "liquidation";
    case TransactionKind::adl:
      return "adl";
    case TransactionKind::settlement:
      return "settlement";
    case TransactionKind::other:
      return "other";
  }
  return {};
}

std::string_view word(MarginMode value) {
  switch (value) {
    case MarginMode::cross:
      return "cross";
    case MarginMode::isolated:
      return "isolated";
    case MarginMode::portfolio:
      return "portfolio";
    case MarginMode::unknown:
      return "unknown";
  }
  return {};
}

}  // namespace mlbot
