// Does a bot's memory stay flat? Events at a steady rate through journal, ring and archive in one process, as
// in `mlbot run`, for an hour; a line of what it holds every ten seconds. It fails when over the second half
// the memory grew by more than 1 MB a minute (slope of a straight line through the lines printed).
//
//   build/bench/bin/mlbot_soak [--seconds 3600] [--rate 20000] [--speed 1] [--log FILE] [--directory DIR]
//
// --speed 5 lets the market's clock and the rate run five times as fast: the same hours in less time.
// Twenty contracts: six of ten events are trades with ids of their own, three are deltas of a book, one is a
// ticker; each second every contract has a frame of 142 values, by digest in the journal and whole on the
// ring. The market's clock begins five minutes before an hour is over, so that hours are sealed to Parquet
// meanwhile; the journal is limited to 1 GiB, so that it lets archived segments go.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "core/features/feature_hub.h"
#include "io/bus/embedded_bus.h"
#include "io/bus/streams.h"
#include "io/files/resident_memory.h"
#include "io/files/temporary_folder.h"
#include "io/journal/journal.h"
#include "shell/archive_follower.h"

namespace mlbot {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t contracts = 20;
constexpr auto sync_period = std::chrono::milliseconds{50};
constexpr auto look_period = std::chrono::seconds{10};
constexpr double slope_max = 1;  ///< MB a minute
const Instant market_start = Instant::from_seconds(1'781'222'400 + 3'300);

struct Options {
  std::int64_t seconds = 3600, rate = 20'000, speed = 1;
  std::string log, directory;
};

/// The made-up market, one event after the other.
class Load {
 public:
  explicit Load(std::int64_t rate) : step_{1'000'000'000 / rate} {
    for (std::uint16_t i = 0; i < contracts; ++i) names_.push_back(fmt::format("COIN{}USDT", i));
  }
  Instant at() const { return at_; }
  const std::string& name(std::uint16_t contract) const { return names_[contract]; }

  Stamped opening(std::uint64_t sequence) {
    if (sequence == 1) return stamped(sequence, RunStarted{.epoch = 1, .schema_hash = 1});
    const auto contract = static_cast<std::uint16_t>(sequence - 2);
    return stamped(sequence, InstrumentDefined{{.id = {contract},
                                                .name = std::string_view{names_[contract]},
                                                .tick_size = {10'000'000},
                                                .lot_step = {100'000}}});
  }
  Stamped next(std::uint64_t sequence) {
    at_.ns += step_;
    const auto contract = static_cast<std::uint16_t>(sequence % contracts);
    const auto turn = sequence / contracts;
    const PriceTicks price{700'000 + static_cast<std::int64_t>(sequence * 31 % 97)};
    const Lots size{1 + static_cast<std::int64_t>(sequence * 17 % 400)};
    if (turn % 10 == 9)
      return stamped(sequence, Ticker{.symbol = {contract}, .last_price = E8{price.count * 10'000'000}});
    if (turn % 10 >= 6) {
      const bool first = ++updates_[contract] == 1;
      bids_ = {{{699'999}, size}};
      asks_ = {{{700'100}, size}};
      return stamped(sequence, BookUpdate{.symbol = {contract},
                                          .kind = first ? UpdateKind::snapshot : UpdateKind::delta,
                                          .update_id = updates_[contract],
                                          .matched_at = at_,
                                          .bids = bids_,
                                          .asks = asks_});
    }
    id_ = fmt::format("{:016x}-{:016x}", xxh64(bytes_of(sequence)), xxh64(bytes_of(sequence), 7));
    trade_ = {.matched_at = at_, .price = price, .size = size, .id = std::string_view{id_}};
    return stamped(sequence, Trades{{contract}, {&trade_, 1}});
  }
  FeatureFrame frame(std::uint16_t contract, std::uint64_t cause) {
    FeatureFrame frame{.symbol = {contract}, .number = ++frames_[contract], .cause = {cause}, .at = at_};
    for (std::size_t i = 0; i < feature_count; ++i)
      frame.set(i, 0.001 * static_cast<double>((cause + 31 * i) % 100'003));
    frame.digest = frame_digest(1, frame);
    return frame;
  }

 private:
  Stamped stamped(std::uint64_t sequence, Event what) const {
    return {{sequence}, at_, at_, at_, std::move(what)};
  }
  std::int64_t step_;
  Instant at_ = market_start;
  std::vector<std::string> names_;
  std::map<std::uint16_t, std::uint64_t> updates_, frames_;
  std::vector<BookLevel> bids_, asks_;
  std::string id_;
  Trade trade_;
};

/// What was resident when.
struct Look {
  double minute = 0, megabytes = 0;
};

/// Least squares. @return MB a minute
double slope_of(std::span<const Look> looks) {
  double minutes = 0, megabytes = 0, together = 0, square = 0;
  for (const auto& look : looks) {
    minutes += look.minute;
    megabytes += look.megabytes;
    together += look.minute * look.megabytes;
    square += look.minute * look.minute;
  }
  const auto n = static_cast<double>(looks.size());
  const double spread = n * square - minutes * minutes;
  return spread > 0 ? (n * together - minutes * megabytes) / spread : 0;
}

std::string fail(const std::string& what) {
  std::fprintf(stderr, "soak: %s\n", what.c_str());
  return what;
}

std::string soak(const Options& options) {
  const io::files::TemporaryFolder temporary;
  const auto root = options.directory.empty() ? temporary.path() : options.directory;
  std::filesystem::create_directories(root);
  auto journal = io::journal::JournalWriter::open(root + "/journal", {.bytes_max = 1 << 30});
  if (!journal) return fail(journal.error().what);
  auto& writer = **journal;
  io::bus::EmbeddedBus bus{writer.epoch()};
  Load load{options.rate};
  std::string bytes;
  io::bus::StreamNames streams;
  const auto show = [&](Sequence sequence, const Record& record) {
    bytes.clear();
    encode(record, bytes);
    bus.publish(streams.of(record), sequence, bytes);
  };
  std::uint64_t sequence = 0;
  const auto take = [&](const Stamped& event) {
    if (const auto kept = writer.append(event); !kept) return fail(kept.error().what);
    show(event.sequence, event);
    return std::string{};
  };
  while (sequence < contracts + 1u) take(load.opening(++sequence));
  if (const auto kept = writer.flush(); !kept) return fail(kept.error().what);
  shell::ArchiveFollower archive{
      {.journal = root + "/journal", .archive = root + "/archive.duckdb", .bus = &bus}};
  shell::Progress progress;
  if (const auto error = archive.start(progress)) return fail(error->what);
  std::FILE* const log = options.log.empty() ? stdout : std::fopen(options.log.c_str(), "w");
  if (log == nullptr) return fail("cannot write " + options.log);
  fmt::print(log, "# second events archive_rows resident_MB journal_MB trouble\n");
  const auto events_max = static_cast<std::uint64_t>(options.seconds * options.rate);
  const auto rate = static_cast<double>(options.rate * options.speed);
  const auto began = Clock::now();
  auto synced = began, looked = began - look_period;
  std::int64_t framed = load.at().seconds();
  std::vector<Look> looks;
  for (std::uint64_t done = 0; done < events_max;) {
    const auto now = Clock::now();
    const auto due = std::min(
        events_max, static_cast<std::uint64_t>(std::chrono::duration<double>(now - began).count() * rate));
    for (; done < due; ++done) {
      if (auto wrong = take(load.next(++sequence)); !wrong.empty()) return wrong;
      if (load.at().seconds() == framed) continue;
      framed = load.at().seconds();
      for (std::uint16_t i = 0; i < contracts; ++i) {
        const FeatureFrame frame = load.frame(i, sequence);
        if (const auto kept = writer.append(io::journal::digest_of(frame)); !kept)
          return fail(kept.error().what);
        show({sequence}, frame);
      }
    }
    if (const auto kept = writer.flush(); !kept) return fail(kept.error().what);
    if (now - synced >= sync_period) {
      synced = now;
      writer.set_archived_through(archive.archived_through());
      if (const auto kept = writer.sync_soon(); !kept) return fail(kept.error().what);
    }
    if (now - looked >= look_period) {
      looked = now;
      const double resident = static_cast<double>(io::files::resident_bytes()) / 1e6;
      const auto second = std::chrono::duration_cast<std::chrono::seconds>(now - began).count();
      looks.push_back({static_cast<double>(second) / 60, resident});
      fmt::print(log, "{} {} {} {:.1f} {:.1f} {}\n", second, done, archive.rows(), resident,
                 static_cast<double>(writer.keeper().bytes_on_disk) / 1e6,
                 archive.trouble().empty() ? "-" : archive.trouble());
      std::fflush(log);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  archive.stop();
  const auto second_half = std::span{looks}.subspan(looks.size() / 2);
  const auto most = std::ranges::max(looks, {}, &Look::megabytes).megabytes;
  const auto least_late = std::ranges::min(second_half, {}, &Look::megabytes).megabytes;
  const auto most_late = std::ranges::max(second_half, {}, &Look::megabytes).megabytes;
  const double slope = slope_of(second_half);
  fmt::print(
      log,
      "# {} events, {} rows archived; resident MB: {:.0f} at most; second half {:.0f} to {:.0f}, slope "
      "{:+.2f} MB a minute: {}\n",
      sequence, archive.rows(), most, least_late, most_late, slope, slope < slope_max ? "flat" : "not flat");
  if (log != stdout) std::fclose(log);
  return slope < slope_max ? archive.trouble() : "not flat";
}

}  // namespace
}  // namespace mlbot

int main(int count, char** words) {
  mlbot::Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    if (name == "--seconds") options.seconds = std::atoll(words[i + 1]);
    if (name == "--rate") options.rate = std::atoll(words[i + 1]);
    if (name == "--speed") options.speed = std::atoll(words[i + 1]);
    if (name == "--log") options.log = words[i + 1];
    if (name == "--directory") options.directory = words[i + 1];
  }
  return mlbot::soak(options).empty() ? 0 : 1;
}
