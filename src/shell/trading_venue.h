// What stands behind a run: where its market comes from and who fills its orders.
//
//   sim                     the embedded exchange on loopback (EmbeddedExchange)
//   a venue, paper|shadow   its public market, fills by sim::Exchange in this process (PaperVenue)
//   a venue, live           a real account there (AccountVenue)
//
// The same clients, decoders, core, journal and page run over each of them. Threads: the hot one alone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/command.h"
#include "domain/event.h"
#include "io/bybit/endpoints.h"
#include "io/clock/paced_clock.h"
#include "io/net/event_loop.h"
#include "shell/exit_code.h"

namespace mlbot::shell {

struct StartError {
  ExitCode code = ExitCode::failed;
  std::string what;
};

/// How a venue is reached, from open() on.
struct VenueAccess {
  io::bybit::Endpoints endpoints;
  std::string key, secret;  ///< empty: only what is public can be asked
  io::clock::PacedClock clock;
};

struct VenueCounts {
  std::uint64_t frames = 0, requests = 0, refusals = 0;
};

class TradingVenue {
 public:
  /// Takes what the venue says by itself, as a link would have decoded it.
  using Tell = std::function<void(const Event&, Instant venue_time)>;

  virtual ~TradingVenue() = default;
  TradingVenue(const TradingVenue&) = delete;
  TradingVenue& operator=(const TradingVenue&) = delete;

  /// For the page's header and messages, e.g. "simulated exchange, generated market".
  virtual std::string title() const = 0;
  /// Of RunStarted and the page's header.
  virtual std::string account() const = 0;
  /// The contracts, where they are known before anybody is asked; empty otherwise.
  virtual std::vector<Instrument> instruments() const { return {}; }
  /// Market time; before open() where the market stands.
  virtual Instant now() const = 0;
  /// When the market is over.
  virtual Instant end() const { return distant_future; }

  /// From now on it can be reached, and its clock runs.
  virtual Result<VenueAccess, StartError> open() = 0;
  /// The contracts are known and the run begins.
  virtual Result<void, StartError> begin(const std::vector<Instrument>& instruments, Tell tell) = 0;
  /// Every public event, before the core hears it.
  virtual void heard(const Event&) {}
  /// True when the venue carried the command out itself; otherwise it is the clients'.
  virtual bool carry_out(const Command&) { return false; }

  /// Forgets the key that open() gave away, where it has one.
  virtual void drop_key() {}

  virtual VenueCounts counts() const { return {}; }
  /// Keeps what it must not forget, soon and without a word; what goes wrong shows at close().
  virtual void save_soon() {}
  /// Cannot be reached any more.
  virtual void close() {}
  /// After close(): keeps what it must not forget. @error names the file and the remedy.
  virtual Result<void, StartError> save() { return {}; }

 protected:
  TradingVenue() = default;
};

}  // namespace mlbot::shell
