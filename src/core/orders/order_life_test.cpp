#include "core/orders/order_life.h"

#include <gtest/gtest.h>

#include "core/orders/approved.h"
#include "core/orders/order_id.h"
#include "domain/command.h"

namespace mlbot::core {
namespace {

using enum OrderState;
using enum OrderSignal;

TEST(OrderLife, EveryPairLeadsToAStateOrToAQuestion) {
  std::size_t known = 0;
  for (std::size_t s = 0; s < order_state_count; ++s)
    for (std::size_t n = 0; n < order_signal_count; ++n) {
      const auto from = static_cast<OrderState>(s);
      const auto signal = static_cast<OrderSignal>(n);
      const auto to = after(from, signal);
      if (!to) continue;
      ++known;
      // What is over is only left towards more fills, or because the venue calls a refusal a cancel.
      if (is_over(from)) {
        EXPECT_TRUE(is_over(*to)) << s << ' ' << n;
        continue;
      }
      // Silence proves nothing; only the venue's own word, or proof, ends an order.
      EXPECT_EQ(signal == no_answer, signal == no_answer && *to == outcome_unknown);
      EXPECT_EQ(is_over(*to), signal == all_filled || signal == cancel_done || signal == refused ||
                                  signal == proved_absent);
    }
  EXPECT_EQ(known, life_of_an_order.size());
  EXPECT_EQ(known, 48u) << "a step came or went: say in the table why";
}

TEST(OrderLife, TheOddPairsAreThese) {
  const std::pair<OrderState, OrderSignal> odd[] = {{in_flight, cancel_refused}, {in_flight, proved_absent},
                                                    {open, cancel_refused},      {open, refused},
                                                    {open, proved_absent},       {cancelling, refused},
                                                    {cancelling, proved_absent}, {filled, cancel_sent},
                                                    {filled, cancel_done},       {filled, refused},
                                                    {cancelled, cancel_sent},    {rejected, accepted},
                                                    {rejected, part_filled},     {rejected, all_filled},
                                                    {rejected, cancel_sent}};
  for (const auto& [state, signal] : odd)
    EXPECT_FALSE(after(state, signal)) << int(state) << ' ' << int(signal);
  EXPECT_EQ(std::size(odd) + life_of_an_order.size(), order_state_count * order_signal_count);
}

TEST(OrderId, IsAFunctionOfAccountEpochAndCounterAndComesBack) {
  const AccountTag main = account_tag("main"), other = account_tag("other");
  const ClientOrderId id = order_id(main, 7, 42);
  EXPECT_EQ(id, order_id(account_tag("main"), 7, 42));
  EXPECT_EQ(order_number(main, id)->epoch, 7u);
  EXPECT_EQ(order_number(main, id)->counter, 42u);
  EXPECT_FALSE(order_number(other, id));
  const ClientOrderId longest = order_id(main, 4'294'967'295, 9'999'999'999'999'999);
  EXPECT_LE(longest.view().size(), 36u);
  EXPECT_EQ(order_number(main, longest)->counter, 9'999'999'999'999'999u);
  for (const char* stranger : {"", "-", "web-1", "0123456789abcdef", "manual"})
    EXPECT_FALSE(order_number(main, stranger)) << stranger;
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-7-"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-x-1"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-7-1x"}));
}

// Nobody but the RiskManager makes one.
static_assert(!std::is_default_constructible_v<Approved<PlaceOrder>>);
static_assert(!std::is_constructible_v<Approved<PlaceOrder>, PlaceOrder>);
static_assert(!std::is_convertible_v<PlaceOrder, Approved<PlaceOrder>>);
static_assert(!std::is_aggregate_v<Approved<PlaceOrder>>);
static_assert(!std::is_constructible_v<Approved<AmendOrder>, AmendOrder>);

}  // namespace
}  // namespace mlbot::core
