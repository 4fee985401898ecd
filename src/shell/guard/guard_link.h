// The bot's end of the heartbeat: it beats, and says when it is heard, when it was missed and what was done.
//
// Everything happens on the loop's thread, which is the one that trades: a loop that hangs is a silence.
// Nothing here waits: a guard that does not read costs a failed send.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "domain/event.h"
#include "io/net/event_loop.h"
#include "io/net/local_socket.h"
#include "shell/guard/beat.h"

namespace mlbot::shell {

class GuardLink {
 public:
  struct Setup {
    std::string socket;
    Duration beat_every = 250ms;  ///< of wall time
    std::function<Sequence()> last_sequence;
    std::function<void(const GuardBeat&)> on_beat;
    /// A guard came or went, or acted; for people.
    std::function<void(const std::string&)> note;
    /// What a guard did while we were silent, once.
    std::function<void(const BeatAnswer&)> on_acted;
    bool wanted = false;  ///< its absence is worth a note
  };
  enum class State { absent, present, silent };

  GuardLink(io::net::EventLoop& loop, Setup setup);
  ~GuardLink();
  GuardLink(const GuardLink&) = delete;
  GuardLink& operator=(const GuardLink&) = delete;

  /// The last beat: we go in good order.
  void leave();
  State state() const { return state_; }
  /// For a line on a screen: what to do, or what the guard complains of.
  std::string detail() const;
  std::uint64_t answers() const { return answers_; }

 private:
  void beat();
  void listen();
  void lost();

  io::net::EventLoop& loop_;
  Setup setup_;
  io::net::TimerId timer_ = 0;
  std::optional<io::net::LocalSocket> socket_;
  State state_ = State::absent;
  std::uint64_t number_ = 0, answers_ = 0, answered_ = 0;
  bool absence_told_ = false, build_told_ = false;
  std::string trouble_;
};
std::string_view word(GuardLink::State state);

}  // namespace mlbot::shell
