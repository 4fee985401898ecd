#include "sim/replayed_market.h"

#include <algorithm>
#include <vector>

namespace mlbot::sim {
namespace {

class ReplayedMarket final : public Market {
 public:
  ReplayedMarket(EventPull pull, Duration shift) : pull_{std::move(pull)}, shift_{shift} {}

  Instant next_at() const override {
    if (next_ == nullptr) fetch();  // a live feed has something again; a recording's end stays one
    return next_ == nullptr ? distant_future : at_;
  }

  void act(MarketDoor& door) override {
    std::visit(
        Overloaded{
            [&](const BookUpdate& update) { on(door, update); },
            [&](const Trades& trades) { on(door, trades); }, [&](const Ticker& ticker) { on(door, ticker); },
            [&](const Liquidations& liquidations) { on(door, liquidations); },
            [](const auto&) {},  // candles are made anew; the rest is not the market's
        },
        next_->what);
    next_ = nullptr;
  }

  /// A recording has no state of its own; where it is taken up again is the business of whoever feeds it.
  void save(ByteWriter&, Instant) const override {}
  void restore(ByteReader&, Instant) override {}

 private:
  void fetch() const {
    next_ = pull_();
    if (next_ != nullptr) at_ = std::max(at_, next_->at + shift_);
  }

  void on(MarketDoor& door, const BookUpdate& update) {
    for (const Side side : {Side::buy, Side::sell}) {
      const auto levels = side == Side::buy ? update.bids : update.asks;
      if (update.kind == UpdateKind::snapshot) {
        door.anonymous_levels(update.symbol, side, SIZE_MAX, standing_);
        for (const BookLevel& level : standing_) {
          const bool stays = std::ranges::find(levels, level.price, &BookLevel::price) != levels.end();
          if (!stays) door.set_level(update.symbol, side, level.price, Lots{0});
        }
      }
      for (const BookLevel& level : levels) {
        if (level.size.count == 0) door.set_level(update.symbol, side, level.price, Lots{0});
      }
    }
    for (const Side side : {Side::buy, Side::sell}) {
      for (const BookLevel& level : side == Side::buy ? update.bids : update.asks) {
        if (level.size.count > 0) door.set_level(update.symbol, side, level.price, level.size);
      }
    }
  }

  void on(MarketDoor& door, const Trades& trades) {
    prints_.assign(trades.list.begin(), trades.list.end());
    for (Trade& trade : prints_) trade.matched_at = trade.matched_at + shift_;
    door.print(trades.symbol, prints_);
  }

  void on(MarketDoor& door, const Ticker& ticker) {
    if (ticker.index_price) door.set_index_price(ticker.symbol, *ticker.index_price);
    if (ticker.mark_price) door.set_mark_price(ticker.symbol, *ticker.mark_price);
    if (ticker.open_interest) door.set_open_interest(ticker.symbol, *ticker.open_interest);
    if (ticker.funding_rate) door.set_funding_rate(ticker.symbol, *ticker.funding_rate);
  }

  void on(MarketDoor& door, const Liquidations& liquidations) {
    for (Liquidation liquidation : liquidations.list) {
      liquidation.at = liquidation.at + shift_;
      door.liquidated(liquidations.symbol, liquidation);
    }
  }

  mutable EventPull pull_;
  Duration shift_;
  mutable const Stamped* next_ = nullptr;
  mutable Instant at_;
  std::vector<BookLevel> standing_;
  std::vector<Trade> prints_;
};

}  // namespace

std::unique_ptr<Market> make_replayed_market(EventPull pull, Duration shift) {
  return std::make_unique<ReplayedMarket>(std::move(pull), shift);
}

}  // namespace mlbot::sim
