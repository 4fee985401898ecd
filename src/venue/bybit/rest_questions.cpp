#include "venue/bybit/rest_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "venue/bybit/reply.h"
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

template <auto Decode>
auto without_table(std::string_view body, const InstrumentTable&, DecodeScratch& scratch) {
  return Decode(body, scratch);
}

Result<RowPage<Bar>, DecodeError> read_bars(std::string_view body, const InstrumentTable&,
                                            DecodeScratch& scratch) {
  Reply reply{body, scratch};
  RowPage<Bar> page;
  const dom::array rows = reply.list("list");
  if (!reply.reading.ok()) return std::unexpected{reply.reading.take()};
  for (const dom::element item : rows) {
    std::array<std::string_view, 7> texts;
    const bool is_row = read_texts(item, texts);
    const auto start = is_row ? bar_start(texts[0]) : std::nullopt;
    const auto volume = is_row ? parse_number(texts[5]) : std::nullopt;
    const auto turnover = is_row ? parse_number(texts[6]) : std::nullopt;
    std::array<std::optional<E8>, 4> prices;
    for (std::size_t i = 0; is_row && i < prices.size(); ++i) prices[i] = parse_e8(texts[i + 1]);
    if (!start || !volume || !turnover || !std::ranges::all_of(prices, [](const auto& p) { return !!p; })) {
      reply.reading.fail(fmt::format("result.list[{}]", page.list.size()), "no start, 4 prices and 2 sums");
      break;
    }
    page.list.push_back({*start, *prices[0], *prices[1], *prices[2], *prices[3], *volume, *turnover});
  }
  return answer(reply, std::move(page));
}

template <auto Decode>
Result<NewsPage, DecodeError> read_news(std::string_view body, const InstrumentTable& table,
                                        DecodeScratch& scratch) {
  NewsPage page;
  const auto list = Decode(body, table, scratch, page.list);
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
  return {get(path::time, {}, open_to_all), without_table<decode_server_time>};
}
Question<InstrumentPage> ask_instruments() {
  return {get(path::instruments, linear().add("limit", 1000), open_to_all),
          without_table<decode_instruments>};
}
Question<RowPage<Bar>> ask_bars(std::string_view symbol, std::string_view interval, TimeSpan span,
                                int limit) {
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
Question<Trades> ask_recent_trades(std::string_view symbol, int limit) {
  return {get(path::recent_trade, linear(symbol).add("limit", limit), open_to_all), decode_recent_trades};
}
Question<std::vector<FundingRow>> ask_funding_history(std::string_view symbol, TimeSpan span) {
  QueryText query = linear(symbol);
  return {get(path::funding_history, add_span(query, span, "startTime", "endTime").add("limit", 200),
              open_to_all),
          without_table<decode_funding_history>};
}
Question<RowPage<OpenInterestRow>> ask_open_interest(std::string_view symbol, std::string_view step,
                                                     TimeSpan span) {
  QueryText query = linear(symbol).add("intervalTime", step);
  return {
      get(path::open_interest, add_span(query, span, "startTime", "endTime").add("limit", 200), open_to_all),
      without_table<decode_open_interest>};
}
Question<RowPage<RiskLimitRow>> ask_risk_tiers(std::string_view symbol) {
  return {get(path::risk_limit, symbol.empty() ? linear() : linear(symbol), open_to_all),
          without_table<decode_risk_limit_rows>};
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

Question<RowPage<ClosedPnlRow>> ask_closed_pnl(std::string_view symbol, TimeSpan span) {
  QueryText query = symbol.empty() ? linear() : linear(symbol);
  return {get(path::closed_pnl, add_span(query, span, "startTime", "endTime").add("limit", 100), signed_too),
          without_table<decode_closed_pnl>};
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
          without_table<decode_wallet>};
}
Question<std::vector<FeeRow>> ask_fee_rates() {
  return {get(path::fee_rate, linear(), signed_too), without_table<decode_fee_rates>};
}
Question<AccountInfo> ask_account_info() {
  return {get(path::account_info, {}, signed_too), without_table<decode_account_info>};
}

Request set_margin_mode(MarginMode mode) {
  MLBOT_ASSERT(mode != MarginMode::unknown);
  return {.path = path::set_margin_mode,
          .payload = fmt::format(R"({{"setMarginMode":"{}"}})", word_of(margin_mode_words, mode)),
          .post = true};
}

Question<RowPage<TransactionRow>> ask_transactions(TimeSpan span) {
  QueryText query = QueryText{}.add("accountType", "UNIFIED").add("currency", settle_coin);
  return {
      get(path::transaction_log, add_span(query, span, "startTime", "endTime").add("limit", 50), signed_too),
      without_table<decode_transactions>};
}

namespace {
TransactionKind transaction_kind(std::string_view word) {
  const auto found = std::ranges::find(transaction_words, word, &Word<TransactionKind>::text);
  return found == transaction_words.end() ? TransactionKind::other : found->value;
}
}  // namespace

std::optional<Transaction> transaction_of(const TransactionRow& row, const InstrumentTable& table) {
  if (row.currency != settle_coin) return std::nullopt;
  const bool own_id = !row.id.empty() && VenueId::fits(row.id);  // a trade's own id does as well
  Transaction out{.id = own_id ? VenueId{row.id} : row.trade_id,
                  .kind = transaction_kind(row.type),
                  .execution_id = row.trade_id,
                  .cash_flow = row.cash_flow,
                  .funding = row.funding,
                  .fee = row.fee,
                  .change = row.change,
                  .balance_after = row.balance,
                  .at = row.at};
  if (const auto* entry = table.find(row.symbol.view())) out.symbol = entry->instrument.id;
  return out;
}

Question<UserSettings> ask_user_settings() {
  return {get(path::user_settings, {}, signed_too), without_table<decode_user_settings>};
}
Request set_price_band(bool refuses) {
  return {.path = path::limit_price_action,
          .payload = fmt::format(R"({{"category":"linear","modifyEnable":{}}})", !refuses),
          .post = true};
}
Question<std::vector<MaintenanceRow>> ask_system_status() {
  return {get(path::system_status, {}, open_to_all), without_table<decode_system_status>};
}

Question<KeyInfo> ask_key() { return {get(path::api_key, {}, signed_too), without_table<decode_key_info>}; }
Question<std::vector<DisconnectRow>> ask_disconnect_cancel() {
  return {get(path::query_dcp, {}, signed_too), without_table<decode_disconnect_info>};
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
std::string row_key(const OpenInterestRow& row) { return std::to_string(row.at.ms()); }
std::string row_key(const RiskLimitRow& row) { return fmt::format("{}/{}", row.symbol.view(), row.id); }
std::string row_key(const ClosedPnlRow& row) {
  return fmt::format("{}/{}", row.order_id.view(), row.updated_at.ms());
}
std::string row_key(const TransactionRow& row) {
  return fmt::format("{}/{}/{}/{}", row.id, row.type, row.at.ms(), row.change.count);
}

}  // namespace mlbot::venue::bybit
