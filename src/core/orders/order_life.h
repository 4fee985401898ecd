// An order's life is a table: what state which news leads to. Where it stands is said here; how much of it is
// filled is counted beside it, from fills alone.
//
// A pair that is not in the table is odd: the order becomes outcome_unknown and the venue is asked. It never
// aborts, since what a venue sends is never impossible.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace mlbot::core {

enum class OrderState : std::uint8_t {
  in_flight,        ///< create sent, nothing heard
  open,             ///< the venue has it
  cancelling,       ///< cancel sent; still counted as open
  outcome_unknown,  ///< silence or contradiction: counted at its worst until the venue's evidence ends it
  filled,
  cancelled,  ///< may have fills
  rejected,   ///< never was at the venue
};
inline constexpr std::size_t order_state_count = 7;

enum class OrderSignal : std::uint8_t {
  accepted,  ///< answer or news: it is there
  part_filled,
  all_filled,
  cancel_sent,     ///< ours
  cancel_refused,  ///< too late, or no such order
  cancel_done,
  refused,        ///< the create was turned down
  no_answer,      ///< silence is not a no
  proved_absent,  ///< asked after the signed window had closed, and nothing was found
  proved_gone,    ///< the venue had it, and no list that is young enough shows it any more
  duplicate,      ///< the create was turned down because its id was used: so one did arrive
};
inline constexpr std::size_t order_signal_count = 11;

struct Step {
  OrderState from;
  OrderSignal signal;
  OrderState to;
};

inline constexpr auto life_of_an_order = [] {
  using enum OrderState;
  using enum OrderSignal;
  return std::array{
      Step{in_flight, accepted, open},
      Step{in_flight, part_filled, open},  // news may overtake the answer
      Step{in_flight, all_filled, filled},
      Step{in_flight, cancel_sent, cancelling},
      Step{in_flight, cancel_done, cancelled},  // post-only that would have traded, IOC that found nothing
      Step{in_flight, refused, rejected},
      Step{in_flight, no_answer, outcome_unknown},
      Step{in_flight, duplicate, outcome_unknown},  // it is there, or was: where it stands must be asked

      Step{open, accepted, open},
      Step{open, part_filled, open},
      Step{open, all_filled, filled},
      Step{open, cancel_sent, cancelling},
      Step{open, cancel_done, cancelled},
      Step{open, no_answer, outcome_unknown},  // an amend, or an answer that no news confirmed
      Step{open, duplicate, open},             // what we knew

      Step{cancelling, accepted, cancelling},
      Step{cancelling, part_filled, cancelling},
      Step{cancelling, all_filled, filled},  // the cancel lost the race
      Step{cancelling, cancel_sent, cancelling},
      Step{cancelling, cancel_refused, outcome_unknown},  // filled, gone or not there yet: ask
      Step{cancelling, cancel_done, cancelled},
      Step{cancelling, no_answer, outcome_unknown},
      Step{cancelling, duplicate, cancelling},

      Step{outcome_unknown, accepted, open},
      Step{outcome_unknown, part_filled, open},
      Step{outcome_unknown, all_filled, filled},
      Step{outcome_unknown, cancel_sent, outcome_unknown},  // a cancel proves nothing by being sent
      Step{outcome_unknown, cancel_refused, outcome_unknown},
      Step{outcome_unknown, cancel_done, cancelled},
      Step{outcome_unknown, refused, rejected},
      Step{outcome_unknown, no_answer, outcome_unknown},
      Step{outcome_unknown, proved_absent, rejected},
      Step{outcome_unknown, proved_gone, cancelled},  // how it ended nobody tells; its fills are executions
      Step{outcome_unknown, duplicate, outcome_unknown},

      Step{filled, accepted, filled},  // the answer comes last
      Step{filled, part_filled, filled},
      Step{filled, all_filled, filled},  // Filled comes twice after a lost cancel race
      Step{filled, cancel_refused, filled},
      Step{filled, no_answer, filled},
      Step{filled, proved_absent, filled},  // the venue's history lags
      Step{filled, proved_gone, filled},
      Step{filled, duplicate, filled},

      Step{cancelled, accepted, cancelled},
      Step{cancelled, part_filled, cancelled},  // late, rare, legal, and ours to count
      Step{cancelled, all_filled, filled},
      Step{cancelled, cancel_refused, cancelled},
      Step{cancelled, cancel_done, cancelled},
      Step{cancelled, refused, cancelled},
      Step{cancelled, no_answer, cancelled},
      Step{cancelled, proved_absent, cancelled},  // a cancelled order without fills vanishes from the lists
      Step{cancelled, proved_gone, cancelled},
      Step{cancelled, duplicate, cancelled},

      Step{rejected, cancel_refused, rejected},
      Step{rejected, cancel_done, cancelled},  // a refused post-only is told either way
      Step{rejected, refused, rejected},
      Step{rejected, no_answer, rejected},
      Step{rejected, proved_absent, rejected},
      Step{rejected, proved_gone, rejected},
  };
}();

namespace detail {
inline constexpr auto life_lookup = [] {
  std::array<std::array<std::int8_t, order_signal_count>, order_state_count> table;
  for (auto& row : table) row.fill(-1);
  for (const Step& step : life_of_an_order) {
    auto& cell = table[static_cast<std::size_t>(step.from)][static_cast<std::size_t>(step.signal)];
    if (cell != -1) throw "a pair stands in the table twice";  // at compile time only
    cell = static_cast<std::int8_t>(step.to);
  }
  return table;
}();
}  // namespace detail

/// Nothing for a pair that the table does not know: ask the venue.
constexpr std::optional<OrderState> after(OrderState state, OrderSignal signal) {
  const std::int8_t to =
      detail::life_lookup[static_cast<std::size_t>(state)][static_cast<std::size_t>(signal)];
  if (to < 0) return std::nullopt;
  return static_cast<OrderState>(to);
}

constexpr bool is_over(OrderState state) {
  return state == OrderState::filled || state == OrderState::cancelled || state == OrderState::rejected;
}

}  // namespace mlbot::core
