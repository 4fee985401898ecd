#include "shell/simulate/auditor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlbot::shell::simulate {
namespace {

constexpr std::size_t tops_kept = 4'096;
constexpr Duration mids_kept = 20s, positions_kept = 120s;
/// Two lists of the account, of which the first proves nothing, each given up after 5 s; and the stop's way.
constexpr Duration unprotected_longest = 11s;
constexpr Duration book_comes = 2s;  ///< after the market's line came up
constexpr Duration line_comes = 5s;  ///< after it was lost when all is calm
constexpr Duration converged_longest = 45s;
constexpr Duration forbidden_span = 10min;
constexpr Duration young_life = 20s;
constexpr Duration mismatch_slack = 2s;  ///< until an execution that a list shows is asked for
constexpr std::size_t touch_levels = 3;  ///< a book that has more on each side shows more than its touch
/// Of an order that is gone, when all is calm: lists that showed it once must miss it twice, 12 s apart, and
/// each question about it may take its 5 s.
constexpr Duration counted_longest = 22s;

bool moves_position(ExecutionKind kind) {
  return kind == ExecutionKind::trade || kind == ExecutionKind::adl || kind == ExecutionKind::bust ||
         kind == ExecutionKind::settle;
}

void apply(std::map<std::int64_t, std::int64_t>& side, std::span<const BookLevel> levels) {
  for (const BookLevel& level : levels) {
    if (level.size.count == 0)
      side.erase(level.price.count);
    else
      side[level.price.count] = level.size.count;
  }
}

}  // namespace

void Auditor::fail(std::string_view invariant, std::string what) {
  if (!violation_) violation_ = Violation{std::string{invariant}, std::move(what), scheduler_.now()};
}

void Auditor::note(std::string_view what) {
  const auto known = happened_.find(what);
  if (known != happened_.end())
    ++known->second;
  else
    happened_.emplace(what, 1);
}

std::map<std::string, std::uint64_t, std::less<>> Auditor::decisions() const {
  std::map<std::string, std::uint64_t, std::less<>> out;
  for (std::size_t i = 0; i < reasons_.size(); ++i)
    if (reasons_[i] > 0) out.emplace(to_string(static_cast<ReasonCode>(i)), reasons_[i]);
  return out;
}

void Auditor::attach(const sim::Exchange& exchange, sim::AccountId account, Duration list_lag) {
  exchange_ = &exchange;
  account_ = account;
  list_lag_ = list_lag;
  symbols_.clear();
  for (const Instrument& instrument : exchange.instruments()) {
    Symbol& s = symbols_.emplace_back();
    s.terms = instrument;
  }
  wallet_at_start_ = exchange.wallet(account).wallet_balance.count;
}

std::optional<SymbolId> Auditor::symbol_of(std::string_view name) const {
  for (const Symbol& s : symbols_)
    if (s.terms.name.view() == name) return s.terms.id;
  return std::nullopt;
}

// ---- the venue's truth

void Auditor::publish(Instant at, const BookUpdate& update) {
  Symbol& s = symbols_[update.symbol.index];
  if (update.kind == UpdateKind::snapshot) {
    s.bids.clear();
    s.asks.clear();
  }
  apply(s.bids, update.bids);
  apply(s.asks, update.asks);
  const bool whole = !s.bids.empty() && !s.asks.empty();
  s.tops.push_back({update.update_id, update.cross_sequence, whole ? s.bids.rbegin()->first : 0,
                    whole ? s.asks.begin()->first : 0, whole});
  if (s.tops.size() > tops_kept) s.tops.pop_front();
  if (!whole) return;
  const std::int64_t tick = s.terms.tick_size.count;
  s.mids.push_back({at, (s.bids.rbegin()->first + s.asks.begin()->first) * tick / 2});
  while (s.mids.size() > 1 && s.mids[1].at + mids_kept < at) s.mids.pop_front();
}

void Auditor::on_market(Instant at, const Event& event) {
  if (const auto* update = std::get_if<BookUpdate>(&event)) publish(at, *update);
}

void Auditor::on_account(sim::AccountId account, Instant at, const Event& event) {
  if (account != account_) return;
  if (const auto* execution = std::get_if<Execution>(&event)) {
    Symbol& s = symbols_[execution->symbol.index];
    if (!fills_.insert(execution->execution_id).second)
      return fail("I4", fmt::format("the venue told execution {} twice", execution->execution_id.view()));
    cash_ += execution->realised_pnl.count - execution->fee.count;
    moved_at_ = scheduler_.now();
    if (!moves_position(execution->kind)) {
      note("funding while a position is held");
      return;
    }
    if (!execution->client_id.empty())
      fills_of_[execution->client_id.str()].emplace_back(execution->execution_id, at);
    if (execution->kind == ExecutionKind::adl) note("auto-deleveraging");
    if (execution->kind == ExecutionKind::bust) note("liquidation");
    const std::int64_t before = s.position;
    s.position += (execution->side == Side::buy ? 1 : -1) * execution->size.count;
    if (before != 0 && s.position != 0 && (before > 0) != (s.position > 0))
      note("a fill turned the position");
    if (execution->client_id.empty()) note("a fill without an id of ours");
    s.positions.emplace_back(at, before);
    while (s.positions.size() > 1 && s.positions[1].first + positions_kept < at) s.positions.pop_front();
  } else if (const auto* position = std::get_if<PositionNews>(&event)) {
    Symbol& s = symbols_[position->symbol.index];
    if (s.stop_loss != position->stop_loss.count) s.stop_since = at;
    s.stop_loss = position->stop_loss.count;
    const bool naked = position->size.count != 0 && s.stop_loss == 0;
    if (!naked)
      s.unprotected_since.reset();
    else if (!s.unprotected_since)
      s.unprotected_since = at;
  } else if (const auto* order = std::get_if<OrderNews>(&event)) {
    const auto ours = created_.find(order->client_id.view());
    if (ours != created_.end() && ours->second.told_refused && order->status == OrderStatus::open)
      return fail("I12", fmt::format("{} is taken after the bot was told that it was refused",
                                     order->client_id.view()));
    if (order->status == OrderStatus::cancelled && order->filled.count > 0)
      note("a cancel that carries fills");
    if (order->status == OrderStatus::rejected ||
        (order->status == OrderStatus::cancelled && order->filled.count == 0))
      note("an order ended without a fill");
  }
}

void Auditor::arrived(std::string_view body) {
  constexpr std::string_view key = R"("orderLinkId":")";
  for (auto at = body.find(key); at != body.npos; at = body.find(key, at + 1)) {
    const auto from = at + key.size();
    const auto known = created_.find(body.substr(from, body.find('"', from) - from));
    if (known == created_.end()) continue;
    // Only a create names a side, and neither size nor price is in a cancel.
    if (body.find(R"("side":")") == body.npos) {
      const bool cancels = body.find(R"("qty":")") == body.npos && body.find(R"("price":")") == body.npos;
      known->second.cancel_arrived |= cancels && known->second.life == life_;
      continue;
    }
    if (known->second.cancel_arrived && !known->second.has_arrived &&
        scheduler_.now() - known->second.sent_at <= 5s)
      fail("I12", fmt::format("the cancel of {} overtook its create", known->first));
    if (!known->second.has_arrived && scheduler_.now() - known->second.sent_at > 2s)
      note("a create arrived late");
    known->second.has_arrived = true;
  }
}

// ---- what the bot is told and claims

void Auditor::life_began(std::uint64_t life) {
  life_ = life;
  last_at_ = Instant{INT64_MIN};
  alive_since_ = scheduler_.now();
  account_live_since_ = distant_future;
  frames_entered_.clear();
  claims_ = {};
  known_.clear();
  in_doubt_.clear();
  spoken_of_.clear();
  told_fills_.clear();
  told_money_.clear();
  asked_fills_.clear();
  account_known_since_ = distant_future;
  account_live_ = in_snapshot_ = account_known_ = snapshot_once_ = clock_told_ = false;
  charge_told_.reset();
  wallet_found_at_.reset();
  market_lost_at_.reset();
  market_live_ = false;
  account_asked_at_.reset();
  rounding_found_ = 0;
  barred_ = barred_kept_;
  killed_ = killed_kept_;
  for (Symbol& s : symbols_) {
    s.counts_too_much_since = {};
    s.synced = false;
    s.book_lost_at = Instant{INT64_MIN / 2};
  }
}

void Auditor::life_ended(std::uint64_t life, bool may_still_send) {
  if (!may_still_send) failed_life_ = life;
  account_live_since_ = distant_future;
  claims_ = {};
}

void Auditor::heard(const Event& event) {
  hear_account(event);
  if (const auto* update = std::get_if<BookUpdate>(&event)) {
    Symbol& s = symbols_[update->symbol.index];
    if (update->kind == UpdateKind::snapshot) {
      const bool touch_only = update->bids.size() <= 1 && update->asks.size() <= 1;
      if (touch_only && s.bids.size() > touch_levels && s.asks.size() > touch_levels)
        return fail("I18",
                    fmt::format("{}: a snapshot of the touch is taken for the book", s.terms.name.view()));
      if (update->update_id == 1 && s.heard_id > 1) note("u = 1 while a book was followed");
      s.synced = true;
    } else if (s.synced && update->update_id <= s.heard_id) {
      return;  // a twin
    } else if (update->update_id != s.heard_id + 1) {
      if (s.synced) note("a gap in a book");
      lose_book(s);
      return;
    }
    if (!s.synced) return;
    s.heard_id = update->update_id;
    s.heard_sequence = update->cross_sequence;
    s.heard_at = scheduler_.now();
    s.heard_matched_at = update->matched_at;
  } else if (const auto* link = std::get_if<LinkChanged>(&event)) {
    if (link->link == Link::market &&
        (link->state == LinkState::down || link->state == LinkState::connecting))
      for (Symbol& s : symbols_) lose_book(s);
    if (link->link == Link::market && (link->state == LinkState::live) != market_live_) {
      market_live_ = !market_live_;
      market_changed_at_ = scheduler_.now();
    }
    if (link->link == Link::account)
      account_live_since_ =
          link->state == LinkState::live ? std::min(account_live_since_, scheduler_.now()) : distant_future;
  }
}

void Auditor::lose_book(Symbol& s) {
  if (s.synced) s.book_lost_at = scheduler_.now();
  s.synced = false;
}

void Auditor::check_frame(const FeatureFrame& frame) {
  for (std::size_t i = 0; i < feature_count; ++i)
    if (frame.valid(i) && !std::isfinite(frame.values[i]))
      return fail("I21", fmt::format("feature {} of {} is called valid and is not finite", i + 1,
                                     symbols_[frame.symbol.index].terms.name.view()));
  symbols_[frame.symbol.index].shown = frame.top.synced;
  if (!frame.top.synced) return;
  if (market_lost_at_ && scheduler_.now() > *market_lost_at_)
    return fail("I18", fmt::format("{}: a book is shown although its connection was lost {} ms ago",
                                   symbols_[frame.symbol.index].terms.name.view(),
                                   (scheduler_.now() - *market_lost_at_) / 1ms));
  const Symbol& s = symbols_[frame.symbol.index];
  const auto name = s.terms.name.view();
  if (!s.synced)
    return fail("I18",
                fmt::format("{}: a frame shows a book that has a hole or belongs to a lost link", name));
  const auto top = std::find_if(s.tops.rbegin(), s.tops.rend(), [&](const Top& one) {
    return one.update_id == s.heard_id && one.cross_sequence == s.heard_sequence;
  });
  if (top == s.tops.rend()) return;  // older than what is kept
  if (top->whole && (top->bid != frame.top.bid.count || top->ask != frame.top.ask.count))
    fail("I18", fmt::format("{}: the book at u {} is {} {} at the venue and {} {} here", name, s.heard_id,
                            top->bid, top->ask, frame.top.bid.count, frame.top.ask.count));
}

void Auditor::stepped(const Stamped& event, const Outbox& out, Instant) {
  if (event.at < last_at_) fail("I24", "the core's time went back");
  last_at_ = event.at;
  if (const auto* config = std::get_if<ConfigChanged>(&event.what)) {
    limits_ = config->risk;
    limits_known_ = true;
  }
  if (const auto* command = std::get_if<OperatorCommand>(&event.what)) {
    switch (command->verb) {
      case OperatorVerb::resume:
        if (account_known_) barred_ = killed_;  // nothing is resumed over an account that nobody has read
        if (wallet_found_at_) wallet_found_at_ = scheduler_.now();  // he takes the wallet as it is
        break;
      case OperatorVerb::unlock:
        killed_ = false;
        break;
      case OperatorVerb::kill:
      case OperatorVerb::disconnect:
        killed_ = barred_ = true;
        killed_at_ = scheduler_.now();
        break;
      case OperatorVerb::pause:
      case OperatorVerb::reduce:
      case OperatorVerb::cancel_all:
      case OperatorVerb::flatten:
        barred_ = true;
        break;
      default:
        break;
    }
  }
  check_charge();
  check_reserved(event.what);
  check_commands(out);
  if (!strangers_ && claims_.stopped_by && claims_.stopped_by() == ReasonCode::external_activity)
    fail("I27", "trading is halted by what others did, and nobody else was there");
  for (const FeatureFrame& frame : out.frames) check_frame(frame);
  for (const Decision& decision : out.decisions) {
    ++reasons_[static_cast<std::size_t>(decision.reason)];
    if (decision.reason != ReasonCode::order_entry) continue;
    if (!frames_entered_.emplace(decision.symbol.index, decision.frame).second)
      fail("I6", fmt::format("frame {} of {} was entered twice", decision.frame,
                             symbols_[decision.symbol.index].terms.name.view()));
    decided_.emplace(decision.order.str(), scheduler_.now());
    Symbol& s = symbols_[decision.symbol.index];
    s.entered_at = scheduler_.now();
    s.entered_buy = decision.side == Side::buy;
    s.entered_lots = decision.size.count;
  }
}

void Auditor::journaled(const Command& command) {
  if (const auto* place = std::get_if<PlaceOrder>(&command)) journaled_.insert(place->id.str());
}

void Auditor::kept(const Carried& carried) {
  const bool by_a_person = carried.state >= TradingState::paused && !carried.stopped_by;
  barred_kept_ = barred_ && by_a_person;
  killed_kept_ = killed_ && carried.state == TradingState::killed;
}

// ---- what the world does beside it

void Auditor::forbidden() {
  slept_since_forbidden_ = {};
  if (scheduler_.now() - forbidden_at_ < forbidden_span && forbidden_life_ == life_) return;
  forbidden_at_ = scheduler_.now();
  forbidden_life_ = life_;
}

Instant Auditor::moved_at() const {
  const bool untold = std::ranges::any_of(symbols_, [&](const Symbol& s) {
    return exchange_->position(account_, s.terms.id).size.count != s.position;
  });
  return untold ? scheduler_.now() : moved_at_;
}

void Auditor::slept(Duration span) {
  slept_since_forbidden_ += span;
  for (Symbol& s : symbols_) s.heard_at = s.heard_at + span;
}

void Auditor::disturbed(SymbolId symbol) {
  symbols_[symbol.index].disturbed_at = scheduler_.now();
  strangers_ = true;
}

void Auditor::terms_changed(const Instrument& instrument) {
  Symbol& s = symbols_[instrument.id.index];
  s.terms_before.emplace_back(scheduler_.now(), s.terms);
  s.terms = instrument;
}

void Auditor::look() {
  look_at_beliefs();
  look_for_stops();
  look_for_agreement();
}

void Auditor::look_at_beliefs() {
  for (Symbol& s : symbols_) {
    const std::int64_t believes = claims_.position ? claims_.position(s.terms.id).count : 0;
    if ((believes > 0) != (s.believed > 0) || (believes < 0) != (s.believed < 0))
      s.believed_since = scheduler_.now();
    s.believed = believes;
  }
}

void Auditor::look_for_stops() {
  const Instant now = scheduler_.now();
  for (const Symbol& s : symbols_) {
    if (!s.unprotected_since || account_live_since_ == distant_future) continue;
    const Instant able =
        std::max({*s.unprotected_since, impaired_until_, alive_since_, account_live_since_, s.disturbed_at});
    if (able > now) continue;
    measured_.unprotected = std::max(measured_.unprotected, now - able);
    if (now - able > unprotected_longest)
      return fail("I8", fmt::format("{}: a position of {} lots has had no stop at the venue for {} s",
                                    s.terms.name.view(), s.position, (now - *s.unprotected_since) / 1s));
  }
}

/// What the bot and the venue are not yet agreed on; empty when it is nothing.
std::string_view Auditor::apart() const {
  if (!claims_.position) return "no bot runs";
  if (account_live_since_ == distant_future) return "the account's stream is not live";
  if (!account_known_) return "the account's lists were not read";
  for (const Symbol& s : symbols_) {
    const sim::PositionRow row = exchange_->position(account_, s.terms.id);
    if (!s.shown) return "a book";
    if (claims_.position(s.terms.id) != row.size) return "a position";
    if (row.size.count != 0 && row.stop_loss.count == 0) return "a stop";
    if (s.counts_too_much_since[0] || s.counts_too_much_since[1]) return "the orders";
  }
  const auto wallet = claims_.wallet();
  return wallet && *wallet != exchange_->wallet(account_).wallet_balance ? "the wallet" : "";
}

/// I5: once nothing strikes any more they come to agree; what follows is trading.
void Auditor::look_for_agreement() {
  const Instant now = scheduler_.now();
  if (!calm_since_ || measured_.converged || now < *calm_since_) return;
  const std::string_view what = apart();
  if (what.empty())
    measured_.converged = now - *calm_since_;
  else if (now - *calm_since_ > converged_longest)
    fail("I5", fmt::format("{} s after the faults the bot and the venue do not agree on one thing: {}",
                           converged_longest / 1s, what));
}

void Auditor::finish(const Belief& belief) {
  const bool old_enough = scheduler_.now() - alive_since_ > young_life;
  if (!belief.runs && old_enough) return fail("I27", "no bot runs although all is calm");
  // What was filled while the line was silent is told by lists: when they lag as long as a difference may
  // last, it must halt.
  const bool told_too_late =
      list_lag_ > std::chrono::milliseconds{limits_.mismatch_halt_ms} - mismatch_slack && calm_since_ &&
      account_live_at_ > *calm_since_;
  if (belief.stopped_by == ReasonCode::position_mismatch && !told_too_late)
    return fail("I27", "trading is halted by a mismatch although all is calm");
  // A slow line may be taken for a dead one at any time: it is closed, and opened anew.
  const bool line_changes = scheduler_.now() - market_changed_at_ <= (market_live_ ? book_comes : line_comes);
  for (const Symbol& s : symbols_)
    if (belief.runs && old_enough && !s.shown && !line_changes)
      return fail("I5", fmt::format("{}: the bot has no book although all is calm", s.terms.name.view()));
  if (belief.runs && old_enough && account_live_since_ == distant_future)
    return fail("I5", "the account's stream is not live although all is calm");
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const Symbol& s = symbols_[i];
    const auto name = s.terms.name.view();
    const sim::PositionRow row = exchange_->position(account_, s.terms.id);
    if (row.size.count != s.position)
      return fail("I4", fmt::format("{}: fills make {} lots and the venue shows {}", name, s.position,
                                    row.size.count));
    if (row.size.count != 0 && row.stop_loss.count == 0)
      return fail("I5",
                  fmt::format("{}: {} lots are held without a stop when all is calm", name, row.size.count));
    for (const auto& since : s.counts_too_much_since)
      if (old_enough && since && scheduler_.now() - std::max(*since, s.disturbed_at) > counted_longest)
        return fail("I27", fmt::format("{}: the bot has counted orders that nobody knows for {} s", name,
                                       (scheduler_.now() - *since) / 1s));
    if (i < belief.positions.size() && belief.positions[i].count != row.size.count)
      return fail("I5", fmt::format("{}: the bot believes {} lots and the venue holds {} when all is calm",
                                    name, belief.positions[i].count, row.size.count));
  }
  constexpr Duration oldest_entry = 60s;
  for (const sim::OrderRow& order : exchange_->open_orders(account_)) {
    if (order.stop != sim::StopKind::none || !created_.contains(order.client_id.view())) continue;
    if (scheduler_.now() - order.updated_at > oldest_entry)
      return fail("I5", fmt::format("order {} has been left at the venue for {} s", order.client_id.view(),
                                    (scheduler_.now() - order.updated_at) / 1s));
    if (killed_ && !order.reduce_only)
      return fail("I10", fmt::format("entry {} rests although the bot was killed", order.client_id.view()));
  }
  const std::int64_t wallet = exchange_->wallet(account_).wallet_balance.count;
  if (wallet != wallet_at_start_ + cash_)
    return fail("I11", fmt::format("the wallet moved by {} and the account's executions by {} (1e-8 USDT)",
                                   wallet - wallet_at_start_, cash_));
  if (belief.wallet && std::abs(belief.wallet->count - wallet) > rounding_found_)
    return fail("I11", fmt::format("the bot's ledger says {} and the wallet holds {}",
                                   to_text(*belief.wallet), to_text(E8{wallet})));
  if (belief.state == TradingState::halted && !belief.stopped_by && !barred_)
    fail("I27", "trading is halted and nobody says why");
}

}  // namespace mlbot::shell::simulate
