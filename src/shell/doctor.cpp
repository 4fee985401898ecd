// `mlbot doctor`: each thing a run needs, checked before it is needed: ok, warning or failed, with the
// remedy.
#include <fmt/format.h>

#include <filesystem>

#include "core/features/feature_hub.h"
#include "io/archive/query_server.h"
#include "io/archive/query_table.h"
#include "io/files/files.h"
#include "io/net/http_server.h"
#include "shell/addresses.h"
#include "shell/commands.h"
#include "shell/journal_source.h"
#include "shell/model_store.h"
#include "shell/page_client.h"
#include "shell/venue_findings.h"

namespace mlbot::shell {
namespace {

Finding check_disk(const StateDirectory& state) {
  const auto probe = state.root + "/.probe";
  if (auto written = io::files::write_file_atomically(probe, "probe"); !written)
    return {"disk", Verdict::failed, written.error().what};
  std::filesystem::remove(probe);
  const auto free = io::files::free_space(state.root);
  if (!free) return {"disk", Verdict::failed, free.error().what};
  constexpr std::uint64_t enough = 5ull << 30;
  const auto text = fmt::format("{:.1f} GB free below {}", static_cast<double>(*free) / 1e9, state.root);
  return *free < enough
             ? Finding{"disk", Verdict::warning,
                       text + "; a day of two symbols takes about 1 GB, free some or move bot.state_dir"}
             : Finding{"disk", Verdict::ok, text};
}

Finding check_journal(const StateDirectory& state) {
  if (!std::filesystem::exists(state.journal()))
    return {"journal", Verdict::ok, "none yet; the first `mlbot run` starts it"};
  const auto summary = summarise_journal(state.journal());
  if (!summary) return {"journal", Verdict::failed, summary.error().what};
  const auto text = fmt::format("{} events up to {}", summary->events, to_rfc3339(summary->last_at));
  if (summary->gaps > 0)
    return {"journal", Verdict::warning,
            fmt::format("{}, {} gaps: runs across a gap cannot be replayed", text, summary->gaps)};
  return {"journal", Verdict::ok, text};
}

Finding check_archive(const StateDirectory& state) {
  if (const auto kept = io::archive::ask_owner(state.archive_socket(), "SELECT version()"))
    return {"archive", Verdict::ok, "DuckDB " + cell_text(kept->rows[0][0]) + ", kept by a running bot"};
  const auto table = io::archive::query(state.archive(), "SELECT version()");
  if (table) return {"archive", Verdict::ok, "DuckDB " + cell_text(table->rows[0][0])};
  using io::archive::ArchiveFault;
  if (table.error().fault == ArchiveFault::not_found)
    return {"archive", Verdict::ok, "none yet; it is made from the journal"};
  if (table.error().fault == ArchiveFault::locked) return {"archive", Verdict::ok, "in use by a running bot"};
  return {"archive", Verdict::failed, table.error().what};
}

Finding check_model(const StateDirectory& state, const std::string& alias) {
  if (!has_model(state.models(), alias))
    return {"model", Verdict::warning,
            fmt::format("no {} yet: `mlbot run` trains one at its first start, `mlbot train` from a journal",
                        alias)};
  const auto bundle = load_model_to_trade(state.models(), alias);
  if (!bundle) return {"model", Verdict::failed, bundle.error().what};
  return {"model", Verdict::ok,
          fmt::format("{} is {}, golden rows equal, signed", alias, bundle->content_hash.substr(0, 12))};
}

Finding check_page(const StateDirectory& state, const std::string& listen) {
  const auto address = parse_address(listen);
  if (!address) return {"page", Verdict::failed, address.error()};
  if (ask_page(state, "/api/state")) return {"page", Verdict::ok, "a bot is running at " + listen};
  io::net::EventLoop loop;
  const auto server =
      io::net::HttpServer::listen(loop, {.address = address->host, .port = address->port}, {});
  return server ? Finding{"page", Verdict::ok, listen + " is free"}
                : Finding{"page", Verdict::failed, server.error().what};
}

}  // namespace

ExitCode doctor(const Console& console, const DynamicSystemConfig& config) {
  const auto& settings = config.current();
  const StateDirectory state{settings.state_dir};
  std::vector<Finding> findings{check_disk(state), check_journal(state), check_archive(state),
                                check_model(state, settings.model_alias), check_page(state, settings.listen)};
  findings.push_back({"features", Verdict::ok,
                      fmt::format("{} rows, schema {:016x}", core::feature_catalogue().size(),
                                  core::feature_schema_hash())});
  for (auto& finding : look_at_venue(settings)) findings.push_back(std::move(finding));
  bool failed = false;
  Json list = Json::array();
  for (const auto& finding : findings) {
    static constexpr std::string_view words[] = {"ok", "warning", "failed"};
    static constexpr Colour colours[] = {Colour::green, Colour::yellow, Colour::red};
    const auto index = static_cast<std::size_t>(finding.verdict);
    failed |= finding.verdict == Verdict::failed;
    list.push_back({{"what", finding.what}, {"verdict", words[index]}, {"text", finding.text}});
    if (!console.json())
      console.print(fmt::format("{:<10} {}  {}", finding.what,
                                console.paint(colours[index], fmt::format("{:<8}", words[index])),
                                finding.text));
  }
  if (console.json()) console.print_json({{"schema_version", 1}, {"findings", list}});
  return failed ? ExitCode::failed : ExitCode::done;
}

}  // namespace mlbot::shell
