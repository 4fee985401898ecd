// A person at the venue's own screen: sees an account and trades it without the bot, with a key of that
// account.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "io/bybit/rest_client.h"
#include "io/clock/clock.h"
#include "io/net/event_loop.h"

namespace mlbot::testing_support {

class Hand {
 public:
  struct Sight {
    bool good = false;                      ///< every list was read
    int entries = 0, exits = 0, stops = 0;  ///< orders that rest: not reduce-only, reduce-only, conditional
    std::int64_t position = 0;              ///< lots of the first contract, signed
    bool stop_on_position = false;
  };

  Hand(const std::string& origin, std::string key, std::string secret) {
    auto made = io::bybit::BybitRestClient::create(
        loop_, origin, {.key = std::move(key), .secret = std::move(secret), .entry_patience = 30s},
        {.on_event =
             [this](const Event& event, Instant) {
               if (const auto* answer = std::get_if<RequestAnswer>(&event)) last_ = *answer;
             },
         .on_undecoded = [](std::string_view, const venue::bybit::DecodeError&) {}});
    rest_ = std::move(*made);
    rest_->start();
    bool known = false;
    rest_->start_up({"BTCUSDT", "ETHUSDT"}, [&](Result<std::vector<Instrument>, io::bybit::RestError> got) {
      known = true;
      EXPECT_TRUE(got) << got.error().what;
      if (got) btc_ = got->front();
    });
    EXPECT_TRUE(until([&] { return known; }));
  }

  bool until(const std::function<bool()>& true_at_last, Duration patience = 120s) {
    const auto give_up = io::clock::now() + patience;
    while (!true_at_last()) {
      if (io::clock::now() > give_up) return false;
      loop_.run_one(20ms);
    }
    return true;
  }

  /// Carries out and waits for the venue's answer.
  RequestOutcome carry_out(const Command& command) {
    last_.reset();
    rest_->carry_out(command);
    EXPECT_TRUE(until([&] { return last_.has_value(); }));
    if (last_ && last_->outcome != RequestOutcome::accepted)
      ADD_FAILURE() << last_->code << last_->text.view();
    return last_ ? last_->outcome : RequestOutcome::unknown;
  }
  E8 mid() {
    E8 price{};
    bool done = false;
    rest_->ask<BookUpdate>(venue::bybit::ask_book("BTCUSDT", 1),
                           [&](const Result<BookUpdate, io::bybit::RestError>& book) {
                             done = true;
                             if (book && !book->bids.empty()) price = btc_.price(book->bids[0].price);
                           });
    EXPECT_TRUE(until([&] { return done; }));
    return price;
  }
  PriceTicks near(double share) {
    return PriceTicks{static_cast<std::int64_t>(static_cast<double>(mid().count) * share) /
                      btc_.tick_size.count};
  }
  /// A limit order `share` of the price away, so that it rests.
  void rest_order(double share, std::int64_t lots, bool reduce_only) {
    const Side side = share < 1 ? Side::buy : Side::sell;
    carry_out(PlaceOrder{.id = next_id(),
                         .symbol = {0},
                         .side = side,
                         .type = OrderType::limit,
                         .time_in_force = TimeInForce::gtc,
                         .price = near(share),
                         .size = Lots{lots},
                         .reduce_only = reduce_only});
  }
  /// Buys at the market, with a stop that the venue holds.
  void buy_with_stop(std::int64_t lots, double stop_share) {
    carry_out(PlaceOrder{.id = next_id(),
                         .symbol = {0},
                         .side = Side::buy,
                         .type = OrderType::market,
                         .time_in_force = TimeInForce::ioc,
                         .size = Lots{lots},
                         .stop_loss = near(stop_share)});
  }

  Sight look() {
    using Page = Result<venue::bybit::NewsPage, io::bybit::RestError>;
    Sight sight;
    int answered = 0, good = 0;
    rest_->ask_all<venue::bybit::NewsPage>(venue::bybit::ask_open_orders(""), [&](const Page& orders) {
      ++answered;
      if (!orders) return;
      ++good;
      for (const Event& row : orders->list)
        if (const auto* order = std::get_if<OrderNews>(&row))
          ++(order->conditional ? sight.stops : order->reduce_only ? sight.exits : sight.entries);
    });
    rest_->ask_all<venue::bybit::NewsPage>(venue::bybit::ask_positions(""), [&](const Page& positions) {
      ++answered;
      if (!positions) return;
      ++good;
      for (const Event& row : positions->list)
        if (const auto* held = std::get_if<PositionNews>(&row);
            held != nullptr && held->symbol == SymbolId{0}) {
          sight.position += held->size.count;
          sight.stop_on_position = sight.stop_on_position || held->stop_loss.count != 0;
        }
    });
    EXPECT_TRUE(until([&] { return answered == 2; }));
    sight.good = good == 2;
    return sight;
  }

 private:
  ClientOrderId next_id() { return ClientOrderId{fmt::format("hand-{}", ++orders_)}; }

  io::net::EventLoop loop_;
  std::unique_ptr<io::bybit::BybitRestClient> rest_;
  Instrument btc_;
  std::optional<RequestAnswer> last_;
  int orders_ = 0;
};

}  // namespace mlbot::testing_support
