// `mlbot service features`: a market stage over one shard of the symbols. Events in, frames out.
//
// It resumes from its own snapshot and the ingest's journal, and makes again exactly the frames that it would
// have made; those that are on the bus already are not published twice.
#include <fmt/format.h>

#include <filesystem>

#include "io/bus/streams.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/frame_maker.h"
#include "shell/journal_source.h"
#include "shell/service_host.h"
#include "shell/topology/feature_shard.h"
#include "shell/topology/indexed_publisher.h"
#include "shell/topology/market_feed.h"

namespace mlbot::shell {
namespace {

constexpr Duration snapshot_period = 2s;
constexpr Duration listen = 20ms;

class FeatureService {
 public:
  FeatureService(ServiceHost& host, Shard shard) : host_{host}, shard_{shard} {}

  Result<void, StartError> start() {
    auto run = host_.wait_for_run();
    if (!run) return std::unexpected{run.error()};
    run_ = std::move(*run);
    if (run_.start.schema_hash != core::feature_schema_hash())
      return std::unexpected{StartError{
          ExitCode::configuration,
          "the ingest's run was begun by a build with other features: start all services from one build"}};
    if (!go_on())
      if (auto begun = begin(); !begun) return begun;
    if (auto found = find_published(); !found) return found;
    publisher_.emplace(host_.bus(), shard_.index_stream(), after_);
    feed_.emplace(MarketFeed::Setup{.journal = host_.state().journal(),
                                    .wants = [this](std::uint16_t place) { return stage_->wants(place); },
                                    .after = after_});
    return {};
  }

  ExitCode run() {
    auto reader = host_.bus().reader({.streams = streams(), .from = io::bus::ReadFrom::head});
    if (!reader) return host_.console().fail(ExitCode::network, reader.error().what);
    while (!host_.over()) {
      if (auto done = take_all(); !done) return host_.console().fail(ExitCode::data, done.error().what);
      // The index goes out once nothing more is at hand: one for a burst, at once for a single event.
      const auto item = (*reader)->next(told_ ? listen : Duration{0});
      told_ = !item || !*item;
      if (told_)
        tell();
      else if (const auto* message = std::get_if<io::bus::BusMessage>(&**item))
        feed_->take(*message);
      save_when_due();
    }
    const auto& counts = feed_->counts();
    return host_.finish(fmt::format("{}: {} events from the bus, {} from the journal in {} looks, {} frames",
                                    shard_.name(), counts.from_bus, counts.from_journal, counts.refills,
                                    frames_));
  }

 private:
  std::string file() const { return fmt::format("{}/{}.snapshot", host_.state().root, shard_.name()); }

  std::vector<std::string> streams() const {
    std::vector<std::string> out{io::bus::stream_name(io::bus::StreamKind::control, {})};
    for (const auto& instrument : stage_->instruments())
      out.push_back(io::bus::stream_name(io::bus::StreamKind::market, instrument.name.view()));
    return out;
  }

  /// Exactly where the process before this one stood.
  bool go_on() {
    const auto bytes = io::files::read_file(file());
    if (!bytes) return false;
    stage_.emplace(shard_, run_.instruments);
    const auto after = stage_->resume(*bytes);
    if (!after) {
      host_.console().note(after.error().what + "; starting from the journal");
      return false;
    }
    after_ = *after;
    host_.console().note(fmt::format("{} goes on behind event {}", shard_.name(), after_.number));
    return true;
  }

  /// At the run's beginning, with the market before it.
  Result<void, StartError> begin() {
    stage_.emplace(shard_, run_.instruments);
    after_ = {run_.first.number - 1};
    const auto warm = warm_start_of(run_, host_.state().journal());
    if (!warm) return std::unexpected{StartError{ExitCode::data, warm.error().what}};
    if (!*warm) return {};
    const auto warmed = warm_from_journal(
        {[this](const Stamped& event) { stage_->stage().warm(event); },
         [this](std::string_view bytes, Instant at) { return stage_->stage().restore(bytes, at); }},
        host_.state().journal(), stage_->instruments(), **warm);
    if (!warmed) return std::unexpected{StartError{ExitCode::data, warmed.error().what}};
    host_.console().note(fmt::format("{} warm from {} recorded events", shard_.name(), warmed->events));
    return {};
  }

  Result<void, StartError> find_published() {
    published_.assign(run_.instruments.size(), Sequence{});
    for (const auto& instrument : run_.instruments) {
      if (!shard_.owns(instrument.id)) continue;
      const auto last =
          host_.bus().last(io::bus::stream_name(io::bus::StreamKind::features, instrument.name.view()));
      if (!last) return std::unexpected{StartError{ExitCode::network, last.error().what}};
      if (*last) published_[instrument.id.index] = (*last)->sequence;
    }
    return {};
  }

  Result<void, TopologyError> take_all() {
    while (!host_.over()) {
      const auto event = feed_->next();
      if (!event) return std::unexpected{event.error()};
      if (*event == nullptr) break;
      made_.clear();
      if (auto stepped = stage_->step(**event, made_); !stepped) return stepped;
      host_.work().add();
      for (const FeatureFrame& frame : made_) {
        ++frames_;
        const StreamPlace place{frame.cause, frame.symbol.index};
        if (frame.cause <= published_[frame.symbol.index]) {
          publisher_->skip(place);  // it is there; its index may not be
        } else {
          publisher_->publish(io::bus::stream_name(io::bus::StreamKind::features,
                                                   run_.instruments[frame.symbol.index].name.view()),
                              place, frame);
        }
      }
      publisher_->pass(feed_->position(), (*event)->at);
      if (publisher_->full()) publisher_->tell();
    }
    return {};
  }

  void tell() {
    if (feed_->position() > publisher_->told()) publisher_->pass(feed_->position(), io::clock::now());
    publisher_->tell();
  }

  /// A snapshot counts once every frame before it is on the bus: none can be made again from behind it.
  void save_when_due() {
    const auto now = io::clock::now();
    const auto stats = host_.bus().stats();
    if (snapshot_.empty() && now - saved_at_ >= snapshot_period && feed_->position() != saved_) {
      saved_at_ = now;
      saved_ = feed_->position();
      snapshot_ = stage_->snapshot(saved_);
      published_before_ = stats.published;
    }
    if (snapshot_.empty() || stats.delivered + stats.dropped < published_before_) return;
    if (const auto written = io::files::write_file_atomically(file(), snapshot_); !written)
      host_.console().note(written.error().what + "; a restart will have to read more of the journal");
    snapshot_.clear();
  }

  ServiceHost& host_;
  Shard shard_;
  MarketRun run_;
  std::optional<FeatureShard> stage_;
  std::optional<IndexedPublisher> publisher_;
  std::optional<MarketFeed> feed_;
  Sequence after_, saved_;
  Instant saved_at_ = io::clock::now();
  std::string snapshot_;  ///< taken, not written yet
  std::uint64_t published_before_ = 0;
  std::vector<Sequence> published_;  ///< newest frame on the bus, by symbol
  std::vector<FeatureFrame> made_;
  std::uint64_t frames_ = 0;
  bool told_ = false;
};

}  // namespace

ExitCode service_features(const Console& console, const DynamicSystemConfig& config,
                          const ServiceOptions& options) {
  const auto shard = parse_shard(options.shard);
  if (!shard)
    return console.fail(ExitCode::usage, "--shard is NUMBER/COUNT, the first of two is 0/2; at most 64");
  auto host = ServiceHost::open(console, config, {.name = shard->name(), .standby = options.standby});
  if (!host) return console.fail(host.error().code, host.error().what);
  FeatureService service{**host, *shard};
  if (auto started = service.start(); !started)
    return console.fail(started.error().code, started.error().what);
  return service.run();
}

}  // namespace mlbot::shell
