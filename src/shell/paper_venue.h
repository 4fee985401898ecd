// Paper trading on somebody else's market: the public stream of a real venue (or of an exchange elsewhere) is
// the market, and one simulated account's orders stand in a book that follows it.
//
// Needs no key. Our orders queue behind what is displayed when they arrive; recorded prints use the queue up.
// A command and its news take `latency` each way. The account outlives the run in `state_file`. What cannot
// be known from outside is not there: our orders move nobody else's.
#pragma once

#include <deque>
#include <optional>

#include "domain/record.h"
#include "shell/sim_desk.h"
#include "shell/trading_venue.h"
#include "sim/exchange.h"

namespace mlbot::shell {

class PaperVenue final : public TradingVenue, public sim::Listener {
 public:
  struct Setup {
    std::string environment;  ///< what io::bybit::endpoints_of takes
    io::bybit::Endpoints endpoints;
    std::string state_file;
    E8 balance;               ///< at the account's first opening, USDT
    Duration latency = 50ms;  ///< each way
    io::net::EventLoop* loop = nullptr;
  };
  explicit PaperVenue(Setup setup);
  ~PaperVenue() override;

  std::string title() const override;
  std::string account() const override { return "paper"; }
  Instant now() const override { return clock_.now(); }
  Result<VenueAccess, StartError> open() override;
  Result<void, StartError> begin(const std::vector<Instrument>& instruments, Tell tell) override;
  void heard(const Event& event) override;
  bool carry_out(const Command& command) override;
  void save_soon() override;
  Result<void, StartError> save() override;

 private:
  struct Feed;
  struct Delivery {
    Instant due;
    std::string bytes;
  };
  void on_market(Instant, const Event&) override {}  // the public stream itself is what the core hears
  void on_account(sim::AccountId account, Instant at, const Event& event) override;
  void deliver(const Event& event);
  /// Lets everything up to the present happen and hands over what is due; then waits for the next.
  void turn();
  void arm();

  Setup setup_;
  io::clock::PacedClock clock_;
  Tell tell_;
  std::shared_ptr<Feed> feed_;  ///< shared with the market inside the exchange
  std::unique_ptr<sim::Exchange> exchange_;
  std::optional<SimDesk> desk_;
  std::deque<std::pair<Instant, Command>> arriving_;
  std::deque<Delivery> deliveries_;
  RecordScratch scratch_;
  io::net::TimerId timer_ = 0;
};

}  // namespace mlbot::shell
