#include "shell/embedded_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/files/files.h"
#include "shell/markets.h"

namespace mlbot::shell {
namespace {

/// A market that was left longer ago than this goes on from here: enough to warm every feature but the
/// two-hour ones twice.
constexpr Duration catch_up_max = 2h + 30min;
constexpr Duration history_step = 10s;
/// Whole books stand in the recording this often, so that features can be warmed from the middle of it.
constexpr Duration whole_book_every = 1h;

}  // namespace

/// Writes what the market says into the journal; deaf once the bot itself listens.
class EmbeddedExchange::Recorder final : public sim::Listener {
 public:
  explicit Recorder(io::journal::JournalWriter& journal) : journal_{journal} {}

  void on_market(Instant at, const Event& event) override { write(at, event); }
  void on_account(sim::AccountId, Instant, const Event&) override {}
  void write(Instant at, const Event& event) {
    if (!listening || !error.empty()) return;
    if (const auto done = journal_.append(Stamped{journal_.last_sequence().next(), at, at, at, event}); !done)
      error = done.error().what;
    else
      ++events;
  }
  void write_books(const sim::Exchange& exchange) {
    for (const auto& instrument : exchange.instruments()) {
      const auto book = exchange.book(instrument.id, SIZE_MAX);
      write(exchange.now(), BookUpdate{instrument.id, UpdateKind::snapshot, book.update_id,
                                       book.cross_sequence, book.matched_at, book.bids, book.asks});
    }
  }
  bool listening = true;
  std::uint64_t events = 0;
  std::string error;

 private:
  io::journal::JournalWriter& journal_;
};

EmbeddedExchange::~EmbeddedExchange() = default;

Result<std::unique_ptr<EmbeddedExchange>, SourceError> EmbeddedExchange::prepare(
    const EmbeddedExchangeSetup& setup, io::journal::JournalWriter& journal,
    const std::function<void(Instant, Instant, Instant)>& progress) {
  const bool generated = is_made_up(setup.market);
  const bool first_start = setup.journal_until.ns == 0;
  if (!generated && !first_start)
    return std::unexpected{SourceError{fmt::format(
        "{} already holds a run; a recorded market starts in an empty state directory (--state-dir)",
        setup.state.root)}};
  const Duration history{static_cast<std::int64_t>(setup.history_hours * 3.6e12)};
  const Instant from =
      first_start ? setup.now - history : std::max(setup.journal_until, setup.now - catch_up_max);
  auto choice = choose_market(setup.market, setup.seed, from, {}, setup.fees);
  if (!choice) return std::unexpected{choice.error()};
  const Instant start = choice->start;
  const Instant until = generated ? setup.now : start + history;
  if (until >= choice->end)
    return std::unexpected{
        SourceError{fmt::format("the recorded market ends at {}, before the {} hours of history are over: "
                                "use a smaller --history-hours",
                                to_rfc3339(choice->end), setup.history_hours)}};

  std::unique_ptr<EmbeddedExchange> out{new EmbeddedExchange};
  out->state_ = setup.state;
  out->market_ = setup.market;
  out->instruments_ = choice->instruments;
  out->end_ = choice->end;
  out->account_ = make_api_account("main", fmt::format("{}:{}", setup.state.root, setup.now.ns),
                                   e8_from_double(setup.balance_usdt));
  out->recorder_ = std::make_unique<Recorder>(journal);
  out->server_ = std::make_unique<ExchangeServer>(
      ExchangeServerSetup{.exchange = {.instruments = choice->instruments,
                                       .start = start,
                                       .seed = setup.seed,
                                       .feed = {.more_depths = {1}}},  // the heartbeat of market links
                          .market = std::move(choice->market),
                          .accounts = {out->account_},
                          .speed = setup.speed,
                          .recorder = out->recorder_.get()});
  auto& exchange = out->server_->exchange();
  if (const auto saved = io::files::read_file(setup.state.exchange()); saved && generated) {
    if (const auto restored = exchange.restore(*saved, start); !restored)
      return std::unexpected{
          SourceError{fmt::format("{}: {}", setup.state.exchange(), restored.error().what)}};
  }
  for (const auto& instrument : out->instruments_)
    out->recorder_->write(start, InstrumentDefined{instrument});
  Instant whole_book_at = start + whole_book_every;
  for (Instant at = start; at < until;) {
    at = std::min(at + history_step, until);
    exchange.advance_to(at);
    if (at >= whole_book_at) {
      out->recorder_->write_books(exchange);
      whole_book_at = at + whole_book_every;
    }
    if (!out->recorder_->error.empty()) return std::unexpected{SourceError{out->recorder_->error}};
    progress(at, start, until);
  }
  if (const auto done = journal.sync(); !done) return std::unexpected{SourceError{done.error().what}};
  out->recorder_->listening = false;
  out->recorded_events_ = out->recorder_->events;
  return out;
}

std::string EmbeddedExchange::title() const {
  return fmt::format("simulated exchange, {} market", is_made_up(market_) ? market_ : "recorded");
}

Instant EmbeddedExchange::now() const { return open_ ? server_->clock().now() : server_->exchange().now(); }

Result<VenueAccess, StartError> EmbeddedExchange::open() {
  if (const auto started = server_->start(0); !started)
    return std::unexpected{StartError{ExitCode::network, started.error().what}};
  open_ = true;
  const auto endpoints = io::bybit::endpoints_of(fmt::format("sim:127.0.0.1:{}", server_->port()));
  MLBOT_ASSERT(endpoints);
  return VenueAccess{*endpoints, account_.key, account_.secret, server_->clock()};
}

VenueCounts EmbeddedExchange::counts() const {
  const auto counts = server_->counts();
  return {counts.frames_sent, counts.requests, counts.refusals};
}

void EmbeddedExchange::save_soon() {
  server_->post([path = state_.exchange()](sim::Exchange& exchange) {
    (void)io::files::write_file_atomically(path, exchange.save());
  });
}

void EmbeddedExchange::close() { server_->stop(); }

Result<void, StartError> EmbeddedExchange::save() {
  if (const auto done = io::files::write_file_atomically(state_.exchange(), server_->exchange().save());
      !done)
    return std::unexpected{StartError{ExitCode::data, done.error().what}};
  return {};
}

}  // namespace mlbot::shell
