#include "io/archive/event_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/words.h"

namespace mlbot::io::archive {

using namespace std::string_view_literals;

namespace {
double seconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }
}  // namespace

Result<const Instrument*, ArchiveError> EventRows::instrument(SymbolId symbol, Sequence sequence) const {
  if (const Instrument* const known = memory_.instrument(symbol)) return known;
  return std::unexpected{ArchiveError{
      ArchiveFault::unknown_symbol,
      fmt::format("record {} names instrument {}, which nothing defined: feed the archive from where "
                  "its run begins, or delete it and it is built again from the journal",
                  sequence.number, symbol.index)}};
}

std::string_view EventRows::source(Sequence sequence) const {
  std::string_view out = "live";
  for (const auto& origin : origins_)
    if (origin.first <= sequence) out = origin.source;
  return out;
}

EventRows::Heading EventRows::heading(const Stamped& event, const Noticed& noticed) const {
  const auto fresh = static_cast<std::uint64_t>(std::ranges::count(noticed.trade_is_new, true));
  return std::visit(
      Overloaded{[](const RunStarted&) { return Heading{"runs", {}, 1}; },
                 [](const InstrumentDefined& e) { return Heading{"instruments", e.instrument.id, 1}; },
                 [](const ConfigChanged&) { return Heading{"changes", {}, 1}; },
                 [&](const BookUpdate& e) { return Heading{"books", e.symbol, noticed.book_row ? 1u : 0u}; },
                 [&](const Trades& e) { return Heading{"trades", e.symbol, fresh}; },
                 [](const Kline& e) { return Heading{"klines", e.symbol, e.confirmed ? 1u : 0u}; },
                 [](const Ticker& e) { return Heading{"tickers", e.symbol, 1}; },
                 [](const Liquidations& e) { return Heading{"liquidations", e.symbol, e.list.size()}; },
                 [](const OrderNews& e) { return Heading{"orders", e.symbol, 1}; },
                 [](const Execution& e) { return Heading{"executions", e.symbol, 1}; },
                 [](const PositionNews& e) { return Heading{"positions", e.symbol, 1}; },
                 [](const WalletNews&) { return Heading{"equity", {}, 1}; },
                 [](const RequestAnswer& e) { return Heading{"orders", e.symbol, 1}; },
                 [](const AccountSnapshot&) { return Heading{"account_snapshot", {}, 0}; },
                 [](const LinkChanged&) { return Heading{"links", {}, 1}; },
                 [](const TimerFired&) { return Heading{"timer", {}, 0}; },
                 [](const OperatorCommand&) { return Heading{"changes", {}, 1}; },
                 [](const PriceLimit& e) { return Heading{"price_limits", e.symbol, 1}; },
                 [](const AdlAlerts& e) { return Heading{"adl_alerts", {}, e.list.size()}; },
                 [](const InsurancePools& e) { return Heading{"insurance_pools", {}, e.list.size()}; },
                 [](const FastExecution& e) { return Heading{"fast_executions", e.symbol, 0}; },
                 [](const Transaction& e) { return Heading{"transactions", e.symbol, 1}; },
                 [](const AccountModes&) { return Heading{"account_modes", {}, 1}; },
                 [](const ClockOffset&) { return Heading{"clock_offsets", {}, 1}; },
                 [](const MachineHealth&) { return Heading{"machine_health", {}, 1}; },
                 [](const GuardBeat&) { return Heading{"guard_beats", {}, 1}; },
                 [](const SymbolStatus& e) { return Heading{"symbol_status", e.symbol, 1}; },
                 [](const VenueStatus&) { return Heading{"venue_status", {}, 1}; },
                 [](const IntentCarried& e) { return Heading{"orders", e.symbol, 1}; }},
      event.what);
}

// ---- one row after the other

EventRows::Done EventRows::store(const Stamped& event, const Noticed& noticed) {
  for (const auto& span : noticed.gaps)
    if (auto put = store(span); !put) return put;
  const auto about = heading(event, noticed);
  const Instrument* const known = about.symbol ? memory_.instrument(*about.symbol) : nullptr;
  const auto venue_time = event.venue_time == Instant{} ? std::nullopt : std::optional{event.venue_time};
  if (auto put =
          rows_.row(Table::events, event.sequence.number, event.at, event.received_at, venue_time, about.kind,
                    known != nullptr ? std::optional{known->name.view()} : std::nullopt, about.items);
      !put)
    return put;
  noticed_ = &noticed;
  return std::visit([&](const auto& what) { return on(event, what); }, event.what);
}

EventRows::Done EventRows::store(const MissingSpan& span) {
  return rows_.row(Table::gaps, span.kind, span.symbol, span.begins, span.ends, span.missing,
                   span.after.number, span.before.number, span.segment, span.offset, span.bytes, span.what);
}

EventRows::Done EventRows::store(const journal::FrameDigest& digest) {
  const auto known = instrument(digest.symbol, digest.cause);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::frames, digest.cause.number, digest.at, (*known)->name, digest.number,
                   digest.digest);
}

EventRows::Done EventRows::on(const Stamped& at, const RunStarted& e) {
  return rows_.row(Table::runs, at.sequence.number, at.at, std::uint64_t{e.epoch}, word(e.mode), e.account,
                   e.model, e.schema_hash, e.warm_from);
}

EventRows::Done EventRows::on(const Stamped& at, const InstrumentDefined& e) {
  const Instrument& i = e.instrument;
  return rows_.row(Table::instruments, at.sequence.number, at.at, i.name, std::uint64_t{i.id.index},
                   i.tick_size, i.lot_step, i.size(i.min_order), i.size(i.max_limit_order),
                   i.size(i.max_market_order), i.min_notional, i.max_leverage, i.maintenance_margin,
                   i.funding_interval_minutes, i.fees.maker, i.fees.taker);
}

EventRows::Done EventRows::on(const Stamped& at, const ConfigChanged& e) {
  return rows_.row(Table::changes, at.sequence.number, at.at, "config"sv,
                   fmt::format("version {}, {} symbols traded", e.version, e.traded.size()));
}

EventRows::Done EventRows::on(const Stamped& at, const OperatorCommand& e) {
  return rows_.row(Table::changes, at.sequence.number, at.at, "operator"sv,
                   fmt::format("{}{}{}{}{}", word(e.verb), e.from.empty() ? "" : " by ", e.from.view(),
                               e.cause.empty() ? "" : ": ", e.cause.view()));
}

EventRows::Done EventRows::on(const Stamped& at, const BookUpdate& e) {
  if (!noticed_->book_row) return {};
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  const LevelBook& book = memory_.book(e.symbol);
  const auto best = [&](std::span<const BookLevel> side) {
    using Pair = std::pair<std::optional<E8>, std::optional<E8>>;
    return side.empty() ? Pair{} : Pair{i.price(side[0].price), i.size(side[0].size)};
  };
  const auto list = [&](std::span<const BookLevel> side, std::vector<double>& prices,
                        std::vector<double>& sizes) {
    prices.clear();
    sizes.clear();
    for (const auto& level : side.first(std::min<std::size_t>(side.size(), 10))) {
      prices.push_back(i.price_double(level.price));
      sizes.push_back(i.size_double(level.size));
    }
  };
  list(book.bids(), prices_, sizes_);
  list(book.asks(), ask_prices_, ask_sizes_);
  const auto [bid, bid_size] = best(book.bids());
  const auto [ask, ask_size] = best(book.asks());
  return rows_.row(Table::books, at.sequence.number, at.at, e.matched_at, i.name, e.update_id, bid, bid_size,
                   ask, ask_size, std::span<const double>{prices_}, std::span<const double>{sizes_},
                   std::span<const double>{ask_prices_}, std::span<const double>{ask_sizes_});
}

EventRows::Done EventRows::on(const Stamped& at, const Trades& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  const auto from = source(at.sequence);
  for (std::size_t n = 0; n < e.list.size(); ++n) {
    if (!noticed_->trade_is_new[n]) continue;
    const Trade& trade = e.list[n];
    if (auto put = rows_.row(Table::trades, at.sequence.number, std::uint64_t{n}, at.at, trade.matched_at,
                             i.name, word(trade.taker), i.price(trade.price), i.size(trade.size), trade.block,
                             trade.price_improvement, trade.id, from);
        !put)
      return put;
  }
  return {};
}

EventRows::Done EventRows::on(const Stamped& at, const Kline& e) {
  if (!e.confirmed) return {};
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  // What a live venue's REST tells has no venue time: it was asked for, and not heard when it closed.
  const auto from = source(at.sequence);
  return rows_.row(Table::klines, at.sequence.number, at.at, i.name, e.interval_minutes, e.start,
                   i.price(e.open), i.price(e.high), i.price(e.low), i.price(e.close),
                   i.size_double(e.volume), e.turnover,
                   from == "live" && at.venue_time == Instant{} ? "rest"sv : from);
}

EventRows::Done EventRows::on(const Stamped& at, const Ticker& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const auto number = [](std::optional<E8> v) { return v ? std::optional{to_double(*v)} : std::nullopt; };
  return rows_.row(Table::tickers, at.sequence.number, at.at, (*known)->name, e.kind == UpdateKind::snapshot,
                   e.last_price, e.mark_price, e.index_price, number(e.open_interest), e.open_interest_value,
                   e.turnover_24h, e.funding_rate, e.next_funding, e.funding_interval_hours);
}

EventRows::Done EventRows::on(const Stamped& at, const Liquidations& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  for (std::size_t n = 0; n < e.list.size(); ++n) {
    const Liquidation& item = e.list[n];
    if (auto put = rows_.row(Table::liquidations, at.sequence.number, std::uint64_t{n}, at.at, item.at,
                             (*known)->name, word(item.liquidated), (*known)->size(item.size),
                             item.bankruptcy_price);
        !put)
      return put;
  }
  return {};
}

EventRows::Done EventRows::on(const Stamped& at, const PriceLimit& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::price_limits, at.sequence.number, at.at, (*known)->name, e.highest_buy,
                   e.lowest_sell);
}

EventRows::Done EventRows::on(const Stamped& at, const AdlAlerts& e) {
  for (std::size_t n = 0; n < e.list.size(); ++n) {
    const AdlAlert& item = e.list[n];
    const auto known = instrument(item.symbol, at.sequence);
    if (!known) return std::unexpected{known.error()};
    if (auto put = rows_.row(Table::adl_alerts, at.sequence.number, std::uint64_t{n}, at.at, (*known)->name,
                             item.balance, item.drawdown, item.trigger, item.stop);
        !put)
      return put;
  }
  return {};
}

EventRows::Done EventRows::on(const Stamped& at, const InsurancePools& e) {
  for (std::size_t n = 0; n < e.list.size(); ++n) {
    const InsurancePool& item = e.list[n];
    const auto known = instrument(item.symbol, at.sequence);
    if (!known) return std::unexpected{known.error()};
    if (auto put = rows_.row(Table::insurance_pools, at.sequence.number, std::uint64_t{n}, at.at,
                             (*known)->name, to_double(item.balance), item.updated_at);
        !put)
      return put;
  }
  return {};
}

EventRows::Done EventRows::on(const Stamped& at, const OrderNews& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  return rows_.row(Table::orders, at.sequence.number, std::uint64_t{0}, at.at,
                   e.source == NewsSource::stream ? "venue"sv : "query"sv, word(e.status), i.name,
                   e.client_id, e.venue_id, word(e.side), word(e.type), word(e.time_in_force),
                   i.price(e.price), i.size(e.size), i.size(e.filled), e.average_price, std::optional<E8>{},
                   e.conditional ? std::optional{i.price(e.trigger_price)} : std::nullopt,
                   std::optional{std::uint64_t{e.position_index}}, e.reduce_only,
                   std::optional<std::int32_t>{}, e.reason);
}

EventRows::Done EventRows::on(const Stamped& at, const RequestAnswer& e) {
  const std::optional<std::string_view> no_text;
  const std::optional<E8> no_money;
  const Instrument* const known = memory_.instrument(e.symbol);
  return rows_.row(Table::orders, at.sequence.number, std::uint64_t{0}, at.at, "answer"sv,
                   fmt::format("{} {}", word(e.request), word(e.outcome)),
                   known != nullptr ? std::optional{known->name.view()} : no_text, e.client_id, e.venue_id,
                   no_text, no_text, no_text, no_money, no_money, no_money, no_money, no_money, no_money,
                   std::optional<std::uint64_t>{}, std::optional<bool>{}, e.code, e.text);
}

EventRows::Done EventRows::on(const Stamped& at, const Execution& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::executions, at.sequence.number, at.at, e.at, (*known)->name, word(e.kind),
                   e.execution_id, e.client_id, e.venue_id, word(e.side), e.price, (*known)->size(e.size),
                   e.fee, e.realised_pnl, word(e.liquidity), e.source == NewsSource::query);
}

EventRows::Done EventRows::on(const Stamped& at, const PositionNews& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::positions, at.sequence.number, at.at, (*known)->name,
                   std::uint64_t{e.position_index}, (*known)->size(e.size), e.entry_price, e.mark_price,
                   e.stop_loss, e.take_profit, e.leverage, e.liquidation_price, e.realised_pnl,
                   std::uint64_t{e.adl_rank}, e.source == NewsSource::query);
}

EventRows::Done EventRows::on(const Stamped& at, const WalletNews& e) {
  return rows_.row(Table::equity, at.sequence.number, at.at, e.equity, e.wallet_balance, e.available,
                   e.unrealised_pnl, e.initial_margin, e.maintenance_margin, e.source == NewsSource::query);
}

EventRows::Done EventRows::on(const Stamped& at, const LinkChanged& e) {
  return rows_.row(Table::links, at.sequence.number, at.at, word(e.link), word(e.state));
}

EventRows::Done EventRows::on(const Stamped& at, const IntentCarried& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  const Instrument& i = **known;
  const std::optional<E8> no_money;
  return rows_.row(Table::orders, at.sequence.number, std::uint64_t{0}, at.at, "run before"sv, "carried"sv,
                   i.name, e.id, ""sv, word(e.side), word(e.type), word(e.time_in_force), i.price(e.price),
                   i.size(e.size), no_money, no_money, no_money, no_money,
                   std::optional{std::uint64_t{e.position_index}}, std::optional{e.reduce_only},
                   std::optional<std::int32_t>{}, ""sv);
}

EventRows::Done EventRows::on(const Stamped& at, const Transaction& e) {
  const Instrument* const known = e.symbol ? memory_.instrument(*e.symbol) : nullptr;
  return rows_.row(Table::transactions, at.sequence.number, at.at, e.at,
                   known != nullptr ? std::optional{known->name.view()} : std::nullopt, word(e.kind), e.id,
                   e.execution_id, e.cash_flow, e.funding, e.fee, e.change, e.balance_after);
}

EventRows::Done EventRows::on(const Stamped& at, const AccountModes& e) {
  return rows_.row(Table::account_modes, at.sequence.number, at.at, word(e.margin), e.hedge,
                   e.price_band_rejects);
}

EventRows::Done EventRows::on(const Stamped& at, const ClockOffset& e) {
  return rows_.row(Table::clock_offsets, at.sequence.number, at.at, seconds(e.offset),
                   seconds(e.uncertainty));
}

EventRows::Done EventRows::on(const Stamped& at, const MachineHealth& e) {
  return rows_.row(Table::machine_health, at.sequence.number, at.at, e.disk_free_bytes, e.resident_bytes,
                   seconds(e.bus_lag));
}

EventRows::Done EventRows::on(const Stamped& at, const GuardBeat& e) {
  return rows_.row(Table::guard_beats, at.sequence.number, at.at, e.present, e.build);
}

EventRows::Done EventRows::on(const Stamped& at, const SymbolStatus& e) {
  const auto known = instrument(e.symbol, at.sequence);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::symbol_status, at.sequence.number, at.at, (*known)->name, e.trading);
}

EventRows::Done EventRows::on(const Stamped& at, const VenueStatus& e) {
  return rows_.row(Table::venue_status, at.sequence.number, at.at, e.maintenance, e.what);
}

EventRows::Done EventRows::store(const StampedCommand& command, std::uint64_t item) {
  struct OrderRow {
    std::string_view what;
    std::optional<SymbolId> symbol;
    ClientOrderId id;
    VenueId venue_id;
    std::optional<Side> side;
    std::optional<OrderType> type;
    std::optional<TimeInForce> time_in_force;
    std::optional<PriceTicks> price, stop_loss;
    std::optional<Lots> size;
    std::optional<bool> reduce_only;
    std::optional<std::uint64_t> position_index{};
  };
  const auto said = std::visit(
      Overloaded{
          [](const PlaceOrder& c) {
            return OrderRow{"place",
                            c.symbol,
                            c.id,
                            {},
                            c.side,
                            c.type,
                            c.time_in_force,
                            c.price,
                            c.stop_loss,
                            c.size,
                            c.reduce_only,
                            std::uint64_t{c.position_index}};
          },
          [](const AmendOrder& c) {
            return OrderRow{
                .what = "amend", .symbol = c.symbol, .id = c.id, .price = c.price, .size = c.size};
          },
          [](const CancelOrder& c) {
            return OrderRow{.what = "cancel", .symbol = c.symbol, .id = c.id, .venue_id = c.venue_id};
          },
          [](const CancelAllOrders& c) { return OrderRow{.what = "cancel_all", .symbol = c.symbol}; },
          [](const SetPositionStop& c) {
            return OrderRow{.what = "position_stop",
                            .symbol = c.symbol,
                            .stop_loss = c.stop_loss,
                            .position_index = std::uint64_t{c.position_index}};
          },
          [](const QueryOrder& c) { return OrderRow{.what = "query_order", .symbol = c.symbol, .id = c.id}; },
          [](const QueryAccount&) { return OrderRow{.what = "query_account"}; },
          [](const ResubscribeBook& c) { return OrderRow{.what = "resubscribe_book", .symbol = c.symbol}; }},
      command.what);
  const Instrument* known = nullptr;
  if (said.symbol) {
    const auto found = instrument(*said.symbol, command.cause);
    if (!found) return std::unexpected{found.error()};
    known = *found;
  }
  const auto price = [&](std::optional<PriceTicks> v) {
    return v ? std::optional{known->price(*v)} : std::nullopt;
  };
  const auto size = [&](std::optional<Lots> v) { return v ? std::optional{known->size(*v)} : std::nullopt; };
  const auto words = [](const auto& v) { return v ? std::optional{word(*v)} : std::nullopt; };
  return rows_.row(Table::orders, command.cause.number, item, command.at, "mlbot"sv, said.what,
                   known != nullptr ? std::optional{known->name.view()} : std::nullopt, said.id,
                   said.venue_id, words(said.side), words(said.type), words(said.time_in_force),
                   price(said.price), size(said.size), std::optional<E8>{}, std::optional<E8>{},
                   price(said.stop_loss), std::optional<E8>{}, said.position_index, said.reduce_only,
                   std::optional<std::int32_t>{}, ""sv);
}

EventRows::Done EventRows::store(const Decision& d, std::uint64_t item) {
  const auto known = instrument(d.symbol, d.cause);
  if (!known) return std::unexpected{known.error()};
  const bool ordered = !d.order.empty();
  return rows_.row(Table::signals, d.cause.number, item, d.at, (*known)->name, d.frame, to_string(d.reason),
                   word(d.side), d.expected_bps, d.cost_bps, d.edge_bps,
                   ordered ? std::optional{(*known)->price(d.price)} : std::nullopt,
                   ordered ? std::optional{(*known)->size(d.size)} : std::nullopt, d.order);
}

EventRows::Done EventRows::store(const RouteChoice& choice, std::uint64_t item) {
  const auto known = instrument(choice.symbol, choice.cause);
  if (!known) return std::unexpected{known.error()};
  std::string considered;
  for (std::size_t i = 0; i < choice.count; ++i)
    considered +=
        fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", word(choice.ways[i].kind), choice.ways[i].total_bps());
  const RouteWay& way = choice.way();
  return rows_.row(Table::routes, choice.cause.number, item, choice.at, (*known)->name, choice.order,
                   word(choice.side), choice.reduces, (*known)->size(choice.size), choice.arrival_mid,
                   word(way.kind), way.offset_bps, seconds(way.patience), way.fill_probability, way.fee_bps,
                   way.spread_bps, way.impact_bps, way.miss_bps, way.total_bps(), considered);
}

EventRows::Done EventRows::store(const FillQuality& fill, std::uint64_t item) {
  const auto known = instrument(fill.symbol, fill.cause);
  if (!known) return std::unexpected{known.error()};
  return rows_.row(Table::fill_quality, fill.cause.number, item, fill.filled_at, (*known)->name, fill.order,
                   fill.execution_id, word(fill.side), fill.reduces, word(fill.liquidity), fill.price,
                   (*known)->size(fill.size), fill.fee,
                   fill.fill_mid == E8{} ? std::nullopt : std::optional{fill.fill_mid}, fill.arrival_mid,
                   fill.shortfall_bps, fill.markout_1s_bps, fill.markout_5s_bps, fill.markout_60s_bps);
}

EventRows::Done EventRows::store(const FeatureFrame& frame) {
  const auto known = instrument(frame.symbol, frame.cause);
  if (!known) return std::unexpected{known.error()};
  return store(frame, **known);
}

EventRows::Done EventRows::store(const FeatureFrame& frame, const Instrument& known) {
  const auto begun = rows_.start_row(Table::features);
  if (!begun) return std::unexpected{begun.error()};
  TableWriter& features = **begun;
  const auto top = [&](PriceTicks v) {
    return frame.top.synced ? std::optional{known.price(v)} : std::nullopt;
  };
  features.put(frame.cause.number);
  features.put(frame.at);
  features.put(known.name);
  features.put(frame.number);
  features.put(frame.digest);
  features.put(std::uint64_t{frame.triggers});
  features.put(std::uint64_t{frame.missing_count()});
  features.put(top(frame.top.bid));
  features.put(top(frame.top.ask));
  for (std::size_t i = 0; i < features_; ++i) {
    if (frame.valid(i))
      features.put(frame.values[i]);
    else
      features.put_nothing();
  }
  return features.end_row();
}

}  // namespace mlbot::io::archive
