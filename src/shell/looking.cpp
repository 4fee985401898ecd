// `mlbot status | why | features dump | pause ...`: what a running bot says, asked through its page.
#include <fmt/format.h>

#include <filesystem>

#include "core/features/feature_hub.h"
#include "domain/words.h"
#include "shell/commands.h"
#include "shell/kill_file.h"
#include "shell/page_client.h"

namespace mlbot::shell {
namespace {

StateDirectory state_of(const DynamicSystemConfig& config) { return {config.current().state_dir}; }

std::string number(const Json& value, const char* format = "{:.2f}") {
  return value.is_number() ? fmt::format(fmt::runtime(format), value.get<double>()) : "-";
}

std::string age(const Json& now, const Json& then) {
  if (!then.is_number() || !now.is_number()) return "-";
  return fmt::format("{:.1f}s",
                     static_cast<double>(now.get<std::int64_t>() - then.get<std::int64_t>()) / 1000);
}

const Json* find_symbol(const Json& state, const std::string& name) {
  for (const auto& symbol : state["symbols"])
    if (symbol["name"] == name) return &symbol;
  return nullptr;
}

std::string no_symbol(const Json& state, const std::string& name) {
  std::string known;
  for (const auto& symbol : state["symbols"])
    known += (known.empty() ? "" : ", ") + symbol["name"].get<std::string>();
  return fmt::format("no symbol {}; the bot watches {}", name, known);
}

/// How many features of a symbol are void.
std::size_t void_count(const Json& state, const std::string& name) {
  std::size_t count = 0;
  for (const auto& row : state["voids"])
    if (row["symbol"] == name) count += row["features"].size();
  return count;
}

std::string in_time(const Json& now, const Json& then) {
  if (!then.is_number()) return "-";
  const auto left_s = (then.get<std::int64_t>() - now.get<std::int64_t>() + 999) / 1000;
  return fmt::format("{} (in {} s)", to_rfc3339(Instant{then.get<std::int64_t>() * 1'000'000}), left_s);
}

ExitCode code_of(const PageError& error) {
  return error.status == 403 || error.status == 409 ? ExitCode::refused : ExitCode::network;
}

}  // namespace

ExitCode status(const Console& console, const DynamicSystemConfig& config) {
  const auto state = ask_page(state_of(config), "/api/state");
  if (!state) return console.fail(code_of(state.error()), state.error().what);
  if (console.json()) {
    console.print_json(*state);
    return ExitCode::done;
  }
  const auto& header = (*state)["header"];
  const auto& account = (*state)["account"];
  const auto word = header["state"].get<std::string>();
  const auto colour = word == "LIVE"     ? Colour::green
                      : word == "PAPER"  ? Colour::blue
                      : word == "HALTED" ? Colour::red
                                         : Colour::yellow;
  console.print(fmt::format(
      "{}  {}  venue {}  model {}  equity {} USDT  day {}  drawdown {}", console.paint(colour, word),
      header["mode"].get<std::string>(), header["venue"].get<std::string>(),
      header["model"].get<std::string>().empty() ? "none" : header["model"].get<std::string>(),
      number(account["equity"]), number(account["day_pnl"], "{:+.2f}"), number(account["drawdown"])));
  if (!header["why"].get<std::string>().empty()) console.print("why: " + header["why"].get<std::string>());
  std::vector<std::vector<std::string>> rows;
  for (const auto& symbol : (*state)["symbols"]) {
    const auto& book = symbol["book"];
    const auto& decision = symbol["decision"];
    std::string position = "-";
    for (const auto& held : (*state)["positions"])
      if (held["symbol"] == symbol["name"]) position = number(held["size"], "{:+g}");
    rows.push_back({symbol["name"].get<std::string>(), book.is_null() ? "-" : number(book["mid"]),
                    book.is_null() ? "-" : number(book["spread_bps"]),
                    decision.is_null() ? "-" : number(decision["expected_bps"], "{:+.1f}"),
                    decision.is_null() ? "-" : number(decision["edge_bps"], "{:+.1f}"), position,
                    age((*state)["now_ms"], symbol["fed_at_ms"]),
                    std::to_string(void_count(*state, symbol["name"].get<std::string>())),
                    decision.is_null() ? "-" : decision["reason"].get<std::string>()});
  }
  console.table(
      {"symbol", "mid", "spread bps", "expected bps", "edge bps", "position", "feed", "void", "why"}, rows);
  rows.clear();
  for (const auto& service : (*state)["services"])
    rows.push_back({service["name"].get<std::string>(), service["state"].get<std::string>(),
                    age((*state)["now_ms"], service["last_progress_ms"]),
                    service["detail"].get<std::string>()});
  console.table({"service", "state", "last progress", ""}, rows);
  return ExitCode::done;
}

ExitCode why(const Console& console, const DynamicSystemConfig& config, const std::string& name) {
  const auto state = ask_page(state_of(config), "/api/state");
  if (!state) return console.fail(code_of(state.error()), state.error().what);
  const auto* symbol = find_symbol(*state, name);
  if (symbol == nullptr) return console.fail(ExitCode::usage, no_symbol(*state, name));
  if (console.json()) {
    Json voids = Json::array();
    for (const auto& row : (*state)["voids"])
      if (row["symbol"] == name) voids.push_back(row);
    console.print_json(
        {{"schema_version", 1}, {"symbol", name}, {"decision", (*symbol)["decision"]}, {"voids", voids}});
    return ExitCode::done;
  }
  const auto& decision = (*symbol)["decision"];
  if (decision.is_null()) {
    console.print(name + ": no decision yet");
    return ExitCode::done;
  }
  console.print(fmt::format("{}: {} ({} ago)", name, decision["reason"].get<std::string>(),
                            age((*state)["now_ms"], decision["at_ms"])));
  console.print(fmt::format("expected {} bps {}, cost {} bps, edge {} bps",
                            number(decision["expected_bps"], "{:+.2f}"), decision["side"].get<std::string>(),
                            number(decision["cost_bps"]), number(decision["edge_bps"], "{:+.2f}")));
  console.print(fmt::format(
      "best way {} at {} bps from mid for {} s: P(fill) {}, value {} bps{}",
      decision["route"].get<std::string>(), number(decision["offset_bps"], "{:+.2f}"),
      decision["patience_ms"].get<std::int64_t>() / 1000, number(decision["fill_probability"]),
      number(decision["value_bps"], "{:+.2f}"),
      decision["sized_by"] == "none" ? "" : ", sized by " + decision["sized_by"].get<std::string>()));
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : (*state)["voids"]) {
    if (row["symbol"] != name) continue;
    std::string features;
    for (const auto& feature : row["features"])
      features += (features.empty() ? "" : " ") + feature.get<std::string>();
    rows.push_back({row["cause"].get<std::string>(), in_time((*state)["now_ms"], row["until_ms"]), features});
  }
  if (rows.empty()) {
    console.print("every feature has a value");
    return ExitCode::done;
  }
  console.print(fmt::format("{} of {} features have no value:", void_count(*state, name), feature_count));
  console.table({"cause", "until at best", "features"}, rows);
  return ExitCode::done;
}

ExitCode features_dump(const Console& console, const DynamicSystemConfig& config, const std::string& name) {
  const auto state = ask_page(state_of(config), "/api/state");
  if (!state) return console.fail(code_of(state.error()), state.error().what);
  const auto* symbol = find_symbol(*state, name);
  if (symbol == nullptr) return console.fail(ExitCode::usage, no_symbol(*state, name));
  const auto& frame = (*symbol)["frame"];
  const Json values = frame.is_null() ? Json::array() : frame["values"];
  if (!values.is_array() || values.size() != feature_count)
    return console.fail(ExitCode::data, name + ": no frame yet; ask again in a second");
  Json named = Json::object();
  std::vector<std::vector<std::string>> rows;
  for (const auto& spec : core::feature_catalogue()) {
    const auto& value = values[spec.id - 1u];
    named[std::string{spec.name}] = value;
    rows.push_back(
        {std::to_string(spec.id), std::string{spec.name}, number(value, "{:.6g}"), std::string{spec.unit}});
  }
  if (console.json())
    console.print_json(
        {{"schema_version", 1}, {"symbol", name}, {"at_ms", frame["at_ms"]}, {"features", named}});
  else
    console.table({"id", "feature", "value", "unit"}, rows);
  return ExitCode::done;
}

ExitCode operate(const Console& console, const DynamicSystemConfig& config, const OperateOptions& options) {
  const StateDirectory state = state_of(config);
  const auto stops = stopping_verb(options.verb);
  Json wish{{"verb", stops ? word(*stops) : std::string_view{options.verb}}, {"from", "cli"}};
  if (!options.cause.empty()) wish["cause"] = options.cause;
  if (!options.confirm.empty()) wish["confirm"] = options.confirm;
  const auto answer = ask_page(state, "/api/operator", wish.dump());
  std::string text;
  if (answer) {
    text = answer->value("text", options.verb + ": done");
  } else if (stops && answer.error().status == 0 && std::filesystem::exists(state.running())) {
    // No page is no reason not to stop: the thread that trades looks at the file by itself.
    const KillFile file{state.kill_file()};
    if (const auto trouble = file.write(*stops, options.cause)) return console.fail(ExitCode::data, *trouble);
    text = fmt::format("{}; the wish stands in {}, which the bot obeys within 50 ms and at its next start",
                       answer.error().what, file.path());
  } else {
    return console.fail(code_of(answer.error()), answer.error().what);
  }
  if (console.json())
    console.print_json({{"schema_version", 1}, {"verb", options.verb}, {"text", text}});
  else
    console.print(text);
  return ExitCode::done;
}

}  // namespace mlbot::shell
