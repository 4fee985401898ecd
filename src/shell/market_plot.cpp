#include "shell/market_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "shell/markets.h"

namespace mlbot::shell {
namespace {

using sim::Shape;

struct Panel {
  Shape shape;
  std::string_view title;
};
constexpr std::array<Panel, 6> panels{{{Shape::spread_bps, "spread, bps"},
                                       {Shape::touch_depth, "depth at the touch / median taker order"},
                                       {Shape::ten_level_depth, "depth of 10 levels / median taker order"},
                                       {Shape::taker_size, "taker order / median taker order"},
                                       {Shape::taker_interval_s, "seconds between taker orders"},
                                       {Shape::move_60s_bps, "move of the mid in 60 s, bps"}}};
constexpr std::array<std::string_view, 7> recorded_colours{"#0072b2", "#56b4e9", "#009e73", "#999999",
                                                           "#cc79a7", "#b8a800", "#444444"};
constexpr std::array<std::string_view, 2> generated_colours{"#d55e00", "#e69f00"};
constexpr double panel_width = 300, panel_height = 190, margin_left = 46, margin_top = 34, gap_x = 54,
                 gap_y = 56;
constexpr int panel_columns = 3, panel_rows = 2, legend_columns = 4;
constexpr double width = margin_left + panel_columns * (panel_width + gap_x);
/// Values below this are drawn at the left edge: an axis of powers of ten has no zero.
constexpr double smallest_drawn = 1e-3;
/// A line out of fewer values would be a staircase of chance.
constexpr std::size_t values_min = 30;

bool is_drawn(const sim::MarketShape& shape, Shape which) {
  return shape.sorted[static_cast<std::size_t>(which)].size() >= values_min;
}

double decimal_exponent(double value) { return std::log10(std::max(value, smallest_drawn)); }

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
};

/// The powers of ten between which all markets' values from 1 % to 99 % lie.
Range range_of(const std::vector<MeasuredMarket>& markets, Shape shape) {
  Range out;
  for (const auto& market : markets) {
    if (!is_drawn(market.shape, shape)) continue;
    const double low = market.shape.quantile(shape, 1), high = market.shape.quantile(shape, 99);
    out.low = std::min(out.low, std::floor(decimal_exponent(low)));
    out.high = std::max(out.high, std::ceil(decimal_exponent(high)));
  }
  if (!(out.low < out.high)) return {out.high - 1, out.high};
  return out;
}

struct Pen {
  std::string_view colour;
  double width;
};
std::vector<Pen> pens_for(const std::vector<MeasuredMarket>& markets) {
  std::vector<Pen> out;
  std::size_t generated = 0, recorded = 0;
  for (const auto& market : markets) {
    if (is_made_up(market.source))
      out.push_back({generated_colours[generated++ % generated_colours.size()], 2.6});
    else
      out.push_back({recorded_colours[recorded++ % recorded_colours.size()], 1.3});
  }
  return out;
}

std::string draw_panel(const Panel& panel, double left, double top,
                       const std::vector<MeasuredMarket>& markets, const std::vector<Pen>& pens) {
  const Range range = range_of(markets, panel.shape);
  std::string out = fmt::format(R"(<text x="{:.0f}" y="{:.0f}" font-weight="bold">{}</text>)"
                                "\n",
                                left, top - 8, panel.title);
  if (!std::isfinite(range.low)) return out;
  const auto x_of = [&](double value) {
    const double share = (decimal_exponent(value) - range.low) / (range.high - range.low);
    return left + panel_width * std::clamp(share, 0.0, 1.0);
  };
  for (int exponent = static_cast<int>(range.low); exponent <= static_cast<int>(range.high); ++exponent) {
    const double x = left + panel_width * (exponent - range.low) / (range.high - range.low);
    out += fmt::format(
        R"(<path d="M{0:.1f} {1:.1f}V{2:.1f}" stroke="#dddddd"/><text x="{0:.1f}" y="{3:.1f}" text-anchor="middle">{4:g}</text>)"
        "\n",
        x, top, top + panel_height, top + panel_height + 14, std::pow(10.0, exponent));
  }
  for (int percent = 0; percent <= 100; percent += 25) {
    const double y = top + panel_height * (1 - percent / 100.0);
    out += fmt::format(
        R"(<path d="M{0:.1f} {1:.1f}h{2:.0f}" stroke="#dddddd"/><text x="{3:.1f}" y="{4:.1f}" text-anchor="end">{5} %</text>)"
        "\n",
        left, y, panel_width, left - 4, y + 4, percent);
  }
  for (std::size_t i = 0; i < markets.size(); ++i) {
    if (!is_drawn(markets[i].shape, panel.shape)) continue;
    std::string line;
    for (int percent = 1; percent <= 99; ++percent) {
      const double value = markets[i].shape.quantile(panel.shape, percent);
      line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", x_of(value),
                          top + panel_height * (1 - percent / 100.0));
    }
    out += fmt::format(R"(<path d="{}" fill="none" stroke="{}" stroke-width="{}"/>)"
                       "\n",
                       line, pens[i].colour, pens[i].width);
  }
  return out;
}

}  // namespace

std::string plot_markets(const std::vector<MeasuredMarket>& markets) {
  const auto pens = pens_for(markets);
  const double legend_top = margin_top + panel_rows * (panel_height + gap_y);
  const auto legend_rows = static_cast<double>((markets.size() + legend_columns - 1) / legend_columns);
  const double height = legend_top + 18 * legend_rows;
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" font-family="sans-serif" font-size="11">)"
      "\n"
      R"(<rect width="100%" height="100%" fill="white"/>)"
      "\n",
      width, height);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const auto column = static_cast<double>(i % panel_columns), row = static_cast<double>(i / panel_columns);
    out += draw_panel(panels[i], margin_left + column * (panel_width + gap_x),
                      margin_top + row * (panel_height + gap_y), markets, pens);
  }
  for (std::size_t i = 0; i < markets.size(); ++i) {
    const double x = margin_left + static_cast<double>(i % legend_columns) * (width / legend_columns);
    const double y = legend_top + 18 * static_cast<double>(i / legend_columns);
    const auto& source = markets[i].source;
    out += fmt::format(
        R"(<path d="M{:.1f} {:.1f}h22" stroke="{}" stroke-width="{}"/><text x="{:.1f}" y="{:.1f}">{} ({})</text>)"
        "\n",
        x, y - 4, pens[i].colour, pens[i].width, x + 28, y, markets[i].shape.symbol.view(),
        source.substr(source.find_last_of('/') + 1));
  }
  return out + "</svg>\n";
}

}  // namespace mlbot::shell
