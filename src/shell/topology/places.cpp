#include "shell/topology/places.h"

#include "base/result.h"

namespace mlbot::shell {

std::uint16_t place_of(const Event& event) {
  constexpr auto control = StreamPlace::control_stream, nowhere = StreamPlace::no_stream;
  const bool of_trading = std::holds_alternative<PriceLimit>(event) ||
                          std::holds_alternative<SymbolStatus>(event) ||
                          std::holds_alternative<VenueStatus>(event);
  if (of_trading) return control;  // rare, and wanted where no md stream is listened to
  if (const auto symbol = market_symbol(event)) return symbol->index;
  return std::visit(
      []<class T>(const T& what) {
        if constexpr (std::is_same_v<T, LinkChanged>)
          return what.link == Link::market ? control : nowhere;
        else if constexpr (std::is_same_v<T, RunStarted> || std::is_same_v<T, InstrumentDefined> ||
                           std::is_same_v<T, ConfigChanged> || std::is_same_v<T, TimerFired> ||
                           std::is_same_v<T, AdlAlerts> || std::is_same_v<T, InsurancePools>)
          return control;
        else
          return nowhere;
      },
      event);
}

}  // namespace mlbot::shell
