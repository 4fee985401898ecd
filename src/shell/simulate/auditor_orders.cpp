// What leaves the bot, request by request, against what the auditor knows.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "shell/simulate/auditor.h"

namespace mlbot::shell::simulate {
namespace {

constexpr Duration request_window = 5s;  ///< later the venue refuses a create
constexpr Duration forbidden_for = 9min;
constexpr Duration disturbance = 15s;  ///< what others did is known to the bot by then
constexpr Duration decision_age_max =
    1'100ms;                              ///< an entry waits a second for its turn, on a clock that drifts
constexpr Duration book_slack = 2s;       ///< between what the gate looked at and what leaves
constexpr Duration parts_longest = 180s;  ///< of an entry that is worked in parts
constexpr Duration terms_news = 120s;     ///< a change of terms is known by then
constexpr Duration signs_looked_back = 90s;
constexpr double price_slack = 1.02;  ///< between the bot's price and the lowest of the last seconds
constexpr std::size_t orders_per_s_max = 10, http_per_5s_max = 500;
constexpr Duration orders_span = 1s - 1ms, http_span = 5s - 5ms;  ///< on a clock that drifts

std::int64_t number_of(const Json& body, std::string_view key) {
  const auto found = body.find(key);
  if (found == body.end()) return 0;
  const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
  return parse_e8(text).value_or(E8{-1}).count;
}

std::string text_of(const Json& body, std::string_view key) {
  const auto found = body.find(key);
  return found != body.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

/// One order as it stands in a request.
struct Auditor::Body {
  explicit Body(const Json& order)
      : id{text_of(order, "orderLinkId")},
        symbol{text_of(order, "symbol")},
        side{text_of(order, "side")},
        type{text_of(order, "orderType")},
        quantity{number_of(order, "qty")},
        price{number_of(order, "price")},
        stop_loss{number_of(order, "stopLoss")},
        position_index{number_of(order, "positionIdx") / e8_per_unit},
        reduce_only{order.value("reduceOnly", false)} {}
  std::string id, symbol, side, type;
  std::int64_t quantity, price, stop_loss, position_index;  ///< E8
  bool reduce_only;
  bool buys() const { return side == "Buy"; }
};

void Auditor::sent(std::uint64_t life, Line line, std::string_view target, std::string_view body,
                   Instant shown_now) {
  check_rate(line);
  const Duration since_no = scheduler_.now() - forbidden_at_;
  if (line == Line::rest && life == forbidden_life_ && since_no > Duration{0} && since_no < forbidden_for)
    return fail("I13", fmt::format("{} was asked {} s after HTTP 403", target, since_no / 1s));
  if (life == failed_life_) return fail("I26", fmt::format("{} left a process that had failed", target));
  const bool by_socket = line == Line::orders;
  const bool is_public = target.starts_with("/v5/market/") || target.starts_with("/v5/system/");
  if (!by_socket && !is_public && !clock_told_)
    return fail("H65", fmt::format("{} was signed before the venue's time was known", target));
  if (target.starts_with("/v5/position/trading-stop")) check_stop(body);
  if (target.starts_with("/v5/order/cancel-all")) check_cancel_all(body);
  if (target.starts_with("/v5/execution/list")) {
    constexpr std::string_view key = "orderLinkId=";
    if (const auto at = target.find(key); at != target.npos) {
      const auto from = at + key.size();
      asked_fills_[std::string{target.substr(from, target.find('&', from) - from)}] = scheduler_.now();
    }
  }
  const auto has = [&](std::string_view rest_path, std::string_view op) {
    return by_socket ? body.find(op) != body.npos : target.starts_with(rest_path);
  };
  const bool creates = has("/v5/order/create", R"("op":"order.create)");
  const bool amends = !creates && has("/v5/order/amend", R"("op":"order.amend)");
  if (!creates && !amends) return;
  const Json message = Json::parse(body, nullptr, false);
  if (message.is_discarded()) return fail("I15", fmt::format("a request that is no JSON: {}", body));
  const Json& outer = by_socket ? message.at("args").at(0) : message;
  const auto one = [&](const Json& order, bool in_batch) {
    const Body read{order};
    if (creates)
      create(life, read, shown_now, in_batch);
    else
      amend(read);
  };
  if (const auto batch = outer.find("request"); batch != outer.end())
    for (const Json& order : *batch) one(order, true);
  else
    one(outer, false);
}

void Auditor::check_rate(Line line) {
  const Instant now = scheduler_.now();
  const auto over = [&](std::deque<Instant>& sent, Duration span, std::size_t most) {
    sent.push_back(now);
    while (sent.front() + span <= now) sent.pop_front();
    return sent.size() > most;
  };
  if (line == Line::rest && over(http_sent_, http_span, http_per_5s_max))
    return fail("I13", fmt::format("{} requests in 5 s", http_sent_.size()));
}

void Auditor::create(std::uint64_t life, const Body& body, Instant shown_now, bool in_batch) {
  ++creates_;
  moved_at_ = scheduler_.now();
  std::deque<Instant>& sent = in_batch ? batched_sent_ : orders_sent_;  // the venue counts them apart
  sent.push_back(scheduler_.now());
  while (sent.front() + orders_span <= scheduler_.now()) sent.pop_front();
  if (sent.size() > orders_per_s_max) return fail("I13", fmt::format("{} creates in a second", sent.size()));
  const auto id = symbol_of(body.symbol);
  if (!id) return fail("I15", fmt::format("an order for {}, which is not traded here", body.symbol));
  if (body.id.empty()) return fail("I2", "a create without an id");
  if (const auto known = created_.find(body.id); known != created_.end())
    return fail("I2", fmt::format("the create of {} was sent twice", body.id));
  if (!journaled_.contains(body.id))
    return fail("I3", fmt::format("{} left before it was in the journal", body.id));
  Symbol& s = symbols_[id->index];
  check_grid(body, s);
  const Create order{.symbol = *id,
                     .buy = body.buys(),
                     .reduce_only = body.reduce_only,
                     .lots = body.quantity / s.terms.lot_step.count,
                     .sent_at = scheduler_.now(),
                     .life = life};
  created_.emplace(body.id, order);
  known_.push_back(body.id);
  if (body.position_index != 0)
    return fail("I14", fmt::format("{}: positionIdx {} in one-way mode", body.id, body.position_index));
  if (body.reduce_only) {
    check_close(body, s);
  } else {
    check_entry(body, s, shown_now);
    check_exposure(body, *id);
  }
}

/// By the terms of now, or by any that were in force a moment ago, or when they could last be read.
bool Auditor::fit_terms(const Symbol& s, const std::function<bool(const Instrument&)>& fits) const {
  return fits(s.terms) || std::ranges::any_of(s.terms_before, [&](const auto& before) {
           return scheduler_.now() - std::max(before.first, impaired_until_) < terms_news &&
                  fits(before.second);
         });
}

void Auditor::check_grid(const Body& body, const Symbol& s) {
  const auto fits = [&](const Instrument& terms) {
    if (body.quantity <= 0 || body.quantity % terms.lot_step.count != 0) return false;
    if (body.type == "Limit" && (body.price <= 0 || body.price % terms.tick_size.count != 0)) return false;
    if (body.stop_loss != 0 && body.stop_loss % terms.tick_size.count != 0) return false;
    const std::int64_t lots = body.quantity / terms.lot_step.count;
    const Lots most = body.type == "Market" ? terms.max_market_order : terms.max_limit_order;
    return lots >= terms.min_order.count && lots <= most.count;
  };
  if (fit_terms(s, fits)) return;
  fail("I15", fmt::format("{}: {} {} at {} is not on the grid of {}", body.id, body.type,
                          to_text(E8{body.quantity}), to_text(E8{body.price}), body.symbol));
}

std::int64_t Auditor::lowest_mid(const Symbol& s, Duration back) const {
  std::int64_t lowest = 0;
  const Instant since = scheduler_.now() - back;
  for (const Mid& mid : s.mids)
    if (lowest == 0 || mid.at >= since)
      lowest = lowest == 0 || mid.at < since ? mid.price : std::min(lowest, mid.price);
  return lowest;
}

/// What may come of the symbol if everything fills on the worse side: held, open, and under way.
std::int64_t Auditor::worst_lots(SymbolId id) const {
  std::int64_t buys = 0, sells = 0;
  for (const sim::OrderRow& order : exchange_->open_orders(account_)) {
    if (order.symbol != id || order.reduce_only || order.stop != sim::StopKind::none) continue;
    if (!created_.contains(order.client_id.view())) continue;
    (order.side == Side::buy ? buys : sells) += order.leaves().count;
  }
  for (const auto& [name, order] : created_) {
    if (order.symbol != id || order.reduce_only || order.has_arrived) continue;
    if (scheduler_.now() - order.sent_at > request_window) continue;
    (order.buy ? buys : sells) += order.lots;
  }
  const std::int64_t held = exchange_->position(account_, id).size.count;
  return std::max(std::abs(held + buys), std::abs(held - sells));
}

void Auditor::check_exposure(const Body& body, SymbolId id) {
  if (!limits_known_) return fail("I1", fmt::format("{} left before any limit was known", body.id));
  const auto over = [](double value, E8 limit) {
    return value > static_cast<double>(limit.count) * price_slack;
  };
  const Symbol& s = symbols_[id.index];
  const double own = static_cast<double>(body.quantity) * static_cast<double>(body.price) * 1e-8;
  if (over(own, limits_.max_order_notional))
    return fail("I1", fmt::format("{} is worth {:.2f} and one order may be {}", body.id, own * 1e-8,
                                  to_text(limits_.max_order_notional)));
  double total = 0;
  for (const Symbol& other : symbols_) {
    if (scheduler_.now() - other.disturbed_at < disturbance) return;
    const double lots = static_cast<double>(worst_lots(other.terms.id));
    if (lots == 0) continue;
    const double mid = static_cast<double>(lowest_mid(other, 15s));
    const double worth = lots * static_cast<double>(other.terms.lot_step.count) * mid * 1e-8;
    total += worth;
    if (&other == &s && over(worth, limits_.max_symbol_notional))
      return fail("I1", fmt::format("with {} {} may come to {:.2f}, and {} is the limit", body.id,
                                    body.symbol, worth * 1e-8, to_text(limits_.max_symbol_notional)));
  }
  if (over(total, limits_.max_total_notional))
    fail("I1", fmt::format("with {} all may come to {:.2f}, and {} is the limit", body.id, total * 1e-8,
                           to_text(limits_.max_total_notional)));
}

/// An entry is a decision's first order, sent at once, or a later part of what it decided: all its parts
/// together, filled or still at work, are no more than that.
void Auditor::check_decision(const Body& body, const Symbol& s) {
  const auto first = decided_.find(body.id);
  if (first != decided_.end()) {
    measured_.entry_age = std::max(measured_.entry_age, scheduler_.now() - first->second);
    if (scheduler_.now() - first->second > decision_age_max)
      fail("I7", fmt::format("entry {} left {} ms after it was decided", body.id,
                             (scheduler_.now() - first->second) / 1ms));
    return;
  }
  if (scheduler_.now() - s.entered_at > parts_longest || s.entered_buy != body.buys())
    return fail("I6", fmt::format("entry {} comes from no decision", body.id));
  std::int64_t lots = 0;
  for (const auto& [id, order] : created_) {
    if (order.symbol != s.terms.id || order.reduce_only || order.buy != body.buys() ||
        order.sent_at < s.entered_at)
      continue;
    const auto row = exchange_->find_order(account_, {{}, ClientOrderId{id}});
    if (row)
      lots += row->filled.count + row->leaves().count;
    else if (!order.has_arrived && scheduler_.now() - order.sent_at <= request_window)
      lots += order.lots;
  }
  if (lots > s.entered_lots)
    fail("I6", fmt::format("with {} {} lots come of a decision for {}", body.id, lots, s.entered_lots));
}

void Auditor::check_entry(const Body& body, Symbol& s, Instant) {
  last_entry_sent_ = scheduler_.now();
  if (killed_) return fail("I10", fmt::format("entry {} left after the kill", body.id));
  if (barred_)
    return fail("I9", fmt::format("entry {} left although the operator had stopped entries", body.id));
  check_decision(body, s);
  if (violation_) return;
  // What was decided on a book that was whole may wait for its turn while the book is lost.
  if (!s.synced && scheduler_.now() - s.book_lost_at > decision_age_max)
    return fail("I7", fmt::format("entry {} left on a book that is not whole", body.id));
  const Duration allowed = std::chrono::milliseconds{limits_.max_feed_age_ms} + book_slack;
  measured_.book_age = std::max(measured_.book_age, scheduler_.now() - s.heard_at);
  if (scheduler_.now() - s.heard_at > allowed)
    return fail("I7", fmt::format("entry {} left on a book that was last heard of {} ms ago", body.id,
                                  (scheduler_.now() - s.heard_at) / 1ms));
  if (body.stop_loss <= 0) return fail("I8", fmt::format("entry {} carries no stop", body.id));
  const bool beyond = body.buys() ? body.stop_loss < body.price : body.stop_loss > body.price;
  const double distance =
      std::abs(static_cast<double>(body.stop_loss - body.price)) / static_cast<double>(body.price);
  if (!beyond || distance > 1.02e-4 * limits_.stop_distance_bps + 1e-4)
    fail("I8", fmt::format("entry {} at {} carries a stop at {}", body.id, to_text(E8{body.price}),
                           to_text(E8{body.stop_loss})));
}

void Auditor::check_close(const Body& body, const Symbol& s) {
  if (!account_known_) return;  // what ended while nobody listened no list has told yet
  const Instant since = scheduler_.now() - signs_looked_back;
  const auto closes = [&](std::int64_t held) { return body.buys() ? held < 0 : held > 0; };
  // The venue may have closed it a moment ago, and no fill of that is told yet.
  if (closes(exchange_->position(account_, s.terms.id).size.count) || closes(s.position)) return;
  for (const auto& [until, held] : s.positions)
    if (until >= since && closes(held)) return;
  fail("I14", fmt::format("{}: a {} that reduces, and nothing of that kind was held", body.id, body.side));
}

void Auditor::amend(const Body& body) {
  const auto known = created_.find(body.id);
  if (known == created_.end())
    return fail("I2", fmt::format("an amend of {}, which was never created", body.id));
  if (!known->second.reduce_only) last_entry_sent_ = scheduler_.now();
  if (killed_ && !known->second.reduce_only)
    return fail("I10", fmt::format("entry {} was amended after the kill", body.id));
  const Symbol& s = symbols_[known->second.symbol.index];
  const auto fits = [&](const Instrument& terms) {
    return body.price % terms.tick_size.count == 0 && body.quantity % terms.lot_step.count == 0;
  };
  if (!fit_terms(s, fits))
    fail("I15", fmt::format("the amend of {} to {} is not on the grid", body.id, to_text(E8{body.price})));
}

}  // namespace mlbot::shell::simulate
