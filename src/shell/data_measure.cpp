// `mlbot data measure`: what recorded and generated markets look like, side by side, as a table, as JSON and
// as a picture.
#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "shell/commands.h"
#include "shell/generated_history.h"
#include "shell/market_plot.h"

namespace mlbot::shell {
namespace {

/// A fixed Monday at noon: what is measured must not depend on when.
constexpr Instant generated_start = Instant::from_seconds(1'767'614'400);  // 2026-01-05T12:00:00Z
/// Until regimes, crowds and holders are as they will be.
constexpr Duration generated_settling = 1h;

Result<std::vector<sim::MarketShape>, SourceError> measure_generated(const Console& console,
                                                                     const std::string& name,
                                                                     const MeasureOptions& options) {
  auto choice = choose_market(name, options.seed, generated_start - generated_settling);
  if (!choice) return std::unexpected{choice.error()};
  const Duration length{static_cast<std::int64_t>(options.hours * 3.6e12)};
  sim::MarketMeasure measure{choice->instruments};
  GeneratedHistory history{std::move(*choice), options.seed, generated_start, generated_start + length};
  ProgressBar progress{console, "measuring a generated market", "market minutes"};
  std::int64_t events = 0;
  while (const Stamped* event = history.next()) {
    measure.take(event->at, event->what);
    if (++events % 1024 == 0)
      progress.at(static_cast<double>((event->at - generated_start) / 1min),
                  static_cast<double>(length / 1min));
  }
  progress.finish(fmt::format("{} events", grouped(events)));
  return measure.finish();
}

Result<std::vector<sim::MarketShape>, SourceError> measure_recorded(const Console& console,
                                                                    const std::string& source) {
  const std::string directory = source + "/journal";
  auto summary = summarise_journal(directory);
  if (!summary) return std::unexpected{SourceError{summary.error().what + "; `mlbot data import` makes one"}};
  auto instruments = summary->instruments;
  for (std::size_t i = 0; i < instruments.size(); ++i) instruments[i].id = {static_cast<std::uint16_t>(i)};
  auto market = JournalMarket::open(directory, instruments, {});
  if (!market) return std::unexpected{market.error()};
  sim::MarketMeasure measure{instruments};
  ProgressBar progress{console, "measuring " + source, "MB"};
  std::int64_t events = 0;
  while (const Stamped* event = market->next()) {
    measure.take(event->at, event->what);
    if (++events % 1024 == 0)
      progress.at(static_cast<double>(market->bytes_read()) / 1e6,
                  static_cast<double>(market->bytes_total()) / 1e6);
  }
  if (!market->error().empty()) return std::unexpected{SourceError{market->error()}};
  progress.finish(fmt::format("{} events", grouped(events)));
  return measure.finish();
}

Json json_of(const MeasuredMarket& market) {
  const auto& shape = market.shape;
  Json distributions = Json::object();
  for (std::size_t i = 0; i < sim::shape_count; ++i) {
    Json quantiles = Json::object();
    for (const int percent : sim::told_percents) {
      const double value = shape.quantile(static_cast<sim::Shape>(i), percent);
      quantiles[std::to_string(percent)] = std::isfinite(value) ? Json(value) : Json();
    }
    distributions[std::string{sim::name_of(static_cast<sim::Shape>(i))}] = std::move(quantiles);
  }
  return {{"source", market.source},
          {"symbol", shape.symbol.str()},
          {"hours", shape.hours},
          {"taker_orders", shape.taker_orders},
          {"median_taker_notional", shape.median_taker_notional},
          {"clustering", shape.clustering},
          {"volatility_2s_bps", shape.volatility_2s_bps},
          {"volatility_10s_bps", shape.volatility_10s_bps},
          {"volatility_60s_bps", shape.volatility_60s_bps},
          {"kurtosis_60s", shape.kurtosis_60s},
          {"autocorrelation_60s", shape.autocorrelation_60s},
          {"quantiles", std::move(distributions)}};
}

void print_tables(const Console& console, const std::vector<MeasuredMarket>& markets) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [source, shape] : markets)
    rows.push_back(
        {source, shape.symbol.str(), fmt::format("{:.1f}", shape.hours),
         grouped(static_cast<std::int64_t>(shape.taker_orders)),
         fmt::format("{:.4g}", shape.median_taker_notional), fmt::format("{:.2f}", shape.clustering),
         fmt::format("{:.2f}", shape.volatility_2s_bps), fmt::format("{:.2f}", shape.volatility_10s_bps),
         fmt::format("{:.2f}", shape.volatility_60s_bps), fmt::format("{:.2f}", shape.kurtosis_60s),
         fmt::format("{:.3f}", shape.autocorrelation_60s)});
  console.table({"market", "symbol", "hours", "taker orders", "median notional", "clustering", "rms 2 s, bps",
                 "10 s", "60 s", "kurtosis 60 s", "|r| autocorr. 60 s"},
                rows);
  rows.clear();
  for (std::size_t i = 0; i < sim::shape_count; ++i) {
    const auto which = static_cast<sim::Shape>(i);
    for (const auto& [source, shape] : markets) {
      rows.push_back({std::string{sim::name_of(which)}, source, shape.symbol.str()});
      for (const int percent : sim::told_percents)
        rows.back().push_back(fmt::format("{:.3g}", shape.quantile(which, percent)));
    }
  }
  std::vector<std::string> headings{"distribution", "market", "symbol"};
  for (const int percent : sim::told_percents) headings.push_back(fmt::format("{} %", percent));
  console.print("");
  console.table(headings, rows);
}

}  // namespace

ExitCode data_measure(const Console& console, const MeasureOptions& options) {
  if (!(options.hours > 0 && options.hours <= 24 * 31))
    return console.fail(ExitCode::usage, "--hours takes more than 0 and at most 744");
  std::vector<MeasuredMarket> markets;
  for (const std::string& source : options.sources) {
    auto shapes =
        is_made_up(source) ? measure_generated(console, source, options) : measure_recorded(console, source);
    if (!shapes) return console.fail(ExitCode::data, shapes.error().what);
    if (shapes->empty())
      return console.fail(ExitCode::data, source + " holds no symbol with both a book and trades");
    for (auto& shape : *shapes) markets.push_back({source, std::move(shape)});
  }
  if (!options.plot.empty()) {
    std::ofstream file{options.plot, std::ios::binary};
    file << plot_markets(markets);
    if (!file.flush())
      return console.fail(ExitCode::data, "cannot write " + options.plot + ": is its folder there?");
  }
  if (!console.json()) {
    print_tables(console, markets);
    return ExitCode::done;
  }
  Json list = Json::array();
  for (const auto& market : markets) list.push_back(json_of(market));
  console.print_json({{"schema_version", 1}, {"markets", std::move(list)}});
  return ExitCode::done;
}

}  // namespace mlbot::shell
