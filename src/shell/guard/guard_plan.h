// From a look at the account to what the guard does now: entries first, then the policy, stops last.
//
// Never more than is held, never anything while the bot is present. What was sent is judged by the next look
// alone; a close that did not fill is sent again, further from the market. Threads, clock: none.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "shell/guard/account_look.h"
#include "shell/guard/silence_watch.h"

namespace mlbot::shell {

/// What becomes of positions that nobody looks after.
enum class SilencePolicy {
  hold,    ///< they keep the stops that the venue holds
  reduce,  ///< half of each is closed, once
  flatten
};
std::string_view word(SilencePolicy policy);
std::optional<SilencePolicy> policy_from(std::string_view text);

struct GuardActs {
  struct Close {
    HeldPosition position;
    Lots size;           ///< > 0, at most what is held
    int collar_bps = 0;  ///< how far from the mark it may fill; 0 however far
  };
  std::vector<RestingOrder> cancel;
  std::vector<Close> close;
  std::vector<FlatSymbol> stops_off;
  bool nothing() const { return cancel.empty() && close.empty() && stops_off.empty(); }
};

class GuardPlan {
 public:
  explicit GuardPlan(SilencePolicy policy) : policy_{policy} {}

  GuardActs next(Presence presence, const AccountLook& look);
  /// The bot is back: what was begun is its own again.
  void forget();

 private:
  using Place = std::pair<SymbolId, std::uint8_t>;
  struct Work {
    Lots target;  ///< of the absolute size
    int attempts = 0;
    bool cleared = false;  ///< orders that stood in the way were taken back
  };
  SilencePolicy policy_;
  std::map<Place, Work> work_;
  FlatProof proof_;
};

}  // namespace mlbot::shell
