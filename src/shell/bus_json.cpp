#include "shell/bus_json.h"

#include <fmt/format.h>

#include <array>

#include "core/features/feature_hub.h"
#include "domain/words.h"
#include "shell/event_json.h"

namespace mlbot::shell {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<Command>> command_words{
    "place_order",       "amend_order", "cancel_order",  "cancel_all_orders",
    "set_position_stop", "query_order", "query_account", "resubscribe_book"};

class RecordPrinter {
 public:
  explicit RecordPrinter(std::span<const Instrument> instruments) : instruments_{instruments} {}

  Json operator()(const Stamped& event) const {
    Json out{{"kind", "event"},
             {"at", time_json(event.at)},
             {"received_at", time_json(event.received_at)},
             {"venue_time", time_json(event.venue_time)}};
    out.update(event_json(event.what, instruments_));
    return out;
  }
  Json operator()(const StampedCommand& stamped) const {
    Json out{{"kind", "command"},
             {"cause", stamped.cause.number},
             {"at", time_json(stamped.at)},
             {"command", command_words[stamped.what.index()]}};
    std::visit(
        [&](const auto& c) {
          const Instrument* of = nullptr;
          if constexpr (requires { c.symbol; }) {
            out["symbol"] = name(c.symbol);
            of = find(c.symbol);
          }
          if constexpr (requires { c.id; }) out["id"] = c.id.view();
          if constexpr (requires { c.side; }) out["side"] = word(c.side);
          if constexpr (requires { c.type; }) out["type"] = word(c.type);
          if constexpr (requires { c.time_in_force; }) out["time_in_force"] = word(c.time_in_force);
          if constexpr (requires { c.price; }) out["price"] = price(of, c.price);
          if constexpr (requires { c.size; }) out["size"] = size(of, c.size);
          if constexpr (requires { c.reduce_only; }) out["reduce_only"] = c.reduce_only;
          if constexpr (requires { c.stop_loss; }) out["stop_loss"] = price(of, c.stop_loss);
          if constexpr (requires { c.take_profit; }) out["take_profit"] = price(of, c.take_profit);
        },
        stamped.what);
    return out;
  }
  Json operator()(const Decision& d) const {
    const Instrument* of = find(d.symbol);
    Json out{{"kind", "decision"},    {"symbol", name(d.symbol)},       {"cause", d.cause.number},
             {"frame", d.frame},      {"at", time_json(d.at)},          {"reason", to_string(d.reason)},
             {"side", word(d.side)},  {"expected_bps", d.expected_bps}, {"cost_bps", d.cost_bps},
             {"edge_bps", d.edge_bps}};
    if (d.order.empty()) return out;
    out["order"] = d.order.view();
    out["price"] = price(of, d.price);
    out["size"] = size(of, d.size);
    return out;
  }
  Json operator()(const FeatureFrame& frame) const {
    const Instrument* of = find(frame.symbol);
    Json values = Json::object();
    const auto catalogue = core::feature_catalogue();
    for (std::size_t i = 0; i < catalogue.size(); ++i)
      values[std::string{catalogue[i].name}] = frame.valid(i) ? Json(frame.values[i]) : Json{};
    return {{"kind", "frame"},
            {"symbol", name(frame.symbol)},
            {"frame", frame.number},
            {"cause", frame.cause.number},
            {"at", time_json(frame.at)},
            {"bid", frame.top.synced ? price(of, frame.top.bid) : Json{}},
            {"ask", frame.top.synced ? price(of, frame.top.ask) : Json{}},
            {"values", values},
            {"digest", fmt::format("{:016x}", frame.digest)}};
  }
  Json operator()(const StreamIndex& index) const {
    return {{"kind", "index"},
            {"after_sequence", index.after.number},
            {"upto_sequence", index.upto.number},
            {"at", time_json(index.at)},
            {"records", index.list.size()}};
  }

 private:
  const Instrument* find(SymbolId symbol) const {
    const bool known = symbol.index < instruments_.size() && !instruments_[symbol.index].name.empty();
    return known ? &instruments_[symbol.index] : nullptr;
  }
  Json name(SymbolId symbol) const {
    const Instrument* known = find(symbol);
    return known == nullptr ? fmt::format("#{}", symbol.index) : known->name.str();
  }
  static Json price(const Instrument* of, PriceTicks ticks) {
    return of == nullptr ? Json(ticks.count) : Json(to_text(of->price(ticks)));
  }
  static Json price(const Instrument* of, const std::optional<PriceTicks>& ticks) {
    return ticks ? price(of, *ticks) : Json{};
  }
  static Json size(const Instrument* of, Lots lots) {
    return of == nullptr ? Json(lots.count) : Json(of->size_text(lots));
  }

  std::span<const Instrument> instruments_;
};

}  // namespace

Json bus_json(const Record& record, std::span<const Instrument> instruments) {
  return std::visit(RecordPrinter{instruments}, record);
}

}  // namespace mlbot::shell
