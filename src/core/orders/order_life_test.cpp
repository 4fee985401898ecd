#include "core/orders/order_life.h"

#include <gtest/gtest.h>

#include <array>

#include "core/orders/approved.h"
#include "core/orders/order_id.h"
#include "domain/command.h"

namespace mlbot::core {
namespace {

using enum OrderState;
using enum OrderSignal;

/// What each pair leads to, stated a second time and in full: rows are states, columns are signals in the
/// order of their enums. `ask` is a pair that the table does not know: the order becomes outcome_unknown and
/// the venue is asked.
constexpr std::optional<OrderState> ask;
using Row = std::array<std::optional<OrderState>, order_signal_count>;
constexpr std::array<Row, order_state_count> stated{{
    // accepted, part_filled, all_filled, cancel_sent, cancel_refused, cancel_done, refused, no_answer,
    // proved_absent, proved_gone, duplicate
    /* in_flight */
    {open, open, filled, cancelling, ask, cancelled, rejected, outcome_unknown, ask, ask, outcome_unknown},
    /* open */
    {open, open, filled, cancelling, ask, cancelled, ask, outcome_unknown, ask, ask, open},
    /* cancelling */
    {cancelling, cancelling, filled, cancelling, outcome_unknown, cancelled, ask, outcome_unknown, ask, ask,
     cancelling},
    /* outcome_unknown */
    {open, open, filled, outcome_unknown, outcome_unknown, cancelled, rejected, outcome_unknown, rejected,
     cancelled, outcome_unknown},
    /* filled */
    {filled, filled, filled, ask, filled, ask, ask, filled, filled, filled, filled},
    /* cancelled */
    {cancelled, cancelled, filled, ask, cancelled, cancelled, cancelled, cancelled, cancelled, cancelled,
     cancelled},
    /* rejected */
    {ask, ask, ask, ask, rejected, cancelled, rejected, rejected, rejected, rejected, ask},
}};
static_assert(static_cast<std::size_t>(rejected) + 1 == order_state_count,
              "a state came or went: state its row above");
static_assert(static_cast<std::size_t>(duplicate) + 1 == order_signal_count,
              "a signal came or went: state its column above");

TEST(OrderLife, EveryPairIsStated) {
  std::size_t transitions = 0;
  for (std::size_t s = 0; s < order_state_count; ++s)
    for (std::size_t n = 0; n < order_signal_count; ++n) {
      EXPECT_EQ(after(static_cast<OrderState>(s), static_cast<OrderSignal>(n)), stated[s][n])
          << "state " << s << ", signal " << n;
      transitions += stated[s][n].has_value() ? 1 : 0;
    }
  EXPECT_EQ(transitions, life_of_an_order.size());
}

TEST(OrderLife, SilenceEndsNothingAndTheDeadStayDead) {
  for (std::size_t s = 0; s < order_state_count; ++s)
    for (std::size_t n = 0; n < order_signal_count; ++n) {
      const auto from = static_cast<OrderState>(s);
      const auto signal = static_cast<OrderSignal>(n);
      const auto to = after(from, signal);
      if (!to) continue;
      if (is_over(from)) {  // left only towards more fills, or because the venue calls a refusal a cancel
        EXPECT_TRUE(is_over(*to)) << s << ' ' << n;
        continue;
      }
      // Only the venue's own word, or proof, ends an order.
      EXPECT_EQ(is_over(*to), signal == all_filled || signal == cancel_done || signal == refused ||
                                  signal == proved_absent || signal == proved_gone)
          << s << ' ' << n;
    }
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
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-7"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-777"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-7-99999999999999999999"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "_7-1"}));
  EXPECT_FALSE(order_number(main, ClientOrderId{main.str() + "-7_1"}));
}

TEST(OrderId, TellsWhichRunMadeIt) {
  const AccountTag main = account_tag("main"), other = account_tag("other");
  EXPECT_EQ(origin_of(main, 7, order_id(main, 6, 1)), IdOrigin::earlier_run);
  EXPECT_EQ(origin_of(main, 7, order_id(main, 7, 1)), IdOrigin::this_run);
  EXPECT_EQ(origin_of(main, 7, order_id(main, 8, 1)), IdOrigin::later_run);
  EXPECT_EQ(origin_of(main, 7, order_id(other, 7, 1)), IdOrigin::stranger);
  EXPECT_EQ(origin_of(main, 7, {}), IdOrigin::stranger);
}

// Nobody but the RiskManager makes one.
static_assert(!std::is_default_constructible_v<Approved<PlaceOrder>>);
static_assert(!std::is_constructible_v<Approved<PlaceOrder>, PlaceOrder>);
static_assert(!std::is_convertible_v<PlaceOrder, Approved<PlaceOrder>>);
static_assert(!std::is_aggregate_v<Approved<PlaceOrder>>);
static_assert(!std::is_constructible_v<Approved<AmendOrder>, AmendOrder>);

}  // namespace
}  // namespace mlbot::core
