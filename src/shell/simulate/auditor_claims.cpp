// What a bot was told and what it says of itself, against what the venue knows: answers that are not true,
// orders that it does not count, money that it does not book, entries over what it cannot know.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "shell/simulate/auditor.h"

namespace mlbot::shell::simulate {
namespace {

constexpr Duration request_window = 5s;       ///< later the venue refuses a create
constexpr Duration market_news = 200ms;       ///< a lost connection is known by then
constexpr Duration position_settled = 600ms;  ///< a stop is about the position as it is
constexpr Duration order_left_longest = 3s;   ///< of an entry that an earlier life placed
/// The same where a power cut took the intent: the second reading of the account shows it, 10 s after the
/// line came up, however old the lists of the first were.
constexpr Duration order_lost_longest = 18s;
constexpr Duration silence_known = 6s;  ///< a create without a word for so long is in doubt
constexpr Duration stop_known = 6s, disturbance = 15s;
constexpr Duration wish_under_way = 2s;  ///< what it believed a moment ago may still be on its way
constexpr double stop_slack = 2;         ///< over the distance that is configured

bool is_over(OrderStatus status) {
  return status == OrderStatus::filled || status == OrderStatus::cancelled ||
         status == OrderStatus::rejected || status == OrderStatus::deactivated;
}

}  // namespace

// ---- answers

/// I12: what a bot is told of a create is what became of it.
void Auditor::check_answer(const RequestAnswer& answer) {
  const auto known = created_.find(answer.client_id.view());
  if (known == created_.end()) return;
  Create& order = known->second;
  const auto row = exchange_->find_order(account_, {{}, answer.client_id});
  if (answer.outcome == RequestOutcome::refused) {
    if (row && row->status != OrderStatus::rejected)
      return fail("I12", fmt::format("the bot was told that {} was refused, and the venue had taken it",
                                     answer.client_id.view()));
    order.told_refused = true;
  }
  if (answer.outcome != RequestOutcome::accepted) return;
  if (!order.has_arrived)
    return fail("I12", fmt::format("the bot was told that {} was accepted, and it never arrived",
                                   answer.client_id.view()));
  if (row && !answer.venue_id.empty() && row->venue_id != answer.venue_id)
    fail("I12", fmt::format("{} was given the answer to another order", answer.client_id.view()));
}

/// I4: whoever asked for an order's fills and was answered has been told them.
void Auditor::check_question(const RequestAnswer& answer) {
  if (answer.outcome != RequestOutcome::accepted) return;
  const auto asked = asked_fills_.find(answer.client_id.str());
  const auto fills = fills_of_.find(answer.client_id.str());
  if (asked == asked_fills_.end() || fills == fills_of_.end()) return;
  for (const auto& [fill, at] : fills->second)
    if (at + list_lag_ < asked->second && !told_fills_.contains(fill))
      return fail("I4", fmt::format("the bot asked for {} and was not told its fill {}",
                                    answer.client_id.view(), fill.view()));
}

/// The venue's word on an order ends the doubt about it.
void Auditor::hear_word(const ClientOrderId& id, SymbolId symbol) {
  if (id.empty()) {  // of whichever it may be
    std::erase_if(in_doubt_, [&](const auto& entry) { return entry.second == symbol; });
    return;
  }
  in_doubt_.erase(id.str());
  spoken_of_.insert(id.str());
}

// ---- the account

/// By how much cost by a rounded entry price may be off: half a unit a coin, until the account's log tells.
std::int64_t Auditor::rounding_of_what_is_held() const {
  std::int64_t sum = 0;
  for (const Symbol& s : symbols_) {
    const Lots held = exchange_->position(account_, s.terms.id).size;
    if (held.count != 0) sum += std::abs(s.terms.size(held).count) / e8_per_unit / 2 + 1;
  }
  return sum;
}

/// Known is an account whose stream is live and whose lists were read since. Books are adopted from lists
/// that were asked for since, and a question that is put while another is under way gets the other's answer.
void Auditor::hear_account(const Event& event) {
  if (const auto* link = std::get_if<LinkChanged>(&event); link != nullptr && link->link == Link::account) {
    const bool live = link->state == LinkState::live;
    if (live == account_live_) return;
    account_live_ = live;
    account_live_at_ = scheduler_.now();
    account_known_ = in_snapshot_ = false;
    account_known_since_ = distant_future;
  } else if (const auto* snapshot = std::get_if<AccountSnapshot>(&event)) {
    const bool of_now = account_asked_at_ && *account_asked_at_ >= account_live_at_;
    if (snapshot->phase != SnapshotPhase::begin) account_asked_at_.reset();
    if (snapshot->phase == SnapshotPhase::end && in_snapshot_) {
      account_known_ = true;
      if (!snapshot_once_) rounding_found_ = rounding_of_what_is_held();
      snapshot_once_ |= of_now;
      account_known_since_ = std::min(account_known_since_, scheduler_.now());
    }
    in_snapshot_ = snapshot->phase == SnapshotPhase::begin;
  } else if (const auto* execution = std::get_if<Execution>(&event)) {
    hear_word(execution->client_id, execution->symbol);
    hear_fill(*execution);
  } else if (const auto* wallet = std::get_if<WalletNews>(&event)) {
    const bool found = claims_.wallet && claims_.wallet().has_value();
    if (wallet->source == NewsSource::query && !found) wallet_found_at_ = scheduler_.now();
  } else if (const auto* row = std::get_if<Transaction>(&event)) {
    told_money_.insert(row->execution_id);
  } else if (const auto* order = std::get_if<OrderNews>(&event)) {
    hear_word(order->client_id, order->symbol);
  } else if (const auto* intent = std::get_if<IntentCarried>(&event)) {
    if (created_.contains(intent->id.view())) known_.push_back(intent->id.str());
    in_doubt_.emplace(intent->id.str(), intent->symbol);
  } else if (const auto* answer = std::get_if<RequestAnswer>(&event)) {
    if (answer->request == RequestKind::place) check_answer(*answer);
    if (answer->request == RequestKind::query) check_question(*answer);
    hear_answer(*answer);
  }
}

/// An answer to a create says what became of it. That nothing is found says so only when no create can arrive
/// any more; whether there is something to cancel or to amend says nothing.
void Auditor::hear_answer(const RequestAnswer& answer) {
  if (answer.outcome == RequestOutcome::unknown) {
    if (answer.request == RequestKind::place && !spoken_of_.contains(answer.client_id.view()))
      in_doubt_.emplace(answer.client_id.str(), answer.symbol);
    return;
  }
  const auto known = created_.find(answer.client_id.view());
  const bool too_late = known == created_.end() || scheduler_.now() - known->second.sent_at > request_window;
  if (answer.request == RequestKind::place || (answer.request == RequestKind::query && too_late))
    hear_word(answer.client_id, answer.symbol);
}

/// A funding, and a fill that only opens, move the wallet by what is paid and by nothing else.
void Auditor::hear_fill(const Execution& execution) {
  const bool news = told_fills_.insert(execution.execution_id).second;
  // One of before the wallet was told or accepted may be in it: then it moves nothing.
  const bool after_the_wallet = wallet_found_at_ && execution.at > *wallet_found_at_;
  if (!news || !snapshot_once_ || !after_the_wallet || !claims_.wallet ||
      told_money_.contains(execution.execution_id))
    return;
  const std::int64_t held = claims_.position ? claims_.position(execution.symbol).count : 0;
  const bool opens = execution.kind == ExecutionKind::trade && held * sign_of(execution.side) >= 0;
  if (!opens && execution.kind != ExecutionKind::funding) return;
  wallet_before_ = claims_.wallet();
  charge_told_ = execution.fee;
}

/// I11: a charge moves the ledger by what was paid.
void Auditor::check_charge() {
  if (!charge_told_) return;
  const E8 paid = *std::exchange(charge_told_, std::nullopt);
  const auto before = std::exchange(wallet_before_, std::nullopt), after = claims_.wallet();
  if (before && after && *after - *before != -paid)
    fail("I11", fmt::format("a charge of {} was told and the bot's ledger moved by {}", to_text(paid),
                            to_text(*after - *before)));
}

// ---- orders that are counted

/// What may still come of an order of ours at the venue, or on its way there.
std::int64_t Auditor::leaves_of(std::string_view id, Create& order) {
  const auto row = exchange_->find_order(account_, {{}, ClientOrderId{id}});
  if (row) return is_over(row->status) ? 0 : row->leaves().count;
  const bool under_way = !order.has_arrived && scheduler_.now() - order.sent_at <= request_window;
  return under_way ? order.lots : 0;
}

/// I12, I1: nothing that may still fill is left out of what the bot counts: not what is under way, not what
/// is being cancelled, not what nobody knows the fate of, not what an earlier life left.
void Auditor::check_reserved(const Event& event) {
  const bool matters =
      std::holds_alternative<RequestAnswer>(event) || std::holds_alternative<OrderNews>(event) ||
      std::holds_alternative<Execution>(event) || std::holds_alternative<TimerFired>(event) ||
      std::holds_alternative<AccountSnapshot>(event) || std::holds_alternative<IntentCarried>(event);
  if (std::holds_alternative<TimerFired>(event)) look_for_orders_left();
  if (!matters || !claims_.open_entries) return;
  std::vector<std::array<std::int64_t, 2>> may_fill(symbols_.size());
  std::erase_if(known_, [&](const std::string& id) {
    Create& order = created_.find(id)->second;
    const std::int64_t leaves = leaves_of(id, order);
    if (!order.reduce_only) may_fill[order.symbol.index][order.buy ? 0 : 1] += leaves;
    return leaves == 0 && (order.has_arrived || scheduler_.now() - order.sent_at > request_window);
  });
  for (std::uint16_t i = 0; i < symbols_.size(); ++i)
    for (const Side side : {Side::buy, Side::sell}) {
      const std::size_t way = side == Side::buy ? 0 : 1;
      const std::int64_t counted = claims_.open_entries({i}, side).count, there = may_fill[i][way];
      auto& too_much_since = symbols_[i].counts_too_much_since[way];
      if (counted == there)
        too_much_since.reset();
      else if (!too_much_since)
        too_much_since = scheduler_.now();
      if (counted >= there) continue;
      return fail("I12", fmt::format("{}: {} lots may still be {}, and the bot counts {}",
                                     symbols_[i].terms.name.view(), there,
                                     side == Side::buy ? "bought" : "sold", counted));
    }
}

/// I5: what an earlier life wanted is gone with it; its entries are cancelled when they are found.
void Auditor::look_for_orders_left() {
  if (!account_known_) return;
  const Instant able = std::max({account_known_since_, impaired_until_, alive_since_});
  if (scheduler_.now() - able <= order_left_longest) return;
  for (const sim::OrderRow& order : exchange_->open_orders(account_)) {
    if (order.stop != sim::StopKind::none || order.reduce_only) continue;
    const auto known = created_.find(order.client_id.view());
    if (known == created_.end() || known->second.life == life_) continue;
    const bool handed_on = std::ranges::find(known_, known->first) != known_.end();
    if (!handed_on && scheduler_.now() - able <= order_lost_longest) continue;
    return fail("I5", fmt::format("entry {} of an earlier life has been left at the venue for {} s",
                                  order.client_id.view(), (scheduler_.now() - able) / 1s));
  }
}

/// Of what a step commands: no entry over what cannot be known, and no more orders than may be open.
void Auditor::check_commands(const Outbox& out) {
  std::size_t open = 0;
  bool counted = false;
  for (const Command& command : out.commands) {
    if (std::holds_alternative<QueryAccount>(command) && !account_asked_at_)
      account_asked_at_ = scheduler_.now();
    const auto* place = std::get_if<PlaceOrder>(&command);
    if (place == nullptr || created_.contains(place->id.view())) continue;
    if (!counted)
      for (const std::string& id : known_) {
        Create& order = created_.find(id)->second;
        open += order.life == life_ && leaves_of(id, order) > 0;
      }
    counted = true;
    ++open;
    if (place->reduce_only) continue;
    if (!account_known_)
      return fail("I7", fmt::format("entry {} was made before the account was known", place->id.view()));
    for (const std::string& id : known_) {
      const Create& order = created_.find(id)->second;
      const bool silent = order.life == life_ && scheduler_.now() - order.sent_at > silence_known;
      if (silent && !spoken_of_.contains(id)) in_doubt_.emplace(id, order.symbol);
    }
    const auto doubt =
        std::ranges::find_if(in_doubt_, [&](const auto& entry) { return entry.second == place->symbol; });
    if (doubt != in_doubt_.end())
      return fail("I12", fmt::format("entry {} was made while nobody knew what became of {}",
                                     place->id.view(), doubt->first));
    if (open > limits_.max_open_orders)
      return fail("I1", fmt::format("with {} {} orders are open, and {} may be", place->id.view(), open,
                                    limits_.max_open_orders));
  }
}

// ---- stops

/// I8: a stop that the bot sets lies on the losing side, no further from the entry than it is told to; and
/// one that stands is not set again and again (I13).
void Auditor::check_stop(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return;
  const auto symbol = symbol_of(json.value("symbol", ""));
  const auto stop = parse_e8(json.value("stopLoss", "0"));
  if (!symbol || !stop || stop->count <= 0) return;
  const Symbol& s = symbols_[symbol->index];
  const auto name = s.terms.name.view();
  const sim::PositionRow held = exchange_->position(account_, *symbol);
  const Instant now = scheduler_.now();
  const Instant moved = s.positions.empty() ? Instant{INT64_MIN / 2} : s.positions.back().first;
  const bool changed = now - moved < position_settled;
  if (held.size.count == 0 || held.entry_price.count <= 0 || s.mids.empty() || changed) return;
  const double way = held.size.count > 0 ? 1e4 : -1e4;
  const auto away = [&](E8 from) { return way * (to_double(from) - to_double(*stop)) / to_double(from); };
  const double bps = away(held.entry_price), limit = limits_.stop_distance_bps;
  double nearest = bps;  // a stop that the price has passed would be refused: then it is set from there
  for (const Mid& mid : s.mids) nearest = std::min(nearest, away({mid.price}));
  if (nearest > stop_slack * limit)
    return fail("I8", fmt::format("{}: the bot sets a stop {:.0f} bps from the entry, and {} are configured",
                                  name, bps, limits_.stop_distance_bps));
  // That somebody else turned it may not be told yet; a bot that counts it as it is was told.
  const bool counted =
      (held.size.count > 0 ? s.believed > 0 : s.believed < 0) && now - s.believed_since > wish_under_way;
  const bool known = counted || now - s.disturbed_at > disturbance;
  if (known && std::max(bps, away({s.mids.back().price})) < -0.3 * limit)
    return fail("I8", fmt::format("{}: the bot sets a stop on the side where the position wins", name));
  // After each fill the bot needs a new word, and sets the stop anew when none comes.
  const Instant able = std::max({s.stop_since, moved, impaired_until_, account_live_since_, s.disturbed_at});
  if (s.stop_loss == stop->count && account_live_since_ != distant_future && now - able > stop_known)
    fail("I13", fmt::format("{}: the bot sets a stop that has stood for {} s", name, (now - able) / 1s));
}

/// I8: whatever is cancelled, the stop of what is held stays.
void Auditor::check_cancel_all(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded() || json.value("orderFilter", "") == "Order") return;
  const auto symbol = symbol_of(json.value("symbol", ""));
  if (!symbol || scheduler_.now() - symbols_[symbol->index].disturbed_at < disturbance) return;
  if (exchange_->position(account_, *symbol).size.count != 0)
    fail("I8", fmt::format("{}: the stops are cancelled with the orders, and a position is held",
                           symbols_[symbol->index].terms.name.view()));
}

// ---- lines

void Auditor::market_line(bool there) {
  if (there)
    market_lost_at_.reset();
  else if (!market_lost_at_)
    market_lost_at_ = scheduler_.now() + market_news;
}

}  // namespace mlbot::shell::simulate
