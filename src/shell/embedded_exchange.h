// The exchange that `mlbot run` brings along: a simulated one on loopback whose market goes on while the bot
// is away.
//
// At the very first start hours of market run at full speed through the recorder, as if the bot had been
// listening; at the next one the time that was missed. Accounts, positions and open orders live through it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/journal/journal.h"
#include "shell/exchange/exchange_server.h"
#include "shell/journal_source.h"
#include "shell/state_directory.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

struct EmbeddedExchangeSetup {
  StateDirectory state;
  std::string market;  ///< generated, or replay:DIRECTORY
  std::uint64_t seed = 1;
  double history_hours = 6;
  double speed = 1;
  double balance_usdt = 10'000;
  FeeRates fees;
  Instant now;            ///< wall time
  Instant journal_until;  ///< core time of the journal's last event; 0 for an empty one
};

class EmbeddedExchange final : public TradingVenue {
 public:
  /// Makes or restores the exchange and records its market up to the present into `journal`.
  /// @param progress  market time reached, start, end
  /// @error SourceError names the file and the remedy.
  static Result<std::unique_ptr<EmbeddedExchange>, SourceError> prepare(
      const EmbeddedExchangeSetup& setup, io::journal::JournalWriter& journal,
      const std::function<void(Instant at, Instant from, Instant until)>& progress);
  ~EmbeddedExchange() override;

  std::uint64_t recorded_events() const { return recorded_events_; }

  std::string title() const override;
  std::string account() const override { return account_.name; }
  std::vector<Instrument> instruments() const override { return instruments_; }
  Instant now() const override;
  Instant end() const override { return end_; }
  Result<VenueAccess, StartError> open() override;
  Result<void, StartError> begin(const std::vector<Instrument>&, Tell) override { return {}; }
  VenueCounts counts() const override;
  /// From the exchange's own thread, so that a killed process costs seconds of the account, not the run.
  void save_soon() override;
  void close() override;
  Result<void, StartError> save() override;

 private:
  class Recorder;
  EmbeddedExchange() = default;
  StateDirectory state_;
  std::string market_;
  ApiAccount account_;
  std::vector<Instrument> instruments_;
  Instant end_ = distant_future;
  std::uint64_t recorded_events_ = 0;
  bool open_ = false;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<ExchangeServer> server_;
};

}  // namespace mlbot::shell
