// The account's money, twice: small stories, and random ones against sums made anew from the list.
#include "core/orders/ledger.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/prng.h"

namespace mlbot::core {
namespace {

using Told = Ledger::Told;
constexpr Instant at(std::int64_t ms) { return Instant::from_ms(ms); }

E8 sum_of_books(const Ledger& ledger) {
  E8 sum;
  for (std::size_t i = 0; i < book_count; ++i) sum = sum + ledger.balance(static_cast<Book>(i));
  return sum;
}

Transaction row(const char* execution_id, std::int64_t ms, std::int64_t cash_flow, std::int64_t funding,
                std::int64_t fee, TransactionKind kind = TransactionKind::trade) {
  return {.id = VenueId{std::string{"t-"} + execution_id},
          .kind = kind,
          .execution_id = execution_id,
          .cash_flow = {cash_flow},
          .funding = {funding},
          .fee = {fee},
          .change = {cash_flow + funding - fee},
          .balance_after = {},
          .at = at(ms)};
}

TEST(Ledger, WhatAPersonAcceptsStandsAsADifference) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.settle(at(1), {1'000});
  EXPECT_EQ(ledger.differences(), 0u);
  ledger.settle(at(2), {940});
  EXPECT_EQ(ledger.cash().count, 940);
  EXPECT_EQ(ledger.balance(Book::difference).count, 60);
  EXPECT_EQ(ledger.differences(), 1u);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

/// A person resumes between a fill and the wallet that holds it.
TEST(Ledger, AFillThatIsYoungerThanTheAcceptedWalletStays) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.post("e-1", at(3), {.realised = {}, .fee = {5}, .funding = {}, .cost = {}});
  ledger.post("e-2", at(5), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {}});
  ledger.post(row("e-2", 5, 68, 0, 6));
  ledger.post(row("f-1", 6, 0, -4, 0, TransactionKind::funding));
  ledger.settle(at(4), {995});
  EXPECT_EQ(ledger.differences(), 1u) << "the wallet was right, and only the log said otherwise";
  EXPECT_EQ(ledger.cash().count, 995 + 62 - 4);
  ledger.settle(at(4), {985});
  EXPECT_EQ(ledger.cash().count, 985 + 62 - 4);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

/// What explains a difference may be told after a person has accepted it.
TEST(Ledger, WhatTheAcceptedWalletHoldsIsNotCountedAgain) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.post("e-1", at(2), {.realised = {}, .fee = {100}, .funding = {}, .cost = {}});
  ledger.settle(at(9), {1'375});  // lists lag: a transfer of 500, a surcharge of 18, a funding, another fill
  Transaction taxed = row("e-1", 2, 0, 0, 100);
  taxed.change = {-118};
  EXPECT_EQ(ledger.post(taxed), Told::second);
  EXPECT_EQ(ledger.fees().count, 118);
  EXPECT_EQ(ledger.post(row("t-1", 3, 500, 0, 0, TransactionKind::transfer_in)), Told::twin);
  EXPECT_EQ(ledger.post("f-1", at(4), {.realised = {}, .fee = {}, .funding = {7}, .cost = {}}), Told::first);
  EXPECT_EQ(ledger.cash().count, 1'375);
  EXPECT_EQ(ledger.post("e-2", at(10), {.realised = {30}, .fee = {}, .funding = {}, .cost = {}}),
            Told::first);
  EXPECT_EQ(ledger.cash().count, 1'405);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

TEST(Ledger, AFillTakesFromOneBookWhatItGivesToAnother) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.open(at(2), {9'999});
  EXPECT_EQ(ledger.cash().count, 1'000) << "opened once";
  EXPECT_EQ(ledger.post("e-1", at(5), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {-400}}),
            Told::first);
  EXPECT_EQ(ledger.post("e-1", at(5), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {-400}}),
            Told::twin);
  EXPECT_EQ(ledger.cash().count, 1'065);
  EXPECT_EQ(ledger.realised().count, 70);
  EXPECT_EQ(ledger.fees().count, 5);
  EXPECT_EQ(ledger.balance(Book::positions).count, -400);
  EXPECT_EQ(ledger.balance(Book::contracts).count, 400);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
  EXPECT_EQ(ledger.unconfirmed(), 1u);
  EXPECT_EQ(ledger.post(row("e-1", 5, 70, 0, 5)), Told::second);
  EXPECT_EQ(ledger.post(row("e-1", 5, 70, 0, 5)), Told::twin);
  EXPECT_EQ(ledger.cash().count, 1'065);
  EXPECT_EQ(ledger.differences(), 0u);
  EXPECT_EQ(ledger.unconfirmed(), 0u);
  EXPECT_EQ(ledger.postings(), 3u);
}

TEST(Ledger, TheLogMayBeFaster) {
  Ledger ledger;
  EXPECT_EQ(ledger.post(row("e-0", 5, 1, 0, 0)), Told::twin) << "of before we looked";
  ledger.open(at(10), {1'000});
  EXPECT_EQ(ledger.post(row("e-0", 10, 1, 0, 0)), Told::twin) << "in the balance that was found";
  EXPECT_EQ(ledger.post(row("e-1", 11, -30, 0, 2)), Told::first);
  EXPECT_EQ(ledger.cash().count, 968);
  EXPECT_EQ(ledger.post("e-1", at(11), {.realised = {-30}, .fee = {2}, .funding = {}, .cost = {10}}),
            Told::second);
  EXPECT_EQ(ledger.cash().count, 968);
  EXPECT_EQ(ledger.balance(Book::positions).count, 10);
  EXPECT_EQ(ledger.post(row("f-1", 12, 0, -7, 0, TransactionKind::funding)), Told::first);
  EXPECT_EQ(ledger.funding().count, 7);
  EXPECT_EQ(ledger.post("f-1", at(12), {.realised = {}, .fee = {}, .funding = {7}, .cost = {}}),
            Told::second);
  EXPECT_EQ(ledger.differences(), 0u);
  EXPECT_EQ(ledger.post(row("e-2", 13, 5, 0, 0)), Told::first);
  EXPECT_EQ(ledger.post("e-2", at(13), {.realised = {6}, .fee = {}, .funding = {}, .cost = {}}),
            Told::second);
  EXPECT_EQ(ledger.differences(), 1u) << "we computed something else";
  EXPECT_EQ(ledger.post(row("f-2", 14, 0, -7, 0, TransactionKind::funding)), Told::first);
  EXPECT_EQ(ledger.post("f-2", at(14), {.realised = {}, .fee = {}, .funding = {8}, .cost = {}}),
            Told::second);
  EXPECT_EQ(ledger.differences(), 2u);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

TEST(Ledger, WhatOnlyTheLogKnows) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  Transaction in{
      .id = "t-1", .kind = TransactionKind::transfer_in, .cash_flow = {500}, .change = {500}, .at = at(2)};
  EXPECT_EQ(ledger.post(in), Told::first);
  EXPECT_EQ(ledger.post(in), Told::twin);
  EXPECT_EQ(ledger.post({.id = "t-2",
                         .kind = TransactionKind::transfer_out,
                         .cash_flow = {-200},
                         .change = {-200},
                         .at = at(3)}),
            Told::first);
  EXPECT_EQ(ledger.transfers().count, 300);
  EXPECT_EQ(ledger.post(
                {.id = "t-3", .kind = TransactionKind::other, .cash_flow = {9}, .change = {9}, .at = at(4)}),
            Told::first);
  EXPECT_EQ(ledger.balance(Book::other).count, -9);
  EXPECT_EQ(ledger.cash().count, 1'309);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

TEST(Ledger, ASurchargeStandsInTheLogAloneAndIsAFee) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.post("e-1", at(5), {.realised = {}, .fee = {100}, .funding = {}, .cost = {}});
  Transaction taxed = row("e-1", 5, 0, 0, 100);
  taxed.change = {-118};
  EXPECT_EQ(ledger.post(taxed), Told::second);
  EXPECT_EQ(ledger.fees().count, 118);
  EXPECT_EQ(ledger.cash().count, 882);
  EXPECT_EQ(ledger.differences(), 0u);
}

TEST(Ledger, WhatTheLogSaysOtherwiseIsBelievedAndNotHidden) {
  Ledger ledger;
  ledger.open(at(1), {1'000});
  ledger.post("e-1", at(5), {.realised = {50}, .fee = {1}, .funding = {}, .cost = {}});
  EXPECT_EQ(ledger.post(row("e-1", 5, 47, 0, 1)), Told::second);
  EXPECT_EQ(ledger.cash().count, 1'046);
  EXPECT_EQ(ledger.balance(Book::difference).count, 3);
  EXPECT_EQ(ledger.differences(), 1u);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

TEST(Ledger, ForgetsTheOldestAndTakesNothingOlderAgain) {
  Ledger ledger{3};
  ledger.open(at(0), {});
  for (const auto& [id, ms] : {std::pair{"e-1", 1}, {"e-2", 2}, {"e-3", 3}, {"e-4", 4}})
    EXPECT_EQ(ledger.post(id, at(ms), {.realised = {1}, .fee = {}, .funding = {}, .cost = {}}), Told::first);
  EXPECT_EQ(ledger.unconfirmed(), 3u);
  EXPECT_EQ(ledger.post("e-1", at(1), {.realised = {1}, .fee = {}, .funding = {}, .cost = {}}), Told::twin);
  EXPECT_EQ(ledger.post(row("e-1", 1, 1, 0, 0)), Told::twin);
  EXPECT_EQ(ledger.post(row("e-3", 3, 1, 0, 0)), Told::second);
  EXPECT_EQ(ledger.post(row("e-5", 5, 1, 0, 0)), Told::first);
  EXPECT_EQ(ledger.post(row("e-6", 6, 1, 0, 0)), Told::first) << "a confirmed one is forgotten";
  EXPECT_EQ(ledger.cash().count, 6);
  EXPECT_EQ(ledger.unconfirmed(), 1u);
}

TEST(Ledger, EqualsTheSumsOfItsListWhateverTellsFirst) {
  const std::uint64_t seed = 20260611;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Prng chance{seed};
  Ledger ledger{64}, other_order{64};
  ledger.open(at(0), {1'000'000});
  other_order.open(at(0), {1'000'000});
  E8 cash{1'000'000}, realised, fees, funding, cost;
  for (int i = 1; i <= 5'000; ++i) {
    const auto some = [&](std::uint64_t below) {
      return E8{static_cast<std::int64_t>(chance.below(2 * below)) - static_cast<std::int64_t>(below)};
    };
    const bool is_funding = chance.chance(0.1);
    const MoneyMove move =
        is_funding ? MoneyMove{.realised = {}, .fee = {}, .funding = some(500), .cost = {}}
                   : MoneyMove{.realised = some(900), .fee = some(50), .funding = {}, .cost = some(9'000)};
    const std::string id = fmt::format("e-{}", i);
    Transaction log = row(id.c_str(), i, move.realised.count, -move.funding.count, move.fee.count,
                          is_funding ? TransactionKind::funding : TransactionKind::trade);
    ledger.post(VenueId{id}, at(i), move);
    if (chance.chance(0.7)) ledger.post(log);
    other_order.post(log);
    other_order.post(VenueId{id}, at(i), move);
    cash = cash + move.realised - move.fee - move.funding;
    realised = realised + move.realised;
    fees = fees + move.fee;
    funding = funding + move.funding;
    cost = cost + move.cost;
    for (const Ledger* books : {&ledger, &other_order}) {
      ASSERT_EQ(sum_of_books(*books).count, 0);
      ASSERT_EQ(books->cash(), cash);
      ASSERT_EQ(books->realised(), realised);
      ASSERT_EQ(books->fees(), fees);
      ASSERT_EQ(books->funding(), funding);
      ASSERT_EQ(books->balance(Book::positions), cost);
      ASSERT_EQ(books->differences(), 0u);
    }
  }
}

TEST(Ledger, AFillOfBeforeTheFoundBalanceMovesPositionsAndNoMoney) {
  Ledger ledger;
  ledger.open(at(10), {1'000});
  EXPECT_EQ(ledger.post("e-1", at(10), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {-400}}),
            Told::first);
  EXPECT_EQ(ledger.cash().count, 1'000) << "that money is in what was found";
  EXPECT_EQ(ledger.balance(Book::positions).count, -400);
  Ledger unopened;
  unopened.post("e-1", at(10), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {-400}});
  EXPECT_EQ(unopened.cash().count, 65);
  unopened.open(at(11), {1'000});
  EXPECT_EQ(unopened.cash().count, 1'000);
  EXPECT_EQ(sum_of_books(unopened).count, 0);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

TEST(Ledger, AFillThatIsToldBeforeAnOlderWalletIsNotInIt) {
  Ledger ledger;
  ledger.post("e-1", at(10), {.realised = {70}, .fee = {5}, .funding = {}, .cost = {-400}});
  ledger.post("e-2", at(12), {.realised = {30}, .fee = {1}, .funding = {}, .cost = {-200}});
  ledger.open(at(11), {1'000});
  EXPECT_EQ(ledger.cash().count, 1'029) << "the second is younger than the wallet";
  EXPECT_EQ(ledger.balance(Book::opening).count, -1'000 + 65);
  EXPECT_EQ(sum_of_books(ledger).count, 0);
}

}  // namespace
}  // namespace mlbot::core
