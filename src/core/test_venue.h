// A small world for the core's own tests and benches: random-walk books and prints, an account that fills,
// and answers that get lost, doubled or delayed. Not a judge of fills (that is sim/, which core may not see):
// only a partner that never says the same thing twice for two runs of one seed, and nothing else for one.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "domain/outbox.h"

namespace mlbot::core {

struct TestTrouble {
  double lost_delta = 0;      ///< of book updates
  double lost_answer = 0;     ///< of request answers
  double doubled_fill = 0;    ///< of executions
  double repeated_trade = 0;  ///< of prints
};

class TestVenue {
 public:
  struct Setup {
    std::uint64_t seed = 1;
    std::uint16_t symbols = 2;
    Duration length = 120s;
    TestTrouble trouble;
    std::string model;
    std::uint64_t schema_hash = 0;
    Mode mode = Mode::paper;
    RiskLimits risk;
    DecisionSettings decision;
    Duration book_period = 100ms;
    double step_ticks = 3;  ///< scale of the walk, ticks a book update
    double equity = 10'000;
  };

  static constexpr Instant begin = Instant::from_seconds(1'767'571'200);

  explicit TestVenue(Setup setup)
      : setup_{std::move(setup)},
        chance_{Prng::stream(setup_.seed, "venue")},
        end_{begin + setup_.length},
        next_book_{begin + 50ms} {
    for (std::uint16_t i = 0; i < setup_.symbols; ++i) {
      symbols_.push_back({.mid = 1'000'000 + 1'000 * i, .bids = {}, .asks = {}, .position = {}, .stop = {}});
      all_.push_back({i});
    }
    deliver(begin, RunStarted{.mode = setup_.mode,
                              .epoch = 3,
                              .account = "test",
                              .model = std::string_view{setup_.model},
                              .schema_hash = setup_.schema_hash});
    for (std::uint16_t i = 0; i < setup_.symbols; ++i) deliver(begin, InstrumentDefined{instrument(i)});
    deliver(begin,
            ConfigChanged{.version = 1, .risk = setup_.risk, .decision = setup_.decision, .traded = all_});
    for (const Link link : {Link::market, Link::account, Link::orders})
      deliver(begin, LinkChanged{link, LinkState::live});
    for (std::uint16_t i = 0; i < setup_.symbols; ++i) snapshot(begin + 1ms, i);
  }

  static Instrument instrument(std::uint16_t i) {
    return {.id = {i},
            .name = std::string_view{"COIN" + std::to_string(i) + "USDT"},
            .tick_size = *parse_e8("0.1"),
            .lot_step = *parse_e8("0.001"),
            .min_order = {1},
            .max_limit_order = {1'000'000},
            .max_market_order = {500'000},
            .min_notional = *parse_e8("5"),
            .max_leverage = *parse_e8("100"),
            .maintenance_margin = *parse_e8("0.005"),
            .fees = {E8{1'000}, E8{2'000}}};
  }

  /// An event of the test's own, at its time.
  void inject(Instant at, const Event& event) { deliver(at, event); }

  const Stamped* next(Instant wakeup) {
    while (true) {
      const Instant delivery = deliveries_.empty() ? distant_future : deliveries_.begin()->first;
      const Instant soonest = std::min({next_book_, delivery, std::max(wakeup, now_)});
      if (soonest > end_) return nullptr;
      if (delivery == soonest) {
        const Event event = deliveries_.begin()->second;
        deliveries_.erase(deliveries_.begin());
        return emit(soonest, event);
      }
      if (next_book_ == soonest) {
        now_ = soonest;
        next_book_ = soonest + setup_.book_period / setup_.symbols;
        move_market(soonest);
        continue;
      }
      return emit(soonest, TimerFired{wakeup});
    }
  }

  void take(const Stamped& event, const Outbox& out) {
    for (const Command& command : out.commands) carry_out(event.at + 5ms, command);
  }

  std::int64_t position(std::uint16_t symbol) const { return symbols_[symbol].position; }
  std::size_t open_orders() const { return orders_.size(); }
  std::uint64_t fills() const { return executions_; }

 private:
  struct Symbol {
    std::int64_t mid;
    std::map<std::int64_t, std::int64_t> bids, asks;
    std::uint64_t update_id = 100;
    std::uint64_t trade_number = 0;
    std::int64_t position = 0;
    std::int64_t stop = 0;
    double cost = 0;  ///< signed as the position
  };
  struct Working {
    PlaceOrder order;
    VenueId venue_id;
    std::int64_t filled = 0;
  };

  const Stamped* emit(Instant at, const Event& event) {
    now_ = std::max(now_, at);
    out_ = {out_.sequence.next(), now_, now_, now_, event};
    return &out_;
  }
  void deliver(Instant at, const Event& event) { deliveries_.emplace(at, event); }

  void levels_at(const Symbol& s, std::map<std::int64_t, std::int64_t>& bids,
                 std::map<std::int64_t, std::int64_t>& asks) {
    bids.clear();
    asks.clear();
    for (std::int64_t i = 1; i <= 10; ++i) {
      bids[s.mid - i] = 500 + static_cast<std::int64_t>(chance_.below(500));
      asks[s.mid + i] = 500 + static_cast<std::int64_t>(chance_.below(500));
    }
  }
  template <class Side>
  std::span<const BookLevel> keep(const Side& side, bool descending) {
    auto& list = kept_levels_.emplace_back();
    for (const auto& [price, size] : side) list.push_back({{price}, {size}});
    if (descending) std::reverse(list.begin(), list.end());
    return list;
  }
  /// Views live as long as the venue: a test's memory is cheap.
  void snapshot(Instant at, std::uint16_t i) {
    Symbol& s = symbols_[i];
    levels_at(s, s.bids, s.asks);
    ++s.update_id;
    deliver(at, BookUpdate{{i},
                           UpdateKind::snapshot,
                           s.update_id,
                           s.update_id,
                           at,
                           keep(s.bids, true),
                           keep(s.asks, false)});
  }
  void move_market(Instant at) {
    const auto i = static_cast<std::uint16_t>(turn_++ % setup_.symbols);
    Symbol& s = symbols_[i];
    s.mid += static_cast<std::int64_t>(setup_.step_ticks * chance_.normal());
    std::map<std::int64_t, std::int64_t> bids, asks;
    levels_at(s, bids, asks);
    const auto change = [](const auto& from, const auto& to) {
      std::map<std::int64_t, std::int64_t> delta;
      for (const auto& [price, size] : from)
        if (!to.contains(price)) delta[price] = 0;
      for (const auto& [price, size] : to) {
        const auto old = from.find(price);
        if (old == from.end() || old->second != size) delta[price] = size;
      }
      return delta;
    };
    const auto bid_changes = change(s.bids, bids), ask_changes = change(s.asks, asks);
    s.bids = std::move(bids);
    s.asks = std::move(asks);
    ++s.update_id;
    if (!chance_.chance(setup_.trouble.lost_delta))
      deliver(at, BookUpdate{{i},
                             UpdateKind::delta,
                             s.update_id,
                             s.update_id,
                             at,
                             keep(bid_changes, true),
                             keep(ask_changes, false)});
    if (chance_.chance(0.6)) {
      auto& prints = kept_trades_.emplace_back();
      const bool buy = chance_.chance(0.5);
      for (std::uint64_t n = 0; n < 1 + chance_.below(3); ++n) {
        const std::string id = "t-" + std::to_string(i) + "-" + std::to_string(++s.trade_number);
        prints.push_back({at,
                          {buy ? s.mid + 1 : s.mid - 1},
                          {1 + static_cast<std::int64_t>(chance_.below(50))},
                          buy ? Side::buy : Side::sell,
                          false,
                          false,
                          s.update_id,
                          std::string_view{id}});
        if (chance_.chance(setup_.trouble.repeated_trade)) prints.push_back(prints.back());
      }
      deliver(at, Trades{{i}, prints});
    }
    if (turn_ % 40 == i) {
      const E8 price = instrument(i).price({s.mid});
      deliver(at, Ticker{.symbol = {i},
                         .kind = UpdateKind::snapshot,
                         .cross_sequence = s.update_id,
                         .last_price = price,
                         .mark_price = price,
                         .index_price = price,
                         .open_interest = E8{e8_per_unit * 1'000},
                         .funding_rate = E8{1'000},
                         .next_funding = begin + 8h,
                         .funding_interval_hours = 8});
    }
    match(at, i);
  }

  bool crosses(const Working& w, std::int64_t slack) const {
    const Symbol& s = symbols_[w.order.symbol.index];
    return w.order.side == Side::buy ? w.order.price.count >= s.mid + slack
                                     : w.order.price.count <= s.mid - slack;
  }
  void match(Instant at, std::uint16_t i) {
    for (std::size_t n = 0; n < orders_.size();) {
      Working& w = orders_[n];
      if (w.order.symbol.index != i || !crosses(w, 0)) {
        ++n;
        continue;
      }
      const std::int64_t rest = w.order.size.count - w.filled;
      fill(at, w,
           chance_.chance(0.5)
               ? rest
               : 1 + static_cast<std::int64_t>(chance_.below(static_cast<std::uint64_t>(rest))),
           Liquidity::maker);
      if (w.filled == w.order.size.count)
        orders_.erase(orders_.begin() + static_cast<std::ptrdiff_t>(n));
      else
        ++n;
    }
    Symbol& s = symbols_[i];
    if (s.stop != 0 && s.position != 0 && (s.position > 0 ? s.mid <= s.stop : s.mid >= s.stop)) {
      Working stop{.order = {.symbol = {i},
                             .side = s.position > 0 ? Side::sell : Side::buy,
                             .price = {s.mid},
                             .size = {std::abs(s.position)},
                             .stop_loss = {}},
                   .venue_id = std::string_view{"stop-" + std::to_string(++orders_made_)}};
      fill(at, stop, stop.order.size.count, Liquidity::taker);
    }
  }
  void fill(Instant at, Working& w, std::int64_t lots, Liquidity liquidity) {
    Symbol& s = symbols_[w.order.symbol.index];
    const Instrument terms = instrument(w.order.symbol.index);
    const std::int64_t change = sign_of(w.order.side) * lots;
    w.filled += lots;
    const double each = to_double(terms.notional(w.order.price, {1}));
    const std::int64_t closed =
        s.position != 0 && (s.position > 0) != (change > 0) ? std::min(lots, std::abs(s.position)) : 0;
    const double cost_of_closed =
        closed == 0 ? 0 : s.cost * static_cast<double>(closed) / static_cast<double>(std::abs(s.position));
    const double proceeds = -static_cast<double>(change > 0 ? closed : -closed) * each;
    cash_ += proceeds - cost_of_closed;
    s.cost += static_cast<double>(change > 0 ? lots - closed : closed - lots) * each - cost_of_closed;
    s.position += change;
    if (s.position == 0) s.stop = 0;
    if (w.order.stop_loss && s.position != 0) s.stop = w.order.stop_loss->count;
    const E8 price = terms.price(w.order.price);
    const E8 fee = multiply(terms.notional(w.order.price, {lots}),
                            liquidity == Liquidity::maker ? terms.fees.maker : terms.fees.taker);
    const std::string id = "e-" + std::to_string(++executions_);
    const Execution execution{.symbol = w.order.symbol,
                              .client_id = w.order.id,
                              .venue_id = w.venue_id,
                              .execution_id = std::string_view{id},
                              .side = w.order.side,
                              .price = price,
                              .size = {lots},
                              .fee = fee,
                              .liquidity = liquidity,
                              .at = at};
    cash_ -= to_double(fee);
    history_.push_back(execution);
    deliver(at + 3ms, execution);
    if (chance_.chance(setup_.trouble.doubled_fill)) deliver(at + 9ms, execution);
    deliver(at + 4ms, position_row(at, w.order.symbol.index, NewsSource::stream));
    if (!w.order.id.empty())
      deliver(at + 2ms,
              row(at, w, w.filled == w.order.size.count ? OrderStatus::filled : OrderStatus::part_filled,
                  NewsSource::stream));
    deliver(at + 5ms, wallet(NewsSource::stream));
  }
  PositionNews position_row(Instant at, std::uint16_t i, NewsSource source) const {
    const Symbol& s = symbols_[i];
    const E8 mid = instrument(i).price({s.mid});
    return {.source = source,
            .symbol = {i},
            .size = {s.position},
            .entry_price = s.position != 0 ? mid : E8{},
            .mark_price = mid,
            .stop_loss = instrument(i).price({s.stop}),
            .updated_at = at};
  }
  WalletNews wallet(NewsSource source) const {
    return {
        .source = source, .equity = e8_from_double(setup_.equity), .wallet_balance = e8_from_double(cash_)};
  }
  OrderNews row(Instant at, const Working& w, OrderStatus status, NewsSource source) const {
    return {.source = source,
            .symbol = w.order.symbol,
            .client_id = w.order.id,
            .venue_id = w.venue_id,
            .side = w.order.side,
            .type = w.order.type,
            .time_in_force = w.order.time_in_force,
            .status = status,
            .price = w.order.price,
            .size = w.order.size,
            .filled = {w.filled},
            .reduce_only = w.order.reduce_only,
            .updated_at = at};
  }
  void answer(Instant at, RequestKind kind, RequestOutcome outcome, SymbolId symbol, const ClientOrderId& id,
              const VenueId& venue_id = {}) {
    if (!chance_.chance(setup_.trouble.lost_answer))
      deliver(
          at,
          RequestAnswer{
              .request = kind, .outcome = outcome, .symbol = symbol, .client_id = id, .venue_id = venue_id});
  }
  auto find(const ClientOrderId& id) {
    return std::find_if(orders_.begin(), orders_.end(), [&](const Working& w) { return w.order.id == id; });
  }
  void end_order(Instant at, std::vector<Working>::iterator w) {
    deliver(at + 1ms, row(at, *w, OrderStatus::cancelled, NewsSource::stream));
    over_.push_back(*w);
    orders_.erase(w);
  }

  void carry_out(Instant at, const Command& command) {
    std::visit(
        Overloaded{
            [&](const PlaceOrder& c) {
              Working w{.order = c, .venue_id = std::string_view{"v-" + std::to_string(++orders_made_)}};
              answer(at, RequestKind::place, RequestOutcome::accepted, c.symbol, c.id, w.venue_id);
              const Symbol& s = symbols_[c.symbol.index];
              if (c.reduce_only && (s.position == 0 || (s.position > 0) == (c.side == Side::buy))) {
                deliver(at, row(at, w, OrderStatus::cancelled, NewsSource::stream));
                return;
              }
              if (c.time_in_force == TimeInForce::post_only && !crosses(w, 1)) {
                deliver(at, row(at, w, OrderStatus::open, NewsSource::stream));
                orders_.push_back(w);
              } else if (c.time_in_force == TimeInForce::ioc && crosses(w, 1)) {
                w.order.price = {c.side == Side::buy ? s.mid + 1 : s.mid - 1};
                fill(at, w, w.order.size.count, Liquidity::taker);
                over_.push_back(w);
              } else {
                deliver(at, row(at, w, OrderStatus::cancelled, NewsSource::stream));
                over_.push_back(w);
              }
            },
            [&](const AmendOrder& c) {
              const auto w = find(c.id);
              answer(at, RequestKind::amend,
                     w == orders_.end() ? RequestOutcome::refused : RequestOutcome::accepted, c.symbol, c.id);
              if (w == orders_.end()) return;
              w->order.price = c.price;
              deliver(at, row(at, *w, OrderStatus::open, NewsSource::stream));
            },
            [&](const CancelOrder& c) {
              const auto w = find(c.id);
              answer(at, RequestKind::cancel,
                     w == orders_.end() ? RequestOutcome::refused : RequestOutcome::accepted, c.symbol, c.id);
              if (w != orders_.end()) end_order(at, w);
            },
            [&](const CancelAllOrders& c) {
              for (auto w = orders_.begin(); w != orders_.end();)
                if (w->order.symbol == c.symbol) {
                  end_order(at, w);
                  w = orders_.begin();
                } else {
                  ++w;
                }
            },
            [&](const SetPositionStop& c) {
              symbols_[c.symbol.index].stop = c.stop_loss.count;
              answer(at, RequestKind::position_stop, RequestOutcome::accepted, c.symbol, {});
              deliver(at + 1ms, position_row(at, c.symbol.index, NewsSource::stream));
            },
            [&](const QueryOrder& c) {
              bool found = false;
              if (const auto w = find(c.id); w != orders_.end()) {
                deliver(at, row(at, *w, w->filled > 0 ? OrderStatus::part_filled : OrderStatus::open,
                                NewsSource::query));
                found = true;
              }
              for (const Working& w : over_)
                if (w.order.id == c.id) {
                  deliver(at,
                          row(at, w,
                              w.filled == w.order.size.count ? OrderStatus::filled : OrderStatus::cancelled,
                              NewsSource::query));
                  found = true;
                }
              for (Execution e : history_)
                if (e.client_id == c.id) {
                  e.source = NewsSource::query;
                  deliver(at, e);
                  found = true;
                }
              answer(at, RequestKind::query, found ? RequestOutcome::accepted : RequestOutcome::refused,
                     c.symbol, c.id);
            },
            [&](const QueryAccount&) {
              deliver(at, AccountSnapshot{SnapshotPhase::begin});
              for (const Working& w : orders_)
                deliver(at, row(at, w, w.filled > 0 ? OrderStatus::part_filled : OrderStatus::open,
                                NewsSource::query));
              for (std::uint16_t i = 0; i < symbols_.size(); ++i)
                deliver(at, position_row(at, i, NewsSource::query));
              deliver(at, wallet(NewsSource::query));
              deliver(at, AccountSnapshot{SnapshotPhase::end});
            },
            [&](const ResubscribeBook& c) { snapshot(at, c.symbol.index); }},
        command);
  }

  Setup setup_;
  Prng chance_;
  Instant end_, next_book_;
  Instant now_ = begin;
  std::vector<Symbol> symbols_;
  std::vector<SymbolId> all_;
  std::vector<Working> orders_, over_;
  double cash_ = setup_.equity;
  std::vector<Execution> history_;
  std::uint64_t executions_ = 0, orders_made_ = 0, turn_ = 0;
  std::multimap<Instant, Event> deliveries_;
  std::deque<std::vector<BookLevel>> kept_levels_;
  std::deque<std::vector<Trade>> kept_trades_;
  Stamped out_;
};

}  // namespace mlbot::core
