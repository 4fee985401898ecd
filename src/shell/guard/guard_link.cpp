#include "shell/guard/guard_link.h"

#include <fmt/format.h>
#include <unistd.h>

namespace mlbot::shell {
namespace {

constexpr std::uint64_t unanswered_max = 4;  ///< beats without an answer until the guard counts as silent

}  // namespace

std::string_view word(GuardLink::State state) {
  switch (state) {
    case GuardLink::State::absent:
      return "absent";
    case GuardLink::State::present:
      return "running";
    case GuardLink::State::silent:
      return "silent";
  }
  return {};
}

GuardLink::GuardLink(io::net::EventLoop& loop, Setup setup) : loop_{loop}, setup_{std::move(setup)} {
  (void)own_build();  // reads the program once, before there is anything to be late for
  beat();
}

GuardLink::~GuardLink() { loop_.cancel(timer_); }

std::string GuardLink::detail() const {
  switch (state_) {
    case State::present:
      return trouble_.empty() ? "" : "it could not act: " + trouble_;
    case State::silent:
      return "it does not answer; entries wait until it does";
    case State::absent:
      break;
  }
  return setup_.socket + ": no guard listens; `mlbot guard` is one";
}

void GuardLink::leave() {
  if (!socket_) return;
  (void)socket_->send(to_message(Beat{.process = static_cast<std::uint64_t>(::getpid()),
                                      .number = ++number_,
                                      .sequence = setup_.last_sequence().number,
                                      .leaving = true}));
}

void GuardLink::beat() {
  timer_ = loop_.call_after(setup_.beat_every, [this] { beat(); });
  if (!socket_) {
    if (auto connected = io::net::LocalSocket::connect(setup_.socket)) {
      socket_.emplace(std::move(*connected));
      answered_ = number_;
    } else {
      if (setup_.wanted && !absence_told_) setup_.note("no guard listens: " + connected.error().what);
      absence_told_ = true;
      return;
    }
  }
  listen();
  if (!socket_) return;
  (void)socket_->send(to_message(Beat{.process = static_cast<std::uint64_t>(::getpid()),
                                      .number = ++number_,
                                      .sequence = setup_.last_sequence().number}));
  if (state_ == State::present && number_ - answered_ > unanswered_max) {
    state_ = State::silent;
    setup_.note("the guard does not answer any more");
    setup_.on_beat({});
  }
}

void GuardLink::listen() {
  std::optional<BeatAnswer> last;
  while (auto message = socket_->receive()) {
    auto answer = read_answer(*message);
    if (!answer) continue;
    ++answers_;
    if (answer->cancels + answer->closes > 0) setup_.on_acted(*answer);
    last = std::move(answer);
  }
  if (socket_->closed()) return lost();
  if (!last) return;
  answered_ = last->number;
  if (last->trouble != trouble_ && !last->trouble.empty()) setup_.note("the guard says: " + last->trouble);
  trouble_ = last->trouble;
  if (state_ != State::present) setup_.note("a guard listens at " + setup_.socket);
  state_ = State::present;
  // Ours first, once: a guard of another build is none of ours, and the core is who says so.
  if (!build_told_) setup_.on_beat({.present = true, .build = own_build()});
  build_told_ = true;
  setup_.on_beat({.present = true, .build = last->build});
}

void GuardLink::lost() {
  socket_.reset();
  if (state_ != State::absent) {
    setup_.note(fmt::format("the guard at {} is gone", setup_.socket));
    setup_.on_beat({});
  }
  state_ = State::absent;
}

}  // namespace mlbot::shell
