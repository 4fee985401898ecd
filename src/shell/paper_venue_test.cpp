// A paper account on a market that we tell it.
#include "shell/paper_venue.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/clock/clock.h"

namespace mlbot::shell {
namespace {

const std::vector<Instrument> contracts{{.id = {0},
                                         .name = "BTCUSDT",
                                         .tick_size = {10'000'000},
                                         .lot_step = {100'000},
                                         .min_order = {1},
                                         .max_limit_order = {1'000'000},
                                         .max_market_order = {100'000},
                                         .min_notional = {5 * e8_per_unit},
                                         .max_leverage = {100 * e8_per_unit},
                                         .maintenance_margin = {500'000}}};

class PaperVenueStory : public ::testing::Test {
 protected:
  PaperVenueStory() { make(); }
  ~PaperVenueStory() override { std::filesystem::remove(state_file_); }

  void make() {
    heard_.clear();
    venue_.emplace(PaperVenue::Setup{.environment = "mainnet",
                                     .endpoints = {},
                                     .state_file = state_file_,
                                     .balance = {10'000 * e8_per_unit},
                                     .latency = 1ms,
                                     .loop = &loop_});
    ASSERT_TRUE(venue_->open());
    ASSERT_TRUE(venue_->begin(contracts, [this](const Event& event, Instant) { heard_.push_back(event); }));
  }
  void book(std::int64_t bid, std::int64_t ask, std::int64_t lots) {
    const BookLevel bids[]{{{bid}, {lots}}}, asks[]{{{ask}, {lots}}};
    venue_->heard(BookUpdate{.symbol = {0},
                             .kind = UpdateKind::snapshot,
                             .update_id = ++update_,
                             .matched_at = io::clock::now(),
                             .bids = bids,
                             .asks = asks});
  }
  void mark(double price) {
    venue_->heard(Ticker{.symbol = {0},
                         .last_price = e8_from_double(price),
                         .mark_price = e8_from_double(price),
                         .index_price = e8_from_double(price)});
  }
  void print(std::int64_t price, std::int64_t lots, Side taker) {
    const Trade trades[]{{.matched_at = io::clock::now(), .price = {price}, .size = {lots}, .taker = taker}};
    venue_->heard(Trades{{0}, trades});
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& event : heard_)
      if (const auto* found = std::get_if<T>(&event)) out.push_back(*found);
    return out;
  }
  /// Lets time pass until `done`.
  template <class Done>
  void until(Done done) {
    for (int turn = 0; turn < 2'000 && !done(); ++turn) loop_.run_one(5ms);
    ASSERT_TRUE(done());
  }
  void buy(std::string_view id, std::int64_t price, std::int64_t lots, TimeInForce time_in_force) {
    ASSERT_TRUE(venue_->carry_out(PlaceOrder{.id = id,
                                             .symbol = {0},
                                             .side = Side::buy,
                                             .type = OrderType::limit,
                                             .time_in_force = time_in_force,
                                             .price = {price},
                                             .size = {lots}}));
  }

  io::net::EventLoop loop_;
  const std::string state_file_ =
      (std::filesystem::temp_directory_path() / "mlbot_paper_venue_test.state").string();
  std::optional<PaperVenue> venue_;
  std::vector<Event> heard_;
  std::uint64_t update_ = 0;
};

TEST_F(PaperVenueStory, ATakerFillsAtTheDisplayedPriceAndPaysTheFee) {
  book(999'990, 1'000'010, 50);
  mark(100'000);
  buy("take", 1'000'010, 20, TimeInForce::ioc);
  until([&] { return !all<Execution>().empty() && !all<WalletNews>().empty(); });
  const auto fill = all<Execution>().front();
  EXPECT_EQ(to_text(fill.price), "100001");
  EXPECT_EQ(fill.size, Lots{20});
  EXPECT_EQ(fill.liquidity, Liquidity::taker);
  EXPECT_EQ(to_text(fill.fee), "1.100011");  // 0.02 x 100001 x 0.055 %
  EXPECT_EQ(all<PositionNews>().back().size, Lots{20});
}

TEST_F(PaperVenueStory, AMakerWaitsBehindWhatWasDisplayedFirst) {
  book(999'990, 1'000'010, 50);
  mark(100'000);
  buy("wait", 999'990, 10, TimeInForce::post_only);
  until([&] { return !all<OrderNews>().empty(); });
  print(999'990, 50, Side::sell);  // what stood there before us
  EXPECT_TRUE(all<Execution>().empty());
  print(999'990, 10, Side::sell);
  until([&] { return !all<Execution>().empty(); });
  EXPECT_EQ(all<Execution>().front().liquidity, Liquidity::maker);
}

TEST_F(PaperVenueStory, TheAccountOutlivesTheRun) {
  book(999'990, 1'000'010, 50);
  mark(100'000);
  buy("keep", 1'000'010, 20, TimeInForce::ioc);
  until([&] { return !all<PositionNews>().empty(); });
  ASSERT_TRUE(venue_->save());
  make();
  ASSERT_TRUE(venue_->carry_out(QueryAccount{}));
  until([&] { return all<AccountSnapshot>().size() == 2; });
  EXPECT_EQ(all<PositionNews>().front().size, Lots{20});
}

TEST_F(PaperVenueStory, BooksAreTheStreamsToAskFor) { EXPECT_FALSE(venue_->carry_out(ResubscribeBook{{0}})); }

}  // namespace
}  // namespace mlbot::shell
