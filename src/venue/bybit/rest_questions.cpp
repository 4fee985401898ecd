#include "venue/bybit/rest_questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "venue/bybit/json_reader.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::venue::bybit {
namespace {

QueryText linear() { return QueryText{}.add("category", category_linear); }
QueryText linear(std::string_view symbol) { return linear().add("symbol", symbol); }
/// The venue wants one of them.
QueryText linear_or_settled(std::string_view symbol) {
  return symbol.empty() ? linear().add("settleCoin", settle_coin) : linear(symbol);
}
QueryText& add_span(QueryText& query, TimeSpan span, std::string_view from, std::string_view until) {
  if (span.from) query.add(from, span.from->ms());
  if (span.until) query.add(until, span.until->ms());
  return query;
}
Request get(std::string_view of, const QueryText& query, bool is_signed) {
  return {.path = of, .payload = query.text(), .is_signed = is_signed};
}
constexpr bool signed_too = true, open_to_all = false;

/// A body under reading: the result object and the first fault.
struct Reply {
  Reply(std::string_view body, DecodeScratch& scratch) {
    const dom::object root = open_document(padded_copy(body, scratch.impl().padded), scratch, reading);
    result = object_of(root, "result", "reply", reading);
  }
  Row row() { return {result, "result", reading}; }
  template <class T>
  Result<T, DecodeError> answer(T value) {
    if (!reading.ok()) return std::unexpected{reading.take()};
    return value;
  }

  Reading reading;
  dom::object result;
};

/// A list of objects, read row by row.
template <class RowType, class Read>
Result<Page<RowType>, DecodeError> read_page(std::string_view body, DecodeScratch& scratch, Read&& read) {
  Reply reply{body, scratch};
  Page<RowType> page;
  each_object(list_of(reply.result, "list", "result", reply.reading), "result.list", reply.reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "result.list", index, reply.reading};
                page.rows.push_back(read(row));
              });
  page.cursor = reply.row().text_or_empty("nextPageCursor");
  return reply.answer(std::move(page));
}

Result<Page<Bar>, DecodeError> read_bars(std::string_view body, const InstrumentTable&,
                                         DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Page<Bar> page;
  const dom::array rows = list_of(reply.result, "list", "result", reply.reading);
  if (!reply.reading.ok()) return std::unexpected{reply.reading.take()};
  for (const dom::element item : rows) {
    constexpr std::size_t columns = 7;
    std::array<std::string_view, columns> texts;
    dom::array parts;
    std::size_t found = 0;
    if (!item.get_array().get(parts))
      for (const dom::element part : parts)
        if (found < columns && !part.get_string().get(texts[found])) ++found;
    const std::string place = fmt::format("result.list[{}]", page.rows.size());
    if (found < columns) {
      reply.reading.fail(place, "fewer than 7 texts");
      break;
    }
    std::array<E8, 5> values;
    for (std::size_t column = 1; column < 5; ++column) {
      const auto value = parse_e8(texts[column]);
      if (!value) reply.reading.fail(place, fmt::format("'{}' is no price", texts[column]));
      values[column] = value.value_or(E8{});
    }
    std::int64_t start_ms = -1;
    std::from_chars(texts[0].data(), texts[0].data() + texts[0].size(), start_ms);
    const auto volume = parse_number(texts[5]), turnover = parse_number(texts[6]);
    if (start_ms < 0 || start_ms > time_ms_max || !volume || !turnover)
      reply.reading.fail(place, "start, volume or turnover is no number");
    if (!reply.reading.ok()) break;
    page.rows.push_back(
        {Instant::from_ms(start_ms), values[1], values[2], values[3], values[4], *volume, *turnover});
  }
  return reply.answer(std::move(page));
}

template <auto Decode>
Result<NewsPage, DecodeError> read_news(std::string_view body, const InstrumentTable& table,
                                        DecodeScratch& scratch) {
  NewsPage page;
  const auto list = Decode(body, table, scratch, page.rows);
  if (!list) return std::unexpected{list.error()};
  page.cursor = list->cursor;
  page.foreign_rows = list->foreign_rows;
  return page;
}

}  // namespace

Request paged(Request first, std::string_view cursor) {
  if (cursor.empty()) return first;
  if (!first.payload.empty()) first.payload += '&';
  first.payload.append("cursor=").append(cursor);
  return first;
}

// ---- market

Question<Instant> ask_server_time() {
  return {get(path::time, {}, open_to_all),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return decode_server_time(body, scratch);
          }};
}

Question<InstrumentPage> ask_instruments(std::string_view cursor) {
  return {get(path::instruments, linear().add("limit", 1000).cursor(cursor), open_to_all),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return decode_instruments(body, scratch);
          }};
}

Question<Page<Bar>> ask_bars(std::string_view symbol, std::string_view interval, TimeSpan span, int limit) {
  QueryText query = linear(symbol).add("interval", interval);
  return {get(path::kline, add_span(query, span, "start", "end").add("limit", limit), open_to_all),
          read_bars};
}

Question<BookUpdate> ask_book(std::string_view symbol, int depth) {
  return {get(path::orderbook, linear(symbol).add("limit", depth), open_to_all), decode_book};
}

Question<std::vector<Ticker>> ask_tickers() {
  return {get(path::tickers, linear(), open_to_all), decode_tickers};
}

Question<Page<PublicTrade>> ask_recent_trades(std::string_view symbol, int limit) {
  return {get(path::recent_trade, linear(symbol).add("limit", limit), open_to_all),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return read_page<PublicTrade>(body, scratch, [](Row& row) {
              PublicTrade trade{.id = std::string{row.text("execId")}};
              trade.price = row.e8("price");
              trade.size = row.e8("size");
              trade.taker = row.word("side", side_words);
              trade.at = row.time_ms("time");
              trade.block = row.boolean_or_false("isBlockTrade");
              trade.cross_sequence = static_cast<std::uint64_t>(row.optional_integer("seq").value_or(0));
              return trade;
            });
          }};
}

Question<Page<FundingRow>> ask_funding_history(std::string_view symbol, TimeSpan span) {
  QueryText query = linear(symbol);
  return {get(path::funding_history, add_span(query, span, "startTime", "endTime").add("limit", 200),
              open_to_all),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return read_page<FundingRow>(body, scratch, [](Row& row) {
              return FundingRow{row.time_ms("fundingRateTimestamp"), row.e8("fundingRate")};
            });
          }};
}

Question<Page<OpenInterestRow>> ask_open_interest(std::string_view symbol, std::string_view step,
                                                  TimeSpan span) {
  QueryText query = linear(symbol).add("intervalTime", step);
  return {
      get(path::open_interest, add_span(query, span, "startTime", "endTime").add("limit", 200), open_to_all),
      [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
        return read_page<OpenInterestRow>(body, scratch, [](Row& row) {
          return OpenInterestRow{row.time_ms("timestamp"), row.e8("openInterest")};
        });
      }};
}

Question<Page<RiskTierRow>> ask_risk_tiers(std::string_view symbol) {
  return {get(path::risk_limit, symbol.empty() ? linear() : linear(symbol), open_to_all),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return read_page<RiskTierRow>(body, scratch, [](Row& row) {
              RiskTierRow tier{.symbol = row.inline_text<SymbolName>("symbol", row.text("symbol"))};
              tier.id = row.integer("id");
              tier.limit = row.e8("riskLimitValue");
              tier.maintenance_margin = row.e8("maintenanceMargin");
              tier.initial_margin = row.e8("initialMargin");
              tier.max_leverage = row.e8("maxLeverage");
              tier.maintenance_deduction = row.e8_or_zero("mmDeduction");
              tier.is_lowest = row.integer("isLowestRisk") == 1;
              return tier;
            });
          }};
}

// ---- orders and positions

Question<NewsPage> ask_open_orders(std::string_view symbol) {
  return {get(path::open_orders, linear_or_settled(symbol).add("limit", 50), signed_too),
          read_news<decode_orders>};
}
Question<NewsPage> ask_order_history(std::string_view symbol, TimeSpan span) {
  QueryText query = linear_or_settled(symbol);
  return {
      get(path::order_history, add_span(query, span, "startTime", "endTime").add("limit", 50), signed_too),
      read_news<decode_orders>};
}
Question<NewsPage> ask_executions(std::string_view symbol, TimeSpan span) {
  QueryText query = symbol.empty() ? linear() : linear(symbol);
  return {get(path::executions, add_span(query, span, "startTime", "endTime").add("limit", 100), signed_too),
          read_news<decode_executions>};
}
Question<NewsPage> ask_positions(std::string_view symbol) {
  return {get(path::positions, linear_or_settled(symbol).add("limit", 200), signed_too),
          read_news<decode_positions>};
}

Question<Page<ClosedPnlRow>> ask_closed_pnl(std::string_view symbol, TimeSpan span) {
  QueryText query = symbol.empty() ? linear() : linear(symbol);
  return {get(path::closed_pnl, add_span(query, span, "startTime", "endTime").add("limit", 100), signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return read_page<ClosedPnlRow>(body, scratch, [](Row& row) {
              ClosedPnlRow closed{.symbol = row.inline_text<SymbolName>("symbol", row.text("symbol"))};
              closed.order = row.inline_text<VenueId>("orderId", row.text("orderId"));
              closed.closing_side = row.word("side", side_words);
              closed.closed_size = row.e8("closedSize");
              closed.entry_price = row.e8_or_zero("avgEntryPrice");
              closed.exit_price = row.e8_or_zero("avgExitPrice");
              closed.closed_pnl = row.e8_or_zero("closedPnl");
              closed.leverage = row.e8_or_zero("leverage");
              closed.created_at = row.time_ms("createdTime");
              closed.updated_at = row.time_ms("updatedTime");
              return closed;
            });
          }};
}

Request switch_position_mode(std::string_view symbol, PositionMode mode) {
  return {.path = path::switch_mode,
          .payload = fmt::format(R"({{"category":"linear","symbol":"{}","mode":{}}})", symbol,
                                 mode == PositionMode::hedge ? 3 : 0),
          .post = true};
}

Request set_disconnect_cancel(int seconds) {
  return {.path = path::set_dcp,
          .payload = fmt::format(R"({{"product":"DERIVATIVES","timeWindow":{}}})", seconds),
          .post = true};
}

// ---- account and key

Question<WalletNews> ask_wallet() {
  return {get(path::wallet, QueryText{}.add("accountType", "UNIFIED").add("coin", settle_coin), signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return decode_wallet(body, scratch);
          }};
}

Question<std::vector<FeeRow>> ask_fee_rates() {
  return {get(path::fee_rate, linear(), signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            return decode_fee_rates(body, scratch);
          }};
}

namespace {

constexpr std::array margin_mode_words{Word{MarginMode::cross, "REGULAR_MARGIN"},
                                       Word{MarginMode::isolated, "ISOLATED_MARGIN"},
                                       Word{MarginMode::portfolio, "PORTFOLIO_MARGIN"}};

}  // namespace

Question<AccountInfo> ask_account_info() {
  return {get(path::account_info, {}, signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            Reply reply{body, scratch};
            Row row = reply.row();
            AccountInfo info;
            info.margin_mode = row.word_or("marginMode", margin_mode_words, MarginMode::unknown);
            info.unified_status = row.integer("unifiedMarginStatus");
            return reply.answer(info);
          }};
}

Request set_margin_mode(MarginMode mode) {
  return {.path = path::set_margin_mode,
          .payload = fmt::format(R"({{"setMarginMode":"{}"}})", word_of(margin_mode_words, mode)),
          .post = true};
}

Question<Page<TransactionRow>> ask_transaction_log(TimeSpan span) {
  QueryText query = QueryText{}.add("accountType", "UNIFIED").add("category", category_linear);
  query.add("currency", settle_coin);
  return {
      get(path::transaction_log, add_span(query, span, "startTime", "endTime").add("limit", 50), signed_too),
      [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
        return read_page<TransactionRow>(body, scratch, [](Row& row) {
          TransactionRow out{.id = std::string{row.text_or_empty("id")}};
          out.type = row.text("type");
          out.symbol = row.inline_text<SymbolName>("symbol", row.text_or_empty("symbol"));
          out.at = row.time_ms("transactionTime");
          out.change = row.e8_or_zero("change");
          out.cash_flow = row.e8_or_zero("cashFlow");
          out.funding = row.e8_or_zero("funding");
          out.fee = row.e8_or_zero("fee");
          out.cash_balance = row.e8_or_zero("cashBalance");
          return out;
        });
      }};
}

bool KeyInformation::may(std::string_view right) const {
  return std::ranges::find(rights, right) != rights.end();
}

Question<KeyInformation> ask_key() {
  return {get(path::api_key, {}, signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            Reply reply{body, scratch};
            Row row = reply.row();
            KeyInformation key;
            key.read_only = row.integer("readOnly") != 0;
            const dom::object groups = object_of(reply.result, "permissions", "result", reply.reading);
            const dom::array addresses = list_of(reply.result, "ips", "result", reply.reading);
            if (!reply.reading.ok()) return reply.answer(key);
            for (const dom::key_value_pair group : groups) {
              dom::array rights;
              if (group.value.get_array().get(rights)) continue;
              for (const dom::element right : rights) {
                std::string_view word;
                if (!right.get_string().get(word))
                  key.rights.push_back(fmt::format("{}.{}", group.key, word));
              }
            }
            for (const dom::element address : addresses) {
              std::string_view text;
              if (!address.get_string().get(text)) key.addresses.emplace_back(text);
            }
            key.unified = row.optional_integer("uta").value_or(0) == 1;
            key.expires_at = row.text_or_empty("expiredAt");
            return reply.answer(std::move(key));
          }};
}

Question<std::vector<DisconnectCancel>> ask_disconnect_cancel() {
  return {get(path::query_dcp, {}, signed_too),
          [](std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
            Reply reply{body, scratch};
            std::vector<DisconnectCancel> out;
            each_object(list_of(reply.result, "dcpInfos", "result", reply.reading), "result.dcpInfos",
                        reply.reading, [&](const dom::object& object, std::size_t index) {
                          Row row{object, "result.dcpInfos", index, reply.reading};
                          out.push_back({std::string{row.text("product")}, row.text("dcpStatus") == "ON",
                                         row.optional_integer("timeWindow").value_or(0)});
                        });
            return reply.answer(std::move(out));
          }};
}

// ---- keys of rows

std::string row_key(const Event& row) {
  if (const auto* order = std::get_if<OrderNews>(&row)) return order->venue_id.str();
  if (const auto* execution = std::get_if<Execution>(&row)) return execution->execution_id.str();
  if (const auto* position = std::get_if<PositionNews>(&row))
    return fmt::format("{}/{}", position->symbol.index, position->position_index);
  return {};
}
std::string row_key(const Instrument& row) { return row.name.str(); }
std::string row_key(const Bar& row) { return std::to_string(row.start.ms()); }
std::string row_key(const PublicTrade& row) { return row.id; }
std::string row_key(const FundingRow& row) { return std::to_string(row.at.ms()); }
std::string row_key(const OpenInterestRow& row) { return std::to_string(row.at.ms()); }
std::string row_key(const RiskTierRow& row) { return fmt::format("{}/{}", row.symbol.view(), row.id); }
std::string row_key(const ClosedPnlRow& row) {
  return fmt::format("{}/{}", row.order.view(), row.updated_at.ms());
}
std::string row_key(const TransactionRow& row) {
  return fmt::format("{}/{}/{}/{}", row.id, row.type, row.at.ms(), row.change.count);
}

}  // namespace mlbot::venue::bybit
