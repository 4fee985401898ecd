// The page's thread: it reads the bus and shows what it heard. It can be slow, wrong or gone without the bot
// noticing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/bus/bus.h"
#include "io/net/event_loop.h"
#include "io/web/dashboard_server.h"
#include "shell/addresses.h"
#include "shell/service/service_manager.h"

namespace mlbot::shell {

class PageService {
 public:
  struct Setup {
    Address listen;
    std::string token;
    io::bus::Bus* bus = nullptr;
    std::function<Instant()> now;
    /// Called on the page's thread before each push.
    std::function<io::web::HeaderView()> header;
    std::function<std::vector<io::web::ServiceView>()> services;
    std::function<std::vector<io::web::VoidView>()> voids;
    std::function<io::web::OperatorAnswer(const OperatorCommand&)> on_operator;
  };
  explicit PageService(Setup setup);
  ~PageService() { stop(); }

  std::optional<ServiceError> start(Progress& progress);
  void stop();
  /// http://127.0.0.1:8787, from start() on.
  std::string url() const { return url_; }
  std::string first_url() const { return first_url_; }

 private:
  void listen_to_bus(Progress& progress);

  Setup setup_;
  io::net::EventLoop loop_;
  io::web::Dashboard dashboard_;
  std::unique_ptr<io::web::DashboardServer> server_;
  std::unique_ptr<io::bus::BusReader> reader_;
  RecordScratch scratch_;
  std::thread thread_;
  std::string url_, first_url_;
};

}  // namespace mlbot::shell
