// Records of a market that does not exist, for looking at the page and for its browser test. Same seed, same
// records.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/prng.h"
#include "io/web/dashboard.h"

namespace mlbot::io::web {

/// 142 made-up rows in six blocks of the catalogue's sizes.
std::vector<FeatureText> made_up_features();

class MadeUpMarket {
 public:
  MadeUpMarket(Dashboard& dashboard, std::uint64_t seed);

  /// RunStarted, two instruments, configuration, links, wallet.
  void open(Instant at);
  /// One second: ticker, frame and decision of each symbol, now and then an order and its fill.
  void second(Instant at);
  /// Services as they would be reported.
  std::vector<ServiceView> services(Instant now) const;

 private:
  struct One {
    Instrument instrument;
    double mid = 0, drift = 0;
    std::int64_t lots = 0;
    E8 entry;
    std::array<double, feature_count> values{};
    ClientOrderId working;
    Side working_side = Side::buy;
    PriceTicks working_price;
    int seconds_until_fill = 0;
    int seconds_until_order = 0;
  };

  void take(Instant at, Event what);
  void tell_wallet(Instant at);
  void order(Instant at, One& one, Decision decision);
  void fill(Instant at, One& one);

  Dashboard& dashboard_;
  Prng random_;
  std::vector<One> all_;
  Sequence sequence_;
  std::uint64_t ids_ = 0, frames_ = 0;
  E8 cash_{10'000 * e8_per_unit};
};

}  // namespace mlbot::io::web
