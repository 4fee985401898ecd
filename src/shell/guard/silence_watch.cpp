#include "shell/guard/silence_watch.h"

namespace mlbot::shell {

std::string_view word(Presence presence) {
  switch (presence) {
    case Presence::nobody:
      return "nobody";
    case Presence::present:
      return "present";
    case Presence::silent:
      return "silent";
    case Presence::abandoned:
      return "abandoned";
  }
  return {};
}

Presence SilenceWatch::at(Instant now) const {
  if (!heard_at_) return Presence::nobody;
  const Duration silence = now - *heard_at_;
  if (silence >= limits_.act_after) return Presence::abandoned;
  return silence >= limits_.cancel_after ? Presence::silent : Presence::present;
}

}  // namespace mlbot::shell
