#include "shell/live_source.h"

#include <algorithm>

#include "domain/own_views.h"
#include "io/clock/clock.h"

namespace mlbot::shell {
namespace {

constexpr Duration turn_limit = 20ms;
constexpr Duration sync_period = 50ms;

}  // namespace

LiveSource::LiveSource(io::net::EventLoop& loop, io::clock::PacedClock clock,
                       io::journal::JournalWriter& journal)
    : loop_{loop}, clock_{clock}, journal_{journal}, synced_at_{io::clock::now()} {}

void LiveSource::frame(Link link, std::string_view bytes) {
  if (const auto kept = journal_.append_raw_frame(clock_.now(), link, bytes); !kept && error_.empty())
    error_ = kept.error().what;
}

void LiveSource::push(const Event& event, Instant venue_time) {
  if (waiting_ == slots_.size()) slots_.emplace_back();
  auto& slot = slots_[waiting_++];
  slot.event = {{}, {}, clock_.now(), venue_time, event};
  own_views(slot.event.what, slot.scratch);
}

void LiveSource::ask(const OperatorCommand& command) {
  loop_.post([this, command] { push(command, {}); });
}

void LiveSource::stop() {
  stopping_ = true;
  loop_.post([] {});  // ends a wait
}

const Stamped* LiveSource::emit(Stamped& event) {
  event.sequence = journal_.last_sequence().next();
  event.at = last_at_ = std::max(event.received_at, last_at_);
  auto written = journal_.append(event);
  if (written) written = journal_.flush();
  if (!written) {
    error_ = written.error().what;
    return nullptr;
  }
  return &event;
}

bool LiveSource::sync_when_due() {
  const auto now = io::clock::now();
  if (now - synced_at_ < sync_period) return true;
  synced_at_ = now;
  if (on_idle) on_idle();
  if (const auto synced = journal_.sync_soon(); !synced) {
    error_ = synced.error().what;
    return false;
  }
  return true;
}

const Stamped* LiveSource::next(Instant wakeup) {
  while (error_.empty()) {
    if (taken_ < waiting_) {
      auto& slot = slots_[taken_];
      if (wakeup > slot.event.received_at) {
        ++taken_;
        return emit(slot.event);
      }
    } else {
      taken_ = waiting_ = 0;
    }
    const auto now = clock_.now();
    if (now >= end_) break;
    if (wakeup <= now) {
      timer_ = {{}, {}, now, {}, TimerFired{wakeup}};
      return emit(timer_);
    }
    if (stopping_ || !sync_when_due()) break;
    loop_.run_one(std::min(clock_.wall_time(wakeup - now), turn_limit));
  }
  return nullptr;
}

}  // namespace mlbot::shell
