// What each record means as rows. One function for each kind; a new event does not build until it has one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/record.h"
#include "io/archive/market_memory.h"
#include "io/archive/row_store.h"

namespace mlbot::io::archive {

/// From this event on the journal was written by somebody else: a live venue, a generated market, a recorded
/// one.
struct Origin {
  Sequence first;
  std::string source;  ///< live, generated, archive
};

class EventRows {
 public:
  EventRows(RowStore& rows, const MarketMemory& memory, std::vector<Origin> origins, std::size_t features)
      : rows_{rows}, memory_{memory}, origins_{std::move(origins)}, features_{features} {}

  using Done = Result<void, ArchiveError>;
  /// @error unknown_symbol, sql, disk_full
  Done store(const Stamped& event, const Noticed& noticed);
  /// @param item  which of several that one event caused
  Done store(const StampedCommand& command, std::uint64_t item);
  Done store(const Decision& decision, std::uint64_t item);
  Done store(const RouteChoice& choice, std::uint64_t item);
  Done store(const FillQuality& fill, std::uint64_t item);
  Done store(const FeatureFrame& frame);
  Done store(const FeatureFrame& frame, const Instrument& instrument);
  Done store(const journal::FrameDigest& digest);
  Done store(const MissingSpan& span);

 private:
  /// Where an event belongs: the word in events.kind, whose it is, and how many rows of its own it has.
  struct Heading {
    std::string_view kind;
    std::optional<SymbolId> symbol;
    std::uint64_t items = 0;
  };
  Heading heading(const Stamped& event, const Noticed& noticed) const;
  Result<const Instrument*, ArchiveError> instrument(SymbolId symbol, Sequence sequence) const;
  std::string_view source(Sequence sequence) const;

  Done on(const Stamped& at, const RunStarted& e);
  Done on(const Stamped& at, const InstrumentDefined& e);
  Done on(const Stamped& at, const ConfigChanged& e);
  Done on(const Stamped& at, const BookUpdate& e);
  Done on(const Stamped& at, const Trades& e);
  Done on(const Stamped& at, const Kline& e);
  Done on(const Stamped& at, const Ticker& e);
  Done on(const Stamped& at, const Liquidations& e);
  Done on(const Stamped& at, const PriceLimit& e);
  Done on(const Stamped& at, const AdlAlerts& e);
  Done on(const Stamped& at, const InsurancePools& e);
  Done on(const Stamped& at, const OrderNews& e);
  Done on(const Stamped& at, const Execution& e);
  Done on(const Stamped& at, const PositionNews& e);
  Done on(const Stamped& at, const WalletNews& e);
  Done on(const Stamped& at, const RequestAnswer& e);
  Done on(const Stamped& at, const LinkChanged& e);
  Done on(const Stamped& at, const OperatorCommand& e);
  Done on(const Stamped& at, const Transaction& e);
  Done on(const Stamped& at, const AccountModes& e);
  Done on(const Stamped& at, const ClockOffset& e);
  Done on(const Stamped& at, const MachineHealth& e);
  Done on(const Stamped& at, const GuardBeat& e);
  Done on(const Stamped& at, const SymbolStatus& e);
  Done on(const Stamped& at, const VenueStatus& e);
  Done on(const Stamped& at, const IntentCarried& e);
  Done on(const Stamped&, const AccountSnapshot&) { return {}; }  // its rows are stored one by one
  Done on(const Stamped&, const TimerFired&) { return {}; }       // its row in events says all
  Done on(const Stamped&, const FastExecution&) { return {}; }    // its Execution is stored

  RowStore& rows_;
  const MarketMemory& memory_;
  std::vector<Origin> origins_;
  std::size_t features_;
  const Noticed* noticed_ = nullptr;  ///< of the event being stored
  std::vector<double> prices_, sizes_, ask_prices_, ask_sizes_;
};

}  // namespace mlbot::io::archive
