#include "shell/services_file.h"

#include "base/json.h"
#include "io/clock/clock.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr Duration written_lately = 10s;

}  // namespace

std::string services_file(const StateDirectory& state) { return state.root + "/services.json"; }

void write_services_file(const StateDirectory& state, const std::vector<ProcessStatus>& services) {
  Json rows = Json::array();
  for (const auto& service : services)
    rows.push_back({{"name", service.name},
                    {"state", service.state},
                    {"detail", service.detail},
                    {"pid", service.process},
                    {"work", service.work},
                    {"restarts", service.restarts},
                    {"last_progress_ns", service.last_progress.ns}});
  const Json all{{"schema_version", 1}, {"written_ns", io::clock::now().ns}, {"services", rows}};
  (void)io::files::write_file_atomically(services_file(state), all.dump());
}

std::vector<io::web::ServiceView> read_services_file(const StateDirectory& state) {
  const auto text = io::files::read_file(services_file(state));
  if (!text) return {};
  const auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("services")) return {};
  if (io::clock::now() - Instant{json.value("written_ns", std::int64_t{0})} > written_lately) return {};
  std::vector<io::web::ServiceView> out;
  for (const auto& row : json["services"]) {
    auto& view = out.emplace_back();
    view.name = row.value("name", "");
    view.state = row.value("state", "");
    view.detail = row.value("detail", "");
    view.counters = {{"work", row.value("work", std::uint64_t{0})},
                     {"restarts", row.value("restarts", std::uint64_t{0})},
                     {"pid", row.value("pid", std::uint64_t{0})}};
    if (const std::int64_t at = row.value("last_progress_ns", std::int64_t{0}); at != 0)
      view.last_progress = Instant{at};
  }
  return out;
}

}  // namespace mlbot::shell
