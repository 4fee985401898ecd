#include "sim/holders.h"

#include <algorithm>

#include "sim/margin.h"
#include "sim/saving.h"

namespace mlbot::sim {
namespace {

constexpr std::size_t holders_max = 4000;

}  // namespace

template <class Io>
static void fields(Io& io, Holder& holder) {
  choice(io, holder.side, PositionSide::short_side);
  fields(io, holder.entry);
  fields(io, holder.liquidation);
  fields(io, holder.bankruptcy);
  fields(io, holder.size);
  fields(io, holder.leaves_at);
}

void LeveragedHolders::insert(const Holder& holder) {
  const bool is_long = holder.side == PositionSide::long_side;
  (is_long ? longs_ : shorts_)
      .emplace(is_long ? -holder.liquidation.count : holder.liquidation.count, holder);
  held_ = held_ + holder.size;
}

void LeveragedHolders::enter(PositionSide side, PriceTicks entry, double leverage, Lots size,
                             Instant leaves_at) {
  if (longs_.size() + shorts_.size() >= holders_max) return;
  constexpr std::int64_t leverage_step = e8_per_unit / 100;
  const E8 value = instrument_.notional(entry, size);
  const RiskTier& tier = tier_of(tiers_, value);
  const E8 asked{e8_from_double(leverage).count / leverage_step * leverage_step};
  const MarginTerms terms{side, instrument_.size(size), value, std::min(asked, tier.max_leverage),
                          instrument_.fees.taker};
  const auto ticks = [&](E8 price) { return PriceTicks{price.count / instrument_.tick_size.count}; };
  insert({side, entry, ticks(isolated_liquidation_price(terms, E8{}, tier)),
          ticks(bankruptcy_price(terms, value, isolated_margin(terms))), size, leaves_at});
}

bool LeveragedHolders::take_liquidated(E8 mark, Holder& out) {
  for (ByPrice* holders : {&longs_, &shorts_}) {
    if (holders->empty()) continue;
    const Holder& first = holders->begin()->second;
    const E8 price = instrument_.price(first.liquidation);
    const bool reached = first.side == PositionSide::long_side ? mark <= price : mark >= price;
    if (!reached) continue;
    out = first;
    held_ = held_ - out.size;
    holders->erase(holders->begin());
    return true;
  }
  return false;
}

void LeveragedHolders::let_leave(Instant now) {
  for (ByPrice* holders : {&longs_, &shorts_}) {
    std::erase_if(*holders, [&](const auto& entry) {
      const bool leaves = entry.second.leaves_at <= now;
      if (leaves) held_ = held_ - entry.second.size;
      return leaves;
    });
  }
}

void LeveragedHolders::save(ByteWriter& out, Instant now) const {
  std::vector<Holder> all;
  for (const ByPrice* holders : {&longs_, &shorts_}) {
    for (const auto& [key, holder] : *holders) all.push_back(holder);
  }
  Saver io{out, now};
  list(io, all, holders_max);
}

void LeveragedHolders::restore(ByteReader& in, Instant now) {
  std::vector<Holder> all;
  Loader io{in, now};
  list(io, all, holders_max);
  longs_.clear();
  shorts_.clear();
  held_ = Lots{};
  for (const Holder& holder : all) insert(holder);
}

}  // namespace mlbot::sim
