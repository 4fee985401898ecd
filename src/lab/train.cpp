#include "lab/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "base/digest.h"
#include "base/prng.h"
#include "core/features/feature_hub.h"
#include "lab/xgboost_json.h"

namespace mlbot::lab {
namespace {

constexpr std::string_view head_name = "forward_return";
constexpr std::size_t importance_rows = 20;

std::unexpected<TrainError> fail(TrainFault fault, std::string what) {
  return std::unexpected{TrainError{fault, std::move(what)}};
}
std::unexpected<TrainError> trainer_said(const BoosterError& words) {
  return fail(TrainFault::trainer_failed,
              fmt::format("XGBoost failed: {}; check memory and training settings", words));
}

/// One part of the data set, as views.
struct Part {
  RowsView rows;
  std::span<const Instant> at;
  std::span<const float> label_bps, weight;

  Part(const Dataset& data, std::size_t begin, std::size_t end)
      : rows{std::span{data.features}.subspan(begin * feature_count, (end - begin) * feature_count),
             feature_count},
        at{std::span{data.at}.subspan(begin, end - begin)},
        label_bps{std::span{data.label_bps}.subspan(begin, end - begin)},
        weight{std::span{data.weight}.subspan(begin, end - begin)} {}
  Scored scored(std::span<const double> expected_bps) const { return {at, label_bps, weight, expected_bps}; }
};

/// What a single fit needs to report how far it is.
struct Stage {
  std::string_view name;
  const ProgressCallback& progress;
  Result<void, TrainError> reached(int done, int total) const {
    if (progress && progress({name, done, total}) == Proceed::stop)
      return fail(TrainFault::stopped, "training was stopped; no model was made");
    return {};
  }
};

/// Rows, labels and weights as the trees see them: with a mirror each row stands there twice, at half its
/// weight.
struct Lesson {
  std::vector<float> rows, labels, weight;

  Lesson(const Part& part, std::span<const float> labels_in, std::span<const MirrorRule> rules)
      : rows(part.rows.values.begin(), part.rows.values.end()),
        labels(labels_in.begin(), labels_in.end()),
        weight(part.weight.begin(), part.weight.end()) {
    if (rules.empty()) return;
    const std::size_t count = labels.size();
    rows.resize(2 * rows.size());
    for (std::size_t i = 0; i < count; ++i) {
      mirror(rules, std::span{rows}.subspan(i * feature_count, feature_count),
             std::span{rows}.subspan((count + i) * feature_count, feature_count));
      labels.push_back(-labels[i]);
      weight.push_back(weight[i] /= 2);
    }
  }
};

Result<Booster, TrainError> fit(const Lesson& lesson, const BoosterParameters& parameters,
                                const Stage& stage) {
  auto booster = Booster::start({lesson.rows, feature_count}, lesson.labels, lesson.weight, parameters);
  if (!booster) return trainer_said(booster.error());
  for (int round = 0; round < parameters.rounds; ++round) {
    if (auto ok = stage.reached(round, parameters.rounds); !ok) return std::unexpected{ok.error()};
    if (auto ok = booster->update(round); !ok) return trainer_said(ok.error());
  }
  if (auto ok = stage.reached(parameters.rounds, parameters.rounds); !ok) return std::unexpected{ok.error()};
  return std::move(*booster);
}

Result<std::vector<double>, TrainError> margins(const Booster& booster, const Part& part) {
  const auto predicted = booster.predict(part.rows);
  if (!predicted) return trainer_said(predicted.error());
  return std::vector<double>(predicted->begin(), predicted->end());
}

/// Labels in an order that has forgotten the rows.
std::vector<float> shuffled(std::span<const float> labels, std::uint64_t seed) {
  std::vector<float> out(labels.begin(), labels.end());
  Prng rng = Prng::stream(seed, "shuffled labels");
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[rng.below(i)]);
  return out;
}

double effective_rows(std::span<const float> weight) {
  double sum = 0, squares = 0;
  for (const float w : weight) {
    sum += static_cast<double>(w);
    squares += static_cast<double>(w) * static_cast<double>(w);
  }
  return sum * sum / squares;
}

std::string digest_of(const Dataset& data) {
  const auto bytes = [](const auto& list) {
    return std::string_view{reinterpret_cast<const char*>(list.data()), list.size() * sizeof(list[0])};
  };
  std::string digests;
  for (const std::string_view part :
       {bytes(data.features), bytes(data.label_bps), bytes(data.weight), bytes(data.at)})
    digests += to_hex(sha256(part));
  return to_hex(sha256(digests));
}

/// Labels that live at one time, about: how many rows say nearly the same.
double overlap_of(const Dataset& data, const Part& part) {
  const auto span = part.at.back() - part.at.front();
  const double symbols = std::max<double>(1, static_cast<double>(data.manifest.symbols.size()));
  const double a_symbol = static_cast<double>(part.at.size()) / symbols;
  return std::max(1.0, a_symbol * static_cast<double>(data.sampling.horizon.count()) /
                           static_cast<double>(std::max<std::int64_t>(1, span.count())));
}

/// Half of them are rows of the data; the other half are such rows with holes and with values exactly on
/// thresholds, where a wrong comparison or default side would show.
std::vector<float> choose_golden(const Dataset& data, const std::vector<std::vector<float>>& thresholds,
                                 std::uint64_t seed) {
  Prng rng = Prng::stream(seed, "golden rows");
  std::vector<float> out;
  for (std::size_t i = 0; i < golden_rows; ++i) {
    const auto row = data.row(i * data.rows() / golden_rows);
    out.insert(out.end(), row.begin(), row.end());
    if (i % 2 == 0) continue;
    for (std::size_t k = 0; k < feature_count; ++k) {
      float& cell = out[i * feature_count + k];
      if (rng.chance(0.15))
        cell = std::numeric_limits<float>::quiet_NaN();
      else if (!thresholds[k].empty() && rng.chance(0.5))
        cell = thresholds[k][rng.below(thresholds[k].size())];
    }
  }
  return out;
}

std::vector<FeatureShare> importance_of(std::span<const double> gain, const std::vector<std::string>& names) {
  std::vector<FeatureShare> out;
  const double total = std::accumulate(gain.begin(), gain.end(), 0.0);
  for (std::size_t i = 0; i < gain.size(); ++i)
    if (gain[i] > 0) out.push_back({names[i], gain[i] / total});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.share != b.share ? a.share > b.share : a.name < b.name;
  });
  if (out.size() > importance_rows) out.resize(importance_rows);
  return out;
}

std::vector<std::string> warnings_of(const Training& t) {
  std::vector<std::string> out;
  if (t.train_effective_rows < trusted_effective_rows_min)
    out.push_back(
        fmt::format("only {:.0f} effective training rows; {:.0f} are wanted before a model is trusted",
                    t.train_effective_rows, trusted_effective_rows_min));
  if (t.metrics.skill_against_zero.low <= 0)
    out.emplace_back("skill against predicting zero is not distinguishable from none");
  if (t.metrics.rank_correlation.low <= t.control_rank_correlation.high)
    out.emplace_back("rank correlation is not clearly above that of the shuffled-label control");
  if (t.calibration.used_slope == 0)
    out.emplace_back("validation shows no skill, so calibration silences the model");
  if (t.metrics.top_decile_net_bps.low <= 0)
    out.emplace_back("the strongest tenth of predictions is not clearly above the stated cost");
  if (!t.importance.empty() && t.importance.front().share > 0.25)
    out.push_back(fmt::format("{} alone gives {:.0f} % of the gain; look for a leak",
                              t.importance.front().name, 100 * t.importance.front().share));
  if (t.data.evicted > 0)
    out.push_back(
        fmt::format("{} oldest rows made way; at most {} are held", t.data.evicted, t.sampling.rows_max));
  return out;
}

Json about(const Training& t) {
  const BoosterParameters& p = t.settings.booster;
  const std::int64_t trained = t.settings.trained_at.ms();
  const bool expires = t.settings.expires_after > Duration::zero();
  const auto horizon_ms = std::chrono::duration_cast<std::chrono::milliseconds>(t.sampling.horizon).count();
  return {
      {"schema_hash", fmt::format("{:016x}", t.settings.schema_hash)},
      {"feature_count", feature_count},
      {"trained_at_ms", trained},
      {"expires_at_ms", expires ? (t.settings.trained_at + t.settings.expires_after).ms() : 0},
      {"heads",
       Json::array({{{"name", head_name},
                     {"file", "model.json"},
                     {"horizon_ms", horizon_ms},
                     {"unit", "bps_of_mid"},
                     {"calibration_intercept_bps", static_cast<float>(t.calibration.used_intercept_bps)},
                     {"calibration_slope", static_cast<float>(t.calibration.used_slope)},
                     {"relative_error", t.calibration.relative_error()},
                     {"residual_bps", t.calibration.residual_bps},
                     {"residual_coverage", 0.9}}})},
      {"costs", {{"round_trip_bps", t.settings.round_trip_cost_bps}}},
      {"data",
       {{"symbols", t.data.symbols},
        {"first_at", to_rfc3339(t.data.first_at)},
        {"last_at", to_rfc3339(t.data.last_at)},
        {"journal_first", t.data.first_cause.number},
        {"journal_last", t.data.last_cause.number},
        {"frames", t.data.frames},
        {"rows", t.rows},
        {"rows_background", t.data.background_rows},
        {"rows_cusum", t.data.cusum_rows},
        {"rows_cascade", t.data.cascade_rows},
        {"rows_dropped_gap", t.data.dropped_gap},
        {"rows_dropped_end", t.data.dropped_end},
        {"rows_evicted", t.data.evicted},
        {"sha256", t.data_digest}}},
      {"sampling",
       {{"background_probability", t.sampling.background_probability},
        {"rows_max", t.sampling.rows_max},
        {"seed", t.sampling.seed}}},
      {"training",
       {{"trainer", "XGBoost " + Booster::version()},
        {"objective", "reg:squarederror"},
        {"rounds", p.rounds},
        {"depth", p.depth},
        {"learning_rate", p.learning_rate},
        {"row_share", p.row_share},
        {"column_share", p.column_share},
        {"min_leaf_weight", p.min_leaf_weight},
        {"min_leaf_labels", t.settings.min_leaf_labels},
        {"mirrored", !t.settings.mirror.empty()},
        {"l2", p.l2},
        {"bins", p.bins},
        {"threads", p.threads},
        {"seed", p.seed},
        {"train_share", t.settings.train_share},
        {"validation_share", t.settings.validation_share}}},
  };
}

Result<void, TrainError> check_parts(const Dataset& data, const Split& split) {
  const std::size_t validation = split.validation_end - split.validation_begin,
                    test = split.test_end - split.test_begin;
  if (split.train_end < train_rows_min || validation < part_rows_min || test < part_rows_min)
    return fail(
        TrainFault::too_few_rows,
        fmt::format(
            "{} labelled rows give {} for training, {} for validation and {} for the test; at least {}, "
            "{} and {} are needed: record for longer, or raise the background probability of {}",
            data.rows(), split.train_end, validation, test, train_rows_min, part_rows_min, part_rows_min,
            data.sampling.background_probability));
  const auto labels = std::span{data.label_bps}.first(split.train_end);
  if (std::all_of(labels.begin(), labels.end(), [&](float label) { return label == labels[0]; }))
    return fail(TrainFault::no_variation,
                fmt::format("all {} training labels are {} bps; is the price in this recording frozen?",
                            labels.size(), labels[0]));
  return {};
}

/// The two fits and every figure; leaves the model's document in files.
Result<Booster, TrainError> learn(const Dataset& data, Training& out, const ProgressCallback& progress) {
  const Split& split = out.split;
  const Part train{data, 0, split.train_end}, validation{data, split.validation_begin, split.validation_end},
      test{data, split.test_begin, split.test_end};
  BoosterParameters& parameters = out.settings.booster;
  parameters.min_leaf_weight =
      std::max(parameters.min_leaf_weight, out.settings.min_leaf_labels * overlap_of(data, train));
  const auto& rules = out.settings.mirror;
  auto model = fit(Lesson{train, train.label_bps, rules}, parameters, {"train", progress});
  if (!model) return model;
  const auto control = fit(Lesson{train, shuffled(train.label_bps, parameters.seed), rules}, parameters,
                           {"control", progress});
  if (!control) return std::unexpected{control.error()};
  if (auto ok = Stage{"evaluate", progress}.reached(0, 1); !ok) return std::unexpected{ok.error()};

  const auto bootstrap_of = [&](const Part& part) {
    return BootstrapSettings{.block = block_length(part.at, data.sampling.horizon), .seed = parameters.seed};
  };
  const BootstrapSettings bootstrap = bootstrap_of(test);
  const auto on_validation = margins(*model, validation), on_test = margins(*model, test),
             control_on_test = margins(*control, test);
  for (const auto* predicted : {&on_validation, &on_test, &control_on_test})
    if (!*predicted) return std::unexpected{predicted->error()};
  out.calibration = calibrate(validation.scored(*on_validation), bootstrap_of(validation),
                              rules.empty() ? Drift::may_be_used : Drift::ignored);
  std::vector<double> expected;
  std::size_t within = 0;
  for (std::size_t i = 0; i < on_test->size(); ++i) {
    expected.push_back(out.calibration.apply((*on_test)[i]));
    within += std::abs(static_cast<double>(test.label_bps[i]) - expected[i]) <= out.calibration.residual_bps;
  }
  out.interval_coverage = static_cast<double>(within) / static_cast<double>(expected.size());
  out.train_effective_rows = effective_rows(train.weight);
  // A silenced model has no order of its own; the trees' order is then what is measured.
  const std::span<const double> measured = out.calibration.used_slope > 0 ? expected : *on_test;
  out.metrics = evaluate(test.scored(measured), out.settings.round_trip_cost_bps, bootstrap);
  out.skill_against_control = skill_against(test.scored(measured), *control_on_test, bootstrap);
  out.control_rank_correlation =
      evaluate(test.scored(*control_on_test), out.settings.round_trip_cost_bps, bootstrap).rank_correlation;
  const auto gain = model->total_gain(feature_count);
  if (!gain) return trainer_said(gain.error());
  out.importance = importance_of(*gain, out.settings.feature_names);
  out.warnings = warnings_of(out);
  return model;
}

}  // namespace

TrainSettings settings_for_catalogue() {
  TrainSettings settings;
  settings.schema_hash = core::feature_schema_hash();
  for (const core::FeatureSpec& feature : core::feature_catalogue())
    settings.feature_names.emplace_back(feature.name);
  for (const core::FeatureSpec& feature : core::feature_catalogue())
    settings.by_clock.push_back(feature.engine == core::Engine::time_context);
  std::vector<std::string_view> codes;
  for (const core::FeatureSpec& feature : core::feature_catalogue()) codes.push_back(feature.mirror);
  auto rules = mirror_rules(codes);
  MLBOT_ASSERT(rules);
  settings.mirror = std::move(*rules);
  return settings;
}

Split split_by_time(std::span<const Instant> at, Duration horizon, double train_share,
                    double validation_share) {
  MLBOT_ASSERT(train_share > 0 && validation_share > 0 && train_share + validation_share < 1);
  Split split;
  const std::size_t rows = at.size();
  split.test_end = rows;
  if (rows == 0) return split;
  const auto first_from = [&](Instant cut) {
    return static_cast<std::size_t>(std::lower_bound(at.begin(), at.end(), cut) - at.begin());
  };
  const auto cut_at = [&](double share) {
    return at[static_cast<std::size_t>(share * static_cast<double>(rows))];
  };
  split.validation_begin = first_from(cut_at(train_share));
  split.test_begin = first_from(cut_at(train_share + validation_share));
  split.train_end = first_from(at[split.validation_begin] - horizon);
  split.validation_end = std::max(split.validation_begin, first_from(at[split.test_begin] - horizon));
  return split;
}

Result<Training, TrainError> train(const Dataset& data, const TrainSettings& settings,
                                   const ProgressCallback& progress) {
  MLBOT_ASSERT(settings.feature_names.size() == feature_count);
  MLBOT_ASSERT(std::is_sorted(data.at.begin(), data.at.end()));
  Training out{.settings = settings, .sampling = data.sampling, .data = data.manifest, .rows = data.rows()};
  out.split = split_by_time(data.at, data.sampling.horizon, settings.train_share, settings.validation_share);
  if (auto ok = check_parts(data, out.split); !ok) return std::unexpected{ok.error()};
  out.first_row_at = data.at.front();
  out.last_row_at = data.at.back();
  out.data_digest = digest_of(data);
  const auto model = learn(data, out, progress);
  if (!model) return std::unexpected{model.error()};

  if (auto ok = Stage{"bundle", progress}.reached(0, 1); !ok) return std::unexpected{ok.error()};
  auto document = model->to_json();
  if (!document) return trainer_said(document.error());
  const auto thresholds = read_thresholds(*document, "model.json");
  if (!thresholds) return fail(TrainFault::self_check_failed, thresholds.error().what);
  const auto golden = choose_golden(data, *thresholds, settings.booster.seed);
  const auto predictions = model->predict({golden, feature_count});
  if (!predictions) return trainer_said(predictions.error());
  out.files["model.json"] = std::move(*document);
  out.files["golden.json"] = golden_json(golden, feature_count, *predictions);
  std::vector<bool> without_range = settings.by_clock;
  without_range.resize(feature_count);
  out.files["ranges.json"] =
      ranges_json(std::span{data.features}.first(out.split.validation_end * feature_count), without_range);
  out.files["metrics.json"] = metrics_json(out).dump(1) + "\n";
  out.files["card.md"] = model_card(out);
  seal_bundle(out.files, about(out));
  const auto loaded = load_bundle(out.files, settings.schema_hash);
  if (!loaded) return fail(TrainFault::self_check_failed, loaded.error().what);
  out.content_hash = loaded->content_hash;
  return out;
}

}  // namespace mlbot::lab
