// The only door for intents. SmartRouter says how, RiskManager says whether, OrderExecutor carries it out,
// PositionManager counts what came of it, in that order.
//
// Invariant: at most one piece of work on a symbol and side at a time, be it one order, the rungs of a ladder
// or one slice after the other; every order of it is an intent of its own to the RiskManager, and no command
// to place or amend leaves without a stamp. Limits: `work_orders` orders of one piece of work at once.
// Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/orders/fill_quality.h"
#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "core/orders/risk_manager.h"
#include "core/orders/smart_router.h"

namespace mlbot::core {

inline constexpr std::size_t work_orders = ladder_rungs.size();

inline constexpr Duration stranger_grace = 2s;  ///< an order of ours may be told without its name at first
inline constexpr std::size_t stranger_slots = 16;
inline constexpr Duration close_patience = 1s;  ///< then a close that nobody answered holds back no other

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
  void note_ranges(std::vector<FeatureRange> ranges) { risk_.note_ranges(std::move(ranges)); }
  void note_sent(Instant now, std::span<const Command> commands) { risk_.note_sent(now, commands); }
  /// What the controls ask for now, by what account and orders show.
  RiskDemand assess(Instant now, const AccountMonitor& monitor);

  /// Takes in where the market stands.
  void see(const FeatureFrame& frame);
  /// Reads the mark-outs that are due at this frame; what is complete goes to out.fills.
  void measure(const FeatureFrame& frame, Outbox& out);

  /// Works what the intent asks for in the cheapest way, or says which rule stands against it. The choice
  /// goes to out.routes. @return the first of the orders.
  /// @pre  !busy(intent.symbol, intent.side), or unheard() and the intent flattens.
  Result<PlaceOrder, Refused> submit(Instant now, const Intent& intent, const AccountMonitor& monitor,
                                     Outbox& out);
  /// True while work on the symbol and side is not over.
  bool busy(SymbolId symbol, Side side) const;
  bool busy(SymbolId symbol) const { return busy(symbol, Side::buy) || busy(symbol, Side::sell); }
  /// True when all of the work is orders whose fate is unknown, and sent longer ago than `close_patience`: a
  /// close may go beside them, because it only reduces, whatever they come to.
  bool unheard(Instant now, SymbolId symbol, Side side) const;
  /// Goes on with what is being worked: follows the touch, sends the next slice, gives up what waited too
  /// long.
  void work(Instant now, SymbolId symbol, const AccountMonitor& monitor, Outbox& out);
  /// Takes back what is being worked on the side; fills that are under way still come.
  void give_up(Instant now, SymbolId symbol, Side side, Outbox& out);
  /// The same with what takes its time: something urgent is to go in its place.
  void hurry(Instant now, SymbolId symbol, Side side, Outbox& out);
  /// Makes the work on a side no larger than told: resting orders are amended to less, which keeps their
  /// place in the queue; slices that were not sent are left out.
  void shrink(Instant now, SymbolId symbol, Side side, Lots most, const AccountMonitor& monitor, Outbox& out);
  /// Half of every entry that is being worked, by shrink().
  void halve_entries(Instant now, const AccountMonitor& monitor, Outbox& out);
  /// Worst notional that a symbol can come to, quote units.
  E8 worst_exposure(SymbolId symbol) const { return worst_of(symbol.index); }
  /// Takes back every entry; what reduces stays.
  void cancel_entries(Instant now, Outbox& out);
  void cancel_all(Instant now, Outbox& out);

  void on(Instant now, const RequestAnswer& answer, const AccountMonitor& monitor, Outbox& out);
  void on(Instant now, const FastExecution& hint) { executor_.on(now, hint); }
  /// The venue's word on positions, wallet and money, and how the account is set up.
  void on(Instant now, const PositionNews& news) { positions_.on(now, news); }
  void on(Instant now, const WalletNews& wallet) { positions_.on(now, wallet); }
  void on(const Transaction& row) { positions_.on(row); }
  /// A person looked at the wallet and takes it as it is: what our books lack stands as a difference in them.
  void accept_wallet(Instant of, E8 balance) { positions_.accept_wallet(of, balance); }
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
  /// @param of  the venue's clock when it listed positions; 0 when nobody says.
  void on_snapshot(Instant now, Instant of, const AccountMonitor& monitor, bool first, Outbox& out);
  void on_timer(Instant now, const AccountMonitor& monitor, Outbox& out);

  const OrderExecutor& executor() const { return executor_; }
  const PositionManager& positions() const { return positions_; }
  const RiskManager& risk() const { return risk_; }
  const SmartRouter& smart() const { return smart_; }
  const FillQualityTracker& quality() const { return quality_; }
  const Instrument& instrument(SymbolId symbol) const { return symbols_[symbol.index].instrument; }
  const MarketView& market(SymbolId symbol) const { return symbols_[symbol.index].market; }
  const DecisionSettings& settings() const { return settings_; }
  bool traded(SymbolId symbol) const { return symbols_[symbol.index].traded; }
  std::size_t symbol_count() const { return symbols_.size(); }
  void hash_into(StateHash& hash) const;

 private:
  /// What is being worked on one side of a symbol.
  struct Work {
    bool active = false;
    bool ending = false;  ///< nothing more is sent; it is over when its orders are
    RouteKind kind = RouteKind::cross;
    Intent intent;
    E8 arrival_mid;
    Instant until;           ///< of what rests
    Instant next_slice;      ///< of what is sliced
    PriceTicks chase_limit;  ///< 0: it does not follow
    Lots slice;              ///< 0: nothing more is to be sent
    Lots unsent;
    std::array<ClientOrderId, work_orders> orders{};
    std::size_t count = 0;
  };
  struct Symbol {
    Instrument instrument;
    MarketView market;
    bool traded = false;
    std::array<Work, 2> works{};  ///< by side
  };
  const Work& work_of(SymbolId symbol, Side side) const {
    return symbols_[symbol.index].works[static_cast<std::size_t>(side)];
  }
  Work& work_of(SymbolId symbol, Side side) {
    return symbols_[symbol.index].works[static_cast<std::size_t>(side)];
  }
  Result<PlaceOrder, Refused> send(Instant now, Work& work, PlaceOrder order, const AccountMonitor& monitor,
                                   Outbox& out);
  void amend(Instant now, const Order& order, const AmendOrder& wish, const AccountMonitor& monitor,
             Outbox& out);
  void drop_settled(Work& work) const;
  /// Nothing once it is settled: its slot may be another's since.
  const Order* unsettled(const ClientOrderId& id) const;
  void send_slice(Instant now, Symbol& symbol, Work& work, const AccountMonitor& monitor, Outbox& out);
  void follow(Instant now, Symbol& symbol, Work& work, const Order& order, const AccountMonitor& monitor,
              Outbox& out);
  RiskView view(Instant now, SymbolId symbol, Side side, const AccountMonitor& monitor) const;
  struct Stranger {
    VenueId order;
    Instant since;
  };
  void look_at_strangers(Instant now);
  PositionEvidence evidence(SymbolId symbol, const AccountMonitor& monitor) const;
  Result<Approved<SetPositionStop>, Refused> judged(Instant now, const SetPositionStop& stop,
                                                    const AccountMonitor& monitor);
  /// Best prices of our own orders that may be resting, for K32.
  void find_own(SymbolId symbol, RiskView& view) const;
  E8 worst_of(std::uint16_t symbol) const;

  Mode mode_ = Mode::paper;
  TradingState state_ = TradingState::halted;  ///< until the coordinator says otherwise
  DecisionSettings settings_;
  std::vector<Symbol> symbols_;
  std::vector<SetPositionStop> stop_wishes_;  ///< of one timer
  SmartRouter smart_;
  RiskManager risk_;
  PositionManager positions_;
  OrderExecutor executor_;
  FillQualityTracker quality_;
  Ring<Stranger> strangers_{stranger_slots};  ///< seen lately; the oldest is forgotten when full
};

}  // namespace mlbot::core
