#include "shell/simulate/drill.h"

#include <algorithm>

namespace mlbot::shell::simulate {
namespace {

constexpr Duration impairment = 60s, short_while = 5s, hang = 4s;
constexpr Duration broken_before_kill = 1s;
constexpr Duration stop_news = 1s;  ///< a stop follows its fill within this (I8)

constexpr std::array<std::string_view, broken_state_count> names{"healthy",
                                                                 "market_link_silent",
                                                                 "account_link_silent",
                                                                 "order_socket_parted",
                                                                 "rest_parted",
                                                                 "banned",
                                                                 "venue_away",
                                                                 "key_refused",
                                                                 "contract_halted",
                                                                 "disk_full",
                                                                 "disk_slow",
                                                                 "core_hung",
                                                                 "process_dead",
                                                                 "clock_off"};

}  // namespace

std::string_view to_string(BrokenState state) { return names[static_cast<std::size_t>(state)]; }

bool DrillWatch::holds_something() const { return !flat(); }

bool DrillWatch::flat() const {
  return std::ranges::all_of(scene_.exchange.instruments(), [&](const Instrument& instrument) {
    return scene_.exchange.position(scene_.account, instrument.id).size.count == 0;
  });
}

std::size_t DrillWatch::entries() const {
  const auto orders = scene_.exchange.open_orders(scene_.account);
  return static_cast<std::size_t>(std::ranges::count_if(orders, [](const sim::OrderRow& order) {
    return order.stop == sim::StopKind::none && !order.reduce_only;
  }));
}

bool DrillWatch::protected_by_stops() const {
  return std::ranges::all_of(scene_.exchange.instruments(), [&](const Instrument& instrument) {
    const auto row = scene_.exchange.position(scene_.account, instrument.id);
    return row.size.count == 0 || row.stop_loss.count != 0;
  });
}

void DrillWatch::break_it(Bot& bot) {
  const Instant now = scene_.scheduler.now(), until = now + impairment, soon = now + short_while;
  // What it may not do while it cannot know better is the auditor's to judge, as in any world.
  if (state_ != BrokenState::healthy) scene_.auditor.impaired(until);
  switch (state_) {
    case BrokenState::healthy:
    case BrokenState::clock_off:  // since the start
      return;
    case BrokenState::market_link_silent:
      return scene_.network.mute(Line::market, until);
    case BrokenState::account_link_silent:
      return scene_.network.mute(Line::account, until);
    case BrokenState::order_socket_parted:
      return scene_.network.part(Line::orders, 3, until);
    case BrokenState::rest_parted:
      return scene_.network.part(Line::rest, 3, soon);
    case BrokenState::banned:
      return scene_.network.ban(now + std::chrono::minutes{10});
    case BrokenState::venue_away:
      return scene_.network.take_venue_down(soon);
    case BrokenState::key_refused:
      return scene_.network.refuse_key(soon);
    case BrokenState::contract_halted:
      for (const auto& instrument : scene_.exchange.instruments())
        scene_.exchange.set_live(instrument.id, false);
      return scene_.scheduler.at(soon, [exchange = &scene_.exchange] {
        for (const auto& instrument : exchange->instruments()) exchange->set_live(instrument.id, true);
      });
    case BrokenState::disk_full:
      return scene_.disk.fill_until(until);
    case BrokenState::disk_slow:
      return scene_.disk.slow_until(until);
    case BrokenState::core_hung:
      return bot.stall(now + hang, false);
    case BrokenState::process_dead:
      return bot.die(BotEnd::crashed, "a drill");
  }
}

void DrillWatch::look(Bot* bot) {
  if (over_) return;
  const Instant now = scene_.scheduler.now();
  if (phase_ == Phase::waiting) {
    if (bot == nullptr || !bot->trades() || !holds_something() || !protected_by_stops()) return;
    if (now == looked_at_) return;
    result_.began = true;
    break_it(*bot);
    phase_ = Phase::broken;
    kill_at_ = now + broken_before_kill;
    return scene_.scheduler.at(kill_at_, [] {});  // so that somebody looks then
  }
  if (phase_ == Phase::broken) {
    if (now < kill_at_) return;
    phase_ = Phase::killed;
    result_.entries_at_kill = entries();
  }
  // A word to a process that is not there is left for the next one, as state/KILL is.
  if (!asked_ && bot != nullptr && bot->trades()) {
    bot->ask(OperatorVerb::kill, "a drill");
    asked_ = true;
  }
  looked_at_ = now;
  if (const auto heard = scene_.auditor.killed_at(); heard && !result_.to_heard)
    result_.to_heard = std::max(Duration{0}, *heard - kill_at_);
  result_.to_no_send = std::max(Duration{0}, scene_.auditor.last_entry_sent() - kill_at_);
  if (!result_.to_no_entry && entries() == 0) result_.to_no_entry = now - kill_at_;
  if (protected_by_stops())
    bare_since_.reset();
  else if (!bare_since_)
    bare_since_ = now;
  if (bare_since_ && now - *bare_since_ > stop_news) result_.stop_missing = true;
  if (flat() && asked_ && result_.to_heard && !result_.to_flat) {
    result_.to_flat = now - kill_at_;
    over_ = result_.to_no_entry.has_value();
  }
  over_ = over_ || (result_.to_flat && result_.to_no_entry);
}

}  // namespace mlbot::shell::simulate
