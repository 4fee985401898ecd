// `mlbot features verify`: every row over a generated day: how often it is missing or clamped, how it is
// spread, whether it is alive and says something of its own, and whether it equals its definition over raw
// events.
//
// The definitions' memory grows with the day (about 40 MB an hour) and each comparison walks over it: the
// number of instants compared decides the time this takes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "base/prng.h"
#include "core/book/order_book.h"
#include "core/features/feature_hub.h"
#include "core/features/history.h"
#include "core/market_stage.h"
#include "shell/features_verify.h"
#include "shell/generated_history.h"
#include "shell/history_source.h"

namespace mlbot::shell {
namespace {

/// A fixed Monday at noon: the day must not depend on when it is looked at, and New York opens in it.
constexpr Instant day_start = Instant::from_seconds(1'767'614'400);  // 2026-01-05T12:00:00Z
/// The venue's REST answers with the candles of this time before.
constexpr Duration candle_history = 6h;
/// The generated market with funding rates that move: its premium is small, and inside the venue's band the
/// rate lies still for days, so that no day of it could show whether the funding rows live.
class MovingFunding final : public sim::Market {
 public:
  MovingFunding(std::unique_ptr<sim::Market> market, std::size_t symbols, std::uint64_t seed, Instant start)
      : market_{std::move(market)},
        rates_e8_(symbols, 10'000),
        random_{Prng::stream(seed, "funding")},
        next_{start + 1min} {}

  Instant next_at() const override { return std::min(next_, market_->next_at()); }
  void act(sim::MarketDoor& door) override {
    if (market_->next_at() <= next_) return market_->act(door);
    for (std::size_t i = 0; i < rates_e8_.size(); ++i) {
      rates_e8_[i] += static_cast<std::int64_t>(300 * random_.normal());
      door.set_funding_rate({static_cast<std::uint16_t>(i)}, E8{rates_e8_[i]});
    }
    next_ = next_ + 1min;
  }
  void save(ByteWriter& out, Instant now) const override { market_->save(out, now); }
  void restore(ByteReader& in, Instant now) override { market_->restore(in, now); }

 private:
  std::unique_ptr<sim::Market> market_;
  std::vector<std::int64_t> rates_e8_;
  Prng random_;
  Instant next_;
};

constexpr std::size_t kept_max = 40'000;
constexpr std::array<double, 5> quantiles{0.01, 0.25, 0.5, 0.75, 0.99};

/// One row over all frames; for quantiles at most 40 000 values, every n-th, are kept.
class RowSurvey {
 public:
  void take(bool valid, double value) {
    if (!valid) {
      ++missing_;
      return;
    }
    lowest_ = std::min(lowest_, value);
    highest_ = std::max(highest_, value);
    if (defined_++ % stride_ != 0) return;
    kept_.push_back(value);
    if (kept_.size() < kept_max) return;
    for (std::size_t i = 0; i < kept_.size() / 2; ++i) kept_[i] = kept_[2 * i];
    kept_.resize(kept_.size() / 2);
    stride_ *= 2;
  }
  void finish() {
    std::sort(kept_.begin(), kept_.end());
    for (std::size_t i = 0; i < kept_.size(); ++i) distinct_ += i == 0 || kept_[i] != kept_[i - 1];
  }
  std::uint64_t defined() const { return defined_; }
  std::uint64_t missing() const { return missing_; }
  double lowest() const { return lowest_; }
  double highest() const { return highest_; }
  std::size_t distinct() const { return distinct_; }
  double quantile(double share) const {
    if (kept_.empty()) return std::numeric_limits<double>::quiet_NaN();
    return kept_[static_cast<std::size_t>(share * static_cast<double>(kept_.size() - 1))];
  }

 private:
  std::uint64_t defined_ = 0, missing_ = 0, stride_ = 1;
  double lowest_ = std::numeric_limits<double>::infinity(), highest_ = -lowest_;
  std::vector<double> kept_;
  std::size_t distinct_ = 0;
};

/// Two rows that say the same: nothing is learnt from the second.
constexpr double correlation_max = 0.999;
constexpr double twin_difference_max = 1e-9;

/// Rows that move over weeks are no twins for moving together over hours.
bool is_calendar(const core::FeatureSpec& spec) { return spec.lookahead == 'D'; }

/// Correlation of every two rows over the frames in which both are valid; one in `stride` of them is kept.
class Correlations {
 public:
  void take(const FeatureFrame& frame) {
    if (seen_++ % stride_ != 0) return;
    frames_.push_back(frame.values);
    if (frames_.size() < frames_max) return;
    for (std::size_t i = 0; i < frames_.size() / 2; ++i) frames_[i] = frames_[2 * i];
    frames_.resize(frames_.size() / 2);
    stride_ *= 2;
  }
  double of(std::size_t x, std::size_t y) const {
    double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (const auto& values : frames_) {
      if (!std::isfinite(values[x]) || !std::isfinite(values[y])) continue;
      ++n;
      const double off_x = values[x] - mean_x, off_y = values[y] - mean_y;
      mean_x += off_x / n;
      mean_y += off_y / n;
      xx += off_x * (values[x] - mean_x);
      yy += off_y * (values[y] - mean_y);
      xy += off_x * (values[y] - mean_y);
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
  }

 private:
  static constexpr std::size_t frames_max = 8'192;
  std::vector<std::array<double, feature_count>> frames_;
  std::uint64_t seen_ = 0, stride_ = 1;
};

/// Every row by its definition, fed with the same events as the rows.
class Definitions {
 public:
  struct Compared {
    double largest = 0;  ///< difference relative to 1 + |definition|
    std::uint64_t times = 0, missing_on_one_side = 0;
  };

  explicit Definitions(const std::vector<Instrument>& instruments) {
    for (const auto& instrument : instruments) {
      twins_.add(instrument);
      books_.emplace_back(core::CoreSetup{}.book_depth);
    }
  }
  void take(const Stamped& event) {
    const Instant at = event.at;
    std::visit(
        [&]<class T>(const T& what) {
          if constexpr (std::is_same_v<T, BookUpdate>) {
            core::OrderBook& book = books_[what.symbol.index];
            const core::BookChange change = book.apply(what);
            twins_.on(at, what, change, book);
          } else if constexpr (std::is_same_v<T, LinkChanged>) {
            twins_.on(at, what);
          } else if constexpr (std::is_same_v<T, Trades> || std::is_same_v<T, Kline> ||
                               std::is_same_v<T, Ticker> || std::is_same_v<T, Liquidations>) {
            twins_.on(at, what);
          } else {
            twins_.advance(at);
          }
        },
        event.what);
  }
  void compare(const FeatureFrame& frame) {
    for (const auto& spec : core::feature_catalogue()) {
      const std::size_t row = spec.id - 1u;
      Compared& row_compared = compared_[row];
      double expected = twins_.value(frame.symbol, row);
      ++row_compared.times;
      if (std::isfinite(expected) != frame.valid(row)) {
        ++row_compared.missing_on_one_side;
      } else if (frame.valid(row)) {
        expected = std::clamp(expected, spec.clamp_low, spec.clamp_high);
        row_compared.largest =
            std::max(row_compared.largest, std::abs(frame.values[row] - expected) / (1 + std::abs(expected)));
      }
    }
  }
  const Compared& of(std::size_t row) const { return compared_[row]; }

 private:
  core::Histories twins_;
  std::vector<core::OrderBook> books_;
  std::array<Compared, feature_count> compared_{};
};

std::string short_number(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }
Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace

ExitCode verify_generated_day(const Console& console, const FeatureVerifyOptions& options) {
  const Duration length{static_cast<std::int64_t>(options.hours * 3.6e12)};
  auto choice = choose_market("generated", options.seed, day_start - candle_history);
  if (!choice) return console.fail(ExitCode::data, choice.error().what);
  choice->market = std::make_unique<MovingFunding>(std::move(choice->market), choice->instruments.size(),
                                                   options.seed, choice->start);
  GeneratedHistory history{std::move(*choice), options.seed, day_start, day_start + length};
  Opening opening{.run = {.mode = Mode::shadow,
                          .epoch = 1,
                          .account = "verify",
                          .model = {},
                          .schema_hash = core::feature_schema_hash()},
                  .instruments = history.instruments(),
                  .risk = {},
                  .decision = {},
                  .traded = {}};
  HistorySource source{std::move(opening), [&] { return history.next(); }};

  core::MarketStage stage{core::CoreSetup{}.book_depth};
  std::vector<RowSurvey> rows(feature_count);
  Correlations correlations;
  std::optional<Definitions> definitions;
  if (options.twin_samples > 0) definitions.emplace(history.instruments());
  const Duration between_samples = length / std::max(options.twin_samples, 1);
  Instant next_sample = day_start + between_samples;
  std::uint64_t frames = 0;
  ProgressBar progress{console, "features of a generated day", "market minutes"};
  Outbox out;
  bool started = false;
  while (const Stamped* event = source.next(stage.next_second())) {
    if (!std::exchange(started, true)) {
      stage.start(event->at);
      if (definitions) definitions->take({{}, event->at, {}, {}, LinkChanged{Link::market, LinkState::down}});
    }
    out.clear();
    stage.step(*event, out);
    if (definitions) definitions->take(*event);
    for (const auto& frame : out.frames) {
      for (std::size_t i = 0; i < feature_count; ++i) rows[i].take(frame.valid(i), frame.values[i]);
      correlations.take(frame);
      if (definitions && event->at >= next_sample) definitions->compare(frame);
    }
    if (!out.frames.empty() && event->at >= next_sample) next_sample = next_sample + between_samples;
    frames += out.frames.size();
    progress.at(static_cast<double>((event->at - day_start) / 1min), static_cast<double>(length / 1min));
  }
  progress.finish(fmt::format("{} frames", grouped(static_cast<std::int64_t>(frames))));

  std::vector<std::string> headings{"id", "feature", "missing", "clamped", "min"};
  for (const double share : quantiles) headings.push_back(fmt::format("{:.0f} %", 100 * share));
  headings.insert(headings.end(), {"max", "distinct", "twin", "verdict"});
  std::vector<std::vector<std::string>> table;
  Json list = Json::array();
  std::vector<std::string> faults;
  for (const auto& spec : core::feature_catalogue()) {
    RowSurvey& row = rows[spec.id - 1u];
    row.finish();
    const double missing = frames == 0 ? 1 : static_cast<double>(row.missing()) / static_cast<double>(frames);
    const double clamped = row.defined() == 0
                               ? 0
                               : static_cast<double>(stage.features().clamp_hits()[spec.id - 1u]) /
                                     static_cast<double>(row.defined());
    const auto compared = definitions ? definitions->of(spec.id - 1u) : Definitions::Compared{};
    std::string verdict = "ok";
    if (row.defined() == 0)
      verdict = "never valid";
    else if (row.distinct() < 2)
      verdict = "constant";
    else if (clamped > options.clamp_share_max)
      verdict = fmt::format("clamped in {:.1f} % of frames", 100 * clamped);
    else if (compared.missing_on_one_side > 0)
      verdict = fmt::format("missing on one side only in {} of {} comparisons with its definition",
                            compared.missing_on_one_side, compared.times);
    else if (compared.largest > twin_difference_max)
      verdict = fmt::format("differs from its definition by {:.1e}", compared.largest);
    for (std::size_t other = spec.id; verdict == "ok" && other < feature_count; ++other) {
      const auto& twin = core::feature_catalogue()[other];
      if (is_calendar(spec) && is_calendar(twin)) continue;
      if (const double both = correlations.of(spec.id - 1u, other); std::abs(both) > correlation_max)
        verdict = fmt::format("says the same as {} (row {}): correlation {:.5f}", twin.name, twin.id, both);
    }
    if (verdict != "ok") faults.push_back(fmt::format("{} (row {}): {}", spec.name, spec.id, verdict));
    std::vector<std::string> line{std::to_string(spec.id), std::string{spec.name},
                                  fmt::format("{:.2f} %", 100 * missing),
                                  fmt::format("{:.2f} %", 100 * clamped), short_number(row.lowest())};
    Json spread = Json::object();
    for (const double share : quantiles) {
      line.push_back(short_number(row.quantile(share)));
      spread[fmt::format("{:.0f}", 100 * share)] = json_number(row.quantile(share));
    }
    line.insert(line.end(), {short_number(row.highest()), std::to_string(row.distinct()),
                             compared.times > 0 ? fmt::format("{:.0e}", compared.largest) : "-", verdict});
    table.push_back(std::move(line));
    list.push_back({{"id", spec.id},
                    {"name", spec.name},
                    {"missing_share", missing},
                    {"clamp_share", clamped},
                    {"min", json_number(row.lowest())},
                    {"quantiles", spread},
                    {"max", json_number(row.highest())},
                    {"distinct", row.distinct()},
                    {"twin_comparisons", compared.times},
                    {"twin_difference", compared.largest},
                    {"twin_missing_on_one_side", compared.missing_on_one_side},
                    {"verdict", verdict}});
  }
  if (console.json())
    console.print_json({{"schema_version", 1},
                        {"seed", options.seed},
                        {"hours", options.hours},
                        {"frames", frames},
                        {"rows", list},
                        {"faults", faults}});
  else
    console.table(headings, table);
  if (!faults.empty())
    return console.fail(ExitCode::validation, fmt::format("{} of {} rows fail: {}", faults.size(),
                                                          feature_count, fmt::join(faults, "; ")));
  if (!console.json())
    console.print(
        fmt::format("all {} rows are alive, inside their ranges and equal to their definitions over {} "
                    "frames, {} of them compared",
                    feature_count, grouped(static_cast<std::int64_t>(frames)),
                    definitions ? definitions->of(0).times : 0));
  return ExitCode::done;
}

}  // namespace mlbot::shell
