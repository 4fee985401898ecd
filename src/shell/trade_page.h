// The page of a trade stage that is a process of its own: what the bus carries, the services that make it,
// and the operator's buttons, which reach this account directly.
//
// Threads: observe() and the destructor on the loop's; the page has one of its own and only reads.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shell/page_service.h"
#include "shell/service_host.h"

namespace mlbot::shell {

class TradePage {
 public:
  struct Setup {
    std::vector<std::string> streams;  ///< that the page shows
    io::web::HeaderView header;
    std::function<Instant()> now;
    std::function<void(OperatorVerb)> on_operator;  ///< called on the page's thread
  };
  /// @error configuration, network (the address is taken)
  static Result<std::unique_ptr<TradePage>, StartError> start(ServiceHost& host, Setup setup);
  ~TradePage();

  /// What changes while it runs; about every 50 ms.
  struct Seen {
    std::string_view state;  ///< one of state_word()
    std::string why;
    std::vector<std::uint16_t> silent_shards;
    std::string bus_trouble;
  };
  void observe(const Seen& seen);
  std::string url() const { return page_->first_url(); }

 private:
  class Streams;
  explicit TradePage(ServiceHost& host);
  void read_services();

  ServiceHost& host_;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<PageService> page_;
  Progress progress_;
  Instant services_read_at_;
  std::mutex mutex_;  ///< of what the page's thread reads
  io::web::HeaderView header_;
  std::vector<io::web::ServiceView> services_;
};

}  // namespace mlbot::shell
