#include "lab/bundle_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "lab/xgboost_json.h"

namespace mlbot::lab {
namespace {

using models::BundleError;
using models::BundleFault;

constexpr std::array required{"bundle.json", "card.md", "golden.json", "metrics.json", "model.json"};
constexpr std::string_view remedy = "train the model again or copy the bundle again";

std::unexpected<BundleError> refuse(BundleFault fault, std::string what) {
  return std::unexpected{BundleError{fault, std::move(what)}};
}

std::string digest_of(std::string_view bytes) { return to_hex(sha256(bytes)); }

std::optional<std::uint64_t> from_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<void, BundleError> check_files(const BundleFiles& files, const Json& about) {
  for (const auto& [name, entry] : about.at("files").items()) {
    const auto file = files.find(name);
    if (file == files.end())
      return refuse(BundleFault::truncated, fmt::format("{} is missing; {}", name, remedy));
    const auto size = entry.at("bytes").get<std::size_t>();
    if (file->second.size() < size)
      return refuse(BundleFault::truncated,
                    fmt::format("{} has {} of {} bytes; {}", name, file->second.size(), size, remedy));
    if (digest_of(file->second) != entry.at("sha256").get<std::string>())
      return refuse(BundleFault::unreadable, fmt::format("{} was changed after training; {}", name, remedy));
  }
  return {};
}

Result<void, BundleError> check_golden(const std::string& text, const models::TreeEnsemble& trees) {
  const Json golden = Json::parse(text);
  const Json& rows = golden.at("rows");
  const Json& predictions = golden.at("predictions");
  if (rows.empty() || rows.size() != predictions.size())
    return refuse(BundleFault::unreadable,
                  fmt::format("golden.json: rows and predictions do not pair; {}", remedy));
  std::vector<float> row(trees.feature_count());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto bits = rows[i].get<std::string>();
    const auto expected = from_hex(predictions[i].get<std::string>());
    bool readable = bits.size() == row.size() * 8 && expected.has_value();
    for (std::size_t k = 0; readable && k < row.size(); ++k) {
      const auto cell = from_hex(std::string_view{bits}.substr(8 * k, 8));
      readable = cell.has_value();
      row[k] = std::bit_cast<float>(static_cast<std::uint32_t>(cell.value_or(0)));
    }
    if (!readable)
      return refuse(BundleFault::unreadable,
                    fmt::format("golden.json: row {} is not {} values; {}", i, row.size(), remedy));
    const float ours = trees.predict(row);
    if (std::bit_cast<std::uint32_t>(ours) != *expected)
      return refuse(
          BundleFault::golden_mismatch,
          fmt::format("golden.json: row {} gives {} and the trainer said {}; the evaluator and this model "
                      "do not agree, train it again with this version",
                      i, ours, std::bit_cast<float>(static_cast<std::uint32_t>(*expected))));
  }
  return {};
}

/// A bundle of before ranges were kept has none.
Result<std::vector<models::FeatureRange>, BundleError> read_ranges(const BundleFiles& files,
                                                                   std::size_t features) {
  std::vector<models::FeatureRange> out;
  const auto file = files.find("ranges.json");
  if (file == files.end()) return out;
  const Json ranges = Json::parse(file->second);
  const Json &low = ranges.at("low"), &high = ranges.at("high");
  if (low.size() != features || high.size() != features)
    return refuse(BundleFault::unreadable, fmt::format("ranges.json: not {} features; {}", features, remedy));
  out.resize(features);
  for (std::size_t i = 0; i < features; ++i) {
    if (low[i].is_null() || high[i].is_null()) continue;
    out[i] = {low[i].get<double>(), high[i].get<double>()};
    if (!(out[i].low <= out[i].high))
      return refuse(BundleFault::unreadable,
                    fmt::format("ranges.json: feature {} ends before it begins; {}", i, remedy));
  }
  return out;
}

Result<models::Bundle, BundleError> load(const BundleFiles& files, std::uint64_t expected_schema_hash) {
  const std::string& bundle_json = files.at("bundle.json");
  if (!bundle_json.ends_with("}\n"))
    return refuse(BundleFault::truncated, fmt::format("bundle.json ends too early; {}", remedy));
  const Json about = Json::parse(bundle_json);
  if (about.at("format") != bundle_format)
    return refuse(BundleFault::unsupported,
                  fmt::format("bundle.json: format {} is not {}; train again with this version",
                              about.at("format").dump(), bundle_format));
  models::Bundle bundle;
  const auto schema = from_hex(about.at("schema_hash").get<std::string>());
  if (!schema)
    return refuse(BundleFault::unreadable, fmt::format("bundle.json: schema_hash is no number; {}", remedy));
  if (*schema != expected_schema_hash)
    return refuse(
        BundleFault::wrong_schema,
        fmt::format("the model was trained on feature catalogue {:016x} and this program has {:016x}; "
                    "train a new model with `mlbot train`",
                    *schema, expected_schema_hash));
  if (auto ok = check_files(files, about); !ok) return std::unexpected{ok.error()};
  bundle.content_hash = content_hash(files);
  bundle.schema_hash = *schema;
  bundle.trained_at_ms = about.at("trained_at_ms").get<std::int64_t>();
  bundle.expires_at_ms = about.at("expires_at_ms").get<std::int64_t>();
  const Json& heads = about.at("heads");
  if (heads.size() != 1)
    return refuse(BundleFault::unsupported,
                  fmt::format("bundle.json: {} heads; this version reads one", heads.size()));
  const Json& head = heads.at(0);
  if (head.at("unit") != "bps_of_mid")
    return refuse(BundleFault::unsupported,
                  fmt::format("bundle.json: the unit {} is not bps_of_mid", head.at("unit").dump()));
  auto trees = read_xgboost_json(files.at("model.json"), "model.json");
  if (!trees) return std::unexpected{trees.error()};
  if (trees->feature_count() != about.at("feature_count").get<std::size_t>())
    return refuse(BundleFault::unreadable,
                  fmt::format("model.json: another number of features than bundle.json; {}", remedy));
  if (auto ok = check_golden(files.at("golden.json"), *trees); !ok) return std::unexpected{ok.error()};
  auto ranges = read_ranges(files, trees->feature_count());
  if (!ranges) return std::unexpected{ranges.error()};
  bundle.ranges = std::move(*ranges);
  bundle.heads.push_back({head.at("name").get<std::string>(), head.at("horizon_ms").get<std::int32_t>(),
                          std::move(*trees), head.at("residual_bps").get<double>(),
                          head.at("calibration_intercept_bps").get<float>(),
                          head.at("calibration_slope").get<float>(), head.value("relative_error", 0.0)});
  return bundle;
}

}  // namespace

std::string content_hash(const BundleFiles& files) {
  std::string framed;
  ByteWriter writer{framed};
  for (const auto& [name, bytes] : files) {
    writer.text(name);
    writer.text(bytes);
  }
  return digest_of(framed);
}

void seal_bundle(BundleFiles& files, Json about) {
  Json list = Json::object();
  for (const auto& [name, bytes] : files)
    list[name] = {{"bytes", bytes.size()}, {"sha256", digest_of(bytes)}};
  Json document = {{"format", bundle_format}};
  document.update(about);
  document["files"] = std::move(list);
  files["bundle.json"] = document.dump(1) + "\n";
}

std::string golden_json(std::span<const float> rows, std::size_t columns,
                        std::span<const float> predictions) {
  MLBOT_ASSERT(rows.size() == columns * predictions.size());
  Json out = {{"columns", columns}, {"rows", Json::array()}, {"predictions", Json::array()}};
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    std::string bits;
    for (const float value : rows.subspan(i * columns, columns))
      fmt::format_to(std::back_inserter(bits), "{:08x}", std::bit_cast<std::uint32_t>(value));
    out["rows"].push_back(std::move(bits));
    out["predictions"].push_back(fmt::format("{:08x}", std::bit_cast<std::uint32_t>(predictions[i])));
  }
  return out.dump(1) + "\n";
}

std::string ranges_json(std::span<const float> rows, const std::vector<bool>& without) {
  const std::size_t columns = without.size();
  MLBOT_ASSERT(rows.size() % columns == 0);
  std::vector<std::optional<std::pair<float, float>>> ranges(columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& range = ranges[i % columns];
    if (without[i % columns] || std::isnan(rows[i])) continue;
    if (!range) range = {rows[i], rows[i]};
    range->first = std::min(range->first, rows[i]);
    range->second = std::max(range->second, rows[i]);
  }
  Json out = {{"low", Json::array()}, {"high", Json::array()}};
  for (const auto& range : ranges) {
    out["low"].push_back(range ? Json(range->first) : Json{});
    out["high"].push_back(range ? Json(range->second) : Json{});
  }
  return out.dump() + "\n";
}

Result<models::Bundle, BundleError> load_bundle(const BundleFiles& files,
                                                std::uint64_t expected_schema_hash) {
  for (const char* name : required)
    if (!files.contains(name))
      return refuse(BundleFault::truncated, fmt::format("{} is missing; {}", name, remedy));
  try {
    return load(files, expected_schema_hash);
  } catch (const Json::exception& error) {
    return refuse(BundleFault::unreadable,
                  fmt::format("the bundle does not read as JSON ({}); {}", error.what(), remedy));
  }
}

}  // namespace mlbot::lab
