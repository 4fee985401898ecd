#include "shell/operator_desk.h"

#include <fmt/format.h>

#include "domain/words.h"
#include "io/clock/clock.h"
#include "shell/state_word.h"

namespace mlbot::shell {
namespace {

bool is_stopping(OperatorVerb verb) {
  return verb != OperatorVerb::resume && verb != OperatorVerb::unlock && verb != OperatorVerb::loosen;
}

std::string answer_to(const OperatorCommand& wish) {
  switch (wish.verb) {
    case OperatorVerb::pause:
      return "pause: no entries, those that rest are taken back; it holds over restarts";
    case OperatorVerb::reduce:
      return "reduce: only orders that shrink a position; it holds over restarts";
    case OperatorVerb::cancel_all:
      return "cancel: every entry is taken back, stops stay; paused from here on";
    case OperatorVerb::flatten:
      return "flatten: entries go, positions are closed, then the stops; halted from here on";
    case OperatorVerb::kill:
      return "kill: entries go, positions are closed, then the stops; locked until `mlbot unlock`";
    case OperatorVerb::disconnect:
      return "disconnect: kill, then the links are closed, the key is dropped and the bot ends";
    case OperatorVerb::resume:
      return "resume: passed to the core, which resumes when the account agrees";
    case OperatorVerb::unlock:
      return "unlock: halted from here on; `mlbot resume` lets entries leave again";
    case OperatorVerb::loosen:
      return "loosen: the limits of the last configuration hold";
  }
  return "passed to the core";
}

}  // namespace

OperatorDesk::OperatorDesk(Setup setup)
    : setup_{std::move(setup)}, began_at_{io::clock::now()}, kill_file_{setup_.kill_file} {}

Result<Carried, std::string> OperatorDesk::carried() {
  if (const auto wish = kill_file_.standing(); wish && wish->verb == OperatorVerb::disconnect)
    return std::unexpected{fmt::format(
        "{} says disconnect{}{}: nothing starts while it stands. Remove it when the cause is gone; "
        "trading stays killed until `mlbot unlock`",
        kill_file_.path(), wish->cause.empty() ? "" : ", ", wish->cause.view())};
  const auto out = take_over_trading_state(setup_.state_file,
                                           [this](std::string_view text) { setup_.console->note(text); });
  state_.emplace(setup_.state_file, out);
  return out;
}

void OperatorDesk::begin(Duration beat_every) {
  if (const auto wish = kill_file_.look()) {
    setup_.console->note(fmt::format("{} says {}", kill_file_.path(), word(wish->verb)));
    setup_.push(*wish);
  }
  guard_ = std::make_unique<GuardLink>(
      *setup_.loop,
      GuardLink::Setup{
          .socket = setup_.guard_socket,
          .beat_every = beat_every,
          .last_sequence = setup_.last_sequence,
          .on_beat = [this](const GuardBeat& beat) { setup_.push(beat); },
          .note = [this](const std::string& what) { setup_.console->note(what); },
          .on_acted =
              [this](const BeatAnswer& told) {
                const auto what =
                    fmt::format("the guard cancelled {} and closed {} in {:.1f} s of silence", told.cancels,
                                told.closes, static_cast<double>(told.silence_ms) / 1000);
                setup_.console->note(what);
                // Positions went without our doing: a person looks before there are new ones.
                if (told.closes > 0)
                  setup_.push(OperatorCommand{
                      .verb = OperatorVerb::pause, .from = "guard", .cause = std::string_view{what}});
              },
          .wanted = setup_.settings->risk.guard_required != 0 || setup_.settings->mode == Mode::live});
  look();
}

/// Once a process: account and market are known, nothing is latched.
void OperatorDesk::tell_first_trading() {
  const auto state = setup_.overview().state;
  if (state != TradingState::active && state != TradingState::degraded) return;
  trading_told_ = true;
  setup_.console->note(fmt::format("{}: entries may leave, {:.2f} s after the start",
                                   state_word(state, setup_.settings->mode),
                                   static_cast<double>((io::clock::now() - began_at_).count()) * 1e-9));
}

void OperatorDesk::keep(const Carried& carried, Instant now) {
  if (!trading_told_) tell_first_trading();
  if (carried.state != latch_) {  // who saw the file may speak at once, and is judged by what it says
    latch_ = carried.state;
    const auto overview = setup_.overview();
    const std::lock_guard lock{mutex_};
    shown_ = overview;
  }
  if (const auto trouble = state_->keep(carried, now))
    setup_.console->note(*trouble + "; the state of trading is not kept over a restart");
}

void OperatorDesk::look() {
  if (const auto wish = kill_file_.look()) {
    setup_.console->note(fmt::format("{} says {}", kill_file_.path(), word(wish->verb)));
    setup_.push(*wish);
  }
  const auto overview = setup_.overview();
  if (overview.disconnect_due && !disconnects_) {
    disconnects_ = true;
    // The word for whoever starts this again, a supervisor perhaps.
    if (const auto trouble = kill_file_.write(OperatorVerb::disconnect, "an operator's disconnect"))
      setup_.console->note(*trouble);
  }
  const std::lock_guard lock{mutex_};
  shown_ = overview;
  if (!guard_) return;
  guard_shown_ = {.name = "guard",
                  .state = std::string{word(guard_->state())},
                  .detail = guard_->detail(),
                  .counters = {{"answers", guard_->answers()}},
                  .last_progress = {}};
}

void OperatorDesk::leave() {
  if (guard_) guard_->leave();
  guard_.reset();
}

io::web::OperatorAnswer OperatorDesk::judge(const OperatorCommand& wish) const {
  if (is_stopping(wish.verb)) return answer_to(wish);
  if (wish.verb != OperatorVerb::loosen && kill_file_.standing())
    return std::unexpected{kill_file_.path() + " stands: remove it first"};
  const std::lock_guard lock{mutex_};
  if (wish.verb == OperatorVerb::resume && shown_.state == TradingState::killed)
    return std::unexpected{"killed: `mlbot unlock --cause TEXT --confirm ACCOUNT` first, then resume"};
  if (wish.verb == OperatorVerb::unlock && shown_.state != TradingState::killed)
    return std::unexpected{"nothing is locked"};
  if (wish.verb == OperatorVerb::unlock && shown_.closing)
    return std::unexpected{"positions are still being closed; unlock when that is done"};
  return answer_to(wish);
}

io::web::ServiceView OperatorDesk::guard_view() const {
  const std::lock_guard lock{mutex_};
  return guard_shown_;
}

}  // namespace mlbot::shell
