// A stop and a start: what was saved goes on as if nothing had happened, and damaged bytes are told from good
// ones.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

Exchange make_exchange(Instant start, Listener* listener,
                       std::vector<Instrument> instruments = default_instruments()) {
  auto settings = default_generated_settings();
  return {{.instruments = instruments, .start = start, .seed = 9},
          make_generated_market(instruments, settings, 9, start),
          listener};
}

void trade_a_little(Exchange& exchange, AccountId trader) {
  const PriceTicks bid = exchange.ticker(SymbolId{0}).bid;
  OrderRequest entry{.client_id = "entry",
                     .symbol = SymbolId{0},
                     .side = Side::buy,
                     .type = OrderType::market,
                     .size = Lots{10}};
  entry.stop_loss = on_mark(bid.count - 3000);
  ASSERT_TRUE(exchange.place(trader, entry));
  ASSERT_TRUE(exchange.place(trader, {.client_id = "resting",
                                      .symbol = SymbolId{0},
                                      .side = Side::buy,
                                      .price = PriceTicks{bid.count - 200},
                                      .size = Lots{10}}));
}

TEST(SavedExchange, GoesOnAsIfItHadNeverStopped) {
  Notes first_notes, second_notes;
  Exchange first = make_exchange(test_start, &first_notes);
  const AccountId trader = first.open_account("trader", *parse_e8("10000"));
  first.advance_to(test_start + 300s);
  trade_a_little(first, trader);
  first.advance_to(test_start + 310s);
  const std::string bytes = first.save();

  Exchange second = make_exchange(test_start, &second_notes);
  ASSERT_TRUE(second.restore(bytes, test_start + 310s));
  EXPECT_EQ(second.now(), test_start + 310s);
  EXPECT_TRUE(second.save() == bytes);
  EXPECT_EQ(second.find_account("trader"), trader);
  EXPECT_EQ(second.wallet(trader).equity, first.wallet(trader).equity);
  EXPECT_EQ(second.open_orders(trader).size(), first.open_orders(trader).size());
  EXPECT_FALSE(second.place(
      trader,
      {.client_id = "resting", .symbol = SymbolId{0}, .price = PriceTicks{590'000}, .size = Lots{10}}))
      << "a used client id stays used";

  first_notes.prints.clear();
  first_notes.account.clear();
  first.advance_to(test_start + 900s);
  second.advance_to(test_start + 900s);
  EXPECT_TRUE(first_notes.prints == second_notes.prints);
  EXPECT_EQ(first_notes.account, second_notes.account);
  EXPECT_EQ(first.klines(SymbolId{1}, 1000), second.klines(SymbolId{1}, 1000));
  EXPECT_EQ(first.wallet(trader).equity, second.wallet(trader).equity);
}

TEST(SavedExchange, MayGoOnLaterWithoutAHoleInItsCandles) {
  Notes notes;
  Exchange before = make_exchange(test_start, nullptr);
  before.open_account("trader", *parse_e8("10000"));
  before.advance_to(test_start + 1000s);
  Exchange after = make_exchange(test_start, &notes);
  const Instant later = test_start + 86'400s + 17s;
  ASSERT_TRUE(after.restore(before.save(), later));
  after.advance_to(later + 120s);
  const auto candles = after.klines(SymbolId{0}, 1000);
  ASSERT_GE(candles.size(), 17U);
  for (std::size_t i = 1; i < candles.size(); ++i) {
    EXPECT_EQ(candles[i].start.ns - candles[i - 1].start.ns, 60'000'000'000);
  }
  EXPECT_EQ(candles.back().start.seconds() / 60, (later + 120s).seconds() / 60);
  EXPECT_GT(after.ticker(SymbolId{0}).next_funding, later);
}

TEST(SavedExchange, DamageIsToldWithTheRemedy) {
  Exchange first = make_exchange(test_start, nullptr);
  const AccountId trader = first.open_account("trader", *parse_e8("10000"));
  first.advance_to(test_start + 60s);
  trade_a_little(first, trader);
  const std::string good = first.save();
  const auto verdict = [](std::string_view bytes) {
    Exchange other = make_exchange(test_start, nullptr);
    const auto result = other.restore(bytes, test_start);
    return result ? std::string{"restored"} : result.error().what;
  };
  EXPECT_EQ(verdict(good), "restored");
  EXPECT_TRUE(verdict("").contains("cut off"));
  EXPECT_TRUE(verdict(good.substr(0, good.size() / 2)).contains("checksum"));
  EXPECT_TRUE(verdict("something else entirely").contains("not a saved exchange"));
  Prng chance{1};
  for (int i = 0; i < 100; ++i) {
    std::string bad = good;
    bad[chance.below(bad.size())] ^= static_cast<char>(1 + chance.below(255));
    EXPECT_TRUE(verdict(bad).contains("remove the file")) << i;
  }
}

TEST(SavedExchange, OfOtherSymbolsIsRefused) {
  Exchange first = make_exchange(test_start, nullptr);
  Exchange other = make_exchange(test_start, nullptr, recorded_instruments());
  const auto result = other.restore(first.save(), test_start);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().what.contains("other symbols"));
}

}  // namespace
}  // namespace mlbot::sim
