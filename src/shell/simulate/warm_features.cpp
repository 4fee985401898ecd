#include "shell/simulate/warm_features.h"

#include <array>
#include <mutex>

#include "base/assert.h"
#include "core/core.h"
#include "shell/simulate/sparse_market.h"
#include "sim/exchange.h"

namespace mlbot::shell::simulate {
namespace {

constexpr std::size_t symbols_max = 8;
constexpr Duration warm_up = 75min;
/// 2026-01-05T03:55:00Z, five minutes before the funding of an hourly contract.
constexpr Instant warm_at = Instant::from_seconds(1'767'585'300);

class Feeder final : public sim::Listener {
 public:
  explicit Feeder(core::Core& core) : core_{core} {}
  void on_market(Instant at, const Event& event) override {
    core_.warm({.at = at, .received_at = at, .venue_time = at, .what = event});
  }
  void on_account(sim::AccountId, Instant, const Event&) override {}

 private:
  core::Core& core_;
};

WarmFeatures make(std::size_t symbols) {
  const auto instruments = world_instruments(symbols);
  const Instant start = warm_at - warm_up;
  core::Core core{{.bundle = nullptr, .book_depth = 50}};
  for (const Instrument& instrument : instruments)
    core.warm({.at = start, .received_at = start, .what = InstrumentDefined{instrument}});
  core.warm({.at = start, .received_at = start, .what = LinkChanged{Link::market, LinkState::live}});
  Feeder feeder{core};
  MarketWishes wishes{std::vector<MarketWishes::Symbol>(symbols)};
  sim::Exchange exchange{{.instruments = instruments,
                          .start = start,
                          .feed = {.book_depth = 50,
                                   .ticker_interval_min = 2s,
                                   .ticker_interval_max = 3s,
                                   .kline_interval = 20s}},
                         make_sparse_market(instruments, {.acts_per_s = 1}, 1, start, wishes),
                         &feeder};
  exchange.advance_to(warm_at);
  return {core.feature_checkpoint(), warm_at};
}

}  // namespace

const WarmFeatures& warm_features(std::size_t symbols) {
  MLBOT_ASSERT(symbols >= 1 && symbols <= symbols_max);
  static std::array<std::once_flag, symbols_max + 1> made;
  static std::array<WarmFeatures, symbols_max + 1> kept;
  std::call_once(made[symbols], [&] { kept[symbols] = make(symbols); });
  return kept[symbols];
}

}  // namespace mlbot::shell::simulate
