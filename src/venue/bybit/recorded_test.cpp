// Every recorded message is read as reviewed: one line of the table for each line of each file, with the few
// values that decide. All symbols are known here, on a grid of 1e-8, so that spot lines are read too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "domain/words.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/recorded_expected.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/rest_rows.h"
#include "venue/bybit/stream_requests.h"
#include "venue/bybit/test_support.h"
#include "venue/bybit/trade_decode.h"

namespace mlbot::venue::bybit {
namespace {

const InstrumentTable& any_grid() {
  static const InstrumentTable made{[] {
    std::vector<Instrument> list;
    for (const char* name : {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ROSEUSDT", "STRKUSDT", "CHRUSDT",
                             "AAPLUSDT", "ESPORTSUSDT", "ICPUSDT", "ETHPERP", "BTCUSD", "BITUSDT", "FWOGUSDT",
                             "ZORAUSDT", "BERAUSDT", "BTCUSDZ22", "DOGEUSDT", "BTC-30DEC22-18000-C"}) {
      list.push_back({.id = {static_cast<std::uint16_t>(list.size())},
                      .name = SymbolName{name},
                      .tick_size = {1},
                      .lot_step = {1}});
    }
    return list;
  }()};
  return made;
}

std::string name(SymbolId id) { return any_grid()[id].name.str(); }
std::string steps(std::int64_t count) { return to_text(E8{count}); }
std::string ms(Instant at) { return std::to_string(at.ms()); }

std::string side_text(char letter, std::span<const BookLevel> levels) {
  std::string out = fmt::format(" {}{}", letter, levels.size());
  if (!levels.empty())
    out += fmt::format(":{}x{}", steps(levels[0].price.count), steps(levels[0].size.count));
  return out;
}

struct Show {
  std::string operator()(const BookUpdate& e) const {
    return fmt::format("book {} {} u{} seq{} at{}{}{}", name(e.symbol),
                       e.kind == UpdateKind::snapshot ? "snapshot" : "delta", e.update_id, e.cross_sequence,
                       ms(e.matched_at), side_text('b', e.bids), side_text('a', e.asks));
  }
  std::string operator()(const Trades& e) const {
    const Trade& t = e.list.front();
    return fmt::format("{} trades {} {} {}@{} at{} seq{}{} id {}", e.list.size(), name(e.symbol),
                       word(t.taker), steps(t.size.count), steps(t.price.count), ms(t.matched_at),
                       t.cross_sequence, t.price_improvement ? " rpi" : "", t.id.view());
  }
  std::string operator()(const Kline& e) const {
    return fmt::format("kline {} {}m {} {}/{}/{}/{} v{} {}", name(e.symbol), e.interval_minutes, ms(e.start),
                       steps(e.open.count), steps(e.high.count), steps(e.low.count), steps(e.close.count),
                       steps(e.volume.count), e.confirmed ? "closed" : "open");
  }
  std::string operator()(const Ticker& e) const {
    std::string out = fmt::format("ticker {} {} cs{}", name(e.symbol),
                                  e.kind == UpdateKind::snapshot ? "snapshot" : "delta", e.cross_sequence);
    const auto put = [&](const char* label, const std::optional<E8>& value) {
      if (value) out += fmt::format(" {}{}", label, to_text(*value));
    };
    put("last", e.last_price);
    put("mark", e.mark_price);
    put("index", e.index_price);
    put("oi", e.open_interest);
    put("funding", e.funding_rate);
    if (e.next_funding) out += " next" + ms(*e.next_funding);
    if (e.funding_interval_hours) out += fmt::format(" {}h", *e.funding_interval_hours);
    return out;
  }
  std::string operator()(const Liquidations& e) const {
    const Liquidation& l = e.list.front();
    return fmt::format("{} liquidation {} {} {}@{} at{}", e.list.size(), name(e.symbol), word(l.liquidated),
                       steps(l.size.count), to_text(l.bankruptcy_price), ms(l.at));
  }
  std::string operator()(const PriceLimit& e) const {
    return fmt::format("limits {} {} {}", name(e.symbol), to_text(e.highest_buy), to_text(e.lowest_sell));
  }
  std::string operator()(const AdlAlerts& e) const {
    std::string out = "adl";
    for (const AdlAlert& a : e.list)
      out += fmt::format(" {} {} {} {} {}", name(a.symbol), a.balance, a.drawdown, a.trigger, a.stop);
    return out;
  }
  std::string operator()(const OrderNews& e) const {
    return fmt::format("order {} {} {} {} {} {}/{}@{} avg{}{}{} why'{}' {} '{}'", name(e.symbol),
                       word(e.status), word(e.side), word(e.type), word(e.time_in_force),
                       steps(e.filled.count), steps(e.size.count), steps(e.price.count),
                       to_text(e.average_price), e.conditional ? " conditional" : "",
                       e.reduce_only ? " reduce" : "", e.reason.view(), ms(e.updated_at), e.client_id.view());
  }
  std::string operator()(const Execution& e) const {
    return fmt::format("execution {} {} {} {}@{} fee{} pnl{} {} {} '{}' id {}", name(e.symbol), word(e.kind),
                       word(e.side), steps(e.size.count), to_text(e.price), to_text(e.fee),
                       to_text(e.realised_pnl), word(e.liquidity), ms(e.at), e.client_id.view(),
                       e.execution_id.view().substr(0, 8));
  }
  std::string operator()(const FastExecution& e) const {
    return fmt::format("fast {} {} {}@{} {} {} seq{} '{}'", name(e.symbol), word(e.side), steps(e.size.count),
                       to_text(e.price), word(e.liquidity), ms(e.at), e.cross_sequence, e.client_id.view());
  }
  std::string operator()(const PositionNews& e) const {
    return fmt::format("position {} {} {}@{} mark{} liq{} sl{} tp{} x{} pnl{} seq{}", name(e.symbol),
                       e.position_index, steps(e.size.count), to_text(e.entry_price), to_text(e.mark_price),
                       to_text(e.liquidation_price), to_text(e.stop_loss), to_text(e.take_profit),
                       to_text(e.leverage), to_text(e.realised_pnl), e.cross_sequence);
  }
  std::string operator()(const WalletNews& e) const {
    return fmt::format("wallet {} {} free{} upl{} im{} mm{}", to_text(e.equity), to_text(e.wallet_balance),
                       to_text(e.available), to_text(e.unrealised_pnl), to_text(e.initial_margin),
                       to_text(e.maintenance_margin));
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "an event that no message makes";
  }
};
std::string show(const Event& event) { return std::visit(Show{}, event); }
template <class Events>
std::string show_all(const Events& events) {
  std::string out;
  for (const auto& event : events) out += (out.empty() ? "" : " | ") + show(Event{event});
  return out;
}
std::string show(const Control& c) {
  constexpr std::array kinds{"subscribe", "unsubscribe", "auth", "pong", "other"};
  return fmt::format("{} {} '{}' '{}'", kinds[static_cast<std::size_t>(c.kind)],
                     c.accepted ? "accepted" : "refused", c.request_id, c.text);
}
std::string show(const DecodeError& error) { return fmt::format("! {}: {}", error.where, error.what); }
std::string show(const std::vector<OrderAck>& acks) {
  std::string out = fmt::format("{} orders", acks.size());
  for (const OrderAck& a : acks)
    out += fmt::format(" [{} {} '{}' {}]", a.symbol.view(), a.venue_id.view().substr(0, 8),
                       a.client_id.view(), a.code);
  return out;
}

std::string read_public(const std::string& line) {
  DecodeScratch scratch;
  const auto message = decode_public(line, any_grid(), scratch);
  if (!message) return show(message.error());
  if (const auto* control = std::get_if<Control>(&*message)) return show(*control);
  const auto& news = std::get<MarketNews>(*message);
  return fmt::format("{}{} {}", news.depth != 0 ? std::to_string(news.depth) + " " : "", ms(news.venue_time),
                     show(news.event));
}
std::string read_private(const std::string& line) {
  DecodeScratch scratch;
  const auto message = decode_private(line, any_grid(), scratch);
  if (!message) return show(message.error());
  if (const auto* control = std::get_if<Control>(&*message)) return show(*control);
  const auto& news = std::get<AccountNews>(*message);
  return fmt::format("{} foreign{} {}", ms(news.venue_time), news.foreign_rows, show_all(news.events));
}
std::string read_trade(const std::string& line) {
  DecodeScratch scratch;
  const auto message = decode_trade(line, scratch);
  if (!message) return show(message.error());
  if (const auto* control = std::get_if<Control>(&*message)) return show(*control);
  const auto& reply = std::get<TradeReply>(*message);
  return fmt::format("{} '{}' {} '{}' {}/{} {} {}", reply.operation, reply.request_id, reply.code,
                     reply.text.view(), reply.quota.left.value_or(-1), reply.quota.limit.value_or(-1),
                     ms(reply.venue_time), show(reply.orders));
}
std::string read_request(const std::string& line) {
  const auto request = decode_stream_request(line);
  if (!request) return show(request.error());
  constexpr std::array kinds{"subscribe", "unsubscribe", "auth", "ping", "unknown"};
  std::string out =
      fmt::format("{} '{}'", kinds[static_cast<std::size_t>(request->kind)], request->request_id);
  for (const auto& topic : request->topics) out += " " + topic;
  if (!request->key.empty()) out += fmt::format(" {} {}", request->key, request->expires_ms);
  return out;
}
/// The order-entry request of a client: the venue's side of it is tested in request_test.
std::string read_either(const std::string& line) {
  return line.find("\"topic\"") != line.npos && line.find("creationTime") != line.npos ? read_private(line)
         : line.find("\"op\"") != line.npos                                            ? read_trade(line)
                                                                                       : read_public(line);
}

std::string read_head(const std::string& line) {
  DecodeScratch scratch;
  const auto head = decode_head(line, scratch);
  if (!head) return show(head.error());
  return fmt::format("{} {} '{}' {}", head->code, to_string(class_of(head->code)), head->text.substr(0, 40),
                     ms(head->time));
}

template <class T, class Print>
std::string shown(const Result<T, DecodeError>& decoded, Print&& print) {
  return decoded ? print(*decoded) : show(decoded.error());
}
template <auto decoder>
std::string read_rows_of(const std::string& body) {
  DecodeScratch scratch;
  std::vector<Event> events;
  const auto page = decoder(body, any_grid(), scratch, events);
  return shown(page, [&](const ListPage& p) {
    return fmt::format("foreign{} {} cursor'{}'", p.foreign_rows, show_all(events), p.cursor.substr(0, 12));
  });
}

using Read = std::string (*)(const std::string&);

std::string read_instruments(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_instruments(body, scratch), [](const InstrumentPage& p) {
    std::string out = fmt::format("{} contracts {} refused", p.list.size(), p.refused.size());
    if (!p.list.empty()) {
      const Instrument& i = p.list.front();
      out +=
          fmt::format(" {} tick{} lot{} max{}/{} notional{} x{} {}min", i.name.view(), to_text(i.tick_size),
                      to_text(i.lot_step), i.size_text(i.max_limit_order), i.size_text(i.max_market_order),
                      to_text(i.min_notional), to_text(i.max_leverage), i.funding_interval_minutes);
    }
    for (const auto& r : p.refused) out += fmt::format(" {}: {}", r.where, r.what);
    return out;
  });
}
std::string read_klines(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_klines(body, any_grid()[{0}], 1, scratch), [](const std::vector<Kline>& bars) {
    return fmt::format("{} bars, {}", bars.size(), show(Event{bars.front()}));
  });
}
std::string read_bars(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_price_bars(body, scratch), [](const std::vector<PriceBar>& bars) {
    const PriceBar& b = bars.front();
    return fmt::format("{} bars, {} {}/{}/{}/{}", bars.size(), ms(b.start), to_text(b.open), to_text(b.high),
                       to_text(b.low), to_text(b.close));
  });
}
std::string read_tickers(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_tickers(body, any_grid(), scratch), [](const std::vector<Ticker>& list) {
    return fmt::format("{} of ours, {}", list.size(), show(Event{list.front()}));
  });
}
std::string read_book_body(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_book(body, any_grid(), scratch), [](const BookUpdate& b) { return show(Event{b}); });
}
std::string read_recent(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_recent_trades(body, any_grid(), scratch),
               [](const Trades& t) { return show(Event{t}); });
}
std::string read_adl(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_adl_alerts(body, any_grid(), scratch),
               [](const AdlAlerts& a) { return show(Event{a}); });
}
std::string read_wallet_body(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_wallet(body, scratch), [](const WalletNews& w) { return show(Event{w}); });
}
std::string read_time(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_server_time(body, scratch), [](Instant at) { return std::to_string(at.ns); });
}
std::string read_fees(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_fee_rates(body, scratch), [](const std::vector<FeeRow>& rows) {
    return fmt::format("{} {} taker{} maker{}", rows.size(), rows[0].symbol.view(),
                       to_text(rows[0].rates.taker), to_text(rows[0].rates.maker));
  });
}
std::string read_ack(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_order_ack(body, scratch), [](const OrderIds& ids) {
    return fmt::format("{} '{}'", ids.venue_id.view(), ids.client_id.view());
  });
}
std::string read_acks(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_order_acks(body, scratch),
               [](const std::vector<OrderAck>& acks) { return show(acks); });
}
std::string read_funding(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_funding_history(body, scratch), [](const std::vector<FundingRow>& rows) {
    return fmt::format("{} {} {} {}", rows.size(), rows[0].symbol.view(), to_text(rows[0].rate),
                       ms(rows[0].at));
  });
}
std::string read_open_interest(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_open_interest(body, scratch), [](const RowPage<OpenInterestRow>& p) {
    return fmt::format("{} {} both{} one{} '{}'", p.list.size(), ms(p.list[0].at),
                       to_text(p.list[0].both_sides), to_text(p.list[0].one_side), p.cursor);
  });
}
std::string read_risk(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_risk_limit_rows(body, scratch), [](const RowPage<RiskLimitRow>& p) {
    const RiskLimitRow &a = p.list.front(), &z = p.list.back();
    return fmt::format("{} {} {} mm{} im{} x{}{} ... {} mm{} x{}", p.list.size(), a.symbol.view(),
                       to_text(a.limit), to_text(a.maintenance_margin), to_text(a.initial_margin),
                       to_text(a.max_leverage), a.lowest ? " lowest" : "", to_text(z.limit),
                       to_text(z.maintenance_margin), to_text(z.max_leverage));
  });
}
std::string read_insurance(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_insurance(body, scratch), [](const InsurancePage& p) {
    return fmt::format("{} at{} {} {} '{}' ${}", p.list.size(), ms(p.updated_at), p.list[0].coin,
                       to_text(p.list[0].balance), p.list[0].symbols.substr(0, 8), p.list[0].value_usd);
  });
}
std::string read_ratio(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_account_ratio(body, scratch), [](const RowPage<AccountRatioRow>& p) {
    return fmt::format("{} {} {} {} {}", p.list.size(), p.list[0].symbol.view(),
                       to_text(p.list[0].long_share), to_text(p.list[0].short_share), ms(p.list[0].at));
  });
}
std::string read_pre_check(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_pre_check(body, scratch), [](const PreCheck& c) {
    return fmt::format("{} {} {} {}", c.initial_before, c.maintenance_before, c.initial_after,
                       c.maintenance_after);
  });
}
std::string read_margin(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_add_margin(body, scratch), [](const MarginRow& r) {
    return fmt::format("{} {} {}@{} liq{} im{} x{} {}", r.symbol.view(), r.position_index, to_text(r.size),
                       to_text(r.average_price), to_text(r.liquidation_price), to_text(r.initial_margin),
                       to_text(r.leverage), ms(r.updated_at));
  });
}
std::string read_closed(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_closed_pnl(body, scratch), [](const RowPage<ClosedPnlRow>& p) {
    const ClosedPnlRow& r = p.list[0];
    return fmt::format("{} {} {} {} {}->{} pnl{} x{} fills{} {}", p.list.size(), r.symbol.view(),
                       word(r.side), to_text(r.size), to_text(r.entry_price), to_text(r.exit_price),
                       to_text(r.profit), to_text(r.leverage), r.fills, ms(r.updated_at));
  });
}
std::string read_log(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_transactions(body, scratch), [](const RowPage<TransactionRow>& p) {
    std::string out = fmt::format("{} '{}'", p.list.size(), p.cursor);
    for (const TransactionRow& r : p.list)
      out += fmt::format(" [{} {} {} {}@{} fee{} funding{} change{} = {} at{}]", r.type, r.symbol.view(),
                         r.side ? word(*r.side) : "-", to_text(r.quantity), to_text(r.price), to_text(r.fee),
                         to_text(r.funding), to_text(r.change), to_text(r.balance), ms(r.at));
    return out;
  });
}
std::string read_info(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_account_info(body, scratch), [](const AccountInfo& i) {
    return fmt::format("mode {} status{} {} {}", word(i.margin_mode), i.unified_status,
                       i.master_trader ? "master" : "plain", ms(i.updated_at));
  });
}
std::string read_reasons(const std::string& body) {
  DecodeScratch scratch;
  return read_head(body) +
         shown(decode_margin_mode_reasons(body, scratch), [](const std::vector<MarginModeReason>& list) {
           return fmt::format(" {} reasons {} {}", list.size(), list[0].code, list[0].text);
         });
}
std::string read_settings(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_user_settings(body, scratch), [](const UserSettings& s) {
    return fmt::format("rejects {} {}", s.rejects_beyond_limit, s.rejects_beyond_limit_spot);
  });
}
std::string read_disconnect(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_disconnect_info(body, scratch), [](const std::vector<DisconnectRow>& rows) {
    std::string out;
    for (const auto& r : rows) out += fmt::format("[{} {} {}]", r.product, r.armed, r.window_seconds);
    return out;
  });
}
std::string read_group(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_smp_group(body, scratch), [](std::int64_t group) { return std::to_string(group); });
}
std::string read_key(const std::string& body) {
  DecodeScratch scratch;
  return shown(decode_key_info(body, scratch), [](const KeyInfo& k) {
    return fmt::format("{} {} {} rights order:{} wallet:{} withdraw:{} ips{} {} days{} uta{} master{}", k.id,
                       k.read_only ? "read-only" : "read-write", k.permissions.size(),
                       k.may("ContractTrade", "Order"), k.may_any("Wallet"), k.may("Wallet", "Withdraw"),
                       k.addresses.size(), k.expires_at, k.deadline_days, k.unified, k.master);
  });
}

/// How the lines of each file are read.
const std::map<std::string, Read> readers{
    {"rest-account/fee-rate.jsonl", read_fees},
    {"rest-account/info.jsonl", read_info},
    {"rest-account/query-dcp-info.jsonl", read_disconnect},
    {"rest-account/set-margin-mode.jsonl", read_reasons},
    {"rest-account/smp-group.jsonl", read_group},
    {"rest-account/transaction-log.jsonl", read_log},
    {"rest-account/user-setting-config.jsonl", read_settings},
    {"rest-account/wallet-balance.jsonl", read_wallet_body},
    {"rest-errors/error-texts.jsonl", read_head},
    {"rest-errors/errors.jsonl", read_head},
    {"rest-errors/ok-empty.jsonl", read_head},
    {"rest-market/account-ratio.jsonl", read_ratio},
    {"rest-market/adlAlert.jsonl", read_adl},
    {"rest-market/funding-history.jsonl", read_funding},
    {"rest-market/index-price-kline.jsonl", read_bars},
    {"rest-market/instruments-info.jsonl", read_instruments},
    {"rest-market/instruments-info.result.jsonl", read_instruments},
    {"rest-market/insurance.jsonl", read_insurance},
    {"rest-market/kline.jsonl", read_klines},
    {"rest-market/kline.result.jsonl", read_klines},
    {"rest-market/mark-price-kline.jsonl", read_bars},
    {"rest-market/mark-price-kline.result.jsonl", read_bars},
    {"rest-market/open-interest.jsonl", read_open_interest},
    {"rest-market/orderbook.jsonl", read_book_body},
    {"rest-market/premium-index-price-kline.jsonl", read_bars},
    {"rest-market/recent-trade.jsonl", read_recent},
    {"rest-market/risk-limit.jsonl", read_risk},
    {"rest-market/risk-limit.result.jsonl", read_risk},
    {"rest-market/tickers.jsonl", read_tickers},
    {"rest-market/tickers.result.jsonl", read_tickers},
    {"rest-market/time.jsonl", read_time},
    {"rest-position/add-margin.jsonl", read_margin},
    {"rest-position/closed-pnl.jsonl", read_closed},
    {"rest-position/list.jsonl", read_rows_of<decode_positions>},
    {"rest-position/set-auto-add-margin.jsonl", read_head},
    {"rest-position/set-leverage.jsonl", read_head},
    {"rest-position/switch-mode.jsonl", read_head},
    {"rest-position/trading-stop.jsonl", read_head},
    {"rest-trade/amend-batch.jsonl", read_acks},
    {"rest-trade/amend.jsonl", read_ack},
    {"rest-trade/cancel-all.jsonl", read_acks},
    {"rest-trade/cancel-batch.jsonl", read_acks},
    {"rest-trade/cancel.jsonl", read_ack},
    {"rest-trade/create-batch.jsonl", read_acks},
    {"rest-trade/create.jsonl", read_ack},
    {"rest-trade/disconnected-cancel-all.jsonl", read_head},
    {"rest-trade/execution-list.jsonl", read_rows_of<decode_executions>},
    {"rest-trade/history.jsonl", read_rows_of<decode_orders>},
    {"rest-trade/pre-check.jsonl", read_pre_check},
    {"rest-trade/realtime.jsonl", read_rows_of<decode_orders>},
    {"rest-user/query-api.jsonl", read_key},
    {"sequences/book-linear-2026-03.jsonl", read_public},
    {"sequences/one-order-2025-10.jsonl", read_either},
    {"ws-control/auth.jsonl", read_private},
    {"ws-control/pong.jsonl", read_public},
    {"ws-control/requests.jsonl", read_request},
    {"ws-control/subscribe.ack.jsonl", read_public},
    {"ws-control/subscribe.error.jsonl", read_public},
    {"ws-control/unsubscribe.ack.jsonl", read_public},
    {"ws-private/execution.fast.jsonl", read_private},
    {"ws-private/execution.jsonl", read_private},
    {"ws-private/order.jsonl", read_private},
    {"ws-private/position.jsonl", read_private},
    {"ws-private/wallet.jsonl", read_private},
    {"ws-public/adlAlert.jsonl", read_public},
    {"ws-public/allLiquidation.jsonl", read_public},
    {"ws-public/kline.jsonl", read_public},
    {"ws-public/liquidation.deprecated.jsonl", read_public},
    {"ws-public/orderbook.1.jsonl", read_public},
    {"ws-public/orderbook.50.jsonl", read_public},
    {"ws-public/publicTrade.jsonl", read_public},
    {"ws-public/tickers.jsonl", read_public},
    {"ws-trade/auth.ack.jsonl", read_trade},
    {"ws-trade/auth.request.jsonl", read_request},
    {"ws-trade/order.ack.jsonl", read_trade},
    {"ws-trade/order.error.jsonl", read_trade},
    {"ws-trade/order.request.jsonl", read_request},
    {"ws-trade/pong.jsonl", read_trade}};

TEST(Recorded, EveryLineIsReadAsReviewed) {
  std::map<std::pair<std::string, int>, std::string> expected;
  for (const auto& row : recorded_expected) expected[{row.file, row.line}] = row.seen;
  std::size_t seen = 0;
  for (const auto& [file, read] : readers) {
    MLBOT_RECORDED(lines, file);
    for (std::size_t i = 0; i < lines.size(); ++i, ++seen) {
      // Files of results alone: the envelope is added.
      const bool bare = file.ends_with(".result.jsonl");
      const std::string line =
          bare ? R"({"retCode":0,"retMsg":"OK","time":1,"result":)" + lines[i] + "}" : lines[i];
      const std::pair place{file, static_cast<int>(i) + 1};
      EXPECT_EQ(read(line), expected[place]) << "of " << file << " line " << i + 1;
    }
  }
  EXPECT_EQ(seen, recorded_expected.size()) << "lines of files against lines of the table";
}

}  // namespace
}  // namespace mlbot::venue::bybit
