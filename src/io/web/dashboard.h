// What the page shows: the latest word of every record, kept in bounded lists and told as JSON.
//
// Reads records and plain texts; sums and counts them, never judges them.  Threads: one, the caller's. Clock:
// none; `now` is told. When full: the oldest row of a list leaves; equity keeps the whole run by halving its
// resolution; an order beyond `open_orders` and a symbol beyond `symbols` is counted, not shown.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/ring.h"
#include "domain/record.h"
#include "domain/risk_controls.h"

namespace mlbot::io::web {

/// One row of the feature catalogue, in words; io must not see core.
struct FeatureText {
  int id = 0;  ///< 1..142
  std::string name;
  std::string engine;  ///< heading of its block
  std::string unit;
  std::string window;
  std::string definition;
  std::string undefined;  ///< when it has no value
};

struct ServiceCounter {
  std::string name;
  std::uint64_t value = 0;
};
/// Health of one service as the ServiceManager observed it.
struct ServiceView {
  std::string name;
  std::string state;   ///< starting, running, stalled, stopped, failed
  std::string detail;  ///< why, when it is not running
  std::vector<ServiceCounter> counters;
  std::optional<Instant> last_progress;
};

/// What the shell knows about the run as a whole.
struct HeaderView {
  std::string state = "PAPER";  ///< LIVE, PAPER, SHADOW, PAUSED, HALTED, DEGRADED or BLIND
  std::string why;              ///< cause of PAUSED, HALTED, DEGRADED or BLIND; empty otherwise
  std::string mode = "paper";   ///< live, paper, shadow, testnet
  std::string venue;
  std::string account;  ///< at most its last four characters
  std::string model;    ///< short content hash; empty without a model
  std::string schema_hash;
  std::string version;
  bool demo = false;  ///< a generated market: the page says so in large letters
  Instant started_at;
};

/// Features of a symbol that have no value for one and the same reason.
struct VoidView {
  std::string symbol, cause;
  std::optional<Instant> until;  ///< at best; nothing where that hangs on news
  std::vector<std::string> features;
};

enum class Severity : std::uint8_t { info, notice, warning, critical };

struct DashboardLimits {
  std::size_t symbols = 1024;
  std::size_t signals = 300;  ///< rows; alike decisions in a row share one
  std::size_t open_orders = 500;
  std::size_t fills = 500;
  std::size_t events = 200;
  std::size_t equity_points = 4096;
  std::size_t price_seconds = 10'800;  ///< per symbol
};

class Dashboard {
 public:
  /// @param features  the catalogue in order of id, 142 rows.
  explicit Dashboard(std::vector<FeatureText> features, DashboardLimits limits = {});

  void take(const Record& record);
  void take(const Stamped& event) { on(event); }
  void take(const StampedCommand& command) { on(command); }
  void take(const Decision& decision) { on(decision); }
  void take(const FeatureFrame& frame) { on(frame); }
  void set_header(HeaderView header) { header_ = std::move(header); }
  const std::string& account() const { return header_.account; }
  void set_services(std::vector<ServiceView> services) { services_ = std::move(services); }
  /// All of them, each time.
  void set_voids(std::vector<VoidView> voids) { voids_ = std::move(voids); }
  /// What an operator types to loosen the limits that wait; empty when none does.
  std::string loosening_words() const { return held_limits_.words(); }
  /// A line for the event log that no record tells, e.g. a reload of the configuration that was refused.
  void note(Instant at, Severity severity, std::string text);
  /// Ages are told against this; never moves back.
  void set_now(Instant now) { now_ = std::max(now_, now); }

  /// Everything but price history. Keys are stable, numbers are numbers, times are milliseconds since 1970,
  /// what is unknown is null. `schema_version` tells the shape.
  Json snapshot() const;
  /// What changed since the last call, in the shape of snapshot() with `kind` "changes": symbols, signals,
  /// orders, fills, events and equity points that are new or other than before; the rest whole. To be laid
  /// over a snapshot by key; a row may come twice.
  Json changes_since_last_push();
  /// Mid price a second and fills of one symbol; nothing for a name that is not known.
  std::optional<Json> history(std::string_view symbol) const;
  /// The catalogue as given.
  Json features() const;
  /// State and services alone, for a monitor.
  Json health() const;

 private:
  /// Mean and variance with a memory of about ten minutes of frames: the colour of a cell.
  struct Spread {
    double mean = 0, variance = 0;
    std::uint32_t count = 0;
    void take(double value);
    /// Distance from the mean in standard deviations; nothing before 20 values or without variance.
    std::optional<double> score(double value) const;
  };
  struct PricePoint {
    std::int64_t second = 0;
    double mid = 0;
  };
  struct Symbol {
    bool defined = false;
    Instrument instrument;
    std::optional<FeatureFrame> frame;
    std::optional<Decision> decision;
    std::array<std::optional<PositionNews>, 3> positions;  ///< by position index
    std::optional<E8> mark_price, funding_rate;
    std::optional<Instant> next_funding;
    std::optional<Instant> fed_at;  ///< last market event
    std::vector<Spread> spreads;    ///< [142]
    Ring<PricePoint> prices{1};
    std::int64_t pushed_second = 0;  ///< price points from here on are in the next changes
    std::uint64_t signal = 0;        ///< id of its newest row
    bool traded = false;
    bool changed = true, frame_changed = true;
  };
  struct Signal {
    std::uint64_t id = 0;
    Decision latest;
    Instant first_at;
    std::uint64_t count = 1;
    bool changed = true;
  };
  enum class OrderPhase : std::uint8_t {
    sent,
    open,
    part_filled,
    untriggered,
    triggered,
    cancelling,
    unknown
  };
  static std::string_view to_string(OrderPhase phase);
  struct Order {
    ClientOrderId client_id;
    VenueId venue_id;
    SymbolId symbol;
    Side side = Side::buy;
    OrderType type = OrderType::limit;
    OrderPhase phase = OrderPhase::sent;
    PriceTicks price;
    Lots size, filled;
    bool reduce_only = false;
    std::optional<PriceTicks> stop_loss;
    Instant created_at, updated_at;
    bool listed = false;  ///< by the venue in the snapshot that is under way
  };
  struct Fill {
    std::uint64_t id = 0;
    Execution what;
    Instant at;
    bool changed = false;                ///< since the last push
    std::optional<FillQuality> quality;  ///< a minute after the fill
  };
  struct Line {
    std::uint64_t id = 0;
    Instant at;
    Severity severity = Severity::info;
    std::string text;
  };
  struct EquityPoint {
    Instant at;
    E8 equity;
  };

  void on(const Stamped& event);
  void on(const StampedCommand& command);
  void on(const Decision& decision);
  void on(const FeatureFrame& frame);
  void on(const RouteChoice&) {}
  void on(const FillQuality& quality);
  void on(const StreamIndex&) {}  // of readers that put streams in order, not of people
  void on(Instant at, const OrderNews& news);
  void on(Instant at, const Execution& execution);
  void on(Instant at, const PositionNews& news);
  void on(Instant at, const WalletNews& news);
  void on(Instant at, const RequestAnswer& answer);
  void on(Instant at, const AccountSnapshot& snapshot);
  void on(Instant at, const ConfigChanged& config);
  void on(Instant at, const Ticker& ticker);
  void define(const Instrument& instrument);
  void fed(Instant at, SymbolId symbol);
  void add_price(Symbol& symbol, Instant at, double mid);
  void add_equity(Instant at, E8 equity);
  Symbol* find(SymbolId id);
  const Symbol* find(SymbolId id) const;
  Order* find_order(const ClientOrderId& client_id, const VenueId& venue_id);
  Order* add_order(const ClientOrderId& client_id, const VenueId& venue_id);
  void remove_order(const Order* order);
  std::string name_of(SymbolId id) const;

  Json common(std::string_view kind) const;
  Json header_json() const;
  Json account_json() const;
  Json limits_json() const;
  Json services_json() const;
  Json voids_json() const;
  Json reasons_json() const;
  Json orders_json() const;
  Json positions_json() const;
  Json symbol_json(const Symbol& symbol, bool with_frame) const;
  Json signal_json(const Signal& signal) const;
  Json fill_json(const Fill& fill) const;
  Json equity_json(std::size_t from, bool replace) const;
  static Json line_json(const Line& line);

  std::vector<FeatureText> features_;
  DashboardLimits limits_;
  HeaderView header_;
  std::vector<ServiceView> services_;
  std::vector<VoidView> voids_;
  Instant now_;

  std::vector<Symbol> symbols_;  ///< by SymbolId
  std::uint64_t symbols_not_shown_ = 0;
  Ring<Signal> signals_;
  std::array<std::uint64_t, reason_code_count> reasons_{};
  std::vector<Order> orders_;
  std::uint64_t orders_not_shown_ = 0;
  Ring<Fill> fills_;
  std::uint64_t fill_count_ = 0;
  E8 fees_paid_;
  Ring<Line> lines_;
  std::uint64_t next_id_ = 1;    ///< of signals, fills and lines alike
  std::uint64_t pushed_id_ = 0;  ///< fills and lines up to here went out

  std::optional<WalletNews> wallet_;
  Instant wallet_at_;
  std::vector<EquityPoint> equity_;
  Duration equity_step_{1s};
  std::size_t equity_pushed_ = 0;
  bool equity_thinned_ = false;  ///< the next changes carry the whole curve
  E8 equity_peak_;
  E8 equity_at_day_start_;
  std::int64_t day_ = INT64_MIN;         ///< UTC day of equity_at_day_start_
  std::optional<ConfigChanged> config_;  ///< without its view of symbols
  HeldLimits held_limits_;
};

}  // namespace mlbot::io::web
