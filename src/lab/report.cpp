// The training report: one page that opens anywhere. Drawn as inline SVG; no script, no font, no address.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lab/train.h"

namespace mlbot::lab {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #667085; --line: #d7dce3; --paper: #fff; --mark: #2563eb;
        --warn: #b45309; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #343b46; --paper: #14171c;
        --mark: #7aa2ff; --warn: #f0b35e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 860px;
       margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
p.soft, td.soft { color: var(--soft); } ul.warn { color: var(--warn); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
td.n, th.n { text-align: right; white-space: nowrap; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .mark { stroke: var(--mark); fill: var(--mark); }
svg .bar { fill: var(--mark); } svg .ideal { stroke: var(--soft); stroke-dasharray: 4 4; }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string row(std::string_view what, const Estimate& e, int decimals, std::string_view unit = "") {
  return fmt::format("<tr><td>{}</td><td class=n>{:.{}f}{}</td><td class=n>{:.{}f} to {:.{}f}</td></tr>\n",
                     what, e.value, decimals, unit, e.low, decimals, e.high, decimals);
}

/// A linear way from data to page; `from` and `to` may not be equal.
struct Scale {
  double from, to, at, length;
  double operator()(double value) const { return at + (value - from) / (to - from) * length; }
};

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into at most eight.
double step_for(double span) {
  double step = 1e-9;
  static constexpr double factors[] = {2.0, 2.5, 2.0};
  for (std::size_t i = 0; span / step > 8; ++i) step *= factors[i % 3];
  return step;
}

std::string deciles_svg(const std::vector<Decile>& deciles) {
  constexpr double width = 820, height = 340, left = 56, right = 16, top = 12, bottom = 40;
  double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
  for (const Decile& d : deciles) {
    x_low = std::min(x_low, d.predicted_bps);
    x_high = std::max(x_high, d.predicted_bps);
    y_low = std::min({y_low, d.realised_bps.low, d.predicted_bps});
    y_high = std::max({y_high, d.realised_bps.high, d.predicted_bps});
  }
  const double x_pad = 0.05 * (x_high - x_low) + 1e-6, y_pad = 0.05 * (y_high - y_low) + 1e-6;
  const Scale x{x_low - x_pad, x_high + x_pad, left, width - left - right};
  const Scale y{y_low - y_pad, y_high + y_pad, height - bottom, -(height - bottom - top)};
  std::string out = fmt::format(
      "<svg viewBox='0 0 {} {}' role=img aria-label='realised by predicted return'>\n", width, height);
  const auto line = [&](std::string_view kind, double x1, double y1, double x2, double y2) {
    out += fmt::format("<line class={} x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}'/>\n", kind, x1, y1, x2,
                       y2);
  };
  const double y_step = step_for(y.to - y.from), x_step = step_for(x.to - x.from);
  for (double v = std::ceil(y.from / y_step) * y_step; v <= y.to; v += y_step) {
    line("axis", left, y(v), width - right, y(v));
    out += fmt::format("<text x='{}' y='{:.1f}' text-anchor=end>{:.4g}</text>\n", left - 6, y(v) + 4,
                       std::abs(v) < y_step / 2 ? 0.0 : v);
  }
  for (double v = std::ceil(x.from / x_step) * x_step; v <= x.to; v += x_step)
    out += fmt::format("<text x='{:.1f}' y='{}' text-anchor=middle>{:.4g}</text>\n", x(v),
                       height - bottom + 16, std::abs(v) < x_step / 2 ? 0.0 : v);
  line("ideal", x(x_low), y(x_low), x(x_high), y(x_high));
  for (const Decile& d : deciles) {
    line("mark", x(d.predicted_bps), y(d.realised_bps.low), x(d.predicted_bps), y(d.realised_bps.high));
    out += fmt::format(
        "<circle class=mark cx='{:.1f}' cy='{:.1f}' r='4'><title>predicted {:.2f} bps, realised {:.2f} bps "
        "({:.2f} to {:.2f}), {} rows</title></circle>\n",
        x(d.predicted_bps), y(d.realised_bps.value), d.predicted_bps, d.realised_bps.value,
        d.realised_bps.low, d.realised_bps.high, d.rows);
  }
  out += fmt::format(
      "<text x='{:.1f}' y='{}' text-anchor=middle>predicted, bps (dashed: as predicted)</text>\n</svg>\n",
      width / 2, height - 6);
  return out;
}

std::string importance_svg(const std::vector<FeatureShare>& importance) {
  constexpr double width = 820, label = 250, pitch = 20;
  std::string out =
      fmt::format("<svg viewBox='0 0 {} {}' role=img aria-label='share of the gain by feature'>\n", width,
                  pitch * static_cast<double>(importance.size()) + 4);
  double at = 2;
  for (const FeatureShare& f : importance) {
    const double length = f.share / importance.front().share * (width - label - 70);
    out += fmt::format(
        "<text x='{}' y='{:.0f}' text-anchor=end>{}</text><rect class=bar x='{}' y='{:.0f}' width='{:.1f}' "
        "height='{:.0f}' rx=2 /><text x='{:.1f}' y='{:.0f}'>{:.1f} %</text>\n",
        label - 8, at + 13, escaped(f.name), label, at + 2, length, pitch - 6, label + length + 6, at + 13,
        100 * f.share);
    at += pitch;
  }
  return out + "</svg>\n";
}

}  // namespace

std::string training_report_html(const Training& t) {
  const Metrics& m = t.metrics;
  const auto horizon_s = std::chrono::duration_cast<std::chrono::seconds>(t.sampling.horizon).count();
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
      "content='width=device-width'>\n"
      "<title>Model {}</title><style>{}</style></head><body>\n<h1>Model {}</h1>\n"
      "<p class=soft>Return of the mid over {} s, in bps, before costs. {}. Frames {} to {}. Trained "
      "{}.</p>\n",
      t.content_hash.substr(0, 12), style, t.content_hash.substr(0, 12), horizon_s,
      escaped(fmt::format("{}", fmt::join(t.data.symbols, ", "))), to_rfc3339(t.data.first_at),
      to_rfc3339(t.data.last_at), to_rfc3339(t.settings.trained_at));
  if (!t.warnings.empty()) {
    out += "<ul class=warn>\n";
    for (const std::string& warning : t.warnings) out += "<li>" + escaped(warning) + "</li>\n";
    out += "</ul>\n";
  }
  out +=
      "<h2>On the untouched last part</h2>\n<table><tr><th>measure</th><th class=n>value</th><th class=n>95 "
      "% "
      "interval</th></tr>\n";
  out += row("rank correlation", m.rank_correlation, 3);
  out += row("correlation", m.correlation, 3);
  out += row("skill against predicting zero", m.skill_against_zero, 4);
  out += row("skill against shuffled labels", t.skill_against_control, 4);
  out += row("rank correlation of the shuffled-label control", t.control_rank_correlation, 3);
  out += row("strongest tenth, gross", m.top_decile_gross_bps, 2, " bps");
  out += row(fmt::format("strongest tenth, after {:.1f} bps of cost", t.settings.round_trip_cost_bps),
             m.top_decile_net_bps, 2, " bps");
  out += row("strongest tenth, share that went the predicted way", m.top_decile_hit_share, 3);
  out += row("calibration slope (validation)", t.calibration.slope, 3);
  out += row("calibration intercept (validation)", t.calibration.intercept_bps, 3, " bps");
  out += fmt::format(
      "</table>\n<p class=soft>{} of the labels lie within the 90 % interval of ±{:.2f} bps. Standard "
      "deviation of the "
      "label: {:.2f} bps.</p>\n<h2>Realised by predicted return, tenths of the rows</h2>\n",
      fmt::format("{:.1f} %", 100 * t.interval_coverage), t.calibration.residual_bps, m.label_sd_bps);
  out += deciles_svg(m.deciles);
  out += "<h2>Share of the gain</h2>\n";
  out += t.importance.empty() ? "<p class=soft>No tree made a split.</p>\n" : importance_svg(t.importance);
  out += fmt::format(
      "<h2>Rows</h2>\n<table><tr><th>part</th><th class=n>rows</th></tr>\n"
      "<tr><td>learned from ({:.0f} effective)</td><td class=n>{}</td></tr>\n"
      "<tr><td>calibrated on</td><td class=n>{}</td></tr>\n<tr><td>measured on</td><td class=n>{}</td></tr>\n"
      "<tr><td>purged between the parts</td><td class=n>{}</td></tr>\n"
      "<tr><td>left out: the window meets a hole</td><td class=n>{}</td></tr>\n"
      "<tr><td>left out: the data end in the window</td><td class=n>{}</td></tr>\n"
      "<tr><td>background, CUSUM, cascade</td><td class=n>{}, {}, {}</td></tr></table>\n</body></html>\n",
      t.train_effective_rows, t.split.train_end, t.split.validation_end - t.split.validation_begin, m.rows,
      t.split.purged(), t.data.dropped_gap, t.data.dropped_end, t.data.background_rows, t.data.cusum_rows,
      t.data.cascade_rows);
  return out;
}

}  // namespace mlbot::lab
