// `mlbot risk list | loosen`: the controls that an order must pass, and the deliberate way to loosen a limit.
#include <fmt/format.h>

#include <filesystem>

#include "shell/commands.h"
#include "shell/page_client.h"
#include "shell/risk_reference.h"

namespace mlbot::shell {
namespace {

/// Tests leave their notes in build/PRESET/risk_evidence, this program stands in build/PRESET/bin.
std::string evidence_beside_program() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{} : (program.parent_path().parent_path() / "risk_evidence").string();
}

}  // namespace

ExitCode risk_list(const Console& console, const DynamicSystemConfig& config,
                   const RiskListOptions& options) {
  const std::string evidence = options.evidence.empty() ? evidence_beside_program() : options.evidence;
  if (options.markdown) {
    console.print(risk_controls_markdown(evidence));
    return ExitCode::done;
  }
  const RiskLimits& limits = config.current().risk;
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const RiskControl& control : risk_controls) {
    Json own = Json::array();
    std::string shown;
    for (const RiskLimit& limit : risk_limits()) {
      if (limit.control != control.control) continue;
      const bool lower = limit.tighter == Tighter::lower;
      own.push_back({{"key", limit.key},
                     {"value", limit.of(limits)},
                     {"default", limit.of(RiskLimits{})},
                     {"tightest", lower ? limit.lowest : limit.highest},
                     {"ceiling", lower ? limit.highest : limit.lowest},
                     {"unit", to_string(limit.unit)},
                     {"meaning", limit.meaning}});
      shown += fmt::format("{}{} {}", shown.empty() ? "" : ", ", limit.key,
                           with_unit(limit.of(limits), limit.unit));
    }
    const auto fired = last_fired(evidence, control.control);
    list.push_back({{"control", control_label(control.control)},
                    {"name", control.name},
                    {"kind", to_string(control.kind)},
                    {"reason", to_string(control.reason)},
                    {"rule", control.rule},
                    {"when_broken", control.when_broken},
                    {"looks_at", control.looks_at},
                    {"source", control.source},
                    {"limits", std::move(own)},
                    {"test", firing_test(control)},
                    {"last_fired", fired ? Json(*fired) : Json(nullptr)}});
    rows.push_back({control_label(control.control), std::string{control.name},
                    std::string{to_string(control.kind)}, shown, fired.value_or("never")});
  }
  if (console.json())
    console.print_json({{"schema_version", 1}, {"controls", list}});
  else
    console.table({"control", "name", "kind", "limits", "last fired in a test"}, rows);
  return ExitCode::done;
}

ExitCode risk_loosen(const Console& console, const DynamicSystemConfig& config, const std::string& confirm) {
  const StateDirectory state{config.current().state_dir};
  const auto fail = [&](const PageError& error) {
    const bool refused = error.status == 403 || error.status == 409;
    return console.fail(refused ? ExitCode::refused : ExitCode::network, error.what);
  };
  const auto shown = ask_page(state, "/api/state");
  if (!shown) return fail(shown.error());
  const Json limits = shown->value("limits", Json::object());
  const Json waiting = limits.is_object() ? limits.value("waiting", Json::array()) : Json::array();
  const std::string words = limits.is_object() ? limits.value("loosening_words", "") : "";
  if (confirm.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const Json& limit : waiting)
      rows.push_back({limit["limit"], fmt::format("{}", limit["held"].get<double>()),
                      fmt::format("{}", limit["wanted"].get<double>()), limit["unit"]});
    if (console.json())
      console.print_json({{"schema_version", 1}, {"waiting", waiting}, {"confirm", words}});
    else if (words.empty())
      console.print("no limit waits to be loosened");
    else
      console.table({"limit", "in force", "asked for", "unit"}, rows);
    if (words.empty()) return ExitCode::done;
    return console.fail(
        ExitCode::refused,
        fmt::format("these limits stay until you type them: mlbot risk loosen --confirm \"{}\"", words));
  }
  const auto answer = ask_page(state, "/api/operator", Json{{"verb", "loosen"}, {"confirm", confirm}}.dump());
  if (!answer) return fail(answer.error());
  console.print(fmt::format("loosened: {}", words));
  return ExitCode::done;
}

}  // namespace mlbot::shell
