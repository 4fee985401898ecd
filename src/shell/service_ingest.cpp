// `mlbot service ingest`: what the venue's public stream says, stamped, journaled, and then put on the bus.
//
// The only stage with a market link, and the only writer of the journal that all others refill from. It also
// keeps the books' chains of updates, because it alone can ask for a new snapshot. A market that was recorded
// (--from-journal) takes the same way under its recorded sequences.
#include <fmt/format.h>

#include <thread>

#include "core/features/feature_hub.h"
#include "core/intake/ingestor.h"
#include "io/bus/streams.h"
#include "io/clock/clock.h"
#include "io/journal/journal.h"
#include "shell/history_source.h"
#include "shell/journal_options.h"
#include "shell/journal_source.h"
#include "shell/market_links.h"
#include "shell/origins.h"
#include "shell/service_host.h"
#include "shell/topology/indexed_publisher.h"
#include "shell/topology/places.h"

namespace mlbot::shell {
namespace {

using io::journal::JournalReader;
using io::journal::JournalWriter;

constexpr std::size_t book_depth = 200;
/// Of what was journaled last, how much is put on the bus again at a start: what was in flight at the end.
constexpr std::uint64_t repeated_events = 2'000;
constexpr std::uint64_t republished_max = 500'000;
/// A recorded market that runs free waits while so much is on its way to Redis.
constexpr std::uint64_t in_flight_max = 20'000;

/// Puts journaled events on the bus, each where it belongs.
class MarketPublisher {
 public:
  MarketPublisher(ServiceHost& host, Sequence told)
      : host_{host}, out_{host.bus(), io::bus::stream_name(io::bus::StreamKind::control, {}), told} {}

  void take(const Stamped& event) {
    const StreamPlace place{event.sequence, place_of(event.what)};
    if (const auto* defined = std::get_if<InstrumentDefined>(&event.what)) {
      const auto& instrument = defined->instrument;
      if (names_.size() <= instrument.id.index) names_.resize(instrument.id.index + std::size_t{1});
      names_[instrument.id.index] = io::bus::stream_name(io::bus::StreamKind::market, instrument.name.view());
    }
    if (place.stream == StreamPlace::control_stream)
      out_.publish(io::bus::stream_name(io::bus::StreamKind::control, {}), place, event);
    else if (place.stream < names_.size())
      out_.publish(names_[place.stream], place, event);
    else
      out_.skip({place.sequence, StreamPlace::no_stream});
    out_.pass(event.sequence, event.at);
    if (out_.full()) out_.tell();
    host_.work().add();
  }
  void tell() { out_.tell(); }
  /// Before the run: names only.
  void learn(const Instrument& instrument) {
    if (names_.size() <= instrument.id.index) names_.resize(instrument.id.index + std::size_t{1});
    names_[instrument.id.index] = io::bus::stream_name(io::bus::StreamKind::market, instrument.name.view());
  }

 private:
  ServiceHost& host_;
  IndexedPublisher out_;
  std::vector<std::string> names_;
};

class IngestService {
 public:
  explicit IngestService(ServiceHost& host) : host_{host} {}

  /// @param heard_before  what is put in was recorded, by whomever
  Result<void, StartError> open(bool heard_before) {
    auto opened = JournalWriter::open(host_.state().journal(), journal_options(host_.config()));
    if (!opened)
      return std::unexpected{StartError{
          opened.error().fault == io::journal::JournalFault::locked ? ExitCode::refused : ExitCode::data,
          opened.error().what}};
    journal_ = std::move(*opened);
    const auto source = heard_before ? "archive" : source_of_market(host_.config().venue, "generated");
    if (const auto noted = note_origin(host_.state().origins(), journal_->last_sequence().next(), source);
        !noted)
      return std::unexpected{StartError{ExitCode::data, noted.error()}};
    if (journal_->recovery().cut_bytes > 0)
      host_.console().note(
          fmt::format("journal: {} bytes of a torn record were cut off", journal_->recovery().cut_bytes));
    return put_back();
  }

  ExitCode live();
  ExitCode recorded(const ServiceOptions& options);

 private:
  /// What was journaled before the last end and may not have reached the bus.
  Result<void, StartError> put_back() {
    const Sequence end = journal_->last_sequence();
    const auto run = read_market_run(market_run_file(host_.state().root), host_.state().journal());
    if (!run) {  // the first start
      publisher_.emplace(host_, end);
      return {};
    }
    const auto told = host_.bus().last(io::bus::stream_name(io::bus::StreamKind::control, {}));
    if (!told) return std::unexpected{StartError{ExitCode::network, told.error().what}};
    std::uint64_t from = *told ? (*told)->sequence.number : 0;
    from = from > repeated_events ? from - repeated_events : 0;
    from = std::max(
        {from, run->first.number - 1, end.number > republished_max ? end.number - republished_max : 0});
    publisher_.emplace(host_, Sequence{std::min(from, end.number)});
    for (const auto& instrument : run->instruments) publisher_->learn(instrument);
    if (from >= end.number) return {};
    auto reader = JournalReader::open(host_.state().journal(), {.from = {from + 1}, .from_at = {}});
    if (!reader) return std::unexpected{StartError{ExitCode::data, reader.error().what}};
    while (true) {
      const auto item = (*reader)->next();
      if (!item) return std::unexpected{StartError{ExitCode::data, item.error().what}};
      if (*item == nullptr) break;
      const auto* record = std::get_if<Record>(*item);
      if (const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record))
        publisher_->take(*event);
    }
    publisher_->tell();
    return {};
  }

  ExitCode fail(const std::string& what) { return host_.console().fail(ExitCode::data, what); }

  ServiceHost& host_;
  std::unique_ptr<JournalWriter> journal_;
  std::optional<MarketPublisher> publisher_;
};

ExitCode IngestService::live() {
  auto links = MarketLinks::open(host_.console(), host_.config(), *journal_, [this] { return host_.over(); });
  if (!links) return host_.console().fail(links.error().code, links.error().what);
  LiveSource& source = (*links)->source();
  const auto& instruments = (*links)->instruments();
  const auto& settings = host_.config();
  Opening opening{.run = {.mode = settings.mode,
                          .epoch = journal_->epoch(),
                          .account = {},
                          .model = {},
                          .schema_hash = core::feature_schema_hash()},
                  .instruments = instruments,
                  .config_version = 1,
                  .risk = settings.risk,
                  .decision = settings.decision,
                  .traded = {}};
  const Sequence first = journal_->last_sequence().next();
  for (std::size_t i = 0; i < opening.size(); ++i) source.push(opening.event(i), {});
  core::Ingestor books{book_depth};
  for (const auto& instrument : instruments) books.add(instrument);
  Outbox asked;
  source.on_idle = [&] {
    if (host_.over()) source.stop();
  };
  Instant next_second = distant_future;
  std::size_t heard = 0;
  while (const Stamped* event = source.next(next_second)) {
    publisher_->take(*event);
    if (source.drained()) publisher_->tell();
    if (++heard == opening.size()) {
      if (const auto written = write_market_run(market_run_file(host_.state().root), first); !written)
        return fail(written.error().what);
      (*links)->start();
    }
    asked.clear();
    if (const auto* update = std::get_if<BookUpdate>(&event->what))
      books.on(event->at, event->received_at, *update, asked);
    if (const auto* link = std::get_if<LinkChanged>(&event->what)) books.on(event->at, *link);
    if (std::holds_alternative<TimerFired>(event->what)) books.on_timer(event->at, asked);
    for (const auto& command : asked.commands)
      if (const auto* book = std::get_if<ResubscribeBook>(&command)) (*links)->resubscribe(book->symbol);
    if (next_second == distant_future || event->at >= next_second)
      next_second = Instant::from_seconds(event->at.seconds() + 1);
  }
  publisher_->tell();
  if (!source.error().empty()) return fail(source.error());
  if (!(*links)->fatal().empty()) return host_.console().fail(ExitCode::network, (*links)->fatal());
  if (const auto synced = journal_->sync(); !synced) return fail(synced.error().what);
  return host_.finish(fmt::format("ingest: journaled up to event {}", journal_->last_sequence().number));
}

ExitCode IngestService::recorded(const ServiceOptions& options) {
  const auto summary = summarise_journal(options.from_journal);
  if (!summary) return fail(summary.error().what);
  const auto run = find_run(*summary, options.from_journal, options.epoch);
  if (!run) return fail(run.error().what);
  auto reader = JournalReader::open(options.from_journal, {});
  if (!reader) return fail(reader.error().what);
  const Sequence done_before = journal_->last_sequence();
  const Sequence opened{run->first.number + run->instruments.size() + 1};  // the ConfigChanged of the opening
  if (done_before >= opened)
    if (auto written = write_market_run(market_run_file(host_.state().root), run->first); !written)
      return fail(written.error().what);
  std::optional<io::clock::PacedClock> clock;
  std::uint64_t unsent = 0;
  for (bool over = false; !over && !host_.over();) {
    const auto item = (*reader)->next();
    if (!item) return fail(item.error().what);
    if (*item == nullptr) break;
    if (const auto* features = std::get_if<io::journal::FeatureCheckpoint>(*item);
        features != nullptr && (*reader)->last_sequence() >= done_before) {
      if (const auto kept = journal_->append(*features); !kept) return fail(kept.error().what);
    }
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (event->sequence > run->last) break;
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what))
      publisher_->learn(defined->instrument);
    if (event->sequence <= done_before) continue;
    const bool of_run = event->sequence >= run->first;
    if (of_run && options.speed > 0) {
      if (!clock) clock.emplace(event->at, io::clock::now(), options.speed);
      if (const auto early = clock->wall_time(event->at - clock->now()); early > Duration{0}) {
        publisher_->tell();
        while (!host_.over() && clock->now() < event->at)
          std::this_thread::sleep_for(std::min<Duration>(clock->wall_time(event->at - clock->now()), 20ms));
      }
    }
    auto kept = journal_->append(*event);
    if (kept && of_run) kept = journal_->flush();
    if (!kept) return fail(kept.error().what);
    if (!of_run) continue;
    publisher_->take(*event);
    if (event->sequence == opened)
      if (auto written = write_market_run(market_run_file(host_.state().root), run->first); !written)
        return fail(written.error().what);
    if (options.speed <= 0 && ++unsent % 256 == 0) {
      publisher_->tell();
      for (auto stats = host_.bus().stats();
           !host_.over() && stats.connected &&
           stats.published - stats.delivered - stats.dropped > in_flight_max;
           stats = host_.bus().stats())
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
  publisher_->tell();
  if (const auto synced = journal_->sync(); !synced) return fail(synced.error().what);
  host_.console().note(fmt::format("the recording is over at event {}", journal_->last_sequence().number));
  while (!host_.over()) {
    host_.work().add();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return host_.finish("ingest: the recording was published");
}

}  // namespace

ExitCode service_ingest(const Console& console, const DynamicSystemConfig& config,
                        const ServiceOptions& options) {
  auto host = ServiceHost::open(console, config, {.name = "ingest", .standby = options.standby});
  if (!host) return console.fail(host.error().code, host.error().what);
  IngestService service{**host};
  if (auto opened = service.open(!options.from_journal.empty()); !opened)
    return console.fail(opened.error().code, opened.error().what);
  return options.from_journal.empty() ? service.live() : service.recorded(options);
}

}  // namespace mlbot::shell
