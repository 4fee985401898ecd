#include "domain/event.h"

namespace mlbot {

std::optional<SymbolId> market_symbol(const Event& event) {
  return std::visit(
      []<class T>(const T& e) -> std::optional<SymbolId> {
        if constexpr (std::is_same_v<T, BookUpdate> || std::is_same_v<T, Trades> ||
                      std::is_same_v<T, Kline> || std::is_same_v<T, Ticker> ||
                      std::is_same_v<T, Liquidations> || std::is_same_v<T, PriceLimit>)
          return e.symbol;
        else
          return std::nullopt;
      },
      event);
}

}  // namespace mlbot
