#include "shell/trade_page.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/page_token.h"
#include "shell/services_file.h"

namespace mlbot::shell {
namespace {

constexpr Duration services_period = 1s;

}  // namespace

/// The bus as the page wants it: "all streams" are those of this account and its market.
class TradePage::Streams final : public io::bus::Bus {
 public:
  Streams(io::bus::RedisBus& redis, std::vector<std::string> names)
      : redis_{redis}, names_{std::move(names)} {}

  void publish(std::string_view stream, Sequence sequence, std::string_view record) override {
    redis_.publish(stream, sequence, record);
  }
  Result<std::unique_ptr<io::bus::BusReader>, io::bus::BusError> reader(
      io::bus::BusReading reading) override {
    if (reading.streams.empty()) reading.streams = names_;
    return redis_.reader(std::move(reading));
  }
  Result<std::optional<io::bus::BusPlace>, io::bus::BusError> last(std::string_view stream) override {
    return redis_.last(stream);
  }
  void go_on(std::string_view stream, std::uint64_t number) override { redis_.go_on(stream, number); }
  io::bus::BusStats stats() const override { return redis_.stats(); }

 private:
  io::bus::RedisBus& redis_;
  std::vector<std::string> names_;
};

Result<std::unique_ptr<TradePage>, StartError> TradePage::start(ServiceHost& host, Setup setup) {
  const auto address = parse_address(host.config().listen);
  if (!address) return std::unexpected{StartError{ExitCode::configuration, "ui.listen: " + address.error()}};
  const auto token = page_token(host.state());
  if (!token) return std::unexpected{token.error()};
  std::unique_ptr<TradePage> out{new TradePage{host}};
  out->header_ = std::move(setup.header);
  out->streams_ = std::make_unique<Streams>(host.bus(), std::move(setup.streams));
  out->page_ = std::make_unique<PageService>(PageService::Setup{
      .listen = *address,
      .token = *token,
      .bus = out->streams_.get(),
      .now = std::move(setup.now),
      .header =
          [page = out.get()] {
            const std::lock_guard lock{page->mutex_};
            return page->header_;
          },
      .services =
          [page = out.get()] {
            const std::lock_guard lock{page->mutex_};
            return page->services_;
          },
      .voids = [] { return std::vector<io::web::VoidView>{}; },
      .on_operator = [tell = std::move(setup.on_operator)](OperatorVerb verb) -> io::web::OperatorAnswer {
        tell(verb);
        return "passed to the trade stage";
      }});
  if (auto error = out->page_->start(out->progress_))
    return std::unexpected{StartError{ExitCode::network, "page: " + error->what}};
  const Json about{{"page", out->page_->url()}, {"pid", ::getpid()}, {"epoch", host.epoch()}};
  if (const auto written = io::files::write_file_atomically(host.state().running(), about.dump()); !written)
    return std::unexpected{StartError{ExitCode::data, written.error().what}};
  return out;
}

TradePage::TradePage(ServiceHost& host) : host_{host} {}

TradePage::~TradePage() {
  if (page_) page_->stop();
  std::error_code ignored;
  std::filesystem::remove(host_.state().running(), ignored);
}

void TradePage::observe(const Seen& seen) {
  {
    const std::lock_guard lock{mutex_};
    const auto& silent = seen.silent_shards;
    const bool blind = !silent.empty() || !seen.bus_trouble.empty();
    header_.state = blind ? "BLIND" : seen.state;
    header_.why = !blind                     ? seen.why
                  : seen.bus_trouble.empty() ? fmt::format("features {} silent", fmt::join(silent, ", "))
                                             : seen.bus_trouble;
  }
  const auto now = io::clock::now();
  if (now - services_read_at_ < services_period) return;
  services_read_at_ = now;
  read_services();
}

void TradePage::read_services() {
  auto services = read_services_file(host_.state());
  if (services.empty()) {  // nobody supervises us but the system: what we know of ourselves
    io::web::ServiceView own{
        .name = "trade", .state = "running", .detail = {}, .counters = {}, .last_progress = {}};
    own.counters.push_back({"work", host_.work().count()});
    services.push_back(std::move(own));
  }
  const std::lock_guard lock{mutex_};
  services_ = std::move(services);
}

}  // namespace mlbot::shell
