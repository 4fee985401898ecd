// The leveraged holders of a generated market: everybody has an entry, a leverage and so a price at which he
// is forced out. Where many entered together, they are forced out together.
//
// Limit: 4000 holders; when it is reached newcomers trade without leverage.
#pragma once

#include <map>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"

namespace mlbot::sim {

struct Holder {
  PositionSide side = PositionSide::long_side;
  PriceTicks entry, liquidation, bankruptcy;
  Lots size;
  Instant leaves_at;  ///< by himself, if he is still there
};

class LeveragedHolders {
 public:
  explicit LeveragedHolders(const Instrument& instrument) : instrument_{instrument} {}

  /// Isolated margin as in the reference, 15.3: long (E - E/L) / (1 - r), short (E + E/L) / (1 + r).
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
  ByPrice longs_, shorts_;
  Lots held_;
};

}  // namespace mlbot::sim
