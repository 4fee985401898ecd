// The JSON that the page reads; web/src/model.ts declares the same shape.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "domain/words.h"
#include "io/web/dashboard.h"

namespace mlbot::io::web {
namespace {

constexpr int schema_version = 1;

Json milliseconds(Instant at) { return at == Instant{} ? Json(nullptr) : Json(at.ms()); }
Json milliseconds(const std::optional<Instant>& at) { return at ? milliseconds(*at) : Json(nullptr); }
Json number(E8 value) { return to_double(value); }
Json number(const std::optional<E8>& value) { return value ? number(*value) : Json(nullptr); }
/// Zero stands for "none" in the venue's prices.
Json price_or_null(E8 value) { return value == E8{} ? Json(nullptr) : number(value); }
Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::notice:
      return "notice";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return "info";
}

/// Null until the fill's minute is over, and where the book was not known.
Json optional_number(const std::optional<FillQuality>& quality, std::optional<double> FillQuality::* field) {
  return quality && (*quality).*field ? finite(*((*quality).*field)) : Json(nullptr);
}

/// What a decision says of the candidate it judged, beside its reason.
void add_candidate(Json& out, const Decision& decision) {
  out["expected_bps"] = finite(decision.expected_bps);
  out["cost_bps"] = finite(decision.cost_bps);
  out["edge_bps"] = finite(decision.edge_bps);
  out["value_bps"] = finite(decision.value_bps);
  out["fill_probability"] = finite(decision.fill_probability);
  out["offset_bps"] = finite(decision.offset_bps);
  out["patience_ms"] = decision.patience.count() / 1'000'000;
  out["route"] = word(decision.route);
  out["sized_by"] = word(decision.sized_by);
  out["win_probability"] = finite(decision.win_probability);
}

}  // namespace

std::string_view Dashboard::to_string(OrderPhase phase) {
  switch (phase) {
    case OrderPhase::sent:
      return "sent";
    case OrderPhase::open:
      return "open";
    case OrderPhase::part_filled:
      return "part_filled";
    case OrderPhase::untriggered:
      return "untriggered";
    case OrderPhase::triggered:
      return "triggered";
    case OrderPhase::cancelling:
      return "cancelling";
    case OrderPhase::unknown:
      return "unknown";
  }
  return "unknown";
}

Json Dashboard::snapshot() const {
  Json out = common("snapshot");
  Json symbols = Json::array(), signals = Json::array(), fills = Json::array(), events = Json::array();
  for (const Symbol& symbol : symbols_)
    if (symbol.defined) symbols.push_back(symbol_json(symbol, true));
  for (std::size_t i = 0; i < signals_.size(); ++i) signals.push_back(signal_json(signals_[i]));
  for (std::size_t i = 0; i < fills_.size(); ++i) fills.push_back(fill_json(fills_[i]));
  for (std::size_t i = 0; i < lines_.size(); ++i) events.push_back(line_json(lines_[i]));
  out["symbols"] = std::move(symbols);
  out["signals"] = std::move(signals);
  out["fills"] = std::move(fills);
  out["events"] = std::move(events);
  out["equity"] = equity_json(0, true);
  return out;
}

Json Dashboard::changes_since_last_push() {
  Json out = common("changes");
  Json symbols = Json::array(), signals = Json::array(), fills = Json::array(), events = Json::array();
  for (Symbol& symbol : symbols_) {
    if (!symbol.defined || !symbol.changed) continue;
    Json row = symbol_json(symbol, symbol.frame_changed);
    Json points = Json::array();
    std::size_t first = symbol.prices.size();
    while (first > 0 && symbol.prices[first - 1].second >= symbol.pushed_second) --first;
    for (std::size_t i = first; i < symbol.prices.size(); ++i)
      points.push_back(Json::array({symbol.prices[i].second, symbol.prices[i].mid}));
    row["prices"] = std::move(points);
    symbols.push_back(std::move(row));
    if (!symbol.prices.empty()) symbol.pushed_second = symbol.prices.back().second;
    symbol.changed = symbol.frame_changed = false;
  }
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (!signals_[i].changed) continue;
    signals.push_back(signal_json(signals_[i]));
    signals_[i].changed = false;
  }
  for (std::size_t i = 0; i < fills_.size(); ++i)
    if (fills_[i].id > pushed_id_ || std::exchange(fills_[i].changed, false))
      fills.push_back(fill_json(fills_[i]));
  for (std::size_t i = 0; i < lines_.size(); ++i)
    if (lines_[i].id > pushed_id_) events.push_back(line_json(lines_[i]));
  pushed_id_ = next_id_ - 1;
  out["symbols"] = std::move(symbols);
  out["signals"] = std::move(signals);
  out["fills"] = std::move(fills);
  out["events"] = std::move(events);
  out["equity"] = equity_json(equity_thinned_ ? 0 : equity_pushed_, equity_thinned_);
  equity_pushed_ = equity_.size();
  equity_thinned_ = false;
  return out;
}

std::optional<Json> Dashboard::history(std::string_view name) const {
  const auto symbol = std::find_if(symbols_.begin(), symbols_.end(), [&](const Symbol& s) {
    return s.defined && s.instrument.name.view() == name;
  });
  if (symbol == symbols_.end()) return std::nullopt;
  Json points = Json::array();
  for (std::size_t i = 0; i < symbol->prices.size(); ++i)
    points.push_back(Json::array({symbol->prices[i].second, symbol->prices[i].mid}));
  return Json{{"schema_version", schema_version}, {"symbol", name}, {"prices", std::move(points)}};
}

Json Dashboard::features() const {
  Json list = Json::array();
  for (const FeatureText& f : features_)
    list.push_back({{"id", f.id},
                    {"name", f.name},
                    {"engine", f.engine},
                    {"unit", f.unit},
                    {"window", f.window},
                    {"definition", f.definition},
                    {"undefined", f.undefined}});
  return {{"schema_version", schema_version}, {"features", std::move(list)}};
}

Json Dashboard::health() const {
  return {{"schema_version", schema_version},
          {"now_ms", milliseconds(now_)},
          {"state", header_.state},
          {"why", header_.why},
          {"services", services_json()}};
}

Json Dashboard::common(std::string_view kind) const {
  return {{"schema_version", schema_version},
          {"kind", kind},
          {"now_ms", milliseconds(now_)},
          {"header", header_json()},
          {"account", account_json()},
          {"limits", limits_json()},
          {"services", services_json()},
          {"reasons", reasons_json()},
          {"orders", orders_json()},
          {"orders_not_shown", orders_not_shown_},
          {"positions", positions_json()},
          {"symbols_not_shown", symbols_not_shown_},
          {"voids", voids_json()}};
}

Json Dashboard::header_json() const {
  return {{"state", header_.state},
          {"why", header_.why},
          {"mode", header_.mode},
          {"venue", header_.venue},
          {"account", header_.account},
          {"model", header_.model},
          {"schema_hash", header_.schema_hash},
          {"version", header_.version},
          {"demo", header_.demo},
          {"started_at_ms", milliseconds(header_.started_at)}};
}

Json Dashboard::account_json() const {
  Json out = {{"at_ms", wallet_ ? milliseconds(wallet_at_) : Json(nullptr)}};
  const auto put = [&](const char* key, E8 value) { out[key] = wallet_ ? number(value) : Json(nullptr); };
  const WalletNews wallet = wallet_.value_or(WalletNews{});
  put("equity", wallet.equity);
  put("wallet_balance", wallet.wallet_balance);
  put("available", wallet.available);
  put("unrealised_pnl", wallet.unrealised_pnl);
  put("initial_margin", wallet.initial_margin);
  put("maintenance_margin", wallet.maintenance_margin);
  put("day_pnl", wallet.equity - equity_at_day_start_);
  put("drawdown", equity_peak_ - wallet.equity);
  put("peak", equity_peak_);
  out["fees_paid"] = number(fees_paid_);
  out["fills"] = fill_count_;
  return out;
}

Json Dashboard::limits_json() const {
  if (!config_) return nullptr;
  const RiskLimits& risk = held_limits_.held();
  Json waiting = Json::array();
  for (const RiskLimit* limit : held_limits_.waiting())
    waiting.push_back({{"limit", limit->key},
                       {"held", limit->of(risk)},
                       {"wanted", limit->of(held_limits_.wanted())},
                       {"unit", mlbot::to_string(limit->unit)}});
  return {{"waiting", std::move(waiting)},
          {"loosening_words", held_limits_.words()},
          {"config_version", config_->version},
          {"max_order_notional", number(risk.max_order_notional)},
          {"max_symbol_notional", number(risk.max_symbol_notional)},
          {"max_total_notional", number(risk.max_total_notional)},
          {"daily_loss", number(risk.daily_loss)},
          {"drawdown", number(risk.drawdown)},
          {"max_open_orders", risk.max_open_orders},
          {"max_orders_per_minute", risk.max_orders_per_minute},
          {"max_feed_age_ms", risk.max_feed_age_ms},
          {"min_edge_bps", config_->decision.min_edge_bps}};
}

Json Dashboard::services_json() const {
  Json list = Json::array();
  for (const ServiceView& service : services_) {
    Json counters = Json::object();
    for (const ServiceCounter& counter : service.counters) counters[counter.name] = counter.value;
    list.push_back({{"name", service.name},
                    {"state", service.state},
                    {"detail", service.detail},
                    {"counters", std::move(counters)},
                    {"last_progress_ms", milliseconds(service.last_progress)}});
  }
  return list;
}

Json Dashboard::voids_json() const {
  Json list = Json::array();
  for (const VoidView& view : voids_)
    list.push_back({{"symbol", view.symbol},
                    {"cause", view.cause},
                    {"until_ms", milliseconds(view.until)},
                    {"features", view.features}});
  return list;
}

Json Dashboard::reasons_json() const {
  Json out = Json::object();
  for (int i = 0; i < reason_code_count; ++i)
    if (reasons_[i] > 0) out[std::string{mlbot::to_string(static_cast<ReasonCode>(i))}] = reasons_[i];
  return out;
}

Json Dashboard::orders_json() const {
  Json list = Json::array();
  for (const Order& order : orders_) {
    const Symbol* symbol = find(order.symbol);
    const Instrument instrument = symbol ? symbol->instrument : Instrument{};
    list.push_back(
        {{"client_id", order.client_id.view()},
         {"venue_id", order.venue_id.view()},
         {"symbol", name_of(order.symbol)},
         {"side", word(order.side)},
         {"type", word(order.type)},
         {"phase", to_string(order.phase)},
         {"price", number(instrument.price(order.price))},
         {"size", number(instrument.size(order.size))},
         {"filled", number(instrument.size(order.filled))},
         {"reduce_only", order.reduce_only},
         {"stop_loss", order.stop_loss ? number(instrument.price(*order.stop_loss)) : Json(nullptr)},
         {"created_at_ms", milliseconds(order.created_at)},
         {"updated_at_ms", milliseconds(order.updated_at)}});
  }
  return list;
}

Json Dashboard::positions_json() const {
  Json list = Json::array();
  for (const Symbol& symbol : symbols_) {
    for (const auto& position : symbol.positions) {
      if (!position || position->size == Lots{}) continue;
      const E8 size = symbol.instrument.size(position->size);
      const E8 mark = symbol.mark_price.value_or(position->mark_price);
      list.push_back({{"symbol", symbol.instrument.name.view()},
                      {"position_index", position->position_index},
                      {"size", number(size)},
                      {"entry_price", number(position->entry_price)},
                      {"mark_price", price_or_null(mark)},
                      {"stop_loss", price_or_null(position->stop_loss)},
                      {"liquidation_price", price_or_null(position->liquidation_price)},
                      {"unrealised_pnl",
                       mark == E8{} ? Json(nullptr) : number(multiply(size, mark - position->entry_price))},
                      {"realised_pnl", number(position->realised_pnl)},
                      {"updated_at_ms", milliseconds(position->updated_at)}});
    }
  }
  return list;
}

Json Dashboard::symbol_json(const Symbol& symbol, bool with_frame) const {
  const Instrument& instrument = symbol.instrument;
  Json out = {{"name", instrument.name.view()},
              {"price_decimals", instrument.price_decimals()},
              {"tick_size", number(instrument.tick_size)},
              {"lot_step", number(instrument.lot_step)},
              {"traded", symbol.traded},
              {"fed_at_ms", milliseconds(symbol.fed_at)},
              {"mark_price", number(symbol.mark_price)},
              {"funding_rate", number(symbol.funding_rate)},
              {"next_funding_ms", milliseconds(symbol.next_funding)}};
  out["book"] = nullptr;
  if (symbol.frame) {
    const TopOfBook& top = symbol.frame->top;
    const double bid = instrument.price_double(top.bid), ask = instrument.price_double(top.ask);
    out["book"] = {{"synced", top.synced},
                   {"bid", bid},
                   {"ask", ask},
                   {"bid_size", instrument.size_double(top.bid_size)},
                   {"ask_size", instrument.size_double(top.ask_size)},
                   {"mid", (bid + ask) / 2},
                   {"spread_ticks", (top.ask - top.bid).count},
                   {"spread_bps", bid + ask > 0 ? Json((ask - bid) / (bid + ask) * 2e4) : Json(nullptr)},
                   {"at_ms", milliseconds(symbol.frame->book_at)}};
  }
  out["decision"] = nullptr;
  if (symbol.decision) {
    const Decision& decision = *symbol.decision;
    out["decision"] = {{"reason", mlbot::to_string(decision.reason)},
                       {"side", word(decision.side)},
                       {"frame", decision.frame},
                       {"at_ms", milliseconds(decision.at)}};
    add_candidate(out["decision"], decision);
  }
  if (!with_frame) return out;
  out["frame"] = nullptr;
  if (symbol.frame) {
    const FeatureFrame& frame = *symbol.frame;
    Json values = Json::array(), scores = Json::array();
    for (std::size_t i = 0; i < feature_count; ++i) {
      values.push_back(frame.valid(i) ? finite(frame.values[i]) : Json(nullptr));
      const auto score = frame.valid(i) ? symbol.spreads[i].score(frame.values[i]) : std::nullopt;
      scores.push_back(score ? finite(std::round(*score * 100) / 100) : Json(nullptr));
    }
    out["frame"] = {{"number", frame.number},           {"at_ms", milliseconds(frame.at)},
                    {"missing", frame.missing_count()}, {"digest", fmt::format("{:016x}", frame.digest)},
                    {"values", std::move(values)},      {"scores", std::move(scores)}};
  }
  return out;
}

Json Dashboard::signal_json(const Signal& signal) const {
  const Decision& latest = signal.latest;
  const Symbol* symbol = find(latest.symbol);
  const bool ordered = !latest.order.empty();
  Json out{{"id", signal.id},
           {"symbol", name_of(latest.symbol)},
           {"reason", mlbot::to_string(latest.reason)},
           {"side", word(latest.side)},
           {"count", signal.count},
           {"first_at_ms", milliseconds(signal.first_at)},
           {"at_ms", milliseconds(latest.at)},
           {"order", ordered ? Json(latest.order.view()) : Json(nullptr)},
           {"price", ordered && symbol ? number(symbol->instrument.price(latest.price)) : Json(nullptr)},
           {"size", ordered && symbol ? number(symbol->instrument.size(latest.size)) : Json(nullptr)}};
  add_candidate(out, latest);
  return out;
}

Json Dashboard::fill_json(const Fill& fill) const {
  const Execution& what = fill.what;
  const Symbol* symbol = find(what.symbol);
  return {{"id", fill.id},
          {"symbol", name_of(what.symbol)},
          {"kind", word(what.kind)},
          {"side", word(what.side)},
          {"price", number(what.price)},
          {"size", symbol ? number(symbol->instrument.size(what.size)) : Json(nullptr)},
          {"fee", number(what.fee)},
          {"realised_pnl", number(what.realised_pnl)},
          {"liquidity", word(what.liquidity)},
          {"client_id", what.client_id.view()},
          {"shortfall_bps", optional_number(fill.quality, &FillQuality::shortfall_bps)},
          {"markout_1s_bps", optional_number(fill.quality, &FillQuality::markout_1s_bps)},
          {"markout_5s_bps", optional_number(fill.quality, &FillQuality::markout_5s_bps)},
          {"markout_60s_bps", optional_number(fill.quality, &FillQuality::markout_60s_bps)},
          {"at_ms", milliseconds(fill.at)}};
}

Json Dashboard::equity_json(std::size_t from, bool replace) const {
  Json points = Json::array();
  for (std::size_t i = from; i < equity_.size(); ++i)
    points.push_back(Json::array({equity_[i].at.ms(), to_double(equity_[i].equity)}));
  return {{"replace", replace}, {"points", std::move(points)}};
}

Json Dashboard::line_json(const Line& line) {
  return {{"id", line.id},
          {"at_ms", milliseconds(line.at)},
          {"severity", word(line.severity)},
          {"text", line.text}};
}

}  // namespace mlbot::io::web
