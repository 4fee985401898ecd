#include "core/trading/candidates.h"

#include "base/assert.h"
#include "base/normal.h"

namespace mlbot::core {
namespace {

constexpr double wrong_choice_share = 0.1;

std::array<double, candidates_max + 1> z_table() {
  std::array<double, candidates_max + 1> table{};
  for (std::size_t k = 1; k < table.size(); ++k)
    table[k] = normal_quantile(1 - wrong_choice_share / static_cast<double>(k));
  return table;
}

}  // namespace

double selection_z(std::size_t count) {
  static const auto table = z_table();
  MLBOT_ASSERT(count < table.size());
  return table[count];
}

Candidates::Candidates(const SmartRouter& smart, const CandidateQuestion& q) {
  const auto weigh = [&](Side side, double edge_bps) {
    return smart.weigh(q.instrument, q.market,
                       {.symbol = q.instrument.id,
                        .side = side,
                        .size = q.size,
                        .edge_bps = edge_bps,
                        .horizon = q.horizon,
                        .offset_bps = q.offset_bps,
                        .reversion = q.reversion,
                        .learned_fill = q.learned_fill[static_cast<std::size_t>(side)]});
  };
  // Which ways are open does not depend on the edge: the first look counts them.
  const double toward[] = {q.predicted_bps, -q.predicted_bps};
  z_ = selection_z(weigh(Side::buy, toward[0]).count + std::size_t{weigh(Side::sell, toward[1]).count});
  for (const Side side : {Side::buy, Side::sell}) {
    const double expected = toward[static_cast<std::size_t>(side)];
    const double lowered = expected - z_ * q.error_bps;
    const RouteChoice choice = weigh(side, lowered);
    for (std::size_t i = 0; i < choice.count; ++i) {
      const RouteWay& way = choice.ways[i];
      const double p = way.fill_probability;
      Candidate& c = list_[count_];
      c = {.side = side, .way = way, .expected_bps = expected};
      // A way's total is the lowered edge less its value: that is how weigh() prices a missed fill.
      c.lower_bps = lowered - way.total_bps();
      c.cost_bps = p > 0 ? lowered - c.lower_bps / p : way.fee_bps + way.spread_bps + way.impact_bps;
      c.value_bps = c.lower_bps + p * z_ * q.error_bps;
      if (c.lower_bps > list_[best_].lower_bps) best_ = count_;
      ++count_;
    }
  }
}

}  // namespace mlbot::core
