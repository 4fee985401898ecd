// A small stage for stories: an exchange whose market does what the test says, and a listener that writes
// down what was told, one line an event.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "domain/record.h"
#include "sim/exchange.h"

namespace mlbot::sim {

/// One tick is 0.1, one lot 0.001: 1000 ticks are 100 USDT, 100 lots there are 10 USDT.
inline Instrument test_instrument(std::uint16_t index = 0, SymbolName name = "TESTUSDT") {
  Instrument out;
  out.id = SymbolId{index};
  out.name = name;
  out.tick_size = *parse_e8("0.1");
  out.lot_step = *parse_e8("0.001");
  out.min_order = Lots{1};
  out.max_limit_order = Lots{1'000'000};
  out.max_market_order = Lots{500'000};
  out.min_notional = *parse_e8("5");
  out.max_leverage = *parse_e8("100");
  out.maintenance_margin = *parse_e8("0.005");
  return out;
}

inline StopLeg on_mark(std::int64_t ticks) { return {.trigger = PriceTicks{ticks}, .by = PriceSource::mark}; }

class PuppetMarket final : public Market {
 public:
  using Deed = std::function<void(MarketDoor&)>;
  struct Script {
    std::deque<std::pair<Instant, Deed>> deeds;
  };
  explicit PuppetMarket(Script& script) : script_{script} {}
  Instant next_at() const override {
    return script_.deeds.empty() ? distant_future : script_.deeds.front().first;
  }
  void act(MarketDoor& door) override {
    const Deed deed = script_.deeds.front().second;
    script_.deeds.pop_front();
    deed(door);
  }
  void save(ByteWriter&, Instant) const override {}
  void restore(ByteReader&, Instant) override {}

 private:
  Script& script_;
};

class Notes final : public Listener {
 public:
  std::vector<std::string> account;  ///< lines of account news
  std::vector<Trade> prints;
  std::vector<Liquidation> liquidations;
  std::string bytes;  ///< every event in its binary form
  std::map<std::string, int> kinds;

  void on_market(Instant at, const Event& event) override {
    keep(at, event);
    if (const auto* trades = std::get_if<Trades>(&event)) {
      prints.insert(prints.end(), trades->list.begin(), trades->list.end());
      ++kinds["trades"];
    } else if (const auto* list = std::get_if<Liquidations>(&event)) {
      liquidations.insert(liquidations.end(), list->list.begin(), list->list.end());
      ++kinds["liquidations"];
    } else if (std::holds_alternative<BookUpdate>(event)) {
      ++kinds["book"];
    } else if (std::holds_alternative<Ticker>(event)) {
      ++kinds["ticker"];
    } else if (std::holds_alternative<Kline>(event)) {
      ++kinds["kline"];
    } else if (std::holds_alternative<PriceLimit>(event)) {
      ++kinds["price limit"];
    }
  }
  void on_account(AccountId who, Instant at, const Event& event) override {
    keep(at, event);
    const std::string owner = fmt::format("{}: ", who.index);
    if (const auto* order = std::get_if<OrderNews>(&event)) {
      static constexpr std::array names{"unknown", "open",      "part_filled", "untriggered", "triggered",
                                        "filled",  "cancelled", "rejected",    "deactivated"};
      account.push_back(owner + fmt::format("order {}{} {} {}/{}{}{}", order->conditional ? "stop " : "",
                                            order->client_id.view(),
                                            names[static_cast<std::size_t>(order->status)],
                                            order->filled.count, order->size.count,
                                            order->reason.empty() ? "" : " ", order->reason.view()));
    } else if (const auto* execution = std::get_if<Execution>(&event)) {
      static constexpr std::array names{"trade", "funding", "adl", "bust", "settle", "other"};
      account.push_back(owner + fmt::format("{} {} {} @ {} fee {} pnl {}",
                                            names[static_cast<std::size_t>(execution->kind)],
                                            execution->side == Side::buy ? "buy" : "sell",
                                            execution->size.count, to_text(execution->price),
                                            to_text(execution->fee), to_text(execution->realised_pnl)));
    } else if (const auto* position = std::get_if<PositionNews>(&event)) {
      account.push_back(
          owner + fmt::format("position {} @ {}", position->size.count, to_text(position->entry_price)));
    } else if (const auto* wallet = std::get_if<WalletNews>(&event)) {
      account.push_back(owner + "wallet " + to_text(wallet->wallet_balance));
    }
  }

 private:
  void keep(Instant at, const Event& event) {
    encode(Stamped{.sequence = {++number_}, .at = at, .what = event}, bytes);
  }
  std::uint64_t number_ = 0;
};

/// 2026-05-28T20:26:40Z, three and a half hours before a funding instant.
inline constexpr Instant test_start = Instant::from_seconds(1'780'000'000);

class Stage {
 public:
  explicit Stage(std::vector<Instrument> instruments = {test_instrument()}, FeedSettings feed = {},
                 const std::function<void(ExchangeSetup&)>& adjust = {})
      : exchange{setup_of(std::move(instruments), feed, adjust), std::make_unique<PuppetMarket>(script),
                 &notes} {
    trader = exchange.open_account("trader", *parse_e8("1000"));
  }

  static ExchangeSetup setup_of(std::vector<Instrument> instruments, const FeedSettings& feed,
                                const std::function<void(ExchangeSetup&)>& adjust) {
    ExchangeSetup setup{.instruments = std::move(instruments), .start = test_start, .feed = feed};
    if (adjust) adjust(setup);
    return setup;
  }

  /// The market does something now.
  void market(PuppetMarket::Deed deed) {
    script.deeds.emplace_back(exchange.now(), std::move(deed));
    settle();
  }
  /// One second passes, so that all news are told.
  void settle() { exchange.advance_to(exchange.now() + 1s); }
  /// Anonymous quotes of 500 lots at both prices, and an index in the middle: mark follows.
  void quotes(std::int64_t bid, std::int64_t ask, std::int64_t lots = 500) {
    market([=](MarketDoor& door) {
      std::vector<BookLevel> standing;
      for (const Side side : {Side::buy, Side::sell}) {
        door.anonymous_levels(symbol, side, 1000, standing);
        for (const BookLevel& level : standing) door.set_level(symbol, side, level.price, Lots{0});
      }
      door.set_level(symbol, Side::buy, PriceTicks{bid}, Lots{lots});
      door.set_level(symbol, Side::sell, PriceTicks{ask}, Lots{lots});
      door.set_index_price(symbol, E8{(bid + ask) * 10'000'000 / 2});
    });
  }
  void mark(std::string_view price) {
    const E8 value = *parse_e8(price);
    market([=](MarketDoor& door) { door.set_mark_price(symbol, value); });
  }
  OrderRequest limit(ClientOrderId id, Side side, std::int64_t price, std::int64_t lots,
                     TimeInForce tif = TimeInForce::gtc) const {
    return {.client_id = id,
            .symbol = symbol,
            .side = side,
            .type = OrderType::limit,
            .time_in_force = tif,
            .price = PriceTicks{price},
            .size = Lots{lots}};
  }
  OrderRequest at_market(ClientOrderId id, Side side, std::int64_t lots) const {
    return {.client_id = id, .symbol = symbol, .side = side, .type = OrderType::market, .size = Lots{lots}};
  }
  std::int32_t code_of(const OrderRequest& request) {
    const auto answer = exchange.place(trader, request);
    return answer ? 0 : answer.error().code;
  }
  /// The lines told since the last call.
  std::vector<std::string> story() { return std::exchange(notes.account, {}); }

  static constexpr SymbolId symbol{0};
  PuppetMarket::Script script;
  Notes notes;
  Exchange exchange;
  AccountId trader;
};

using Story = std::vector<std::string>;

}  // namespace mlbot::sim
