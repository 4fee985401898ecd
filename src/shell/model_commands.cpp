// `mlbot model ...` and `mlbot features list`: what is on disk and what is compiled in.
#include <fmt/format.h>

#include "core/features/feature_catalogue_markdown.h"
#include "core/features/feature_hub.h"
#include "io/files/bundle_store.h"
#include "shell/commands.h"
#include "shell/model_store.h"
#include "shell/model_trust.h"
#include "shell/state_directory.h"

namespace mlbot::shell {
namespace {

Result<Json, std::string> about(const io::files::BundleStore& store, const std::string& name) {
  const auto files = store.get(name);
  if (!files) return std::unexpected{files.error().what};
  const auto at = files->find("bundle.json");
  auto json = at == files->end() ? Json(Json::value_t::discarded) : Json::parse(at->second, nullptr, false);
  if (json.is_discarded()) return std::unexpected{name + ": bundle.json is missing or damaged; train again"};
  if (const auto metrics = files->find("metrics.json"); metrics != files->end())
    json["metrics"] = Json::parse(metrics->second, nullptr, false);
  return json;
}

}  // namespace

ExitCode model_list(const Console& console, const DynamicSystemConfig& config) {
  const auto models = StateDirectory{config.current().state_dir}.models();
  const io::files::BundleStore store{models};
  const auto hashes = store.list();
  if (!hashes) return console.fail(ExitCode::data, hashes.error().what);
  const auto aliases = store.aliases();
  if (!aliases) return console.fail(ExitCode::data, aliases.error().what);
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& hash : *hashes) {
    std::string names;
    for (const auto& [alias, target] : *aliases)
      if (target == hash) names += (names.empty() ? "" : ", ") + alias;
    const auto json = about(store, hash);
    if (!json) return console.fail(ExitCode::model, json.error());
    const auto schema = json->value("schema_hash", std::string{});
    const auto trained = to_rfc3339(Instant::from_ms(json->value("trained_at_ms", std::int64_t{0})));
    const bool is_signed = check_signature(models, hash).has_value();
    const bool fits = schema == fmt::format("{:016x}", core::feature_schema_hash());
    list.push_back({{"hash", hash},
                    {"aliases", names},
                    {"trained_at", trained},
                    {"schema_hash", schema},
                    {"fits_this_build", fits},
                    {"signed", is_signed}});
    rows.push_back({hash.substr(0, 12), names, trained, schema, fits ? "yes" : "no: retrain",
                    is_signed ? "yes" : "no: mlbot model sign"});
  }
  if (console.json())
    console.print_json({{"schema_version", 1}, {"models", list}});
  else if (rows.empty())
    console.print("no model yet; `mlbot train` makes one from the journal");
  else
    console.table({"model", "alias", "trained at", "feature schema", "fits this build", "signed"}, rows);
  return ExitCode::done;
}

ExitCode model_show(const Console& console, const DynamicSystemConfig& config, const std::string& name) {
  const StateDirectory state{config.current().state_dir};
  const io::files::BundleStore store{state.models()};
  const auto wanted = name.empty() ? config.current().model_alias : name;
  const auto files = store.get(wanted);
  if (!files) return console.fail(ExitCode::model, files.error().what);
  // Loading checks golden rows and schema; what cannot be used is shown as an error, not as a card.
  const auto bundle = load_model(state.models(), wanted);
  if (!bundle) return console.fail(exit_code_of(bundle.error()), bundle.error().what);
  if (console.json()) {
    const auto json = about(store, wanted);
    if (!json) return console.fail(ExitCode::model, json.error());
    console.print_json({{"schema_version", 1}, {"hash", bundle->content_hash}, {"bundle", *json}});
    return ExitCode::done;
  }
  console.print("bundle " + bundle->content_hash);
  for (const auto& [file, bytes] : *files)
    if (file == "card.md") console.print(bytes);
  return ExitCode::done;
}

ExitCode model_sign(const Console& console, const DynamicSystemConfig& config, const std::string& name) {
  const auto models = StateDirectory{config.current().state_dir}.models();
  const auto hash = io::files::BundleStore{models}.resolve(name);
  if (!hash) return console.fail(ExitCode::model, hash.error().what);
  if (auto done = sign_model(models, *hash); !done) return console.fail(ExitCode::data, done.error().what);
  // What cannot be used in spite of its signature is said at once, not at the next start.
  const auto bundle = load_model_to_trade(models, *hash);
  if (!bundle) return console.fail(exit_code_of(bundle.error()), bundle.error().what);
  if (console.json())
    console.print_json({{"schema_version", 1}, {"hash", *hash}, {"signed", true}});
  else
    console.print(fmt::format("model {} is signed; it is traded where it is chosen", hash->substr(0, 12)));
  return ExitCode::done;
}

ExitCode features_list(const Console& console, const FeatureListOptions& options) {
  if (options.markdown) {
    console.print(core::feature_catalogue_markdown());
    return ExitCode::done;
  }
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& spec : core::feature_catalogue()) {
    list.push_back({{"id", spec.id},
                    {"name", spec.name},
                    {"engine", to_string(spec.engine)},
                    {"unit", spec.unit},
                    {"window", spec.window},
                    {"definition", spec.definition},
                    {"undefined", spec.undefined},
                    {"clamp", {spec.clamp_low, spec.clamp_high}},
                    {"lookahead", std::string{spec.lookahead}},
                    {"mirror", spec.mirror},
                    {"source", spec.source}});
    rows.push_back({std::to_string(spec.id), std::string{spec.name}, std::string{to_string(spec.engine)},
                    std::string{spec.unit}, std::string{spec.definition}});
  }
  if (console.json())
    console.print_json({{"schema_version", 1},
                        {"schema_hash", fmt::format("{:016x}", core::feature_schema_hash())},
                        {"features", list}});
  else
    console.table({"id", "name", "engine", "unit", "definition"}, rows);
  return ExitCode::done;
}

}  // namespace mlbot::shell
