#include "venue/bybit/rest_decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "venue/bybit/account_decode.h"
#include "venue/bybit/control_decode.h"
#include "venue/bybit/reply.h"
#include "venue/bybit/rest_rows.h"

namespace mlbot::venue::bybit {

Result<ReplyHead, DecodeError> decode_head(std::string_view body, DecodeScratch& scratch) {
  Reading reading;
  Row row{open_document(padded_copy(body, scratch.impl().padded), scratch, reading), "reply", reading};
  ReplyHead head;
  const std::int64_t code = row.integer("retCode");
  if (code < INT32_MIN || code > INT32_MAX) row.fail("retCode", "does not fit");
  head.code = static_cast<std::int32_t>(code);
  head.text = row.text_or_empty("retMsg");
  head.time = row.time_ms_or_zero("time");
  if (!reading.ok()) return std::unexpected{reading.take()};
  return head;
}

Result<RequestAnswer, DecodeError> decode_answer(std::string_view body, RequestKind kind, SymbolId symbol,
                                                 const ClientOrderId& client_id, DecodeScratch& scratch) {
  const auto head = decode_head(body, scratch);
  if (!head) return std::unexpected{head.error()};
  RequestAnswer out{.request = kind, .symbol = symbol, .client_id = client_id, .code = head->code};
  out.text = venue_text(head->text);
  const CodeClass code_class = class_of(head->code);
  if (code_class == CodeClass::unknown) return out;
  const bool done = code_class == CodeClass::accepted || code_class == CodeClass::unchanged;
  out.outcome = done ? RequestOutcome::accepted : RequestOutcome::refused;
  if (kind == RequestKind::place && head->code == duplicate_link_id) out.outcome = RequestOutcome::duplicate;
  const bool names_order =
      kind == RequestKind::place || kind == RequestKind::amend || kind == RequestKind::cancel;
  if (code_class == CodeClass::accepted && names_order) {
    const auto ids = decode_order_ack(body, scratch);
    if (!ids) return std::unexpected{ids.error()};
    out.venue_id = ids->venue_id;
  }
  return out;
}

Result<Instant, DecodeError> decode_server_time(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  const std::int64_t ns = reply.row().integer("timeNano");
  return answer(reply, Instant{ns});
}

namespace {

Instrument read_instrument(const dom::object& object, const SymbolName& name, Reading& reading) {
  Instrument out{.name = name};
  Row row{object, "list", reading};
  Row leverage{object_of(object, "leverageFilter", "list", reading), "leverageFilter", reading};
  Row prices{object_of(object, "priceFilter", "list", reading), "priceFilter", reading};
  Row sizes{object_of(object, "lotSizeFilter", "list", reading), "lotSizeFilter", reading};
  out.max_leverage = leverage.e8("maxLeverage");
  out.tick_size = prices.e8("tickSize");
  const E8 most = sizes.e8("maxOrderQty"), least = sizes.e8("minOrderQty");
  out.lot_step = sizes.e8("qtyStep");
  const E8 most_market = sizes.optional_e8("maxMktOrderQty").value_or(most);  // not told before 2024
  out.min_notional = sizes.e8_or_zero("minNotionalValue");                    // not told before 2024
  out.funding_interval_minutes = static_cast<std::int32_t>(row.integer("fundingInterval"));
  if (reading.ok() && (out.tick_size.count <= 0 || out.lot_step.count <= 0)) row.fail("step", "not positive");
  if (!reading.ok()) return out;
  const auto lots_below = [&](E8 size) { return Lots{size.count / out.lot_step.count}; };
  out.max_limit_order = lots_below(most);
  out.max_market_order = lots_below(most_market);
  out.min_order = lots_below(least);
  return out;
}

}  // namespace

Result<InstrumentPage, DecodeError> decode_instruments(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  InstrumentPage page;
  reply.must_be_linear();
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    const std::string_view symbol = row.text("symbol");
    const bool perpetual = row.text("contractType") == "LinearPerpetual";
    const bool trading = row.text("status") == "Trading";
    const bool ours = row.text_or_empty("quoteCoin") == settle_coin;
    if (!reply.reading.ok() || !perpetual || !trading || !ours) return;
    if (!SymbolName::fits(symbol)) {
      page.refused.push_back({std::string{symbol}, "the name is longer than we keep"});
      return;
    }
    Reading own;
    const Instrument instrument = read_instrument(object, SymbolName{symbol}, own);
    if (own.ok()) {
      page.list.push_back(instrument);
    } else {
      const DecodeError error = own.take();
      page.refused.push_back({std::string{symbol}, error.where + ": " + error.what});
    }
  });
  page.cursor = reply.cursor();
  return answer(reply, std::move(page));
}

Result<RiskTierPage, DecodeError> decode_risk_limit(std::string_view body, DecodeScratch& scratch) {
  auto rows = decode_risk_limit_rows(body, scratch);
  if (!rows) return std::unexpected{std::move(rows.error())};
  RiskTierPage page{.cursor = std::move(rows->cursor)};
  for (const RiskLimitRow& row : rows->list)
    if (row.lowest) page.list.push_back({row.symbol, row.maintenance_margin});
  return page;
}

Result<std::vector<Kline>, DecodeError> decode_klines(std::string_view body, const Instrument& instrument,
                                                      std::int32_t interval_minutes, DecodeScratch& scratch) {
  const auto head = decode_head(body, scratch);
  if (!head) return std::unexpected{head.error()};
  Reply reply{body, scratch};
  std::vector<Kline> bars;
  const dom::array rows = reply.list("list");
  if (!reply.reading.ok()) return std::unexpected{reply.reading.take()};
  for (const dom::element item : rows) {
    std::array<std::string_view, 7> texts;
    const auto fail = [&](std::string_view column, std::string_view text) {
      reply.reading.fail(fmt::format("result.list[{}].{}", bars.size(), column),
                         fmt::format("'{}' does not fit the contract", text));
    };
    if (!read_texts(item, texts)) {
      fail("row", "fewer than 7 texts");
      break;
    }
    Kline bar{.symbol = instrument.id, .interval_minutes = interval_minutes};
    const auto start = bar_start(texts[0]);
    if (!start) fail("start", texts[0]);
    bar.start = start.value_or(Instant{});
    const auto price = [&](std::size_t column) {
      const auto ticks = instrument.ticks(texts[column]);
      if (!ticks) fail("price", texts[column]);
      return ticks.value_or(PriceTicks{});
    };
    bar.open = price(1);
    bar.high = price(2);
    bar.low = price(3);
    bar.close = price(4);
    const auto volume = instrument.lots(texts[5]);
    if (!volume) fail("volume", texts[5]);
    bar.volume = volume.value_or(Lots{});
    const auto turnover = parse_number(texts[6]);
    if (!turnover) fail("turnover", texts[6]);
    bar.turnover = turnover.value_or(0);
    bar.confirmed = bar.start + std::chrono::minutes{interval_minutes} <= head->time;
    bars.push_back(bar);
  }
  std::ranges::reverse(bars);
  return answer(reply, std::move(bars));
}

Result<std::vector<Ticker>, DecodeError> decode_tickers(std::string_view body, const InstrumentTable& table,
                                                        DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::vector<Ticker> list;
  reply.each("list", [&](const dom::object& object, std::size_t) {
    Ticker ticker;
    const InstrumentTable::Entry* entry = nullptr;
    NumberBuffer buffer;
    for (const dom::key_value_pair field : object) {
      std::string_view text;
      if (const auto error = scalar_text(field.value, buffer, text))
        return reply.reading.fail("result.list", error);
      if (field.key == "symbol") entry = table.find(text);
      read_ticker_field(ticker, field.key, text, reply.reading);
    }
    if (entry == nullptr) return;
    ticker.symbol = entry->instrument.id;
    list.push_back(ticker);
  });
  return answer(reply, std::move(list));
}

Result<std::vector<FeeRow>, DecodeError> decode_fee_rates(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::vector<FeeRow> list;
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    FeeRow fee{.symbol = row.inline_text<SymbolName>("symbol", row.text("symbol"))};
    fee.rates.taker = row.e8("takerFeeRate");
    fee.rates.maker = row.e8("makerFeeRate");
    list.push_back(fee);
  });
  return answer(reply, std::move(list));
}

Result<BookUpdate, DecodeError> decode_book(std::string_view body, const InstrumentTable& table,
                                            DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  const std::string_view symbol = row.text("s");
  const InstrumentTable::Entry* entry = table.find(symbol);
  if (entry == nullptr) reply.reading.fail("result.s", fmt::format("'{}' is not known to this run", symbol));
  BookUpdate book;
  const auto read_side = [&](std::string_view key, std::vector<BookLevel>& out) {
    out.clear();
    const dom::array levels = reply.list(key);
    if (!reply.reading.ok()) return;
    for (const dom::element item : levels) {
      std::array<std::string_view, 2> texts;
      const bool read = read_texts(item, texts);
      const auto price = read ? entry->instrument.ticks(texts[0]) : std::nullopt;
      const auto size = read ? entry->instrument.lots(texts[1]) : std::nullopt;
      if (!price || !size) {
        return reply.reading.fail(fmt::format("result.{}[{}]", key, out.size()),
                                  "not a level of this contract");
      }
      out.push_back({*price, *size});
    }
  };
  read_side("b", scratch.records.bids);
  read_side("a", scratch.records.asks);
  book.update_id = static_cast<std::uint64_t>(row.integer("u"));
  book.cross_sequence = static_cast<std::uint64_t>(row.optional_integer("seq").value_or(0));
  std::string_view matched;
  book.matched_at = row.has_text("cts", matched) ? row.time_ms("cts") : row.time_ms("ts");
  if (entry != nullptr) book.symbol = entry->instrument.id;
  book.bids = scratch.records.bids;
  book.asks = scratch.records.asks;
  return answer(reply, book);
}

namespace {

template <class Read>
Result<ListPage, DecodeError> decode_list(std::string_view body, const InstrumentTable& table,
                                          DecodeScratch& scratch, std::vector<Event>& out, Read&& read) {
  Reply reply{body, scratch};
  ListPage page;
  reply.must_be_linear();
  const dom::array rows = reply.list("list");
  if (reply.reading.ok()) {
    page.foreign_rows = read_rows(rows, "result.list", table, reply.reading, out, page.rows, read);
  }
  page.cursor = reply.cursor();
  return answer(reply, std::move(page));
}

}  // namespace

Result<ListPage, DecodeError> decode_orders(std::string_view body, const InstrumentTable& table,
                                            DecodeScratch& scratch, std::vector<Event>& out) {
  return decode_list(body, table, scratch, out, [](Row& row, const Instrument& instrument) {
    return read_order(row, instrument, NewsSource::query);
  });
}
Result<ListPage, DecodeError> decode_executions(std::string_view body, const InstrumentTable& table,
                                                DecodeScratch& scratch, std::vector<Event>& out) {
  return decode_list(body, table, scratch, out, [](Row& row, const Instrument& instrument) {
    return read_execution(row, instrument, NewsSource::query);
  });
}
Result<ListPage, DecodeError> decode_positions(std::string_view body, const InstrumentTable& table,
                                               DecodeScratch& scratch, std::vector<Event>& out) {
  return decode_list(body, table, scratch, out, [](Row& row, const Instrument& instrument) {
    return read_position(row, instrument, NewsSource::query);
  });
}

Result<WalletNews, DecodeError> decode_wallet(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::optional<WalletNews> wallet;
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    if (const auto read = read_wallet(row, NewsSource::query)) wallet = read;
  });
  if (!wallet) reply.reading.fail("result.list[0].coin", "no USDT: the account holds none");
  return answer(reply, wallet.value_or(WalletNews{}));
}

Result<OrderIds, DecodeError> decode_order_ack(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  OrderIds ids;
  ids.venue_id = row.inline_text<VenueId>("orderId", row.text("orderId"));
  ids.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  return answer(reply, ids);
}

}  // namespace mlbot::venue::bybit
