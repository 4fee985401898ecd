#include "shell/audit_trail.h"

#include <fmt/format.h>

#include "domain/risk_controls.h"
#include "domain/words.h"
#include "shell/event_json.h"
#include "shell/record_json.h"

namespace mlbot::shell {

using io::audit::AuditPlace;
using io::audit::AuditRecord;

namespace {

constexpr std::string_view sent_mark = "> ";

/// What asks and what reads changes nothing at the venue.
bool is_question(const Command& command) {
  return std::holds_alternative<QueryOrder>(command) || std::holds_alternative<QueryAccount>(command) ||
         std::holds_alternative<ResubscribeBook>(command);
}

std::string id_in(const Command& command) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.id; }) return c.id.str();
        return std::string{};
      },
      command);
}
std::optional<SymbolId> symbol_in(const Command& command) {
  return std::visit(
      [](const auto& c) -> std::optional<SymbolId> {
        if constexpr (requires { c.symbol; }) return c.symbol;
        return std::nullopt;
      },
      command);
}

/// The first value of a key in a body of ours; bodies of several orders have several.
std::string first_text(std::string_view body, std::string_view key) {
  const auto mark = fmt::format("\"{}\":\"", key);
  const auto from = body.find(mark);
  if (from == body.npos) return {};
  const auto begin = from + mark.size();
  const auto end = body.find('"', begin);
  return end == body.npos ? std::string{} : std::string{body.substr(begin, end - begin)};
}

/// The parts of a record that name it already are not said twice.
Json without(Json json, std::initializer_list<const char*> keys) {
  for (const char* const key : keys) json.erase(key);
  return json;
}

}  // namespace

std::string sent_frame(std::string_view path, std::string_view body, bool by_socket) {
  return fmt::format("{}{} {}\n{}", sent_mark, by_socket ? "socket" : "rest", path, body);
}

Json limits_json(const RiskLimits& limits) {
  Json out = Json::object();
  for (const RiskLimit& limit : risk_limits()) out[std::string{limit.key}] = limit.of(limits);
  return out;
}

void AuditTrail::know(const Instrument& instrument) {
  if (instrument.id.index >= instruments_.size()) instruments_.resize(instrument.id.index + 1u);
  instruments_[instrument.id.index] = instrument;
}

std::string AuditTrail::name_of(SymbolId symbol) const {
  const bool known = symbol.index < instruments_.size() && !instruments_[symbol.index].name.empty();
  return known ? instruments_[symbol.index].name.str() : fmt::format("#{}", symbol.index);
}

std::optional<AuditRecord> AuditTrail::take(const io::journal::JournalItem& item) {
  if (const auto* record = std::get_if<Record>(&item))
    if (const auto* event = std::get_if<Stamped>(record)) {
      after_ = event->sequence.number;
      at_ = event->at;
      index_ = 0;
      if (const auto* run = std::get_if<RunStarted>(&event->what)) run_ = run->epoch;
    }
  if (const auto* context = std::get_if<io::journal::JournalContext>(&item)) {
    for (const auto& instrument : context->instruments) know(instrument);
    if (context->run) run_ = context->run->epoch;
  }
  auto out = derive(item);
  if (!out) return out;
  out->place = AuditPlace{run_, after_, index_++};
  return out;
}

std::optional<AuditRecord> AuditTrail::derive(const io::journal::JournalItem& item) {
  if (const auto* frame = std::get_if<io::journal::RawFrame>(&item)) {
    if (frame->link != Link::orders || !frame->bytes.starts_with(sent_mark)) return std::nullopt;
    const auto head = frame->bytes.substr(sent_mark.size(), frame->bytes.find('\n') - sent_mark.size());
    const auto body = frame->bytes.substr(std::min(sent_mark.size() + head.size() + 1, frame->bytes.size()));
    const auto blank = std::min(head.find(' '), head.size());
    return AuditRecord{.at = frame->received_at,
                       .kind = "wire_send",
                       .symbol = first_text(body, "symbol"),
                       .order = first_text(body, "orderLinkId"),
                       .place = {},
                       .what = {{"way", head.substr(0, blank)},
                                {"path", head.substr(std::min(blank + 1, head.size()))},
                                {"body", body}}};
  }
  if (const auto* gap = std::get_if<io::journal::JournalGap>(&item))
    return AuditRecord{
        .at = at_,
        .kind = "journal_gap",
        .place = {},
        .what = {{"after", gap->after.number}, {"before", gap->before.number}, {"why", gap->what}}};
  const auto* record = std::get_if<Record>(&item);
  if (record == nullptr) return std::nullopt;
  if (const auto* event = std::get_if<Stamped>(record)) return derive(*event);
  if (const auto* command = std::get_if<StampedCommand>(record)) {
    if (is_question(command->what)) return std::nullopt;
    const auto symbol = symbol_in(command->what);
    return AuditRecord{.at = command->at,
                       .kind = "command",
                       .symbol = symbol ? name_of(*symbol) : "",
                       .order = id_in(command->what),
                       .place = {},
                       .what = without(command_json(command->what, instruments_), {"symbol", "id"})};
  }
  if (const auto* decision = std::get_if<Decision>(record))
    return AuditRecord{.at = decision->at,
                       .kind = "decision",
                       .symbol = name_of(decision->symbol),
                       .order = decision->order.str(),
                       .place = {},
                       .what = without(decision_json(*decision, instruments_), {"symbol", "at", "order"})};
  return std::nullopt;
}

std::optional<AuditRecord> AuditTrail::derive(const Stamped& event) {
  AuditRecord out{.at = event.at, .kind = {}, .place = {}, .what = Json::object()};
  const auto as_printed = [&](std::initializer_list<const char*> told_elsewhere) {
    out.what = without(event_json(event.what, instruments_), told_elsewhere);
    out.what.erase("event");
  };
  const bool kept = std::visit(
      Overloaded{[&](const RunStarted& e) {
                   out.kind = "run_started";
                   as_printed({});
                   out.what["schema"] = fmt::format("{:016x}", e.schema_hash);
                   if (e.carried.stopped_by) out.what["stopped_by"] = to_string(*e.carried.stopped_by);
                   return true;
                 },
                 [&](const InstrumentDefined& e) {
                   know(e.instrument);
                   return false;
                 },
                 [&](const ConfigChanged& e) {
                   out.kind = "limits";
                   as_printed({});
                   out.what["risk"] = limits_json(e.risk);
                   return true;
                 },
                 [&](const OperatorCommand& e) {
                   out.kind = "operator";
                   out.what = {{"verb", word(e.verb)}, {"from", e.from.view()}, {"cause", e.cause.view()}};
                   return true;
                 },
                 [&](const RequestAnswer& e) {
                   if (e.request == RequestKind::query) return false;
                   out.kind = "ack";
                   out.symbol = name_of(e.symbol);
                   out.order = e.client_id.str();
                   as_printed({"symbol"});
                   return true;
                 },
                 [&](const OrderNews& e) {
                   if (e.source != NewsSource::stream) return false;  // a list says again what is known
                   out.kind = "order";
                   out.symbol = name_of(e.symbol);
                   out.order = e.client_id.str();
                   as_printed({"symbol"});
                   return true;
                 },
                 [&](const Execution& e) {
                   out.kind = "fill";
                   out.symbol = name_of(e.symbol);
                   out.order = e.client_id.str();
                   as_printed({"symbol"});
                   return true;
                 },
                 [&](const GuardBeat& e) {
                   if (e.present) return false;  // a beat is no news, a missing one is
                   out.kind = "guard_missed";
                   return true;
                 },
                 [&](const LinkChanged&) {
                   out.kind = "link";
                   as_printed({});
                   return true;
                 },
                 [&](const IntentCarried& e) {
                   out.kind = "intent_carried";
                   out.symbol = name_of(e.symbol);
                   out.order = e.id.str();
                   as_printed({"symbol"});
                   return true;
                 },
                 [](const auto&) { return false; }},
      event.what);
  if (!kept) return std::nullopt;
  return out;
}

}  // namespace mlbot::shell
