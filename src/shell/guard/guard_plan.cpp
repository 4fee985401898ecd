#include "shell/guard/guard_plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mlbot::shell {
namespace {

/// One step further with each attempt; the last one stands for all that follow.
constexpr std::array collars_bps{50, 100, 200, 0};

}  // namespace

std::string_view word(SilencePolicy policy) {
  switch (policy) {
    case SilencePolicy::hold:
      return "hold";
    case SilencePolicy::reduce:
      return "reduce";
    case SilencePolicy::flatten:
      return "flatten";
  }
  return {};
}

std::optional<SilencePolicy> policy_from(std::string_view text) {
  for (const auto policy : {SilencePolicy::hold, SilencePolicy::reduce, SilencePolicy::flatten})
    if (word(policy) == text) return policy;
  return std::nullopt;
}

GuardActs GuardPlan::next(Presence presence, const AccountLook& look) {
  GuardActs acts;
  if (presence != Presence::silent && presence != Presence::abandoned) return acts;
  acts.cancel = look.entries();
  if (presence != Presence::abandoned || policy_ == SilencePolicy::hold) return acts;
  proof_.see(look);
  for (const HeldPosition& held : look.held()) {
    const Lots size = absolute(held.size());
    const Lots kept{policy_ == SilencePolicy::reduce ? size.count / 2 : 0};
    auto& work = work_.try_emplace(Place{held.symbol(), held.index()}, Work{.target = kept}).first->second;
    if (size <= work.target) continue;
    bool in_the_way = false;
    for (const RestingOrder& exit : look.exits()) {
      if (exit.symbol() != held.symbol()) continue;
      in_the_way = true;
      acts.cancel.push_back(exit);
    }
    // What rests takes up what may be closed: first it goes, and is not waited for twice.
    if (in_the_way && !std::exchange(work.cleared, true)) continue;
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(work.attempts), collars_bps.size() - 1);
    acts.close.push_back({held, size - work.target, collars_bps[step]});
    ++work.attempts;
  }
  for (const FlatSymbol& flat : proof_.proved())
    if (look.with_stops().contains(flat.symbol())) acts.stops_off.push_back(flat);
  return acts;
}

void GuardPlan::forget() {
  work_.clear();
  proof_.forget();
}

}  // namespace mlbot::shell
