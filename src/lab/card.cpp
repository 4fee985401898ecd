// What is said about a model in text and in JSON: the same figures, from the same record.
#include <fmt/format.h>

#include "lab/train.h"

namespace mlbot::lab {
namespace {

std::string text(const Estimate& e, int decimals) {
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", e.value, decimals, e.low, decimals, e.high, decimals);
}

Json json(const Estimate& e) { return {{"value", e.value}, {"low", e.low}, {"high", e.high}}; }

}  // namespace

Json metrics_json(const Training& t) {
  const Metrics& m = t.metrics;
  Json deciles = Json::array(), importance = Json::array();
  for (const Decile& d : m.deciles)
    deciles.push_back(
        {{"rows", d.rows}, {"predicted_bps", d.predicted_bps}, {"realised_bps", json(d.realised_bps)}});
  for (const FeatureShare& f : t.importance)
    importance.push_back({{"feature", f.name}, {"gain_share", f.share}});
  return {
      {"intervals", "95 %, block bootstrap over time"},
      {"rows",
       {{"train", t.split.train_end},
        {"validation", t.split.validation_end - t.split.validation_begin},
        {"test", m.rows},
        {"purged", t.split.purged()},
        {"train_effective", t.train_effective_rows},
        {"test_effective", m.effective_rows}}},
      {"test",
       {{"label_sd_bps", m.label_sd_bps},
        {"rank_correlation", json(m.rank_correlation)},
        {"correlation", json(m.correlation)},
        {"skill_against_zero", json(m.skill_against_zero)},
        {"skill_against_shuffled_labels", json(t.skill_against_control)},
        {"shuffled_labels_rank_correlation", json(t.control_rank_correlation)},
        {"top_decile_gross_bps", json(m.top_decile_gross_bps)},
        {"top_decile_net_bps", json(m.top_decile_net_bps)},
        {"top_decile_hit_share", json(m.top_decile_hit_share)},
        {"interval_coverage", t.interval_coverage},
        {"deciles", std::move(deciles)}}},
      {"calibration",
       {{"slope", json(t.calibration.slope)},
        {"intercept_bps", json(t.calibration.intercept_bps)},
        {"used_slope", t.calibration.used_slope},
        {"used_intercept_bps", t.calibration.used_intercept_bps},
        {"residual_bps", t.calibration.residual_bps}}},
      {"importance", std::move(importance)},
      {"warnings", t.warnings},
  };
}

std::string model_card(const Training& t) {
  const Metrics& m = t.metrics;
  const auto horizon_s = std::chrono::duration_cast<std::chrono::seconds>(t.sampling.horizon).count();
  std::string out = fmt::format(
      "# Model card\n\n"
      "Predicts the return of the mid over the next {} s, in bps, before costs. Trained {} for {}; {}.\n"
      "Trees: XGBoost {}, squared error, {} rounds of depth {}.\n\n",
      horizon_s, to_rfc3339(t.settings.trained_at), fmt::join(t.data.symbols, ", "),
      t.settings.expires_after > Duration::zero()
          ? "not used after " + to_rfc3339(t.settings.trained_at + t.settings.expires_after)
          : std::string{"without an end"},
      Booster::version(), t.settings.booster.rounds, t.settings.booster.depth);
  if (!t.warnings.empty()) {
    out += "## Mind\n\n";
    for (const std::string& warning : t.warnings) out += "- " + warning + "\n";
    out += "\n";
  }
  out += fmt::format(
      "## Data\n\n"
      "Frames {} to {} (journal {} to {}): {} rows, {} background, {} CUSUM, {} cascade.\n"
      "Left out: {} rows whose window meets a hole, {} that the data end in, {} that were too old to hold.\n"
      "In order of time: {} rows to learn from ({:.0f} effective), {} to calibrate, {} to measure; {} purged "
      "between "
      "them.\n\n",
      to_rfc3339(t.data.first_at), to_rfc3339(t.data.last_at), t.data.first_cause.number,
      t.data.last_cause.number, t.rows, t.data.background_rows, t.data.cusum_rows, t.data.cascade_rows,
      t.data.dropped_gap, t.data.dropped_end, t.data.evicted, t.split.train_end, t.train_effective_rows,
      t.split.validation_end - t.split.validation_begin, m.rows, t.split.purged());
  out += fmt::format(
      "## Measured on the untouched last part (95 % intervals)\n\n"
      "| what | value |\n|---|---|\n"
      "| rank correlation | {} |\n| correlation | {} |\n"
      "| skill against predicting zero | {} |\n| skill against shuffled labels | {} |\n"
      "| rank correlation of the shuffled-label control | {} |\n"
      "| strongest tenth, gross | {} bps |\n| strongest tenth, after {:.1f} bps of cost | {} bps |\n"
      "| strongest tenth, share that went the predicted way | {} |\n"
      "| standard deviation of the label | {:.2f} bps |\n"
      "| labels within the 90 % interval of ±{:.2f} bps | {:.1f} % |\n\n",
      text(m.rank_correlation, 3), text(m.correlation, 3), text(m.skill_against_zero, 4),
      text(t.skill_against_control, 4), text(t.control_rank_correlation, 3), text(m.top_decile_gross_bps, 2),
      t.settings.round_trip_cost_bps, text(m.top_decile_net_bps, 2), text(m.top_decile_hit_share, 3),
      m.label_sd_bps, t.calibration.residual_bps, 100 * t.interval_coverage);
  out += fmt::format(
      "Calibration on validation: slope {}, intercept {} bps; used {:.3f} and {:.3f} bps.\n\n"
      "## Limits\n\n"
      "The label is a mid return: no queue, no fill, no latency. A trade pays its costs on top. The figures "
      "hold for the\n"
      "period and the symbols above.\n\n## Largest shares of the gain\n\n",
      text(t.calibration.slope, 3), text(t.calibration.intercept_bps, 3), t.calibration.used_slope,
      t.calibration.used_intercept_bps);
  for (const FeatureShare& f : t.importance) out += fmt::format("- {} {:.1f} %\n", f.name, 100 * f.share);
  return out;
}

}  // namespace mlbot::lab
