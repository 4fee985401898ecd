// The only door for intents. SmartRouter says how, RiskManager says whether, OrderExecutor carries it out,
// PositionManager counts what came of it, in that order.
//
// Invariant: at most one order of ours works on a symbol at a time; no command to place or amend leaves
// without a stamp. Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <optional>
#include <vector>

#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "core/orders/risk_manager.h"
#include "core/orders/smart_router.h"

namespace mlbot::core {

/// What the trade stage knows of a symbol's market: its last frame.
struct MarketView {
  TopOfBook top;    ///< of the last frame; synced false when that frame had no book
  Instant book_at;  ///< core time of the last message that moved the book
  E8 mid;           ///< of the last frame with a book; 0 before
};

inline constexpr Duration stranger_grace = 2s;  ///< an order of ours may be told without its name at first
inline constexpr std::size_t stranger_slots = 16;

class OrderRouter {
 public:
  void add(const Instrument& instrument);
  /// New fees and limits for a symbol of the same grid.
  void redefine(const Instrument& instrument);
  void start(Mode mode, std::string_view account, std::uint32_t epoch);
  void configure(const ConfigChanged& config);
  void set_state(TradingState state) { state_ = state; }

  /// What the risk manager listens to: every event, what the model is, and what each step sends.
  void hear(const Stamped& event) { risk_.see(event); }
  void note_model(const ModelFacts& model) { risk_.note_model(model); }
  void note_sent(Instant now, std::span<const Command> commands) { risk_.note_sent(now, commands); }
  /// What the controls ask for now, by what account and orders show.
  RiskDemand assess(Instant now, const AccountMonitor& monitor);

  /// Takes in where the market stands.
  void see(const FeatureFrame& frame);

  /// Sends what the intent asks for, or says which rule stands against it.
  /// @pre  !busy(intent.symbol).
  Result<PlaceOrder, Refused> submit(Instant now, const Intent& intent, const AccountMonitor& monitor,
                                     Outbox& out);
  /// True while an order of ours works on the symbol.
  bool busy(SymbolId symbol) const;
  /// Follows the touch with what rests, takes back what waited too long.
  void work(Instant now, SymbolId symbol, const AccountMonitor& monitor, Outbox& out);
  /// Takes back a resting entry; what reduces stays.
  void cancel_entries(Instant now, Outbox& out) {
    executor_.cancel_all(now, OrderExecutor::Keep::reducing, out);
  }
  void cancel_all(Instant now, Outbox& out) { executor_.cancel_all(now, OrderExecutor::Keep::nothing, out); }

  void on(Instant now, const RequestAnswer& answer, const AccountMonitor& monitor, Outbox& out);
  void on(Instant now, const FastExecution& hint) { executor_.on(now, hint); }
  /// The venue's word on positions, wallet and money, and how the account is set up.
  void on(Instant now, const PositionNews& news) { positions_.on(now, news); }
  void on(Instant now, const WalletNews& wallet) { positions_.on(now, wallet); }
  void on(const Transaction& row) { positions_.on(row); }
  void on(const AccountModes& modes) {
    positions_.set_mode(modes.hedge ? PositionMode::hedge : PositionMode::one_way);
  }
  void on(Instant now, const OrderNews& news, const AccountMonitor& monitor, Outbox& out);
  void on(Instant now, const Execution& execution, const AccountMonitor& monitor, Outbox& out);
  /// What an earlier run meant to send: unknown until the venue's evidence ends it.
  void carry(Instant now, const IntentCarried& intent, Outbox& out) {
    if (intent.symbol.index < symbols_.size()) executor_.carry(now, intent, out);
  }
  /// A whole snapshot ended; the first of a run says what was held before us.
  void on_snapshot(Instant now, const AccountMonitor& monitor, bool first, Outbox& out);
  void on_timer(Instant now, const AccountMonitor& monitor, Outbox& out);

  const OrderExecutor& executor() const { return executor_; }
  const PositionManager& positions() const { return positions_; }
  const RiskManager& risk() const { return risk_; }
  const SmartRouter& smart() const { return smart_; }
  const Instrument& instrument(SymbolId symbol) const { return symbols_[symbol.index].instrument; }
  const MarketView& market(SymbolId symbol) const { return symbols_[symbol.index].market; }
  const DecisionSettings& settings() const { return settings_; }
  bool traded(SymbolId symbol) const { return symbols_[symbol.index].traded; }
  std::size_t symbol_count() const { return symbols_.size(); }
  void hash_into(StateHash& hash) const;

 private:
  struct Symbol {
    Instrument instrument;
    MarketView market;
    bool traded = false;
    ClientOrderId working;  ///< our order on this symbol, empty without one
  };
  RiskView view(Instant now, SymbolId symbol, Side side, const AccountMonitor& monitor) const;
  struct Stranger {
    VenueId order;
    Instant since;
  };
  void look_at_strangers(Instant now);
  bool stop_passes(Instant now, const SetPositionStop& stop, const AccountMonitor& monitor);
  /// Best prices of our own orders that may be resting, for K32.
  void find_own(SymbolId symbol, RiskView& view) const;
  E8 worst_of(std::uint16_t symbol) const;

  Mode mode_ = Mode::paper;
  TradingState state_ = TradingState::halted;  ///< until the coordinator says otherwise
  DecisionSettings settings_;
  std::vector<Symbol> symbols_;
  SmartRouter smart_;
  RiskManager risk_;
  PositionManager positions_;
  OrderExecutor executor_;
  Ring<Stranger> strangers_{stranger_slots};  ///< seen lately; the oldest is forgotten when full
};

}  // namespace mlbot::core
