// The words for the domain's enums, the same in the archive's columns, in JSON and on the page.
#pragma once

#include <string_view>

#include "domain/command.h"

namespace mlbot {

std::string_view word(Side value);
std::string_view word(PositionSide value);
std::string_view word(Mode value);
std::string_view word(OrderType value);
std::string_view word(TimeInForce value);
std::string_view word(OrderStatus value);
std::string_view word(ExecutionKind value);
std::string_view word(Liquidity value);
std::string_view word(RequestKind value);
std::string_view word(RequestOutcome value);
std::string_view word(Link value);
std::string_view word(LinkState value);
std::string_view word(OperatorVerb value);
std::string_view word(TransactionKind value);
std::string_view word(MarginMode value);

}  // namespace mlbot
