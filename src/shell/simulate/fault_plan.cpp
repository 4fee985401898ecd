#include "shell/simulate/fault_plan.h"

#include <algorithm>

#include "base/assert.h"

namespace mlbot::shell::simulate {
namespace {

struct FaultRange {
  FaultKind kind;
  std::string_view name;
  bool timed;
  double low, high;                      ///< chance an occasion, or times an hour
  double shortest_s = 0, longest_s = 0;  ///< of a timed one, log-uniform
};

using enum FaultKind;
// The upper ends are those of the reliability page, section 3.3, for an hour of a world; a world here is
// minutes, so that what strikes by the hour has its range raised tenfold, or it would hardly ever strike.
constexpr FaultRange ranges[] = {
    {lost_answer, "lost_answer", false, 0.002, 0.10},
    {lost_request, "lost_request", false, 0.002, 0.10},
    {late_request, "late_request", false, 0.002, 0.05},
    {bad_http, "bad_http", false, 0.002, 0.05},
    {duplicate, "duplicate", false, 0.0005, 0.02},
    {reorder, "reorder", false, 0.0005, 0.05},
    {dropped_delta, "dropped_delta", false, 0.0001, 0.003},
    {connect_failure, "connect_failure", false, 0.02, 0.30},
    {clog, "clog", true, 20, 300, 0.1, 5},
    {reset, "reset", true, 5, 100},
    {half_open, "half_open", true, 2, 30, 5, 60},
    {partition, "partition", true, 3, 40, 1, 60},
    {starved_reader, "starved_reader", true, 5, 80, 0.1, 20},
    {permuted_news, "permuted_news", false, 0.01, 0.30},
    {timeout_code, "timeout_code", false, 0.002, 0.03},
    {too_many, "too_many", false, 0.002, 0.05},
    {phantom_position, "phantom_position", false, 0.01, 0.20},
    {unknown_word, "unknown_word", false, 0.0005, 0.01},
    {page_drift, "page_drift", false, 0.02, 0.50},
    {ip_ban, "ip_ban", true, 0.5, 4, 30, 120},
    {venue_restart, "venue_restart", true, 2, 20, 1, 10},
    {forced_exit, "forced_exit", true, 3, 30},
    {filter_change, "filter_change", true, 2, 15},
    {symbol_halt, "symbol_halt", true, 2, 15, 1, 60},
    {human_trade, "human_trade", true, 3, 30},
    {human_order, "human_order", true, 3, 30, 1, 30},
    {leverage_change, "leverage_change", true, 2, 20},
    {key_refused, "key_refused", true, 1, 8, 1, 60},
    {suspend, "suspend", true, 1, 12, 1, 120},
    {clock_step, "clock_step", true, 2, 20},
    {disk_error, "disk_error", false, 0.000001, 0.00003},
    {torn_tail, "torn_tail", false, 0.8, 1.0},
    {power_cut, "power_cut", false, 0.3, 0.7},
    {slow_sync, "slow_sync", true, 5, 100, 0.01, 10},
    {disk_full, "disk_full", true, 1, 10, 1, 60},
    {crash, "crash", true, 2, 60},
    {crash_at_point, "crash_at_point", false, 0.0005, 0.02},
    {pause, "pause", true, 5, 60, 0.1, 60},
    {double_start, "double_start", true, 1, 15},
    {operator_pause, "operator_pause", true, 2, 20, 1, 60},
    {operator_reduce, "operator_reduce", true, 2, 20, 1, 60},
    {operator_cancel, "operator_cancel", true, 2, 20, 1, 30},
    {operator_flatten, "operator_flatten", true, 2, 20, 5, 60},
    {operator_kill, "operator_kill", true, 1, 12, 10, 120},
    {limit_change, "limit_change", true, 2, 30},
    {price_gap, "price_gap", true, 2, 30},
    {one_sided_book, "one_sided_book", true, 2, 20, 0.5, 20},
    {market_silence, "market_silence", true, 2, 20, 1, 60},
    {feed_restart, "feed_restart", true, 2, 20},
};
static_assert(std::size(ranges) == fault_kind_count);
constexpr bool in_order() {
  for (std::size_t i = 0; i < fault_kind_count; ++i)
    if (ranges[i].kind != static_cast<FaultKind>(i)) return false;
  return true;
}
static_assert(in_order());

constexpr std::uint64_t site_on = 1'000, site_rate = 2'000, site_occasion = 3'000, site_figure = 4'000,
                        site_instant = 5'000;
constexpr std::size_t struck_kept = 20'000;
constexpr std::uint64_t figures_each = 16;

const FaultRange& range_of(FaultKind kind) { return ranges[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view to_string(FaultKind kind) { return range_of(kind).name; }
bool is_timed(FaultKind kind) { return range_of(kind).timed; }
std::optional<FaultKind> fault_kind_from(std::string_view name) {
  for (const FaultRange& range : ranges)
    if (range.name == name) return range.kind;
  return std::nullopt;
}

FaultPlan::FaultPlan(std::uint64_t seed, Duration safety, bool calm) : seed_{seed}, safety_{safety} {
  if (calm) return;
  for (const FaultRange& range : ranges) {
    const auto i = static_cast<std::size_t>(range.kind);
    const bool on = chance_bits(seed, site_on + i, 0) % 2 == 0;
    if (on) rates_[i] = ChanceSite{seed, site_rate + i}.log_uniform(range.low, range.high);
  }
}

void FaultPlan::restrict_to(std::vector<FaultInstance> instances) {
  only_.emplace(instances.begin(), instances.end());
}

bool FaultPlan::strikes(FaultKind kind) {
  const auto i = static_cast<std::size_t>(kind);
  const double rate = rates_[i];
  if (stopped_ || (rate == 0 && !only_)) return false;
  const std::uint64_t number = occasions_[i]++;
  const bool hit =
      only_ ? only_->contains({kind, number}) : chance_uniform(seed_, site_occasion + i, number) < rate;
  if (!hit) return false;
  note({kind, number});
  return true;
}

double FaultPlan::figure(FaultKind kind, std::uint64_t which) const {
  const auto i = static_cast<std::size_t>(kind);
  MLBOT_ASSERT(occasions_[i] > 0);
  return figure(FaultInstance{kind, occasions_[i] - 1}, which);
}

double FaultPlan::figure(const FaultInstance& instance, std::uint64_t which) const {
  MLBOT_ASSERT(which < figures_each);
  return chance_uniform(seed_, site_figure + static_cast<std::uint64_t>(instance.kind),
                        instance.number * figures_each + which);
}

void FaultPlan::note(const FaultInstance& instance) {
  ++counts_[static_cast<std::size_t>(instance.kind)];
  if (struck_.size() < struck_kept) struck_.push_back(instance);
}

std::vector<TimedFault> FaultPlan::timed() const {
  std::vector<TimedFault> out;
  for (const FaultRange& range : ranges) {
    if (!range.timed) continue;
    const auto i = static_cast<std::size_t>(range.kind);
    const double rate = rates_[i];
    if (rate == 0) continue;
    ChanceSite instants{seed_, site_instant + i};
    double at_s = 0;
    for (std::uint64_t number = 0;; ++number) {
      at_s += instants.exponential() * 3'600.0 / rate;
      const double length_s =
          range.longest_s > 0 ? instants.log_uniform(range.shortest_s, range.longest_s) : 0.0;
      const Duration at{static_cast<std::int64_t>(at_s * 1e9)};
      if (at >= safety_) break;
      if (only_ && !only_->contains({range.kind, number})) continue;
      out.push_back({{range.kind, number}, at, Duration{static_cast<std::int64_t>(length_s * 1e9)}});
    }
  }
  std::ranges::sort(out, [](const TimedFault& a, const TimedFault& b) {
    return a.at != b.at ? a.at < b.at : a.instance < b.instance;
  });
  return out;
}

}  // namespace mlbot::shell::simulate
