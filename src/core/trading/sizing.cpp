#include "core/trading/sizing.h"

#include <algorithm>

#include "base/assert.h"
#include "base/normal.h"

namespace mlbot::core {

Odds odds_of(double net_bps, double deviation_bps) {
  MLBOT_ASSERT(deviation_bps > 0);
  const double m = net_bps / deviation_bps;
  Odds odds{.win = normal_cdf(m)};
  const double lose = 1 - odds.win, density = normal_density(m);
  if (odds.win > 1e-12) odds.mean_win_bps = net_bps + deviation_bps * density / odds.win;
  if (lose > 1e-12) odds.mean_loss_bps = deviation_bps * density / lose - net_bps;
  if (odds.mean_win_bps > 0)
    odds.kelly = std::max(0.0, odds.win - lose * odds.mean_loss_bps / odds.mean_win_bps);
  return odds;
}

Size size_of(const SizeQuestion& q, const DecisionSettings& settings) {
  Size size{.notional_usdt = settings.order_notional_usdt, .by = SizeCap::order};
  const auto cap = [&](SizeCap by, double notional) {
    if (notional >= size.notional_usdt) return;
    size.notional_usdt = std::max(0.0, notional);
    size.by = by;
  };
  const auto at_risk = [&](double share, double bps) {
    return bps > 0 ? share * q.equity_usdt * 1e4 / bps : size.notional_usdt;
  };
  size.odds = odds_of(q.net_low_bps, q.outcome_deviation_bps);
  cap(SizeCap::kelly, at_risk(settings.kelly_fraction * size.odds.kelly, size.odds.mean_loss_bps));
  cap(SizeCap::stop_risk, at_risk(settings.stop_risk_share, q.stop_bps));
  cap(SizeCap::volatility, at_risk(settings.volatility_share, q.hold_deviation_bps));
  cap(SizeCap::volume, settings.volume_share * q.volume_5m_usdt);
  cap(SizeCap::depth, settings.depth_share * q.depth_usdt);
  cap(SizeCap::symbol_exposure, q.symbol_room_usdt);
  cap(SizeCap::total_exposure, q.total_room_usdt);
  cap(SizeCap::correlated_exposure, q.correlated_room_usdt);
  size.notional_usdt *= std::clamp(q.scale, 0.0, 1.0);
  return size;
}

double drawdown_scale(E8 daily_loss, E8 limit) {
  if (daily_loss.count <= 0) return 1;
  if (limit.count <= 0) return 0;
  return std::max(0.0, 1 - to_double(daily_loss) / to_double(limit));
}

}  // namespace mlbot::core
