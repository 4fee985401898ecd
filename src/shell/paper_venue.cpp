#include "shell/paper_venue.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/record.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "sim/replayed_market.h"

namespace mlbot::shell {

/// Public events on their way into the exchange, each as its own bytes.
struct PaperVenue::Feed {
  std::deque<std::string> waiting;
  std::string taken;
  RecordScratch scratch;
  Stamped event;

  const Stamped* next() {
    if (waiting.empty()) return nullptr;
    taken = std::move(waiting.front());
    waiting.pop_front();
    const auto record = decode(taken, scratch);
    MLBOT_ASSERT(record && std::holds_alternative<Stamped>(*record));
    event = std::get<Stamped>(*record);
    return &event;
  }
};

PaperVenue::PaperVenue(Setup setup)
    : setup_{std::move(setup)},
      clock_{io::clock::now(), io::clock::now(), 1},
      feed_{std::make_shared<Feed>()} {}

PaperVenue::~PaperVenue() {
  if (timer_ != 0) setup_.loop->cancel(timer_);
}

std::string PaperVenue::title() const { return setup_.environment + ", public market, simulated fills"; }

Result<VenueAccess, StartError> PaperVenue::open() { return VenueAccess{setup_.endpoints, {}, {}, clock_}; }

Result<void, StartError> PaperVenue::begin(const std::vector<Instrument>& instruments, Tell tell) {
  tell_ = std::move(tell);
  const Instant start = clock_.now();
  // Nobody reads this exchange's own public feed.
  const sim::FeedSettings quiet{.book_interval_min = 1h,
                                .book_interval_max = 1h,
                                .ticker_interval_min = 1h,
                                .ticker_interval_max = 1h,
                                .kline_interval = 1h,
                                .liquidation_interval = 1h,
                                .account_delay = 0ns};
  exchange_ = std::make_unique<sim::Exchange>(
      sim::ExchangeSetup{.instruments = instruments, .start = start, .feed = quiet},
      sim::make_replayed_market([feed = feed_] { return feed->next(); }, 0ns), this);
  if (const auto saved = io::files::read_file(setup_.state_file)) {
    if (const auto restored = exchange_->restore(*saved, start); !restored)
      return std::unexpected{
          StartError{ExitCode::data, fmt::format("{}: {}", setup_.state_file, restored.error().what)}};
  }
  const auto account = exchange_->open_account(this->account(), setup_.balance);
  desk_.emplace(*exchange_, account, [this](const Event& event) { deliver(event); });
  for (const auto link : {Link::account, Link::orders}) tell_(LinkChanged{link, LinkState::live}, {});
  return {};
}

void PaperVenue::heard(const Event& event) {
  if (!exchange_) return;
  const auto now = clock_.now();
  encode(Stamped{{}, now, now, now, event}, feed_->waiting.emplace_back());
  turn();
}

bool PaperVenue::carry_out(const Command& command) {
  if (std::holds_alternative<ResubscribeBook>(command)) return false;  // the public stream's
  arriving_.emplace_back(clock_.now() + setup_.latency, command);
  arm();
  return true;
}

void PaperVenue::on_account(sim::AccountId, Instant, const Event& event) { deliver(event); }

void PaperVenue::deliver(const Event& event) {
  const auto now = exchange_->now();
  encode(Stamped{{}, now, now, now, event},
         deliveries_.emplace_back(now + setup_.latency, std::string{}).bytes);
}

void PaperVenue::turn() {
  const auto now = clock_.now();
  while (!arriving_.empty() && arriving_.front().first <= now) {
    exchange_->advance_to(std::max(arriving_.front().first, exchange_->now()));
    const auto command = arriving_.front().second;
    arriving_.pop_front();
    desk_->carry_out(command);
  }
  exchange_->advance_to(std::max(now, exchange_->now()));
  while (!deliveries_.empty() && deliveries_.front().due <= now) {
    const auto delivery = std::move(deliveries_.front());
    deliveries_.pop_front();
    const auto record = decode(delivery.bytes, scratch_);
    MLBOT_ASSERT(record && std::holds_alternative<Stamped>(*record));
    const auto& event = std::get<Stamped>(*record);
    tell_(event.what, event.venue_time);
  }
  arm();
}

void PaperVenue::arm() {
  if (timer_ != 0) setup_.loop->cancel(timer_);
  timer_ = 0;
  Instant next = exchange_->next_event_at();
  if (!arriving_.empty()) next = std::min(next, arriving_.front().first);
  if (!deliveries_.empty()) next = std::min(next, deliveries_.front().due);
  if (next == distant_future) return;
  timer_ = setup_.loop->call_after(std::max(next - clock_.now(), Duration{0}), [this] {
    timer_ = 0;
    turn();
  });
}

void PaperVenue::save_soon() { (void)save(); }

Result<void, StartError> PaperVenue::save() {
  if (!exchange_) return {};
  if (const auto done = io::files::write_file_atomically(setup_.state_file, exchange_->save()); !done)
    return std::unexpected{StartError{ExitCode::data, done.error().what}};
  return {};
}

}  // namespace mlbot::shell
