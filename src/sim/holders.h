// The leveraged holders of a generated market: everybody has an entry, a leverage and so a price at which he
// is forced out. Where many entered together, they are forced out together. A holder's margin is worked out
// as an isolated position of an account is, and the venue takes it over the same way; he has no wallet and no
// orders of his own, so that thousands cost no more than a lookup of the first to fall.
//
// Limit: 4000 holders; when it is reached newcomers trade without leverage.
#pragma once

#include <map>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"
#include "sim/risk_tiers.h"

namespace mlbot::sim {

struct Holder {
  PositionSide side = PositionSide::long_side;
  PriceTicks entry, liquidation, bankruptcy;
  Lots size;
  Instant leaves_at;  ///< by himself, if he is still there
};

class LeveragedHolders {
 public:
  explicit LeveragedHolders(const Instrument& instrument)
      : instrument_{instrument}, tiers_{risk_tiers_of(instrument)} {}

  /// Margin, tier and prices are those of an account's isolated position (margin.h); more leverage than the
  /// tier allows is cut to it.
  void enter(PositionSide side, PriceTicks entry, double leverage, Lots size, Instant leaves_at);
  /// Takes out one whose liquidation price the mark price has reached; nothing when there is none.
  bool take_liquidated(E8 mark, Holder& out);
  /// Those whose time has come close by themselves, unseen among the ordinary trades.
  void let_leave(Instant now);
  Lots held() const { return held_; }  ///< both sides

  void save(ByteWriter& out, Instant now) const;
  void restore(ByteReader& in, Instant now);

 private:
  using ByPrice = std::multimap<std::int64_t, Holder>;  // first to be liquidated first
  void insert(const Holder& holder);

  Instrument instrument_;
  std::vector<RiskTier> tiers_;
  ByPrice longs_, shorts_;
  Lots held_;
};

}  // namespace mlbot::sim
