#include "shell/record_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "domain/reason.h"
#include "domain/words.h"
#include "shell/event_json.h"

namespace mlbot::shell {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<Command>> command_words{
    "place_order",       "amend_order", "cancel_order",  "cancel_all_orders",
    "set_position_stop", "query_order", "query_account", "resubscribe_book"};

const Instrument* find(SymbolId symbol, std::span<const Instrument> instruments) {
  return symbol.index < instruments.size() && !instruments[symbol.index].name.empty()
             ? &instruments[symbol.index]
             : nullptr;
}
Json name_of(SymbolId symbol, std::span<const Instrument> instruments) {
  const auto* known = find(symbol, instruments);
  return known != nullptr ? Json(known->name.view()) : Json(fmt::format("#{}", symbol.index));
}
Json price_json(PriceTicks price, const Instrument* instrument) {
  return instrument != nullptr ? Json(instrument->price_text(price)) : Json(price.count);
}
Json size_json(Lots size, const Instrument* instrument) {
  return instrument != nullptr ? Json(instrument->size_text(size)) : Json(size.count);
}
Json link_frame(std::string_view kind, Sequence after, Instant received_at, Link link,
                std::string_view bytes) {
  return {{"kind", kind},
          {"after_sequence", after.number},
          {"received_at", time_json(received_at)},
          {"link", word(link)},
          {"bytes", std::string{bytes}}};
}

}  // namespace

Json command_json(const Command& command, std::span<const Instrument> instruments) {
  Json out{{"command", command_words[command.index()]}};
  std::visit(
      [&](const auto& c) {
        const Instrument* instrument = nullptr;
        if constexpr (requires { c.symbol; }) {
          out["symbol"] = name_of(c.symbol, instruments);
          instrument = find(c.symbol, instruments);
        }
        if constexpr (requires { c.id; }) out["id"] = c.id.view();
        if constexpr (requires { c.side; }) out["side"] = word(c.side);
        if constexpr (requires { c.type; }) out["type"] = word(c.type);
        if constexpr (requires { c.time_in_force; }) out["time_in_force"] = word(c.time_in_force);
        if constexpr (requires { c.price; }) out["price"] = price_json(c.price, instrument);
        if constexpr (requires { c.size; }) out["size"] = size_json(c.size, instrument);
        if constexpr (requires { c.reduce_only; }) out["reduce_only"] = c.reduce_only;
        if constexpr (requires { c.stops; }) out["stops"] = c.stops;
        const auto optional_price = [&](const char* key, const std::optional<PriceTicks>& price) {
          out[key] = price ? price_json(*price, instrument) : Json{};
        };
        if constexpr (requires { c.stop_loss; }) optional_price("stop_loss", c.stop_loss);
        if constexpr (requires { c.take_profit; }) optional_price("take_profit", c.take_profit);
      },
      command);
  return out;
}

Json decision_json(const Decision& decision, std::span<const Instrument> instruments) {
  const auto* instrument = find(decision.symbol, instruments);
  return {{"symbol", name_of(decision.symbol, instruments)},
          {"cause", decision.cause.number},
          {"frame", decision.frame},
          {"at", time_json(decision.at)},
          {"reason", to_string(decision.reason)},
          {"side", word(decision.side)},
          {"expected_bps", decision.expected_bps},
          {"cost_bps", decision.cost_bps},
          {"edge_bps", decision.edge_bps},
          {"price", decision.order.empty() ? Json{} : price_json(decision.price, instrument)},
          {"size", decision.order.empty() ? Json{} : size_json(decision.size, instrument)},
          {"order", decision.order.empty() ? Json{} : Json(decision.order.view())}};
}

/// Every way that was open and its parts, the chosen one named.
Json route_json(const RouteChoice& choice, std::span<const Instrument> instruments) {
  Json ways = Json::array();
  for (std::size_t i = 0; i < choice.count; ++i) {
    const RouteWay& way = choice.ways[i];
    ways.push_back({{"way", word(way.kind)},
                    {"offset_bps", way.offset_bps},
                    {"patience_ms", way.patience.count() / 1'000'000},
                    {"fill_probability", way.fill_probability},
                    {"fee_bps", way.fee_bps},
                    {"spread_bps", way.spread_bps},
                    {"impact_bps", way.impact_bps},
                    {"miss_bps", way.miss_bps},
                    {"total_bps", way.total_bps()},
                    {"chosen", i == choice.chosen}});
  }
  return {{"kind", "route"},
          {"symbol", name_of(choice.symbol, instruments)},
          {"cause", choice.cause.number},
          {"at", time_json(choice.at)},
          {"order", choice.order.view()},
          {"side", word(choice.side)},
          {"reduces", choice.reduces},
          {"size", size_json(choice.size, find(choice.symbol, instruments))},
          {"arrival_mid", to_text(choice.arrival_mid)},
          {"ways", std::move(ways)}};
}

Json fill_quality_json(const FillQuality& fill, std::span<const Instrument> instruments) {
  const auto known = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  return {{"kind", "fill_quality"},
          {"symbol", name_of(fill.symbol, instruments)},
          {"cause", fill.cause.number},
          {"filled_at", time_json(fill.filled_at)},
          {"order", fill.order.view()},
          {"execution_id", fill.execution_id.view()},
          {"side", word(fill.side)},
          {"reduces", fill.reduces},
          {"liquidity", word(fill.liquidity)},
          {"price", to_text(fill.price)},
          {"size", size_json(fill.size, find(fill.symbol, instruments))},
          {"fee", to_text(fill.fee)},
          {"fill_mid", to_text(fill.fill_mid)},
          {"arrival_mid", fill.arrival_mid ? Json(to_text(*fill.arrival_mid)) : Json()},
          {"shortfall_bps", known(fill.shortfall_bps)},
          {"markout_1s_bps", known(fill.markout_1s_bps)},
          {"markout_5s_bps", known(fill.markout_5s_bps)},
          {"markout_60s_bps", known(fill.markout_60s_bps)}};
}

Json journal_json(const io::journal::JournalItem& item, std::span<const Instrument> instruments) {
  namespace journal = io::journal;
  const auto of_record = Overloaded{
      [&](const Stamped& event) {
        Json out{{"kind", "event"},
                 {"sequence", event.sequence.number},
                 {"at", time_json(event.at)},
                 {"received_at", time_json(event.received_at)},
                 {"venue_time", time_json(event.venue_time)}};
        out.update(event_json(event.what, instruments));
        return out;
      },
      [&](const StampedCommand& command) {
        Json out{{"kind", "command"}, {"cause", command.cause.number}, {"at", time_json(command.at)}};
        out.update(command_json(command.what, instruments));
        return out;
      },
      [&](const Decision& decision) {
        Json out{{"kind", "decision"}};
        out.update(decision_json(decision, instruments));
        return out;
      },
      [&](const StreamIndex& index) {
        Json places = Json::array();
        for (const auto& place : index.list)
          places.push_back(
              {{"sequence", place.sequence.number},
               {"stream", place.stream == StreamPlace::control_stream ? Json("ctl")
                          : place.stream == StreamPlace::no_stream    ? Json{}
                                                                   : name_of({place.stream}, instruments)}});
        return Json{{"kind", "index"},
                    {"after_sequence", index.after.number},
                    {"upto_sequence", index.upto.number},
                    {"at", time_json(index.at)},
                    {"places", places}};
      },
      [&](const RouteChoice& choice) { return route_json(choice, instruments); },
      [&](const FillQuality& fill) { return fill_quality_json(fill, instruments); },
      [&](const FeatureFrame& frame) {
        return Json{{"kind", "frame"},           {"symbol", name_of(frame.symbol, instruments)},
                    {"number", frame.number},    {"cause", frame.cause.number},
                    {"at", time_json(frame.at)}, {"digest", fmt::format("{:016x}", frame.digest)}};
      }};
  return std::visit(
      Overloaded{[&](const Record& record) { return std::visit(of_record, record); },
                 [&](const journal::VenueFrame& frame) {
                   return link_frame("venue_frame", frame.after, frame.received_at, frame.link, frame.bytes);
                 },
                 [&](const journal::RawFrame& frame) {
                   return link_frame("raw_frame", frame.after, frame.received_at, frame.link, frame.bytes);
                 },
                 [&](const journal::FrameDigest& frame) {
                   return Json{{"kind", "frame_digest"},    {"symbol", name_of(frame.symbol, instruments)},
                               {"number", frame.number},    {"cause", frame.cause.number},
                               {"at", time_json(frame.at)}, {"digest", fmt::format("{:016x}", frame.digest)}};
                 },
                 [&](const journal::FeatureCheckpoint& checkpoint) {
                   return Json{{"kind", "feature_checkpoint"},
                               {"after_sequence", checkpoint.after.number},
                               {"at", time_json(checkpoint.at)},
                               {"bytes", checkpoint.bytes.size()}};
                 },
                 [&](const journal::StateHash& state) {
                   return Json{{"kind", "state_hash"},
                               {"after_sequence", state.after.number},
                               {"at", time_json(state.at)},
                               {"hash", fmt::format("{:016x}", state.hash)}};
                 },
                 [&](const journal::OrderIdLease& lease) {
                   return Json{{"kind", "order_id_lease"}, {"counter_end", lease.counter_end}};
                 },
                 [&](const journal::JournalContext& context) {
                   Json names = Json::array();
                   for (const auto& instrument : context.instruments) names.push_back(instrument.name.view());
                   return Json{{"kind", "context"},
                               {"epoch", context.run ? Json(context.run->epoch) : Json{}},
                               {"symbols", names}};
                 },
                 [&](const journal::JournalGap& gap) {
                   return Json{{"kind", "gap"},
                               {"after_sequence", gap.after.number},
                               {"before_sequence", gap.before.number},
                               {"segment", gap.segment},
                               {"offset", gap.offset},
                               {"bytes", gap.bytes},
                               {"what", gap.what}};
                 }},
      item);
}

std::string unknown_kind(const std::vector<std::string>& wanted) {
  constexpr auto kinds = std::to_array<std::string_view>(
      {"event", "command", "decision", "frame", "index", "route", "fill_quality", "raw_frame", "venue_frame",
       "frame_digest", "state_hash", "order_id_lease", "feature_checkpoint", "context", "gap"});
  const auto events = event_words();
  for (const auto& word : wanted)
    if (std::ranges::find(kinds, word) == kinds.end() && std::ranges::find(events, word) == events.end() &&
        std::ranges::find(command_words, word) == command_words.end())
      return fmt::format("no record is of kind {}: there are {}; events {}; commands {}", word,
                         fmt::join(kinds, ", "), fmt::join(events, ", "), fmt::join(command_words, ", "));
  return {};
}

}  // namespace mlbot::shell
