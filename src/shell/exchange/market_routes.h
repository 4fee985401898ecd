// /v5/market and /v5/system: what everybody may read. Unsigned, limited by address only.
#pragma once

#include "shell/exchange/candles.h"
#include "shell/exchange/faults.h"
#include "shell/exchange/route.h"

namespace mlbot::shell {

class MarketRoutes {
 public:
  /// All outlive this.
  MarketRoutes(const sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
               const Faults& faults)
      : exchange_{exchange}, table_{table}, faults_{faults}, prices_(table.size()) {}
  void add_to(Routes& routes);

  /// With every ticker of the market: mark, index and premium candles are made of them.
  void on_ticker(Instant at, SymbolId symbol);

 private:
  Outcome instruments(const Asked& asked);
  Outcome klines(const Asked& asked);
  Outcome price_klines(const Asked& asked, PriceCandles::Kind kind);
  Outcome book(const Asked& asked);
  Outcome tickers(const Asked& asked);
  Outcome recent_trades(const Asked& asked);
  Outcome risk_limits(const Asked& asked);
  Outcome funding_history(const Asked& asked);
  Outcome open_interest(const Asked& asked);
  Outcome price_limit(const Asked& asked);
  Outcome insurance(const Asked& asked);
  Outcome adl_alert(const Asked& asked);
  Outcome account_ratio(const Asked& asked);

  const sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  const Faults& faults_;
  std::vector<PriceCandles> prices_;
};

}  // namespace mlbot::shell
