#include "shell/event_json.h"

#include <fmt/format.h>

#include "base/result.h"
#include "domain/words.h"

namespace mlbot::shell {
namespace {

Json money(E8 value) { return to_text(value); }
/// "" and 0 stand for "none" where the venue leaves it empty.
Json money_or_null(E8 value) { return value.count == 0 ? Json{} : money(value); }
template <std::size_t N>
Json text_or_null(const InlineText<N>& text) {
  return text.empty() ? Json{} : Json(text.view());
}
double milliseconds(Duration value) { return static_cast<double>(value.count()) / 1e6; }
std::string_view source_word(NewsSource source) { return source == NewsSource::stream ? "stream" : "query"; }
std::string_view kind_word(UpdateKind kind) { return kind == UpdateKind::snapshot ? "snapshot" : "delta"; }
std::string_view phase_word(SnapshotPhase phase) {
  switch (phase) {
    case SnapshotPhase::begin:
      return "begin";
    case SnapshotPhase::end:
      return "end";
    case SnapshotPhase::failed:
      return "failed";
  }
  return {};
}

class Printer {
 public:
  explicit Printer(std::span<const Instrument> instruments) : instruments_{instruments} {}

  Json operator()(const RunStarted& e) const {
    return {{"event", "run_started"},        {"mode", word(e.mode)},           {"epoch", e.epoch},
            {"account", e.account.view()},   {"model", text_or_null(e.model)}, {"warm_from", e.warm_from},
            {"state", word(e.carried.state)}};
  }
  Json operator()(const InstrumentDefined& e) const {
    const Instrument& i = e.instrument;
    return {{"event", "instrument"},
            {"symbol", i.name.view()},
            {"tick_size", money(i.tick_size)},
            {"lot_step", money(i.lot_step)},
            {"min_order", i.size_text(i.min_order)},
            {"max_limit_order", i.size_text(i.max_limit_order)},
            {"max_market_order", i.size_text(i.max_market_order)},
            {"min_notional", money(i.min_notional)},
            {"max_leverage", money(i.max_leverage)},
            {"funding_interval_minutes", i.funding_interval_minutes}};
  }
  Json operator()(const ConfigChanged& e) const {
    Json traded = Json::array();
    for (const SymbolId symbol : e.traded) traded.push_back(name(symbol));
    return {{"event", "config_changed"}, {"version", e.version}, {"traded", traded}};
  }
  Json operator()(const BookUpdate& e) const {
    return {{"event", "book"},
            {"symbol", name(e.symbol)},
            {"update", kind_word(e.kind)},
            {"update_id", e.update_id},
            {"cross_sequence", e.cross_sequence},
            {"matched_at", time_json(e.matched_at)},
            {"bids", levels(e.symbol, e.bids)},
            {"asks", levels(e.symbol, e.asks)}};
  }
  Json operator()(const Trades& e) const {
    Json list = Json::array();
    for (const Trade& trade : e.list) {
      Json row{{"at", time_json(trade.matched_at)},
               {"taker", word(trade.taker)},
               {"price", price(e.symbol, trade.price)},
               {"size", size(e.symbol, trade.size)},
               {"id", trade.id.view()},
               {"cross_sequence", trade.cross_sequence}};
      if (trade.block) row["block"] = true;
      if (trade.price_improvement) row["rpi"] = true;
      list.push_back(std::move(row));
    }
    return {{"event", "trades"}, {"symbol", name(e.symbol)}, {"list", list}};
  }
  Json operator()(const Kline& e) const {
    return {{"event", "kline"},
            {"symbol", name(e.symbol)},
            {"interval_minutes", e.interval_minutes},
            {"start", time_json(e.start)},
            {"open", price(e.symbol, e.open)},
            {"high", price(e.symbol, e.high)},
            {"low", price(e.symbol, e.low)},
            {"close", price(e.symbol, e.close)},
            {"volume", size(e.symbol, e.volume)},
            {"turnover", e.turnover},
            {"confirmed", e.confirmed}};
  }
  Json operator()(const Ticker& e) const {
    Json out{{"event", "ticker"},
             {"symbol", name(e.symbol)},
             {"update", kind_word(e.kind)},
             {"cross_sequence", e.cross_sequence}};
    const auto put = [&](const char* key, const auto& value, auto&& show) {
      if (value) out[key] = show(*value);
    };
    const auto number = [](double value) { return value; };
    put("last_price", e.last_price, money);
    put("mark_price", e.mark_price, money);
    put("index_price", e.index_price, money);
    put("open_interest", e.open_interest, money);
    put("open_interest_value", e.open_interest_value, number);
    put("turnover_24h", e.turnover_24h, number);
    put("funding_rate", e.funding_rate, money);
    put("next_funding", e.next_funding, time_json);
    put("funding_interval_hours", e.funding_interval_hours, [](std::int32_t hours) { return hours; });
    return out;
  }
  Json operator()(const Liquidations& e) const {
    Json list = Json::array();
    for (const Liquidation& item : e.list) {
      list.push_back({{"at", time_json(item.at)},
                      {"liquidated", word(item.liquidated)},
                      {"size", size(e.symbol, item.size)},
                      {"bankruptcy_price", money(item.bankruptcy_price)}});
    }
    return {{"event", "liquidations"}, {"symbol", name(e.symbol)}, {"list", list}};
  }
  Json operator()(const PriceLimit& e) const {
    return {{"event", "price_limit"},
            {"symbol", name(e.symbol)},
            {"highest_buy", money(e.highest_buy)},
            {"lowest_sell", money(e.lowest_sell)}};
  }
  Json operator()(const AdlAlerts& e) const {
    Json list = Json::array();
    for (const AdlAlert& alert : e.list) {
      list.push_back({{"symbol", name(alert.symbol)},
                      {"balance", alert.balance},
                      {"drawdown", alert.drawdown},
                      {"trigger", alert.trigger},
                      {"stop", alert.stop}});
    }
    return {{"event", "adl_alerts"}, {"list", list}};
  }
  Json operator()(const InsurancePools& e) const {
    Json list = Json::array();
    for (const InsurancePool& pool : e.list) {
      list.push_back({{"symbol", name(pool.symbol)},
                      {"balance", money(pool.balance)},
                      {"updated_at", time_json(pool.updated_at)}});
    }
    return {{"event", "insurance_pools"}, {"list", list}};
  }
  Json operator()(const OrderNews& e) const {
    return {{"event", "order"},
            {"source", source_word(e.source)},
            {"symbol", name(e.symbol)},
            {"order_id", e.venue_id.view()},
            {"client_id", text_or_null(e.client_id)},
            {"status", word(e.status)},
            {"reason", text_or_null(e.reason)},
            {"side", word(e.side)},
            {"type", word(e.type)},
            {"time_in_force", word(e.time_in_force)},
            {"price", e.price.count == 0 ? Json{} : price(e.symbol, e.price)},
            {"size", size(e.symbol, e.size)},
            {"filled", size(e.symbol, e.filled)},
            {"average_price", money_or_null(e.average_price)},
            {"reduce_only", e.reduce_only},
            {"conditional", e.conditional},
            {"trigger_price", e.trigger_price.count == 0 ? Json{} : price(e.symbol, e.trigger_price)},
            {"position_index", e.position_index},
            {"updated_at", time_json(e.updated_at)}};
  }
  Json operator()(const Execution& e) const {
    return {{"event", "execution"},
            {"source", source_word(e.source)},
            {"symbol", name(e.symbol)},
            {"execution_kind", word(e.kind)},
            {"execution_id", e.execution_id.view()},
            {"order_id", e.venue_id.view()},
            {"client_id", text_or_null(e.client_id)},
            {"side", word(e.side)},
            {"price", money(e.price)},
            {"size", size(e.symbol, e.size)},
            {"fee", money(e.fee)},
            {"realised_pnl", money(e.realised_pnl)},
            {"liquidity", word(e.liquidity)},
            {"executed_at", time_json(e.at)}};
  }
  Json operator()(const FastExecution& e) const {
    return {{"event", "fast_execution"},
            {"symbol", name(e.symbol)},
            {"execution_id", e.execution_id.view()},
            {"order_id", e.venue_id.view()},
            {"client_id", text_or_null(e.client_id)},
            {"side", word(e.side)},
            {"price", money(e.price)},
            {"size", size(e.symbol, e.size)},
            {"liquidity", word(e.liquidity)},
            {"cross_sequence", e.cross_sequence},
            {"executed_at", time_json(e.at)}};
  }
  Json operator()(const PositionNews& e) const {
    return {{"event", "position"},
            {"source", source_word(e.source)},
            {"symbol", name(e.symbol)},
            {"position_index", e.position_index},
            {"size", size(e.symbol, e.size)},
            {"entry_price", money_or_null(e.entry_price)},
            {"mark_price", money_or_null(e.mark_price)},
            {"stop_loss", money_or_null(e.stop_loss)},
            {"take_profit", money_or_null(e.take_profit)},
            {"leverage", money_or_null(e.leverage)},
            {"liquidation_price", money_or_null(e.liquidation_price)},
            {"realised_pnl", money(e.realised_pnl)},
            {"adl_rank", e.adl_rank},
            {"cross_sequence", e.cross_sequence},
            {"updated_at", time_json(e.updated_at)}};
  }
  Json operator()(const WalletNews& e) const {
    return {{"event", "wallet"},
            {"source", source_word(e.source)},
            {"equity", money(e.equity)},
            {"wallet_balance", money(e.wallet_balance)},
            {"available", money(e.available)},
            {"unrealised_pnl", money(e.unrealised_pnl)},
            {"initial_margin", money(e.initial_margin)},
            {"maintenance_margin", money(e.maintenance_margin)}};
  }
  Json operator()(const RequestAnswer& e) const {
    return {{"event", "answer"},
            {"request", word(e.request)},
            {"outcome", word(e.outcome)},
            {"symbol", name(e.symbol)},
            {"client_id", text_or_null(e.client_id)},
            {"order_id", text_or_null(e.venue_id)},
            {"code", e.code},
            {"text", text_or_null(e.text)}};
  }
  Json operator()(const AccountSnapshot& e) const {
    return {{"event", "account_snapshot"}, {"phase", phase_word(e.phase)}};
  }
  Json operator()(const LinkChanged& e) const {
    return {{"event", "link"}, {"link", word(e.link)}, {"state", word(e.state)}};
  }
  Json operator()(const TimerFired& e) const { return {{"event", "timer"}, {"due", time_json(e.due)}}; }
  Json operator()(const OperatorCommand& e) const {
    return {{"event", "operator"},
            {"verb", word(e.verb)},
            {"from", text_or_null(e.from)},
            {"cause", text_or_null(e.cause)}};
  }
  Json operator()(const Transaction& e) const {
    return {{"event", "transaction"},
            {"id", e.id.view()},
            {"symbol", e.symbol ? name(*e.symbol) : Json{}},
            {"transaction_kind", word(e.kind)},
            {"execution_id", text_or_null(e.execution_id)},
            {"cash_flow", money(e.cash_flow)},
            {"funding", money(e.funding)},
            {"fee", money(e.fee)},
            {"change", money(e.change)},
            {"balance_after", money(e.balance_after)},
            {"booked_at", time_json(e.at)}};
  }
  Json operator()(const AccountModes& e) const {
    return {{"event", "account_modes"},
            {"margin", word(e.margin)},
            {"hedge", e.hedge},
            {"price_band_rejects", e.price_band_rejects ? Json(*e.price_band_rejects) : Json{}}};
  }
  Json operator()(const ClockOffset& e) const {
    return {{"event", "clock_offset"},
            {"offset_ms", milliseconds(e.offset)},
            {"uncertainty_ms", milliseconds(e.uncertainty)}};
  }
  Json operator()(const MachineHealth& e) const {
    return {{"event", "machine_health"},
            {"disk_free_bytes", e.disk_free_bytes},
            {"resident_bytes", e.resident_bytes},
            {"bus_lag_ms", milliseconds(e.bus_lag)}};
  }
  Json operator()(const GuardBeat& e) const {
    return {{"event", "guard_beat"}, {"present", e.present}, {"build", fmt::format("{:016x}", e.build)}};
  }
  Json operator()(const SymbolStatus& e) const {
    return {{"event", "symbol_status"}, {"symbol", name(e.symbol)}, {"trading", e.trading}};
  }
  Json operator()(const VenueStatus& e) const {
    return {{"event", "venue_status"}, {"maintenance", e.maintenance}, {"what", text_or_null(e.what)}};
  }
  Json operator()(const IntentCarried& e) const {
    return {{"event", "intent_carried"},         {"client_id", e.id.view()},
            {"symbol", name(e.symbol)},          {"side", word(e.side)},
            {"price", price(e.symbol, e.price)}, {"size", size(e.symbol, e.size)},
            {"reduce_only", e.reduce_only},      {"placed_at", time_json(e.placed_at)}};
  }

 private:
  const Instrument* find(SymbolId symbol) const {
    return symbol.index < instruments_.size() ? &instruments_[symbol.index] : nullptr;
  }
  Json name(SymbolId symbol) const {
    const Instrument* known = find(symbol);
    return known == nullptr ? fmt::format("#{}", symbol.index) : known->name.str();
  }
  Json price(SymbolId symbol, PriceTicks ticks) const {
    const Instrument* known = find(symbol);
    return known == nullptr ? fmt::format("{} ticks", ticks.count) : to_text(known->price(ticks));
  }
  Json size(SymbolId symbol, Lots lots) const {
    const Instrument* known = find(symbol);
    return known == nullptr ? fmt::format("{} lots", lots.count) : known->size_text(lots);
  }
  Json levels(SymbolId symbol, std::span<const BookLevel> side) const {
    Json out = Json::array();
    for (const BookLevel& level : side)
      out.push_back(Json::array({price(symbol, level.price), size(symbol, level.size)}));
    return out;
  }

  std::span<const Instrument> instruments_;
};

}  // namespace

Json time_json(Instant at) { return at.ns == 0 ? Json{} : Json(to_rfc3339(at)); }

Json event_json(const Event& event, std::span<const Instrument> instruments) {
  return std::visit(Printer{instruments}, event);
}

std::vector<std::string> event_words() {
  std::vector<std::string> out;
  const auto add = [&]<std::size_t... I>(std::index_sequence<I...>) {
    (out.push_back(event_json(Event{std::in_place_index<I>}, {})["event"].get<std::string>()), ...);
  };
  add(std::make_index_sequence<std::variant_size_v<Event>>{});
  return out;
}

}  // namespace mlbot::shell
