// In which kind of world a planted bug is hunted. Most show themselves in any world; some need a situation
// that is rare where everything strikes at its natural rate, and have a world that is made of it. An aimed
// world must hold without the bug like any other.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shell/simulate/aim.h"

namespace mlbot::shell::simulate {

inline const std::vector<Aim>& planted_aims() {
  using enum FaultKind;
  static const std::vector<Aim> aims{
      {.name = "limits of one order", .faults = {}, .symbols = 4, .order_limit = 0.6, .max_open_orders = 1},
      {.name = "limits of one symbol", .faults = {}, .symbol_limit = 0.6},
      {.name = "a tight account", .faults = {}, .symbols = 4, .total_limit = 1.4},
      {.name = "bad answers",
       .faults = {{bad_http, 0.1}, {lost_answer, 0.05}, {timeout_code, 0.05}},
       .symbols = 3,
       .order_socket = false},
      {.name = "a torn order socket",
       .faults = {{reset, 600}, {clog, 600}, {late_request, 0.1}},
       .symbols = 4,
       .order_socket = true},
      {.name = "late requests",
       .faults = {{late_request, 0.2}, {operator_pause, 200}, {operator_cancel, 100}},
       .symbols = 3,
       .order_socket = false},
      {.name =
           "deaths",  // a life that began a moment ago does not trade, and what the last one left is alone
       .faults = {{crash, 40}, {crash_at_point, 0.008}, {power_cut, 0.3}},
       .acts_per_s = 0.9,
       .features_missing_max = 60,
       .quick_restart = true},
      {.name = "power cuts",  // an order is there and its record is not: only the account's list tells of it
       .faults = {{crash, 40}, {crash_at_point, 0.02}, {power_cut, 1}},
       .symbols = 4,
       .acts_per_s = 0.7,
       .quick_restart = true},
      {.name = "gaps", .faults = {{dropped_delta, 0.003}}},
      {.name = "bad starts", .faults = {{crash, 100}, {lost_request, 0.2}, {late_request, 0.2}}},
      {.name = "forced exits", .faults = {{forced_exit, 200}}},
      {.name = "humans", .faults = {{human_trade, 200}, {human_order, 60}, {late_request, 0.1}}},
      {.name = "stops taken away", .faults = {{human_order, 120}}, .symbols = 1},
      {.name = "bans", .faults = {{ip_ban, 40}}},
      {.name = "torn links", .faults = {{reset, 600}, {half_open, 30}, {lost_answer, 0.1}}},
      {.name = "restarted feeds", .faults = {{feed_restart, 200}}},
      {.name = "silent markets", .faults = {{market_silence, 120}}, .symbols = 3},
      {.name = "operators",
       .faults = {{operator_pause, 60}, {operator_reduce, 60}, {operator_cancel, 60}, {operator_kill, 30}}},
  };
  return aims;
}

/// By bug; one that is not here is hunted in any world.
inline const std::map<std::string, std::string_view, std::less<>>& aim_of_bug() {
  static const std::map<std::string, std::string_view, std::less<>> aims{
      {"a_cancel_overtakes_its_create", "late requests"},
      {"a_lost_order_socket_is_a_no", "a torn order socket"},
      {"a_page_of_html_is_a_no", "bad answers"},
      {"a_part_fill_ends_the_order", "a tight account"},
      {"a_question_forgets_the_fills", "torn links"},
      {"a_server_fault_is_a_no", "bad answers"},
      {"a_stop_on_the_wrong_side", "humans"},
      {"a_stop_that_is_too_far", "humans"},
      {"a_symbol_without_a_limit", "limits of one symbol"},
      {"a_timeout_code_is_a_no", "bad answers"},
      {"a_transport_fault_is_a_no", "bad answers"},
      {"adopt_old_fills_again", "deaths"},
      {"an_account_without_a_limit", "a tight account"},
      {"an_account_without_orders", "power cuts"},
      {"an_entry_waits_as_long_as_it_must", "late requests"},
      {"an_order_of_any_size", "limits of one order"},
      {"as_many_orders_as_may_be", "limits of one order"},
      {"believe_an_account_whose_link_is_down", "torn links"},
      {"drop_the_stop_on_cancel_all", "late requests"},
      {"enter_before_the_account_is_known", "torn links"},
      {"enter_in_any_state", "operators"},
      {"enter_on_any_book", "silent markets"},
      {"enter_over_an_unknown_order", "bad answers"},
      {"forget_carried_intents", "deaths"},
      {"forget_deleveraging", "forced exits"},
      {"forget_exposure_being_cancelled", "late requests"},
      {"forget_unknown_exposure", "bad answers"},
      {"give_an_answer_to_the_wrong_order", "a torn order socket"},
      {"go_on_after_403", "bans"},
      {"ignore_a_restarted_book", "restarted feeds"},
      {"leave_orders_of_earlier_lives", "deaths"},
      {"never_ask_for_a_book", "gaps"},
      {"never_hear_of_positions", "a tight account"},
      {"never_look_after_a_stop", "stops taken away"},
      {"never_say_that_a_stream_is_lost", "torn links"},
      {"never_subscribe_anew", "gaps"},
      {"no_position_is_ever_turned", "humans"},
      {"no_rule_at_all", "limits of one order"},
      {"sign_before_the_clock_is_known", "bad starts"},
      {"step_over_a_gap", "gaps"},
      {"take_a_stop_for_an_order", "limits of one order"},
      {"take_the_heartbeat_for_the_book", "silent markets"},
      {"treat_silence_as_a_reject", "bad answers"},
      {"trust_not_found_at_once", "late requests"},
  };
  return aims;
}

/// nullptr for any world.
inline const Aim* aim_for(std::string_view bug) {
  const auto name = aim_of_bug().find(bug);
  if (name == aim_of_bug().end()) return nullptr;
  for (const Aim& aim : planted_aims())
    if (aim.name == name->second) return &aim;
  return nullptr;
}

}  // namespace mlbot::shell::simulate
