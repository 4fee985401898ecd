// `mlbot config ...`: what is set, and where it comes from.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "shell/commands.h"

namespace mlbot::shell {
namespace {

Json json_of(const ConfigValue& value) {
  return std::visit([](const auto& x) { return Json(x); }, value);
}

}  // namespace

ExitCode config_show(const Console& console, const DynamicSystemConfig& config, bool with_origin) {
  if (console.json()) {
    Json settings = Json::object();
    for (const auto& entry : config.effective()) {
      auto& target = settings[std::string{entry.key->section}][std::string{entry.key->key}];
      target = with_origin ? Json{{"value", json_of(entry.value)}, {"origin", entry.origin}}
                           : json_of(entry.value);
    }
    console.print_json({{"schema_version", 1}, {"version", config.version()}, {"settings", settings}});
    return ExitCode::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : config.effective()) {
    std::vector<std::string> row{fmt::format("{}.{}", entry.key->section, entry.key->key),
                                 to_text(entry.value)};
    row.push_back(with_origin ? entry.origin : std::string{entry.key->meaning});
    rows.push_back(std::move(row));
  }
  console.table({"setting", "value", with_origin ? "origin" : "meaning"}, rows);
  return ExitCode::done;
}

ExitCode config_init(const Console& console, const std::string& file, bool force) {
  if (!force && std::filesystem::exists(file))
    return console.fail(ExitCode::refused, file + " exists; --force overwrites it");
  const auto scratch = file + ".new";
  {
    std::ofstream out{scratch};
    out << default_config_toml();
    if (!out.flush())
      return console.fail(ExitCode::data,
                          "cannot write " + scratch + ": is the folder writable, the disk full?");
  }
  std::error_code error;
  std::filesystem::rename(scratch, file, error);
  if (error)
    return console.fail(ExitCode::data,
                        fmt::format("cannot rename {} to {}: {}", scratch, file, error.message()));
  console.note("wrote " + file + "; use it with --config " + file);
  return ExitCode::done;
}

}  // namespace mlbot::shell
