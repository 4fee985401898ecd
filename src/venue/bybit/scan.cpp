#include "venue/bybit/scan.h"

#include "venue/bybit/scan_cursor.h"

namespace mlbot::venue::bybit {
namespace {

using Entry = InstrumentTable::Entry;

/// [["price","size"],…] behind its opening bracket, closing bracket included.
bool levels(Cursor& from, const Entry& entry, std::vector<BookLevel>& out) {
  out.clear();
  if (from.skip(']')) return true;
  Cursor in = from;  // a copy that nobody else sees stays in a register
  const Grid price_grid = entry.price, size_grid = entry.size;
  do {
    if (!in.inside() || !in.skip("[\"")) return false;
    BookLevel level;
    if (!in.steps(price_grid, level.price.count) || level.price.count == 0 || !in.skip(",\"")) return false;
    if (!in.steps(size_grid, level.size.count) || !in.skip(']')) return false;
    out.push_back(level);
  } while (in.skip(','));
  from = in;
  return from.skip(']');
}

/// Behind `{"topic":"orderbook.`
bool book_frame(Cursor& in, const InstrumentTable& table, DecodeScratch& scratch, MarketNews& news) {
  std::uint64_t depth = 0;
  std::string_view symbol;
  if (!in.number(depth) || !in.skip('.') || !in.until('"', symbol)) return false;
  if (depth != 1 && depth != 50 && depth != 200 && depth != 1000) return false;
  const Entry* const entry = table.find(symbol);
  if (entry == nullptr || !in.skip("\",\"type\":\"")) return false;
  BookUpdate& book = news.event.emplace<BookUpdate>();
  book.symbol = entry->instrument.id;
  if (in.skip("delta\",\"ts\":")) {
    book.kind = UpdateKind::delta;
  } else if (!in.skip("snapshot\",\"ts\":")) {
    return false;
  }
  if (!in.time(news.venue_time) || !in.skip(",\"data\":{\"s\":\"") || !in.skip(symbol)) return false;
  if (!in.skip("\",\"b\":[") || !levels(in, *entry, scratch.records.bids)) return false;
  if (!in.inside() || !in.skip(",\"a\":[") || !levels(in, *entry, scratch.records.asks)) return false;
  if (!in.inside() || !in.skip(",\"u\":") || !in.number(book.update_id)) return false;
  if (!in.skip(",\"seq\":") || !in.number(book.cross_sequence)) return false;
  if (!in.skip("},\"cts\":") || !in.time(book.matched_at) || !in.skip('}') || !in.done()) return false;
  book.bids = scratch.records.bids;
  book.asks = scratch.records.asks;
  news.depth = static_cast<std::int32_t>(depth);
  return true;
}

bool one_trade(Cursor& in, const Entry& entry, Trade& trade) {
  std::string_view direction, id;
  if (!in.skip("{\"T\":") || !in.time(trade.matched_at)) return false;
  if (!in.skip(",\"s\":\"") || !in.skip(entry.instrument.name.view()) || !in.skip("\",\"S\":\""))
    return false;
  if (in.skip("Buy\",\"v\":\"")) {
    trade.taker = Side::buy;
  } else if (in.skip("Sell\",\"v\":\"")) {
    trade.taker = Side::sell;
  } else {
    return false;
  }
  if (!in.inside() || !in.steps(entry.size, trade.size.count)) return false;
  if (!in.inside() || !in.skip(",\"p\":\"") || !in.steps(entry.price, trade.price.count)) return false;
  if (trade.price.count == 0 || !in.inside() || !in.skip(",\"L\":\"") || !in.plain_word(direction))
    return false;
  if (!in.inside() || !in.skip(",\"i\":\"") || !in.plain_word(id) || !VenueId::fits(id)) return false;
  trade.id = id;
  if (!in.inside() || !in.skip(",\"BT\":") || !in.boolean(trade.block)) return false;
  if (!in.skip(",\"RPI\":") || !in.boolean(trade.price_improvement)) return false;
  return in.inside() && in.skip(",\"seq\":") && in.number(trade.cross_sequence) && in.skip('}');
}

/// Behind `{"topic":"publicTrade.`
bool trade_frame(Cursor& in, const InstrumentTable& table, DecodeScratch& scratch, MarketNews& news) {
  std::string_view symbol;
  if (!in.until('"', symbol)) return false;
  const Entry* const entry = table.find(symbol);
  if (entry == nullptr || !in.skip("\",\"type\":\"snapshot\",\"ts\":") || !in.time(news.venue_time))
    return false;
  if (!in.skip(",\"data\":[")) return false;
  std::vector<Trade>& list = scratch.records.trades;
  list.clear();
  do {
    if (!in.inside() || !one_trade(in, *entry, list.emplace_back())) return false;
  } while (in.skip(','));
  if (!in.skip("]}") || !in.done()) return false;
  news.event = Trades{entry->instrument.id, list};
  news.depth = 0;
  return true;
}

}  // namespace

bool scan_frame(PaddedText frame, const InstrumentTable& table, DecodeScratch& scratch, MarketNews& news) {
  Cursor in{frame.text};
  if (!in.skip(std::string_view{"{\"topic\":\""})) return false;
  if (in.skip(std::string_view{"orderbook."})) return book_frame(in, table, scratch, news);
  if (in.skip(std::string_view{"publicTrade."})) return trade_frame(in, table, scratch, news);
  return false;
}

}  // namespace mlbot::venue::bybit
