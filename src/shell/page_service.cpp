#include "shell/page_service.h"

#include <fmt/format.h>

#include "core/features/feature_hub.h"

namespace mlbot::shell {
namespace {

constexpr Duration look_period = 100ms;
constexpr std::size_t records_a_look = 50'000;

std::vector<io::web::FeatureText> feature_texts() {
  std::vector<io::web::FeatureText> out;
  for (const auto& spec : core::feature_catalogue())
    out.push_back({.id = spec.id,
                   .name = std::string{spec.name},
                   .engine = std::string{to_string(spec.engine)},
                   .unit = std::string{spec.unit},
                   .window = std::string{spec.window},
                   .definition = std::string{spec.definition},
                   .undefined = std::string{spec.undefined}});
  return out;
}

}  // namespace

PageService::PageService(Setup setup) : setup_{std::move(setup)}, dashboard_{feature_texts()} {}

std::optional<ServiceError> PageService::start(Progress& progress) {
  auto reader = setup_.bus->reader({.from = io::bus::ReadFrom::oldest});
  if (!reader) return ServiceError{reader.error().what};
  reader_ = std::move(*reader);
  auto server = io::web::DashboardServer::start(
      loop_, dashboard_, {.address = setup_.listen.host, .port = setup_.listen.port, .token = setup_.token},
      {.now = setup_.now,
       .refresh =
           [this](io::web::Dashboard& dashboard) {
             dashboard.set_header(setup_.header());
             dashboard.set_services(setup_.services());
             dashboard.set_voids(setup_.voids());
           },
       .on_operator = setup_.on_operator});
  if (!server) return ServiceError{server.error().what};
  server_ = std::move(*server);
  url_ = fmt::format("http://{}:{}", setup_.listen.host, server_->port());
  first_url_ = server_->first_url();
  thread_ = std::thread{[this, &progress] {
    listen_to_bus(progress);
    loop_.run();
  }};
  return std::nullopt;
}

void PageService::listen_to_bus(Progress& progress) {
  for (std::size_t i = 0; i < records_a_look; ++i) {
    const auto item = reader_->next(Duration{0});
    if (!item || !*item) break;
    if (const auto* gap = std::get_if<io::bus::BusGap>(&**item)) {
      dashboard_.note(setup_.now(), io::web::Severity::warning,
                      fmt::format("the page was too slow and missed {} records", gap->missed));
      continue;
    }
    if (const auto record = decode(std::get<io::bus::BusMessage>(**item).bytes, scratch_))
      dashboard_.take(*record);
  }
  progress.add();
  loop_.call_after(look_period, [this, &progress] { listen_to_bus(progress); });
}

void PageService::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  server_.reset();
}

}  // namespace mlbot::shell
